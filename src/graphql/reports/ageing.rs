//! What customers owe and suppliers are owed, by age, in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use daybook_domain::{
    bill::{AgedFrom, Buckets, days_between},
    id::LedgerId,
    role::Permission,
};

use super::ask::Arguments;
use crate::{
    connection,
    error::Error,
    graphql::{
        books::{
            bills::Bill,
            businesses::Business,
            ledgers::{LEDGER, Ledger},
        },
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::{Ahead, PageAsk},
        reports::lines::Writer,
        scalar::{CurrencyCode, Date, DateTime, Money},
    },
    services::reports::ageing::{self as service, Aged, Asking, Side},
};

/// From which day on a bill ages.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "AgedFrom")]
pub enum AgeingBasis {
    /// The day on which it is due; what is not due yet stands in a first bucket of its own.
    DueDate,
    /// Its own date.
    BillDate,
}

/// Debts by age. Amounts are above zero where customers owe, or suppliers are owed.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct AgeingReport {
    /// Whose books.
    pub businesses: Vec<Business>,
    /// Currency of all amounts.
    pub currency: CurrencyCode,
    /// At the end of this day.
    pub at: Date,
    /// From which day on bills age.
    pub basis: AgeingBasis,
    /// The ages of the buckets, in the order of all amounts by bucket.
    pub buckets: Vec<AgeingBucket>,
    /// All parties together.
    pub totals: AgeingAmounts,
    /// The instant up to which rows count, where one was asked for.
    pub as_known_at: Option<DateTime>,
    #[graphql(skip)]
    parties: Ahead<AgeingParty>,
    #[graphql(skip)]
    bills: Ahead<AgeingBill>,
}

/// Ages of a bucket in days, both ends included.
#[derive(SimpleObject, Debug, Clone, Copy)]
pub struct AgeingBucket {
    /// Fewest days; null where it holds what is not due yet.
    pub from_days: Option<i32>,
    /// Most days; null in the last one.
    pub to_days: Option<i32>,
}

/// What is owed, by age.
#[derive(SimpleObject, Debug, Clone)]
pub struct AgeingAmounts {
    /// What is open of bills, by bucket.
    pub buckets: Vec<Money>,
    /// What is open on the other side, at most zero: paid in advance, credited, or settled before the
    /// bill's day.
    pub advances: Money,
    /// What is set against no bill: below zero it was paid.
    pub on_account: Money,
    /// Bills, advances and what is on account, together.
    pub outstanding: Money,
    /// What the ledgers stand at.
    pub ledger_balance: Money,
    /// By how much the ledgers stand higher than what is outstanding: what was entered while they were not
    /// kept bill by bill.
    pub difference: Money,
}

/// What one party owes or is owed, by age.
#[derive(SimpleObject, Debug, Clone)]
pub struct AgeingParty {
    /// Its ledger.
    pub ledger: Ledger,
    /// How many bills are open.
    pub bill_count: i64,
    /// What is owed.
    pub amounts: AgeingAmounts,
}

/// A bill of which something is open.
#[derive(SimpleObject, Debug, Clone)]
pub struct AgeingBill {
    /// The bill as it stands at the report's day.
    pub bill: Bill,
    /// What is open of it; below zero on the other side.
    pub outstanding: Money,
    /// Days since it is due, or since its date, as the report counts; below zero when that is still to come.
    pub age_days: i64,
    /// Its bucket, from 0; null where it is open on the other side.
    pub bucket: Option<i32>,
}

connection!(
    /// Parties by name. Those that owe nothing and are owed nothing are left out.
    AgeingPartyConnection, AgeingPartyEdge, AgeingParty
);

connection!(
    /// Open bills, the oldest first.
    AgeingBillConnection, AgeingBillEdge, AgeingBill
);

const PARTIES: &str = "ageing:parties";
const BILLS: &str = "ageing:bills";

#[ComplexObject]
impl AgeingReport {
    /// What each party owes or is owed.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn parties(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AgeingPartyConnection> {
        let ask = PageAsk::new(ctx, PARTIES, first, after.as_deref())?;
        Ok(AgeingPartyConnection::of(PARTIES, &ask, self.parties.page(&ask)?))
    }

    /// The bills of which something is open.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn bills(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AgeingBillConnection> {
        let ask = PageAsk::new(ctx, BILLS, first, after.as_deref())?;
        Ok(AgeingBillConnection::of(BILLS, &ask, self.bills.page(&ask)?))
    }
}

fn amounts(writer: &Writer, aged: &Aged) -> AgeingAmounts {
    AgeingAmounts {
        buckets: aged.buckets.iter().map(|amount| writer.money(*amount)).collect(),
        advances: writer.money(aged.advances),
        on_account: writer.money(aged.on_account),
        outstanding: writer.money(aged.outstanding()),
        ledger_balance: writer.money(aged.balance),
        difference: writer.money(aged.difference()),
    }
}

/// The arguments of both reports.
struct Asked {
    business_ids: Option<Vec<ID>>,
    at: Option<Date>,
    buckets: Vec<i32>,
    basis: AgeingBasis,
    party_ids: Option<Vec<ID>>,
    as_known_at: Option<DateTime>,
}

async fn report(ctx: &Context<'_>, side: Side, asked: Asked) -> ApiResult<AgeingReport> {
    let buckets = Buckets::new(&asked.buckets, asked.basis.into());
    let buckets = buckets.map_err(|why| Error::bad_input("buckets", why.to_string()))?;
    let arguments = Arguments { business_ids: asked.business_ids, ..Arguments::default() };
    let party_asks = PageAsk::ahead(ctx, &["parties"], PARTIES)?;
    let bill_asks = PageAsk::ahead(ctx, &["bills"], BILLS)?;
    let party = |global: &ID| LedgerId::new(id::number(LEDGER, global));
    let asking = Asking {
        whose: arguments.question("at")?.whose,
        at: asked.at.map(|day| day.0),
        known_at: asked.as_known_at.map(|instant| instant.0),
        parties: asked.party_ids.map(|ids| ids.iter().map(party).collect()),
        buckets,
        party_asks: party_asks.clone(),
        bill_asks: bill_asks.clone(),
    };
    let found = service::ageing(&*ctx.tenant()?, side, asking).await?;
    let writer = Writer::of(&found.frame)?;
    let days = |days: Option<u16>| days.map(i32::from);
    let mut parties = Vec::with_capacity(found.parties.len());
    for page in found.parties {
        parties.push(page.map(|one| (found.frame.chart.ledgers.get(&one.ledger).cloned(), one)));
    }
    let parties = parties.into_iter().map(|page| {
        page.try_map(|(ledger, one)| {
            let ledger = ledger.ok_or_else(|| Error::Internal("a party of no ledger".into()))?;
            Ok(AgeingParty {
                ledger: ledger.into(),
                bill_count: one.bills,
                amounts: amounts(&writer, &one.aged),
            })
        })
    });
    let parties = parties.collect::<crate::error::Result<Vec<_>>>()?;
    let bills = found.bills.into_iter().map(|page| {
        page.map(|one| AgeingBill {
            outstanding: writer.money(one.outstanding),
            age_days: days_between(one.since, found.at),
            bucket: one.bucket.and_then(|bucket| i32::try_from(bucket).ok()),
            bill: Bill::from(one.bill),
        })
    });
    let ages = found.buckets.ages().into_iter();
    Ok(AgeingReport {
        businesses: found.frame.businesses.iter().cloned().map(Business::from).collect(),
        currency: writer.currency(),
        at: Date(found.at),
        basis: found.buckets.aged_from().into(),
        buckets: ages
            .map(|one| AgeingBucket { from_days: days(one.from), to_days: days(one.to) })
            .collect(),
        totals: amounts(&writer, &found.total),
        as_known_at: found.frame.known_at.map(DateTime),
        parties: Ahead::of(party_asks, parties),
        bills: Ahead::of(bill_asks, bills.collect()),
    })
}

/// Queries of debts.
#[derive(Default, Debug)]
pub struct AgeingQuery;

#[Object]
impl AgeingQuery {
    /// What customers owe at the end of a day, by age: the ledgers below Sundry Debtors with their bills.
    /// Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn receivables(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The businesses, all of one currency, at most 100; may be left out by who sees only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(desc = "The day; today in the business's zone when left out.")] at: Option<Date>,
        #[graphql(
            desc = "Greatest age in days of each bucket but the last: 1 to 12 rising numbers.",
            default_with = "vec![30, 60, 90]"
        )]
        buckets: Vec<i32>,
        #[graphql(desc = "From which day on bills age.", default_with = "AgeingBasis::DueDate")]
        basis: AgeingBasis,
        #[graphql(desc = "Only the parties of these ledgers.")] party_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "Only what was recorded up to this instant, at least two seconds ago; all when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<AgeingReport> {
        let asked = Asked { business_ids, at, buckets, basis, party_ids, as_known_at };
        report(ctx, Side::Receivable, asked).await
    }

    /// What suppliers are owed at the end of a day, by age: the ledgers below Sundry Creditors with their
    /// bills. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn payables(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The businesses, all of one currency, at most 100; may be left out by who sees only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(desc = "The day; today in the business's zone when left out.")] at: Option<Date>,
        #[graphql(
            desc = "Greatest age in days of each bucket but the last: 1 to 12 rising numbers.",
            default_with = "vec![30, 60, 90]"
        )]
        buckets: Vec<i32>,
        #[graphql(desc = "From which day on bills age.", default_with = "AgeingBasis::DueDate")]
        basis: AgeingBasis,
        #[graphql(desc = "Only the parties of these ledgers.")] party_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "Only what was recorded up to this instant, at least two seconds ago; all when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<AgeingReport> {
        let asked = Asked { business_ids, at, buckets, basis, party_ids, as_known_at };
        report(ctx, Side::Payable, asked).await
    }
}
