//! Turning memoranda into vouchers that count.

use async_graphql::{Context, ID, InputObject, Object};
use daybook_domain::role::Permission;

use super::{
    acts::{VoucherActPayload, claim},
    vouchers::voucher_of,
};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        master::types::type_of,
        retry::input_hash,
        scalar::Date,
    },
    services::books::{
        acts::WrittenAct,
        scenarios::{self, ConvertMemorandum},
    },
};

/// A memorandum that is to become a voucher.
#[derive(InputObject, Debug, Clone)]
pub struct VoucherConvertInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The memorandum.
    pub voucher_id: ID,
    /// The version that you saw; it is refused when another one came between.
    pub expected_version: Option<i32>,
    /// Type of the voucher, one that counts in the books.
    pub voucher_type_id: ID,
    /// Date of the voucher; that of the memorandum when left out.
    pub date: Option<Date>,
    /// Words about the voucher; those of the memorandum when left out.
    pub narration: Option<String>,
    /// Shows what would be posted, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// Mutations of vouchers that count in scenarios alone.
#[derive(Default, Debug)]
pub struct ScenarioMutation;

#[Object]
impl ScenarioMutation {
    /// Posts what a memorandum says as a voucher that counts and takes the memorandum back, both or
    /// neither. The voucher's `reference` is the memorandum's number; on ledgers that are kept bill by bill
    /// it stays on account. The caller needs VOUCHER_CANCEL, too. Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_convert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which memorandum, and what it becomes.")] input: VoucherConvertInput,
    ) -> ApiResult<VoucherActPayload> {
        let claim = claim("voucherConvert", &input.idempotency_key, input_hash(&input));
        let act = WrittenAct {
            voucher: voucher_of(&input.voucher_id),
            expected_version: input.expected_version,
            reason: None,
        };
        let conversion = ConvertMemorandum {
            voucher_type: type_of(&input.voucher_type_id),
            dated: input.date.map(|day| day.0),
            narration: input.narration,
        };
        let done = scenarios::convert(&*ctx.tenant()?, act, conversion, claim, input.dry_run).await;
        VoucherActPayload::of(ctx, done, input.dry_run).await
    }
}
