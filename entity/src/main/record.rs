//! The audit log of the platform's own acts: insert-only and hash-chained.

use crate::column::*;

pub mod admin_chain {
    //! The one row that each audited act locks first.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "admin_chain")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// Number of the last audit row.
        pub chain_seq: i64,
        /// SHA-256 of the last audit row, in hexadecimal.
        pub chain_hash: String,
        pub last_recorded_at: i64,
        /// Rises with every change of a platform user, role or session.
        pub access_seq: i64,
    }

    no_relations!();
}

pub mod admin_audit_log {
    //! What was done, by whom, before and after. Insert-only.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "admin_audit_logs")]
    pub struct Model {
        /// Without a gap, from 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub recorded_at: i64,
        pub actor_kind: String,
        pub actor_id: Option<i64>,
        pub request_id: Option<String>,
        pub action: String,
        pub subject_type: String,
        pub subject_id: Option<i64>,
        /// The text that the hash covers.
        #[sea_orm(column_type = "Text")]
        pub canonical: String,
        /// SHA-256 of the previous hash, `seq` and `canonical`, in hexadecimal.
        pub hash: String,
    }

    no_relations!();
}
