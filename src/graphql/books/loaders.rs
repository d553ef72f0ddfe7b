//! What single objects need, fetched together: ledgers from memory, the rest in one query for the page.
//!
//! The loaders of a request take turns: however many objects ask at once, one reading connection serves
//! them, so that a request with long lists leaves the others to its neighbours.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use daybook_domain::{
    id::{BusinessId, LedgerId, UserId, VoucherId, VoucherVersionId},
    money::Money,
};
use daybook_entity::tenant::business::business;
use tokio::sync::Mutex;

use super::ledgers::Ledger;
use crate::{
    error::Error,
    graphql::{
        context::Asks,
        error::{ApiError, ApiResult},
    },
    lane::PostedEntry,
    scope::TenantScope,
    services::{
        books::{
            chart,
            registers::{self, Status},
            standing::{self, Wanted},
        },
        staff::{self, Member},
    },
};

/// The loaders of one request of one tenant; they live as long as the request.
pub struct Loaders {
    sums: DataLoader<Sums>,
    entries: DataLoader<Entries>,
    statuses: DataLoader<Statuses>,
    users: DataLoader<Users>,
}

/// More keys than any page has: a batch is parted by the service, on one connection.
const BATCH_MAX: usize = 100_000;

impl Loaders {
    /// Fresh loaders for a scope.
    pub fn of(scope: &TenantScope) -> Self {
        let turn = Turn { scope: scope.clone(), one: Arc::default() };
        Self {
            sums: DataLoader::new(Sums(turn.clone()), tokio::spawn).max_batch_size(BATCH_MAX),
            entries: DataLoader::new(Entries(turn.clone()), tokio::spawn).max_batch_size(BATCH_MAX),
            statuses: DataLoader::new(Statuses(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            users: DataLoader::new(Users(turn), tokio::spawn).max_batch_size(BATCH_MAX),
        }
    }
}

impl std::fmt::Debug for Loaders {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Loaders")
    }
}

/// A scope whose loaders read one after the other.
#[derive(Clone)]
struct Turn {
    scope: TenantScope,
    one: Arc<Mutex<()>>,
}

/// A ledger by its id, from the tenant's chart in memory.
pub async fn ledger(ctx: &Context<'_>, id: LedgerId) -> ApiResult<Ledger> {
    let chart = chart::known(&*ctx.tenant()?).await?;
    let row = chart.ledgers.get(&id).cloned();
    row.map(Ledger::from)
        .ok_or_else(|| Error::Internal(format!("entry of an unknown ledger {id}")).into())
}

/// The business of something that the caller sees.
pub async fn business(ctx: &Context<'_>, id: BusinessId) -> ApiResult<business::Model> {
    let scope = &ctx.tenant()?;
    let chart = chart::known(scope).await?;
    chart
        .visible(scope, id)
        .cloned()
        .ok_or_else(|| Error::Internal(format!("something of an unseen business {id}")).into())
}

/// A sum of a ledger, a debit above zero.
pub async fn sum(ctx: &Context<'_>, id: LedgerId, wanted: Wanted) -> ApiResult<Money> {
    Ok(ctx.tenant()?.loaders.sums.load_one((id, wanted)).await?.unwrap_or(Money::ZERO))
}

/// The entries of a version.
pub async fn entries(ctx: &Context<'_>, id: VoucherVersionId) -> ApiResult<Vec<PostedEntry>> {
    Ok(ctx.tenant()?.loaders.entries.load_one(id).await?.unwrap_or_default())
}

/// How a voucher stands.
pub async fn status(ctx: &Context<'_>, id: VoucherId) -> ApiResult<Status> {
    Ok(ctx.tenant()?.loaders.statuses.load_one(id).await?.unwrap_or(Status::Posted))
}

/// A user, if the caller may see them.
pub async fn user(ctx: &Context<'_>, id: UserId) -> ApiResult<Option<Member>> {
    ctx.tenant()?.loaders.users.load_one(id).await
}

struct Sums(Turn);

impl Loader<(LedgerId, Wanted)> for Sums {
    type Value = Money;
    type Error = ApiError;

    async fn load(
        &self,
        keys: &[(LedgerId, Wanted)],
    ) -> ApiResult<HashMap<(LedgerId, Wanted), Money>> {
        let _turn = self.0.one.lock().await;
        Ok(standing::sums_of(&self.0.scope, keys).await?)
    }
}

struct Entries(Turn);

impl Loader<VoucherVersionId> for Entries {
    type Value = Vec<PostedEntry>;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[VoucherVersionId],
    ) -> ApiResult<HashMap<VoucherVersionId, Vec<PostedEntry>>> {
        let _turn = self.0.one.lock().await;
        Ok(registers::entries_of(&self.0.scope, ids).await?)
    }
}

struct Statuses(Turn);

impl Loader<VoucherId> for Statuses {
    type Value = Status;
    type Error = ApiError;

    async fn load(&self, ids: &[VoucherId]) -> ApiResult<HashMap<VoucherId, Status>> {
        let _turn = self.0.one.lock().await;
        Ok(registers::statuses(&self.0.scope, ids).await?)
    }
}

struct Users(Turn);

impl Loader<UserId> for Users {
    type Value = Member;
    type Error = ApiError;

    async fn load(&self, ids: &[UserId]) -> ApiResult<HashMap<UserId, Member>> {
        let _turn = self.0.one.lock().await;
        Ok(staff::users_among(&self.0.scope, ids).await?)
    }
}
