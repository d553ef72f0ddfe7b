//! Posting vouchers: what needs no lock is judged here, the rest in the lane.

use std::fmt::Display;

use chrono::NaiveDate;
use daybook_domain::{
    id::{LedgerId, VoucherId, VoucherTypeId},
    lock::areas_of,
    money::{Money, MoneyError},
    role::Permission,
    text::{self, TextError},
    voucher::{BaseType, LedgerKind, Line, SideError, Unbalanced, balance, check_sides},
};
use daybook_entity::tenant::{books::VoucherKind, business::business};

use super::{
    bank_parts::{self, WrittenBank},
    bill_parts::{self, WrittenBill},
    chart::{self, Asked, Chart},
    cost_parts::{self, WrittenCost},
    drafts::pending::{self, Done},
    entry_amounts,
    groups::{self, GroupRef, Groups},
    numbering::{numbering_of, tax_series},
    scenarios,
    voucher_types::{self, TypeRef},
};
use crate::{
    error::{Code, Error, Refusal, Result},
    lane::{
        Claim, Deed, Post, Posted, Posting, earlier,
        posting::{EntryDetail, Numbering},
    },
    scope::TenantScope,
};

/// A voucher as somebody writes it down.
#[derive(Debug, Clone)]
pub struct PostVoucher {
    /// In whose books.
    pub business: Asked,
    /// Shared voucher type; `None` when the id given is not one.
    pub voucher_type: Option<VoucherTypeId>,
    /// Book date.
    pub dated: NaiveDate,
    /// Words about the voucher.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Its date.
    pub reference_date: Option<NaiveDate>,
    /// When it happened, UTC milliseconds.
    pub occurred_at: Option<i64>,
    /// Of a reversing journal: the last day on which scenarios count it.
    pub applies_until: Option<NaiveDate>,
    /// An exception from a soft lock.
    pub lock_exception: Option<i64>,
    /// The entries.
    pub entries: Vec<WrittenEntry>,
    /// Whether an entry on Round Off takes what rounding of converted entries leaves.
    pub close_residue: bool,
}

/// An entry as somebody writes it down.
#[derive(Debug, Clone)]
pub struct WrittenEntry {
    /// The ledger; `None` when the id given is not one.
    pub ledger: Option<LedgerId>,
    /// Debit as a decimal number in the entry's currency.
    pub debit: Option<String>,
    /// Credit as a decimal number in the entry's currency.
    pub credit: Option<String>,
    /// The entry's currency: that of the ledger when left out, or the business's where it has none.
    pub currency: Option<String>,
    /// Base units per unit of that currency, as a decimal number.
    pub exchange_rate: Option<String>,
    /// Words about the entry.
    pub narration: Option<String>,
    /// Which bills it opens and settles; only on a ledger that is kept bill by bill.
    pub bills: Vec<WrittenBill>,
    /// Whether what the bills leave of it settles the party's oldest bills.
    pub oldest_first: bool,
    /// Which cost centres bear it.
    pub costs: Vec<WrittenCost>,
    /// By which instrument it is paid; only on a bank ledger.
    pub bank: Option<WrittenBank>,
}

/// Most entries of one voucher.
pub const ENTRIES_MAX: usize = 1_000;
/// Most characters of a voucher's narration.
pub const NARRATION_MAX: usize = 2_000;
/// Most characters of an entry's narration.
pub const ENTRY_NARRATION_MAX: usize = 500;
/// Most characters of a reference.
pub const REFERENCE_MAX: usize = 100;
/// Most characters of a reason.
pub const REASON_MAX: usize = 500;

/// Posts one voucher, or shows what would be posted.
///
/// # Errors
/// Every refusal that can be found without a lock at once; then those of the lane.
pub async fn post(
    scope: &TenantScope,
    command: PostVoucher,
    claim: Claim,
    dry_run: bool,
) -> Result<Done> {
    scope.require(Permission::VoucherPost)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let kept = pending::voucher(scope, &chart, &command);
    let posting = prepare(scope, &chart, &groups, command, "input");
    pending::perform(scope, posting.map(Deed::from), kept, claim, dry_run).await
}

/// Most vouchers of one bulk call.
pub const BULK_MAX: usize = 500;

/// Posts several vouchers, all or none.
///
/// # Errors
/// As [`post`], each refusal below its voucher's place.
pub async fn post_all(
    scope: &TenantScope,
    commands: Vec<PostVoucher>,
    claim: Claim,
    dry_run: bool,
) -> Result<Posted> {
    scope.require(Permission::VoucherPost)?;
    check_key(&claim.key, "input")?;
    if commands.is_empty() || commands.len() > BULK_MAX {
        let why = format!("send 1 to {BULK_MAX} vouchers at once");
        return Err(Error::refused(Code::TooMany, "input.vouchers", why));
    }
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let mut deeds = Vec::with_capacity(commands.len());
    let mut refusals = Vec::new();
    for (index, command) in commands.into_iter().enumerate() {
        if !dry_run && pending::wants_approval(scope, &chart, command.business) {
            let why = "this business wants vouchers approved; send them one by one";
            let path = format!("input.vouchers.{index}");
            refusals.push(Refusal::new(Code::ApprovalRequired, &path, why));
            continue;
        }
        match prepare(scope, &chart, &groups, command, &format!("input.vouchers.{index}")) {
            Ok(posting) => deeds.push(Deed::from(posting)),
            Err(Error::Refused(why)) => refusals.extend(why),
            Err(failure) => return Err(failure),
        }
    }
    let deeds = if refusals.is_empty() { Ok(deeds) } else { Err(Error::Refused(refusals)) };
    perform_all(scope, deeds, claim, dry_run).await
}

/// As [`perform_all`], of one deed.
///
/// # Errors
/// As there.
pub async fn perform(
    scope: &TenantScope,
    deed: Result<Deed>,
    claim: Claim,
    dry_run: bool,
) -> Result<Posted> {
    perform_all(scope, deed.map(|deed| vec![deed]), claim, dry_run).await
}

/// Sends deeds to the lane, or answers what an earlier call with their key made.
///
/// The key is judged first, here as in the lane: an input that was done before is answered by what it
/// made, whatever has changed since, and another one under its key is a conflict.
///
/// # Errors
/// Why the deeds could not be prepared; then those of the lane.
pub async fn perform_all(
    scope: &TenantScope,
    deeds: Result<Vec<Deed>>,
    claim: Claim,
    dry_run: bool,
) -> Result<Posted> {
    let deeds = match deeds {
        Ok(deeds) => deeds,
        Err(refused @ Error::Refused(_)) if !dry_run => {
            let reader = scope.db.reader().await?;
            let made = earlier(reader.conn(), &claim).await?;
            let ids = made.ok_or(refused)?.into_iter().map(VoucherId::new).collect();
            return Ok(Posted { ids, vouchers: Vec::new(), replayed: true });
        }
        Err(error) => return Err(error),
    };
    let post = Post { deeds, claim: Some(claim), actor: scope.actor() };
    if dry_run { scope.db.lane().dry_run(post).await } else { scope.db.lane().post(post).await }
}

/// Checks a retry key.
///
/// # Errors
/// When it is empty or longer than 255 characters.
pub fn check_key(key: &str, path: &str) -> Result<()> {
    let length = key.chars().count();
    let clean = text::clean_single_line(key, 255).is_ok_and(|clean| clean == key);
    if length == 0 || length > 255 || !clean {
        let why = "a retry key is 1 to 255 characters without line breaks or spaces at its ends";
        return Err(Error::refused(Code::Invalid, &format!("{path}.idempotencyKey"), why));
    }
    Ok(())
}

/// Judges a voucher by everything that needs no lock.
///
/// # Errors
/// All refusals found.
pub fn prepare(
    scope: &TenantScope,
    chart: &Chart,
    groups: &Groups,
    command: PostVoucher,
    path: &str,
) -> Result<Posting> {
    let business = chart.chosen(scope, command.business, path)?;
    let mut wrong = Wrong { path, refusals: Vec::new() };
    let kind = known_type(scope, chart, &command, &mut wrong);
    let narration = wrong.text("narration", command.narration.as_deref(), NARRATION_MAX, false);
    let reference = wrong.text("reference", command.reference.as_deref(), REFERENCE_MAX, true);
    let written = read_entries(scope, chart, groups, business, &command, &mut wrong);
    let (Some((voucher_type, base)), Some(mut written)) = (kind, written) else {
        return Err(Error::Refused(wrong.refusals));
    };
    scenarios::check(base, &command, &mut wrong);
    let residue = entry_amounts::residue(written.iter().map(Read::converted));
    if let Some(residue) = residue.filter(|_| command.close_residue) {
        let line = entry_amounts::rounding(chart, business, residue)?;
        written.push(Read::rounding(line));
    }
    let lines: Vec<Line> = written.iter().map(|entry| entry.line).collect();
    let exponent = chart::exponent(business);
    let balanced = balance(lines).map_err(|why| wrong.unbalanced(why, residue, exponent));
    let balanced = match balanced {
        Ok(balanced) if wrong.refusals.is_empty() => balanced,
        Ok(_) => return Err(Error::Refused(wrong.refusals)),
        Err(refusal) => {
            wrong.refusals.push(refusal);
            return Err(Error::Refused(wrong.refusals));
        }
    };
    // The entry that takes a residue stands on no side that the type could forbid.
    let own = written.iter().take(command.entries.len());
    let sides: Vec<(LedgerKind, Line)> = own.map(|entry| (entry.kind, entry.line)).collect();
    let allows = chart::settings(business).journal_allows_cash;
    check_sides(base, &sides, allows).map_err(|why| wrong.side(why))?;
    let places: Vec<u8> = written.iter().map(|entry| entry.exponent).collect();
    let bills = bill_parts::read(chart, &command, &balanced, &places, &mut wrong);
    let Some(bills) = bills else { return Err(Error::Refused(wrong.refusals)) };
    let party = bill_parts::party(chart, &balanced);
    let touches_bank = written.iter().any(|entry| entry.kind == LedgerKind::CashOrBank);
    let touches_tax = written.iter().any(|entry| entry.is_tax);
    Ok(Posting {
        path: path.to_owned(),
        business: business.id,
        voucher_type: voucher_type.id(),
        base_type: base,
        kind: VoucherKind::Ordinary,
        numbering: Numbering {
            tax: tax_series(chart, business, base, command.dated),
            ..numbering_of(voucher_type)
        },
        dated: command.dated,
        entries: balanced,
        details: written
            .into_iter()
            .map(|entry| EntryDetail { applies_until: command.applies_until, ..entry.detail })
            .collect(),
        narration,
        reference,
        reference_date: command.reference_date,
        party,
        occurred_at: command.occurred_at,
        areas: areas_of(base, touches_bank, touches_tax),
        lock_exception: command.lock_exception,
        reverses: None,
        bills,
        items: Vec::new(),
    })
}

fn known_type<'c>(
    scope: &'c TenantScope,
    chart: &'c Chart,
    command: &PostVoucher,
    wrong: &mut Wrong<'_>,
) -> Option<(TypeRef<'c>, BaseType)> {
    let found =
        command.voucher_type.and_then(|id| voucher_types::find(&scope.catalogue, chart, id));
    let Some(found) = found.filter(|found| found.is_offered(command.dated)) else {
        wrong.add(Code::VoucherTypeUnknown, "voucherTypeId", "there is no such voucher type");
        return None;
    };
    match found.base() {
        Some(base) if base.affects_books() || base.is_scenario() => Some((found, base)),
        _ => {
            let why = "vouchers of this type have no entries; post it as a document";
            wrong.add(Code::NotAllowed, "voucherTypeId", why);
            None
        }
    }
}

struct Read {
    line: Line,
    kind: LedgerKind,
    is_tax: bool,
    detail: EntryDetail,
    /// Decimal places in which its bills are counted.
    exponent: u8,
}

impl Read {
    /// Its amounts, and whether they come from another currency.
    fn converted(&self) -> (Line, bool) {
        (self.line, self.detail.foreign.as_ref().is_some_and(|one| !one.amount.is_zero()))
    }

    fn rounding(line: Line) -> Self {
        let detail = EntryDetail::default();
        Self { line, kind: LedgerKind::Other, is_tax: false, detail, exponent: 0 }
    }
}

fn read_entries(
    scope: &TenantScope,
    chart: &Chart,
    groups: &Groups,
    business: &business::Model,
    command: &PostVoucher,
    wrong: &mut Wrong<'_>,
) -> Option<Vec<Read>> {
    let entries = &command.entries;
    if entries.len() > ENTRIES_MAX {
        let why = format!("a voucher has at most {ENTRIES_MAX} entries");
        wrong.add(Code::TooMany, "entries", &why);
        return None;
    }
    let before = wrong.refusals.len();
    let mut read = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let place = format!("entries.{index}");
        let narration = wrong.text(
            &format!("{place}.narration"),
            entry.narration.as_deref(),
            ENTRY_NARRATION_MAX,
            true,
        );
        let ledger = entry
            .ledger
            .and_then(|id| chart.visible_ledger(scope, id))
            .filter(|ledger| ledger.business_id == business.id);
        let Some(ledger) = ledger else {
            let why = "there is no such ledger in this business";
            wrong.add(Code::LedgerUnknown, &format!("{place}.ledgerId"), why);
            continue;
        };
        if ledger.archived_at.is_some() {
            let why = "this ledger is archived and takes no more entries";
            wrong.add(Code::LedgerArchived, &format!("{place}.ledgerId"), why);
            continue;
        }
        let what = (business, ledger, command.dated);
        let amounts = entry_amounts::read(scope, chart, what, entry, &place, wrong);
        let Some(amounts) = amounts else { continue };
        let costs = cost_parts::read(business, &entry.costs, &place, wrong);
        let group = GroupRef::of(ledger).and_then(|group| groups.resolve(group));
        let is_cash = group.is_some_and(|group| group.is_cash_or_bank);
        let is_bank = group.is_some_and(|group| group.is_bank);
        let bank = bank_parts::read(entry.bank.as_ref(), is_bank, &place, wrong);
        read.push(Read {
            line: Line { ledger: ledger.id, debit: amounts.debit, credit: amounts.credit },
            kind: if is_cash { LedgerKind::CashOrBank } else { LedgerKind::Other },
            is_tax: ledger.tax_head.is_some(),
            detail: EntryDetail {
                narration,
                foreign: amounts.foreign,
                applies_until: None,
                costs,
                bank,
            },
            exponent: amounts.exponent,
        });
    }
    (wrong.refusals.len() == before).then_some(read)
}

/// The code by which a decimal number is refused.
pub fn code_of(why: MoneyError) -> Code {
    match why {
        MoneyError::NotADecimal => Code::Invalid,
        MoneyError::TooPrecise => Code::TooPrecise,
        MoneyError::TooLarge => Code::TooLarge,
    }
}

/// Collects what is wrong with an input, each with its field's path.
pub struct Wrong<'p> {
    path: &'p str,
    refusals: Vec<Refusal>,
}

impl<'p> Wrong<'p> {
    /// Nothing wrong yet; fields are named below `path`.
    pub fn below(path: &'p str) -> Self {
        Self { path, refusals: Vec::new() }
    }

    /// Adds a refusal.
    pub fn add(&mut self, code: Code, field: &str, message: &str) {
        self.refusals.push(Refusal::new(code, &format!("{}.{field}", self.path), message));
    }

    /// Reads a text: trimmed, `None` when nothing is left.
    pub fn text(
        &mut self,
        field: &str,
        value: Option<&str>,
        most: usize,
        one_line: bool,
    ) -> Option<String> {
        let value = value?;
        let cleaned =
            if one_line { text::clean_single_line(value, most) } else { text::clean(value, most) };
        self.kept(field, cleaned)
    }

    fn kept(&mut self, field: &str, cleaned: Result<String, TextError>) -> Option<String> {
        match cleaned {
            Ok(text) if text.is_empty() => None,
            Ok(text) => Some(text),
            Err(why) => {
                let code = if matches!(why, TextError::TooLong { .. }) {
                    Code::TooLong
                } else {
                    Code::Invalid
                };
                self.add(code, field, &why.to_string());
                None
            }
        }
    }

    /// Reads a name, `None` when nothing is left of it.
    pub fn name(&mut self, field: &str, value: &str, most: usize) -> Option<String> {
        self.kept(field, text::name(value, most))
    }

    /// Reads a name, which must be there.
    pub fn required(&mut self, field: &str, value: &str, most: usize) -> String {
        let before = self.refusals.len();
        match self.name(field, value, most) {
            Some(text) => text,
            None => {
                if self.refusals.len() == before {
                    self.add(Code::Required, field, "this cannot be empty");
                }
                String::new()
            }
        }
    }

    /// Reads why something is done, which must be said.
    pub fn reason(&mut self, value: Option<&str>) -> String {
        let before = self.refusals.len();
        let read = self.text("reason", value, REASON_MAX, true);
        if read.is_none() && self.refusals.len() == before {
            self.add(Code::Required, "reason", "say why");
        }
        read.unwrap_or_default()
    }

    /// Reads a field that may be left out but not be null.
    pub fn given<T>(&mut self, field: &str, value: Option<Option<T>>) -> Option<T> {
        if let Some(None) = value {
            self.add(Code::Required, field, "this cannot be null; leave it out to keep it");
        }
        value.flatten()
    }

    /// Takes what was read elsewhere, or notes in its own words why it could not be.
    pub fn take<T, E: Display>(
        &mut self,
        code: Code,
        field: &str,
        read: Result<T, E>,
    ) -> Option<T> {
        read.map_err(|why| self.add(code, field, &why.to_string())).ok()
    }

    /// Reads an amount of a currency with that many decimal places.
    pub fn money(&mut self, field: &str, text: &str, exponent: u8) -> Option<Money> {
        match Money::parse(text, exponent) {
            Ok(amount) => Some(amount),
            Err(why) => {
                self.add(code_of(why), field, &why.to_string());
                None
            }
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn finish(self) -> Result<()> {
        self.finish_with(Some(()))
    }

    /// Ends the reading with what was read.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn finish_with<T>(self, read: Option<T>) -> Result<T> {
        let read = read.filter(|_| self.refusals.is_empty());
        read.ok_or(Error::Refused(self.refusals))
    }

    fn unbalanced(&self, why: Unbalanced, residue: Option<Money>, exponent: u8) -> Refusal {
        let (code, field, message) = match why {
            Unbalanced::TooFewLines => (Code::TooFewEntries, "entries".to_owned(), why.to_string()),
            Unbalanced::NotOneSided { line } | Unbalanced::NegativeAmount { line } => {
                (Code::NotOneSided, format!("entries.{line}"), why.to_string())
            }
            Unbalanced::TooLarge { line } => {
                (Code::TooLarge, format!("entries.{line}"), why.to_string())
            }
            Unbalanced::Unequal { debit, credit } => {
                let (debit, credit) = (debit.format(exponent), credit.format(exponent));
                let mut text =
                    format!("debits are {debit} and credits {credit}; they must be equal");
                if let Some(residue) = residue {
                    let residue = residue.size().format(exponent);
                    text.push_str(&format!(
                        "; rounding left {residue}, which closeResidue would close"
                    ));
                }
                (Code::Unbalanced, "entries".to_owned(), text)
            }
        };
        Refusal::new(code, &format!("{}.{field}", self.path), message)
    }

    fn side(&self, why: SideError) -> Error {
        let field = match why.line {
            Some(line) => format!("{}.entries.{line}", self.path),
            None => format!("{}.entries", self.path),
        };
        Error::refused(Code::SideRule, &field, why.rule)
    }
}
