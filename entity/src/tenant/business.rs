//! The businesses of one owner: each its own books, years, locks, settings and branding.

use super::people::UserRole;
use crate::column::*;

/// What was done to a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum YearActKind {
    /// Closed: its period is locked.
    Closed,
    /// Opened again.
    Reopened,
}

/// How firmly a period is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum LockKind {
    /// Yields to an exception.
    Soft,
    /// Never yields.
    Hard,
}

pub mod business {
    //! One set of books.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "businesses")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: BusinessId,
        pub name: String,
        /// Case-folded: unique.
        pub name_key: String,
        pub legal_name: Option<String>,
        /// ISO 3166-1 alpha-2.
        pub country: String,
        /// ISO 4217.
        pub base_currency: String,
        /// Decimal digits of its minor unit.
        pub currency_exponent: i32,
        /// IANA name.
        pub time_zone: String,
        /// The calendar of its years: 1 to 12.
        pub year_first_month: i32,
        pub books_begin_on: Date,
        pub email: Option<String>,
        pub phone: Option<String>,
        pub address: Option<String>,
        pub state_code: Option<String>,
        pub tax_number: Option<String>,
        /// `#rrggbb`.
        pub brand_colour: Option<String>,
        pub logo_url: Option<String>,
        /// JSON.
        #[sea_orm(column_type = "Text")]
        pub settings: String,
        pub archived_at: Option<i64>,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod business_year {
    //! An accounting year of a business, or the opening period before its first.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "business_years")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: BusinessYearId,
        pub business_id: BusinessId,
        pub label: String,
        pub starts_on: Date,
        /// Last day.
        pub ends_on: Date,
        /// The one day before the first year, in which openings are dated.
        pub is_opening: bool,
        pub opened_at: i64,
        /// Mirrors the newest act on the year.
        pub closed_at: Option<i64>,
    }

    no_relations!();
}

pub mod year_act {
    //! A year closed or opened again. Insert-only.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "year_acts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub business_id: BusinessId,
        pub year_id: BusinessYearId,
        pub kind: YearActKind,
        pub reason: Option<String>,
        pub acted_by: Option<UserId>,
        pub recorded_at: i64,
    }

    no_relations!();
}

pub mod period_lock {
    //! How far back an area of the books is locked.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "period_locks")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: BusinessId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: LockKind,
        /// One bit of the set that `areas` of a posted row is compared with.
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: i32,
        /// Last locked day.
        pub locked_through: Date,
        pub reason: Option<String>,
        pub set_by: Option<UserId>,
        pub set_at: i64,
    }

    no_relations!();
}

pub mod lock_exception {
    //! Leave to post into a soft-locked period, for a while.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "lock_exceptions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: LockExceptionId,
        pub business_id: BusinessId,
        /// Bit set: the areas that it opens.
        pub areas: i32,
        pub from_date: Date,
        /// Last day that it opens.
        pub to_date: Date,
        /// Which role may use it; with no user either, everyone.
        pub role: Option<UserRole>,
        pub expires_at: i64,
        pub reason: String,
        pub granted_by: Option<UserId>,
        pub granted_at: i64,
        /// Which user may use it.
        pub user_id: Option<UserId>,
        /// From when on it opens nothing.
        pub revoked_at: Option<i64>,
        pub revoked_by: Option<UserId>,
    }

    no_relations!();
}

pub mod gstin {
    //! A GST registration of a business.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "gstins")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: GstinId,
        pub business_id: BusinessId,
        pub gstin: String,
        /// First two digits of the number.
        pub state_code: String,
        pub is_primary: bool,
        pub valid_from: Option<Date>,
        pub valid_to: Option<Date>,
        pub created_at: i64,
    }

    no_relations!();
}
