//! What other currencies are worth in the currency of a business: a rate holds from its day until the next.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    currency::CurrencyCode,
    id::{BusinessId, UserId},
    money::ExchangeRate,
    role::Permission,
};
use daybook_entity::tenant::{business::business, exchange::exchange_rate};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};

use super::{
    chart::{self, Asked},
    vouchers::Wrong,
};
use crate::{
    db::page::{Page, PageAsk},
    error::{Code, Error, Result},
    lane::Change,
    scope::TenantScope,
};

/// Most rates of one call.
pub const RATES_MAX: usize = 1_000;
/// Most rates that a business keeps.
pub const KEPT_MAX: u64 = 20_000;
/// Most characters of where a rate comes from.
pub const SOURCE_MAX: usize = 100;

/// The rates of all businesses, as every posting may need them.
#[derive(Debug, Default)]
pub struct Rates(HashMap<(BusinessId, String), BTreeMap<NaiveDate, ExchangeRate>>);

impl Rates {
    /// Reads them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read(conn: &impl ConnectionTrait) -> Result<Self> {
        let mut rates = Self::default();
        for row in exchange_rate::Entity::find().all(conn).await? {
            let days = rates.0.entry((row.business_id, row.currency)).or_default();
            days.insert(row.valid_on, row.rate);
        }
        Ok(rates)
    }

    /// The rate that holds on a day, with the day from which it does.
    pub fn on(
        &self,
        business: BusinessId,
        currency: &str,
        day: NaiveDate,
    ) -> Option<(NaiveDate, ExchangeRate)> {
        let days = self.0.get(&(business, currency.to_owned()))?;
        days.range(..=day).next_back().map(|(day, rate)| (*day, *rate))
    }
}

/// A rate as somebody writes it down.
#[derive(Debug, Clone)]
pub struct WrittenRate {
    /// Of which currency.
    pub currency: String,
    /// From which day on it holds.
    pub valid_on: NaiveDate,
    /// Base units per unit of the currency, as a decimal number.
    pub rate: String,
    /// Where it comes from.
    pub source: Option<String>,
}

/// Sets rates, each in place of the one of its currency and day.
///
/// # Errors
/// No permission, or refusals: no such business or currency, a rate that cannot be read.
pub async fn set(
    scope: &TenantScope,
    business: Asked,
    written: Vec<WrittenRate>,
) -> Result<Vec<exchange_rate::Model>> {
    scope.require(Permission::ExchangeRateSet)?;
    let chart = chart::chart(scope).await?;
    let business = chart.chosen(scope, business, "input")?;
    if written.is_empty() || written.len() > RATES_MAX {
        let why = format!("send 1 to {RATES_MAX} rates at once");
        return Err(Error::refused(Code::TooMany, "input.rates", why));
    }
    let rows = read(scope, business, written)?;
    let id = business.id;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                use exchange_rate::{Column, Entity};
                let (by, at) = (writing.actor().user(), writing.recorded_at());
                let mut stored = Vec::with_capacity(rows.len());
                for row in rows {
                    stored.push(exchange_rate::Model { set_by: by, set_at: at, ..row });
                }
                for chunk in stored.chunks(200) {
                    let rows = chunk.iter().cloned().map(exchange_rate::ActiveModel::from);
                    let key = [Column::BusinessId, Column::Currency, Column::ValidOn];
                    let taken = [Column::Rate, Column::Source, Column::SetBy, Column::SetAt];
                    Entity::insert_many(rows)
                        .on_conflict(OnConflict::columns(key).update_columns(taken).to_owned())
                        .exec_without_returning(writing.conn())
                        .await?;
                }
                let kept = Entity::find().filter(Column::BusinessId.eq(id));
                if kept.count(writing.conn()).await? > KEPT_MAX {
                    let why = format!("a business keeps at most {KEPT_MAX} rates; remove old ones");
                    return Err(Error::refused(Code::TooMany, "input.rates", why));
                }
                writing.settings_change();
                let lines = stored.iter().map(describe);
                let content = Canonical::new().list("rates", lines);
                writing.audit(change("EXCHANGE_RATES_SET", id, content));
                Ok(stored)
            })
        })
        .await
}

fn read(
    scope: &TenantScope,
    business: &business::Model,
    written: Vec<WrittenRate>,
) -> Result<Vec<exchange_rate::Model>> {
    let mut wrong = Wrong::below("input");
    let mut seen = HashSet::new();
    let mut rows = Vec::with_capacity(written.len());
    for (index, one) in written.into_iter().enumerate() {
        let field = |name: &str| format!("rates.{index}.{name}");
        let source = wrong.text(&field("source"), one.source.as_deref(), SOURCE_MAX, true);
        if one.currency == business.base_currency {
            let why = "this is the business's own currency";
            wrong.add(Code::NotAllowed, &field("currency"), why);
            continue;
        }
        if scope.catalogue.currency(&one.currency).is_none() {
            wrong.add(Code::CurrencyUnknown, &field("currency"), "no such currency");
            continue;
        }
        let Some(rate) = read_rate(&one.rate) else {
            wrong.add(Code::Invalid, &field("rate"), "a rate is a decimal number above zero");
            continue;
        };
        if !seen.insert((one.currency.clone(), one.valid_on)) {
            let why = "another rate of this call is of the same currency and day";
            wrong.add(Code::Taken, &field("validOn"), why);
            continue;
        }
        rows.push(exchange_rate::Model {
            business_id: business.id,
            currency: one.currency,
            valid_on: one.valid_on,
            rate,
            source,
            set_by: None::<UserId>,
            set_at: 0,
        });
    }
    wrong.finish_with(Some(rows))
}

/// A rate above zero.
pub fn read_rate(text: &str) -> Option<ExchangeRate> {
    ExchangeRate::parse(text).ok().filter(|rate| rate.raw() > 0)
}

/// Removes a rate. What it was used for keeps it.
///
/// # Errors
/// No permission, or refusals: no such business or rate.
pub async fn remove(
    scope: &TenantScope,
    business: Asked,
    currency: CurrencyCode,
    valid_on: NaiveDate,
) -> Result<exchange_rate::Model> {
    scope.require(Permission::ExchangeRateSet)?;
    let chart = chart::chart(scope).await?;
    let id = chart.chosen(scope, business, "input")?.id;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                use exchange_rate::Entity;
                let key = (id, currency.as_str().to_owned(), valid_on);
                let row = Entity::find_by_id(key.clone()).one(writing.conn()).await?;
                let Some(row) = row else {
                    let why = "there is no rate of this currency and day";
                    return Err(Error::refused(Code::NotFound, "input.validOn", why));
                };
                Entity::delete_by_id(key).exec(writing.conn()).await?;
                writing.settings_change();
                let content = Canonical::new().list("rates", [describe(&row)]);
                writing.audit(change("EXCHANGE_RATE_REMOVED", id, content));
                Ok(row)
            })
        })
        .await
}

fn describe(row: &exchange_rate::Model) -> Canonical {
    Canonical::new()
        .text("currency", &row.currency)
        .text("validOn", &row.valid_on.to_string())
        .text("rate", &row.rate.format())
        .text_if("source", row.source.as_deref())
}

fn change(action: &'static str, business: BusinessId, content: Canonical) -> Change {
    Change {
        action,
        subject_type: "ExchangeRate",
        subject: None,
        business: Some(business),
        canonical: content.finish(),
    }
}

/// Which rates a list shows.
#[derive(Debug, Clone, Default)]
pub struct RateFilter {
    /// Of this currency.
    pub currency: Option<CurrencyCode>,
    /// Not before this day.
    pub from: Option<NaiveDate>,
    /// Not after this day.
    pub to: Option<NaiveDate>,
}

/// A page of rates, the newest first.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    filter: &RateFilter,
    ask: &PageAsk,
) -> Result<Page<exchange_rate::Model>> {
    use exchange_rate::Column;
    scope.require(Permission::LedgerRead)?;
    let chart = chart::chart(scope).await?;
    let business = chart.asked(scope, business)?.id;
    let mut rows = exchange_rate::Entity::find().filter(Column::BusinessId.eq(business));
    if let Some(currency) = &filter.currency {
        rows = rows.filter(Column::Currency.eq(currency.as_str()));
    }
    if let Some(from) = filter.from {
        rows = rows.filter(Column::ValidOn.gte(from));
    }
    if let Some(to) = filter.to {
        rows = rows.filter(Column::ValidOn.lte(to));
    }
    let reader = scope.db.reader().await?;
    let total = if ask.wants_total { rows.clone().count(reader.conn()).await? } else { 0 };
    if let Some(key) = ask.after.as_deref() {
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let [day, currency] = key else { return Err(bad()) };
        let day: NaiveDate = day.parse().map_err(|_| bad())?;
        let same_day = Condition::all()
            .add(Column::ValidOn.eq(day))
            .add(Column::Currency.gt(currency.as_str()));
        rows = rows.filter(Condition::any().add(Column::ValidOn.lt(day)).add(same_day));
    }
    let rows = rows
        .order_by_desc(Column::ValidOn)
        .order_by_asc(Column::Currency)
        .limit(ask.first.saturating_add(1))
        .all(reader.conn())
        .await?;
    let key = |row: &exchange_rate::Model| vec![row.valid_on.to_string(), row.currency.clone()];
    Ok(Page::cut(rows, ask, total, key))
}
