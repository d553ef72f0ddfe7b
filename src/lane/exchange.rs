//! Entries and bills of ledgers with a currency of their own.
//!
//! Such a ledger stands at a position: an amount of its currency, and what the books hold that at. A bill
//! that is settled at another rate than it was opened at leaves a difference in base currency. The same
//! voucher takes it: an entry on the party that moves the value alone, and one on Foreign Exchange Gain or
//! Loss. So a bill that is closed in its currency is closed in base currency too.

use std::collections::HashSet;

use daybook_domain::{
    currency::CurrencyCode,
    exchange::{Position, difference},
    id::{BillId, BusinessId, LedgerId},
    money::Money,
    voucher::{Line, balance},
};
use daybook_entity::tenant::books::BillKind;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use super::{
    judge::{Step, refuse_at},
    judge_bills::{Part, move_bill},
    posting::{BillPart, EntryDetail, Excess, Foreign, PostedBill, Posting},
    state::State,
};
use crate::{
    db::sql::{list, statement},
    error::{Code, Error, Refusal, Result},
};

/// Code of Foreign Exchange Gain or Loss, where settlements leave the difference between two rates.
pub const EXCHANGE_GAIN: &str = "EXCHANGE_GAIN";

/// The amount of a bill row in its ledger's currency, a debit above zero; NULL where it has none.
pub const FOREIGN: &str = "CASE WHEN debit > 0 THEN currency_amount ELSE -currency_amount END";

/// A stored currency code.
///
/// # Errors
/// When it is none that the program writes.
pub fn currency(stored: Option<String>) -> Result<Option<CurrencyCode>> {
    let read = stored.as_deref().map(CurrencyCode::parse).transpose();
    read.map_err(|_| Error::Internal("a stored currency code".into()))
}

/// Reads where differences go, of businesses whose postings touch ledgers in other currencies.
///
/// # Errors
/// When the database cannot be read.
pub async fn load(
    state: &mut State,
    txn: &DatabaseTransaction,
    postings: impl Iterator<Item = &Posting>,
) -> Result<()> {
    let lines = postings.flat_map(|posting| posting.entries.lines());
    let abroad: HashSet<BusinessId> = lines
        .filter_map(|line| state.ledgers.get(&line.ledger))
        .filter(|ledger| ledger.currency.is_some())
        .map(|ledger| ledger.business)
        .filter(|business| !state.exchange.contains_key(business))
        .collect();
    let abroad: Vec<BusinessId> = abroad.into_iter().collect();
    for chunk in abroad.chunks(500) {
        let sql = format!(
            "SELECT business_id, id FROM ledgers WHERE system_code = ? AND business_id IN ({})",
            list(chunk.len())
        );
        let binds = chunk.iter().map(|business| Value::from(business.get()));
        let binds = std::iter::once(Value::from(EXCHANGE_GAIN)).chain(binds);
        for row in txn.query_all_raw(statement(txn.get_database_backend(), &sql, binds)).await? {
            let business = BusinessId::new(row.try_get_by_index(0)?);
            state.exchange.insert(business, LedgerId::new(row.try_get_by_index(1)?));
        }
    }
    Ok(())
}

/// What a stored part adds to its bill.
pub fn signed(row: &PostedBill) -> Position {
    let base = row.debit.saturating_sub(row.credit);
    let foreign = row.foreign.as_ref().map(|foreign| foreign.amount).unwrap_or_default();
    Position { foreign: if base.is_negative() { -foreign } else { foreign }, base }
}

/// What an entry of a posting moves on its ledger, and whether it does so in the ledger's own currency.
pub fn moved(state: &State, posting: &Posting, index: usize, line: &Line) -> (Position, bool) {
    let base = line.debit.saturating_sub(line.credit);
    let is_abroad = state.ledgers.get(&line.ledger).is_some_and(|one| one.currency.is_some());
    let detail = posting.details.get(index).and_then(|detail| detail.foreign.as_ref());
    let amount = detail.filter(|_| is_abroad).map(|foreign| foreign.amount).unwrap_or_default();
    let foreign = if base.is_negative() { -amount } else { amount };
    (Position { foreign, base }, !foreign.is_zero())
}

/// The amount by which a position is counted: in its currency, or in base currency.
pub fn counted(position: Position, abroad: bool) -> Money {
    if abroad { position.foreign } else { position.base }
}

/// Takes a part out of a position, counted in its currency or in base currency.
pub fn take(position: &mut Position, size: Money, abroad: bool) -> Position {
    if abroad {
        return position.take(size);
    }
    let base = if position.base.is_negative() { -size } else { size };
    let taken = Position { foreign: Money::ZERO, base };
    *position = position.with(taken.turned());
    taken
}

/// Whether entries are in the currencies of their ledgers; what is not is added.
pub fn check(state: &State, posting: &Posting, refusals: &mut Vec<Refusal>) {
    for (index, line) in posting.entries.lines().iter().enumerate() {
        let own = state.ledgers.get(&line.ledger).and_then(|ledger| ledger.currency.as_ref());
        let detail = posting.details.get(index).and_then(|detail| detail.foreign.as_ref());
        if own.is_some() && detail.map(|foreign| &foreign.currency) != own {
            let path = format!("{}.entries.{index}.currency", posting.path);
            let own = own.map(CurrencyCode::as_str).unwrap_or_default();
            let why = format!("this ledger is kept in {own}, and so are its entries");
            refusals.push(Refusal::new(Code::CurrencyMismatch, &path, why));
        }
    }
}

/// What a bill's party needs in base currency after a settlement at another rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The party.
    pub ledger: LedgerId,
    /// The party's currency.
    pub currency: CurrencyCode,
    /// The bill.
    pub bill: BillId,
    /// On the party's ledger; a debit above zero, which is a gain.
    pub amount: Money,
    /// Foreign Exchange Gain or Loss.
    pub gain: LedgerId,
}

impl Difference {
    /// The two entries that take it.
    pub fn lines(&self) -> [(Line, EntryDetail); 2] {
        let line = |ledger, amount: Money| {
            let (debit, credit) = if amount.is_negative() {
                (Money::ZERO, amount.size())
            } else {
                (amount, Money::ZERO)
            };
            Line { ledger, debit, credit }
        };
        let value = Some(Foreign::value_alone(self.currency.clone()));
        [
            (line(self.ledger, self.amount), EntryDetail { foreign: value, ..Default::default() }),
            (line(self.gain, -self.amount), EntryDetail::default()),
        ]
    }
}

/// Bills that are settled by one voucher or act, each as it was before and with all that is set against it.
#[derive(Debug, Default)]
pub struct Settled(Vec<(BillId, LedgerId, Position, Position)>);

impl Settled {
    /// Adds what is set against a bill, before the bill is moved.
    pub fn add(&mut self, state: &State, id: BillId, amount: Position) {
        if let Some((_, _, _, settled)) = self.0.iter_mut().find(|(known, ..)| *known == id) {
            *settled = settled.with(amount);
        } else if let Some(bill) = state.bills.get(&id) {
            self.0.push((id, bill.ledger, bill.open, amount));
        }
    }

    /// The differences that settling leaves.
    ///
    /// # Errors
    /// When the business has no ledger for them, which is a fault of the program.
    pub fn differences(self, state: &State, business: BusinessId) -> Result<Vec<Difference>> {
        let mut found = Vec::new();
        for (bill, ledger, before, settled) in self.0 {
            let amount = difference(before, settled);
            let known = state.ledgers.get(&ledger).and_then(|known| known.currency.clone());
            let Some(currency) = known.filter(|_| !amount.is_zero()) else { continue };
            let gain = state.exchange.get(&business).copied();
            let gain =
                gain.ok_or_else(|| Error::Internal("no ledger for exchange gains".into()))?;
            found.push(Difference { ledger, currency, bill, amount, gain });
        }
        Ok(found)
    }
}

/// The bill rows of a voucher's differences, whose entries follow its own; the bills are moved.
pub fn difference_parts(
    state: &mut State,
    own_lines: usize,
    differences: &[Difference],
    steps: &mut Vec<Step>,
) -> Vec<Part> {
    let mut parts = Vec::with_capacity(differences.len());
    for (index, one) in differences.iter().enumerate() {
        let amount = Position { foreign: Money::ZERO, base: one.amount };
        move_bill(state, one.bill, amount, steps);
        parts.push(Part {
            entry_line: i32::try_from(own_lines + 2 * index + 1).ok(),
            ledger: one.ledger,
            bill: Some(one.bill),
            kind: BillKind::Against,
            reference: None,
            due_on: None,
            amount,
            currency: Some(one.currency.clone()),
            has_id: false,
        });
    }
    parts
}

/// The voucher that takes the differences of an allocation, made from what stands in for it.
///
/// # Errors
/// When the differences are beyond what is kept.
pub fn difference_voucher(template: &Posting, differences: &[Difference]) -> Result<Posting> {
    let (mut lines, mut details, mut bills) = (Vec::new(), Vec::new(), Vec::new());
    for one in differences {
        bills.push(BillPart {
            entry: lines.len(),
            field: "allocations".to_owned(),
            kind: BillKind::Against,
            bill: Some(one.bill),
            reference: None,
            due_on: None,
            amount: one.amount.size(),
            excess: Excess::Restores,
        });
        for (line, detail) in one.lines() {
            lines.push(line);
            details.push(detail);
        }
    }
    let entries = balance(lines).map_err(|why| {
        let path = &template.path;
        refuse_at(path, Code::TooLarge, "allocations", &why.to_string())
    })?;
    Ok(Posting { entries, details, bills, ..template.clone() })
}
