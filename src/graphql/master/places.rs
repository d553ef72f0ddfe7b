//! Accounting years, States, currencies and countries in the API.

use async_graphql::{ID, SimpleObject};
use daybook_domain::catalogue;
use daybook_entity::master::chart::{accounting_year, country, currency, state};

use super::words::StateUse;
use crate::{
    connection,
    graphql::{
        id,
        scalar::{CurrencyCode, Date},
    },
};

/// A year of a calendar; each business follows one calendar.
#[derive(SimpleObject, Debug, Clone)]
pub struct AccountingYear {
    /// Opaque global id.
    pub id: ID,
    /// The calendar: the month in which its years begin, 1 to 12.
    pub first_month: i32,
    /// "2025-26", or "2026" for a calendar year.
    pub label: String,
    /// First day.
    pub starts_on: Date,
    /// Last day.
    pub ends_on: Date,
    /// Whether it came with the product.
    pub is_system: bool,
}

/// The kind of an accounting year's global id.
pub const ACCOUNTING_YEAR: &str = "AccountingYear";

impl From<accounting_year::Model> for AccountingYear {
    fn from(row: accounting_year::Model) -> Self {
        Self {
            id: id::encode(ACCOUNTING_YEAR, row.id.get()),
            first_month: row.first_month,
            label: row.label,
            starts_on: Date(row.starts_on),
            ends_on: Date(row.ends_on),
            is_system: row.is_system,
        }
    }
}

connection!(
    /// Accounting years by calendar and first day.
    AccountingYearConnection, AccountingYearEdge, AccountingYear
);

/// A State, territory or county, for addresses and the place of supply.
#[derive(SimpleObject, Debug, Clone)]
pub struct State {
    /// Opaque global id.
    pub id: ID,
    /// Two-letter country of ISO 3166-1.
    pub country: String,
    /// Its code; in India the two digits that open a GSTIN.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether it levies UTGST in place of SGST: a union territory without legislature.
    pub levies_utgst: bool,
    /// What its code is used for.
    pub used_for: StateUse,
    /// Last day of a code that was given up.
    pub valid_to: Option<Date>,
    /// Whether it came with the product.
    pub is_system: bool,
    /// Rises with each change; its keeper sends it back as `expectedVersion`.
    pub version: i32,
}

/// The kind of a State's global id.
pub const STATE: &str = "State";

impl From<state::Model> for State {
    fn from(row: state::Model) -> Self {
        use catalogue::StateUse as Use;
        Self {
            id: id::encode(STATE, row.id.get()),
            country: row.country,
            code: row.code,
            name: row.name,
            levies_utgst: row.levies_utgst,
            used_for: Use::parse(&row.used_for).unwrap_or(Use::Supply).into(),
            valid_to: row.valid_to.map(Date),
            is_system: row.is_system,
            version: row.version,
        }
    }
}

connection!(
    /// States by country and code.
    StateConnection, StateEdge, State
);

/// A currency of ISO 4217.
#[derive(SimpleObject, Debug, Clone)]
pub struct Currency {
    /// Opaque global id.
    pub id: ID,
    /// Its three letters.
    pub code: CurrencyCode,
    /// Its three digits.
    pub numeric_code: String,
    /// Its name.
    pub name: String,
    /// Decimal places of its amounts.
    pub exponent: i32,
    /// Its sign.
    pub symbol: Option<String>,
    /// Name of its minor unit.
    pub minor_name: Option<String>,
    /// Whether it came with the product.
    pub is_system: bool,
}

/// The kind of a currency's global id.
pub const CURRENCY: &str = "Currency";

impl From<currency::Model> for Currency {
    fn from(row: currency::Model) -> Self {
        Self {
            id: id::encode(CURRENCY, row.id.get()),
            code: CurrencyCode::of(&row.code),
            numeric_code: row.numeric_code,
            name: row.name,
            exponent: row.exponent,
            symbol: row.symbol,
            minor_name: row.minor_name,
            is_system: row.is_system,
        }
    }
}

connection!(
    /// Currencies by code.
    CurrencyConnection, CurrencyEdge, Currency
);

/// What a business starts with in a country.
#[derive(SimpleObject, Debug, Clone)]
pub struct Country {
    /// Opaque global id.
    pub id: ID,
    /// Two letters of ISO 3166-1.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Code of its currency.
    pub currency: CurrencyCode,
    /// Its time zone by the IANA name.
    pub time_zone: String,
    /// Month in which accounting years usually begin, 1 to 12.
    pub year_first_month: i32,
    /// Whether digits are grouped as lakh and crore.
    pub indian_grouping: bool,
    /// Whether it came with the product.
    pub is_system: bool,
}

/// The kind of a country's global id.
pub const COUNTRY: &str = "Country";

impl From<country::Model> for Country {
    fn from(row: country::Model) -> Self {
        Self {
            id: id::encode(COUNTRY, row.id.get()),
            code: row.code,
            name: row.name,
            currency: CurrencyCode::of(&row.currency),
            time_zone: row.time_zone,
            year_first_month: row.first_month,
            indian_grouping: row.indian_grouping,
            // Nobody adds a country: there is a zone, a calendar and standard ledgers behind each.
            is_system: true,
        }
    }
}

connection!(
    /// Countries by code.
    CountryConnection, CountryEdge, Country
);
