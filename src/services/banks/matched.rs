//! Matches of lines and entries, read back.

use daybook_domain::{
    id::{BankMatchId, LedgerId},
    role::Permission,
};
use daybook_entity::tenant::bank::{bank_match, bank_match_entry, bank_match_line};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{
    account::{BankLedger, Banks},
    matches::Match,
};
use crate::{
    db::page::{Page, PageAsk},
    error::Result,
    scope::TenantScope,
};

/// What is in matches: their lines and their entries.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn members(
    conn: &impl ConnectionTrait,
    ids: &[BankMatchId],
) -> Result<(Vec<bank_match_line::Model>, Vec<bank_match_entry::Model>)> {
    let lines = bank_match_line::Entity::find()
        .filter(bank_match_line::Column::MatchId.is_in(ids.iter().copied()))
        .order_by_asc(bank_match_line::Column::Id)
        .all(conn)
        .await?;
    let entries = bank_match_entry::Entity::find()
        .filter(bank_match_entry::Column::MatchId.is_in(ids.iter().copied()))
        .order_by_asc(bank_match_entry::Column::Id)
        .all(conn)
        .await?;
    Ok((lines, entries))
}

/// One match, if the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: BankMatchId) -> Result<Option<Match>> {
    Ok(find_all(scope, &[id]).await?.pop())
}

/// Those of these matches that the caller may see.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find_all(scope: &TenantScope, ids: &[BankMatchId]) -> Result<Vec<Match>> {
    scope.require(Permission::BankRead)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let banks = Banks::of(scope).await?;
    let reader = scope.db.reader().await?;
    let rows = bank_match::Entity::find()
        .filter(bank_match::Column::Id.is_in(ids.iter().copied()))
        .all(reader.conn())
        .await?;
    filled(reader.conn(), |ledger| banks.visible(scope, ledger), rows).await
}

async fn filled(
    conn: &impl ConnectionTrait,
    bank_of: impl Fn(LedgerId) -> Option<BankLedger>,
    rows: Vec<bank_match::Model>,
) -> Result<Vec<Match>> {
    let ids: Vec<BankMatchId> = rows.iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (lines, entries) = members(conn, &ids).await?;
    let whole = |row: bank_match::Model| {
        let bank = bank_of(row.ledger_id)?;
        let lines = lines.iter().filter(|line| line.match_id == row.id);
        Some(Match {
            bank,
            lines: lines.map(|line| line.line_id).collect(),
            entries: entries.iter().filter(|one| one.match_id == row.id).cloned().collect(),
            row,
        })
    };
    Ok(rows.into_iter().filter_map(whole).collect())
}

/// Matches of a bank ledger, the newest first, those among them that were undone.
///
/// # Errors
/// No permission, no such bank ledger, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    ledger: Option<LedgerId>,
    ask: &PageAsk,
) -> Result<Page<Match>> {
    scope.require(Permission::BankRead)?;
    let bank = Banks::of(scope).await?.asked(scope, ledger)?;
    let mut query = bank_match::Entity::find().filter(bank_match::Column::LedgerId.eq(bank.ledger));
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let total = if ask.wants_total { query.clone().count(conn).await? } else { 0 };
    if let Some(after) = ask.after_number()? {
        query = query.filter(bank_match::Column::Id.lt(BankMatchId::new(after)));
    }
    let query = query.order_by_desc(bank_match::Column::Id).limit(ask.first + 1);
    let rows = filled(conn, |_| Some(bank.clone()), query.all(conn).await?).await?;
    Ok(Page::cut(rows, ask, total, |one| vec![one.row.id.to_string()]))
}
