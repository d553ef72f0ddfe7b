//! Exceptions from locks belong to a user or a role and may be revoked; a closed year locks by itself,
//! and a hard lock never opens.
//!
//! Until here closing a year set a hard lock of everything, which opening it again took away. Such locks
//! go: what a closed year locks is told from the year, and a hard lock is for good.

use sea_orm_migration::{DbErr, MigrationName, MigrationTrait, SchemaManager};

use crate::{
    ddl::{add_column, drop_column, run},
    guard::{hard_locks_stay, hard_locks_yield, lock_periods, lock_periods_and_years},
};

/// This migration.
#[derive(Debug)]
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261121_000011_lock_holders"
    }
}

/// Columns that exceptions get.
const COLUMNS: [(&str, &str); 3] =
    [("user_id", "BIGINT NULL"), ("revoked_at", "BIGINT NULL"), ("revoked_by", "BIGINT NULL")];

/// Acts that touch the date of a voucher.
const ACTS: &str = "'CANCELLED', 'AMENDED', 'ALLOCATED', 'DEALLOCATED'";

const YEARS_GO: &str = "DELETE FROM period_locks WHERE kind = 'HARD' AND area = 16 AND EXISTS \
     (SELECT 1 FROM business_years AS shut WHERE shut.business_id = period_locks.business_id \
     AND shut.ends_on = period_locks.locked_through AND shut.closed_at IS NOT NULL)";

const YEARS_COME: &str = "INSERT INTO period_locks \
     (business_id, kind, area, locked_through, reason, set_by, set_at) \
     SELECT business_id, 'HARD', 16, MAX(ends_on), NULL, NULL, MAX(closed_at) \
     FROM business_years AS shut WHERE closed_at IS NOT NULL AND NOT EXISTS \
     (SELECT 1 FROM period_locks AS held WHERE held.business_id = shut.business_id \
     AND held.kind = 'HARD' AND held.area = 16) GROUP BY business_id";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (column, definition) in COLUMNS {
            add_column(manager, "lock_exceptions", column, definition).await?;
        }
        lock_periods_and_years(manager, "voucher_versions", None).await?;
        lock_periods_and_years(manager, "voucher_acts", Some(ACTS)).await?;
        hard_locks_yield(manager).await?;
        run(manager, YEARS_GO).await?;
        hard_locks_stay(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        hard_locks_yield(manager).await?;
        run(manager, YEARS_COME).await?;
        lock_periods(manager, "voucher_versions", None).await?;
        lock_periods(manager, "voucher_acts", Some(ACTS)).await?;
        for (column, _) in COLUMNS {
            drop_column(manager, "lock_exceptions", column).await?;
        }
        Ok(())
    }
}
