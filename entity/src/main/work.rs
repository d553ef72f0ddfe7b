//! Work in the background, and the marks by which nodes hear of each other's postings.

use crate::column::*;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "SCREAMING_SNAKE_CASE"
)]
pub enum JobState {
    /// Waits for its time or a worker.
    Ready,
    /// A worker has it.
    Leased,
    /// Nothing is left to do.
    Done,
    /// Failed too often; somebody must look.
    Dead,
}

pub mod job {
    //! A piece of work, claimed under a lease by one worker at a time.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "jobs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: JobId,
        pub kind: String,
        pub tenant_id: Option<TenantId>,
        /// The tenant's event that asked for it: with kind and tenant, unique.
        pub change_seq: Option<i64>,
        /// JSON.
        #[sea_orm(column_type = "Text")]
        pub payload: String,
        pub state: JobState,
        pub attempts: i32,
        /// Not before this instant.
        pub due_at: i64,
        pub lease_until: Option<i64>,
        /// The worker that has it.
        pub leased_by: Option<String>,
        pub last_error: Option<String>,
        pub created_at: i64,
        pub updated_at: i64,
    }

    no_relations!();
}

pub mod tenant_change {
    //! The newest event of each tenant that nodes may want to read.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenant_changes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: TenantId,
        pub change_seq: i64,
        pub marked_at: i64,
    }

    no_relations!();
}

pub mod outbox_pending {
    //! Which tenants may have events in their outbox that nobody has read.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox_pending")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: TenantId,
        /// Rises with each mark; who clears it compares it.
        pub generation: i64,
        pub pending: bool,
        pub updated_at: i64,
    }

    no_relations!();
}
