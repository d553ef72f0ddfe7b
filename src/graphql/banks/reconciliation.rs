//! The bank reconciliation statement in the API.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use daybook_domain::role::Permission;

use super::{
    entries::{BankEntry, BankEntryConnection},
    errors::amount_of,
    lines::{BankLine, BankLineConnection},
};
use crate::{
    graphql::{
        books::{
            businesses::Business,
            ledgers::{Ledger, ledger_of},
            loaders,
        },
        context::{Asks, Requires},
        error::ApiResult,
        page::{Ahead, PageAsk},
        scalar::{CurrencyCode, Date, Money},
    },
    services::banks::reconciliation::{self as service, Sum},
};

const DEPOSITS: &str = "bankReconciliation:deposits";
const PAYMENTS: &str = "bankReconciliation:payments";
const LINES: &str = "bankReconciliation:lines";

/// From the balance as per books to the balance as per bank, at the end of a day: balance as per books, less
/// deposits not credited, and payments not presented added back, and what the bank has beyond the books. A
/// match counts from the day on which both have all of it.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct BankReconciliation {
    /// The day.
    pub at: Date,
    /// The business.
    pub business: Business,
    /// Currency of all amounts: the account's.
    pub currency: CurrencyCode,
    /// Balance as per books: money at the bank above zero, an overdraft below.
    pub book_balance: Money,
    /// Deposits in the books that the bank has not credited.
    pub deposits_not_credited: BankReconciliationSum,
    /// Cheques and other payments in the books that the bank has not debited; below zero.
    pub payments_not_presented: BankReconciliationSum,
    /// Money that came in at the bank and is not in the books.
    pub bank_credits_not_in_books: BankReconciliationSum,
    /// Money that went out at the bank and is not in the books; below zero.
    pub bank_debits_not_in_books: BankReconciliationSum,
    /// Balance as per bank, computed from the above.
    pub bank_balance: Money,
    /// The newest balance that a statement told, at `statementDate`; null before any did.
    pub statement_balance: Option<Money>,
    /// The day at whose end the bank had that balance.
    pub statement_date: Option<Date>,
    /// What that balance, with the lines booked since, is more than the computed one. Zero where all is well;
    /// null while no statement told a balance.
    pub difference: Option<Money>,
    #[graphql(skip)]
    ledger: daybook_domain::id::LedgerId,
    #[graphql(skip)]
    deposits: Ahead<BankEntry>,
    #[graphql(skip)]
    payments: Ahead<BankEntry>,
    #[graphql(skip)]
    lines: Ahead<BankLine>,
}

/// How many there are, and what they come to.
#[derive(SimpleObject, Debug, Clone)]
pub struct BankReconciliationSum {
    /// How many.
    pub count: i64,
    /// What they come to.
    pub amount: Money,
}

#[ComplexObject]
impl BankReconciliation {
    /// The bank ledger.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.ledger).await
    }

    /// The deposits that the bank has not credited, the oldest first.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn deposits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BankEntryConnection> {
        let ask = PageAsk::new(ctx, DEPOSITS, first, after.as_deref())?;
        Ok(BankEntryConnection::of(DEPOSITS, &ask, self.deposits.page(&ask)?))
    }

    /// The cheques and other payments that the bank has not debited, the oldest first.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BankEntryConnection> {
        let ask = PageAsk::new(ctx, PAYMENTS, first, after.as_deref())?;
        Ok(BankEntryConnection::of(PAYMENTS, &ask, self.payments.page(&ask)?))
    }

    /// The lines of the bank that the books do not have, ignored ones among them, the oldest first.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BankLineConnection> {
        let ask = PageAsk::new(ctx, LINES, first, after.as_deref())?;
        Ok(BankLineConnection::of(LINES, &ask, self.lines.page(&ask)?))
    }
}

/// Queries of reconciliations.
#[derive(Default, Debug)]
pub struct BankReconciliationQuery;

#[Object]
impl BankReconciliationQuery {
    /// The bank reconciliation statement of a ledger at the end of a day; null when there is no such bank
    /// ledger. Requires: BANK_READ.
    #[graphql(
        guard = "Requires(Permission::BankRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(20))"
    )]
    async fn bank_reconciliation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The bank ledger.")] ledger_id: ID,
        #[graphql(desc = "The day; today in the business's zone when left out.")] at: Option<Date>,
    ) -> ApiResult<Option<BankReconciliation>> {
        let asks = service::Asks {
            deposits: PageAsk::ahead(ctx, &["deposits"], DEPOSITS)?,
            payments: PageAsk::ahead(ctx, &["payments"], PAYMENTS)?,
            lines: PageAsk::ahead(ctx, &["lines"], LINES)?,
        };
        let day = at.map(|day| day.0);
        let found = service::at(&*ctx.tenant()?, ledger_of(&ledger_id), day, &asks).await?;
        let Some(found) = found else { return Ok(None) };
        let bank = &found.bank;
        let of = |amount| amount_of(bank, amount);
        let sum = |sum: Sum| BankReconciliationSum { count: sum.count, amount: of(sum.amount) };
        let (bank_balance, difference) = (found.bank_balance(), found.difference());
        let entries = |pages: Vec<crate::graphql::page::Page<_>>| {
            let pages = pages.into_iter();
            pages.map(|page| page.map(|one| BankEntry::of(one, bank))).collect::<Vec<_>>()
        };
        Ok(Some(BankReconciliation {
            at: Date(found.at),
            business: found.business.clone().into(),
            currency: CurrencyCode(bank.currency.clone()),
            book_balance: of(found.books),
            deposits_not_credited: sum(found.deposits),
            payments_not_presented: sum(found.payments),
            bank_credits_not_in_books: sum(found.bank_in),
            bank_debits_not_in_books: sum(found.bank_out),
            bank_balance: of(bank_balance),
            statement_balance: found.stated.map(|stated| of(stated.balance)),
            statement_date: found.stated.map(|stated| Date(stated.on)),
            difference: difference.map(of),
            ledger: bank.ledger,
            deposits: Ahead::of(asks.deposits, entries(found.deposit_pages.clone())),
            payments: Ahead::of(asks.payments, entries(found.payment_pages.clone())),
            lines: Ahead::of(
                asks.lines,
                found.line_pages.iter().cloned().map(|page| page.map(BankLine::from)).collect(),
            ),
        }))
    }
}
