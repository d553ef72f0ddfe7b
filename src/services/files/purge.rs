//! Letting go of files that never came, or that nothing uses.

use daybook_domain::chain::Canonical;
use daybook_entity::tenant::files::{stored_file, stored_file_chunk};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::uploads::change;
use crate::{error::Result, lane::Writing, scope::TenantScope};

/// Files that go in one transaction: their bytes are many.
const AT_ONCE: u64 = 5;

/// Deletes all files whose time is over, some at a time; how many went.
///
/// # Errors
/// When the database cannot be written.
pub async fn clean(scope: &TenantScope) -> Result<u64> {
    let mut gone = 0_u64;
    loop {
        let work = scope.db.lane().write(scope.actor(), |writing| {
            Box::pin(async move { expired(writing, AT_ONCE).await })
        });
        let now = work.await?;
        gone = gone.saturating_add(now);
        if now < AT_ONCE {
            return Ok(gone);
        }
    }
}

/// Deletes at most so many files whose time is over, the longest over first; how many went.
///
/// # Errors
/// What the database says.
pub async fn expired(writing: &mut Writing, most: u64) -> Result<u64> {
    let rows = stored_file::Entity::find()
        .filter(stored_file::Column::ExpiresAt.lte(writing.recorded_at()))
        .order_by_asc(stored_file::Column::ExpiresAt)
        .order_by_asc(stored_file::Column::Id)
        .limit(most)
        .all(writing.conn())
        .await?;
    for row in &rows {
        stored_file_chunk::Entity::delete_many()
            .filter(stored_file_chunk::Column::FileId.eq(row.id))
            .exec(writing.conn())
            .await?;
        stored_file::Entity::delete_by_id(row.id).exec(writing.conn()).await?;
        let said = Canonical::new().text("name", &row.name).int("size", row.size);
        writing.audit(change("FILE_EXPIRED", row, said));
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}
