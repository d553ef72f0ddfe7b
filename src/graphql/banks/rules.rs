//! Rules of what bank lines are, in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{BankRuleId, LedgerId},
    role::Permission,
};
use daybook_entity::tenant::bank::{RuleComparison, RuleSide, bank_rule};

use super::errors::{BankUserError, amount_of, bank_of};
use crate::{
    connection,
    graphql::{
        books::{
            businesses::{Business, asked},
            entries::money,
            ledgers::{Ledger, ledger_of},
            loaders,
        },
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        master::types::{VoucherType, type_of},
        page::PageAsk,
        scalar::{DateTime, Decimal, Money},
    },
    payloads,
    services::{
        banks::rules::{self, WrittenRule},
        books::chart::Asked,
    },
};

/// A rule that proposes what lines of a kind are.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct BankRule {
    /// Opaque global id.
    pub id: ID,
    /// What it is called.
    pub name: String,
    /// Of several that fit a line, the one with the least goes first.
    pub priority: i32,
    /// How the pattern is compared.
    pub comparison: BankRuleComparison,
    /// What is looked for in description, reference and counterpart, whatever its case.
    pub pattern: String,
    /// Which lines it is for.
    pub side: BankRuleSide,
    /// Words about the voucher; the bank's when null.
    pub narration: Option<String>,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
    #[graphql(skip)]
    row: bank_rule::Model,
}

/// The kind of a rule's global id.
pub const BANK_RULE: &str = "BankRule";

/// How a rule's pattern is compared.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "RuleComparison")]
pub enum BankRuleComparison {
    /// The text contains it.
    Contains,
    /// The text is it.
    Equals,
    /// It is a regular expression that fits somewhere in the text.
    Regex,
}

/// Which lines a rule is for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "RuleSide")]
pub enum BankRuleSide {
    /// Money that came in.
    MoneyIn,
    /// Money that went out.
    MoneyOut,
    /// Both.
    Either,
}

impl From<bank_rule::Model> for BankRule {
    fn from(row: bank_rule::Model) -> Self {
        Self {
            id: id::encode(BANK_RULE, row.id.get()),
            name: row.name.clone(),
            priority: row.priority,
            comparison: row.comparison.into(),
            pattern: row.pattern.clone(),
            side: row.side.into(),
            narration: row.narration.clone(),
            version: row.version,
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
            row,
        }
    }
}

#[ComplexObject]
impl BankRule {
    /// The business.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.row.business_id, |one| one.clone().into()).await
    }

    /// The bank ledger it is for; null for all of the business.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Option<Ledger>> {
        match self.row.ledger_id {
            Some(id) => Ok(Some(loaders::ledger(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// The ledger that it proposes for the other side.
    async fn target_ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.row.target_ledger_id).await
    }

    /// The voucher type; null for a receipt, payment or contra as the line has it.
    async fn voucher_type(&self, ctx: &Context<'_>) -> ApiResult<Option<VoucherType>> {
        match self.row.voucher_type_id {
            Some(id) => Ok(VoucherType::find(&*ctx.tenant()?, id).await?),
            None => Ok(None),
        }
    }

    /// Only lines of at least so much, whatever their side.
    async fn amount_min(&self, ctx: &Context<'_>) -> ApiResult<Option<Money>> {
        self.amount(ctx, self.row.amount_min).await
    }

    /// Only lines of at most so much.
    async fn amount_max(&self, ctx: &Context<'_>) -> ApiResult<Option<Money>> {
        self.amount(ctx, self.row.amount_max).await
    }
}

impl BankRule {
    async fn amount(
        &self,
        ctx: &Context<'_>,
        amount: Option<daybook_domain::money::Money>,
    ) -> ApiResult<Option<Money>> {
        let Some(amount) = amount else { return Ok(None) };
        Ok(Some(match self.row.ledger_id {
            Some(ledger) => amount_of(&bank_of(ctx, ledger).await?, amount),
            None => loaders::business(ctx, self.row.business_id, |one| money(amount, one)).await?,
        }))
    }
}

connection!(
    /// Rules in the order in which they are asked.
    BankRuleConnection, BankRuleEdge, BankRule
);

/// What a rule says.
#[derive(InputObject, Debug)]
pub struct BankRuleInput {
    /// The bank ledger it is for; left out, all of the business.
    pub ledger_id: Option<ID>,
    /// What it is called.
    pub name: String,
    /// Of several that fit a line, the one with the least goes first.
    #[graphql(default = 100)]
    pub priority: i32,
    /// How the pattern is compared.
    #[graphql(default_with = "BankRuleComparison::Contains")]
    pub comparison: BankRuleComparison,
    /// What is looked for in description, reference and counterpart, whatever its case; at most 200 characters.
    pub pattern: String,
    /// Which lines it is for.
    #[graphql(default_with = "BankRuleSide::Either")]
    pub side: BankRuleSide,
    /// Only lines of at least so much, whatever their side.
    pub amount_min: Option<Decimal>,
    /// Only lines of at most so much.
    pub amount_max: Option<Decimal>,
    /// The ledger that it proposes for the other side.
    pub target_ledger_id: ID,
    /// The voucher type; left out, a receipt, payment or contra as the line has it.
    pub voucher_type_id: Option<ID>,
    /// Words about the voucher; the bank's when left out.
    pub narration: Option<String>,
}

fn written(input: BankRuleInput, business: Asked) -> WrittenRule {
    WrittenRule {
        business,
        ledger: input.ledger_id.map(|global| ledger_of(&global)),
        name: input.name,
        priority: input.priority,
        comparison: input.comparison.into(),
        pattern: input.pattern,
        side: input.side.into(),
        amount_min: input.amount_min.map(|amount| amount.0),
        amount_max: input.amount_max.map(|amount| amount.0),
        target: ledger_of(&input.target_ledger_id).or(Some(LedgerId::new(0))),
        voucher_type: input.voucher_type_id.map(|global| type_of(&global)),
        narration: input.narration,
    }
}

payloads! {
    /// The rule; null when something was wrong.
    rule: BankRule, of bank_rule::Model, or BankUserError;
    /// What making a rule did.
    BankRuleCreatePayload
    /// What changing a rule did.
    BankRuleUpdatePayload
}

/// What deleting a rule did.
#[derive(SimpleObject, Debug)]
pub struct BankRuleDeletePayload {
    /// Id of the rule that is gone; null when something was wrong.
    pub deleted_id: Option<ID>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<BankUserError>,
}

/// Queries of rules.
#[derive(Default, Debug)]
pub struct BankRuleQuery;

const ORDER: &str = "bankRules:priority:asc";

#[Object]
impl BankRuleQuery {
    /// Rules of a business in the order in which they are asked. Requires: BANK_READ.
    #[graphql(
        guard = "Requires(Permission::BankRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn bank_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BankRuleConnection> {
        let ask = PageAsk::new(ctx, ORDER, first, after.as_deref())?;
        let page = rules::list(&*ctx.tenant()?, asked(business_id.as_ref()), &ask).await?;
        Ok(BankRuleConnection::of(ORDER, &ask, page))
    }
}

fn rule_of(global: &ID) -> Option<BankRuleId> {
    id::decode(BANK_RULE, global).map(BankRuleId::new)
}

/// Mutations of rules.
#[derive(Default, Debug)]
pub struct BankRuleMutation;

#[Object]
impl BankRuleMutation {
    /// Makes a rule that proposes what lines of a kind are. Nothing is posted by it until somebody asks.
    /// Requires: BANK_RECONCILE.
    #[graphql(guard = "Requires(Permission::BankReconcile)")]
    async fn bank_rule_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "What it says.")] input: BankRuleInput,
    ) -> ApiResult<BankRuleCreatePayload> {
        let written = written(input, asked(business_id.as_ref()));
        BankRuleCreatePayload::of(rules::create(&*ctx.tenant()?, written).await)
    }

    /// Changes a rule; it says all of the input from then on. Requires: BANK_RECONCILE.
    #[graphql(guard = "Requires(Permission::BankReconcile)")]
    async fn bank_rule_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule.")] id: ID,
        #[graphql(desc = "The version that you saw; refused as STALE when it was changed since.")]
        expected_version: Option<i32>,
        #[graphql(desc = "What it says.")] input: BankRuleInput,
    ) -> ApiResult<BankRuleUpdatePayload> {
        let written = written(input, Asked::Nothing);
        let scope = &*ctx.tenant()?;
        let done = rules::update(scope, rule_of(&id), expected_version, written).await;
        BankRuleUpdatePayload::of(done)
    }

    /// Deletes a rule. What was posted by it stays. Requires: BANK_RECONCILE.
    #[graphql(guard = "Requires(Permission::BankReconcile)")]
    async fn bank_rule_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule.")] id: ID,
        #[graphql(desc = "The version that you saw; refused as STALE when it was changed since.")]
        expected_version: Option<i32>,
    ) -> ApiResult<BankRuleDeletePayload> {
        let done = rules::delete(&*ctx.tenant()?, rule_of(&id), expected_version).await;
        let (done, user_errors) = answer(done)?;
        let deleted_id = done.map(|id| id::encode(BANK_RULE, id.get()));
        Ok(BankRuleDeletePayload { deleted_id, user_errors })
    }
}
