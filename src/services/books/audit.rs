//! A tenant's edit log: read in pages, and verified.

use daybook_domain::{
    id::{BusinessId, TenantId},
    role::Permission,
};
use daybook_entity::tenant::record::audit_log;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::chart::{self, Asked};
use crate::{
    db::page::{Page, PageAsk},
    error::Result,
    scope::{TenantScope, Visible},
    services::chain::{PAGE_ROWS, Verified, Walk},
};

/// Which rows of the edit log a list shows.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// About the thing of this kind and id.
    pub subject: Option<(String, i64)>,
    /// About things of these kinds.
    pub kinds: Option<Kinds>,
    /// What was done, as a word.
    pub action: Option<String>,
    /// Done by this user, or by a machine for them.
    pub actor: Option<i64>,
    /// At this instant or later (UTC milliseconds).
    pub from: Option<i64>,
    /// Before this instant.
    pub before: Option<i64>,
}

/// Which kinds of things rows are about.
#[derive(Debug, Clone, Copy)]
pub enum Kinds {
    /// Of this one.
    This(&'static str),
    /// Of none of these.
    NoneOf(&'static [&'static str]),
}

/// A row of a tenant's edit log. Its number is unique in that log alone.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Whose log.
    pub tenant: TenantId,
    /// The row.
    pub row: audit_log::Model,
}

/// A page of the edit log, the newest first: of one business, or of everything that the caller sees.
/// What concerns no business (users, sub-groups) is shown to those who see all businesses.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    filter: &AuditFilter,
    ask: &PageAsk,
) -> Result<Page<Entry>> {
    use audit_log::Column;
    scope.require(Permission::AuditRead)?;
    let mut rows = audit_log::Entity::find().filter(visible(scope));
    if business != Asked::Nothing {
        let chart = chart::chart(scope).await?;
        let id: BusinessId = chart.asked(scope, business)?.id;
        rows = rows.filter(Column::BusinessId.eq(id));
    }
    if let Some((kind, id)) = &filter.subject {
        rows = rows.filter(Column::SubjectType.eq(kind.as_str())).filter(Column::SubjectId.eq(*id));
    }
    rows = match filter.kinds {
        Some(Kinds::This(kind)) => rows.filter(Column::SubjectType.eq(kind)),
        Some(Kinds::NoneOf(kinds)) => {
            rows.filter(Column::SubjectType.is_not_in(kinds.iter().copied()))
        }
        None => rows,
    };
    if let Some(action) = &filter.action {
        rows = rows.filter(Column::Action.eq(action.as_str()));
    }
    if let Some(actor) = filter.actor {
        rows = rows.filter(by_user(actor));
    }
    if let Some(from) = filter.from {
        rows = rows.filter(Column::RecordedAt.gte(from));
    }
    if let Some(before) = filter.before {
        rows = rows.filter(Column::RecordedAt.lt(before));
    }
    let reader = scope.db.reader().await?;
    let total = if ask.wants_total { rows.clone().count(reader.conn()).await? } else { 0 };
    if let Some(after) = ask.after_number()? {
        rows = rows.filter(Column::Seq.lt(after));
    }
    let rows = rows
        .order_by_desc(Column::Seq)
        .limit(ask.first.saturating_add(1))
        .all(reader.conn())
        .await?;
    let page = Page::cut(rows, ask, total, |row| vec![row.seq.to_string()]);
    let tenant = scope.db.route().id;
    Ok(page.map(|row| Entry { tenant, row }))
}

/// A row of the edit log that the caller sees; nothing where there is none.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, seq: i64) -> Result<Option<Entry>> {
    scope.require(Permission::AuditRead)?;
    let reader = scope.db.reader().await?;
    let row = audit_log::Entity::find_by_id(seq).filter(visible(scope));
    let tenant = scope.db.route().id;
    Ok(row.one(reader.conn()).await?.map(|row| Entry { tenant, row }))
}

fn visible(scope: &TenantScope) -> Condition {
    let mut seen = Condition::all();
    if let Visible::Only(businesses) = &scope.access.businesses {
        seen = seen.add(audit_log::Column::BusinessId.is_in(businesses.iter().copied()));
    }
    if scope.access.own_documents_only {
        seen = seen.add(by_user(scope.access.user.get()));
    }
    seen
}

fn by_user(user: i64) -> Condition {
    Condition::all()
        .add(audit_log::Column::ActorKind.is_in(["USER", "API_KEY"]))
        .add(audit_log::Column::ActorId.eq(user))
}

/// Computes the hashes of the edit log anew, from the row after `after` on, against the fence.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn verify(scope: &TenantScope, after: i64) -> Result<Verified> {
    use audit_log::Column;
    scope.require(Permission::AuditRead)?;
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let (conn, fence) = (snapshot.conn(), *snapshot.fence());
    let before = audit_log::Entity::find_by_id(after).one(conn).await?;
    let mut walk = Walk::after(after, before.map(|row| row.hash))?;
    while walk.goes_on(fence.chain_seq) {
        let rows = audit_log::Entity::find()
            .filter(Column::Seq.gt(walk.last))
            .order_by_asc(Column::Seq)
            .limit(PAGE_ROWS)
            .all(conn)
            .await?;
        let is_end = rows.is_empty();
        walk.take(rows.iter().map(|row| (row.seq, row.canonical.as_str(), row.hash.as_str())));
        if is_end {
            break;
        }
    }
    Ok(walk.end(fence.chain_seq, &fence.chain_hash.to_hex()))
}
