//! Files that people upload, and those that lie beside vouchers.

use crate::column::*;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum FilePurpose {
    /// Lies beside a voucher.
    Attachment,
    /// Books of another program, to be read in.
    Import,
    /// A bank's statement, to be compared.
    BankStatement,
}

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum FileState {
    /// Its bytes are still to come.
    Awaited,
    /// All of it is here.
    Stored,
}

pub mod stored_file {
    //! A file that somebody uploads.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stored_files")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: StoredFileId,
        pub business_id: BusinessId,
        pub purpose: FilePurpose,
        /// As its owner calls it, without folders.
        pub name: String,
        pub media_type: String,
        /// In bytes, as announced; the bytes that are stored are as many.
        pub size: i64,
        /// Hash of all bytes in hexadecimal, once they are here.
        pub sha256: Option<String>,
        pub state: FileState,
        /// How often somebody began to send the bytes; only the newest time counts.
        pub attempt: i32,
        pub created_by: UserId,
        pub created_at: i64,
        /// When it goes, unless it is stored and used by then; none for one in use.
        pub expires_at: Option<i64>,
    }

    no_relations!();
}

pub mod stored_file_chunk {
    //! A part of a file's bytes.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stored_file_chunks")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub file_id: StoredFileId,
        /// Counted from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub part: i32,
        pub bytes: Vec<u8>,
    }

    no_relations!();
}

pub mod voucher_attachment {
    //! A file beside a voucher.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_attachments")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: VoucherAttachmentId,
        pub business_id: BusinessId,
        pub voucher_id: VoucherId,
        pub file_id: StoredFileId,
        pub note: Option<String>,
        pub attached_by: UserId,
        pub attached_at: i64,
        pub detached_by: Option<UserId>,
        pub detached_at: Option<i64>,
        /// Why it was taken off.
        pub reason: Option<String>,
    }

    no_relations!();
}
