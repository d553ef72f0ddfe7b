//! Imports read back: one, a page of them, what is to be looked at before one is applied.

use daybook_domain::{
    id::{BusinessId, ImportId},
    role::Permission,
};
use daybook_entity::tenant::{
    business::business,
    imports::{FindingSeverity, ImportState, import, import_finding},
};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    db::page::{Page, PageAsk},
    error::{Code, Error, Result},
    scope::TenantScope,
    services::books::chart::{self, Asked},
};

/// The refusal of an id that names no import.
pub fn unknown() -> Error {
    Error::refused(Code::NotFound, "input.importId", "there is no such import")
}

/// An import that the caller may work on, and its business.
///
/// # Errors
/// A refusal of `input.importId` when there is none.
pub async fn of_caller(
    scope: &TenantScope,
    id: Option<ImportId>,
) -> Result<(import::Model, business::Model)> {
    let id = id.ok_or_else(unknown)?;
    let row = find(scope, id).await?.ok_or_else(unknown)?;
    let chart = chart::chart(scope).await?;
    let business = chart.visible(scope, row.business_id).cloned().ok_or_else(unknown)?;
    Ok((row, business))
}

/// An import by its id, where the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: ImportId) -> Result<Option<import::Model>> {
    scope.require(Permission::ImportRun)?;
    let reader = scope.db.reader().await?;
    let row = import::Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(row.filter(|row| scope.access.businesses.includes(row.business_id)))
}

/// A page of a business's imports, the newest first.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    state: Option<ImportState>,
    ask: &PageAsk,
) -> Result<Page<import::Model>> {
    scope.require(Permission::ImportRun)?;
    let chart = chart::chart(scope).await?;
    let business = chart.asked(scope, business)?.id;
    let mut rows = import::Entity::find().filter(import::Column::BusinessId.eq(business));
    if let Some(state) = state {
        rows = rows.filter(import::Column::State.eq(state));
    }
    let reader = scope.db.reader().await?;
    let total = if ask.wants_total { rows.clone().count(reader.conn()).await? } else { 0 };
    if let Some(after) = ask.after_number()? {
        rows = rows.filter(import::Column::Id.lt(after));
    }
    let rows = rows
        .order_by_desc(import::Column::Id)
        .limit(ask.first.saturating_add(1))
        .all(reader.conn())
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.id.to_string()]))
}

/// A page of what is to be looked at, in the order in which it was found.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn findings(
    scope: &TenantScope,
    import: ImportId,
    severity: Option<FindingSeverity>,
    ask: &PageAsk,
) -> Result<Page<import_finding::Model>> {
    scope.require(Permission::ImportRun)?;
    let mut rows =
        import_finding::Entity::find().filter(import_finding::Column::ImportId.eq(import));
    if let Some(severity) = severity {
        rows = rows.filter(import_finding::Column::Severity.eq(severity));
    }
    let reader = scope.db.reader().await?;
    let total = if ask.wants_total { rows.clone().count(reader.conn()).await? } else { 0 };
    if let Some(after) = ask.after_number()? {
        rows = rows.filter(import_finding::Column::Place.gt(after));
    }
    let rows = rows
        .order_by_asc(import_finding::Column::Place)
        .limit(ask.first.saturating_add(1))
        .all(reader.conn())
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.place.to_string()]))
}

/// The earliest other import of the same bytes into the same business that was not given up.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn same_file(scope: &TenantScope, row: &import::Model) -> Result<Option<import::Model>> {
    scope.require(Permission::ImportRun)?;
    let reader = scope.db.reader().await?;
    let found = of_file(row.business_id, &row.sha256)
        .filter(import::Column::Id.ne(row.id))
        .filter(import::Column::State.ne(ImportState::Discarded))
        .one(reader.conn())
        .await?;
    Ok(found)
}

/// Imports of the same bytes, the earliest first.
pub fn of_file(business: BusinessId, sha256: &str) -> sea_orm::Select<import::Entity> {
    import::Entity::find()
        .filter(import::Column::BusinessId.eq(business))
        .filter(import::Column::Sha256.eq(sha256))
        .order_by_asc(import::Column::Id)
}
