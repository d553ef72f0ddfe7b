//! The posted tables: a voucher, its versions with their rows, and what was done to it later.
//!
//! All but `voucher_series` and `ledger_period_totals` are insert-only. A row with an amount or a
//! quantity carries its date, `effect` (+1, or −1 where a version is taken back) and `recorded_at`;
//! every sum is the sum of effect × amount. `areas` is the bit set that period locks are compared with.

use crate::column::*;

/// Why a voucher exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum VoucherKind {
    /// Something happened.
    Ordinary,
    /// A balance was brought in.
    Opening,
    /// Imported books were closed with it.
    Closing,
    /// The product corrects what it derived.
    System,
}

/// What was done to a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum ActKind {
    /// Taken back whole, on its date.
    Cancelled,
    /// Taken back and posted as a new version.
    Amended,
    /// Undone by another voucher with a date of its own.
    Reversed,
    /// Set against a bill later.
    Allocated,
    /// Such an allocation undone.
    Deallocated,
}

/// What a bill row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum BillKind {
    /// Opens a bill.
    New,
    /// Settles a bill.
    Against,
    /// Paid before there is a bill.
    Advance,
    /// Not yet set against anything.
    OnAccount,
}

pub mod voucher_series {
    //! A row of numbers without gaps.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_series")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SeriesId,
        /// What the series belongs to, in one text.
        pub series_key: String,
        pub business_id: BusinessId,
        pub voucher_type_id: VoucherTypeId,
        pub year_id: Option<BusinessYearId>,
        pub prefix: String,
        /// The number that the next voucher gets.
        pub next_number: i64,
        pub created_at: i64,
    }

    no_relations!();
}

pub mod voucher {
    //! What a voucher is whatever is done to it: its type, its number, its series.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "vouchers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: VoucherId,
        pub business_id: BusinessId,
        pub voucher_type_id: VoucherTypeId,
        /// Code of the built-in type that it behaves as.
        pub base_type: String,
        pub year_id: BusinessYearId,
        pub series_id: SeriesId,
        /// Place in its series.
        pub sequence: i64,
        /// As printed; unique in its series.
        pub number: String,
        /// The voucher that this one reverses.
        pub reverses_id: Option<VoucherId>,
        pub created_by: Option<UserId>,
        pub recorded_at: i64,
    }

    no_relations!();
}

pub mod voucher_version {
    //! A voucher as it stood after being posted or amended.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_versions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: VoucherVersionId,
        pub voucher_id: VoucherId,
        /// 1 when posted, one more for each amendment.
        pub version: i32,
        pub business_id: BusinessId,
        pub kind: VoucherKind,
        /// Day it counts in the books, which may be before the day it was typed in.
        pub dated: Date,
        /// Sum of its debits.
        pub total: Money,
        pub narration: Option<String>,
        /// The other side's number for it.
        pub reference: Option<String>,
        pub reference_date: Option<Date>,
        pub party_ledger_id: Option<LedgerId>,
        /// When a sale took place.
        pub occurred_at: Option<i64>,
        pub areas: i32,
        /// The leave by which it entered a locked period.
        pub lock_exception_id: Option<LockExceptionId>,
        pub created_by: Option<UserId>,
        /// Number of the event that tells of it.
        pub change_seq: i64,
        pub recorded_at: i64,
    }

    no_relations!();
}

pub mod voucher_ledger_entry {
    //! An amount on one side of one ledger.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_ledger_entries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: EntryId,
        pub version_id: VoucherVersionId,
        /// Place in the version, from 1.
        pub line: i32,
        pub effect: i16,
        pub business_id: BusinessId,
        pub ledger_id: LedgerId,
        pub dated: Date,
        /// In the business's currency; zero on the other side.
        pub debit: Money,
        /// In the business's currency; zero on the other side.
        pub credit: Money,
        /// ISO 4217, where it was made in another currency.
        pub currency: Option<String>,
        /// In that currency's minor units.
        pub currency_amount: Option<Money>,
        /// Base units per foreign unit at 10^-10.
        pub exchange_rate: Option<ExchangeRate>,
        pub narration: Option<String>,
        /// Whether an imported closing voucher made it, which profit and loss leaves out.
        pub closing: bool,
        pub recorded_at: i64,
    }

    no_relations!();
}

pub mod scenario_entry {
    //! As an entry, of a voucher that does not count in the books: a memorandum or a reversing journal.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "scenario_entries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: EntryId,
        pub version_id: VoucherVersionId,
        pub line: i32,
        pub effect: i16,
        pub business_id: BusinessId,
        pub ledger_id: LedgerId,
        pub dated: Date,
        /// Last day on which a reversing journal is part of a scenario.
        pub applies_until: Option<Date>,
        pub debit: Money,
        pub credit: Money,
        pub currency: Option<String>,
        pub currency_amount: Option<Money>,
        pub exchange_rate: Option<ExchangeRate>,
        pub narration: Option<String>,
        pub recorded_at: i64,
    }

    no_relations!();
}

pub mod voucher_item {
    //! Goods or a service on a voucher.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_items")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub version_id: VoucherVersionId,
        pub line: i32,
        pub effect: i16,
        pub business_id: BusinessId,
        pub item_id: Option<ItemId>,
        pub warehouse_id: Option<WarehouseId>,
        pub dated: Date,
        pub description: Option<String>,
        /// Millionths of the item's unit.
        pub quantity: Quantity,
        pub unit: Option<String>,
        /// Millionths of the major unit.
        pub unit_price: UnitPrice,
        /// Before discount and tax.
        pub gross: Money,
        pub discount: Money,
        /// After discount, before tax.
        pub taxable: Money,
        pub recorded_at: i64,
    }

    no_relations!();
}

pub mod voucher_tax_line {
    //! Tax on a voucher.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_tax_lines")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub version_id: VoucherVersionId,
        pub line: i32,
        /// The item that it is on; none for the whole voucher.
        pub item_line: Option<i32>,
        pub effect: i16,
        pub business_id: BusinessId,
        pub dated: Date,
        pub tax_head: String,
        pub rate: Rate,
        pub taxable: Money,
        pub amount: Money,
        pub recorded_at: i64,
    }

    no_relations!();
}

pub mod voucher_act {
    //! What was done to a voucher later.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_acts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: VoucherActId,
        pub voucher_id: VoucherId,
        /// The version that it was done to.
        pub version: i32,
        pub business_id: BusinessId,
        pub kind: ActKind,
        /// Cancelled, amended: the date of that version.
        pub dated: Date,
        pub areas: i32,
        pub lock_exception_id: Option<LockExceptionId>,
        pub reason: Option<String>,
        pub related_voucher_id: Option<VoucherId>,
        /// The allocation that this act undoes.
        pub undoes_id: Option<VoucherActId>,
        pub acted_by: Option<UserId>,
        /// Number of the event that tells of it.
        pub change_seq: i64,
        pub recorded_at: i64,
    }

    no_relations!();
}

pub mod bill_wise_detail {
    //! How much of an entry opens or settles which bill. Made by a version or by an act.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bill_wise_details")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub version_id: Option<VoucherVersionId>,
        pub act_id: Option<VoucherActId>,
        pub line: i32,
        /// The entry of the version that it explains.
        pub entry_line: Option<i32>,
        pub effect: i16,
        pub business_id: BusinessId,
        pub ledger_id: LedgerId,
        /// The bill that it opens or settles.
        pub bill_id: Option<BillId>,
        pub kind: BillKind,
        /// The bill's number.
        pub reference: Option<String>,
        pub dated: Date,
        pub due_on: Option<Date>,
        pub debit: Money,
        pub credit: Money,
        pub recorded_at: i64,
        /// ISO 4217: that of the ledger, where it has one of its own.
        pub currency: Option<String>,
        /// In that currency's minor units, on the side of debit or credit; zero where only the value moves.
        pub currency_amount: Option<Money>,
    }

    no_relations!();
}

pub mod ledger_period_total {
    //! What entries sum to per ledger and month, kept in the transaction that posts.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_period_totals")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub ledger_id: LedgerId,
        /// Year × 100 + month.
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub closing: bool,
        pub business_id: BusinessId,
        pub debit: Money,
        pub credit: Money,
    }

    no_relations!();
}
