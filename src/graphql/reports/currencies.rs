//! Reports of other currencies in the API: what is held in them, and what settlements gained.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use daybook_domain::{money, role::Permission};
use daybook_entity::tenant::business::business;

use crate::{
    connection,
    graphql::{
        books::{
            bills::BILL,
            businesses::{Business, asked},
            entries::{money, money_in},
            ledgers::Ledger,
            loaders,
            vouchers::{VOUCHER, Voucher, find as find_voucher},
        },
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::{Ahead, PageAsk},
        scalar::{CurrencyCode, Date, Decimal, Money},
    },
    scope::TenantScope,
    services::reports::{
        currency_position::{self, PositionLine},
        realised_exchange::{self, RealisedLine},
    },
};

const LINES: &str = "realisedExchange:lines";

/// What a business holds in other currencies at the end of a day, beside what that is worth.
#[derive(SimpleObject, Debug)]
pub struct CurrencyPosition {
    /// The business.
    pub business: Business,
    /// The day.
    pub at: Date,
    /// What the books hold all of it at; a debit above zero.
    pub book_value: Money,
    /// What all lines with a rate would gain at it; a loss below zero.
    pub unrealised: Money,
    /// Each ledger that holds something, by name.
    pub lines: Vec<CurrencyPositionLine>,
}

/// What a ledger holds in a currency of its own.
#[derive(SimpleObject, Debug)]
pub struct CurrencyPositionLine {
    /// The ledger.
    pub ledger: Ledger,
    /// Its balance in its own currency; a debit above zero.
    pub balance: Money,
    /// What the books hold that at.
    pub book_value: Money,
    /// The rate that holds on the day; null where there is none.
    pub rate: Option<Decimal>,
    /// First day of that rate.
    pub rate_valid_on: Option<Date>,
    /// What the balance is worth at it.
    pub value: Option<Money>,
    /// That value less what the books hold: a gain, or a loss below zero.
    pub unrealised: Option<Money>,
}

fn position_line(
    scope: &TenantScope,
    business: &business::Model,
    line: PositionLine,
) -> CurrencyPositionLine {
    let of = |amount: money::Money| money(amount, business);
    let code = line.ledger.currency.clone().unwrap_or_default();
    let base = line.position.base;
    CurrencyPositionLine {
        balance: money_in(scope, line.position.foreign, &code),
        book_value: of(base),
        rate: line.rate.map(|(_, rate)| Decimal(rate.format())),
        rate_valid_on: line.rate.map(|(day, _)| Date(day)),
        value: line.unrealised.map(|gain| of(base.saturating_add(gain))),
        unrealised: line.unrealised.map(of),
        ledger: line.ledger.into(),
    }
}

/// Gains and losses of settlements at other rates than their bills were opened at, over a range of days.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct RealisedExchange {
    /// The business.
    pub business: Business,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// All gains less all losses.
    pub net: Money,
    #[graphql(skip)]
    lines: Ahead<RealisedExchangeLine>,
}

/// A gain or loss of one settlement.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct RealisedExchangeLine {
    /// Its day.
    pub date: Date,
    /// A gain; a loss below zero.
    pub gain: Money,
    /// The party's currency; null for what somebody posted by hand.
    pub currency: Option<CurrencyCode>,
    /// Opaque global id of the voucher.
    pub voucher_id: ID,
    /// Opaque global id of the bill; null for what somebody posted by hand.
    pub bill_id: Option<ID>,
    #[graphql(skip)]
    line: RealisedLine,
}

connection!(
    /// Gains and losses of settlements by date.
    RealisedExchangeLineConnection, RealisedExchangeLineEdge, RealisedExchangeLine
);

#[ComplexObject]
impl RealisedExchangeLine {
    /// The party; null for what somebody posted by hand.
    async fn party(&self, ctx: &Context<'_>) -> ApiResult<Option<Ledger>> {
        match self.line.party {
            Some(party) => Ok(Some(loaders::ledger(ctx, party).await?)),
            None => Ok(None),
        }
    }

    /// The voucher that posted it.
    #[graphql(complexity = "5 + child_complexity")]
    async fn voucher(&self, ctx: &Context<'_>) -> ApiResult<Option<Voucher>> {
        find_voucher(ctx, Some(self.line.voucher)).await
    }
}

#[ComplexObject]
impl RealisedExchange {
    /// Each gain and loss, the oldest first.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<RealisedExchangeLineConnection> {
        let ask = PageAsk::new(ctx, LINES, first, after.as_deref())?;
        Ok(RealisedExchangeLineConnection::of(LINES, &ask, self.lines.page(&ask)?))
    }
}

/// Queries of other currencies.
#[derive(Default, Debug)]
pub struct CurrencyQuery;

#[Object]
impl CurrencyQuery {
    /// What a business holds in other currencies at the end of a day: each balance, what the books hold it
    /// at, and what it is worth at the rate that holds then. A revaluation of that day counts in what the
    /// books hold. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    async fn currency_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "The day; today in the business's zone when left out.")] at: Option<Date>,
    ) -> ApiResult<CurrencyPosition> {
        let scope = &ctx.tenant()?;
        let business = asked(business_id.as_ref());
        let found = currency_position::read(scope, business, at.map(|day| day.0)).await?;
        let sum = |amounts: &mut dyn Iterator<Item = money::Money>| {
            amounts.fold(money::Money::ZERO, money::Money::saturating_add)
        };
        let books = sum(&mut found.lines.iter().map(|line| line.position.base));
        let gains = sum(&mut found.lines.iter().filter_map(|line| line.unrealised));
        let business = &found.business;
        let lines = found.lines.into_iter().map(|line| position_line(scope, business, line));
        Ok(CurrencyPosition {
            at: Date(found.on),
            book_value: money(books, business),
            unrealised: money(gains, business),
            lines: lines.collect(),
            business: business.clone().into(),
        })
    }

    /// Gains and losses that settlements in other currencies brought over a range of days.
    /// Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity)"
    )]
    async fn realised_exchange(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "First day.")] from: Date,
        #[graphql(desc = "Last day, at most ten years later.")] to: Date,
    ) -> ApiResult<RealisedExchange> {
        let scope = &ctx.tenant()?;
        let asks = PageAsk::ahead(ctx, &["lines"], LINES)?;
        let business = asked(business_id.as_ref());
        let found = realised_exchange::read(scope, business, (from.0, to.0), &asks).await?;
        let business = &found.business;
        let chart = crate::services::books::chart::known(scope).await?;
        let line = |line: RealisedLine| {
            let party = line.party.and_then(|party| chart.ledgers.get(&party));
            RealisedExchangeLine {
                date: Date(line.day),
                gain: money(line.gain, business),
                currency: party.and_then(|row| row.currency.as_deref()).map(CurrencyCode::of),
                voucher_id: id::encode(VOUCHER, line.voucher.get()),
                bill_id: line.bill.map(|bill| id::encode(BILL, bill.get())),
                line,
            }
        };
        let pages = found.pages.into_iter().map(|page| page.map(line)).collect();
        Ok(RealisedExchange {
            from: Date(found.from),
            to: Date(found.to),
            net: money(found.net, business),
            lines: Ahead::of(asks, pages),
            business: business.clone().into(),
        })
    }
}
