//! The processes that share the databases: their numbers, and the anchors of tenants' chains.

use crate::column::*;

pub mod node_lease {
    //! A node number, which ids carry, and who holds it.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "node_leases")]
    pub struct Model {
        /// 0 to 1023.
        #[sea_orm(primary_key, auto_increment = false)]
        pub node: i64,
        /// The process that has it.
        pub holder: Option<String>,
        pub purpose: Option<String>,
        pub leased_until: i64,
        /// Not given to another process before this instant.
        pub rests_until: i64,
    }

    no_relations!();
}

pub mod chain_anchor {
    //! The last link of a tenant's audit chain, as it was seen at an instant.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "chain_anchors")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: TenantId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub chain_seq: i64,
        /// SHA-256 in hexadecimal.
        pub chain_hash: String,
        pub anchored_at: i64,
    }

    no_relations!();
}
