//! Rates of GST and sections of tax at source in the API.

use async_graphql::{ID, SimpleObject};
use daybook_domain::{
    catalogue,
    currency::CurrencyCode,
    money::{self, Rate},
};
use daybook_entity::master::chart::{gst_rate, tds_section};

use super::words::{DeducteeClass, IncomeTaxAct, LimitPeriod, TdsSectionKind};
use crate::{
    connection,
    graphql::{
        id,
        scalar::{Date, Decimal, Money},
    },
    services::master::lists::Dated,
};

/// A rate of goods and services tax, or of another country's value added tax, for a span of days.
#[derive(SimpleObject, Debug, Clone)]
pub struct GstRate {
    /// Opaque global id.
    pub id: ID,
    /// Its code; several spans of days may share one.
    pub code: String,
    /// Its name, such as "GST 18%".
    pub name: String,
    /// Two-letter country of ISO 3166-1.
    pub country: String,
    /// The whole rate in percent, charged across States.
    pub igst_rate: Decimal,
    /// The Centre's half in percent; 0 outside India.
    pub cgst_rate: Decimal,
    /// The State's half in percent; 0 outside India.
    pub sgst_rate: Decimal,
    /// Cess in percent.
    pub cess_rate: Decimal,
    /// Words about it.
    pub note: Option<String>,
    /// Where it is laid down.
    pub source: Option<String>,
    /// First day on which it holds.
    pub valid_from: Date,
    /// Last day on which it holds; null while it goes on.
    pub valid_to: Option<Date>,
    /// Whether it holds on the day asked for, or today in its country.
    pub is_active: bool,
    /// Whether it came with the product.
    pub is_system: bool,
    /// Rises with each change; its keeper sends it back as `expectedVersion`.
    pub version: i32,
}

/// The kind of a rate's global id.
pub const GST_RATE: &str = "GstRate";

fn percent(rate: Rate) -> Decimal {
    Decimal(rate.format_percent())
}

impl From<Dated<gst_rate::Model>> for GstRate {
    fn from(Dated { row, is_active }: Dated<gst_rate::Model>) -> Self {
        Self {
            id: id::encode(GST_RATE, row.id.get()),
            code: row.rate_code,
            name: row.rate_name,
            country: row.country,
            igst_rate: percent(row.igst_rate),
            cgst_rate: percent(row.cgst_rate),
            sgst_rate: percent(row.sgst_rate),
            cess_rate: percent(row.cess_rate),
            note: row.note,
            source: row.source,
            valid_from: Date(row.valid_from),
            valid_to: row.valid_to.map(Date),
            is_active,
            is_system: row.is_system,
            version: row.version,
        }
    }
}

connection!(
    /// Rates by country, code and first day.
    GstRateConnection, GstRateEdge, GstRate
);

/// A section under which tax is deducted or collected at source in India, for a span of days.
#[derive(SimpleObject, Debug, Clone)]
pub struct TdsSection {
    /// Opaque global id.
    pub id: ID,
    /// Deducted by who pays, or collected by who is paid.
    pub kind: TdsSectionKind,
    /// The law it stands in.
    pub act: IncomeTaxAct,
    /// The section in the Act of 1961, the return code in the Act of 2025.
    pub code: String,
    /// The section.
    pub section: String,
    /// Its place in the table of the Act of 2025.
    pub new_table_ref: Option<String>,
    /// Its code in the returns.
    pub return_code: Option<String>,
    /// What it is about, such as "Dividend".
    pub nature: String,
    /// From whom.
    pub deductee_class: DeducteeClass,
    /// In percent; null where slabs or a treaty decide.
    pub rate: Option<Decimal>,
    /// In percent, from who gives no PAN.
    pub no_pan_rate: Option<Decimal>,
    /// Nothing is kept back of one payment up to this.
    pub single_limit: Option<Money>,
    /// Nothing is kept back up to this in the period.
    pub aggregate_limit: Option<Money>,
    /// What the aggregate limit counts over.
    pub limit_period: LimitPeriod,
    /// Whether only what exceeds the limit is taxed.
    pub excess_only: bool,
    /// First day on which it holds.
    pub valid_from: Date,
    /// Last day on which it holds; null while it goes on.
    pub valid_to: Option<Date>,
    /// Whether it holds on the day asked for, or today in India.
    pub is_active: bool,
    /// Code of the section that takes its place.
    pub successor_code: Option<String>,
    /// Words about it.
    pub note: Option<String>,
    /// Whether it came with the product.
    pub is_system: bool,
    /// Rises with each change; its keeper sends it back as `expectedVersion`.
    pub version: i32,
}

/// The kind of a section's global id.
pub const TDS_SECTION: &str = "TdsSection";

fn rupees(amount: money::Money) -> Option<Money> {
    CurrencyCode::parse("INR").ok().map(|rupee| Money::of(amount, &rupee, 2))
}

impl From<Dated<tds_section::Model>> for TdsSection {
    fn from(Dated { row, is_active }: Dated<tds_section::Model>) -> Self {
        use catalogue::{
            DeducteeClass as Class, LimitPeriod as Period, SectionKind as Kind, TaxAct as Act,
        };
        Self {
            id: id::encode(TDS_SECTION, row.id.get()),
            kind: Kind::parse(&row.kind).unwrap_or(Kind::Deducted).into(),
            act: Act::parse(&row.act).unwrap_or(Act::Act2025).into(),
            code: row.code,
            section: row.section,
            new_table_ref: row.new_table_ref,
            return_code: row.return_code,
            nature: row.nature,
            deductee_class: Class::parse(&row.deductee_class).unwrap_or(Class::Other).into(),
            rate: row.rate.map(percent),
            no_pan_rate: row.no_pan_rate.map(percent),
            single_limit: row.single_limit.and_then(rupees),
            aggregate_limit: row.aggregate_limit.and_then(rupees),
            limit_period: Period::parse(&row.limit_period).unwrap_or(Period::Nothing).into(),
            excess_only: row.excess_only,
            valid_from: Date(row.valid_from),
            valid_to: row.valid_to.map(Date),
            is_active,
            successor_code: row.successor_code,
            note: row.note,
            is_system: row.is_system,
            version: row.version,
        }
    }
}

connection!(
    /// Sections by kind, Act, code and first day.
    TdsSectionConnection, TdsSectionEdge, TdsSection
);
