//! Statements as tables: every line of the tree with its amounts, and the sums between.

use daybook_domain::{money::Money, statement::tree::Named};

use super::{ask::Ask, names, rows::Table};
use crate::{
    documents::table::{Cell, Column, Head, Row},
    error::{Error, Result},
    scope::TenantScope,
    services::reports::{
        balance_sheet as sheets, cash_flow as flows,
        frame::{Frame, Line, totals},
        profit_and_loss as profits,
        trial_balance::{self as balances, Columns},
    },
};

fn head(frame: &Frame, title: &str, columns: Vec<Column>, is_day: bool) -> Result<Head> {
    let lead = frame.businesses.first();
    let lead = lead.ok_or_else(|| Error::Internal("a statement of no business".into()))?;
    let span = frame.spans.first();
    let span = span.ok_or_else(|| Error::Internal("a statement of no days".into()))?;
    let mut head = names::head(title, &frame.businesses, lead, columns);
    head.is_tree = true;
    names::days(&mut head, (!is_day).then_some(span.from), span.to, frame.known_at);
    Ok(head)
}

/// Lines of a tree, below a heading of that depth.
struct Tree<'f> {
    frame: &'f Frame,
    groups_only: bool,
    below: i32,
}

impl Tree<'_> {
    fn row(&self, line: &Line, amounts: Vec<Cell>) -> Option<Row> {
        let (name, is_group) = match line.named {
            Named::Group(group) => (self.frame.groups.resolve(group)?.name.clone(), true),
            Named::Ledger(ledger) => (self.frame.chart.ledgers.get(&ledger)?.name.clone(), false),
        };
        if self.groups_only && !is_group && line.parent.is_some() {
            return None;
        }
        let level = u8::try_from(line.level.saturating_add(self.below)).unwrap_or(u8::MAX);
        let cells = std::iter::once(Cell::Text(name)).chain(amounts).collect();
        Some(Row { level, is_strong: is_group, cells })
    }
}

fn sum_row(name: &str, amounts: impl IntoIterator<Item = Money>) -> Row {
    let amounts = amounts.into_iter().map(Cell::Amount);
    Row::strong(std::iter::once(Cell::text(name)).chain(amounts).collect())
}

/// The trial balance, by the tree of groups.
pub async fn trial_balance(scope: &TenantScope, ask: &Ask) -> Result<Table> {
    let found = balances::trial_balance(scope, &ask.question()).await?;
    let carries = found.lines.iter().flat_map(|(_, each)| each).any(|one| !one.carried.is_zero());
    let mut columns = vec![Column::text("Particulars", 36)];
    let titles =
        ["Opening debit", "Opening credit", "Debit", "Credit", "Closing debit", "Closing credit"];
    columns.extend(titles.map(Column::amount));
    if carries {
        columns.push(Column::amount("Carried over"));
    }
    let amounts = |each: &[Columns]| {
        let one = each.first().copied().unwrap_or_default();
        let mut amounts = vec![
            one.opening_debit,
            one.opening_credit,
            one.debit,
            one.credit,
            one.closing_debit,
            one.closing_credit,
        ];
        if carries {
            amounts.push(one.carried);
        }
        amounts
    };
    let tree = Tree { frame: &found.frame, groups_only: ask.groups_only, below: 0 };
    let row = |(line, each): &(Line, Vec<Columns>)| {
        tree.row(line, amounts(each).into_iter().map(Cell::Amount).collect())
    };
    let mut rows: Vec<Row> = found.lines.iter().filter_map(row).collect();
    rows.push(sum_row("Total", amounts(&found.totals)));
    Ok(Table::whole(head(&found.frame, "Trial balance", columns, false)?, rows))
}

/// A heading with its sum, and its lines below it.
fn section(rows: &mut Vec<Row>, frame: &Frame, ask: &Ask, name: &str, lines: &[Line]) {
    rows.push(Row { level: 1, ..sum_row(name, totals(lines, 1)) });
    let tree = Tree { frame, groups_only: ask.groups_only, below: 1 };
    let amount = |line: &Line| line.amounts.first().copied().unwrap_or_default();
    let row = |line: &Line| tree.row(line, vec![Cell::Amount(amount(line))]);
    rows.extend(lines.iter().filter_map(row));
}

fn two_columns() -> Vec<Column> {
    vec![Column::text("Particulars", 60), Column::amount("Amount")]
}

/// Profit and loss, down to gross and to net profit.
pub async fn profit_and_loss(scope: &TenantScope, ask: &Ask) -> Result<Table> {
    let found = profits::profit_and_loss(scope, &ask.question()).await?;
    let frame = &found.frame;
    let profit = found.profits.first().copied();
    let profit = profit.ok_or_else(|| Error::Internal("a statement of no days".into()))?;
    let mut rows = Vec::new();
    section(&mut rows, frame, ask, "Direct income", &found.direct_income);
    section(&mut rows, frame, ask, "Direct expense", &found.direct_expense);
    rows.push(sum_row("Gross profit", [profit.gross()]));
    section(&mut rows, frame, ask, "Indirect income", &found.indirect_income);
    section(&mut rows, frame, ask, "Indirect expense", &found.indirect_expense);
    rows.push(sum_row("Net profit", [profit.net()]));
    Ok(Table::whole(head(frame, "Profit and loss", two_columns(), false)?, rows))
}

/// The balance sheet.
pub async fn balance_sheet(scope: &TenantScope, ask: &Ask) -> Result<Table> {
    let found = sheets::balance_sheet(scope, &ask.question()).await?;
    let frame = &found.frame;
    let sheet = found.sheets.first().copied();
    let sheet = sheet.ok_or_else(|| Error::Internal("a statement of no days".into()))?;
    let mut rows = Vec::new();
    section(&mut rows, frame, ask, "Liabilities", &found.liabilities);
    rows.push(sum_row("Profit of the year", [sheet.profit]));
    rows.push(sum_row("Total liabilities", [sheet.owed()]));
    section(&mut rows, frame, ask, "Assets", &found.assets);
    rows.push(sum_row("Total assets", [sheet.assets]));
    if !sheet.difference().is_zero() {
        rows.push(sum_row("Difference", [sheet.difference()]));
    }
    Ok(Table::whole(head(frame, "Balance sheet", two_columns(), true)?, rows))
}

/// The cash flow statement, told directly.
pub async fn cash_flow(scope: &TenantScope, ask: &Ask) -> Result<Table> {
    let found = flows::cash_flow(scope, &ask.question()).await?;
    let frame = &found.frame;
    let flow = found.flows.first().copied();
    let flow = flow.ok_or_else(|| Error::Internal("a statement of no days".into()))?;
    let mut columns = vec![Column::text("Particulars", 48)];
    columns.extend(["Receipts", "Payments", "Net"].map(Column::amount));
    let three = |amounts: &[Money]| {
        let pair = |place: usize| amounts.get(place).copied().unwrap_or_default();
        [pair(0), pair(1), pair(0).saturating_sub(pair(1))]
    };
    let tree = Tree { frame, groups_only: ask.groups_only, below: 1 };
    let mut rows = Vec::new();
    for (name, lines) in [
        ("Operating", &found.operating),
        ("Investing", &found.investing),
        ("Financing", &found.financing),
    ] {
        rows.push(Row { level: 1, ..sum_row(name, three(&totals(lines, 2))) });
        let row = |line: &Line| {
            tree.row(line, three(&line.amounts).into_iter().map(Cell::Amount).collect())
        };
        rows.extend(lines.iter().filter_map(row));
    }
    let cash = totals(&found.cash, 2);
    let stood = |place: usize| cash.get(place).copied().unwrap_or_default();
    for (name, amount) in
        [("Net cash flow", flow.net()), ("Cash before", stood(0)), ("Cash after", stood(1))]
    {
        let cells = vec![Cell::text(name), Cell::Empty, Cell::Empty, Cell::Amount(amount)];
        rows.push(Row::strong(cells));
    }
    Ok(Table::whole(head(frame, "Cash flow", columns, false)?, rows))
}
