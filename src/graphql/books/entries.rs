//! Entries of vouchers in the API, and amounts in a business's currency.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};
use daybook_domain::{
    cost::CostSplit,
    id::{BusinessId, VoucherVersionId},
    money,
};
use daybook_entity::tenant::business::business;

use super::{
    bills::VoucherBillInput,
    cost_centres::{VoucherCost, VoucherCostInput, costs_of},
    ledgers::{Ledger, ledger_of},
    loaders,
};
use crate::{
    graphql::{
        banks::details::{EntryBankDetails, EntryBankDetailsInput},
        error::ApiResult,
        id,
        scalar::{CurrencyCode, Decimal, Money},
    },
    lane::{BankDetail, PostedEntry},
    scope::TenantScope,
    services::books::{chart, vouchers::WrittenEntry},
};

/// An amount in a business's currency.
pub fn money(amount: money::Money, business: &business::Model) -> Money {
    Money {
        amount: Decimal(amount.format(chart::exponent(business))),
        currency: CurrencyCode::of(&business.base_currency),
    }
}

/// An amount in a currency by its stored code.
pub fn money_in(scope: &TenantScope, amount: money::Money, code: &str) -> Money {
    let exponent = scope.catalogue.currency_exponent(code);
    Money { amount: Decimal(amount.format(exponent)), currency: CurrencyCode::of(code) }
}

/// One entry of a voucher: an amount on one side of a ledger.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct VoucherEntry {
    /// Opaque global id.
    pub id: ID,
    /// Its place in the voucher, from 1.
    pub line: i32,
    /// Debit in the business's currency; null on a credit.
    pub debit: Option<Money>,
    /// Credit in the business's currency; null on a debit.
    pub credit: Option<Money>,
    /// The amount in another currency, where it was entered in one; zero where the entry moves the value of a
    /// ledger in another currency alone, as gains and revaluations do.
    pub currency_amount: Option<Money>,
    /// Base units per unit of that currency; null where only the value moves.
    pub exchange_rate: Option<Decimal>,
    /// Words about the entry.
    pub narration: Option<String>,
    #[graphql(skip)]
    ledger_id: daybook_domain::id::LedgerId,
    #[graphql(skip)]
    place: (VoucherVersionId, BusinessId),
    #[graphql(skip)]
    costs: Vec<CostSplit>,
    #[graphql(skip)]
    entry: daybook_domain::id::EntryId,
    #[graphql(skip)]
    known_bank: Option<BankDetail>,
}

impl VoucherEntry {
    /// A stored entry of a version of a business's voucher; `exponent_of` tells the places of other
    /// currencies.
    pub fn of(
        entry: &PostedEntry,
        version: VoucherVersionId,
        business: &business::Model,
        exponent_of: impl Fn(&str) -> u8,
    ) -> Self {
        let side = |amount: money::Money| (!amount.is_zero()).then(|| money(amount, business));
        let foreign = entry.detail.foreign.as_ref();
        Self {
            id: id::encode("VoucherEntry", entry.id.get()),
            line: entry.line,
            debit: side(entry.debit),
            credit: side(entry.credit),
            currency_amount: foreign.map(|foreign| {
                let exponent = exponent_of(foreign.currency.as_str());
                Money::of(foreign.amount, &foreign.currency, exponent)
            }),
            exchange_rate: foreign
                .filter(|foreign| foreign.rate.raw() > 0)
                .map(|foreign| Decimal(foreign.rate.format())),
            narration: entry.detail.narration.clone(),
            ledger_id: entry.ledger,
            place: (version, business.id),
            costs: entry.detail.costs.clone(),
            entry: entry.id,
            known_bank: entry.detail.bank.clone(),
        }
    }
}

#[ComplexObject]
impl VoucherEntry {
    /// The ledger.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.ledger_id).await
    }

    /// Which cost centres bear it, in order.
    async fn costs(&self, ctx: &Context<'_>) -> ApiResult<Vec<VoucherCost>> {
        let (version, business) = self.place;
        let splits = if self.costs.is_empty() {
            loaders::costs(ctx, version, self.line).await?
        } else {
            self.costs.clone()
        };
        costs_of(ctx, splits, business).await
    }

    /// By which instrument it was paid, where it is on a bank ledger and that was told.
    async fn bank(&self, ctx: &Context<'_>) -> ApiResult<Option<EntryBankDetails>> {
        let detail = match &self.known_bank {
            Some(detail) => Some(detail.clone()),
            None => loaders::bank_detail(ctx, self.entry).await?,
        };
        Ok(detail.map(EntryBankDetails::from))
    }
}

/// One entry of a voucher to be posted: exactly one of debit and credit.
#[derive(InputObject, Debug, Clone)]
pub struct VoucherEntryInput {
    /// The ledger.
    pub ledger_id: ID,
    /// Debit, in the entry's currency.
    pub debit: Option<Decimal>,
    /// Credit, in the entry's currency.
    pub credit: Option<Decimal>,
    /// The entry's currency; when left out, that of the ledger, or the business's where it has none. On a
    /// ledger with a currency of its own, the business's currency says that the entry moves the value in the
    /// books alone.
    pub currency: Option<CurrencyCode>,
    /// Base units per unit of the entry's currency, where that is not the business's; when left out, the
    /// newest exchange rate of the voucher's day or before.
    pub exchange_rate: Option<Decimal>,
    /// Words about the entry.
    pub narration: Option<String>,
    /// Which bills it opens and settles; only on a ledger that is kept bill by bill.
    pub bills: Option<Vec<VoucherBillInput>>,
    /// How what `bills` leave of it is set against bills: on account when left out.
    pub allocate: Option<BillAllocation>,
    /// Which cost centres bear it, as far as its ledger allows or wants that.
    pub costs: Option<Vec<VoucherCostInput>>,
    /// By which instrument it is paid; only on a ledger below Bank Accounts or Bank OD A/c.
    pub bank: Option<EntryBankDetailsInput>,
}

/// How an amount is set against the bills of a party.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillAllocation {
    /// Against what is open when it is posted, of bills dated not after it, the one that is due first first; at
    /// most 500 bills. What they do not take stays on account. Bills that the same call opens are not among
    /// them.
    OldestFirst,
}

impl VoucherEntryInput {
    /// Writes every number in its shortest form: "7.0" and "7.00" are one input.
    pub fn shorten(&mut self) {
        for number in [&mut self.debit, &mut self.credit, &mut self.exchange_rate] {
            *number = number.as_ref().map(Decimal::shortest);
        }
        for bill in self.bills.iter_mut().flatten() {
            bill.amount = bill.amount.shortest();
        }
        for cost in self.costs.iter_mut().flatten() {
            cost.amount = cost.amount.shortest();
        }
    }
}

impl From<VoucherEntryInput> for WrittenEntry {
    fn from(input: VoucherEntryInput) -> Self {
        Self {
            ledger: ledger_of(&input.ledger_id),
            debit: input.debit.map(|amount| amount.0),
            credit: input.credit.map(|amount| amount.0),
            currency: input.currency.map(|code| code.0.to_string()),
            exchange_rate: input.exchange_rate.map(|rate| rate.0),
            narration: input.narration,
            bills: input.bills.into_iter().flatten().map(Into::into).collect(),
            oldest_first: input.allocate == Some(BillAllocation::OldestFirst),
            costs: input.costs.into_iter().flatten().map(Into::into).collect(),
            bank: input.bank.map(Into::into),
        }
    }
}
