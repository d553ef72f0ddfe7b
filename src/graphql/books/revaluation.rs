//! Revaluing ledgers in other currencies, in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::role::Permission;

use super::{
    acts::claim,
    businesses::asked,
    vouchers::{Voucher, voucher_of},
};
use crate::{
    error::Result,
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        retry::input_hash,
        scalar::{CurrencyCode, Date, Decimal},
    },
    lane::Posted,
    services::books::{
        acts::WrittenAct,
        registers,
        revaluation::{self, Revalue},
    },
    user_errors,
};

user_errors!(
    /// Something wrong with a revaluation.
    CurrencyRevalueUserError,
    /// What can be wrong with a revaluation.
    CurrencyRevalueErrorCode {
        /// The day is revalued already; cancel that first.
        AlreadyDone,
        /// There is no such business, or several and none was named.
        BusinessUnknown,
        /// A currency that is held has no rate of the day or before.
        ExchangeRateUnknown,
        /// The voucher is no revaluation.
        NotAllowed,
        /// There is no such voucher.
        NotFound,
        /// Nothing is held in another currency whose value differs from the books.
        NothingToRevalue,
        /// The day, or the next one, is locked.
        PeriodLocked,
        /// Somebody changed the voucher meanwhile.
        Stale,
        /// Two rates are of the same currency.
        Taken,
        /// The amount is beyond what is kept.
        TooLarge,
        /// The text is too long.
        TooLong,
        /// More rates than can be named.
        TooMany,
        /// The revaluation is cancelled.
        VoucherCancelled,
        /// The accounting year is closed.
        YearClosed,
        /// The accounting year is not open yet, or lies before the books begin.
        YearNotOpen,
    }
);

/// A revaluation.
#[derive(InputObject, Debug, Clone)]
pub struct CurrencyRevalueInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again posts nothing more.
    pub idempotency_key: String,
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// At the end of which day; its reversal is dated the next one.
    pub on: Date,
    /// Rates to be used in place of those that hold on the day.
    pub rates: Option<Vec<CurrencyRateInput>>,
    /// Shows what would be posted, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// A currency and what it is worth.
#[derive(InputObject, Debug, Clone)]
pub struct CurrencyRateInput {
    /// The other currency.
    pub currency: CurrencyCode,
    /// Base units per unit of it.
    pub rate: Decimal,
}

/// A revaluation to be taken back.
#[derive(InputObject, Debug, Clone)]
pub struct CurrencyRevalueCancelInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The revaluation, or its reversal.
    pub voucher_id: ID,
    /// Why.
    pub reason: Option<String>,
    /// Shows what would be done, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// What a revaluation, or taking one back, did.
#[derive(SimpleObject, Debug)]
pub struct CurrencyRevaluePayload {
    /// The revaluation; null when something was wrong.
    pub revaluation: Option<Voucher>,
    /// Its reversal on the next day; null when something was wrong.
    pub reversal: Option<Voucher>,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
    /// Whether nothing was stored because only a preview was asked.
    pub dry_run: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<CurrencyRevalueUserError>,
}

impl CurrencyRevaluePayload {
    async fn of(ctx: &Context<'_>, outcome: Result<Posted>, dry_run: bool) -> ApiResult<Self> {
        let (posted, user_errors) = answer(outcome)?;
        let Some(posted) = posted else {
            let (revaluation, reversal) = (None, None);
            return Ok(Self { revaluation, reversal, replayed: false, dry_run, user_errors });
        };
        let vouchers = if posted.vouchers.is_empty() {
            registers::find(&*ctx.tenant()?, &posted.ids, true).await?
        } else {
            posted.vouchers
        };
        let (second, first): (Vec<_>, Vec<_>) =
            vouchers.into_iter().partition(|voucher| voucher.reverses.is_some());
        Ok(Self {
            revaluation: first.into_iter().next().map(Voucher::from),
            reversal: second.into_iter().next().map(Voucher::from),
            replayed: posted.replayed,
            dry_run,
            user_errors,
        })
    }
}

/// Mutations that revalue.
#[derive(Default, Debug)]
pub struct RevaluationMutation;

#[Object]
impl RevaluationMutation {
    /// Revalues what a business holds in other currencies at the rates of a day: one journal against
    /// Unrealised Exchange Gain or Loss, and its exact reversal on the next day, both or neither. A day is
    /// revalued once, until that is cancelled. It waits for no approval. Requires: CURRENCY_REVALUE.
    #[graphql(
        guard = "Requires(Permission::CurrencyRevalue)",
        complexity = "crate::graphql::cost::of_many(2, child_complexity.saturating_add(15))"
    )]
    async fn currency_revalue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which day.")] input: CurrencyRevalueInput,
    ) -> ApiResult<CurrencyRevaluePayload> {
        let mut plain = input.clone();
        for one in plain.rates.iter_mut().flatten() {
            one.rate = one.rate.shortest();
        }
        let claim = claim("currencyRevalue", &input.idempotency_key, input_hash(&plain));
        let rates = input.rates.into_iter().flatten();
        let command = Revalue {
            business: asked(input.business_id.as_ref()),
            on: input.on.0,
            rates: rates.map(|one| (one.currency.0, one.rate.0)).collect(),
        };
        let done = revaluation::revalue(&*ctx.tenant()?, command, claim, input.dry_run).await;
        CurrencyRevaluePayload::of(ctx, done, input.dry_run).await
    }

    /// Takes a revaluation back together with its reversal; the day may be revalued again then.
    /// Requires: CURRENCY_REVALUE.
    #[graphql(
        guard = "Requires(Permission::CurrencyRevalue)",
        complexity = "crate::graphql::cost::of_many(2, child_complexity.saturating_add(15))"
    )]
    async fn currency_revalue_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which revaluation, and why.")] input: CurrencyRevalueCancelInput,
    ) -> ApiResult<CurrencyRevaluePayload> {
        let claim = claim("currencyRevalueCancel", &input.idempotency_key, input_hash(&input));
        let act = WrittenAct {
            voucher: voucher_of(&input.voucher_id),
            expected_version: None,
            reason: input.reason,
        };
        let done = revaluation::cancel(&*ctx.tenant()?, act, claim, input.dry_run).await;
        CurrencyRevaluePayload::of(ctx, done, input.dry_run).await
    }
}
