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
        /// What it is about, in the words of its kind.
        pub job_key: String,
        /// Kind, tenant and key: no two jobs are about the same.
        pub unique_key: String,
        /// JSON.
        #[sea_orm(column_type = "Text")]
        pub payload: String,
        pub state: JobState,
        pub attempts: i32,
        /// Rises with each change; whoever changes it compares it.
        pub version: i64,
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
        /// Number of the last event that was handled.
        pub handled_seq: i64,
        /// The epoch of the tenant's database in which it had that number.
        pub handled_epoch: i64,
        /// When a worker looked last.
        pub handled_at: i64,
        /// Number of the newest event that is known to be for workers; 0 where none is.
        pub wanted_seq: i64,
    }

    no_relations!();
}

pub mod tenant_due {
    //! When a tenant's schedules are next due, so that a tenant that nobody opens is found.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenant_due")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: TenantId,
        /// Nothing where no schedule has a date left.
        pub due_at: Option<i64>,
        /// The epoch of the tenant's database as of which this was found out.
        pub epoch: i64,
        /// The tenant's newest event as of then; an older finding never takes the place of a newer one.
        pub change_seq: i64,
        pub updated_at: i64,
    }

    no_relations!();
}
