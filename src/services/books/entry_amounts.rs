//! Amounts of entries, as somebody writes them down: in the currency of the ledger, and in base currency.

use chrono::NaiveDate;
use daybook_domain::{
    currency::CurrencyCode,
    exchange::residue_max,
    id::LedgerId,
    money::{ExchangeRate, Money},
    voucher::Line,
};
use daybook_entity::tenant::{business::business, chart::ledger};

use super::{
    chart::{self, Chart},
    standard_ledgers::ROUND_OFF,
    vouchers::{WrittenEntry, Wrong},
};
use crate::{
    error::{Code, Error, Result},
    lane::posting::Foreign,
    scope::TenantScope,
};

/// What an entry moves.
pub struct Amounts {
    /// In base currency.
    pub debit: Money,
    /// In base currency.
    pub credit: Money,
    /// In another currency.
    pub foreign: Option<Foreign>,
    /// Decimal places in which its bills are counted.
    pub exponent: u8,
}

/// What an entry is made in.
enum Made {
    /// In base currency.
    InBase,
    /// In another currency, with its decimal places.
    Abroad(CurrencyCode, u8),
    /// In base currency, on a ledger in another one: it moves the value alone.
    ValueAlone(CurrencyCode),
}

/// Reads one entry; what is wrong is added.
///
/// An entry is in its ledger's own currency. On such a ledger the business's currency, named, says that the
/// entry moves the value alone. Without a rate it takes the newest of its day or before.
pub fn read(
    scope: &TenantScope,
    chart: &Chart,
    (business, ledger, dated): (&business::Model, &ledger::Model, NaiveDate),
    entry: &WrittenEntry,
    place: &str,
    wrong: &mut Wrong<'_>,
) -> Option<Amounts> {
    let (text, side, is_debit) = match (&entry.debit, &entry.credit) {
        (Some(debit), None) => (debit, "debit", true),
        (None, Some(credit)) => (credit, "credit", false),
        _ => {
            let why = "an entry has either a debit or a credit";
            wrong.add(Code::NotOneSided, place, why);
            return None;
        }
    };
    let path = format!("{place}.{side}");
    let own = chart::exponent(business);
    let made = made_in(scope, business, ledger, entry, place, wrong)?;
    let (base, foreign, exponent) = match made {
        Made::Abroad(currency, exponent) => {
            let amount = wrong.money(&path, text, exponent)?;
            let rate = rate(chart, business, (&currency, dated), entry, place, wrong)?;
            let Some(base) = rate.convert(amount, exponent, own) else {
                wrong.add(Code::TooLarge, &path, "this is too large in the business's currency");
                return None;
            };
            let is_own = ledger.currency.is_some();
            (base, Some(Foreign { currency, amount, rate }), if is_own { exponent } else { own })
        }
        Made::InBase | Made::ValueAlone(_) if entry.exchange_rate.is_some() => {
            let why = "an entry in the business's own currency has no exchange rate";
            wrong.add(Code::Invalid, &format!("{place}.exchangeRate"), why);
            return None;
        }
        Made::InBase => (wrong.money(&path, text, own)?, None, own),
        Made::ValueAlone(currency) => {
            (wrong.money(&path, text, own)?, Some(Foreign::value_alone(currency)), own)
        }
    };
    if base.is_zero() || base.is_negative() {
        wrong.add(Code::NotOneSided, &path, "an amount is above zero");
        return None;
    }
    let (debit, credit) = if is_debit { (base, Money::ZERO) } else { (Money::ZERO, base) };
    Some(Amounts { debit, credit, foreign, exponent })
}

fn made_in(
    scope: &TenantScope,
    business: &business::Model,
    ledger: &ledger::Model,
    entry: &WrittenEntry,
    place: &str,
    wrong: &mut Wrong<'_>,
) -> Option<Made> {
    let path = format!("{place}.currency");
    let base = business.base_currency.as_str();
    let (own, named) = (ledger.currency.as_deref(), entry.currency.as_deref());
    let code = match (own, named) {
        (Some(own), Some(named)) if named == base => {
            return CurrencyCode::parse(own).ok().map(Made::ValueAlone);
        }
        (Some(own), Some(named)) if named != own => {
            let why = format!("this ledger is kept in {own}, and so are its entries");
            wrong.add(Code::CurrencyMismatch, &path, &why);
            return None;
        }
        (Some(own), _) => own,
        (None, Some(named)) if named != base => named,
        (None, _) => return Some(Made::InBase),
    };
    let known = scope.catalogue.currency(code).and_then(|_| CurrencyCode::parse(code).ok());
    let Some(currency) = known else {
        wrong.add(Code::CurrencyUnknown, &path, "no such currency");
        return None;
    };
    Some(Made::Abroad(currency, scope.catalogue.currency_exponent(code)))
}

fn rate(
    chart: &Chart,
    business: &business::Model,
    (currency, dated): (&CurrencyCode, NaiveDate),
    entry: &WrittenEntry,
    place: &str,
    wrong: &mut Wrong<'_>,
) -> Option<ExchangeRate> {
    let path = format!("{place}.exchangeRate");
    match entry.exchange_rate.as_deref() {
        Some(written) => {
            let rate = ExchangeRate::parse(written).ok().filter(|rate| rate.raw() > 0);
            if rate.is_none() {
                wrong.add(Code::Invalid, &path, "a rate is a decimal number above zero");
            }
            rate
        }
        None => {
            let found = chart.rates.on(business.id, currency.as_str(), dated);
            if found.is_none() {
                let why = format!(
                    "there is no rate of {currency} on {dated} or before; give one here, or set it first"
                );
                wrong.add(Code::ExchangeRateUnknown, &path, &why);
            }
            found.map(|(_, rate)| rate)
        }
    }
}

/// The entry that closes what converted entries leave of a voucher by rounding; none where they balance,
/// or where so much cannot come from rounding.
pub fn residue(entries: impl Iterator<Item = (Line, bool)>) -> Option<Money> {
    let (mut left, mut converted) = (Money::ZERO, 0_usize);
    for (line, is_converted) in entries {
        left = left.checked_add(line.debit)?.checked_sub(line.credit)?;
        converted += usize::from(is_converted);
    }
    (!left.is_zero() && left.size() <= residue_max(converted)).then_some(left)
}

/// The entry on Round Off that takes a residue.
///
/// # Errors
/// When the business lacks that ledger, which is a fault of the program.
pub fn rounding(chart: &Chart, business: &business::Model, residue: Money) -> Result<Line> {
    let ledger: LedgerId = chart
        .system_ledger(business.id, ROUND_OFF)
        .ok_or_else(|| Error::Internal("no ledger for what rounding leaves".into()))?;
    let (debit, credit) =
        if residue.is_negative() { (residue.size(), Money::ZERO) } else { (Money::ZERO, residue) };
    Ok(Line { ledger, debit, credit })
}
