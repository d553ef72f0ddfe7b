//! The accounting structure that all tenants share live, dated where the law is dated.
//!
//! Rows that are in use are retired by date and never deleted; `is_system` rows came with the product.

pub use daybook_domain::chart::{Nature, NormalSide, Statement};

use crate::column::*;

pub mod account_group {
    //! An account group: a place in the tree of the chart.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_groups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AccountGroupId,
        pub group_code: String,
        pub name: String,
        /// Case-folded: unique.
        pub name_key: String,
        pub parent_id: Option<AccountGroupId>,
        pub nature: Nature,
        pub normal_side: NormalSide,
        /// Whether it stands above the gross profit line.
        pub affects_gross_profit: bool,
        pub statement: Statement,
        pub is_system: bool,
        pub sort_order: i32,
        /// No longer offered from this day.
        pub retired_on: Option<Date>,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod voucher_type {
    //! A kind of voucher and how its numbers are made.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_types")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: VoucherTypeId,
        pub code: String,
        pub name: String,
        /// Case-folded: unique.
        pub name_key: String,
        /// Code of the built-in type that it behaves as.
        pub base_type: String,
        pub affects_books: bool,
        /// How it moves stock.
        pub stock: String,
        pub numbering: String,
        pub numbering_prefix: String,
        /// Digits, filled up with zeros.
        pub number_width: i32,
        pub is_tax_document: bool,
        pub is_system: bool,
        pub sort_order: i32,
        /// No longer offered from this day.
        pub retired_on: Option<Date>,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod gst_rate {
    //! A rate of goods and services tax, or of another country's value added tax, with its validity.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "gst_rates")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: GstRateId,
        pub rate_code: String,
        pub rate_name: String,
        /// ISO 3166-1 alpha-2.
        pub country: String,
        /// The whole rate.
        pub igst_rate: Rate,
        /// The Centre's half.
        pub cgst_rate: Rate,
        /// The State's half.
        pub sgst_rate: Rate,
        pub cess_rate: Rate,
        pub note: Option<String>,
        /// Where the rate is laid down.
        pub source: Option<String>,
        pub valid_from: Date,
        /// Last day; none while it holds.
        pub valid_to: Option<Date>,
        pub is_system: bool,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod tds_section {
    //! A section under which tax is deducted or collected at source, with its validity.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tds_sections")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TdsSectionId,
        /// `TDS` or `TCS`.
        pub kind: String,
        /// Income-tax Act of `1961` or `2025`.
        pub act: String,
        /// The section in the Act of 1961, the return code in the Act of 2025.
        pub code: String,
        pub section: String,
        pub new_table_ref: Option<String>,
        pub return_code: Option<String>,
        pub nature: String,
        pub deductee_class: String,
        /// None where slabs or a treaty decide.
        pub rate: Option<Rate>,
        /// Used when the person gives no PAN.
        pub no_pan_rate: Option<Rate>,
        /// Paise; nothing is deducted from one payment up to this.
        pub single_limit: Option<Money>,
        /// Paise in `limit_period`; nothing is deducted up to this.
        pub aggregate_limit: Option<Money>,
        pub limit_period: String,
        /// Whether only what exceeds the limit is taxed.
        pub excess_only: bool,
        pub valid_from: Date,
        /// Last day; none while it holds.
        pub valid_to: Option<Date>,
        pub successor_code: Option<String>,
        pub note: Option<String>,
        pub is_system: bool,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod accounting_year {
    //! A year of a calendar; each business follows one calendar.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "accounting_years")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AccountingYearId,
        /// The calendar: 1 to 12.
        pub first_month: i32,
        pub label: String,
        pub starts_on: Date,
        /// Last day.
        pub ends_on: Date,
        pub is_system: bool,
        pub created_at: i64,
    }

    no_relations!();
}

pub mod state {
    //! A State or territory, for the place of supply.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "states")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: StateId,
        /// ISO 3166-1 alpha-2.
        pub country: String,
        /// The two digits that open a GSTIN.
        pub code: String,
        pub name: String,
        /// Union territory without legislature.
        pub levies_utgst: bool,
        pub used_for: String,
        /// Last day of a code that was given up.
        pub valid_to: Option<Date>,
        pub is_system: bool,
        pub created_at: i64,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
    }

    no_relations!();
}

pub mod currency {
    //! A currency.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "currencies")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: CurrencyId,
        /// ISO 4217, letters.
        pub code: String,
        /// ISO 4217, digits.
        pub numeric_code: String,
        pub name: String,
        /// Decimal digits of its minor unit.
        pub exponent: i32,
        pub symbol: Option<String>,
        /// Name of its minor unit.
        pub minor_name: Option<String>,
        pub is_system: bool,
        pub created_at: i64,
    }

    no_relations!();
}

pub mod country {
    //! What a business starts with in each country.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "countries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: CountryId,
        /// ISO 3166-1 alpha-2.
        pub code: String,
        pub name: String,
        /// ISO 4217.
        pub currency: String,
        /// IANA name.
        pub time_zone: String,
        /// Of its accounting year: 1 to 12.
        pub first_month: i32,
        /// Whether digits are grouped as lakh and crore.
        pub indian_grouping: bool,
        pub created_at: i64,
    }

    no_relations!();
}
