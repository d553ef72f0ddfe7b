//! Revaluing ledgers in other currencies at a day's rates, by a voucher that the next day takes back.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use daybook_domain::{
    currency::CurrencyCode,
    exchange::{Position, unrealised},
    id::{BusinessId, LedgerId, VoucherId},
    money::{ExchangeRate, Money},
    role::Permission,
    voucher::{Balanced, Line, balance},
};
use daybook_entity::tenant::{books::VoucherKind, business::business, chart::ledger};
use sea_orm::{ConnectionTrait, Value};

use super::{
    acts::WrittenAct,
    balances::Whose,
    chart::{self, Asked, Chart},
    exchange_ledgers::{SystemJournal, UNREALISED},
    exchange_rates::read_rate,
    groups::{self, GroupRef, Groups},
    positions, registers,
    vouchers::{REASON_MAX, Wrong, check_key, perform_all},
};
use crate::{
    db::sql::statement,
    error::{Code, Error, Result},
    lane::{
        Claim, Deed, Post, Posted, Posting, Writing,
        posting::{Cancel, EntryDetail, Foreign, OnVoucher, Reverses, THE_ONE_BEFORE},
    },
    scope::TenantScope,
};
use daybook_entity::master::chart::Statement;

/// Most rates that a revaluation names.
const RATES_MAX: usize = 200;

/// A revaluation to be posted.
#[derive(Debug, Clone)]
pub struct Revalue {
    /// Whose ledgers.
    pub business: Asked,
    /// At the end of which day.
    pub on: NaiveDate,
    /// Rates by currency, in place of those of the day.
    pub rates: Vec<(CurrencyCode, String)>,
}

/// A ledger in another currency that is money, or owed in money: what income and expense come to is not
/// revalued.
pub fn is_monetary(groups: &Groups, row: &ledger::Model) -> bool {
    let group = GroupRef::of(row).and_then(|group| groups.resolve(group));
    row.currency.is_some() && group.is_some_and(|group| group.statement == Statement::BalanceSheet)
}

/// Posts the revaluation of a day and its reversal on the next one, both or neither.
///
/// # Errors
/// No permission, or refusals: a currency without a rate, nothing to revalue, a day that is done, a lock.
pub async fn revalue(
    scope: &TenantScope,
    command: Revalue,
    claim: Claim,
    dry_run: bool,
) -> Result<Posted> {
    scope.require(Permission::CurrencyRevalue)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let business = chart.chosen(scope, command.business, "input")?;
    let Some(next) = command.on.checked_add_days(Days::new(1)) else {
        return Err(Error::refused(Code::Invalid, "input.on", "there is no day after this one"));
    };
    let named = named_rates(&command)?;
    let own = chart.ledgers.values().filter(|row| row.business_id == business.id);
    let mut rows: Vec<ledger::Model> =
        own.filter(|row| row.archived_at.is_none() && is_monetary(&groups, row)).cloned().collect();
    rows.sort_by(|one, other| one.name_key.cmp(&other.name_key));
    let Some(unrealised) = chart.system_ledger(business.id, UNREALISED) else {
        return Err(nothing());
    };
    let mut held = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(code) = row.currency.as_deref() else { continue };
        let rate = named.get(code).copied();
        let rate = rate.or_else(|| chart.rates.on(business.id, code, command.on).map(|one| one.1));
        let exponent = scope.catalogue.currency_exponent(code);
        let group = GroupRef::of(&row).and_then(|group| groups.resolve(group));
        let is_cash = group.is_some_and(|group| group.is_cash_or_bank);
        held.push(Held { ledger: row.id, code: code.to_owned(), rate, exponent, is_cash });
    }
    let (on, exponent) = (command.on, chart::exponent(business));
    let plan = Plan { on, next, business: business.id, unrealised, held, exponent };
    let frame = template(scope, &chart, business, &plan)?;
    let lane = scope.db.lane();
    if dry_run {
        return lane
            .write_trial(scope.actor(), move |writing| {
                Box::pin(async move { plan.post(writing, frame, None).await })
            })
            .await;
    }
    lane.write(scope.actor(), move |writing| {
        Box::pin(async move { plan.post(writing, frame, Some(claim)).await })
    })
    .await
}

fn named_rates(command: &Revalue) -> Result<HashMap<String, ExchangeRate>> {
    let mut wrong = Wrong::below("input");
    if command.rates.len() > RATES_MAX {
        wrong.add(Code::TooMany, "rates", &format!("name at most {RATES_MAX} rates"));
        return wrong.finish_with(None);
    }
    let mut named = HashMap::new();
    for (index, (code, rate)) in command.rates.iter().enumerate() {
        match read_rate(rate) {
            Some(rate) => {
                if named.insert(code.to_string(), rate).is_some() {
                    let why = "another rate of this call is of the same currency";
                    wrong.add(Code::Taken, &format!("rates.{index}.currency"), why);
                }
            }
            None => {
                let why = "a rate is a decimal number above zero";
                wrong.add(Code::Invalid, &format!("rates.{index}.rate"), why);
            }
        }
    }
    wrong.finish_with(Some(named))
}

fn nothing() -> Error {
    let why = "no ledger in another currency has a value that differs from the books at this day";
    Error::refused(Code::NothingToRevalue, "input.on", why)
}

/// A ledger that may be revalued.
struct Held {
    ledger: LedgerId,
    code: String,
    rate: Option<ExchangeRate>,
    exponent: u8,
    is_cash: bool,
}

/// What is done behind the fence, once positions are known.
struct Plan {
    on: NaiveDate,
    next: NaiveDate,
    business: BusinessId,
    unrealised: LedgerId,
    held: Vec<Held>,
    exponent: u8,
}

/// The voucher without its entries, which only the lane can tell.
fn template(
    scope: &TenantScope,
    chart: &Chart,
    business: &business::Model,
    plan: &Plan,
) -> Result<Posting> {
    let unit = Money::from_minor(1);
    let stand_in = plan.entries(&[(plan.unrealised, unit), (plan.unrealised, -unit)])?;
    let journal = SystemJournal {
        path: "input",
        dated: plan.on,
        entries: stand_in,
        details: Vec::new(),
        narration: format!("Revaluation of other currencies on {}", plan.on),
        touches_bank: plan.held.iter().any(|held| held.is_cash),
    };
    journal.posting(scope, chart, business)
}

impl Plan {
    fn entries(&self, amounts: &[(LedgerId, Money)]) -> Result<Balanced> {
        let line = |(ledger, amount): &(LedgerId, Money)| {
            let (debit, credit) = if amount.is_negative() {
                (Money::ZERO, amount.size())
            } else {
                (*amount, Money::ZERO)
            };
            Line { ledger: *ledger, debit, credit }
        };
        balance(amounts.iter().map(line).collect())
            .map_err(|why| Error::refused(Code::TooLarge, "input.on", why.to_string()))
    }

    async fn post(
        self,
        writing: &mut Writing,
        frame: Posting,
        claim: Option<Claim>,
    ) -> Result<Posted> {
        if let Some(claim) = &claim
            && let Some(ids) = writing.replay(claim).await?
        {
            let ids = ids.into_iter().map(VoucherId::new).collect();
            return Ok(Posted { ids, vouchers: Vec::new(), replayed: true });
        }
        if self.is_done(writing.conn()).await? {
            let why = "this day is revalued already; cancel that first (currencyRevalueCancel)";
            return Err(Error::refused(Code::AlreadyDone, "input.on", why));
        }
        let (amounts, details) = self.amounts(writing.conn()).await?;
        if amounts.is_empty() {
            return Err(nothing());
        }
        let turned: Vec<(LedgerId, Money)> =
            amounts.iter().map(|(ledger, amount)| (*ledger, -*amount)).collect();
        let first =
            Posting { entries: self.entries(&amounts)?, details: details.clone(), ..frame.clone() };
        let second = Posting {
            entries: self.entries(&turned)?,
            details,
            dated: self.next,
            narration: frame.narration.as_ref().map(|words| format!("Reversal: {words}")),
            reverses: Some(Reverses { voucher: THE_ONE_BEFORE, version: 1, reason: None }),
            ..frame
        };
        let deeds = vec![Deed::Post(first), Deed::Post(second)];
        let actor = writing.actor().clone();
        writing.post(&Post { deeds, claim, actor }).await
    }

    /// Whether a revaluation of the day stands.
    async fn is_done(&self, conn: &impl ConnectionTrait) -> Result<bool> {
        // Only revaluations are system vouchers that another one reverses.
        let sql = "SELECT w.id FROM voucher_versions w JOIN vouchers b ON b.reverses_id = w.voucher_id \
             WHERE w.business_id = ? AND w.dated = ? AND w.kind = 'SYSTEM' \
             AND NOT EXISTS (SELECT 1 FROM voucher_acts a \
             WHERE a.voucher_id = w.voucher_id AND a.kind = 'CANCELLED') LIMIT 1";
        let binds = [Value::from(self.business.get()), Value::from(self.on)];
        let ask = statement(conn.get_database_backend(), sql, binds);
        Ok(conn.query_one_raw(ask).await?.is_some())
    }

    /// What each ledger gains, and the other side.
    async fn amounts(
        &self,
        conn: &impl ConnectionTrait,
    ) -> Result<(Vec<(LedgerId, Money)>, Vec<EntryDetail>)> {
        let ids: Vec<LedgerId> = self.held.iter().map(|held| held.ledger).collect();
        let found = positions::as_at(conn, &ids, Whose::Everybody, self.on).await?;
        let (mut amounts, mut details) = (Vec::new(), Vec::new());
        let mut net = Money::ZERO;
        for held in &self.held {
            let position = found.get(&held.ledger).copied().unwrap_or_default();
            if position.foreign.is_zero() {
                continue;
            }
            let gain = self.gain(held, position)?;
            if gain.is_zero() {
                continue;
            }
            let currency =
                CurrencyCode::parse(&held.code).map_err(|why| Error::Internal(why.to_string()))?;
            amounts.push((held.ledger, gain));
            details.push(EntryDetail {
                foreign: Some(Foreign::value_alone(currency)),
                ..Default::default()
            });
            net = net.saturating_add(gain);
        }
        if !net.is_zero() {
            amounts.push((self.unrealised, -net));
            details.push(EntryDetail::default());
        }
        Ok((amounts, details))
    }

    fn gain(&self, held: &Held, position: Position) -> Result<Money> {
        let Some(rate) = held.rate else {
            let why = format!(
                "there is no rate of {} on {} or before; name one here, or set it first",
                held.code, self.on
            );
            return Err(Error::refused(Code::ExchangeRateUnknown, "input.rates", why));
        };
        unrealised(position, rate, held.exponent, self.exponent).ok_or_else(|| {
            let why = format!("what is held in {} is too large at this rate", held.code);
            Error::refused(Code::TooLarge, "input.rates", why)
        })
    }
}

/// Takes a revaluation back, with its reversal on the next day: both or neither.
///
/// # Errors
/// No permission, or refusals: no such revaluation, one that is cancelled, a lock.
pub async fn cancel(
    scope: &TenantScope,
    act: WrittenAct,
    claim: Claim,
    dry_run: bool,
) -> Result<Posted> {
    scope.require(Permission::CurrencyRevalue)?;
    check_key(&claim.key, "input")?;
    let mut wrong = Wrong::below("input");
    let reason = wrong.text("reason", act.reason.as_deref(), REASON_MAX, true);
    wrong.finish()?;
    let pair = pair(scope, act.voucher).await?;
    let deeds = pair.map(|pair| {
        // The reversal goes first: what it reverses stands again then, and can go too.
        let cancel = |voucher| {
            let (path, reason) = ("input".to_owned(), reason.clone());
            let on =
                OnVoucher { path, voucher, expected_version: None, reason, lock_exception: None };
            Deed::Cancel(Cancel { on })
        };
        pair.map(cancel).to_vec()
    });
    perform_all(scope, deeds, claim, dry_run).await
}

/// The reversal of a revaluation and the revaluation, whichever of them is named.
async fn pair(scope: &TenantScope, named: Option<VoucherId>) -> Result<Result<[VoucherId; 2]>> {
    let unknown = || {
        let why = "there is no such revaluation";
        Err(Error::refused(Code::NotFound, "input.voucherId", why))
    };
    let Some(named) = named else { return Ok(unknown()) };
    let found = registers::find(scope, &[named], false).await?.into_iter().next();
    let Some(found) = found else { return Ok(unknown()) };
    if found.kind != VoucherKind::System {
        let why = "this voucher is no revaluation";
        return Ok(Err(Error::refused(Code::NotAllowed, "input.voucherId", why)));
    }
    if let Some(first) = found.reverses {
        return Ok(Ok([found.id, first]));
    }
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let sql = "SELECT v.id FROM vouchers v JOIN voucher_versions w ON w.voucher_id = v.id \
         WHERE v.reverses_id = ? AND w.kind = 'SYSTEM' ORDER BY v.id DESC";
    let ask = statement(conn.get_database_backend(), sql, [Value::from(found.id.get())]);
    let second = conn.query_one_raw(ask).await?;
    let second: Option<i64> = second.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(match second {
        Some(second) => Ok([VoucherId::new(second), found.id]),
        None => {
            let why = "this voucher goes with an allocation; undo that (billDeallocate)";
            Err(Error::refused(Code::NotAllowed, "input.voucherId", why))
        }
    })
}
