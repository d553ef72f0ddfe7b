//! What cost centres bore over a period: by centre and what is below it, by category, of all ledgers or of
//! some.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use daybook_domain::{
    chart::GroupNode,
    id::{CostCategoryId, CostCentreId, LedgerId},
    money::Money,
    statement::tree::{self, Leaf, Named},
};

use super::{
    cost_sums::CostSums,
    frame::{Frame, Line},
    marks::eve,
    positions,
    question::Question,
    registers::frame::path,
};
use crate::{
    error::{Error, Result},
    scope::TenantScope,
    services::books::{
        balances::Sums,
        cost_centres::{self, Centres},
        groups::GroupRef,
    },
};

/// Of which ledgers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// All of them.
    Everything,
    /// One.
    Ledger(LedgerId),
    /// Those below a group, at any depth.
    Group(GroupRef),
}

/// What a break-up is asked of.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Whose books, which days, compared with what, known when.
    pub question: Question,
    /// Only this category.
    pub category: Option<CostCategoryId>,
    /// Only this centre and what is below it.
    pub centre: Option<CostCentreId>,
    /// Of which ledgers.
    pub of: Of,
}

/// What cost centres bore; the frame stands beside it.
#[derive(Debug)]
pub struct Breakup {
    /// The centres, by which it is read.
    pub centres: Arc<Centres>,
    /// Centres that bore anything, each before those below it.
    pub lines: Vec<CentreLine>,
    /// Categories that bore anything, by name.
    pub categories: Vec<CategoryLine>,
    /// What each centre bore of each ledger itself, over each span.
    cells: HashMap<CostCentreId, HashMap<LedgerId, Vec<Sums>>>,
}

/// What a centre bore, with all below it.
#[derive(Debug, Clone)]
pub struct CentreLine {
    /// The centre.
    pub centre: CostCentreId,
    /// 1 at the top.
    pub level: i32,
    /// Over each span.
    pub sums: Vec<Sums>,
}

/// What the centres of a category bore.
#[derive(Debug, Clone)]
pub struct CategoryLine {
    /// The category.
    pub category: CostCategoryId,
    /// Over each span.
    pub sums: Vec<Sums>,
    /// What the ledgers moved beyond that, over each span, where it was asked of some ledgers.
    pub unallocated: Option<Vec<Money>>,
}

/// Reads what cost centres bore.
///
/// # Errors
/// No permission, an argument that cannot be used, or a database that cannot be read.
pub async fn breakup(scope: &TenantScope, asking: &Asking) -> Result<(Breakup, Frame)> {
    let (frame, snapshot) = Frame::open(scope, &asking.question).await?;
    let centres = cost_centres::at(scope, &snapshot).await?;
    let businesses = frame.business_ids();
    let is_own = |id: CostCentreId| {
        centres.centres.get(&id).is_some_and(|one| {
            businesses.contains(&one.business_id)
                && asking.category.is_none_or(|category| one.category_id == category)
                && asking.centre.is_none_or(|above| centres.is_within(id, above))
        })
    };
    let days: BTreeSet<_> = frame.spans.iter().flat_map(|span| [eve(span.from), span.to]).collect();
    let conn = snapshot.conn();
    let sums = CostSums::read(conn, &businesses, &days, frame.known_at).await?;
    let mut cells: HashMap<CostCentreId, HashMap<LedgerId, Vec<Sums>>> = HashMap::new();
    for (centre, ledger) in sums.cells() {
        if !is_own(centre) || !is_of(&frame, ledger, asking.of) {
            continue;
        }
        let spans = frame.spans.iter();
        let each: Vec<Sums> =
            spans.map(|span| sums.between((centre, ledger), (eve(span.from), span.to))).collect();
        if each.iter().any(|one| *one != Sums::default()) {
            cells.entry(centre).or_default().insert(ledger, each);
        }
    }
    let moved = match asking.of {
        Of::Everything => None,
        of => Some(moved(&frame, conn, of).await?),
    };
    drop(snapshot);
    let lines = tree_of(&centres, &cells, frame.spans.len());
    let categories = by_category(&centres, &cells, moved.as_deref(), frame.spans.len());
    Ok((Breakup { lines, categories, cells, centres }, frame))
}

impl Breakup {
    /// What a centre, with all below it, bore of each ledger: debits less credits over each span, by the tree
    /// of groups.
    pub fn ledgers_of(&self, frame: &Frame, centre: CostCentreId) -> Vec<Line> {
        let mut net: HashMap<LedgerId, Vec<Money>> = HashMap::new();
        for (own, ledgers) in &self.cells {
            if !self.centres.is_within(*own, centre) {
                continue;
            }
            for (ledger, sums) in ledgers {
                let amounts = net.entry(*ledger);
                let amounts = amounts.or_insert_with(|| vec![Money::ZERO; sums.len()]);
                for (amount, one) in amounts.iter_mut().zip(sums) {
                    *amount = amount.saturating_add(one.balance());
                }
            }
        }
        frame.lines(|ledger, _| net.get(&ledger.id).cloned())
    }
}

/// Whether a ledger is asked for.
fn is_of(frame: &Frame, ledger: LedgerId, of: Of) -> bool {
    match of {
        Of::Everything => true,
        Of::Ledger(id) => ledger == id,
        Of::Group(group) => frame.chart.ledgers.get(&ledger).is_some_and(|ledger| {
            let above = path(&frame.groups, GroupRef::of(ledger));
            above.iter().any(|one| one.reference == group)
        }),
    }
}

/// What the ledgers moved over each span.
async fn moved(frame: &Frame, conn: &impl sea_orm::ConnectionTrait, of: Of) -> Result<Vec<Money>> {
    let positions = positions::positions(frame, conn).await?;
    let own: Vec<LedgerId> =
        frame.ledgers().map(|(one, _)| one.id).filter(|id| is_of(frame, *id, of)).collect();
    if own.is_empty() {
        let argument = if matches!(of, Of::Ledger(_)) { "ledgerId" } else { "accountGroupId" };
        return Err(Error::bad_input(argument, "there is no such ledger in these books"));
    }
    let mut sums = vec![Money::ZERO; frame.spans.len()];
    for ledger in own {
        for (sum, position) in sums.iter_mut().zip(positions::of(&positions, ledger)) {
            *sum = sum.saturating_add(position.moved);
        }
    }
    Ok(sums)
}

fn tree_of(
    centres: &Centres,
    cells: &HashMap<CostCentreId, HashMap<LedgerId, Vec<Sums>>>,
    spans: usize,
) -> Vec<CentreLine> {
    let nodes: Vec<GroupNode<CostCentreId>> =
        centres.by_name().map(|one| GroupNode { id: one.id, parent: one.parent_id }).collect();
    let leaves = centres.by_name().filter_map(|one| {
        let ledgers = cells.get(&one.id)?;
        let mut amounts = vec![Money::ZERO; spans * 2];
        for sums in ledgers.values() {
            let flat = sums.iter().flat_map(|one| [one.debit, one.credit]);
            for (sum, amount) in amounts.iter_mut().zip(flat) {
                *sum = sum.saturating_add(amount);
            }
        }
        Some(Leaf { ledger: one.id, group: Some(one.id), amounts })
    });
    let lines = tree::tree(&nodes, leaves.collect()).into_iter();
    let of_centres = lines.filter_map(|line| match line.named {
        Named::Group(centre) => {
            Some(CentreLine { centre, level: line.level, sums: pairs(&line.amounts) })
        }
        Named::Ledger(_) => None,
    });
    of_centres.collect()
}

fn pairs(amounts: &[Money]) -> Vec<Sums> {
    let (pairs, _) = amounts.as_chunks::<2>();
    pairs.iter().map(|[debit, credit]| Sums { debit: *debit, credit: *credit }).collect()
}

fn by_category(
    centres: &Centres,
    cells: &HashMap<CostCentreId, HashMap<LedgerId, Vec<Sums>>>,
    moved: Option<&[Money]>,
    spans: usize,
) -> Vec<CategoryLine> {
    let mut sums: HashMap<CostCategoryId, Vec<Sums>> = HashMap::new();
    for (centre, ledgers) in cells {
        let Some(centre) = centres.centres.get(centre) else { continue };
        let own = sums.entry(centre.category_id);
        let own = own.or_insert_with(|| vec![Sums::default(); spans]);
        for each in ledgers.values() {
            for (sum, one) in own.iter_mut().zip(each) {
                *sum = sum.with(*one);
            }
        }
    }
    let mut lines: Vec<CategoryLine> = sums
        .into_iter()
        .map(|(category, sums)| CategoryLine {
            category,
            unallocated: moved.map(|moved| {
                let rest = moved.iter().zip(&sums);
                rest.map(|(moved, sums)| moved.saturating_sub(sums.balance())).collect()
            }),
            sums,
        })
        .collect();
    let name =
        |line: &CategoryLine| centres.categories.get(&line.category).map(|one| &one.name_key);
    lines.sort_by(|one, other| (name(one), one.category).cmp(&(name(other), other.category)));
    lines
}
