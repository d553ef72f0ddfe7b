//! States and currencies.

use chrono::NaiveDate;
use daybook_domain::{
    catalogue::StateUse,
    chain::Canonical,
    currency::CurrencyCode,
    id::{CurrencyId, StateId},
};
use daybook_entity::master::chart::{country, currency, state};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter,
};

use super::{Keeping, NAME_MAX, changed, read_code, taken};
use crate::{
    error::{Code, Error, Result},
    scope::PlatformScope,
    services::books::vouchers::Wrong,
};

/// A State to be made.
#[derive(Debug, Clone)]
pub struct CreateState {
    /// Two-letter country.
    pub country: String,
    /// Its code; in India the two digits that open a GSTIN.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether it is a union territory without legislature.
    pub levies_utgst: bool,
    /// What its code is used for.
    pub used_for: StateUse,
}

/// Adds a State or county.
///
/// # Errors
/// No permission, or refusals: unknown country, a code that is taken or cannot be used.
pub async fn create_state(scope: &PlatformScope, command: CreateState) -> Result<state::Model> {
    let keeping = Keeping::begin(scope).await?;
    let mut wrong = Wrong::below("input");
    let code = read_code(&mut wrong, "code", &command.code, 8);
    let name = wrong.required("name", &command.name, NAME_MAX);
    let known = country::Entity::find()
        .filter(country::Column::Code.eq(command.country.as_str()))
        .count(keeping.conn())
        .await?;
    if known == 0 {
        wrong.add(Code::CountryUnknown, "country", "this country is not in the catalogue");
    }
    let is_pair = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit());
    if command.country == "IN" && !is_pair {
        wrong.add(Code::Invalid, "code", "an Indian State's code is two digits");
    }
    wrong.finish()?;
    let row = state::Model {
        id: StateId::new(keeping.next_id()?),
        country: command.country,
        code,
        name,
        levies_utgst: command.levies_utgst,
        used_for: command.used_for.as_str().to_owned(),
        valid_to: None,
        is_system: false,
        created_at: keeping.now,
        version: 1,
    };
    let stored =
        state::ActiveModel::from(row).insert(keeping.conn()).await.map_err(taken("code"))?;
    keeping
        .finish(changed("MASTER_STATE_CREATED", subject(&stored), None, Some(describe(&stored))))
        .await?;
    Ok(stored)
}

/// Sets the last day of a State's code, or lets it go on.
///
/// # Errors
/// No permission, or refusals: no such State, a stale version.
pub async fn retire_state(
    scope: &PlatformScope,
    id: Option<StateId>,
    expected_version: Option<i32>,
    valid_to: Option<NaiveDate>,
) -> Result<state::Model> {
    let keeping = Keeping::begin(scope).await?;
    let before = keeping.find::<state::Entity>(id, "State").await?;
    Error::unless_current(expected_version, before.version)?;
    let mut row = before.clone().into_active_model();
    row.valid_to = Set(valid_to);
    row.version = Set(before.version.saturating_add(1));
    let stored = row.update(keeping.conn()).await?;
    let (before, after) = (Some(describe(&before)), Some(describe(&stored)));
    keeping.finish(changed("MASTER_STATE_RETIRED", subject(&stored), before, after)).await?;
    Ok(stored)
}

/// What the log calls such a row.
fn subject(row: &state::Model) -> (&'static str, i64) {
    ("State", row.id.get())
}

/// A row as the log shows it.
fn describe(row: &state::Model) -> Canonical {
    Canonical::new()
        .text("country", &row.country)
        .text("code", &row.code)
        .text("name", &row.name)
        .flag("leviesUtgst", row.levies_utgst)
        .text("usedFor", &row.used_for)
        .text_if("validTo", row.valid_to.map(|day| day.to_string()).as_deref())
}

/// A currency to be made.
#[derive(Debug, Clone)]
pub struct CreateCurrency {
    /// Its letters.
    pub code: CurrencyCode,
    /// Its digits.
    pub numeric_code: String,
    /// Its name.
    pub name: String,
    /// Decimal digits of its minor unit, 0 to 4.
    pub exponent: i32,
    /// Its sign.
    pub symbol: Option<String>,
    /// Name of its minor unit.
    pub minor_name: Option<String>,
}

/// Adds a currency.
///
/// # Errors
/// No permission, or refusals: a code that is taken, values that cannot be used.
pub async fn create_currency(
    scope: &PlatformScope,
    command: CreateCurrency,
) -> Result<currency::Model> {
    let keeping = Keeping::begin(scope).await?;
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", &command.name, NAME_MAX);
    let symbol = wrong.text("symbol", command.symbol.as_deref(), 16, true);
    let minor_name = wrong.text("minorName", command.minor_name.as_deref(), 50, true);
    let digits = &command.numeric_code;
    if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        wrong.add(Code::Invalid, "numericCode", "a currency's number has three digits");
    }
    if !(0..=4).contains(&command.exponent) {
        wrong.add(Code::Invalid, "exponent", "a currency has 0 to 4 decimal places");
    }
    wrong.finish()?;
    let row = currency::Model {
        id: CurrencyId::new(keeping.next_id()?),
        code: command.code.as_str().to_owned(),
        numeric_code: command.numeric_code,
        name,
        exponent: command.exponent,
        symbol,
        minor_name,
        is_system: false,
        created_at: keeping.now,
    };
    let stored =
        currency::ActiveModel::from(row).insert(keeping.conn()).await.map_err(taken("code"))?;
    let content = Canonical::new()
        .text("code", &stored.code)
        .text("numericCode", &stored.numeric_code)
        .text("name", &stored.name)
        .int("exponent", i64::from(stored.exponent))
        .text_if("symbol", stored.symbol.as_deref())
        .text_if("minorName", stored.minor_name.as_deref());
    let subject = ("Currency", stored.id.get());
    keeping.finish(changed("MASTER_CURRENCY_CREATED", subject, None, Some(content))).await?;
    Ok(stored)
}
