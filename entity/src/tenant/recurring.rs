//! Vouchers kept to be written again, and those that come again by a rule of dates.

use crate::column::*;

/// What is counted between two dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum RecurrenceUnit {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
}

/// What becomes of a day that a month is too short for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum ShortMonthRule {
    /// The last day of that month.
    LastDay,
    /// The first day of the month after it.
    NextMonth,
    /// That month has none.
    Skip,
}

/// How far a recurring voucher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum RecurringState {
    /// Its dates are dealt with.
    Active,
    /// Nothing is made until it is resumed.
    Paused,
    /// No date is left, or somebody ended it.
    Ended,
}

/// What is made on a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum RecurringMakes {
    /// A posted voucher.
    Voucher,
    /// A draft that somebody completes.
    Draft,
}

/// What becomes of dates that passed while nothing ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum CatchUpRule {
    /// Each is made up for.
    All,
    /// Only the latest is made up for.
    Latest,
    /// They are left out.
    Skip,
}

/// What became of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum RunState {
    /// A posted voucher.
    Posted,
    /// A draft.
    Drafted,
    /// It was refused, and may be tried again.
    Failed,
}

/// Why a draft was made where a voucher was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum DraftReason {
    /// The business wants vouchers approved.
    Approval,
    /// Its owner may not post there any more.
    Owner,
}

pub mod voucher_template {
    //! A voucher that is kept to be written again.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_templates")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: VoucherTemplateId,
        pub business_id: BusinessId,
        pub name: String,
        /// Case-folded: unique in its business; empty once it was thrown away.
        pub name_key: Option<String>,
        /// JSON, in the form of a draft's.
        #[sea_orm(column_type = "Text")]
        pub content: String,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        /// Ids of the users who wrote it, parted by one space.
        #[sea_orm(column_type = "Text")]
        pub makers: String,
        pub created_by: UserId,
        pub created_at: i64,
        pub updated_at: i64,
        pub deleted_at: Option<i64>,
    }

    no_relations!();
}

pub mod recurring_voucher {
    //! A voucher that comes again by a rule of dates.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recurring_vouchers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: RecurringVoucherId,
        pub business_id: BusinessId,
        pub template_id: VoucherTemplateId,
        pub unit: RecurrenceUnit,
        pub every_units: i32,
        pub day_of_month: Option<i32>,
        pub short_month: ShortMonthRule,
        pub first_on: Date,
        /// Last day on which a date may lie.
        pub until_on: Option<Date>,
        /// How many dates it has.
        pub times: Option<i32>,
        /// Dates that were dealt with, left out ones included.
        pub dealt_with: i32,
        /// The day through which they were.
        pub last_on: Option<Date>,
        /// The first date that was not dealt with.
        pub next_on: Option<Date>,
        pub state: RecurringState,
        pub makes: RecurringMakes,
        pub catch_up: CatchUpRule,
        /// In whose name it posts.
        pub owner_id: UserId,
        /// Rises with each change by somebody, so that a stale edit is noticed.
        pub version: i32,
        /// Ids of the users who wrote it, parted by one space.
        #[sea_orm(column_type = "Text")]
        pub makers: String,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod recurring_run {
    //! What became of one date.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recurring_runs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: RecurringRunId,
        pub business_id: BusinessId,
        pub recurring_id: RecurringVoucherId,
        pub due_on: Date,
        pub state: RunState,
        pub voucher_id: Option<VoucherId>,
        pub draft_id: Option<VoucherDraftId>,
        /// Why it is a draft where a voucher was to be.
        pub reason: Option<DraftReason>,
        /// JSON: why it was refused, where it failed.
        #[sea_orm(column_type = "Text")]
        pub errors: String,
        /// Dates before it that were left out.
        pub left_out: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}
