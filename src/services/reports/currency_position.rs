//! What ledgers in other currencies are worth at the rates of a day, beside what the books hold them at.

use chrono::NaiveDate;
use daybook_domain::{
    exchange::{Position, unrealised},
    id::LedgerId,
    money::{ExchangeRate, Money},
    role::Permission,
};
use daybook_entity::tenant::{business::business, chart::ledger};

use crate::{
    error::{Error, Result},
    scope::TenantScope,
    services::books::{
        balances::Whose,
        chart::{self, Asked},
        groups, positions,
        revaluation::is_monetary,
    },
};

/// The positions of a business.
#[derive(Debug, Clone)]
pub struct CurrencyPosition {
    /// Whose.
    pub business: business::Model,
    /// At the end of which day.
    pub on: NaiveDate,
    /// Each ledger that holds something in another currency, by name.
    pub lines: Vec<PositionLine>,
}

/// What one ledger holds.
#[derive(Debug, Clone)]
pub struct PositionLine {
    /// The ledger.
    pub ledger: ledger::Model,
    /// In its own currency, and in the books; debits above zero.
    pub position: Position,
    /// The rate that holds, with the day from which it does.
    pub rate: Option<(NaiveDate, ExchangeRate)>,
    /// What it would gain at that rate; a loss below zero.
    pub unrealised: Option<Money>,
}

/// Reads the positions of a business at the end of a day.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn read(
    scope: &TenantScope,
    business: Asked,
    on: Option<NaiveDate>,
) -> Result<CurrencyPosition> {
    scope.require(Permission::ReportRead)?;
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let chart = chart::at(scope, &snapshot).await?;
    let groups = groups::at(scope, &snapshot).await?;
    let business = chart.asked(scope, business)?.clone();
    let on = on.unwrap_or_else(|| scope.clock.today(&business.time_zone));
    let own = chart.ledgers.values().filter(|row| row.business_id == business.id);
    let mut rows: Vec<&ledger::Model> = own.filter(|row| is_monetary(&groups, row)).collect();
    rows.sort_by(|one, other| one.name_key.cmp(&other.name_key));
    let ids: Vec<LedgerId> = rows.iter().map(|row| row.id).collect();
    let found = positions::as_at(snapshot.conn(), &ids, Whose::Everybody, on).await?;
    let mut lines = Vec::new();
    for row in rows {
        let position = found.get(&row.id).copied().unwrap_or_default();
        if position.is_closed() {
            continue;
        }
        let code = row.currency.as_deref().unwrap_or_default();
        let rate = chart.rates.on(business.id, code, on);
        let exponent = scope.catalogue.currency_exponent(code);
        let own = chart::exponent(&business);
        let gain = rate.map(|(_, rate)| {
            unrealised(position, rate, exponent, own)
                .ok_or_else(|| Error::Internal("a position beyond what is kept".into()))
        });
        let unrealised = gain.transpose()?;
        lines.push(PositionLine { ledger: row.clone(), position, rate, unrealised });
    }
    Ok(CurrencyPosition { business, on, lines })
}
