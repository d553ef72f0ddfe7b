//! Changes to the tables of the three tiers, one per file, dated.
//!
//! A migration is frozen history: it names tables and columns as text and never imports an entity.
//! The statements are written once in SQL that SQLite, PostgreSQL and MySQL/MariaDB share; where the
//! engines differ, [`ddl`] and [`guard`] write each one's form.

pub mod ddl;
pub mod guard;
mod main {
    //! The main database: the platform's own office.
    pub mod m20261121_000001_people;
    pub mod m20261121_000002_record;
    pub mod m20261121_000003_work;
    pub mod m20261121_000004_jobs;
}
mod master {
    //! The master database: routing and shared structure.
    pub mod m20261121_000001_routing;
    pub mod m20261121_000002_catalogue;
    pub mod m20261121_000003_nodes;
    pub mod m20261121_000004_state_version;
}
mod tenant {
    //! One tenant's database.
    pub mod m20261121_000001_lane;
    pub mod m20261121_000002_people;
    pub mod m20261121_000003_businesses;
    pub mod m20261121_000004_chart;
    pub mod m20261121_000005_vouchers;
    pub mod m20261121_000006_record;
    pub mod m20261121_000007_key_use;
    pub mod m20261121_000008_undone_acts;
    pub mod m20261121_000009_bill_lookups;
    pub mod m20261121_000010_own_vouchers;
    pub mod m20261121_000011_lock_holders;
    pub mod m20261121_000012_entries_in_order;
    pub mod m20261121_000013_drafts;
    pub mod m20261121_000014_files;
    pub mod m20261121_000015_attachments;
    pub mod m20261121_000016_imports;
    pub mod m20261121_000018_currencies;
    pub mod m20261121_000020_bank_details;
    pub mod m20261121_000021_bank_statements;
    pub mod m20261121_000022_cost_centres;
    pub mod m20261121_000023_budgets;
    pub mod m20261121_000025_recurring;
    pub mod m20261121_000027_own_voucher_types;
    pub mod m20261121_000028_scenario_entries;
    pub mod m20261121_000029_tax_filings;
}

pub use sea_orm_migration::{MigrationStatus, MigratorTrait};

/// The migrations of one tier, in the order in which they run.
macro_rules! migrator {
    ($(#[$doc:meta])* $name:ident: $($migration:path),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        #[async_trait::async_trait]
        impl MigratorTrait for $name {
            fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
                vec![$(Box::new($migration)),+]
            }
        }
    };
}

migrator! {
    /// The platform's own office.
    MainMigrator:
    main::m20261121_000001_people::Migration,
    main::m20261121_000002_record::Migration,
    main::m20261121_000003_work::Migration,
    main::m20261121_000004_jobs::Migration,
}

migrator! {
    /// The routing table and the accounting structure that all tenants share.
    MasterMigrator:
    master::m20261121_000001_routing::Migration,
    master::m20261121_000002_catalogue::Migration,
    master::m20261121_000003_nodes::Migration,
    master::m20261121_000004_state_version::Migration,
}

migrator! {
    /// One tenant's books.
    TenantMigrator:
    tenant::m20261121_000001_lane::Migration,
    tenant::m20261121_000002_people::Migration,
    tenant::m20261121_000003_businesses::Migration,
    tenant::m20261121_000004_chart::Migration,
    tenant::m20261121_000005_vouchers::Migration,
    tenant::m20261121_000006_record::Migration,
    tenant::m20261121_000007_key_use::Migration,
    tenant::m20261121_000008_undone_acts::Migration,
    tenant::m20261121_000009_bill_lookups::Migration,
    tenant::m20261121_000010_own_vouchers::Migration,
    tenant::m20261121_000011_lock_holders::Migration,
    tenant::m20261121_000012_entries_in_order::Migration,
    tenant::m20261121_000013_drafts::Migration,
    tenant::m20261121_000014_files::Migration,
    tenant::m20261121_000015_attachments::Migration,
    tenant::m20261121_000016_imports::Migration,
    tenant::m20261121_000018_currencies::Migration,
    tenant::m20261121_000020_bank_details::Migration,
    tenant::m20261121_000021_bank_statements::Migration,
    tenant::m20261121_000022_cost_centres::Migration,
    tenant::m20261121_000023_budgets::Migration,
    tenant::m20261121_000025_recurring::Migration,
    tenant::m20261121_000027_own_voucher_types::Migration,
    tenant::m20261121_000028_scenario_entries::Migration,
    tenant::m20261121_000029_tax_filings::Migration,
}

/// Name of the newest migration of a tier: the version that a database of this binary has.
pub fn newest<M: MigratorTrait>() -> String {
    M::migrations().last().map(|migration| migration.name().to_owned()).unwrap_or_default()
}
