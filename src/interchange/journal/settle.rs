//! From postings to entries: what is left out is inferred, prices are applied, and all balances.

use std::collections::BTreeMap;

use daybook_domain::money::Money;
use rust_decimal::Decimal;

use super::quantity::{Base, Price, Quantity};
use crate::interchange::{
    finding::{Findings, Reason, Wrong},
    staged::{StagedEntry, StagedForeign},
};

/// One posting of a transaction.
#[derive(Debug, Clone)]
pub struct Posting {
    pub line: u64,
    pub account: String,
    pub amount: Option<Quantity>,
    /// What it is worth, by price or cost.
    pub price: Option<Price>,
}

/// What a posting moves: in the journal's own terms, for assertions on balances.
pub struct Movement {
    /// Which posting of its transaction.
    pub posting: usize,
    pub account: String,
    pub quantity: Quantity,
}

/// A transaction that balances.
pub struct Settled {
    /// Entries in the books' currency; none are of nothing.
    pub entries: Vec<StagedEntry>,
    pub movements: Vec<Movement>,
    /// Worths that were no whole minor units.
    pub rounded: u64,
}

/// How lenient the format is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// Two commodities without a price are a conversion of one into the other.
    Inferred,
    /// Every conversion says its price.
    Explicit,
}

/// A posting's worth before it is an amount.
struct Worth {
    commodity: String,
    exact: Decimal,
    /// It is the result of a multiplication: its last place may be moved by rounding.
    is_derived: bool,
}

/// Settles a transaction.
///
/// # Errors
/// When it does not balance, when more than one amount is left out, or a commodity has no price.
pub fn settle(
    postings: &[Posting],
    base: &Base<'_>,
    conversion: Conversion,
    line: u64,
    label: &str,
    findings: &mut Findings,
) -> Result<Settled, Wrong> {
    let mut worths: Vec<Option<Worth>> = Vec::with_capacity(postings.len());
    for posting in postings {
        worths.push(worth(posting, base)?);
    }
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for worth in worths.iter().flatten() {
        let sum = sums.entry(worth.commodity.clone()).or_default();
        *sum = sum.checked_add(worth.exact).ok_or_else(|| too_large(line))?;
    }
    let missing: Vec<usize> =
        worths.iter().enumerate().filter(|(_, worth)| worth.is_none()).map(|(at, _)| at).collect();
    if let [_, second, ..] = missing.as_slice() {
        let line = postings.get(*second).map_or(line, |posting| posting.line);
        let message = "more than one posting has no amount";
        return Err(Wrong::new(line, Reason::Unbalanced, message));
    }
    let missing = missing.first().copied();
    if missing.is_none() && conversion == Conversion::Inferred {
        infer_conversion(postings, base, &mut worths, &mut sums);
    }
    let mut others: Vec<&str> = Vec::new();
    for (commodity, sum) in &sums {
        if base.is(commodity) {
            continue;
        }
        others.push(commodity);
        if !sum.is_zero() && missing.is_none() {
            let message = format!("it does not balance in {commodity}, which has no price");
            return Err(Wrong::new(line, Reason::Unbalanced, message));
        }
    }
    if !others.is_empty() {
        let message = format!(
            "quantities without a price in the books' currency are not taken: {}",
            others.join(", ")
        );
        findings.note_of(line, label, Reason::OtherCommodity, message);
    }
    let mut entries = base_entries(postings, &worths, base)?;
    balance(&mut entries, postings, missing, &worths, base, line, label, findings)?;
    let movements = movements(postings, &worths, missing, &sums);
    let entries = entries.into_iter().flatten().filter(|entry| !entry.amount.is_zero()).collect();
    let is_rounded = |worth: &&Worth| {
        worth.is_derived && base.is(&worth.commodity) && base.exact(worth.exact).is_err()
    };
    let rounded = worths.iter().flatten().filter(is_rounded).count();
    Ok(Settled { entries, movements, rounded: u64::try_from(rounded).unwrap_or_default() })
}

fn too_large(line: u64) -> Wrong {
    Wrong::new(line, Reason::TooLarge, "an amount is too large")
}

fn worth(posting: &Posting, base: &Base<'_>) -> Result<Option<Worth>, Wrong> {
    let Some(amount) = &posting.amount else { return Ok(None) };
    let plain = |quantity: &Quantity| Worth {
        commodity: if base.is(&quantity.commodity) {
            String::new()
        } else {
            quantity.commodity.clone()
        },
        exact: quantity.number,
        is_derived: false,
    };
    let Some(price) = &posting.price else { return Ok(Some(plain(amount))) };
    // A price of money in itself says nothing.
    if base.is(&amount.commodity) && base.is(price.commodity()) {
        return Ok(Some(plain(amount)));
    }
    let exact = price.worth(amount.number).ok_or_else(|| too_large(posting.line))?;
    let is_derived = matches!(price, Price::Unit(_));
    Ok(Some(Worth {
        is_derived,
        ..plain(&Quantity { number: exact, commodity: price.commodity().to_owned() })
    }))
}

/// `-100 EUR` and `110 USD` in one transaction: one is the price of the other.
fn infer_conversion(
    postings: &[Posting],
    base: &Base<'_>,
    worths: &mut [Option<Worth>],
    sums: &mut BTreeMap<String, Decimal>,
) {
    let open: Vec<(String, Decimal)> = sums
        .iter()
        .filter(|(_, sum)| !sum.is_zero())
        .map(|(commodity, sum)| (commodity.clone(), *sum))
        .collect();
    let [(first, base_sum), (other, other_sum)] = open.as_slice() else { return };
    let is_exchange = base_sum.is_sign_negative() != other_sum.is_sign_negative();
    if !base.is(first) || base.is(other) || !is_exchange {
        return;
    }
    let mut of_other = worths
        .iter_mut()
        .zip(postings)
        .filter_map(|(worth, _)| worth.as_mut())
        .filter(|worth| worth.commodity == *other);
    // With several postings it would be a guess how they share the price.
    let (Some(only), None) = (of_other.next(), of_other.next()) else { return };
    *only = Worth { commodity: String::new(), exact: -*base_sum, is_derived: false };
    sums.insert(String::new(), Decimal::ZERO);
    sums.remove(other);
}

/// Entries of postings that are worth something in the books' currency, in their places.
fn base_entries(
    postings: &[Posting],
    worths: &[Option<Worth>],
    base: &Base<'_>,
) -> Result<Vec<Option<StagedEntry>>, Wrong> {
    let entry = |(posting, worth): (&Posting, &Option<Worth>)| {
        let Some(worth) = worth.as_ref().filter(|worth| base.is(&worth.commodity)) else {
            return Ok(None);
        };
        let wrong = |why: crate::interchange::amount::AmountError| {
            let message = format!("{} {why}", worth.exact);
            Wrong::new(posting.line, Reason::BadAmount, message)
        };
        let amount = if worth.is_derived {
            base.nearest(worth.exact).ok_or_else(|| too_large(posting.line))?
        } else {
            base.exact(worth.exact).map_err(wrong)?
        };
        let mut entry = StagedEntry::of(posting.line, posting.account.clone(), amount);
        entry.foreign =
            posting.amount.as_ref().filter(|quantity| !base.is(&quantity.commodity)).map(
                |quantity| StagedForeign {
                    commodity: quantity.commodity.clone(),
                    quantity: quantity.number,
                },
            );
        Ok(Some(entry))
    };
    postings.iter().zip(worths).map(entry).collect()
}

/// Fills in what was left out, or sees that nothing is over.
#[expect(clippy::too_many_arguments, reason = "the parts of one transaction")]
fn balance(
    entries: &mut [Option<StagedEntry>],
    postings: &[Posting],
    missing: Option<usize>,
    worths: &[Option<Worth>],
    base: &Base<'_>,
    line: u64,
    label: &str,
    findings: &mut Findings,
) -> Result<(), Wrong> {
    let over = Money::sum(entries.iter().flatten().map(|entry| entry.amount))
        .ok_or_else(|| too_large(line))?;
    if let Some(place) = missing {
        if let (Some(entry), Some(posting)) = (entries.get_mut(place), postings.get(place)) {
            *entry = Some(StagedEntry::of(posting.line, posting.account.clone(), -over));
        }
        return Ok(());
    }
    if over.is_zero() {
        return Ok(());
    }
    let exact: Decimal = worths
        .iter()
        .flatten()
        .filter(|worth| base.is(&worth.commodity))
        .try_fold(Decimal::ZERO, |sum, worth| sum.checked_add(worth.exact))
        .ok_or_else(|| too_large(line))?;
    let derived = entries
        .iter_mut()
        .zip(worths)
        .filter(|(_, worth)| worth.as_ref().is_some_and(|worth| worth.is_derived))
        .filter_map(|(entry, _)| entry.as_mut())
        .max_by_key(|entry| entry.amount.size());
    match derived {
        Some(entry) if exact.abs() <= base.tolerance() => {
            entry.amount = entry.amount.checked_sub(over).ok_or_else(|| too_large(line))?;
            let message = format!(
                "the worth of {} was changed by {} to balance",
                entry.ledger,
                (-over).format(base.currency.exponent)
            );
            findings.note_of(line, label, Reason::Rounded, message);
            Ok(())
        }
        _ => {
            let message = format!("it is out of balance by {exact}");
            Err(Wrong::new(line, Reason::Unbalanced, message))
        }
    }
}

fn movements(
    postings: &[Posting],
    worths: &[Option<Worth>],
    missing: Option<usize>,
    sums: &BTreeMap<String, Decimal>,
) -> Vec<Movement> {
    let mut movements = Vec::with_capacity(postings.len());
    for (place, posting) in postings.iter().enumerate() {
        let account = posting.account.clone();
        if let Some(quantity) = &posting.amount {
            movements.push(Movement { posting: place, account, quantity: quantity.clone() });
        } else if missing == Some(place) && worths.len() > 1 {
            for (commodity, sum) in sums {
                let quantity = Quantity { number: -*sum, commodity: commodity.clone() };
                movements.push(Movement { posting: place, account: account.clone(), quantity });
            }
        }
    }
    movements
}
