//! Books that are brought along, until they are posted.

use crate::column::*;

/// How far an import has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum ImportState {
    /// It was read, and waits.
    Staged,
    /// Everything in it is in the books.
    Applied,
    /// It was given up.
    Discarded,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(8))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum FindingSeverity {
    /// Worth knowing.
    Note,
    /// It keeps the import from being applied.
    Error,
}

pub mod import {
    //! A file of books, and what its names stand for.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "imports")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ImportId,
        pub business_id: BusinessId,
        /// The stored file.
        pub file_id: StoredFileId,
        pub file_name: String,
        /// Of its bytes, in hexadecimal.
        pub sha256: String,
        pub format: String,
        /// What a sheet holds; `BOOKS` where a file holds everything.
        pub kind: String,
        pub state: ImportState,
        /// JSON: how the file is to be understood.
        #[sea_orm(column_type = "Text")]
        pub options: String,
        /// JSON: what its names stand for.
        #[sea_orm(column_type = "Text")]
        pub mapping: String,
        /// JSON: what was found in it.
        #[sea_orm(column_type = "Text")]
        pub summary: String,
        pub errors: i64,
        pub notes: i64,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_by: UserId,
        pub created_at: i64,
        pub updated_at: i64,
        pub applied_by: Option<UserId>,
        pub applied_at: Option<i64>,
    }

    no_relations!();
}

pub mod import_finding {
    //! Something to look at before an import is applied.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "import_findings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub import_id: ImportId,
        /// From 1, in the order in which they were made.
        #[sea_orm(primary_key, auto_increment = false)]
        pub place: i32,
        /// Line of the file; none for the file as a whole.
        pub line: Option<i64>,
        /// What the record is called.
        pub record: Option<String>,
        pub severity: FindingSeverity,
        pub code: String,
        pub message: String,
    }

    no_relations!();
}
