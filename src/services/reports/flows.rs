//! Sums of ledgers in those vouchers that touch certain others: what cash or funds came or went for.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use daybook_domain::{
    id::{AccountGroupId, BusinessId, LedgerId, SubGroupId},
    statement::{heading::Heading, span::Span},
};
use sea_orm::{ConnectionTrait, Value};

use super::{frame::Frame, marks::sums_in, positions::Turn};
use crate::{
    db::sql::{list, statement, sum},
    error::Result,
    services::books::balances::Sums,
};

/// Ledgers by the groups that they hang below directly: fewer to name than the ledgers themselves.
#[derive(Debug, Default)]
pub struct GroupSet {
    shared: Vec<AccountGroupId>,
    own: Vec<SubGroupId>,
    /// Also ledgers below no group.
    with_loose: bool,
}

impl GroupSet {
    /// The groups whose ledgers have one of these headings.
    pub fn of(frame: &Frame, is_it: impl Fn(Heading) -> bool) -> Self {
        let mut set = Self { with_loose: is_it(Heading::Result), ..Self::default() };
        for group in &frame.groups.ordered {
            if frame.heading_below(group.reference).is_some_and(&is_it) {
                set.shared.extend(group.reference.shared());
                set.own.extend(group.reference.own());
            }
        }
        set
    }

    /// A condition on the table `ledgers`, and the ids of the ledgers that meet it.
    fn ledgers(&self, businesses: &[BusinessId], binds: &mut Vec<Value>) -> String {
        binds.extend(businesses.iter().map(|id| Value::from(id.get())));
        let mut ways = Vec::new();
        if !self.own.is_empty() {
            ways.push(format!("subgroup_id IN ({})", list(self.own.len())));
            binds.extend(self.own.iter().map(|id| Value::from(id.get())));
        }
        if !self.shared.is_empty() {
            ways.push(format!(
                "(subgroup_id IS NULL AND group_id IN ({}))",
                list(self.shared.len())
            ));
            binds.extend(self.shared.iter().map(|id| Value::from(id.get())));
        }
        if self.with_loose {
            ways.push("(subgroup_id IS NULL AND group_id IS NULL)".to_owned());
        }
        if ways.is_empty() {
            ways.push("1 = 0".to_owned());
        }
        format!(
            "SELECT id FROM ledgers WHERE business_id IN ({}) AND ({})",
            list(businesses.len()),
            ways.join(" OR ")
        )
    }
}

/// What is summed in which vouchers.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'g> {
    /// Every ledger, in vouchers that touch these.
    InVouchersWith(&'g GroupSet),
    /// Only the ledgers of the first, in vouchers that touch the second.
    Of(&'g GroupSet, &'g GroupSet),
}

/// Sums of ledgers over a span; vouchers that close a year are left out.
///
/// # Errors
/// When the database cannot be read.
pub async fn flows(
    frame: &Frame,
    conn: &impl ConnectionTrait,
    span: Span,
    wanted: Wanted<'_>,
) -> Result<HashMap<LedgerId, Sums>> {
    // Books that begin within the span are read from their own first day on.
    let mut together: BTreeMap<(NaiveDate, NaiveDate), Vec<BusinessId>> = BTreeMap::new();
    for business in &frame.businesses {
        together.entry(Turn::of(business, span).moved()).or_default().push(business.id);
    }
    let mut found: HashMap<LedgerId, Sums> = HashMap::new();
    for (moved, businesses) in together {
        read(frame.known_at, conn, (moved, &businesses), wanted, &mut found).await?;
    }
    Ok(found)
}

async fn read(
    known_at: Option<i64>,
    conn: &impl ConnectionTrait,
    (moved, businesses): ((NaiveDate, NaiveDate), &[BusinessId]),
    wanted: Wanted<'_>,
    found: &mut HashMap<LedgerId, Sums>,
) -> Result<()> {
    let backend = conn.get_database_backend();
    // After the first day, up to and with the second: all rows of a version bear its date.
    let within = |alias: &str, binds: &mut Vec<Value>| {
        binds.extend([Value::from(moved.0), Value::from(moved.1), Value::from(false)]);
        let mut text = format!("{alias}.dated > ? AND {alias}.dated <= ? AND {alias}.closing = ?");
        if let Some(instant) = known_at {
            binds.push(Value::from(instant));
            text.push_str(&format!(" AND {alias}.recorded_at <= ?"));
        }
        text
    };
    let mut binds = Vec::new();
    let source = match wanted {
        // The touched ledgers are few: from their entries to the vouchers.
        Wanted::InVouchersWith(touched) => {
            let ledgers = touched.ledgers(businesses, &mut binds);
            let inner = within("c", &mut binds);
            let outer = within("e", &mut binds);
            format!(
                "(SELECT DISTINCT c.version_id FROM voucher_ledger_entries c \
                 WHERE c.ledger_id IN ({ledgers}) AND {inner}) t \
                 JOIN voucher_ledger_entries e ON e.version_id = t.version_id WHERE {outer}"
            )
        }
        // The summed ledgers are few: from their entries to the others of the same voucher.
        Wanted::Of(summed, touched) => {
            let ledgers = summed.ledgers(businesses, &mut binds);
            let outer = within("e", &mut binds);
            let others = touched.ledgers(businesses, &mut binds);
            format!(
                "voucher_ledger_entries e WHERE e.ledger_id IN ({ledgers}) AND {outer} \
                 AND EXISTS (SELECT 1 FROM voucher_ledger_entries o \
                 WHERE o.version_id = e.version_id AND o.ledger_id IN ({others}))"
            )
        }
    };
    let text = format!(
        "SELECT e.ledger_id, {}, {} FROM {source} GROUP BY e.ledger_id",
        sum(backend, "e.effect * e.debit"),
        sum(backend, "e.effect * e.credit"),
    );
    for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
        let slot = found.entry(LedgerId::new(row.try_get_by_index(0)?)).or_default();
        *slot = slot.with(sums_in(&row, 1)?);
    }
    Ok(())
}
