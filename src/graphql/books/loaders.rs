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
    cost::CostSplit,
    id::{
        BankMatchId, BudgetId, BusinessId, BusinessYearId, EntryId, LedgerId, LockExceptionId,
        RecurringVoucherId, UserId, VoucherDraftId, VoucherId, VoucherTemplateId, VoucherVersionId,
    },
    money::Money,
};
use daybook_entity::tenant::{
    business::{business, lock_exception, year_act},
    drafts::voucher_draft,
    recurring::{recurring_voucher, voucher_template},
};
use tokio::sync::Mutex;

use super::{ledgers::Ledger, templates::VoucherTemplate};
use crate::{
    error::{Error, Refusal},
    graphql::{
        context::Asks,
        error::{ApiError, ApiResult},
    },
    lane::{BankDetail, PostedBill, PostedEntry, PostedVoucher, posting::PostedItem},
    scope::TenantScope,
    services::{
        banks::matches::{self, Match},
        books::{
            budgets, chart, drafts, lock_exceptions, recurring,
            registers::{self, Status, StoredAct},
            standing::{self, Wanted},
            templates, years,
        },
        files::attachments::{self, Attachment},
        staff::{self, Member},
    },
};

/// The loaders of one request of one tenant; they live as long as the request.
pub struct Loaders {
    sums: DataLoader<Sums>,
    entries: DataLoader<Entries>,
    bills: DataLoader<Bills>,
    costs: DataLoader<Costs>,
    budget_lines: DataLoader<BudgetLines>,
    bank_details: DataLoader<BankDetails>,
    bank_matches: DataLoader<BankMatches>,
    items: DataLoader<Items>,
    acts: DataLoader<Acts>,
    statuses: DataLoader<Statuses>,
    users: DataLoader<Users>,
    year_acts: DataLoader<YearActs>,
    exceptions: DataLoader<Exceptions>,
    vouchers: DataLoader<Vouchers>,
    problems: DataLoader<Problems>,
    drafts: DataLoader<Drafts>,
    templates: DataLoader<Templates>,
    recurring: DataLoader<Recurring>,
    attachments: DataLoader<Attachments>,
}

/// More keys than any page has: a batch is parted by the service, on one connection.
const BATCH_MAX: usize = 100_000;

impl Loaders {
    /// Fresh loaders for a scope.
    pub fn of(scope: &Arc<TenantScope>) -> Self {
        let turn = Turn { scope: Arc::clone(scope), one: Arc::default() };
        Self {
            sums: DataLoader::new(Sums(turn.clone()), tokio::spawn).max_batch_size(BATCH_MAX),
            entries: DataLoader::new(Entries(turn.clone()), tokio::spawn).max_batch_size(BATCH_MAX),
            bills: DataLoader::new(Bills(turn.clone()), tokio::spawn).max_batch_size(BATCH_MAX),
            costs: DataLoader::new(Costs(turn.clone()), tokio::spawn).max_batch_size(BATCH_MAX),
            budget_lines: DataLoader::new(BudgetLines(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            bank_details: DataLoader::new(BankDetails(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            bank_matches: DataLoader::new(BankMatches(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            items: DataLoader::new(Items(turn.clone()), tokio::spawn).max_batch_size(BATCH_MAX),
            acts: DataLoader::new(Acts(turn.clone()), tokio::spawn).max_batch_size(BATCH_MAX),
            statuses: DataLoader::new(Statuses(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            users: DataLoader::new(Users(turn.clone()), tokio::spawn).max_batch_size(BATCH_MAX),
            year_acts: DataLoader::new(YearActs(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            exceptions: DataLoader::new(Exceptions(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            vouchers: DataLoader::new(Vouchers(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            problems: DataLoader::new(Problems(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            drafts: DataLoader::new(Drafts(turn.clone()), tokio::spawn).max_batch_size(BATCH_MAX),
            templates: DataLoader::new(Templates(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            recurring: DataLoader::new(Recurring(turn.clone()), tokio::spawn)
                .max_batch_size(BATCH_MAX),
            attachments: DataLoader::new(Attachments(turn), tokio::spawn).max_batch_size(BATCH_MAX),
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
    scope: Arc<TenantScope>,
    one: Arc<Mutex<()>>,
}

/// A ledger by its id, from the tenant's chart in memory.
pub async fn ledger(ctx: &Context<'_>, id: LedgerId) -> ApiResult<Ledger> {
    let chart = chart::known(&*ctx.tenant()?).await?;
    let row = chart.ledgers.get(&id).cloned();
    row.map(Ledger::from)
        .ok_or_else(|| Error::Internal(format!("entry of an unknown ledger {id}")).into())
}

/// What is asked of the business of something that the caller sees.
pub async fn business<T>(
    ctx: &Context<'_>,
    id: BusinessId,
    asked: impl FnOnce(&business::Model) -> T,
) -> ApiResult<T> {
    let scope = &ctx.tenant()?;
    let chart = chart::known(scope).await?;
    chart
        .visible(scope, id)
        .map(asked)
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

/// Which bills a version opened and settled.
pub async fn bills(ctx: &Context<'_>, id: VoucherVersionId) -> ApiResult<Vec<PostedBill>> {
    Ok(ctx.tenant()?.loaders.bills.load_one(id).await?.unwrap_or_default())
}

/// Which cost centres bear an entry of a version, by its line.
pub async fn costs(
    ctx: &Context<'_>,
    id: VoucherVersionId,
    line: i32,
) -> ApiResult<Vec<CostSplit>> {
    let of_version = ctx.tenant()?.loaders.costs.load_one(id).await?.unwrap_or_default();
    Ok(of_version.into_iter().filter(|(at, _)| *at == line).map(|(_, split)| split).collect())
}

/// The lines of a budget.
pub async fn budget_lines(ctx: &Context<'_>, id: BudgetId) -> ApiResult<Vec<budgets::Line>> {
    Ok(ctx.tenant()?.loaders.budget_lines.load_one(id).await?.unwrap_or_default())
}

/// By which instrument an entry was paid.
pub async fn bank_detail(ctx: &Context<'_>, id: EntryId) -> ApiResult<Option<BankDetail>> {
    ctx.tenant()?.loaders.bank_details.load_one(id).await
}

/// A match of bank lines and entries, if the caller may see it.
pub async fn bank_match(ctx: &Context<'_>, id: BankMatchId) -> ApiResult<Option<Match>> {
    ctx.tenant()?.loaders.bank_matches.load_one(id).await
}

/// Goods and services on a version.
pub async fn items(ctx: &Context<'_>, id: VoucherVersionId) -> ApiResult<Vec<PostedItem>> {
    Ok(ctx.tenant()?.loaders.items.load_one(id).await?.unwrap_or_default())
}

/// What was done to a voucher.
pub async fn acts(ctx: &Context<'_>, id: VoucherId) -> ApiResult<Vec<StoredAct>> {
    Ok(ctx.tenant()?.loaders.acts.load_one(id).await?.unwrap_or_default())
}

/// How a voucher stands.
pub async fn status(ctx: &Context<'_>, id: VoucherId) -> ApiResult<Status> {
    Ok(ctx.tenant()?.loaders.statuses.load_one(id).await?.unwrap_or(Status::Posted))
}

/// A user, if the caller may see them.
pub async fn user(ctx: &Context<'_>, id: UserId) -> ApiResult<Option<Member>> {
    ctx.tenant()?.loaders.users.load_one(id).await
}

/// What was done to an accounting year, the first act first.
pub async fn year_acts(ctx: &Context<'_>, id: BusinessYearId) -> ApiResult<Vec<year_act::Model>> {
    Ok(ctx.tenant()?.loaders.year_acts.load_one(id).await?.unwrap_or_default())
}

/// An exception from period locks, if the caller may see it.
pub async fn lock_exception(
    ctx: &Context<'_>,
    id: LockExceptionId,
) -> ApiResult<Option<lock_exception::Model>> {
    ctx.tenant()?.loaders.exceptions.load_one(id).await
}

/// A voucher, if the caller may see it; its entries are read only where they are asked for.
pub async fn voucher(ctx: &Context<'_>, id: VoucherId) -> ApiResult<Option<PostedVoucher>> {
    ctx.tenant()?.loaders.vouchers.load_one(id).await
}

/// What keeps a draft from being posted.
pub async fn problems(ctx: &Context<'_>, id: VoucherDraftId) -> ApiResult<Vec<Refusal>> {
    Ok(ctx.tenant()?.loaders.problems.load_one(id).await?.unwrap_or_default())
}

/// A draft, if the caller may see it.
pub async fn draft(
    ctx: &Context<'_>,
    id: VoucherDraftId,
) -> ApiResult<Option<voucher_draft::Model>> {
    ctx.tenant()?.loaders.drafts.load_one(id).await
}

/// The template of a recurring voucher that the caller sees, thrown away or not.
pub async fn template(ctx: &Context<'_>, id: VoucherTemplateId) -> ApiResult<VoucherTemplate> {
    let row = ctx.tenant()?.loaders.templates.load_one(id).await?;
    let row = row.map(VoucherTemplate::from);
    row.ok_or_else(|| Error::Internal(format!("something of an unknown template {id}")).into())
}

/// A recurring voucher, if the caller may see it.
pub async fn recurring(
    ctx: &Context<'_>,
    id: RecurringVoucherId,
) -> ApiResult<Option<recurring_voucher::Model>> {
    ctx.tenant()?.loaders.recurring.load_one(id).await
}

/// The files beside a voucher, those that were taken off included.
pub async fn attachments(ctx: &Context<'_>, id: VoucherId) -> ApiResult<Vec<Attachment>> {
    Ok(ctx.tenant()?.loaders.attachments.load_one(id).await?.unwrap_or_default())
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

struct Bills(Turn);

impl Loader<VoucherVersionId> for Bills {
    type Value = Vec<PostedBill>;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[VoucherVersionId],
    ) -> ApiResult<HashMap<VoucherVersionId, Vec<PostedBill>>> {
        let _turn = self.0.one.lock().await;
        Ok(registers::bills_of_all(&self.0.scope, ids).await?)
    }
}

struct Items(Turn);

impl Loader<VoucherVersionId> for Items {
    type Value = Vec<PostedItem>;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[VoucherVersionId],
    ) -> ApiResult<HashMap<VoucherVersionId, Vec<PostedItem>>> {
        let _turn = self.0.one.lock().await;
        Ok(registers::items_of(&self.0.scope, ids).await?)
    }
}

struct Costs(Turn);

impl Loader<VoucherVersionId> for Costs {
    type Value = Vec<(i32, CostSplit)>;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[VoucherVersionId],
    ) -> ApiResult<HashMap<VoucherVersionId, Vec<(i32, CostSplit)>>> {
        let _turn = self.0.one.lock().await;
        let mut found: HashMap<VoucherVersionId, Vec<(i32, CostSplit)>> = HashMap::new();
        for ((version, line), splits) in registers::costs_of_all(&self.0.scope, ids).await? {
            let own = splits.into_iter().map(|split| (line, split));
            found.entry(version).or_default().extend(own);
        }
        Ok(found)
    }
}

struct BudgetLines(Turn);

impl Loader<BudgetId> for BudgetLines {
    type Value = Vec<budgets::Line>;
    type Error = ApiError;

    async fn load(&self, ids: &[BudgetId]) -> ApiResult<HashMap<BudgetId, Vec<budgets::Line>>> {
        let _turn = self.0.one.lock().await;
        Ok(budgets::lines_of(&self.0.scope, ids).await?)
    }
}

struct BankDetails(Turn);

impl Loader<EntryId> for BankDetails {
    type Value = BankDetail;
    type Error = ApiError;

    async fn load(&self, ids: &[EntryId]) -> ApiResult<HashMap<EntryId, BankDetail>> {
        let _turn = self.0.one.lock().await;
        Ok(registers::bank_details_of(&self.0.scope, ids).await?)
    }
}

struct BankMatches(Turn);

impl Loader<BankMatchId> for BankMatches {
    type Value = Match;
    type Error = ApiError;

    async fn load(&self, ids: &[BankMatchId]) -> ApiResult<HashMap<BankMatchId, Match>> {
        let _turn = self.0.one.lock().await;
        let found = matches::find_all(&self.0.scope, ids).await?;
        Ok(found.into_iter().map(|one| (one.row.id, one)).collect())
    }
}

struct Acts(Turn);

impl Loader<VoucherId> for Acts {
    type Value = Vec<StoredAct>;
    type Error = ApiError;

    async fn load(&self, ids: &[VoucherId]) -> ApiResult<HashMap<VoucherId, Vec<StoredAct>>> {
        let _turn = self.0.one.lock().await;
        Ok(registers::acts_of(&self.0.scope, ids).await?)
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

struct YearActs(Turn);

impl Loader<BusinessYearId> for YearActs {
    type Value = Vec<year_act::Model>;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[BusinessYearId],
    ) -> ApiResult<HashMap<BusinessYearId, Vec<year_act::Model>>> {
        let _turn = self.0.one.lock().await;
        Ok(years::acts_of(&self.0.scope, ids).await?)
    }
}

struct Exceptions(Turn);

impl Loader<LockExceptionId> for Exceptions {
    type Value = lock_exception::Model;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[LockExceptionId],
    ) -> ApiResult<HashMap<LockExceptionId, lock_exception::Model>> {
        let _turn = self.0.one.lock().await;
        Ok(lock_exceptions::among(&self.0.scope, ids).await?)
    }
}

struct Vouchers(Turn);

impl Loader<VoucherId> for Vouchers {
    type Value = PostedVoucher;
    type Error = ApiError;

    async fn load(&self, ids: &[VoucherId]) -> ApiResult<HashMap<VoucherId, PostedVoucher>> {
        let _turn = self.0.one.lock().await;
        let found = registers::find(&self.0.scope, ids, false).await?;
        Ok(found.into_iter().map(|voucher| (voucher.id, voucher)).collect())
    }
}

struct Problems(Turn);

impl Loader<VoucherDraftId> for Problems {
    type Value = Vec<Refusal>;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[VoucherDraftId],
    ) -> ApiResult<HashMap<VoucherDraftId, Vec<Refusal>>> {
        let _turn = self.0.one.lock().await;
        Ok(drafts::list::problems_of(&self.0.scope, ids).await?)
    }
}

struct Drafts(Turn);

impl Loader<VoucherDraftId> for Drafts {
    type Value = voucher_draft::Model;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[VoucherDraftId],
    ) -> ApiResult<HashMap<VoucherDraftId, voucher_draft::Model>> {
        let _turn = self.0.one.lock().await;
        Ok(drafts::list::among(&self.0.scope, ids).await?)
    }
}

struct Templates(Turn);

impl Loader<VoucherTemplateId> for Templates {
    type Value = voucher_template::Model;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[VoucherTemplateId],
    ) -> ApiResult<HashMap<VoucherTemplateId, voucher_template::Model>> {
        let _turn = self.0.one.lock().await;
        Ok(templates::of_recurring(&self.0.scope, ids).await?)
    }
}

struct Recurring(Turn);

impl Loader<RecurringVoucherId> for Recurring {
    type Value = recurring_voucher::Model;
    type Error = ApiError;

    async fn load(
        &self,
        ids: &[RecurringVoucherId],
    ) -> ApiResult<HashMap<RecurringVoucherId, recurring_voucher::Model>> {
        let _turn = self.0.one.lock().await;
        Ok(recurring::list::among(&self.0.scope, ids).await?)
    }
}

struct Attachments(Turn);

impl Loader<VoucherId> for Attachments {
    type Value = Vec<Attachment>;
    type Error = ApiError;

    async fn load(&self, ids: &[VoucherId]) -> ApiResult<HashMap<VoucherId, Vec<Attachment>>> {
        let _turn = self.0.one.lock().await;
        Ok(attachments::of_vouchers(&self.0.scope, ids).await?)
    }
}
