//! Bank details of entries, statements of banks, and what of the books their lines are.

use daybook_domain::instrument::Instrument;

use crate::column::*;

/// In which form a statement came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum StatementFormat {
    Csv,
    Xlsx,
    Ofx,
    #[sea_orm(string_value = "MT940")]
    Mt940,
}

/// What a match rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum MatchKind {
    Statement,
    ByHand,
}

/// How a rule compares its pattern with a line's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum RuleComparison {
    Contains,
    Equals,
    Regex,
}

/// Which lines a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum RuleSide {
    MoneyIn,
    MoneyOut,
    Either,
}

pub mod entry_bank_detail {
    //! By which instrument an entry was paid. One row each where an entry has any.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "entry_bank_details")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub entry_id: EntryId,
        pub version_id: VoucherVersionId,
        /// The entry's place in the version, from 1.
        pub line: i32,
        pub effect: i16,
        pub business_id: BusinessId,
        pub ledger_id: LedgerId,
        pub dated: Date,
        pub instrument: Instrument,
        /// Number of the cheque or transfer.
        pub number: Option<String>,
        pub instrument_date: Option<Date>,
        /// In whose favour it is, or from whom it came.
        pub payee: Option<String>,
        /// The bank that it is drawn on or paid through.
        pub bank: Option<String>,
        pub recorded_at: i64,
    }

    no_relations!();
}

pub mod bank_account {
    //! What is known of a bank ledger's account at its bank.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bank_accounts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub ledger_id: LedgerId,
        pub business_id: BusinessId,
        /// As the bank names it in its statements.
        pub account: Option<String>,
        /// How its sheets are read, as JSON.
        #[sea_orm(column_type = "Text", nullable)]
        pub mapping: Option<String>,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod bank_statement {
    //! A statement that was brought in.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bank_statements")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: BankStatementId,
        pub business_id: BusinessId,
        pub ledger_id: LedgerId,
        pub file_id: Option<i64>,
        pub file_name: String,
        pub format: StatementFormat,
        /// Of the whole file, in hexadecimal.
        pub sha256: String,
        pub account: Option<String>,
        pub from_date: Option<Date>,
        pub to_date: Option<Date>,
        pub opening: Option<Money>,
        pub closing: Option<Money>,
        /// What closing is more than opening and all lines of the file.
        pub difference: Option<Money>,
        pub lines_new: i32,
        pub lines_known: i32,
        pub lines_refused: i32,
        /// What could not be taken, as JSON.
        #[sea_orm(column_type = "Text")]
        pub findings: String,
        pub created_by: Option<UserId>,
        pub created_at: i64,
    }

    no_relations!();
}

pub mod bank_line {
    //! A line of a statement. Money that came in is above zero.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bank_lines")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: BankLineId,
        pub business_id: BusinessId,
        pub ledger_id: LedgerId,
        pub statement_id: BankStatementId,
        /// Line of the file, or row of the sheet.
        pub file_line: i32,
        pub dated: Date,
        pub value_date: Option<Date>,
        pub amount: Money,
        #[sea_orm(column_type = "Text")]
        pub description: String,
        pub reference: Option<String>,
        pub counterpart: Option<String>,
        /// The bank's own identity of the line.
        pub bank_reference: Option<String>,
        pub balance: Option<Money>,
        /// Unique for the ledger: nothing comes in twice.
        pub fingerprint: String,
        pub ignored_by: Option<UserId>,
        pub ignored_at: Option<i64>,
        pub ignored_reason: Option<String>,
        pub created_at: i64,
    }

    no_relations!();
}

pub mod bank_match {
    //! Lines set against entries; or entries alone, whose day at the bank somebody set by hand.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bank_matches")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: BankMatchId,
        pub business_id: BusinessId,
        pub ledger_id: LedgerId,
        pub kind: MatchKind,
        /// The day on which the bank had booked all of it.
        pub bank_date: Date,
        /// The day on which both bank and books have all of it.
        pub settled_on: Date,
        pub amount: Money,
        /// How sure the proposal was that it came from.
        pub score: Option<i32>,
        pub matched_by: Option<UserId>,
        pub matched_at: i64,
        pub undone_by: Option<UserId>,
        pub undone_at: Option<i64>,
        pub undone_reason: Option<String>,
    }

    no_relations!();
}

pub mod bank_match_line {
    //! A line in a match.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bank_match_lines")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub match_id: BankMatchId,
        pub line_id: BankLineId,
        /// The line once more, while the match stands.
        pub live_line_id: Option<BankLineId>,
    }

    no_relations!();
}

pub mod bank_match_entry {
    //! An entry in a match.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bank_match_entries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub match_id: BankMatchId,
        pub entry_id: EntryId,
        pub voucher_id: VoucherId,
        /// In the ledger's currency, a debit above zero.
        pub amount: Money,
        /// The entry once more, while the match stands.
        pub live_entry_id: Option<EntryId>,
    }

    no_relations!();
}

pub mod bank_rule {
    //! A rule that proposes what lines of a kind are.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bank_rules")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: BankRuleId,
        pub business_id: BusinessId,
        /// The bank ledger it is for; none for all of the business.
        pub ledger_id: Option<LedgerId>,
        pub name: String,
        /// The least goes first.
        pub priority: i32,
        pub comparison: RuleComparison,
        pub pattern: String,
        pub side: RuleSide,
        pub amount_min: Option<Money>,
        pub amount_max: Option<Money>,
        pub target_ledger_id: LedgerId,
        pub voucher_type_id: Option<VoucherTypeId>,
        pub narration: Option<String>,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}
