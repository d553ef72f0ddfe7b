//! The log of the office's own acts: read in pages, and verified.

use daybook_domain::role::Permission;
use daybook_entity::main::record::{admin_audit_log, admin_chain};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    db::page::{Page, PageAsk},
    error::{Error, Result},
    office::Office,
    scope::PlatformScope,
    services::chain::{PAGE_ROWS, Verified, Walk},
};

/// Which rows of the log a list shows.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// What was done, as a word.
    pub action: Option<String>,
    /// About the thing of this kind and id.
    pub subject: Option<(String, i64)>,
    /// Done by this person of the office.
    pub actor: Option<i64>,
    /// At this instant or later (UTC milliseconds).
    pub from: Option<i64>,
    /// Before this instant.
    pub before: Option<i64>,
}

/// A page of the office's log, the newest first.
///
/// # Errors
/// No permission, a cursor of another list, or a main database that cannot be read.
pub async fn list(
    scope: &PlatformScope,
    filter: &AuditFilter,
    ask: &PageAsk,
) -> Result<Page<admin_audit_log::Model>> {
    use admin_audit_log::Column;
    scope.require(Permission::AdminAuditRead)?;
    let mut rows = admin_audit_log::Entity::find();
    if let Some(action) = &filter.action {
        rows = rows.filter(Column::Action.eq(action.as_str()));
    }
    if let Some((kind, id)) = &filter.subject {
        rows = rows.filter(Column::SubjectType.eq(kind.as_str())).filter(Column::SubjectId.eq(*id));
    }
    if let Some(actor) = filter.actor {
        rows = rows.filter(Column::ActorKind.eq("PLATFORM")).filter(Column::ActorId.eq(actor));
    }
    if let Some(from) = filter.from {
        rows = rows.filter(Column::RecordedAt.gte(from));
    }
    if let Some(before) = filter.before {
        rows = rows.filter(Column::RecordedAt.lt(before));
    }
    let reader = scope.office.main.reader();
    let total = if ask.wants_total { rows.clone().count(reader).await? } else { 0 };
    if let Some(after) = ask.after_number()? {
        rows = rows.filter(Column::Seq.lt(after));
    }
    let rows =
        rows.order_by_desc(Column::Seq).limit(ask.first.saturating_add(1)).all(reader).await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.seq.to_string()]))
}

/// A row of the office's log; nothing where there is none.
///
/// # Errors
/// No permission, or a main database that cannot be read.
pub async fn find(scope: &PlatformScope, seq: i64) -> Result<Option<admin_audit_log::Model>> {
    scope.require(Permission::AdminAuditRead)?;
    Ok(admin_audit_log::Entity::find_by_id(seq).one(scope.office.main.reader()).await?)
}

/// Computes the hashes of the office's log anew, from the row after `after` on.
///
/// # Errors
/// No permission, or a main database that cannot be read.
pub async fn verify(scope: &PlatformScope, after: i64) -> Result<Verified> {
    scope.require(Permission::AdminAuditRead)?;
    verify_from(&scope.office, after).await
}

/// As [`verify`], for the command line.
///
/// # Errors
/// A main database that cannot be read.
pub async fn verify_from(office: &Office, after: i64) -> Result<Verified> {
    use admin_audit_log::Column;
    let reader = office.main.reader();
    // Where the log ends is read first: what is added meanwhile is left to the next call.
    let chain = admin_chain::Entity::find_by_id(1)
        .one(reader)
        .await?
        .ok_or_else(|| Error::Internal("the row of admin_chain is missing".into()))?;
    let before = admin_audit_log::Entity::find_by_id(after).one(reader).await?;
    let mut walk = Walk::after(after, before.map(|row| row.hash))?;
    while walk.goes_on(chain.chain_seq) {
        let rows = admin_audit_log::Entity::find()
            .filter(Column::Seq.gt(walk.last))
            .filter(Column::Seq.lte(chain.chain_seq))
            .order_by_asc(Column::Seq)
            .limit(PAGE_ROWS)
            .all(reader)
            .await?;
        let is_end = rows.is_empty();
        walk.take(rows.iter().map(|row| (row.seq, row.canonical.as_str(), row.hash.as_str())));
        if is_end {
            break;
        }
    }
    Ok(walk.end(chain.chain_seq, &chain.chain_hash))
}
