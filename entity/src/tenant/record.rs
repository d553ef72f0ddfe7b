//! What happened: the hash-chained edit log, retry keys, and the outbox of events.

use crate::column::*;

pub mod audit_log {
    //! What was done, by whom, before and after. Insert-only.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_logs")]
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
        pub business_id: Option<BusinessId>,
        /// The text that the hash covers; for postings the whole voucher version.
        #[sea_orm(column_type = "Text")]
        pub canonical: String,
        /// SHA-256 of the previous hash, `seq` and `canonical`, in hexadecimal.
        pub hash: String,
    }

    no_relations!();
}

pub mod idempotency_key {
    //! What a mutation made under a retry key.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency_keys")]
    pub struct Model {
        /// The mutation.
        #[sea_orm(primary_key, auto_increment = false)]
        pub field: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub retry_key: String,
        /// SHA-256 of the input, in hexadecimal.
        pub input_hash: String,
        /// JSON array of the ids that were made, in the order of the answer.
        #[sea_orm(column_type = "Text")]
        pub result_ids: String,
        pub recorded_at: i64,
    }

    no_relations!();
}

pub mod outbox {
    //! An event to be told, in the order of its number.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub change_seq: i64,
        pub recorded_at: i64,
        pub kind: String,
        pub business_id: Option<BusinessId>,
        pub subject_id: Option<i64>,
        pub author_id: Option<UserId>,
        /// JSON.
        #[sea_orm(column_type = "Text")]
        pub payload: String,
    }

    no_relations!();
}
