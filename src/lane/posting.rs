//! What the lane is asked to do, and what it answers.

use chrono::NaiveDate;
use daybook_domain::{
    cost::CostSplit,
    currency::CurrencyCode,
    id::{
        BillId, BusinessId, EntryId, ItemId, LedgerId, SeriesId, VoucherActId, VoucherId,
        VoucherTypeId, VoucherVersionId,
    },
    item_line::LineAmounts,
    lock::Areas,
    money::{ExchangeRate, Money, Quantity, UnitPrice},
    voucher::{Balanced, BaseType},
};
use daybook_entity::tenant::books::{BillKind, VoucherKind};

use super::{actor::Actor, bank_details::BankDetail};

/// A promise that a repeat of the same call has one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The mutation field, within which the key is unique.
    pub field: &'static str,
    /// The caller's key, 1 to 255 characters.
    pub key: String,
    /// SHA-256 of the input in hexadecimal, without the key's own `dryRun`.
    pub input_hash: String,
}

/// One voucher to be posted: everything that needs no lock has been checked.
#[derive(Debug, Clone)]
pub struct Posting {
    /// Where the voucher stands in the caller's input, for refusals: `input` or `input.vouchers.3`.
    pub path: String,
    /// In whose books.
    pub business: BusinessId,
    /// Shared voucher type.
    pub voucher_type: VoucherTypeId,
    /// Its base.
    pub base_type: BaseType,
    /// Ordinary, opening, closing or system.
    pub kind: VoucherKind,
    /// How its number is made.
    pub numbering: Numbering,
    /// Book date.
    pub dated: NaiveDate,
    /// Proof that debits equal credits.
    pub entries: Balanced,
    /// What each entry carries beside its amounts, in the order of the entries.
    pub details: Vec<EntryDetail>,
    /// Words about the voucher.
    pub narration: Option<String>,
    /// The other side's number (a supplier's bill, a cheque).
    pub reference: Option<String>,
    /// Its date.
    pub reference_date: Option<NaiveDate>,
    /// The party, where there is one.
    pub party: Option<LedgerId>,
    /// When it happened, UTC milliseconds, where that is more than the date says.
    pub occurred_at: Option<i64>,
    /// Which period locks it falls under.
    pub areas: Areas,
    /// An exception that lets it pass a soft lock.
    pub lock_exception: Option<i64>,
    /// The voucher that this one reverses.
    pub reverses: Option<Reverses>,
    /// Which bills its entries open and settle. Of an entry on a bill-wise ledger the parts come to the
    /// entry's amount.
    pub bills: Vec<BillPart>,
    /// Goods and services on it.
    pub items: Vec<ItemLine>,
}

/// Goods or a service on a voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemLine {
    /// Which item, where it is one of the tenant's.
    pub item: Option<ItemId>,
    /// What it is, in words.
    pub description: Option<String>,
    /// How much.
    pub quantity: Quantity,
    /// Of which unit.
    pub unit: Option<String>,
    /// What a unit costs.
    pub unit_price: UnitPrice,
    /// What it comes to.
    pub amounts: LineAmounts,
}

/// Stands for the voucher that the deed before made, which has no id before it is stored.
pub const THE_ONE_BEFORE: VoucherId = VoucherId::new(0);

/// What a reversing voucher undoes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverses {
    /// The voucher, or [`THE_ONE_BEFORE`].
    pub voucher: VoucherId,
    /// Its version that was mirrored; another one must not have come between.
    pub version: i32,
    /// Why.
    pub reason: Option<String>,
}

/// A part of an entry that opens, settles or leaves open a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillPart {
    /// Which entry, from 0.
    pub entry: usize,
    /// Where the part stands in the caller's input, below the posting's own path, for refusals.
    pub field: String,
    /// What it does.
    pub kind: BillKind,
    /// The bill that it settles. A part that opens a bill may give it an id made beforehand, so that others
    /// of the same call settle it.
    pub bill: Option<BillId>,
    /// The number of the bill that it opens.
    pub reference: Option<String>,
    /// When that is due.
    pub due_on: Option<NaiveDate>,
    /// Minor units above zero, on the entry's side: in the ledger's currency where the entry has an amount
    /// in it, else in base currency.
    pub amount: Money,
    /// What becomes of more than the bill has open.
    pub excess: Excess,
}

/// What becomes of an amount beyond what a bill has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Excess {
    /// It is refused.
    #[default]
    Refuse,
    /// It stays on account.
    OnAccount,
    /// The part is all that the parts before it leave of the entry, set against the party's oldest bills;
    /// what they do not take stays on account.
    OldestFirst,
    /// There is none by its nature: the part undoes one that settled the bill.
    Restores,
}

/// One thing to be done to the books.
#[derive(Debug, Clone)]
pub enum Deed {
    /// A new voucher.
    Post(Posting),
    /// A voucher taken back whole, on its own date.
    Cancel(Cancel),
    /// A voucher taken back and posted anew under its number.
    Amend(Amend),
    /// Parts of a voucher that wait set against bills, or that undone.
    Allocate(Allocate),
}

impl From<Posting> for Deed {
    fn from(posting: Posting) -> Self {
        Self::Post(posting)
    }
}

/// What every later act on a voucher says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnVoucher {
    /// Where the act stands in the caller's input, for refusals.
    pub path: String,
    /// The voucher.
    pub voucher: VoucherId,
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// Why it is done.
    pub reason: Option<String>,
    /// An exception that lets the voucher's own date pass a soft lock.
    pub lock_exception: Option<i64>,
}

/// A voucher to be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// Which, and why.
    pub on: OnVoucher,
}

/// A voucher to be amended.
#[derive(Debug, Clone)]
pub struct Amend {
    /// Which, and why.
    pub on: OnVoucher,
    /// What it says from now on; business and type are those it has.
    pub posting: Posting,
}

/// Allocation of what a voucher left on account or paid in advance.
#[derive(Debug, Clone)]
pub struct Allocate {
    /// Which voucher, and why.
    pub on: OnVoucher,
    /// The party.
    pub ledger: LedgerId,
    /// Day of the allocation.
    pub dated: NaiveDate,
    /// What is done.
    pub what: Allocation,
    /// The voucher that takes the difference between two rates, on a ledger with a currency of its own.
    /// Its entries stand in for those that judging makes.
    pub difference: Option<Box<Posting>>,
}

/// What an allocation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allocation {
    /// Sets amounts against bills.
    Settle(Vec<Settle>),
    /// Undoes an earlier allocation.
    Undo(VoucherActId),
}

/// An amount set against a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settle {
    /// The bill.
    pub bill: BillId,
    /// Minor units in the ledger's currency, or the base currency where it has none; above zero.
    pub amount: Money,
}

/// How a voucher's number is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbering {
    /// Prefix with its date tokens.
    pub prefix: String,
    /// What follows the number.
    pub suffix: String,
    /// Least number of digits.
    pub width: u8,
    /// Set for tax documents: the series belongs to this registration and kind of document.
    pub tax: Option<TaxSeries>,
    /// A number that the voucher brings along, stored as it is: unique in its series, and whatever is
    /// numbered later goes past it.
    pub own: Option<String>,
}

/// The key of a tax document's series, beside year and prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxSeries {
    /// The registration that issues the document.
    pub gstin: String,
    /// Kind of document (`INV`, `CRN`, `DBN`).
    pub document: &'static str,
}

/// What an entry carries beside ledger, debit and credit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryDetail {
    /// Words about the entry.
    pub narration: Option<String>,
    /// The amount in another currency and its rate, where the entry is not in base currency.
    pub foreign: Option<Foreign>,
    /// Of a reversing journal: the last day on which scenarios count it.
    pub applies_until: Option<NaiveDate>,
    /// Which cost centres bear it; left empty by reads that do not ask for them.
    pub costs: Vec<CostSplit>,
    /// By which instrument it was paid, where it is on a bank ledger and that is told. Reads that do not ask
    /// for it leave it out.
    pub bank: Option<BankDetail>,
}

/// An amount in another currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Which currency.
    pub currency: CurrencyCode,
    /// Minor units of that currency; never negative. Zero where the entry moves the value in base
    /// currency alone.
    pub amount: Money,
    /// Base units per foreign unit; zero with the amount.
    pub rate: ExchangeRate,
}

impl Foreign {
    /// The mark of an entry that moves the value in base currency alone, of a ledger in this currency.
    pub fn value_alone(currency: CurrencyCode) -> Self {
        Self { currency, amount: Money::ZERO, rate: ExchangeRate::from_raw(0) }
    }
}

/// An amount in the currency of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InCurrency {
    /// Which currency.
    pub currency: CurrencyCode,
    /// Minor units of it, never negative; zero where only the value in base currency moves.
    pub amount: Money,
}

impl InCurrency {
    /// An amount of a currency.
    pub fn of((currency, amount): (CurrencyCode, Money)) -> Self {
        Self { currency, amount }
    }
}

/// Things done to the books together, all or none.
#[derive(Debug)]
pub struct Post {
    /// What is to be done, in order.
    pub deeds: Vec<Deed>,
    /// Retry key of the whole call.
    pub claim: Option<Claim>,
    /// Who posts.
    pub actor: Actor,
}

impl Post {
    /// Its new vouchers and new versions, also such as an allocation may need.
    pub fn postings(&self) -> impl Iterator<Item = &Posting> + Clone {
        self.deeds.iter().filter_map(|deed| match deed {
            Deed::Post(posting) | Deed::Amend(Amend { posting, .. }) => Some(posting),
            Deed::Allocate(allocate) => allocate.difference.as_deref(),
            Deed::Cancel(_) => None,
        })
    }

    /// Where its first deed stands in the caller's input.
    pub fn path(&self) -> &str {
        self.deeds.first().map_or("", |deed| match deed {
            Deed::Post(posting) | Deed::Amend(Amend { posting, .. }) => &posting.path,
            Deed::Cancel(Cancel { on }) | Deed::Allocate(Allocate { on, .. }) => &on.path,
        })
    }
}

/// What a [`Post`] did.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Ids of the vouchers, in the order of the deeds.
    pub ids: Vec<VoucherId>,
    /// The vouchers as they stand now; empty when `replayed`.
    pub vouchers: Vec<PostedVoucher>,
    /// Whether an earlier call with the same key had already done it.
    pub replayed: bool,
}

/// A voucher with the version and entries just stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedVoucher {
    /// Its identity.
    pub id: VoucherId,
    /// In whose books.
    pub business: BusinessId,
    /// Shared voucher type.
    pub voucher_type: VoucherTypeId,
    /// Its base.
    pub base_type: BaseType,
    /// The accounting year of the business.
    pub year: i64,
    /// The series that numbered it.
    pub series: SeriesId,
    /// Its place in the series.
    pub sequence: i64,
    /// Its number.
    pub number: String,
    /// The voucher that it reverses.
    pub reverses: Option<VoucherId>,
    /// The version.
    pub version_id: VoucherVersionId,
    /// 1 for the first.
    pub version: i32,
    /// Ordinary, opening, closing or system.
    pub kind: VoucherKind,
    /// Book date.
    pub dated: NaiveDate,
    /// Sum of the debits.
    pub total: Money,
    /// Words about the voucher.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Its date.
    pub reference_date: Option<NaiveDate>,
    /// The party.
    pub party: Option<LedgerId>,
    /// When it happened, UTC milliseconds.
    pub occurred_at: Option<i64>,
    /// Which period locks it falls under.
    pub areas: Areas,
    /// The exception by which it passed a soft lock.
    pub lock_exception: Option<i64>,
    /// Who posted it: a user of the tenant.
    pub created_by: Option<i64>,
    /// Number of the event.
    pub change_seq: i64,
    /// When it was stored, UTC milliseconds.
    pub recorded_at: i64,
    /// Its entries.
    pub entries: Vec<PostedEntry>,
    /// Which bills they open and settle; left empty by reads that do not ask for them.
    pub bills: Vec<PostedBill>,
    /// Goods and services on it; left empty by reads that do not ask for them.
    pub items: Vec<PostedItem>,
}

/// Goods or a service just stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedItem {
    /// Its identity.
    pub id: i64,
    /// 1 for the first.
    pub line: i32,
    /// What it is, how much, and what it comes to.
    pub detail: ItemLine,
}

/// A part of an entry that opened, settled or left open a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedBill {
    /// Its identity. What opens a bill gives the bill its own.
    pub id: i64,
    /// Its place in the voucher, from 1.
    pub line: i32,
    /// The entry that it is a part of.
    pub entry_line: Option<i32>,
    /// The party.
    pub ledger: LedgerId,
    /// The bill that it opens or settles.
    pub bill: Option<BillId>,
    /// What it does.
    pub kind: BillKind,
    /// The number of the bill that it opens.
    pub reference: Option<String>,
    /// When that is due.
    pub due_on: Option<NaiveDate>,
    /// Debit in base currency.
    pub debit: Money,
    /// Credit in base currency.
    pub credit: Money,
    /// The amount in the ledger's currency, where it has one of its own.
    pub foreign: Option<InCurrency>,
}

/// An entry just stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedEntry {
    /// Its identity.
    pub id: EntryId,
    /// 1 for the first.
    pub line: i32,
    /// Which ledger.
    pub ledger: LedgerId,
    /// Debit in base currency.
    pub debit: Money,
    /// Credit in base currency.
    pub credit: Money,
    /// Words and foreign amount.
    pub detail: EntryDetail,
}
