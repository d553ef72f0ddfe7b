//! The fence: the one row that every write to a tenant's database locks first.

use crate::column::*;

pub mod lane {
    //! The tenant's fence and its counters.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "lane")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// Whose database this is, so that a wrong route is noticed; 0 in a template.
        pub tenant_id: TenantId,
        /// Raised when the database moves or is restored.
        pub epoch: i64,
        pub accepts_writes: bool,
        /// Rises with every change of a user, role, key or session.
        pub access_seq: i64,
        /// Rises with every change of what postings are judged by.
        pub settings_seq: i64,
        /// Number of the last event.
        pub change_seq: i64,
        /// UTC milliseconds of the last posting; time never runs back behind it.
        pub last_recorded_at: i64,
        /// Number of the last audit row.
        pub chain_seq: i64,
        /// SHA-256 of the last audit row, in hexadecimal.
        pub chain_hash: String,
    }

    no_relations!();
}
