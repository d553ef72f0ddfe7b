//! The trial balance: what every ledger stood at, what moved it, and that both sides are equal.

use daybook_domain::{id::LedgerId, money::Money};

use super::{
    frame::{Frame, Line, totals},
    positions::{self, Position},
    question::Question,
};
use crate::{error::Result, scope::TenantScope};

/// A trial balance over a period.
#[derive(Debug)]
pub struct TrialBalance {
    /// Whose, and when.
    pub frame: Frame,
    /// One row per ledger that moved or stood at something, by name; its columns over each span.
    pub rows: Vec<(LedgerId, Vec<Columns>)>,
    /// The same below their groups, as it is read.
    pub lines: Vec<(Line, Vec<Columns>)>,
    /// Sums over each span.
    pub totals: Vec<Columns>,
}

/// The columns of a line. Of a ledger, each balance stands on one side; of a group, each side is the sum
/// of that side of all ledgers below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns {
    /// Debit balances before the first day.
    pub opening_debit: Money,
    /// Credit balances before the first day.
    pub opening_credit: Money,
    /// Debits within the period.
    pub debit: Money,
    /// Credits within the period.
    pub credit: Money,
    /// Debit balances at the end of the last day.
    pub closing_debit: Money,
    /// Credit balances at the end of the last day.
    pub closing_credit: Money,
    /// What turns of the year within the period moved between this and Profit & Loss A/c.
    pub carried: Money,
}

const COLUMNS: usize = 7;

impl Columns {
    fn of(position: Position) -> [Money; COLUMNS] {
        let (opening_debit, opening_credit) = sides(position.opening);
        let (closing_debit, closing_credit) = sides(position.closing);
        [
            opening_debit,
            opening_credit,
            position.debit,
            position.credit,
            closing_debit,
            closing_credit,
            position.carried(),
        ]
    }

    /// The columns of each span, from all amounts of a line.
    fn each(amounts: &[Money]) -> Vec<Self> {
        let (spans, _) = amounts.as_chunks::<COLUMNS>();
        let columns = spans.iter().map(|amounts| {
            let [
                opening_debit,
                opening_credit,
                debit,
                credit,
                closing_debit,
                closing_credit,
                carried,
            ] = *amounts;
            Self {
                opening_debit,
                opening_credit,
                debit,
                credit,
                closing_debit,
                closing_credit,
                carried,
            }
        });
        columns.collect()
    }

    /// Whether debits equal credits before, within and after.
    pub fn is_balanced(self) -> bool {
        self.opening_debit == self.opening_credit
            && self.debit == self.credit
            && self.closing_debit == self.closing_credit
    }
}

fn sides(balance: Money) -> (Money, Money) {
    if balance.is_negative() { (Money::ZERO, balance.size()) } else { (balance, Money::ZERO) }
}

/// The trial balance over a period: by default the accounting year that holds the last day, up to it.
///
/// Income and expense begin anew with each accounting year: what they came to before stands in Profit &
/// Loss A/c. All figures are read from one snapshot.
///
/// # Errors
/// No permission, a bad argument, or a database that cannot be read.
pub async fn trial_balance(scope: &TenantScope, question: &Question) -> Result<TrialBalance> {
    let (frame, snapshot) = Frame::open(scope, question).await?;
    let positions = positions::positions(&frame, snapshot.conn()).await?;
    drop(snapshot);
    let amounts = |ledger: LedgerId| -> Vec<Money> {
        positions::of(&positions, ledger).flat_map(Columns::of).collect()
    };
    let lines = frame.lines(|ledger, _| Some(amounts(ledger.id)));
    let totals = Columns::each(&totals(&lines, frame.spans.len() * COLUMNS));
    let rows = frame.ledgers().filter_map(|(ledger, _)| {
        let amounts = amounts(ledger.id);
        let is_there = amounts.iter().any(|amount| !amount.is_zero());
        is_there.then(|| (ledger.id, Columns::each(&amounts)))
    });
    let rows = rows.collect();
    let lines = lines.into_iter().map(|line| {
        let columns = Columns::each(&line.amounts);
        (line, columns)
    });
    let lines = lines.collect();
    Ok(TrialBalance { frame, rows, lines, totals })
}
