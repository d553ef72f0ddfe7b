//! The tenant's own chart: ledgers, sub-groups below the shared groups, and what it overrides.

use daybook_domain::cost::CostUse;

use crate::column::*;

pub mod account_subgroup {
    //! A group of the tenant's own, below a shared group or below another of its own.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_subgroups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SubGroupId,
        pub parent_group_id: Option<AccountGroupId>,
        pub parent_subgroup_id: Option<SubGroupId>,
        pub name: String,
        /// Case-folded: unique.
        pub name_key: String,
        pub archived_at: Option<i64>,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod account_group_override {
    //! How the tenant sees a shared account group.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_group_overrides")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub group_id: AccountGroupId,
        pub is_hidden: bool,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod voucher_type_override {
    //! How the tenant sees and numbers a shared voucher type.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "voucher_type_overrides")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub voucher_type_id: VoucherTypeId,
        pub numbering_prefix: Option<String>,
        /// Digits, filled up with zeros.
        pub number_width: Option<i32>,
        pub is_hidden: bool,
        pub updated_at: i64,
        pub number_suffix: Option<String>,
    }

    no_relations!();
}

pub mod own_voucher_type {
    //! A voucher type of the tenant's own: it behaves as the shared one that it is derived from.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "own_voucher_types")]
    pub struct Model {
        /// No shared type has it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: VoucherTypeId,
        /// In the master database.
        pub shared_type_id: VoucherTypeId,
        pub code: String,
        pub name: String,
        /// Case-folded: unique.
        pub name_key: String,
        pub numbering_prefix: String,
        pub number_suffix: String,
        /// Digits, filled up with zeros.
        pub number_width: i32,
        pub archived_at: Option<i64>,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod ledger {
    //! An account of a business. Only Profit & Loss A/c hangs below no group.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledgers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: LedgerId,
        pub business_id: BusinessId,
        pub name: String,
        /// Case-folded: unique in the business.
        pub name_key: String,
        /// A shared group, unless it hangs below a sub-group.
        pub group_id: Option<AccountGroupId>,
        pub subgroup_id: Option<SubGroupId>,
        /// What the product knows it by, where it needs it.
        pub system_code: Option<String>,
        /// Which tax it collects, where it does.
        pub tax_head: Option<String>,
        pub tax_direction: Option<String>,
        /// ISO 4217; none for the business's own.
        pub currency: Option<String>,
        /// Whether entries are settled bill by bill.
        pub is_bill_wise: bool,
        pub credit_days: Option<i32>,
        pub description: Option<String>,
        pub archived_at: Option<i64>,
        /// Rises with each change, so that a stale edit is noticed.
        pub version: i32,
        pub created_at: i64,
        pub updated_at: i64,
        /// Whether entries are split over cost centres.
        pub cost_use: CostUse,
    }

    no_relations!();
}
