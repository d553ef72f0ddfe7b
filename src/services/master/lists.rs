//! Pages of the catalogue. It is in memory, so a page is a filter, a sort and a cut.

use chrono::NaiveDate;
use daybook_domain::text::fold;
use daybook_entity::master::chart::{
    Nature, accounting_year, country, currency, gst_rate, state, tds_section,
};

use crate::{
    clock::Clock,
    db::page::{Page, PageAsk},
    master::Catalogue,
    services::books::{
        chart::Chart,
        groups::{Group, GroupRef, Groups},
        voucher_types::{self, TypeRef},
    },
};

/// Cuts a page out of rows: sorted by their keys, beginning after the asked one.
///
/// Keys are compared as texts, so numbers in them are filled up to one length.
fn page<T>(
    rows: impl Iterator<Item = T>,
    ask: &PageAsk,
    key: impl Fn(&T) -> Vec<String>,
) -> Page<T> {
    let mut keyed: Vec<(Vec<String>, T)> = rows.map(|row| (key(&row), row)).collect();
    let total = u64::try_from(keyed.len()).unwrap_or(u64::MAX);
    if let Some(after) = &ask.after {
        keyed.retain(|(key, _)| key > after);
    }
    keyed.sort_by(|(first, _), (second, _)| first.cmp(second));
    let most = usize::try_from(ask.first).unwrap_or(usize::MAX);
    let has_next = keyed.len() > most;
    keyed.truncate(most);
    Page { rows: keyed, has_next, total: i64::try_from(total).unwrap_or(i64::MAX) }
}

/// A number as a text that sorts like it; those below zero come first.
fn sortable(number: i64) -> String {
    format!("{:020}", i128::from(number) - i128::from(i64::MIN))
}

fn holds(text: Option<&str>, inside: [&str; 2]) -> bool {
    let Some(text) = text.map(fold) else { return true };
    inside.iter().any(|one| fold(one).contains(&text))
}

fn is<T: PartialEq + ?Sized>(wanted: Option<&T>, found: &T) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

/// Whether something with a first day and perhaps a last one holds on a day.
pub fn is_valid(from: NaiveDate, to: Option<NaiveDate>, day: NaiveDate) -> bool {
    from <= day && to.is_none_or(|last| day <= last)
}

/// A dated row, and whether it holds on the day asked about.
#[derive(Debug, Clone)]
pub struct Dated<T> {
    /// The row.
    pub row: T,
    /// Whether it holds on that day, which is today unless another was named.
    pub is_active: bool,
}

/// Which account groups a list shows.
#[derive(Debug, Clone, Default)]
pub struct GroupFilter {
    /// Part of the name or code, whatever its case.
    pub text: Option<String>,
    /// Of this nature.
    pub nature: Option<Nature>,
    /// Directly below this one.
    pub parent: Option<GroupRef>,
    /// Only shared ones (true) or only own ones (false).
    pub is_shared: Option<bool>,
    /// Only hidden ones or only others.
    pub is_hidden: Option<bool>,
}

/// Account groups as a tree is read: each group before those below it.
pub fn groups(
    catalogue: &Catalogue,
    groups: &Groups,
    filter: &GroupFilter,
    ask: &PageAsk,
) -> Page<Group> {
    let rows = groups.ordered.iter().filter(|group| {
        holds(filter.text.as_deref(), [&group.name, &group.code])
            && is(filter.nature.as_ref(), &group.nature)
            && filter.parent.is_none_or(|parent| group.parent == Some(parent))
            && is(filter.is_shared.as_ref(), &group.reference.shared().is_some())
            && is(filter.is_hidden.as_ref(), &group.is_hidden)
    });
    page(rows.cloned(), ask, |group| place_in_tree(catalogue, groups, group.reference))
}

/// The way from the primary group down to this one; shared groups in their order, own ones after them
/// by name.
fn place_in_tree(catalogue: &Catalogue, groups: &Groups, group: GroupRef) -> Vec<String> {
    let mut way = Vec::new();
    let mut at = Some(group);
    while let Some(reference) = at
        && way.len() <= groups.ordered.len()
    {
        let found = groups.resolve(reference);
        way.push(match reference {
            GroupRef::Shared(id) => {
                let order = catalogue.group(id).map_or(0, |group| group.sort_order);
                format!("0{}{}", sortable(order.into()), sortable(id.get()))
            }
            GroupRef::Own(id) => {
                let name = found.map(|group| fold(&group.name)).unwrap_or_default();
                format!("1{name}\u{1}{}", sortable(id.get()))
            }
        });
        at = found.and_then(|group| group.parent);
    }
    way.reverse();
    way
}

/// Which voucher types a list shows.
#[derive(Debug, Clone, Default)]
pub struct TypeFilter {
    /// Part of the name or code, whatever its case.
    pub text: Option<String>,
    /// That behave as this built-in type.
    pub base_type: Option<String>,
    /// Only those that count in the books, or only others.
    pub affects_books: Option<bool>,
}

/// Voucher types in their order, a tenant's own ones behind those that they are derived from.
pub fn voucher_types<'c>(
    catalogue: &'c Catalogue,
    chart: Option<&'c Chart>,
    filter: &TypeFilter,
    ask: &PageAsk,
) -> Page<TypeRef<'c>> {
    let rows = voucher_types::every(catalogue, chart).filter(|one| {
        holds(filter.text.as_deref(), [one.name(), one.code()])
            && is(filter.base_type.as_deref(), one.shared.base_type.as_str())
            && is(filter.affects_books.as_ref(), &one.shared.affects_books)
    });
    page(rows, ask, |one| vec![sortable(one.shared.sort_order.into()), sortable(one.id().get())])
}

/// Which GST rates a list shows.
#[derive(Debug, Clone, Default)]
pub struct RateFilter {
    /// Part of the name or code, whatever its case.
    pub text: Option<String>,
    /// Of this country.
    pub country: Option<String>,
    /// Of this code.
    pub code: Option<String>,
    /// That hold on this day.
    pub valid_on: Option<NaiveDate>,
}

/// Rates of GST and of other countries' value added tax, by country, code and first day.
pub fn gst_rates(
    catalogue: &Catalogue,
    clock: &Clock,
    filter: &RateFilter,
    ask: &PageAsk,
) -> Page<Dated<gst_rate::Model>> {
    let rows = catalogue.gst_rates.iter().filter(|one| {
        holds(filter.text.as_deref(), [&one.rate_name, &one.rate_code])
            && is(filter.country.as_deref(), one.country.as_str())
            && is(filter.code.as_deref(), one.rate_code.as_str())
            && filter.valid_on.is_none_or(|day| is_valid(one.valid_from, one.valid_to, day))
    });
    let rows = rows.map(|one| dated_rate(catalogue, clock, one, filter.valid_on));
    page(rows, ask, |one| {
        let row = &one.row;
        vec![
            row.country.clone(),
            row.rate_code.clone(),
            row.valid_from.to_string(),
            sortable(row.id.get()),
        ]
    })
}

/// A rate with whether it holds on a day, by default today in its country.
pub fn dated_rate(
    catalogue: &Catalogue,
    clock: &Clock,
    row: &gst_rate::Model,
    day: Option<NaiveDate>,
) -> Dated<gst_rate::Model> {
    let day = day.unwrap_or_else(|| catalogue.today_in(clock, &row.country));
    Dated { is_active: is_valid(row.valid_from, row.valid_to, day), row: row.clone() }
}

/// Which sections of tax at source a list shows.
#[derive(Debug, Clone, Default)]
pub struct SectionFilter {
    /// Part of what it is about or of its code, whatever its case.
    pub text: Option<String>,
    /// Deducted or collected.
    pub kind: Option<&'static str>,
    /// Of this Act.
    pub act: Option<&'static str>,
    /// Of this code.
    pub code: Option<String>,
    /// Of this section.
    pub section: Option<String>,
    /// From persons of this class.
    pub deductee_class: Option<&'static str>,
    /// That hold on this day.
    pub valid_on: Option<NaiveDate>,
}

/// Sections of tax deducted and collected at source, by kind, Act, code and first day.
pub fn tds_sections(
    catalogue: &Catalogue,
    clock: &Clock,
    filter: &SectionFilter,
    ask: &PageAsk,
) -> Page<Dated<tds_section::Model>> {
    let rows = catalogue.tds_sections.iter().filter(|one| {
        holds(filter.text.as_deref(), [&one.nature, &one.code])
            && is(filter.kind, one.kind.as_str())
            && is(filter.act, one.act.as_str())
            && is(filter.code.as_deref(), one.code.as_str())
            && is(filter.section.as_deref(), one.section.as_str())
            && is(filter.deductee_class, one.deductee_class.as_str())
            && filter.valid_on.is_none_or(|day| is_valid(one.valid_from, one.valid_to, day))
    });
    let rows = rows.map(|one| dated_section(catalogue, clock, one, filter.valid_on));
    page(rows, ask, |one| {
        let row = &one.row;
        vec![
            row.kind.clone(),
            row.act.clone(),
            row.code.clone(),
            row.valid_from.to_string(),
            sortable(row.id.get()),
        ]
    })
}

/// A section with whether it holds on a day, by default today in India.
pub fn dated_section(
    catalogue: &Catalogue,
    clock: &Clock,
    row: &tds_section::Model,
    day: Option<NaiveDate>,
) -> Dated<tds_section::Model> {
    let day = day.unwrap_or_else(|| catalogue.today_in(clock, "IN"));
    Dated { is_active: is_valid(row.valid_from, row.valid_to, day), row: row.clone() }
}

/// Which accounting years a list shows.
#[derive(Debug, Clone, Default)]
pub struct YearFilter {
    /// Of the calendar that begins in this month, 1 to 12.
    pub first_month: Option<i32>,
    /// That hold this day.
    pub valid_on: Option<NaiveDate>,
}

/// Accounting years, by calendar and first day.
pub fn years(
    catalogue: &Catalogue,
    filter: &YearFilter,
    ask: &PageAsk,
) -> Page<accounting_year::Model> {
    let rows = catalogue.years.iter().filter(|one| {
        is(filter.first_month.as_ref(), &one.first_month)
            && filter.valid_on.is_none_or(|day| is_valid(one.starts_on, Some(one.ends_on), day))
    });
    page(rows.cloned(), ask, |one| {
        vec![sortable(one.first_month.into()), one.starts_on.to_string(), sortable(one.id.get())]
    })
}

/// Which States a list shows.
#[derive(Debug, Clone, Default)]
pub struct StateFilter {
    /// Part of the name or code, whatever its case.
    pub text: Option<String>,
    /// Of this country.
    pub country: Option<String>,
    /// Whose code is used for this.
    pub used_for: Option<&'static str>,
    /// Whose code still holds on this day.
    pub valid_on: Option<NaiveDate>,
}

/// States and counties, by country and code.
pub fn states(catalogue: &Catalogue, filter: &StateFilter, ask: &PageAsk) -> Page<state::Model> {
    let rows = catalogue.states.iter().filter(|one| {
        holds(filter.text.as_deref(), [&one.name, &one.code])
            && is(filter.country.as_deref(), one.country.as_str())
            && is(filter.used_for, one.used_for.as_str())
            && filter.valid_on.is_none_or(|day| one.valid_to.is_none_or(|last| day <= last))
    });
    page(rows.cloned(), ask, |one| vec![one.country.clone(), one.code.clone()])
}

/// Currencies by code; `text` is part of name or code.
pub fn currencies(
    catalogue: &Catalogue,
    text: Option<&str>,
    ask: &PageAsk,
) -> Page<currency::Model> {
    let rows = catalogue.currencies.iter().filter(|one| holds(text, [&one.name, &one.code]));
    page(rows.cloned(), ask, |one| vec![one.code.clone()])
}

/// Countries by code; `text` is part of name or code.
pub fn countries(catalogue: &Catalogue, text: Option<&str>, ask: &PageAsk) -> Page<country::Model> {
    let rows = catalogue.countries.iter().filter(|one| holds(text, [&one.name, &one.code]));
    page(rows.cloned(), ask, |one| vec![one.code.clone()])
}

/// The groups of the catalogue alone, as its keeper sees them.
pub fn shared_groups(catalogue: &Catalogue) -> Groups {
    Groups::of(catalogue, &[], &[])
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn ask(first: u64, after: Option<Vec<String>>) -> PageAsk {
        PageAsk { first, after, wants_total: true }
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let numbers = [30_i64, -5, 7, 100, 2, 11];
        let (mut after, mut read) = (None, Vec::new());
        loop {
            let ask = ask(2, after.take());
            let page = page(numbers.iter().copied(), &ask, |number| vec![sortable(*number)]);
            assert_eq!(page.total, 6);
            read.extend(page.rows.iter().map(|(_, number)| *number));
            if !page.has_next {
                break;
            }
            after = Some(page.rows[page.rows.len() - 1].0.clone());
        }
        assert_eq!(read, [-5, 2, 7, 11, 30, 100]);
    }

    #[test]
    fn days_at_the_ends_are_inside() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let (from, to) = (day("2025-09-22"), Some(day("2026-03-31")));
        assert!(is_valid(from, to, from));
        assert!(is_valid(from, to, day("2026-03-31")));
        assert!(!is_valid(from, to, day("2026-04-01")));
        assert!(!is_valid(from, None, day("2025-09-21")));
    }

    #[test]
    fn a_part_of_the_name_is_found_whatever_its_case() {
        assert!(holds(Some("BANK"), ["Bank Accounts", "x"]));
        assert!(holds(None, ["", ""]));
        assert!(!holds(Some("cash"), ["Bank Accounts", "BANK"]));
    }
}
