//! Groups and ledgers.

use daybook_domain::chart::Nature;

use super::{values::Reader, xml::Element};
use crate::interchange::{
    finding::{Findings, Reason, Wrong},
    staged::{StagedGroup, StagedLedger, StagedParty},
    words,
};

/// What Tally names the place above the primary groups.
const PRIMARY: &str = "Primary";

pub fn group(element: &Element, reader: &Reader<'_>) -> Result<StagedGroup, Wrong> {
    let name = own_name(element, reader)?;
    let parent = reader
        .optional_name(element, element.text_of("PARENT"), "PARENT")
        .map_err(|wrong| wrong.of(&name))?
        .filter(|parent| parent != PRIMARY);
    let nature = match (element.flag("ISREVENUE"), element.flag("ISDEEMEDPOSITIVE")) {
        (Some(false), Some(true)) => Some(Nature::Asset),
        (Some(false), Some(false)) => Some(Nature::Liability),
        (Some(true), Some(false)) => Some(Nature::Income),
        (Some(true), Some(true)) => Some(Nature::Expense),
        _ => None,
    };
    Ok(StagedGroup { line: element.line, name, parent, nature })
}

pub fn ledger(
    element: &Element,
    reader: &Reader<'_>,
    findings: &mut Findings,
) -> Result<StagedLedger, Wrong> {
    let name = own_name(element, reader)?;
    let of = |wrong: Wrong| wrong.of(&name);
    let mut ledger = StagedLedger::named(element.line, name.clone());
    ledger.key = reader.line(element, "GUID").map_err(of)?;
    ledger.group = reader
        .optional_name(element, element.text_of("PARENT"), "PARENT")
        .map_err(of)?
        .filter(|parent| parent != PRIMARY);
    ledger.is_bill_wise = element.flag("ISBILLWISEON").unwrap_or(false);
    ledger.aliases = aliases(element, &name, reader, findings);
    if let Some(opening) = reader.amount(element, "OPENINGBALANCE").map_err(of)? {
        ledger.opening = opening.money;
        if let Some(foreign) = opening.foreign {
            let message = format!(
                "its opening of {} {} is taken in the books' currency",
                foreign.quantity, foreign.commodity
            );
            findings.note_of(element.line, &name, Reason::OtherCommodity, message);
        }
    }
    ledger.opening_bills = reader.bills(element, "OPENINGBALANCE", None).map_err(of)?;
    if ledger.opening_bills.is_empty() {
        // Reports of connectors name the amount of an opening bill otherwise.
        ledger.opening_bills = reader.bills(element, "AMOUNT", None).map_err(of)?;
    }
    ledger.party = party(element, reader).map_err(of)?;
    Ok(ledger)
}

fn own_name(element: &Element, reader: &Reader<'_>) -> Result<String, Wrong> {
    let listed = names(element).next();
    let name = element.attribute("NAME").or_else(|| element.text_of("NAME")).or(listed);
    reader.name(element, name, "NAME")
}

/// Names in the first language.
fn names(element: &Element) -> impl Iterator<Item = &str> {
    element
        .filled("LANGUAGENAME.LIST")
        .take(1)
        .flat_map(|language| language.filled("NAME.LIST"))
        .flat_map(|list| list.all("NAME"))
        .filter_map(Element::text)
}

/// Names of one ledger that are looked at.
const ALIASES_MAX: usize = 50;

fn aliases(
    element: &Element,
    own: &str,
    reader: &Reader<'_>,
    findings: &mut Findings,
) -> Vec<String> {
    let mut aliases: Vec<String> = Vec::new();
    for text in names(element).take(ALIASES_MAX) {
        match words::name(text, reader.limits) {
            Ok(Some(alias)) if alias != own && !aliases.contains(&alias) => aliases.push(alias),
            Ok(_) => {}
            Err(why) => {
                findings.note_of(element.line, own, Reason::BadText, format!("alias: {why}"));
            }
        }
    }
    aliases
}

fn party(element: &Element, reader: &Reader<'_>) -> Result<Option<StagedParty>, Wrong> {
    let mailing = element.filled("LEDMAILINGDETAILS.LIST").last();
    let registration = element.filled("LEDGSTREGDETAILS.LIST").last();
    let first = |places: &[(Option<&Element>, &str)]| -> Result<Option<String>, Wrong> {
        for (place, name) in places {
            if let Some(place) = place
                && let Some(text) = reader.line(place, name)?
            {
                return Ok(Some(text));
            }
        }
        Ok(None)
    };
    let here = Some(element);
    let address: Vec<&str> = [here, mailing]
        .into_iter()
        .flatten()
        .find_map(|place| place.filled("ADDRESS.LIST").next())
        .map(|list| list.all("ADDRESS").filter_map(Element::text).collect())
        .unwrap_or_default();
    let address = words::address(&address.join("\n"), reader.limits)
        .map_err(|why| Wrong::new(element.line, Reason::BadText, format!("ADDRESS: {why}")))?;
    let party = StagedParty {
        gstin: first(&[(here, "PARTYGSTIN"), (registration, "GSTIN")])?,
        pan: first(&[(here, "INCOMETAXNUMBER")])?,
        state: first(&[(here, "LEDSTATENAME"), (mailing, "STATE")])?,
        country: first(&[(here, "COUNTRYNAME"), (mailing, "COUNTRY")])?,
        address,
        email: first(&[(here, "EMAIL")])?,
        phone: first(&[(here, "LEDGERPHONE"), (here, "LEDGERMOBILE")])?,
    };
    Ok(party.known())
}
