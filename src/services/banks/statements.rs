//! Statements that were brought in, read back.

use daybook_domain::{
    id::{BankStatementId, LedgerId},
    role::Permission,
};
use daybook_entity::tenant::bank::{bank_account, bank_statement};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{account::Banks, reading::SheetMapping};
use crate::{
    db::page::{Page, PageAsk},
    error::Result,
    scope::TenantScope,
};

/// Statements of a bank ledger, the newest import first.
///
/// # Errors
/// No permission, no such bank ledger, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    ask: &PageAsk,
) -> Result<Page<bank_statement::Model>> {
    scope.require(Permission::BankRead)?;
    let bank = Banks::of(scope).await?.asked(scope, ledger)?;
    let mut query =
        bank_statement::Entity::find().filter(bank_statement::Column::LedgerId.eq(bank.ledger));
    let reader = scope.db.reader().await?;
    let total = if ask.wants_total { query.clone().count(reader.conn()).await? } else { 0 };
    if let Some(after) = ask.after_number()? {
        query = query.filter(bank_statement::Column::Id.lt(BankStatementId::new(after)));
    }
    let rows = query
        .order_by_desc(bank_statement::Column::Id)
        .limit(ask.first + 1)
        .all(reader.conn())
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.id.to_string()]))
}

/// One statement, if the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(
    scope: &TenantScope,
    id: BankStatementId,
) -> Result<Option<bank_statement::Model>> {
    scope.require(Permission::BankRead)?;
    let reader = scope.db.reader().await?;
    let row = bank_statement::Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(row.filter(|row| scope.access.businesses.includes(row.business_id)))
}

/// What is kept of a bank ledger's account: its name at the bank, and how its sheets are read.
///
/// # Errors
/// No permission, no such bank ledger, or a database that cannot be read.
pub async fn account(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
) -> Result<Option<(Option<String>, SheetMapping)>> {
    scope.require(Permission::BankRead)?;
    let Some(id) = ledger else { return Ok(None) };
    let Some(bank) = Banks::of(scope).await?.visible(scope, id) else { return Ok(None) };
    let reader = scope.db.reader().await?;
    let row = bank_account::Entity::find_by_id(bank.ledger).one(reader.conn()).await?;
    let Some(row) = row else { return Ok(Some((None, SheetMapping::default()))) };
    let mapping = row.mapping.as_deref().map(serde_json::from_str).transpose()?;
    Ok(Some((row.account, mapping.unwrap_or_default())))
}
