//! Drafts of vouchers in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{LedgerId, UserId, VoucherDraftId, VoucherId, VoucherTypeId},
    role::Permission,
};
use daybook_entity::tenant::business::business;
use daybook_entity::tenant::drafts::{DraftAction, DraftStatus};

use super::{
    bills::{BILL, BillExcess, BillPartKind},
    businesses::{Business, asked},
    cost_centres::COST_CENTRE,
    entries::BillAllocation,
    ledgers::Ledger,
    loaders,
    vouchers::{Voucher, VoucherUserError, find as find_voucher},
};
use crate::{
    connection,
    graphql::{
        banks::details::EntryBankDetails,
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        master::VoucherType,
        page::PageAsk,
        scalar::{CurrencyCode, Date, DateTime, Decimal, Money},
        staff::User,
    },
    services::books::drafts::{
        Row,
        content::{self, Content},
        list::{self, DraftFilter},
        pending,
    },
};

/// A voucher, or an act on one, that is written down and not posted yet. It may be incomplete and has no
/// number; once posted, it stays as a trace of who wrote and who approved it.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct VoucherDraft {
    /// Opaque global id.
    pub id: ID,
    /// What it does once it is posted.
    pub action: VoucherDraftAction,
    /// How far it has come.
    pub status: VoucherDraftStatus,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// The version of the voucher acted on that its writer saw; another one in between makes it stale.
    pub voucher_version: Option<i32>,
    /// Day it is to count in the books; of an act without a date of its own, the voucher's.
    pub date: Option<Date>,
    /// Words about the voucher.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Date of that reference.
    pub reference_date: Option<Date>,
    /// When it happened, where that was told.
    pub occurred_at: Option<DateTime>,
    /// Of a reversing journal: the last day on which scenarios count it.
    pub applies_until: Option<Date>,
    /// Why a voucher is amended, cancelled or reversed.
    pub reason: Option<String>,
    /// Its entries in order, as far as they are written.
    pub entries: Vec<VoucherDraftEntry>,
    /// Whether an entry on Round Off takes what rounding leaves of entries in other currencies.
    pub close_residue: bool,
    /// When it was begun.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
    /// When it was submitted for approval.
    pub submitted_at: Option<DateTime>,
    /// When it was approved, posted or rejected.
    pub decided_at: Option<DateTime>,
    /// Why it was rejected.
    pub decision_reason: Option<String>,
    #[graphql(skip)]
    row: Row,
}

/// The kind of a draft's global id.
pub const VOUCHER_DRAFT: &str = "VoucherDraft";

/// What a draft does once it is posted.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "DraftAction")]
pub enum VoucherDraftAction {
    /// Posts a new voucher.
    Post,
    /// Posts a voucher anew under its number.
    Amend,
    /// Takes a voucher back.
    Cancel,
    /// Undoes a voucher by another one.
    Reverse,
}

/// How far a draft has come.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "DraftStatus")]
pub enum VoucherDraftStatus {
    /// It is being written.
    Open,
    /// It waits for somebody to approve it.
    Submitted,
    /// Somebody rejected it.
    Rejected,
    /// It was done.
    Posted,
}

impl From<Row> for VoucherDraft {
    fn from(row: Row) -> Self {
        // What was stored parses; if it did not, everything but the draft's content is still shown.
        let content = Content::read(&row.content).unwrap_or_default();
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            id: id::encode(VOUCHER_DRAFT, row.id.get()),
            action: row.action.into(),
            status: row.status.into(),
            version: row.version,
            voucher_version: content.voucher_version,
            date: row.dated.map(Date),
            narration: said(content.narration),
            reference: said(content.reference),
            reference_date: content.reference_date.map(Date),
            occurred_at: content.occurred_at.map(DateTime),
            applies_until: content.applies_until.map(Date),
            reason: said(content.reason),
            entries: content.entries.into_iter().map(VoucherDraftEntry::from).collect(),
            close_residue: content.close_residue,
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
            submitted_at: row.submitted_at.map(DateTime),
            decided_at: row.decided_at.map(DateTime),
            decision_reason: row.reason.clone(),
            row,
        }
    }
}

#[ComplexObject]
impl VoucherDraft {
    /// The business in whose books it is to be.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.row.business_id, |one| one.clone().into()).await
    }

    /// The voucher that it amends, cancels or reverses, as that stands now.
    async fn voucher(&self, ctx: &Context<'_>) -> ApiResult<Option<Voucher>> {
        voucher(ctx, self.row.voucher_id).await
    }

    /// The voucher that it became; of an amendment or cancellation, the voucher that it was done to.
    async fn posted_voucher(&self, ctx: &Context<'_>) -> ApiResult<Option<Voucher>> {
        voucher(ctx, self.row.result_voucher_id).await
    }

    /// Its type; of an act, the type of the voucher that it is done to.
    async fn voucher_type(&self, ctx: &Context<'_>) -> ApiResult<Option<VoucherType>> {
        match self.row.voucher_type_id {
            Some(id) => VoucherType::find(&*ctx.tenant()?, id).await,
            None => Ok(None),
        }
    }

    /// Sum of its debits in the business's currency; of a cancellation or reversal, the voucher's. Null
    /// while a debit cannot be read.
    async fn total(&self, ctx: &Context<'_>) -> ApiResult<Option<Money>> {
        let Some(total) = self.row.total.clone() else { return Ok(None) };
        let code = |one: &business::Model| CurrencyCode::of(&one.base_currency);
        let currency = loaders::business(ctx, self.row.business_id, code).await?;
        Ok(Some(Money { amount: Decimal(total), currency }))
    }

    /// What keeps it from being posted, as far as that can be told now: empty when all is well. Fields are
    /// named from "draft" on. Locks, years and open bills are judged when it is posted or tried.
    #[graphql(complexity = "5 + child_complexity")]
    async fn problems(&self, ctx: &Context<'_>) -> ApiResult<Vec<VoucherUserError>> {
        if self.row.status == DraftStatus::Posted {
            return Ok(Vec::new());
        }
        let problems = loaders::problems(ctx, self.row.id).await?;
        Ok(problems.into_iter().map(VoucherUserError::from).collect())
    }

    /// Who began it. Null for callers without USER_READ when it was somebody else.
    async fn created_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        user(ctx, Some(self.row.created_by)).await
    }

    /// Who submitted it. Null for callers without USER_READ when it was somebody else.
    async fn submitted_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        user(ctx, self.row.submitted_by).await
    }

    /// Who approved, posted or rejected it. Null for callers without USER_READ when it was somebody else.
    async fn decided_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        user(ctx, self.row.decided_by).await
    }
}

async fn voucher(ctx: &Context<'_>, id: Option<VoucherId>) -> ApiResult<Option<Voucher>> {
    match id {
        Some(id) => Ok(loaders::voucher(ctx, id).await?.map(Voucher::from)),
        None => Ok(None),
    }
}

async fn user(ctx: &Context<'_>, id: Option<UserId>) -> ApiResult<Option<User>> {
    match id {
        Some(id) => Ok(loaders::user(ctx, id).await?.map(User::from)),
        None => Ok(None),
    }
}

/// An entry of a draft, as far as it is written.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct VoucherDraftEntry {
    /// Debit, in the entry's currency.
    pub debit: Option<Decimal>,
    /// Credit, in the entry's currency.
    pub credit: Option<Decimal>,
    /// The entry's currency, where it was named.
    pub currency: Option<CurrencyCode>,
    /// Base units per unit of that currency.
    pub exchange_rate: Option<Decimal>,
    /// Words about the entry.
    pub narration: Option<String>,
    /// Which bills it opens and settles.
    pub bills: Vec<VoucherDraftBill>,
    /// How what they leave of it is set against bills.
    pub allocate: Option<BillAllocation>,
    /// Which cost centres bear it.
    pub costs: Vec<VoucherDraftCost>,
    /// By which instrument it is paid.
    pub bank: Option<EntryBankDetails>,
    #[graphql(skip)]
    ledger: Option<LedgerId>,
}

#[ComplexObject]
impl VoucherDraftEntry {
    /// The ledger.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Option<Ledger>> {
        match self.ledger {
            Some(id) => Ok(Some(loaders::ledger(ctx, id).await?)),
            None => Ok(None),
        }
    }
}

impl From<content::Entry> for VoucherDraftEntry {
    fn from(entry: content::Entry) -> Self {
        Self {
            currency: entry.currency().map(CurrencyCode),
            debit: entry.debit.map(Decimal),
            credit: entry.credit.map(Decimal),
            exchange_rate: entry.exchange_rate.map(Decimal),
            narration: entry.narration,
            bills: entry.bills.into_iter().map(VoucherDraftBill::from).collect(),
            allocate: entry.oldest_first.then_some(BillAllocation::OldestFirst),
            costs: entry.costs.into_iter().map(VoucherDraftCost::from).collect(),
            bank: entry.bank.map(EntryBankDetails::from),
            ledger: entry.ledger.map(LedgerId::new),
        }
    }
}

/// A part of a draft's entry that a cost centre bears, as far as it is written.
#[derive(SimpleObject, Debug, Clone)]
pub struct VoucherDraftCost {
    /// The centre.
    pub centre_id: Option<ID>,
    /// How much, in the business's currency.
    pub amount: Option<Decimal>,
}

impl From<content::Cost> for VoucherDraftCost {
    fn from(cost: content::Cost) -> Self {
        Self {
            centre_id: cost.centre.map(|number| id::encode(COST_CENTRE, number)),
            amount: cost.amount.map(Decimal),
        }
    }
}

/// A part of a draft's entry that opens or settles a bill, as far as it is written.
#[derive(SimpleObject, Debug, Clone)]
pub struct VoucherDraftBill {
    /// What it does.
    pub kind: Option<BillPartKind>,
    /// The bill that it settles.
    pub bill_id: Option<ID>,
    /// The number of the bill that it opens.
    pub reference: Option<String>,
    /// When that is due.
    pub due_on: Option<Date>,
    /// How much, in the ledger's own currency, or the business's where it has none.
    pub amount: Option<Decimal>,
    /// What becomes of more than the bill has open.
    pub excess: BillExcess,
}

impl From<content::Bill> for VoucherDraftBill {
    fn from(bill: content::Bill) -> Self {
        Self {
            kind: bill.kind().map(BillPartKind::from),
            bill_id: bill.bill.map(|id| id::encode(BILL, id)),
            reference: bill.reference,
            due_on: bill.due_on.map(Date),
            amount: bill.amount.map(Decimal),
            excess: if bill.excess_on_account { BillExcess::OnAccount } else { BillExcess::Refuse },
        }
    }
}

connection!(
    /// Drafts, the newest first.
    VoucherDraftConnection, VoucherDraftEdge, VoucherDraft
);

/// Which drafts to list; all conditions hold together.
#[derive(InputObject, Debug, Default)]
pub struct VoucherDraftFilter {
    /// That have come so far.
    pub status: Option<Vec<VoucherDraftStatus>>,
    /// That do this.
    pub action: Option<VoucherDraftAction>,
    /// True: only those that you began. False: only those that others did.
    pub is_own: Option<bool>,
}

/// Queries of drafts.
#[derive(Default, Debug)]
pub struct DraftQuery;

const NEWEST: &str = "voucherDrafts:id:desc";

#[Object]
impl DraftQuery {
    /// Drafts of a business, the newest first. Roles that see only their own documents see only those.
    /// Requires: VOUCHER_READ.
    #[graphql(
        guard = "Requires(Permission::VoucherRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn voucher_drafts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Which drafts.")] filter: Option<VoucherDraftFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<VoucherDraftConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let filter = DraftFilter {
            status: filter.status.map(|states| states.into_iter().map(DraftStatus::from).collect()),
            action: filter.action.map(DraftAction::from),
            is_own: filter.is_own,
        };
        let business = asked(business_id.as_ref());
        let page = list::list(&*ctx.tenant()?, business, filter, &ask).await?;
        Ok(VoucherDraftConnection::of(NEWEST, &ask, page))
    }

    /// One draft. Requires: VOUCHER_READ.
    #[graphql(guard = "Requires(Permission::VoucherRead)")]
    async fn voucher_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draft's id.")] id: ID,
    ) -> ApiResult<Option<VoucherDraft>> {
        let Some(id) = id::decode(VOUCHER_DRAFT, &id) else { return Ok(None) };
        let found = list::find(&*ctx.tenant()?, VoucherDraftId::new(id)).await?;
        Ok(found.map(VoucherDraft::from))
    }
}

/// The draft that a global id names; no draft has the number 0.
pub fn draft_of(global: &ID) -> VoucherDraftId {
    VoucherDraftId::new(id::decode(VOUCHER_DRAFT, global).unwrap_or(0))
}

/// The voucher type that a global id names; no type has the number 0.
pub fn type_number(global: &ID) -> i64 {
    crate::graphql::master::types::type_of(global).map_or(0, VoucherTypeId::get)
}

/// What a mutation that posts, or keeps for approval, did.
#[derive(Debug)]
pub struct Done {
    /// The voucher as it stands now.
    pub voucher: Option<Voucher>,
    /// The draft that waits, or that the voucher was posted from.
    pub draft: Option<VoucherDraft>,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
    /// What was wrong.
    pub user_errors: Vec<VoucherUserError>,
}

impl Done {
    /// What an outcome comes to.
    ///
    /// # Errors
    /// Everything that is not a refusal of the input.
    pub async fn of(
        ctx: &Context<'_>,
        outcome: crate::error::Result<pending::Done>,
    ) -> ApiResult<Self> {
        let (done, user_errors) = answer(outcome)?;
        let Some(pending::Done { posted, draft }) = done else {
            return Ok(Self { voucher: None, draft: None, replayed: false, user_errors });
        };
        let voucher = match posted.vouchers.into_iter().next() {
            Some(voucher) => Some(Voucher::from(voucher)),
            None => find_voucher(ctx, posted.ids.first().copied()).await?,
        };
        let draft = draft.map(VoucherDraft::from);
        Ok(Self { voucher, draft, replayed: posted.replayed, user_errors })
    }
}
