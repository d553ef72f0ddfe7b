//! The summary of a group: what each group and ledger directly below it stood at, moved and stands at.

use std::collections::{BTreeMap, HashMap};

use daybook_domain::id::{AccountGroupId, LedgerId, SubGroupId};
use daybook_entity::tenant::chart::ledger;

use super::{
    frame::{Asking, Begins, Frame, path},
    span::{Span, Sweep},
};
use crate::{
    db::page::{Page, PageAsk},
    error::{Error, Result},
    scope::TenantScope,
    services::books::groups::{Group, GroupRef, Groups},
};

/// The summary of a group.
#[derive(Debug, Clone)]
pub struct GroupSummary {
    /// What it was asked of.
    pub frame: Frame,
    /// The group.
    pub group: Group,
    /// What everything below it stands at together.
    pub total: Span,
    /// The pages of rows that were asked for.
    pub pages: Vec<Page<Row>>,
}

/// What stands directly below the group.
#[derive(Debug, Clone)]
pub struct Row {
    /// A group or a ledger.
    pub what: What,
    /// What it stands at; of a group, with everything below it.
    pub span: Span,
}

/// A group or a ledger.
#[derive(Debug, Clone)]
pub enum What {
    /// A group.
    Group(Box<Group>),
    /// A ledger.
    Ledger(Box<ledger::Model>),
}

/// The summary of a group; nothing where there is no such group. What never moved is left out.
///
/// # Errors
/// No permission, an argument that cannot be used, or a database that cannot be read.
pub async fn of_group(
    scope: &TenantScope,
    group: Option<GroupRef>,
    asking: Asking,
    asks: &[PageAsk],
) -> Result<Option<GroupSummary>> {
    let frame = Frame::of(scope, asking, Begins::WithTheYear).await?;
    let Some(group) = group.and_then(|group| frame.groups.resolve(group)).cloned() else {
        return Ok(None);
    };
    // Of each ledger below the group: the group between them that stands directly below it, if any.
    let below: HashMap<LedgerId, Option<GroupRef>> = frame
        .ledgers()
        .into_iter()
        .filter_map(|ledger| {
            let above = path(&frame.groups, GroupRef::of(ledger));
            let place = above.iter().position(|one| one.reference == group.reference)?;
            let between = place.checked_sub(1).and_then(|place| above.get(place));
            Some((ledger.id, between.map(|one| one.reference)))
        })
        .collect();
    let spans = spans(scope, &frame, &below).await?;
    let mut of_groups: BTreeMap<usize, (GroupRef, Span)> = BTreeMap::new();
    let mut total = Span::default();
    let mut rows = Vec::new();
    for ledger in frame.ledgers() {
        let Some(span) = spans.get(&ledger.id).filter(|span| !span.is_empty()) else { continue };
        total = total.with(*span);
        match below.get(&ledger.id).copied().flatten() {
            Some(between) => {
                let place = place(&frame.groups, between).unwrap_or(usize::MAX);
                let (_, sum) = of_groups.entry(place).or_insert((between, Span::default()));
                *sum = sum.with(*span);
            }
            None => rows.push(Row { what: What::Ledger(Box::new(ledger.clone())), span: *span }),
        }
    }
    let of_groups = of_groups.into_values().filter_map(|(reference, span)| {
        let group = frame.groups.resolve(reference)?.clone();
        Some(Row { what: What::Group(Box::new(group)), span })
    });
    let rows: Vec<Row> = of_groups.chain(rows).collect();
    let pages = asks.iter().map(|ask| page(&frame.groups, &rows, ask)).collect::<Result<_>>()?;
    Ok(Some(GroupSummary { group, total, pages, frame }))
}

async fn spans(
    scope: &TenantScope,
    frame: &Frame,
    below: &HashMap<LedgerId, Option<GroupRef>>,
) -> Result<HashMap<LedgerId, Span>> {
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let mut spans = HashMap::new();
    for business in &frame.businesses {
        let is_own = |ledger: &&LedgerId| {
            let row = frame.chart.ledgers.get(*ledger);
            row.is_some_and(|row| row.business_id == business.id)
        };
        let own: Vec<LedgerId> = below.keys().filter(is_own).copied().collect();
        if own.is_empty() {
            continue;
        }
        let (books, range) = (frame.books(business), (frame.from, frame.to));
        let sweep =
            Sweep::read(snapshot.conn(), &books, Some(&own), range, &[], frame.known).await?;
        spans.extend(own.into_iter().map(|ledger| (ledger, sweep.span(ledger))));
    }
    Ok(spans)
}

/// A page of rows that are all at hand: groups in their order, then ledgers by name.
fn page(groups: &Groups, rows: &[Row], ask: &PageAsk) -> Result<Page<Row>> {
    let bad = || Error::bad_input("after", "this is not a cursor of this list");
    let start = match ask.after.as_deref() {
        None => 0,
        Some([kind, name, id]) => {
            let id: i64 = id.parse().map_err(|_| bad())?;
            let group = match kind.as_str() {
                SHARED => Some(GroupRef::Shared(AccountGroupId::new(id))),
                OWN => Some(GroupRef::Own(SubGroupId::new(id))),
                LEDGER => None,
                _ => return Err(bad()),
            };
            let last = group.map(|group| place(groups, group).ok_or_else(bad)).transpose()?;
            let is_passed = |row: &&Row| match (&row.what, last) {
                (What::Group(group), Some(last)) => {
                    place(groups, group.reference).is_none_or(|place| place <= last)
                }
                (What::Group(_), None) => true,
                (What::Ledger(_), Some(_)) => false,
                (What::Ledger(ledger), None) => {
                    (ledger.name_key.as_str(), ledger.id.get()) <= (name.as_str(), id)
                }
            };
            rows.iter().take_while(is_passed).count()
        }
        Some(_) => return Err(bad()),
    };
    let most = usize::try_from(ask.first).unwrap_or(usize::MAX).saturating_add(1);
    let shown: Vec<Row> = rows.iter().skip(start).take(most).cloned().collect();
    let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    Ok(Page::cut(shown, ask, total, key))
}

const SHARED: &str = "shared";
const OWN: &str = "own";
const LEDGER: &str = "ledger";

fn key(row: &Row) -> Vec<String> {
    let (kind, name, id) = match &row.what {
        What::Ledger(ledger) => (LEDGER, ledger.name_key.clone(), ledger.id.get()),
        What::Group(group) => match group.reference {
            GroupRef::Shared(id) => (SHARED, String::new(), id.get()),
            GroupRef::Own(id) => (OWN, String::new(), id.get()),
        },
    };
    vec![kind.to_owned(), name, id.to_string()]
}

/// A group's place in the order of all groups.
fn place(groups: &Groups, group: GroupRef) -> Option<usize> {
    groups.ordered.iter().position(|one| one.reference == group)
}
