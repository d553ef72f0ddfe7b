//! Vouchers: their entries stand in one of two lists, or below the stock lines of an invoice.

use chrono::NaiveDate;
use daybook_domain::money::Money;

use super::{values::Reader, xml::Element};
use crate::interchange::{
    finding::{Findings, Reason, Wrong},
    staged::{
        StagedCostShare, StagedEntry, StagedForeign, StagedInstrument, StagedVoucher, VoucherState,
    },
    words,
};

/// The voucher and how many stock lines it has; none when the file says that it was deleted.
pub fn voucher(
    element: &Element,
    reader: &Reader<'_>,
    findings: &mut Findings,
) -> Result<Option<(StagedVoucher, u64)>, Wrong> {
    let label = label(element);
    let of = |wrong: Wrong| wrong.of(&label);
    let action = element.attribute("ACTION").unwrap_or_default().to_ascii_lowercase();
    if action == "delete" {
        let message = "the file says that it was deleted";
        findings.note_of(element.line, &label, Reason::NotTaken, message);
        return Ok(None);
    }
    let date = reader.date(element, "DATE").map_err(of)?.ok_or_else(|| {
        Wrong::new(element.line, Reason::MissingValue, "DATE is missing").of(&label)
    })?;
    let mut voucher = StagedVoucher::dated(element.line, date);
    voucher.key = match reader.line(element, "GUID").map_err(of)? {
        Some(key) => Some(key),
        None => words::line(element.attribute("REMOTEID").unwrap_or_default(), reader.limits)
            .map_err(|why| {
                of(Wrong::new(element.line, Reason::BadText, format!("REMOTEID: {why}")))
            })?,
    };
    let kind = element.text_of("VOUCHERTYPENAME").or_else(|| element.attribute("VCHTYPE"));
    voucher.voucher_type = reader.optional_name(element, kind, "VOUCHERTYPENAME").map_err(of)?;
    voucher.number = reader.line(element, "VOUCHERNUMBER").map_err(of)?;
    voucher.reference = reader.line(element, "REFERENCE").map_err(of)?;
    voucher.reference_date = reader.date(element, "REFERENCEDATE").map_err(of)?;
    let party = element.text_of("PARTYLEDGERNAME").or_else(|| element.text_of("PARTYNAME"));
    voucher.party = reader.optional_name(element, party, "PARTYLEDGERNAME").map_err(of)?;
    voucher.narration = reader.narration(element).map_err(of)?;
    voucher.state = if element.flag("ISCANCELLED") == Some(true) || action == "cancel" {
        VoucherState::Cancelled
    } else if element.flag("ISOPTIONAL") == Some(true) {
        VoucherState::Optional
    } else {
        VoucherState::Normal
    };
    let stock = stock_lines(element);
    voucher.entries = entries(element, date, reader).map_err(of)?;
    Ok(Some((voucher, stock)))
}

fn label(element: &Element) -> String {
    let kind = element.text_of("VOUCHERTYPENAME").or_else(|| element.attribute("VCHTYPE"));
    let number = element.text_of("VOUCHERNUMBER").unwrap_or("without number");
    format!("{} {number}", kind.unwrap_or("voucher"))
}

fn inventory(element: &Element) -> impl Iterator<Item = &Element> {
    ["ALLINVENTORYENTRIES.LIST", "INVENTORYENTRIES.LIST"]
        .into_iter()
        .map(|name| element.filled(name).collect::<Vec<_>>())
        .find(|list| !list.is_empty())
        .unwrap_or_default()
        .into_iter()
}

fn stock_lines(element: &Element) -> u64 {
    u64::try_from(inventory(element).count()).unwrap_or(u64::MAX)
}

/// The entries in the order of the file.
///
/// `ALLLEDGERENTRIES.LIST` holds all of them. An invoice has `LEDGERENTRIES.LIST` for party and tax,
/// and sales or purchase ledgers below its stock lines. Where a file has both lists, the first counts
/// if it balances by itself.
fn entries(
    element: &Element,
    date: NaiveDate,
    reader: &Reader<'_>,
) -> Result<Vec<StagedEntry>, Wrong> {
    let of_list = |name: &'static str| -> Result<Vec<StagedEntry>, Wrong> {
        let mut found = Vec::new();
        for child in element.filled(name) {
            found.extend(entry(child, date, reader)?);
        }
        Ok(found)
    };
    let all = of_list("ALLLEDGERENTRIES.LIST")?;
    let some = of_list("LEDGERENTRIES.LIST")?;
    let mut below_stock = Vec::new();
    for line in inventory(element) {
        for child in line.filled("ACCOUNTINGALLOCATIONS.LIST") {
            below_stock.extend(entry(child, date, reader)?);
        }
    }
    let balances =
        |list: &[StagedEntry]| Money::sum(list.iter().map(|one| one.amount)) == Some(Money::ZERO);
    let mut entries = if all.is_empty() || (!some.is_empty() && !balances(&all)) {
        some
    } else if balances(&all) {
        return Ok(all);
    } else {
        all
    };
    entries.append(&mut below_stock);
    Ok(entries)
}

/// One entry; none where it is of nothing, as fresh lines of an invoice are.
fn entry(
    element: &Element,
    date: NaiveDate,
    reader: &Reader<'_>,
) -> Result<Option<StagedEntry>, Wrong> {
    let Some(amount) = reader.amount(element, "AMOUNT")? else { return Ok(None) };
    if amount.money.is_zero() {
        return Ok(None);
    }
    let ledger = reader.name(element, element.text_of("LEDGERNAME"), "LEDGERNAME")?;
    let mut entry = StagedEntry::of(element.line, ledger, amount.money);
    entry.narration = reader.narration(element)?;
    entry.bills = reader.bills(element, "AMOUNT", Some(date))?;
    entry.cost_shares = cost_shares(element, reader)?;
    if let Some(bank) = element.filled("BANKALLOCATIONS.LIST").next() {
        let number = reader.line(bank, "INSTRUMENTNUMBER")?;
        let date = reader.date(bank, "INSTRUMENTDATE")?;
        entry.instrument = StagedInstrument { number, date }.known();
    }
    entry.foreign = match element.child("DAYBOOKFOREIGN.LIST") {
        Some(foreign) => Some(own_foreign(foreign, reader)?),
        None => amount.foreign,
    };
    Ok(Some(entry))
}

/// An amount in something else, as our own files say it.
fn own_foreign(element: &Element, reader: &Reader<'_>) -> Result<StagedForeign, Wrong> {
    let commodity = reader.name(element, element.text_of("COMMODITY"), "COMMODITY")?;
    let text = element.text_of("QUANTITY").unwrap_or_default();
    let quantity = rust_decimal::Decimal::from_str_exact(text).map_err(|_| {
        Wrong::new(element.line, Reason::BadAmount, format!("QUANTITY {text:?} is not a number"))
    })?;
    Ok(StagedForeign { commodity, quantity })
}

fn cost_shares(element: &Element, reader: &Reader<'_>) -> Result<Vec<StagedCostShare>, Wrong> {
    let mut shares = Vec::new();
    for category in element.filled("CATEGORYALLOCATIONS.LIST") {
        let name = words::name(category.text_of("CATEGORY").unwrap_or_default(), reader.limits)
            .map_err(|why| {
                Wrong::new(category.line, Reason::BadText, format!("CATEGORY: {why}"))
            })?;
        for child in category.filled("COSTCENTREALLOCATIONS.LIST") {
            let Some(amount) = reader.amount(child, "AMOUNT")? else { continue };
            let centre = reader.name(child, child.text_of("NAME"), "NAME")?;
            let category = name.clone();
            shares.push(StagedCostShare { category, centre, amount: amount.money });
        }
    }
    Ok(shares)
}
