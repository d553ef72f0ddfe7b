//! Drafts read back: one, a page of them, and what is wrong with them.

use std::collections::HashMap;

use daybook_domain::{
    id::{VoucherDraftId, VoucherId},
    role::Permission,
};
use daybook_entity::tenant::drafts::{DraftAction, DraftStatus, voucher_draft};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{Row, content::Content, deed, is_visible};
use crate::{
    db::page::{Page, PageAsk},
    error::{Code, Error, Refusal, Result},
    scope::TenantScope,
    services::{
        books::{
            acts::Undone,
            chart::{self, Asked},
            groups,
            registers::{self, Status},
        },
        chain::read_cursor,
    },
};

/// Which drafts a list shows; all conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct DraftFilter {
    /// That have come so far.
    pub status: Option<Vec<DraftStatus>>,
    /// That do this.
    pub action: Option<DraftAction>,
    /// That the caller began, or that others did.
    pub is_own: Option<bool>,
}

/// A page of a business's drafts, the newest first.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    filter: DraftFilter,
    ask: &PageAsk,
) -> Result<Page<Row>> {
    use voucher_draft::Column;
    scope.require(Permission::VoucherRead)?;
    let chart = chart::chart(scope).await?;
    let business = chart.asked(scope, business)?.id;
    let own = Column::CreatedBy.eq(scope.access.user);
    let mut wanted = Condition::all()
        .add(Column::BusinessId.eq(business))
        .add_option(filter.status.map(|states| Column::Status.is_in(states)))
        .add_option(filter.action.map(|action| Column::Action.eq(action)))
        .add_option(filter.is_own.map(|is_own| match is_own {
            true => own.clone(),
            false => Column::CreatedBy.ne(scope.access.user),
        }));
    if scope.access.own_documents_only {
        wanted = wanted.add(own);
    }
    let reader = scope.db.reader().await?;
    let mut rows = voucher_draft::Entity::find().filter(wanted);
    let total = if ask.wants_total { rows.clone().count(reader.conn()).await? } else { 0 };
    if let Some(key) = &ask.after {
        rows = rows.filter(Column::Id.lt(read_cursor(key)?));
    }
    let rows = rows
        .order_by_desc(Column::Id)
        .limit(ask.first.saturating_add(1))
        .all(reader.conn())
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.id.to_string()]))
}

/// A draft that the caller sees; nothing where there is none.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: VoucherDraftId) -> Result<Option<Row>> {
    scope.require(Permission::VoucherRead)?;
    seen_by(scope, id).await
}

/// As [`find`], for whoever writes or decides.
pub(super) async fn seen_by(scope: &TenantScope, id: VoucherDraftId) -> Result<Option<Row>> {
    let reader = scope.db.reader().await?;
    let found = voucher_draft::Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(found.filter(|row| is_visible(&scope.access, row)))
}

async fn rows_of(conn: &impl ConnectionTrait, ids: &[VoucherDraftId]) -> Result<Vec<Row>> {
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let wanted = voucher_draft::Column::Id.is_in(chunk.iter().copied());
        rows.extend(voucher_draft::Entity::find().filter(wanted).all(conn).await?);
    }
    Ok(rows)
}

/// The drafts with these ids that the caller sees.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn among(
    scope: &TenantScope,
    ids: &[VoucherDraftId],
) -> Result<HashMap<VoucherDraftId, Row>> {
    scope.require(Permission::VoucherRead)?;
    let rows = {
        let reader = scope.db.reader().await?;
        rows_of(reader.conn(), ids).await?
    };
    let seen = rows.into_iter().filter(|row| is_visible(&scope.access, row));
    Ok(seen.map(|row| (row.id, row)).collect())
}

/// What keeps drafts from being posted, as far as it can be told without a lock; nothing of those that are
/// posted. A few queries, however many drafts there are.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn problems_of(
    scope: &TenantScope,
    ids: &[VoucherDraftId],
) -> Result<HashMap<VoucherDraftId, Vec<Refusal>>> {
    scope.require(Permission::VoucherRead)?;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let rows = {
        let reader = scope.db.reader().await?;
        rows_of(reader.conn(), ids).await?
    };
    let is_shown = |row: &Row| row.status != DraftStatus::Posted && is_visible(&scope.access, row);
    let rows: Vec<Row> = rows.into_iter().filter(is_shown).collect();
    let ids: Vec<VoucherId> = rows.iter().filter_map(|row| row.voucher_id).collect();
    let statuses = registers::statuses(scope, &ids).await?;
    let vouchers = registers::find(scope, &ids, true).await?;
    let vouchers: HashMap<VoucherId, _> =
        vouchers.into_iter().map(|voucher| (voucher.id, voucher)).collect();
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let Some(business) = chart.visible(scope, row.business_id) else { continue };
        let voucher = row.voucher_id.and_then(|id| vouchers.get(&id));
        let mut problems = Vec::new();
        if let Some(voucher) = voucher {
            let status = statuses.get(&voucher.id).copied().unwrap_or(Status::Posted);
            problems.extend(of_voucher(status, voucher.version, &Content::read(&row.content)?));
        }
        // The bill parts of a reversal follow from the voucher; nothing can be wrong with them here.
        let books = (chart.as_ref(), groups.as_ref(), business);
        match deed::prepared(scope, books, &row, voucher.cloned(), Undone::default()) {
            Ok(_) => {}
            Err(Error::Refused(refusals)) => problems.extend(refusals),
            Err(failure) => return Err(failure),
        }
        found.insert(row.id, problems);
    }
    Ok(found)
}

/// Whether the voucher that a draft acts on still stands as it was seen.
fn of_voucher(status: Status, version: i32, content: &Content) -> Option<Refusal> {
    let (code, field, why) = match status {
        Status::Cancelled => (Code::VoucherCancelled, "voucherId", "the voucher is cancelled"),
        Status::Reversed => {
            (Code::VoucherReversed, "voucherId", "a later voucher reverses the voucher")
        }
        Status::Posted if content.voucher_version.is_some_and(|seen| seen != version) => {
            let why = "the voucher was amended since; look at it and write the draft again";
            (Code::Stale, "voucherVersion", why)
        }
        Status::Posted => return None,
    };
    Some(Refusal::new(code, &format!("draft.{field}"), why))
}
