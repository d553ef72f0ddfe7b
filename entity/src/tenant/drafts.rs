//! Vouchers, and acts on them, that are not posted yet.

use crate::column::*;

/// What a draft does once it is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum DraftAction {
    /// Posts a new voucher.
    Post,
    /// Posts a voucher anew under its number.
    Amend,
    /// Takes a voucher back.
    Cancel,
    /// Undoes a voucher by another one.
    Reverse,
}

/// How far a draft has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum DraftStatus {
    /// It is being written.
    Open,
    /// It waits for somebody to approve it.
    Submitted,
    /// Somebody said no.
    Rejected,
    /// It was done; it stays as a trace of who wrote and who approved it.
    Posted,
}

pub mod voucher_draft {
    //! A command that is written down and not done yet.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_drafts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: VoucherDraftId,
        pub business_id: BusinessId,
        pub action: DraftAction,
        /// The voucher that it acts on.
        pub voucher_id: Option<VoucherId>,
        /// JSON: the command as it was written.
        #[sea_orm(column_type = "Text")]
        pub content: String,
        pub dated: Option<Date>,
        pub voucher_type_id: Option<VoucherTypeId>,
        /// Sum of its debits as a decimal number, as far as they can be read.
        pub total: Option<String>,
        pub status: DraftStatus,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        /// Ids of the users who wrote or submitted it, parted by one space.
        #[sea_orm(column_type = "Text")]
        pub makers: String,
        pub created_by: UserId,
        pub created_at: i64,
        pub updated_at: i64,
        pub submitted_by: Option<UserId>,
        pub submitted_at: Option<i64>,
        /// Who approved, posted or rejected it.
        pub decided_by: Option<UserId>,
        pub decided_at: Option<i64>,
        /// Why it was rejected.
        pub reason: Option<String>,
        /// What it became.
        pub result_voucher_id: Option<VoucherId>,
    }

    no_relations!();
}
