//! What every figure of a statement stands in: businesses, ledgers, groups, days, all of one snapshot.

use std::{collections::HashMap, sync::Arc};

use daybook_domain::{
    chart::GroupNode,
    id::{BusinessId, LedgerId},
    money::Money,
    role::Permission,
    statement::{
        heading::Heading,
        span::Span,
        tree::{self, Leaf},
    },
};
use daybook_entity::tenant::{business::business, chart::ledger};

use super::{question::Question, scenario::Scenario};
use crate::{
    error::{Error, Result},
    scope::TenantScope,
    services::books::{
        balances,
        chart::{self, Chart},
        groups::{self, GroupRef, Groups},
    },
    tenancy::Snapshot,
};

/// A line of a statement: a group or a ledger, with its amounts.
pub type Line = tree::Line<LedgerId, GroupRef>;

/// What every figure of a statement stands in.
#[derive(Debug)]
pub struct Frame {
    /// All ledgers.
    pub chart: Arc<Chart>,
    /// The groups that they hang below.
    pub groups: Arc<Groups>,
    /// Whose books, in the order asked.
    pub businesses: Vec<business::Model>,
    /// The span asked, then those that it is compared with.
    pub spans: Vec<Span>,
    /// Only what was recorded up to this instant counts.
    pub known_at: Option<i64>,
    /// What counts beside the books.
    pub scenario: Scenario,
    /// Ledgers of these businesses by name.
    ledgers: Vec<LedgerId>,
    headings: HashMap<LedgerId, Heading>,
}

impl Frame {
    /// Checks what is asked, and takes the snapshot from which it is answered.
    ///
    /// # Errors
    /// No permission, a bad argument, or a database that cannot be read.
    pub async fn open(scope: &TenantScope, question: &Question) -> Result<(Self, Snapshot)> {
        scope.require(Permission::ReportRead)?;
        // Statements are everybody's sums: who sees only own documents cannot be shown them.
        if balances::Whose::of(scope) != balances::Whose::Everybody {
            return Err(Error::Forbidden(Permission::ReportRead));
        }
        let known_at = question.known_at(scope)?;
        let snapshot = scope.db.reader().await?.snapshot().await?;
        let chart = chart::at(scope, &snapshot).await?;
        let groups = groups::at(scope, &snapshot).await?;
        let businesses = question.businesses(scope, &chart)?;
        let spans = match businesses.first() {
            Some(first) => question.spans(scope, first)?,
            None => return Err(Error::Internal("a statement of no business".into())),
        };
        let own = chart.ledgers.values();
        let mut own: Vec<&ledger::Model> =
            own.filter(|one| businesses.iter().any(|other| other.id == one.business_id)).collect();
        own.sort_by(|one, other| (&one.name_key, one.id).cmp(&(&other.name_key, other.id)));
        let headings = own.iter().map(|one| (one.id, heading_of(&groups, one))).collect();
        let ledgers = own.into_iter().map(|one| one.id).collect();
        let scenario = question.scenario;
        let frame =
            Self { businesses, spans, known_at, scenario, ledgers, headings, groups, chart };
        Ok((frame, snapshot))
    }

    /// The businesses' ids.
    pub fn business_ids(&self) -> Vec<BusinessId> {
        self.businesses.iter().map(|one| one.id).collect()
    }

    /// The ledgers by name, each with its heading.
    pub fn ledgers(&self) -> impl Iterator<Item = (&ledger::Model, Heading)> {
        self.ledgers.iter().filter_map(|id| {
            let ledger = self.chart.ledgers.get(id)?;
            Some((ledger, *self.headings.get(id)?))
        })
    }

    /// A ledger's heading.
    pub fn heading(&self, ledger: LedgerId) -> Option<Heading> {
        self.headings.get(&ledger).copied()
    }

    /// The heading of ledgers directly below a group.
    pub fn heading_below(&self, group: GroupRef) -> Option<Heading> {
        heading(&self.groups, group)
    }

    /// The ledger of a business that the program knows by a code.
    pub fn system_ledger(&self, business: BusinessId, code: &str) -> Option<LedgerId> {
        let mut own = self.ledgers().map(|(ledger, _)| ledger);
        own.find(|one| one.business_id == business && one.system_code.as_deref() == Some(code))
            .map(|one| one.id)
    }

    /// Lines in the order in which a statement is read. `amounts` tells a ledger's columns, if it stands
    /// in this statement; what is zero in all of them is left out.
    pub fn lines(
        &self,
        amounts: impl Fn(&ledger::Model, Heading) -> Option<Vec<Money>>,
    ) -> Vec<Line> {
        let leaves = self.ledgers().filter_map(|(ledger, heading)| {
            let amounts = amounts(ledger, heading)?;
            let is_there = amounts.iter().any(|amount| !amount.is_zero());
            is_there.then(|| Leaf { ledger: ledger.id, group: GroupRef::of(ledger), amounts })
        });
        let nodes = self.groups.ordered.iter();
        let nodes: Vec<GroupNode<GroupRef>> =
            nodes.map(|group| GroupNode { id: group.reference, parent: group.parent }).collect();
        tree::tree(&nodes, leaves.collect())
    }
}

/// Sums of the columns of lines: those at the top hold all others.
pub fn totals(lines: &[Line], columns: usize) -> Vec<Money> {
    let mut sums = vec![Money::ZERO; columns];
    for line in lines.iter().filter(|line| line.level == 1) {
        for (sum, amount) in sums.iter_mut().zip(&line.amounts) {
            *sum = sum.saturating_add(*amount);
        }
    }
    sums
}

fn heading_of(groups: &Groups, ledger: &ledger::Model) -> Heading {
    GroupRef::of(ledger).and_then(|group| heading(groups, group)).unwrap_or(Heading::Result)
}

fn heading(groups: &Groups, group: GroupRef) -> Option<Heading> {
    let own = groups.resolve(group)?;
    let above = |group: &&groups::Group| group.parent.and_then(|parent| groups.resolve(parent));
    let path = std::iter::successors(Some(own), above).take(groups.ordered.len());
    Some(Heading::of(path.map(|group| group.code.as_str()), own.nature, own.affects_gross_profit))
}
