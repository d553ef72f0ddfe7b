//! What ledgers stood at when the books began: each a voucher against Difference in Opening Balances.

use chrono::NaiveDate;
use daybook_domain::{
    id::{BusinessId, LedgerId, VoucherId, VoucherTypeId},
    lock::areas_of,
    money::Money,
    role::Permission,
    voucher::{BaseType, Line, balance},
};
use daybook_entity::tenant::{
    books::{BillKind, VoucherKind},
    business::{business, business_year},
    chart::ledger,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value};

use super::{
    bill_parts::{PARTS_MAX, WrittenBill, read_one},
    chart::{self, Chart},
    exchange_ledgers,
    numbering::numbering_of,
    standard_ledgers::OPENING_DIFFERENCE,
    voucher_types,
    vouchers::Wrong,
};
use crate::{
    db::sql::{statement, sum},
    error::{Code, Error, Result},
    lane::{
        Deed, Post, Posting, Writing,
        posting::{Amend, BillPart, Cancel, EntryDetail, Excess, Foreign, Numbering, OnVoucher},
        stored,
    },
    scope::TenantScope,
};

/// A balance brought in.
#[derive(Debug, Clone)]
pub struct Opening {
    /// A debit balance.
    pub debit: Option<String>,
    /// A credit balance.
    pub credit: Option<String>,
    /// The same in the ledger's currency, where it has one of its own.
    pub currency_amount: Option<String>,
}

/// A ledger's opening, as it is to be from now on.
#[derive(Debug, Clone)]
pub struct SetOpening {
    /// The ledger; `None` when the id given is not one.
    pub ledger: Option<LedgerId>,
    /// Its balance when the books began.
    pub opening: Opening,
    /// The bills that the balance consists of; what they leave of it is on account.
    pub bills: Vec<WrittenBill>,
}

/// What openings of a business are posted with.
#[derive(Debug, Clone)]
pub struct OpeningBooks {
    business: business::Model,
    voucher_type: VoucherTypeId,
    numbering: Numbering,
    difference: LedgerId,
}

impl OpeningBooks {
    /// Those of a business.
    ///
    /// # Errors
    /// When the business lacks what every business has.
    pub fn of(scope: &TenantScope, chart: &Chart, business: &business::Model) -> Result<Self> {
        let journal = scope.catalogue.voucher_type_coded(BaseType::Journal.code());
        let journal = journal
            .and_then(|journal| voucher_types::find(&scope.catalogue, chart, journal.id))
            .ok_or_else(|| Error::Internal("no journal type".into()))?;
        let numbering = numbering_of(journal);
        Ok(Self {
            business: business.clone(),
            voucher_type: journal.id(),
            numbering: Numbering { prefix: "OB/".to_owned(), ..numbering },
            difference: difference_of(chart, business.id)
                .ok_or_else(|| Error::Internal("no difference ledger".into()))?,
        })
    }

    /// The voucher of a ledger's opening: two lines in the opening period.
    ///
    /// # Errors
    /// When the business has no opening period, or the database cannot be read.
    pub async fn posting(
        &self,
        writing: &Writing,
        ledger: LedgerId,
        (opening, foreign): (Money, Option<Foreign>),
        bills: Vec<BillPart>,
    ) -> Result<Posting> {
        self.posting_on(self.day(writing).await?, ledger, (opening, foreign), bills)
    }

    /// As [`OpeningBooks::posting`], where the day is known.
    ///
    /// # Errors
    /// When the opening is nothing, or too large.
    pub fn posting_on(
        &self,
        dated: NaiveDate,
        ledger: LedgerId,
        (opening, foreign): (Money, Option<Foreign>),
        bills: Vec<BillPart>,
    ) -> Result<Posting> {
        let line = |ledger, amount: Money| {
            let (debit, credit) = if amount.is_negative() {
                (Money::ZERO, amount.size())
            } else {
                (amount, Money::ZERO)
            };
            Line { ledger, debit, credit }
        };
        let entries = balance(vec![line(ledger, opening), line(self.difference, -opening)])
            .map_err(|why| {
                Error::refused(Code::Invalid, "input.openingBalance", why.to_string())
            })?;
        Ok(Posting {
            path: "input".to_owned(),
            business: self.business.id,
            voucher_type: self.voucher_type,
            base_type: BaseType::Journal,
            kind: VoucherKind::Opening,
            numbering: self.numbering.clone(),
            dated,
            entries,
            details: vec![EntryDetail { foreign, ..Default::default() }, EntryDetail::default()],
            narration: None,
            reference: None,
            reference_date: None,
            party: None,
            occurred_at: None,
            areas: areas_of(BaseType::Journal, false, false),
            lock_exception: None,
            reverses: None,
            bills,
            items: Vec::new(),
        })
    }

    /// The day that opening vouchers are dated.
    ///
    /// # Errors
    /// When the business has no opening period, or the database cannot be read.
    pub async fn day(&self, writing: &Writing) -> Result<NaiveDate> {
        let year = business_year::Entity::find()
            .filter(business_year::Column::BusinessId.eq(self.business.id))
            .filter(business_year::Column::IsOpening.eq(true))
            .one(writing.conn())
            .await?
            .ok_or_else(|| Error::Internal("a business without an opening period".into()))?;
        Ok(year.starts_on)
    }
}

/// The ledger that shows by how much the openings of a business differ.
pub fn difference_of(chart: &Chart, business: BusinessId) -> Option<LedgerId> {
    chart.system_ledger(business, OPENING_DIFFERENCE)
}

/// Does something to an opening within a transaction under way; refusals point at the input's fields.
///
/// # Errors
/// Why it is refused; the transaction should then be given up.
pub async fn store(writing: &mut Writing, deed: Deed) -> Result<()> {
    let actor = writing.actor().clone();
    let done = writing.post(&Post { deeds: vec![deed], claim: None, actor }).await;
    done.map(|_| ()).map_err(|error| match error {
        // The voucher's own fields are none of the caller's input; its bills are.
        Error::Refused(mut refusals) => {
            for refusal in &mut refusals {
                if refusal.field.get(1).is_none_or(|field| field != "bills") {
                    refusal.field = vec!["input".to_owned(), "openingBalance".to_owned()];
                }
            }
            Error::Refused(refusals)
        }
        other => other,
    })
}

/// Sets what a ledger stood at when the books began, whatever it was before. Bills keep their identity by
/// their number, so what settles them stays.
///
/// # Errors
/// No permission, or refusals: no such ledger, a bill below what settles it, a closed opening period.
pub async fn set(scope: &TenantScope, command: SetOpening) -> Result<ledger::Model> {
    scope.require(Permission::LedgerCreate)?;
    let chart = chart::chart(scope).await?;
    let mut wrong = Wrong::below("input");
    let found = command.ledger.and_then(|id| chart.visible_ledger(scope, id)).cloned();
    let Some(row) = found else {
        let why = "there is no such ledger";
        return Err(Error::refused(Code::LedgerUnknown, "input.ledgerId", why));
    };
    let business = chart
        .businesses
        .get(&row.business_id)
        .ok_or_else(|| Error::Internal("a ledger of no business".into()))?;
    if row.system_code.as_deref() == Some(OPENING_DIFFERENCE) {
        let why = "this ledger shows by how much the openings differ; it has none of its own";
        wrong.add(Code::System, "ledgerId", why);
    }
    let exponent = chart::exponent(business);
    let opening = read_opening(&mut wrong, Some(&command.opening), exponent);
    let foreign = exchange_ledgers::read_opening(
        scope,
        row.currency.as_deref(),
        Some(&command.opening),
        (opening, exponent),
        &mut wrong,
    );
    let own = row.currency.as_deref();
    let places = own.map_or(exponent, |code| scope.catalogue.currency_exponent(code));
    let bills = read_bills(&row, places, &command.bills, &mut wrong);
    wrong.finish()?;
    let books = OpeningBooks::of(scope, &chart, business)?;
    let (ledger, wanted) = (row.id, opening.unwrap_or_default());
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let found = Found::read(writing, ledger, books.day(writing).await?).await?;
                let own = wanted.saturating_sub(found.by_others);
                if foreign.is_some() && !found.by_others.is_zero() {
                    let why = "other vouchers opened this ledger; amend or cancel those";
                    return Err(Error::refused(Code::NotAllowed, "input.openingBalance", why));
                }
                let opened = (own, foreign);
                let on = |voucher| OnVoucher {
                    path: "input".to_owned(),
                    voucher,
                    expected_version: None,
                    reason: None,
                    lock_exception: None,
                };
                let deed = match found.own {
                    Some((voucher, amount)) if own.is_zero() && !amount.is_zero() => {
                        Deed::Cancel(Cancel { on: on(voucher) })
                    }
                    None if own.is_zero() => return Ok(()),
                    Some((voucher, _)) => {
                        let posting = books.posting(writing, ledger, opened, bills).await?;
                        Deed::Amend(Amend { on: on(voucher), posting })
                    }
                    None => Deed::Post(books.posting(writing, ledger, opened, bills).await?),
                };
                store(writing, deed).await
            })
        })
        .await?;
    Ok(row)
}

fn read_bills(
    row: &ledger::Model,
    exponent: u8,
    written: &[WrittenBill],
    wrong: &mut Wrong<'_>,
) -> Vec<BillPart> {
    if written.len() > PARTS_MAX {
        let why = format!("an opening consists of at most {PARTS_MAX} bills");
        wrong.add(Code::TooMany, "bills", &why);
        return Vec::new();
    }
    if !written.is_empty() && !row.is_bill_wise {
        wrong.add(Code::NotAllowed, "bills", "this ledger is not kept bill by bill");
        return Vec::new();
    }
    let mut parts = Vec::with_capacity(written.len());
    for (number, written) in written.iter().enumerate() {
        let field = format!("bills.{number}");
        let Some((reference, amount, _)) = read_one(exponent, written, &field, wrong) else {
            continue;
        };
        let is_twice = parts
            .iter()
            .any(|part: &BillPart| part.reference.is_some() && part.reference == reference);
        if is_twice {
            let why = "another bill of this opening has the same number";
            wrong.add(Code::Taken, &format!("{field}.reference"), why);
        }
        parts.push(BillPart {
            entry: 0,
            field,
            kind: BillKind::New,
            bill: None,
            reference,
            due_on: written.due_on,
            amount,
            excess: Excess::Refuse,
        });
    }
    parts
}

/// A ledger's opening as it stands.
struct Found {
    /// The voucher that says it, with its amount; a debit above zero.
    own: Option<(VoucherId, Money)>,
    /// What other vouchers of the opening period add, imported ones for example.
    by_others: Money,
}

impl Found {
    async fn read(writing: &Writing, ledger: LedgerId, day: NaiveDate) -> Result<Self> {
        let conn = writing.conn();
        let backend = conn.get_database_backend();
        let sql = format!(
            "SELECT {} FROM voucher_ledger_entries WHERE ledger_id = ? AND dated = ?",
            sum(backend, "effect * (debit - credit)")
        );
        let ask = statement(backend, &sql, [Value::from(ledger.get()), Value::from(day)]);
        let all = conn.query_one_raw(ask).await?;
        let all: Option<i64> = all.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
        // Its own voucher has this ledger on its first line and nothing but the difference on another.
        let sql = format!(
            "SELECT {} AND w.kind = 'OPENING' AND w.dated = ? AND EXISTS \
             (SELECT 1 FROM voucher_ledger_entries e WHERE e.version_id = w.id AND e.ledger_id = ? \
             AND e.line = 1) AND NOT EXISTS (SELECT 1 FROM voucher_ledger_entries m \
             WHERE m.version_id = w.id AND m.line > 2) AND NOT EXISTS \
             (SELECT 1 FROM voucher_acts a WHERE a.voucher_id = v.id AND a.kind = 'CANCELLED') \
             ORDER BY v.id",
            stored::COLUMNS
        );
        let ask = statement(backend, &sql, [Value::from(day), Value::from(ledger.get())]);
        let row = conn.query_one_raw(ask).await?;
        let mut own = row.as_ref().map(stored::voucher).transpose()?;
        stored::fill_entries(conn, own.as_mut_slice()).await?;
        let own = own.map(|voucher| {
            let first = voucher.entries.first();
            let amount = first.map(|entry| entry.debit.saturating_sub(entry.credit));
            (voucher.id, amount.unwrap_or_default())
        });
        let by_own = own.map(|(_, amount)| amount).unwrap_or_default();
        let all = Money::from_minor(all.unwrap_or(0));
        Ok(Self { own, by_others: all.saturating_sub(by_own) })
    }
}

/// An opening as a signed amount, debit above zero; `None` where there is none to post.
pub fn read_opening(
    wrong: &mut Wrong<'_>,
    opening: Option<&Opening>,
    exponent: u8,
) -> Option<Money> {
    let opening = opening?;
    let (field, text, sign) = match (&opening.debit, &opening.credit) {
        (Some(debit), None) => ("openingBalance.debit", debit, 1),
        (None, Some(credit)) => ("openingBalance.credit", credit, -1),
        _ => {
            let why = "an opening balance has either a debit or a credit";
            wrong.add(Code::NotOneSided, "openingBalance", why);
            return None;
        }
    };
    let amount = wrong.money(field, text, exponent)?;
    if amount.is_negative() {
        wrong.add(Code::NotOneSided, field, "an amount is not below zero; use the other side");
        return None;
    }
    (!amount.is_zero()).then_some(if sign < 0 { -amount } else { amount })
}
