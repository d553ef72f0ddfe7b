//! What the lane is asked to do, and what it answers.

use chrono::NaiveDate;
use daybook_domain::{
    currency::CurrencyCode,
    id::{BusinessId, EntryId, LedgerId, SeriesId, VoucherId, VoucherTypeId, VoucherVersionId},
    lock::Areas,
    money::{ExchangeRate, Money},
    voucher::{Balanced, BaseType},
};
use daybook_entity::tenant::books::VoucherKind;

use super::actor::Actor;

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
    pub reverses: Option<VoucherId>,
}

/// How a voucher's number is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbering {
    /// Prefix with its date tokens.
    pub prefix: String,
    /// What follows the number.
    pub suffix: String,
    /// Least number of digits.
    pub width: u8,
    /// Set for tax documents: the series belongs to this registration and kind of document.
    pub tax: Option<TaxSeries>,
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
}

/// An amount in another currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Which currency.
    pub currency: CurrencyCode,
    /// Minor units of that currency; never negative.
    pub amount: Money,
    /// Base units per foreign unit.
    pub rate: ExchangeRate,
}

/// Vouchers that are posted together, all or none.
#[derive(Debug)]
pub struct Post {
    /// The vouchers, in order.
    pub postings: Vec<Posting>,
    /// Retry key of the whole call.
    pub claim: Option<Claim>,
    /// Who posts.
    pub actor: Actor,
}

/// What a [`Post`] did.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Ids of the vouchers, in the order of the postings.
    pub ids: Vec<VoucherId>,
    /// The vouchers as stored; empty when `replayed`.
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
