//! The closed sets of words that the shared structure is described with.

use async_graphql::Enum;
use daybook_domain::{catalogue, voucher};

/// The built-in voucher type that a type behaves as.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "voucher::BaseType")]
pub enum BaseVoucherType {
    /// Between cash and bank.
    Contra,
    /// Money paid out.
    Payment,
    /// Money taken in.
    Receipt,
    /// Anything but cash and bank.
    Journal,
    /// Goods or services sold.
    Sales,
    /// Goods or services bought.
    Purchase,
    /// A sale taken back or made cheaper.
    CreditNote,
    /// A purchase sent back or made cheaper.
    DebitNote,
    /// A note that does not touch the books.
    Memorandum,
    /// Counts in scenario reports only, until a date.
    ReversingJournal,
    /// Value moves inside stock.
    StockJournal,
    /// A count of stock.
    PhysicalStock,
    /// Goods sent before the invoice.
    DeliveryNote,
    /// Goods taken in before the bill.
    ReceiptNote,
    /// Goods that came back from a customer.
    RejectionsIn,
    /// Goods sent back to a supplier.
    RejectionsOut,
    /// What a customer ordered.
    SalesOrder,
    /// What was ordered from a supplier.
    PurchaseOrder,
    /// Work taken in.
    JobWorkInOrder,
    /// Work given out.
    JobWorkOutOrder,
    /// Material that came in for work.
    MaterialIn,
    /// Material that went out for work.
    MaterialOut,
    /// Wages.
    Payroll,
    /// Presence of staff.
    Attendance,
}

/// What vouchers of a type do to stock.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "catalogue::StockEffect")]
pub enum StockEffect {
    /// Nothing.
    Nothing,
    /// They bring goods in.
    In,
    /// They take goods out.
    Out,
    /// They move goods within.
    Both,
    /// They set the quantity to a count.
    Sets,
    /// They may move goods.
    Optional,
}

/// The rule that the numbers of a voucher type follow.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "catalogue::NumberingRule")]
pub enum NumberingRule {
    /// As the business likes.
    Free,
    /// Consecutive and at most 16 characters (CGST Rules, rule 46).
    TaxDocument,
    /// The same for delivery challans (CGST Rules, rule 55).
    Challan,
}

/// Who keeps back tax at source.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "catalogue::SectionKind")]
pub enum TdsSectionKind {
    /// Who pays deducts it (TDS).
    Deducted,
    /// Who is paid collects it (TCS).
    Collected,
}

/// The law that a section stands in.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "catalogue::TaxAct")]
pub enum IncomeTaxAct {
    /// Income-tax Act, 1961, to 31 March 2026.
    #[graphql(name = "ACT_1961")]
    Act1961,
    /// Income-tax Act, 2025, from 1 April 2026.
    #[graphql(name = "ACT_2025")]
    Act2025,
}

/// From whom tax is kept back.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "catalogue::DeducteeClass")]
pub enum DeducteeClass {
    /// From anybody.
    Any,
    /// Individuals and Hindu undivided families.
    IndividualHuf,
    /// Companies.
    Company,
    /// Banks.
    Bank,
    /// Co-operative societies.
    Cooperative,
    /// Senior citizens.
    Senior,
    /// From whom a payer of a kind that the section names keeps it back.
    SpecifiedPayer,
    /// Anybody not named by another row of the section.
    Other,
}

/// What the limit of a section counts over.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "catalogue::LimitPeriod")]
pub enum LimitPeriod {
    /// There is no limit.
    Nothing,
    /// A financial year.
    Year,
    /// A month.
    Month,
    /// Each transaction.
    Transaction,
}

/// What a State's code is used for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "catalogue::StateUse")]
pub enum StateUse {
    /// Registration and place of supply.
    Supply,
    /// Registration alone.
    RegistrationOnly,
    /// Place of supply alone.
    PlaceOfSupplyOnly,
}
