//! What is done to posted vouchers later, in the API.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::role::Permission;
use daybook_entity::tenant::books::ActKind;

use super::{
    drafts::{Done, VoucherDraft},
    entries::VoucherEntryInput,
    vouchers::{VOUCHER, Voucher, VoucherUserError, voucher_of},
};
use crate::{
    error::Result,
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        id,
        retry::input_hash,
        scalar::{Date, DateTime},
    },
    lane::Claim,
    services::books::{
        acts::{self, WrittenAct, WrittenReversal},
        chart::Asked,
        drafts::pending,
        registers::StoredAct,
        vouchers::PostVoucher,
    },
};

/// Something that was done to a posted voucher.
#[derive(SimpleObject, Debug, Clone)]
pub struct VoucherAct {
    /// Opaque id, by which an allocation is undone.
    pub id: ID,
    /// What was done.
    pub kind: VoucherActKind,
    /// The version that it was done to.
    pub version: i32,
    /// Day that period locks were compared with: the voucher's own, or that of an allocation.
    pub date: Date,
    /// Why.
    pub reason: Option<String>,
    /// Whether a later act undid it.
    pub is_undone: bool,
    /// Opaque global id of the voucher that reverses this one, or that takes the difference between the
    /// exchange rates of an allocation.
    pub related_voucher_id: Option<ID>,
    /// When it was done.
    pub recorded_at: DateTime,
}

/// The kind of an act's id.
pub const VOUCHER_ACT: &str = "VoucherAct";

/// What was done to a voucher.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ActKind")]
pub enum VoucherActKind {
    /// Taken back whole, on its date.
    Cancelled,
    /// Taken back and posted as a new version.
    Amended,
    /// Undone by another voucher.
    Reversed,
    /// What it left on account, or paid in advance, was set against bills.
    Allocated,
    /// Such an allocation was undone.
    Deallocated,
}

impl From<StoredAct> for VoucherAct {
    fn from(act: StoredAct) -> Self {
        Self {
            id: id::encode(VOUCHER_ACT, act.id.get()),
            kind: act.kind.into(),
            version: act.version,
            date: Date(act.dated),
            reason: act.reason,
            is_undone: act.is_undone,
            related_voucher_id: act.related.map(|voucher| id::encode(VOUCHER, voucher.get())),
            recorded_at: DateTime(act.recorded_at),
        }
    }
}

/// A voucher to be cancelled.
#[derive(InputObject, Debug, Clone)]
pub struct VoucherCancelInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The voucher.
    pub voucher_id: ID,
    /// The version that you saw; it is refused when another one came between.
    pub expected_version: Option<i32>,
    /// Why.
    pub reason: Option<String>,
    /// Shows what would be done, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// A voucher to be amended: all of its new content, but for business and type, which stay.
#[derive(InputObject, Debug, Clone)]
pub struct VoucherAmendInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The voucher.
    pub voucher_id: ID,
    /// The version that you saw; it is refused when another one came between.
    pub expected_version: Option<i32>,
    /// Why.
    pub reason: Option<String>,
    /// Day it counts in the books from now on, in the same accounting year.
    pub date: Date,
    /// Words about the voucher.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Date of that reference.
    pub reference_date: Option<Date>,
    /// When it happened.
    pub occurred_at: Option<DateTime>,
    /// Of a reversing journal: the last day on which scenarios count it.
    pub applies_until: Option<Date>,
    /// At least two entries whose debits equal their credits.
    pub entries: Vec<VoucherEntryInput>,
    /// Whether an entry on Round Off takes what rounding leaves of entries in other currencies: at most one
    /// minor unit for each of them.
    pub close_residue: Option<bool>,
    /// Shows what would be done, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// A voucher to be reversed.
#[derive(InputObject, Debug, Clone)]
pub struct VoucherReverseInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The voucher: a journal, contra, payment or receipt.
    pub voucher_id: ID,
    /// The version that you saw; it is refused when another one came between.
    pub expected_version: Option<i32>,
    /// Why.
    pub reason: Option<String>,
    /// Date of the reversing voucher; that of the voucher when left out.
    pub date: Option<Date>,
    /// Words about the reversing voucher; those of the voucher when left out.
    pub narration: Option<String>,
    /// Shows what would be done, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// What an act on a voucher did.
#[derive(SimpleObject, Debug)]
pub struct VoucherActPayload {
    /// The voucher as it stands now; of a reversal, the new voucher. Null when something was wrong, or
    /// while the act waits for approval.
    pub voucher: Option<Voucher>,
    /// The draft that waits for approval, where the business wants that. Allocations need none.
    pub draft: Option<VoucherDraft>,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
    /// Whether nothing was stored because only a preview was asked.
    pub dry_run: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<VoucherUserError>,
}

impl VoucherActPayload {
    /// The payload of an outcome.
    ///
    /// # Errors
    /// Everything that is not a refusal of the input.
    pub async fn of(
        ctx: &Context<'_>,
        outcome: Result<impl Into<pending::Done>>,
        dry_run: bool,
    ) -> ApiResult<Self> {
        let Done { voucher, draft, replayed, user_errors } =
            Done::of(ctx, outcome.map(Into::into)).await?;
        Ok(Self { voucher, draft, replayed, dry_run, user_errors })
    }
}

/// Acts on vouchers.
#[derive(Default, Debug)]
pub struct VoucherActMutation;

#[Object]
impl VoucherActMutation {
    /// Takes a posted voucher back whole, on its own date. Its number stays used and nothing is deleted.
    /// Refused while a bill of it is settled by another voucher. Where the business wants approval, it
    /// becomes a draft that waits for it. Requires: VOUCHER_CANCEL.
    #[graphql(
        guard = "Requires(Permission::VoucherCancel)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which voucher, and why.")] input: VoucherCancelInput,
    ) -> ApiResult<VoucherActPayload> {
        let claim = claim("voucherCancel", &input.idempotency_key, input_hash(&input));
        let act = WrittenAct {
            voucher: voucher_of(&input.voucher_id),
            expected_version: input.expected_version,
            reason: input.reason,
        };
        let done = acts::cancel(&*ctx.tenant()?, act, claim, input.dry_run).await;
        VoucherActPayload::of(ctx, done, input.dry_run).await
    }

    /// Takes a posted voucher back and posts it anew under its number, as its next version. Business, type
    /// and accounting year stay. Where the business wants approval, it becomes a draft that waits for it.
    /// Requires: VOUCHER_AMEND.
    #[graphql(
        guard = "Requires(Permission::VoucherAmend)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_amend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The voucher's new content.")] input: VoucherAmendInput,
    ) -> ApiResult<VoucherActPayload> {
        let mut plain = input.clone();
        plain.entries.iter_mut().for_each(VoucherEntryInput::shorten);
        let claim = claim("voucherAmend", &input.idempotency_key, input_hash(&plain));
        let act = WrittenAct {
            voucher: voucher_of(&input.voucher_id),
            expected_version: input.expected_version,
            reason: input.reason,
        };
        let command = PostVoucher {
            business: Asked::Nothing,
            voucher_type: None,
            dated: input.date.0,
            narration: input.narration,
            reference: input.reference,
            reference_date: input.reference_date.map(|day| day.0),
            occurred_at: input.occurred_at.map(|instant| instant.0),
            applies_until: input.applies_until.map(|day| day.0),
            lock_exception: None,
            entries: input.entries.into_iter().map(Into::into).collect(),
            close_residue: input.close_residue.unwrap_or(false),
        };
        let done = acts::amend(&*ctx.tenant()?, act, command, claim, input.dry_run).await;
        VoucherActPayload::of(ctx, done, input.dry_run).await
    }

    /// Undoes a posted voucher by another one with a number and a date of its own; both stay and are
    /// linked. A payment is reversed by a receipt, and the other way round. Where the business wants
    /// approval, it becomes a draft that waits for it. Requires: VOUCHER_REVERSE.
    #[graphql(
        guard = "Requires(Permission::VoucherReverse)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_reverse(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which voucher, when, and why.")] input: VoucherReverseInput,
    ) -> ApiResult<VoucherActPayload> {
        let claim = claim("voucherReverse", &input.idempotency_key, input_hash(&input));
        let act = WrittenAct {
            voucher: voucher_of(&input.voucher_id),
            expected_version: input.expected_version,
            reason: input.reason,
        };
        let reversal =
            WrittenReversal { dated: input.date.map(|day| day.0), narration: input.narration };
        let done = acts::reverse(&*ctx.tenant()?, act, reversal, claim, input.dry_run).await;
        VoucherActPayload::of(ctx, done, input.dry_run).await
    }
}

/// A retry key of a field.
pub fn claim(field: &'static str, key: &str, input_hash: String) -> Claim {
    Claim { field, key: key.to_owned(), input_hash }
}
