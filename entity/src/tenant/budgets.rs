//! Budgets with their lines and amounts: written together.

pub use daybook_domain::budget::BudgetBasis;

use crate::column::*;

pub mod budget {
    //! A plan for a period of whole months.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "budgets")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: BudgetId,
        pub business_id: BusinessId,
        pub name: String,
        /// Case-folded: unique in the business.
        pub name_key: String,
        pub starts_on: Date,
        /// Last day.
        pub ends_on: Date,
        pub description: Option<String>,
        pub archived_at: Option<i64>,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod budget_line {
    //! What is planned of one ledger or group, perhaps in one cost centre.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "budget_lines")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub budget_id: BudgetId,
        /// Place in the budget, from 1.
        pub line: i32,
        pub ledger_id: Option<LedgerId>,
        /// A shared group.
        pub group_id: Option<AccountGroupId>,
        pub subgroup_id: Option<SubGroupId>,
        pub centre_id: Option<CostCentreId>,
        pub basis: BudgetBasis,
    }

    no_relations!();
}

pub mod budget_amount {
    //! What a line plans for a month, or for the whole period.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "budget_amounts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub line_id: i64,
        /// Year × 100 + month; 0 for the whole period.
        #[sea_orm(primary_key, auto_increment = false)]
        pub month: i32,
        /// Above zero on the usual side of the ledger's or group's nature.
        pub amount: Money,
    }

    no_relations!();
}
