//! Posting what a bank's line is, in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{id::BankRuleId, role::Permission};

use super::{
    details::EntryBankDetailsInput, errors::BankUserError, lines::line_of, matches::BankMatch,
    rules::BANK_RULE,
};
use crate::{
    graphql::{
        books::{
            acts::claim,
            entries::VoucherEntryInput,
            vouchers::{Voucher, find as find_voucher},
        },
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        master::types::type_of,
        retry::input_hash,
        scalar::{Date, Decimal},
    },
    services::banks::post::{self, PostLine},
};

/// What a bank's line is: by a rule, or by the entries of the other side. The bank's own entry is added.
#[derive(InputObject, Debug, Clone)]
pub struct BankLinePostInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again posts nothing more
    /// and answers what the first call made.
    pub idempotency_key: String,
    /// The line; it waits.
    pub line_id: ID,
    /// The rule that says what it is; left out where entries do.
    pub rule_id: Option<ID>,
    /// The entries of the other side; left out where a rule says it. Together they come to the line's amount.
    pub entries: Option<Vec<VoucherEntryInput>>,
    /// The voucher's type; left out, a receipt or payment by the side of the money, or a contra between own
    /// accounts.
    pub voucher_type_id: Option<ID>,
    /// Day it counts in the books; the line's when left out.
    pub date: Option<Date>,
    /// Words about the voucher; the bank's when left out.
    pub narration: Option<String>,
    /// Base units per unit of the account's currency, where that is not the business's.
    pub exchange_rate: Option<Decimal>,
    /// By which instrument it was paid; as the bank's words tell when left out.
    pub bank: Option<EntryBankDetailsInput>,
    /// Shows what would be posted, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

impl BankLinePostInput {
    /// The same input with every number written in its shortest form.
    fn plain(&self) -> Self {
        let mut plain = self.clone();
        plain.entries.iter_mut().flatten().for_each(VoucherEntryInput::shorten);
        plain.exchange_rate = plain.exchange_rate.as_ref().map(Decimal::shortest);
        plain
    }
}

/// What posting a line did.
#[derive(SimpleObject, Debug)]
pub struct BankLinePostPayload {
    /// The voucher; null when something was wrong.
    pub voucher: Option<Voucher>,
    /// The match of line and voucher; null of a preview.
    pub bank_match: Option<BankMatch>,
    /// Whether an earlier call with the same key had posted it.
    pub replayed: bool,
    /// Whether nothing was stored because only a preview was asked.
    pub dry_run: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<BankUserError>,
}

/// Posting of lines.
#[derive(Default, Debug)]
pub struct BankLinePostMutation;

#[Object]
impl BankLinePostMutation {
    /// Posts a voucher for a line that the books do not have, and matches both in one transaction. It takes
    /// VOUCHER_POST besides. Requires: BANK_RECONCILE.
    #[graphql(
        guard = "Requires(Permission::BankReconcile)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(20))"
    )]
    async fn bank_line_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which line, and what it is.")] input: BankLinePostInput,
    ) -> ApiResult<BankLinePostPayload> {
        let claim = claim("bankLinePost", &input.idempotency_key, input_hash(&input.plain()));
        let dry_run = input.dry_run;
        let rule = |global: ID| id::decode(BANK_RULE, &global).map(BankRuleId::new);
        let command = PostLine {
            line: line_of(&input.line_id),
            rule: input.rule_id.map(rule),
            voucher_type: input.voucher_type_id.map(|global| type_of(&global)),
            dated: input.date.map(|day| day.0),
            narration: input.narration,
            exchange_rate: input.exchange_rate.map(|rate| rate.0),
            bank: input.bank.map(Into::into),
            entries: input.entries.into_iter().flatten().map(Into::into).collect(),
        };
        let (done, user_errors) =
            answer(post::post(&*ctx.tenant()?, command, claim, dry_run).await)?;
        let Some(post::Done { posted, matched }) = done else {
            let (voucher, bank_match) = (None, None);
            let replayed = false;
            return Ok(BankLinePostPayload { voucher, bank_match, replayed, dry_run, user_errors });
        };
        let voucher = match posted.vouchers.into_iter().next() {
            Some(voucher) => Some(Voucher::from(voucher)),
            None => find_voucher(ctx, posted.ids.first().copied()).await?,
        };
        Ok(BankLinePostPayload {
            voucher,
            bank_match: matched.map(BankMatch::from),
            replayed: posted.replayed,
            dry_run,
            user_errors,
        })
    }
}
