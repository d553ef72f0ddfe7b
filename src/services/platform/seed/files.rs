//! The seed files as they are written: a type per file, its columns as fields.

use chrono::NaiveDate;
use serde::{Deserialize, de::DeserializeOwned};

use crate::error::{Error, Result};

/// A file's name and text.
pub type File = (&'static str, &'static str);

macro_rules! files {
    ($($name:ident = $file:literal),+ $(,)?) => {$(
        pub const $name: File = ($file, include_str!(concat!("../../../../seed/", $file)));
    )+};
}

files! {
    ACCOUNT_GROUPS = "account_groups.csv",
    VOUCHER_TYPES = "voucher_types.csv",
    GST_RATES = "gst_rates.csv",
    KENYA_VAT_RATES = "kenya_vat_rates.csv",
    TDS_SECTIONS = "tds_sections.csv",
    TCS_SECTIONS = "tcs_sections.csv",
    ACCOUNTING_YEARS = "accounting_years.csv",
    STATES = "states.csv",
    KENYA_COUNTIES = "kenya_counties.csv",
    CURRENCIES = "currencies.csv",
    COUNTRIES = "countries.csv",
}

/// Reads every row of a file; an empty column is none.
pub fn read<T: DeserializeOwned>((name, text): File) -> Result<Vec<T>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<Vec<T>, csv::Error>>()
        .map_err(|error| Error::Internal(format!("seed/{name}: {error}")))
}

#[derive(Debug, Deserialize)]
pub struct Group {
    pub code: String,
    pub name: String,
    pub parent_code: Option<String>,
    pub nature: String,
    pub normal_side: String,
    pub affects_gross_profit: bool,
    pub statement: String,
    pub sort_order: i32,
}

#[derive(Debug, Deserialize)]
pub struct VoucherType {
    pub code: String,
    pub name: String,
    pub base_type: String,
    pub books: bool,
    pub stock: String,
    pub numbering: String,
    pub default_prefix: String,
    pub width: i32,
    pub tax_document: bool,
    pub sort_order: i32,
}

#[derive(Debug, Deserialize)]
pub struct GstRate {
    pub rate_code: String,
    pub rate_name: String,
    pub igst_rate: String,
    pub cgst_rate: String,
    pub sgst_rate: String,
    pub cess_rate: String,
    pub note: Option<String>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub country: String,
    pub source: String,
}

#[derive(Debug, Deserialize)]
pub struct KenyaRate {
    pub tax_type: String,
    pub name: String,
    pub rate: String,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub source: String,
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Section {
    pub code: String,
    pub act: String,
    pub section: String,
    pub new_table_ref: Option<String>,
    pub return_code: Option<String>,
    pub nature: String,
    pub deductee_class: String,
    pub rate: Option<String>,
    pub no_pan_rate: Option<String>,
    pub single_limit: Option<String>,
    pub aggregate_limit: Option<String>,
    pub limit_period: String,
    pub excess_only: bool,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub successor_code: Option<String>,
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Year {
    pub first_month: i32,
    pub label: String,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
}

#[derive(Debug, Deserialize)]
pub struct State {
    pub code: String,
    pub name: String,
    pub country: String,
    pub union_territory_without_legislature: bool,
    #[serde(rename = "use")]
    pub used_for: String,
    pub valid_to: Option<NaiveDate>,
}

#[derive(Debug, Deserialize)]
pub struct County {
    pub code: String,
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub struct Currency {
    pub code: String,
    pub name: String,
    pub exponent: i32,
    pub numeric_code: String,
    pub symbol: Option<String>,
    pub minor_unit_name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Country {
    pub code: String,
    pub name: String,
    pub default_currency: String,
    pub default_time_zone: String,
    pub accounting_year_first_month: i32,
    pub indian_grouping: bool,
}
