//! Writing, submitting, approving and rejecting drafts, in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{CostCentreId, LedgerId, VoucherId},
    role::Permission,
};
use daybook_entity::tenant::books::BillKind;

use super::{
    acts::claim,
    bills::{BILL, BillExcess, BillPartKind},
    businesses::asked,
    cost_centres::centre_of,
    drafts::{Done, VOUCHER_DRAFT, VoucherDraft, VoucherDraftAction, draft_of, type_number},
    entries::BillAllocation,
    ledgers::ledger_of,
    vouchers::{Voucher, VoucherUserError, voucher_of},
};
use crate::{
    graphql::{
        banks::details::EntryBankDetailsInput,
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        retry::input_hash,
        scalar::{CurrencyCode, Date, DateTime, Decimal},
    },
    services::books::drafts::{
        Row,
        content::{self, Content},
        decide::{self, Ground, PostDraft},
        write::{self, OnDraft, SaveDraft},
    },
};

/// All of what a draft says; whatever is not known yet is left out.
#[derive(InputObject, Debug)]
pub struct VoucherDraftSaveInput {
    /// The draft to be written anew; a new one when left out.
    pub id: Option<ID>,
    /// The version of the draft that you saw; needed with `id`, and refused as STALE when somebody changed
    /// it meanwhile.
    pub expected_version: Option<i32>,
    /// What it does once it is posted; a draft keeps that.
    pub action: VoucherDraftAction,
    /// In whose books a new voucher is to be; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// The voucher to be amended, cancelled or reversed; a draft keeps it.
    pub voucher_id: Option<ID>,
    /// The version of that voucher that you saw; the one that stands now when left out.
    pub voucher_version: Option<i32>,
    /// Why the voucher is amended, cancelled or reversed.
    pub reason: Option<String>,
    /// Type of a new voucher, one that counts in the books.
    pub voucher_type_id: Option<ID>,
    /// Day it counts in the books; of a reversal, that of the voucher when left out.
    pub date: Option<Date>,
    /// Words about the voucher; of a reversal, those of the voucher when left out.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Date of that reference.
    pub reference_date: Option<Date>,
    /// When it happened.
    pub occurred_at: Option<DateTime>,
    /// Of a reversing journal: the last day on which scenarios count it.
    pub applies_until: Option<Date>,
    /// Its entries, as far as they are known; they need not balance yet.
    pub entries: Option<Vec<VoucherDraftEntryInput>>,
    /// Whether an entry on Round Off takes what rounding leaves of entries in other currencies.
    pub close_residue: Option<bool>,
}

/// An entry of a draft, as far as it is known.
#[derive(InputObject, Debug)]
pub struct VoucherDraftEntryInput {
    /// The ledger.
    pub ledger_id: Option<ID>,
    /// Debit, in the entry's currency.
    pub debit: Option<Decimal>,
    /// Credit, in the entry's currency.
    pub credit: Option<Decimal>,
    /// The entry's currency; that of the ledger when left out, or the business's where it has none.
    pub currency: Option<CurrencyCode>,
    /// Base units per unit of the entry's currency, where that is not the business's; when left out, the
    /// newest exchange rate of the voucher's day or before.
    pub exchange_rate: Option<Decimal>,
    /// Words about the entry.
    pub narration: Option<String>,
    /// Which bills it opens and settles; only on a ledger that is kept bill by bill.
    pub bills: Option<Vec<VoucherDraftBillInput>>,
    /// How what `bills` leave of it is set against bills: on account when left out.
    pub allocate: Option<BillAllocation>,
    /// Which cost centres bear it.
    pub costs: Option<Vec<VoucherDraftCostInput>>,
    /// By which instrument it is paid; only on a ledger below Bank Accounts or Bank OD A/c.
    pub bank: Option<EntryBankDetailsInput>,
}

/// A part of a draft's entry to be borne by a cost centre, as far as it is known.
#[derive(InputObject, Debug)]
pub struct VoucherDraftCostInput {
    /// The centre.
    pub centre_id: Option<ID>,
    /// How much, in the business's currency.
    pub amount: Option<Decimal>,
}

/// A part of a draft's entry that opens or settles a bill, as far as it is known.
#[derive(InputObject, Debug)]
pub struct VoucherDraftBillInput {
    /// What it does.
    pub kind: Option<BillPartKind>,
    /// The bill that it settles.
    pub bill_id: Option<ID>,
    /// The number of the bill that it opens.
    pub reference: Option<String>,
    /// When that is due; after the ledger's credit period when left out.
    pub due_on: Option<Date>,
    /// How much, in the ledger's own currency, or the business's where it has none.
    pub amount: Option<Decimal>,
    /// What becomes of more than the bill has open.
    #[graphql(default_with = "BillExcess::Refuse")]
    pub excess: BillExcess,
}

impl From<VoucherDraftEntryInput> for content::Entry {
    fn from(input: VoucherDraftEntryInput) -> Self {
        let ledger = |global: &ID| ledger_of(global).map_or(0, LedgerId::get);
        Self {
            ledger: input.ledger_id.as_ref().map(ledger),
            debit: input.debit.map(|amount| amount.0),
            credit: input.credit.map(|amount| amount.0),
            currency: input.currency.map(|code| code.0.to_string()),
            exchange_rate: input.exchange_rate.map(|rate| rate.0),
            narration: input.narration,
            bills: input.bills.into_iter().flatten().map(content::Bill::from).collect(),
            oldest_first: input.allocate == Some(BillAllocation::OldestFirst),
            costs: input.costs.into_iter().flatten().map(content::Cost::from).collect(),
            bank: input.bank.map(Into::into),
        }
    }
}

impl From<VoucherDraftCostInput> for content::Cost {
    fn from(input: VoucherDraftCostInput) -> Self {
        let centre = |global: &ID| centre_of(global).map_or(0, CostCentreId::get);
        Self {
            centre: input.centre_id.as_ref().map(centre),
            amount: input.amount.map(|amount| amount.0),
        }
    }
}

impl From<VoucherDraftBillInput> for content::Bill {
    fn from(input: VoucherDraftBillInput) -> Self {
        let bill = |global: &ID| id::decode(BILL, global).unwrap_or(0);
        Self {
            bill: input.bill_id.as_ref().map(bill),
            reference: input.reference,
            due_on: input.due_on.map(|day| day.0),
            amount: input.amount.map(|amount| amount.0),
            excess_on_account: input.excess == BillExcess::OnAccount,
            ..Self::of_kind(input.kind.map(BillKind::from))
        }
    }
}

impl From<VoucherDraftSaveInput> for SaveDraft {
    fn from(input: VoucherDraftSaveInput) -> Self {
        // No voucher has the number 0.
        let voucher = |global: &ID| voucher_of(global).unwrap_or(VoucherId::new(0));
        Self {
            draft: input.id.as_ref().map(draft_of),
            expected_version: input.expected_version,
            action: input.action.into(),
            business: asked(input.business_id.as_ref()),
            voucher: input.voucher_id.as_ref().map(voucher),
            content: Content {
                voucher_version: input.voucher_version,
                reason: input.reason,
                voucher_type: input.voucher_type_id.as_ref().map(type_number),
                dated: input.date.map(|day| day.0),
                narration: input.narration,
                reference: input.reference,
                reference_date: input.reference_date.map(|day| day.0),
                occurred_at: input.occurred_at.map(|instant| instant.0),
                applies_until: input.applies_until.map(|day| day.0),
                lock_exception: None,
                entries: input.entries.into_iter().flatten().map(Into::into).collect(),
                close_residue: input.close_residue.unwrap_or(false),
            },
        }
    }
}

/// Which draft, as which it was seen.
#[derive(InputObject, Debug)]
pub struct VoucherDraftInput {
    /// The draft.
    pub draft_id: ID,
    /// The version that you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
}

/// A draft to be rejected.
#[derive(InputObject, Debug)]
pub struct VoucherDraftRejectInput {
    /// The draft.
    pub draft_id: ID,
    /// The version that you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// Why.
    pub reason: String,
}

/// A draft to be posted.
#[derive(InputObject, Debug)]
pub struct VoucherDraftPostInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The draft.
    pub draft_id: ID,
    /// The version that you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// Shows what would be posted, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// A draft to be approved.
#[derive(InputObject, Debug)]
pub struct VoucherDraftApproveInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The draft.
    pub draft_id: ID,
    /// The version that you saw: nobody approves what they have not seen.
    pub expected_version: i32,
    /// Shows what would be posted, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// What changing a draft did.
#[derive(SimpleObject, Debug)]
pub struct VoucherDraftPayload {
    /// The draft as it stands now; null when something was wrong.
    pub draft: Option<VoucherDraft>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<VoucherUserError>,
}

impl VoucherDraftPayload {
    fn of(outcome: crate::error::Result<Row>) -> ApiResult<Self> {
        let (row, user_errors) = answer(outcome)?;
        Ok(Self { draft: row.map(VoucherDraft::from), user_errors })
    }
}

/// What throwing a draft away did.
#[derive(SimpleObject, Debug)]
pub struct VoucherDraftDeletePayload {
    /// Opaque global id of the draft that is gone; null when something was wrong.
    pub deleted_draft_id: Option<ID>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<VoucherUserError>,
}

/// What posting a draft did.
#[derive(SimpleObject, Debug)]
pub struct VoucherDraftPostPayload {
    /// The voucher as it stands now; null when something was wrong.
    pub voucher: Option<Voucher>,
    /// The draft as it stands now; null when something was wrong.
    pub draft: Option<VoucherDraft>,
    /// Whether it had been posted before.
    pub replayed: bool,
    /// Whether nothing was stored because only a preview was asked.
    pub dry_run: bool,
    /// What was wrong; empty when it was done. Fields of the draft's content are named from "draft" on.
    pub user_errors: Vec<VoucherUserError>,
}

async fn post(
    ctx: &Context<'_>,
    command: PostDraft,
    ground: Ground,
) -> ApiResult<VoucherDraftPostPayload> {
    let dry_run = command.dry_run;
    let outcome = decide::post(&*ctx.tenant()?, command, ground).await;
    let Done { voucher, draft, replayed, user_errors } = Done::of(ctx, outcome).await?;
    Ok(VoucherDraftPostPayload { voucher, draft, replayed, dry_run, user_errors })
}

/// Mutations of drafts.
#[derive(Default, Debug)]
pub struct DraftMutation;

#[Object]
impl DraftMutation {
    /// Writes a draft, or writes one anew. It may be incomplete and need not balance: only sizes and ids are
    /// checked, and `problems` tells what else is wrong. One that was submitted or rejected is open again. A
    /// draft of an amendment, cancellation or reversal also needs that permission. Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_draft_save(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All of what the draft says.")] input: VoucherDraftSaveInput,
    ) -> ApiResult<VoucherDraftPayload> {
        VoucherDraftPayload::of(write::save(&*ctx.tenant()?, input.into()).await)
    }

    /// Posts a draft, where the business wants no approval. It is judged anew by everything that a posting
    /// is judged by; when it is refused, it stays as it was. What the draft does also needs its own
    /// permission. Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_draft_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft.")] input: VoucherDraftPostInput,
    ) -> ApiResult<VoucherDraftPostPayload> {
        let command = PostDraft {
            claim: claim("voucherDraftPost", &input.idempotency_key, input_hash(&input)),
            draft: draft_of(&input.draft_id),
            expected_version: input.expected_version,
            dry_run: input.dry_run,
        };
        post(ctx, command, Ground::Free).await
    }

    /// Hands a draft in for approval. It must be such that it could be posted now. What the draft does also
    /// needs its own permission. Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_draft_submit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft.")] input: VoucherDraftInput,
    ) -> ApiResult<VoucherDraftPayload> {
        VoucherDraftPayload::of(write::submit(&*ctx.tenant()?, input.into()).await)
    }

    /// Approves a submitted draft, which posts it: it is judged anew by everything that a posting is judged
    /// by, and when it is refused, it stays submitted. Nobody approves what they wrote or submitted
    /// themselves. What the draft does also needs its own permission. Requires: VOUCHER_APPROVE.
    #[graphql(
        guard = "Requires(Permission::VoucherApprove)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_draft_approve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft.")] input: VoucherDraftApproveInput,
    ) -> ApiResult<VoucherDraftPostPayload> {
        let command = PostDraft {
            claim: claim("voucherDraftApprove", &input.idempotency_key, input_hash(&input)),
            draft: draft_of(&input.draft_id),
            expected_version: Some(input.expected_version),
            dry_run: input.dry_run,
        };
        post(ctx, command, Ground::Approved).await
    }

    /// Rejects a submitted draft. Its writer may change it and hand it in again. Requires: VOUCHER_APPROVE.
    #[graphql(guard = "Requires(Permission::VoucherApprove)")]
    async fn voucher_draft_reject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft, and why.")] input: VoucherDraftRejectInput,
    ) -> ApiResult<VoucherDraftPayload> {
        let on =
            OnDraft { draft: draft_of(&input.draft_id), expected_version: input.expected_version };
        VoucherDraftPayload::of(write::reject(&*ctx.tenant()?, on, &input.reason).await)
    }

    /// Throws a draft away that was not posted; the edit log keeps what it said. What the draft does also
    /// needs its own permission. Requires: VOUCHER_POST.
    #[graphql(guard = "Requires(Permission::VoucherPost)")]
    async fn voucher_draft_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft.")] input: VoucherDraftInput,
    ) -> ApiResult<VoucherDraftDeletePayload> {
        let (gone, user_errors) = answer(write::delete(&*ctx.tenant()?, input.into()).await)?;
        let deleted_draft_id = gone.map(|id| id::encode(VOUCHER_DRAFT, id.get()));
        Ok(VoucherDraftDeletePayload { deleted_draft_id, user_errors })
    }
}

impl From<VoucherDraftInput> for OnDraft {
    fn from(input: VoucherDraftInput) -> Self {
        Self { draft: draft_of(&input.draft_id), expected_version: input.expected_version }
    }
}
