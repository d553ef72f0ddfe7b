//! Bills of parties in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{BillId, VoucherActId},
    role::Permission,
};
use daybook_entity::tenant::books::BillKind as StoredKind;

use super::{
    acts::{VOUCHER_ACT, VoucherActPayload, claim},
    businesses::asked,
    entries::{money, money_in},
    ledgers::{Ledger, ledger_of},
    loaders,
    vouchers::{Voucher, find as find_voucher, voucher_of},
};
use crate::{
    connection,
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        retry::input_hash,
        scalar::{Date, Decimal, Money},
    },
    lane::{PostedBill, posting::Excess},
    services::books::{
        acts::WrittenAct,
        bill_parts::WrittenBill,
        bills::{self, BillFilter as Filter, WrittenAllocation},
    },
};

/// A bill of a party and what is open of it.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct Bill {
    /// Opaque global id.
    pub id: ID,
    /// Its number.
    pub reference: Option<String>,
    /// Its date.
    pub date: Date,
    /// When it is due.
    pub due_on: Option<Date>,
    /// Whether it was paid in advance, before there was anything to pay.
    pub is_advance: bool,
    #[graphql(skip)]
    stored: bills::Bill,
}

/// The kind of a bill's global id.
pub const BILL: &str = "Bill";

impl From<bills::Bill> for Bill {
    fn from(stored: bills::Bill) -> Self {
        Self {
            id: id::encode(BILL, stored.id.get()),
            reference: stored.reference.clone(),
            date: Date(stored.dated),
            due_on: stored.due_on.map(Date),
            is_advance: stored.is_advance,
            stored,
        }
    }
}

#[ComplexObject]
impl Bill {
    /// The party.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.stored.ledger).await
    }

    /// What it came to; a debit above zero.
    async fn amount(&self, ctx: &Context<'_>) -> ApiResult<Money> {
        let amount = self.stored.amount;
        loaders::business(ctx, self.stored.business, |one| money(amount, one)).await
    }

    /// What was open at the day asked for; a debit above zero.
    async fn open(&self, ctx: &Context<'_>) -> ApiResult<Money> {
        let open = self.stored.open;
        loaders::business(ctx, self.stored.business, |one| money(open, one)).await
    }

    /// What it came to in the ledger's own currency; null where that has none.
    async fn currency_amount(&self, ctx: &Context<'_>) -> ApiResult<Option<Money>> {
        let scope = &ctx.tenant()?;
        let abroad = self.stored.abroad.as_ref();
        Ok(abroad.map(|one| money_in(scope, one.amount, one.currency.as_str())))
    }

    /// What was open at the day asked for in the ledger's own currency; null where that has none.
    async fn currency_open(&self, ctx: &Context<'_>) -> ApiResult<Option<Money>> {
        let scope = &ctx.tenant()?;
        let abroad = self.stored.abroad.as_ref();
        Ok(abroad.map(|one| money_in(scope, one.open, one.currency.as_str())))
    }

    /// Opaque global id of the voucher that opened it.
    async fn voucher_id(&self) -> ID {
        id::encode(super::vouchers::VOUCHER, self.stored.voucher.get())
    }

    /// The voucher that opened it.
    #[graphql(complexity = "5 + child_complexity")]
    async fn voucher(&self, ctx: &Context<'_>) -> ApiResult<Option<Voucher>> {
        find_voucher(ctx, Some(self.stored.voucher)).await
    }
}

connection!(
    /// Bills by the day they are due.
    BillConnection, BillEdge, Bill
);

/// What a part of an entry does with a bill.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredKind")]
pub enum BillPartKind {
    /// Opens a bill.
    New,
    /// Settles a bill.
    Against,
    /// Is paid before there is a bill.
    Advance,
    /// Is not set against anything yet.
    OnAccount,
}

/// What becomes of an amount beyond what a bill has open.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillExcess {
    /// It is refused.
    Refuse,
    /// It stays on account.
    OnAccount,
}

/// A part of an entry that opens or settles a bill. What the parts leave of the entry stays on account.
#[derive(InputObject, Debug, Clone)]
pub struct VoucherBillInput {
    /// What it does.
    pub kind: BillPartKind,
    /// The bill that it settles.
    pub bill_id: Option<ID>,
    /// The number of the bill that it opens.
    pub reference: Option<String>,
    /// When that is due; after the ledger's credit period when left out.
    pub due_on: Option<Date>,
    /// How much, above zero: in the ledger's own currency, or the business's where it has none.
    pub amount: Decimal,
    /// What becomes of more than the bill has open.
    #[graphql(default_with = "BillExcess::Refuse")]
    pub excess: BillExcess,
}

impl From<VoucherBillInput> for WrittenBill {
    fn from(input: VoucherBillInput) -> Self {
        Self {
            kind: input.kind.into(),
            bill: input.bill_id.map(|global| id::decode(BILL, &global).map(BillId::new)),
            reference: input.reference,
            due_on: input.due_on.map(|day| day.0),
            amount: input.amount.0,
            excess: match input.excess {
                BillExcess::Refuse => Excess::Refuse,
                BillExcess::OnAccount => Excess::OnAccount,
            },
        }
    }
}

/// A part of a voucher's entry that opened or settled a bill.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct VoucherBill {
    /// What it did.
    pub kind: BillPartKind,
    /// The entry's place in the voucher, from 1.
    pub entry_line: Option<i32>,
    /// The bill that it opened or settled; null for what is on account.
    pub bill_id: Option<ID>,
    /// The number of the bill that it opened.
    pub reference: Option<String>,
    /// When that is due.
    pub due_on: Option<Date>,
    #[graphql(skip)]
    stored: PostedBill,
    #[graphql(skip)]
    business: daybook_domain::id::BusinessId,
}

impl VoucherBill {
    /// A stored part of a business's voucher.
    pub fn of(stored: PostedBill, business: daybook_domain::id::BusinessId) -> Self {
        Self {
            kind: stored.kind.into(),
            entry_line: stored.entry_line,
            bill_id: stored.bill.map(|bill| id::encode(BILL, bill.get())),
            reference: stored.reference.clone(),
            due_on: stored.due_on.map(Date),
            stored,
            business,
        }
    }
}

#[ComplexObject]
impl VoucherBill {
    /// The party.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.stored.ledger).await
    }

    /// How much; a debit above zero.
    async fn amount(&self, ctx: &Context<'_>) -> ApiResult<Money> {
        let amount = self.stored.debit.saturating_sub(self.stored.credit);
        loaders::business(ctx, self.business, |one| money(amount, one)).await
    }

    /// How much in the ledger's own currency, a debit above zero; null where that has none. Zero where only
    /// the value moves.
    async fn currency_amount(&self, ctx: &Context<'_>) -> ApiResult<Option<Money>> {
        let scope = &ctx.tenant()?;
        let is_credit = self.stored.debit.is_zero();
        Ok(self.stored.foreign.as_ref().map(|one| {
            let amount = if is_credit { -one.amount } else { one.amount };
            money_in(scope, amount, one.currency.as_str())
        }))
    }
}

/// Which bills to list; all conditions hold together.
#[derive(InputObject, Debug, Default)]
pub struct BillFilter {
    /// Of this party.
    pub ledger_id: Option<ID>,
    /// As at the end of this day; today when left out.
    pub as_at: Option<Date>,
    /// True, or left out: only those of which something is open then. False: settled ones too.
    pub is_open: Option<bool>,
}

/// Queries of bills.
#[derive(Default, Debug)]
pub struct BillQuery;

#[Object]
impl BillQuery {
    /// Bills of a business by the day they are due, the earliest first, with what was open of each at a
    /// day. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn bills(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Which bills; those that are open today when left out.")] filter: Option<
            BillFilter,
        >,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BillConnection> {
        let ask = PageAsk::new(ctx, "bills:due", first, after.as_deref())?;
        let none = daybook_domain::id::LedgerId::new(0);
        let filter = filter.unwrap_or_default();
        let filter = Filter {
            ledger: filter.ledger_id.map(|global| ledger_of(&global).unwrap_or(none)),
            as_at: filter.as_at.map(|day| day.0),
            open_only: filter.is_open.unwrap_or(true),
        };
        let business = asked(business_id.as_ref());
        let page = bills::list(&*ctx.tenant()?, business, filter, &ask).await?;
        Ok(BillConnection::of("bills:due", &ask, page))
    }
}

/// Amounts to be set against bills.
#[derive(InputObject, Debug, Clone)]
pub struct BillAllocateInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The voucher that left something on account, or paid in advance.
    pub voucher_id: ID,
    /// The version that you saw; it is refused when another one came between.
    pub expected_version: Option<i32>,
    /// The party.
    pub ledger_id: ID,
    /// Day of the allocation; today when left out.
    pub date: Option<Date>,
    /// Which bills are settled, and by how much.
    pub allocations: Vec<BillAmountInput>,
    /// Why.
    pub reason: Option<String>,
    /// Shows what would be done, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// A bill and an amount.
#[derive(InputObject, Debug, Clone)]
pub struct BillAmountInput {
    /// The bill.
    pub bill_id: ID,
    /// How much, above zero: in the ledger's own currency, or the business's where it has none.
    pub amount: Decimal,
}

/// An allocation to be undone.
#[derive(InputObject, Debug, Clone)]
pub struct BillDeallocateInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The voucher whose amount was set against bills.
    pub voucher_id: ID,
    /// The allocation: the id of the voucher's act.
    pub allocation_id: ID,
    /// Why.
    pub reason: Option<String>,
    /// Shows what would be done, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// Mutations of bills.
#[derive(Default, Debug)]
pub struct BillMutation;

#[Object]
impl BillMutation {
    /// Sets what a voucher left on account, or paid in advance, against bills of the same party. Nothing is
    /// posted to a ledger, but where the two were made at different exchange rates: a voucher of the program
    /// takes the difference then. Requires: BILL_ALLOCATE.
    #[graphql(
        guard = "Requires(Permission::BillAllocate)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn bill_allocate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is set against which bills.")] input: BillAllocateInput,
    ) -> ApiResult<VoucherActPayload> {
        let mut plain = input.clone();
        for allocation in &mut plain.allocations {
            allocation.amount = allocation.amount.shortest();
        }
        let claim = claim("billAllocate", &input.idempotency_key, input_hash(&plain));
        let written = WrittenAllocation {
            act: WrittenAct {
                voucher: voucher_of(&input.voucher_id),
                expected_version: input.expected_version,
                reason: input.reason,
            },
            ledger: ledger_of(&input.ledger_id),
            dated: input.date.map(|day| day.0),
            bills: input
                .allocations
                .into_iter()
                .map(|one| (id::decode(BILL, &one.bill_id).map(BillId::new), one.amount.0))
                .collect(),
        };
        let done = bills::allocate(&*ctx.tenant()?, written, claim, input.dry_run).await;
        VoucherActPayload::of(ctx, done, input.dry_run).await
    }

    /// Undoes an allocation: the bills are open again, and the voucher's amount waits again. The voucher that
    /// took a difference between exchange rates is cancelled with it.
    /// Requires: BILL_ALLOCATE.
    #[graphql(
        guard = "Requires(Permission::BillAllocate)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn bill_deallocate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which allocation.")] input: BillDeallocateInput,
    ) -> ApiResult<VoucherActPayload> {
        let claim = claim("billDeallocate", &input.idempotency_key, input_hash(&input));
        let act = WrittenAct {
            voucher: voucher_of(&input.voucher_id),
            expected_version: None,
            reason: input.reason,
        };
        let allocation = id::decode(VOUCHER_ACT, &input.allocation_id).map(VoucherActId::new);
        let scope = &ctx.tenant()?;
        let done = bills::deallocate(scope, act, allocation, claim, input.dry_run).await;
        VoucherActPayload::of(ctx, done, input.dry_run).await
    }
}
