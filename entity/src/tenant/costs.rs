//! Cost centres below their categories, and the splits of posted entries over them.

pub use daybook_domain::cost::CostUse;

use crate::column::*;

pub mod cost_category {
    //! A set of cost centres by which each entry may be split once: departments, projects, shops.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cost_categories")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: CostCategoryId,
        pub business_id: BusinessId,
        pub name: String,
        /// Case-folded: unique in the business.
        pub name_key: String,
        pub archived_at: Option<i64>,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod cost_centre {
    //! Where a cost or an income belongs; below another centre of its category, or below none.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cost_centres")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: CostCentreId,
        pub business_id: BusinessId,
        /// Never changes.
        pub category_id: CostCategoryId,
        pub parent_id: Option<CostCentreId>,
        pub name: String,
        /// Case-folded: unique in the business.
        pub name_key: String,
        pub archived_at: Option<i64>,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod cost_centre_split {
    //! How much of an entry a centre bears, on the entry's side. Insert-only.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cost_centre_splits")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub version_id: VoucherVersionId,
        /// Place among the splits of the version, from 1.
        pub line: i32,
        /// The entry of the version that it is a part of.
        pub entry_line: i32,
        pub effect: i16,
        pub business_id: BusinessId,
        pub ledger_id: LedgerId,
        pub centre_id: CostCentreId,
        pub dated: Date,
        pub debit: Money,
        pub credit: Money,
        pub recorded_at: i64,
    }

    no_relations!();
}
