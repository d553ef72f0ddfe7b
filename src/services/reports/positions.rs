//! What ledgers stand at before a period and at its end, and what moved within it.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDate};
use daybook_domain::{
    id::{BusinessId, LedgerId},
    money::Money,
    statement::{
        heading::Heading,
        span::Span,
        turn::{Reached, standings},
    },
};
use daybook_entity::tenant::business::business;
use sea_orm::ConnectionTrait;

use super::{
    frame::Frame,
    marks::{self, Rows, eve},
};
use crate::{
    error::Result,
    services::books::{balances::Sums, standard_ledgers::PROFIT_AND_LOSS, standing::first_day},
};

/// The days at whose end a period turns in the books of one business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The day before the period. Books open with their first day: what they were opened with is older
    /// than any period.
    pub start: NaiveDate,
    /// The day before the accounting year in which the period begins.
    pub opening_year: NaiveDate,
    /// The day before the accounting year in which it ends.
    pub closing_year: NaiveDate,
    /// Its last day.
    pub end: NaiveDate,
}

impl Turn {
    /// Where a span turns in a business's books.
    pub fn of(business: &business::Model, span: Span) -> Self {
        let start = eve(span.from).max(eve(business.books_begin_on)).min(span.to);
        let first = start.checked_add_days(Days::new(1)).unwrap_or(start).min(span.to);
        Self {
            start,
            opening_year: eve(first_day(business, first)),
            closing_year: eve(first_day(business, span.to)),
            end: span.to,
        }
    }

    /// What counts as moved: after one day, up to and with another.
    pub fn moved(self) -> (NaiveDate, NaiveDate) {
        (self.start, self.end)
    }
}

/// A ledger over a period; balances are debits above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Before the first day.
    pub opening: Money,
    /// Debits within the period.
    pub debit: Money,
    /// Credits within the period.
    pub credit: Money,
    /// At the end of the last day.
    pub closing: Money,
    /// Debits less credits within the period, those of closing vouchers left out.
    pub moved: Money,
}

impl Position {
    /// What the turn of a year within the period moved between this ledger and Profit & Loss A/c.
    pub fn carried(self) -> Money {
        let run_through = self.opening.saturating_add(self.debit).saturating_sub(self.credit);
        self.closing.saturating_sub(run_through)
    }
}

/// Positions of all ledgers, one map for each span of the frame.
pub type Positions = Vec<HashMap<LedgerId, Position>>;

/// Reads the positions of all ledgers over all spans of a frame.
///
/// # Errors
/// When the database cannot be read.
pub async fn positions(frame: &Frame, conn: &impl ConnectionTrait) -> Result<Positions> {
    let businesses = frame.business_ids();
    let days: BTreeSet<NaiveDate> = frame
        .spans
        .iter()
        .flat_map(|span| frame.businesses.iter().map(|business| Turn::of(business, *span)))
        .flat_map(|turn| [turn.start, turn.opening_year, turn.closing_year, turn.end])
        .collect();
    let rows = Rows { businesses: &businesses, known_at: frame.known_at, scenario: frame.scenario };
    let reached = rows.up_to(conn, &days).await?;
    let own = by_business(frame);
    Ok(frame.spans.iter().map(|span| over(frame, &own, *span, &reached)).collect())
}

fn by_business(frame: &Frame) -> HashMap<BusinessId, Vec<(LedgerId, Heading)>> {
    let mut own: HashMap<BusinessId, Vec<(LedgerId, Heading)>> = HashMap::new();
    for (ledger, heading) in frame.ledgers() {
        own.entry(ledger.business_id).or_default().push((ledger.id, heading));
    }
    own
}

fn over(
    frame: &Frame,
    own: &HashMap<BusinessId, Vec<(LedgerId, Heading)>>,
    span: Span,
    marks::Reached { all, closing }: &marks::Reached,
) -> HashMap<LedgerId, Position> {
    let mut found = HashMap::new();
    for business in &frame.businesses {
        let Some(ledgers) = own.get(&business.id) else { continue };
        let turn = Turn::of(business, span);
        let result = frame.system_ledger(business.id, PROFIT_AND_LOSS);
        let stood = |before_year: NaiveDate, until: NaiveDate| {
            let reached = ledgers.iter().map(|(ledger, heading)| Reached {
                ledger: *ledger,
                is_of_the_year: heading.is_of_the_year(),
                before_year: all.at(*ledger, before_year).balance(),
                until: all.at(*ledger, until).balance(),
            });
            standings(reached, result)
        };
        let opened = stood(turn.opening_year, turn.start);
        let closed = stood(turn.closing_year, turn.end);
        for (ledger, _) in ledgers {
            let Sums { debit, credit } = all.between(*ledger, turn.moved());
            let without = closing.between(*ledger, turn.moved()).balance();
            let balance =
                |stood: &HashMap<LedgerId, Money>| stood.get(ledger).copied().unwrap_or_default();
            let position = Position {
                opening: balance(&opened),
                debit,
                credit,
                closing: balance(&closed),
                moved: debit.saturating_sub(credit).saturating_sub(without),
            };
            if position != Position::default() {
                found.insert(*ledger, position);
            }
        }
    }
    found
}

/// A ledger's position over each span.
pub fn of(positions: &Positions, ledger: LedgerId) -> impl Iterator<Item = Position> {
    positions.iter().map(move |span| span.get(&ledger).copied().unwrap_or_default())
}
