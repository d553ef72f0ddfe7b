//! What single objects need, fetched together: ledgers from memory, balances in one query.

use std::collections::HashMap;

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use daybook_domain::id::{LedgerId, VoucherId, VoucherVersionId};

use super::ledgers::Ledger;
use crate::{
    error::Error,
    graphql::{
        context::Asks,
        error::{ApiError, ApiResult},
    },
    lane::PostedEntry,
    scope::TenantScope,
    services::books::{
        balances::Sums,
        chart, ledgers,
        registers::{self, Status},
    },
};

/// The loaders of one request of one tenant; they live as long as the request.
pub struct Loaders {
    balances: DataLoader<Balances>,
    entries: DataLoader<Entries>,
    statuses: DataLoader<Statuses>,
}

impl Loaders {
    /// Fresh loaders for a scope.
    pub fn of(scope: &TenantScope) -> Self {
        Self {
            balances: DataLoader::new(Balances(scope.clone()), tokio::spawn),
            entries: DataLoader::new(Entries(scope.clone()), tokio::spawn),
            statuses: DataLoader::new(Statuses(scope.clone()), tokio::spawn),
        }
    }
}

impl std::fmt::Debug for Loaders {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Loaders")
    }
}

/// A ledger by its id, from the tenant's chart in memory.
pub async fn ledger(ctx: &Context<'_>, id: LedgerId) -> ApiResult<Ledger> {
    let chart = chart::chart(&*ctx.tenant()?).await?;
    let row = chart.ledgers.get(&id).cloned();
    row.map(Ledger::from)
        .ok_or_else(|| Error::Internal(format!("entry of an unknown ledger {id}")).into())
}

/// A ledger's sums up to today.
pub async fn balance(ctx: &Context<'_>, id: LedgerId) -> ApiResult<Sums> {
    Ok(ctx.tenant()?.loaders.balances.load_one(id).await?.unwrap_or_default())
}

/// The entries of a version.
pub async fn entries(ctx: &Context<'_>, id: VoucherVersionId) -> ApiResult<Vec<PostedEntry>> {
    Ok(ctx.tenant()?.loaders.entries.load_one(id).await?.unwrap_or_default())
}

/// How a voucher stands.
pub async fn status(ctx: &Context<'_>, id: VoucherId) -> ApiResult<Status> {
    Ok(ctx.tenant()?.loaders.statuses.load_one(id).await?.unwrap_or(Status::Posted))
}

struct Balances(TenantScope);

impl Loader<LedgerId> for Balances {
    type Value = Sums;
    type Error = ApiError;

    async fn load(&self, ids: &[LedgerId]) -> ApiResult<HashMap<LedgerId, Sums>> {
        Ok(ledgers::balances_of(&self.0, ids, None).await?)
    }
}

struct Entries(TenantScope);

impl Loader<VoucherVersionId> for Entries {
    type Value = Vec<PostedEntry>;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[VoucherVersionId],
    ) -> ApiResult<HashMap<VoucherVersionId, Vec<PostedEntry>>> {
        Ok(registers::entries_of(&self.0, ids).await?)
    }
}

struct Statuses(TenantScope);

impl Loader<VoucherId> for Statuses {
    type Value = Status;
    type Error = ApiError;

    async fn load(&self, ids: &[VoucherId]) -> ApiResult<HashMap<VoucherId, Status>> {
        Ok(registers::statuses(&self.0, ids).await?)
    }
}
