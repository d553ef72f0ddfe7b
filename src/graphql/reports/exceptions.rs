//! What stands out in the books, in the API.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use daybook_domain::{
    id::{BusinessId, VoucherTypeId},
    role::Permission,
};

use super::{arguments::asking, voucher_history::VoucherHistoryAct};
use crate::{
    connection,
    error::Error,
    graphql::{
        books::{
            businesses::Business, entries::money, ledgers::Ledger, loaders, vouchers::Voucher,
        },
        context::{Asks, Requires},
        error::ApiResult,
        master::VoucherType,
        page::{Ahead, PageAsk},
        scalar::{CurrencyCode, Date, DateTime, Money},
    },
    services::reports::registers::exceptions::{self as service, Wanted},
};

const NEGATIVE_CASH: &str = "exceptionReport:negativeCash";
const NUMBER_GAPS: &str = "exceptionReport:numberGaps";
const CHANGED_VOUCHERS: &str = "exceptionReport:changedVouchers";
const ARCHIVED_LEDGERS: &str = "exceptionReport:archivedLedgers";

/// What stands out in the books over a range of days, and should be looked at.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct ExceptionReport {
    /// The businesses in whose books it is.
    pub businesses: Vec<Business>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Currency of all amounts.
    pub currency: CurrencyCode,
    #[graphql(skip)]
    negative_cash: Ahead<NegativeCash>,
    #[graphql(skip)]
    number_gaps: Ahead<NumberGap>,
    #[graphql(skip)]
    changed_vouchers: Ahead<ChangedVoucher>,
    #[graphql(skip)]
    archived_ledgers: Ahead<ArchivedLedgerEntries>,
}

/// A ledger of cash that stood below zero at the end of some day: more was paid than was there.
#[derive(SimpleObject, Debug, Clone)]
pub struct NegativeCash {
    /// The ledger.
    pub ledger: Ledger,
    /// The first day of the range at whose end it stood below zero.
    pub first_day: Date,
    /// What it stood at at the end of that day.
    pub balance: Money,
    /// The least that it stood at at the end of a day of the range.
    pub lowest: Money,
}

/// Numbers of a series that no voucher has.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct NumberGap {
    /// What stands before the numbers of the series.
    pub prefix: String,
    /// The first number that is missing.
    pub first_missing: i64,
    /// The last number that is missing.
    pub last_missing: i64,
    /// How many are missing.
    pub missing_count: i64,
    /// The voucher with the number after the gap; null where the series has none yet.
    pub next_voucher: Option<Voucher>,
    #[graphql(skip)]
    in_books: BusinessId,
    #[graphql(skip)]
    numbers: VoucherTypeId,
}

/// A voucher that was cancelled or amended.
#[derive(SimpleObject, Debug, Clone)]
pub struct ChangedVoucher {
    /// What was done to it, by whom and why.
    pub act: VoucherHistoryAct,
    /// The voucher in the version that does not stand any more.
    pub voucher: Voucher,
}

/// An archived ledger with entries. Its statement shows them.
#[derive(SimpleObject, Debug, Clone)]
pub struct ArchivedLedgerEntries {
    /// The ledger.
    pub ledger: Ledger,
    /// How many entries it has in the range.
    pub entry_count: i64,
    /// Sum of their debits.
    pub debit: Money,
    /// Sum of their credits.
    pub credit: Money,
    /// What the ledger stands at at the end of the last day: a debit above zero.
    pub closing: Money,
}

connection!(
    /// Ledgers of cash that stood below zero, by name.
    NegativeCashConnection, NegativeCashEdge, NegativeCash
);
connection!(
    /// Missing numbers, by series and number.
    NumberGapConnection, NumberGapEdge, NumberGap
);
connection!(
    /// Vouchers that were changed, by the date of the version that does not stand any more.
    ChangedVoucherConnection, ChangedVoucherEdge, ChangedVoucher
);
connection!(
    /// Archived ledgers with entries, by name.
    ArchivedLedgerEntriesConnection, ArchivedLedgerEntriesEdge, ArchivedLedgerEntries
);

#[ComplexObject]
impl NumberGap {
    /// The business whose series it is.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.in_books, |one| one.clone().into()).await
    }

    /// What the series numbers.
    async fn voucher_type(&self, ctx: &Context<'_>) -> ApiResult<VoucherType> {
        let found = VoucherType::find(&*ctx.tenant()?, self.numbers).await?;
        found.ok_or_else(|| Error::Internal("a series of no type".into()).into())
    }
}

#[ComplexObject]
impl ExceptionReport {
    /// Ledgers below Cash-in-Hand that stood below zero at the end of some day of the range.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn negative_cash(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<NegativeCashConnection> {
        let ask = PageAsk::new(ctx, NEGATIVE_CASH, first, after.as_deref())?;
        Ok(NegativeCashConnection::of(NEGATIVE_CASH, &ask, self.negative_cash.page(&ask)?))
    }

    /// Numbers that are missing in the series of the accounting years that the range touches. A series
    /// begins with 1.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn number_gaps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<NumberGapConnection> {
        let ask = PageAsk::new(ctx, NUMBER_GAPS, first, after.as_deref())?;
        Ok(NumberGapConnection::of(NUMBER_GAPS, &ask, self.number_gaps.page(&ask)?))
    }

    /// Vouchers that were cancelled or amended, where the version that does not stand any more is dated in
    /// the range.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn changed_vouchers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<ChangedVoucherConnection> {
        let ask = PageAsk::new(ctx, CHANGED_VOUCHERS, first, after.as_deref())?;
        let page = self.changed_vouchers.page(&ask)?;
        Ok(ChangedVoucherConnection::of(CHANGED_VOUCHERS, &ask, page))
    }

    /// Ledgers that are archived today and have entries in the range.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn archived_ledgers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<ArchivedLedgerEntriesConnection> {
        let ask = PageAsk::new(ctx, ARCHIVED_LEDGERS, first, after.as_deref())?;
        let page = self.archived_ledgers.page(&ask)?;
        Ok(ArchivedLedgerEntriesConnection::of(ARCHIVED_LEDGERS, &ask, page))
    }
}

impl From<service::NumberGap> for NumberGap {
    fn from(gap: service::NumberGap) -> Self {
        Self {
            prefix: gap.prefix,
            first_missing: gap.first,
            last_missing: gap.last,
            missing_count: gap.last - gap.first + 1,
            next_voucher: gap.next.map(Voucher::from),
            in_books: gap.business,
            numbers: gap.voucher_type,
        }
    }
}

/// Queries of exceptions.
#[derive(Default, Debug)]
pub struct ExceptionQuery;

#[Object]
impl ExceptionQuery {
    /// What stands out in the books over a range of days: cash below zero, missing numbers, vouchers that
    /// were changed, entries on archived ledgers. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity)"
    )]
    async fn exception_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The businesses, all of one currency, at most 100; may be left out by who sees only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(
            desc = "First day; that of the accounting year that holds the last day, when left out."
        )]
        from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(
            desc = "As the books were known at this instant, at least two seconds ago; as they are now \
                    when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<ExceptionReport> {
        let wanted = Wanted {
            negative_cash: PageAsk::ahead(ctx, &["negativeCash"], NEGATIVE_CASH)?,
            number_gaps: PageAsk::ahead(ctx, &["numberGaps"], NUMBER_GAPS)?,
            changed_vouchers: PageAsk::ahead(ctx, &["changedVouchers"], CHANGED_VOUCHERS)?,
            archived_ledgers: PageAsk::ahead(ctx, &["archivedLedgers"], ARCHIVED_LEDGERS)?,
        };
        let asking = asking(business_ids, from, to, as_known_at);
        let found = service::exceptions(&*ctx.tenant()?, asking, &wanted).await?;
        let business = &found.frame.lead;
        let of = |amount| money(amount, business);
        let cash = |one: service::NegativeCash| NegativeCash {
            ledger: one.ledger.into(),
            first_day: Date(one.first_day),
            balance: of(one.balance),
            lowest: of(one.lowest),
        };
        let archived = |one: service::ArchivedLedger| ArchivedLedgerEntries {
            ledger: one.ledger.into(),
            entry_count: one.entries,
            debit: of(one.span.debit),
            credit: of(one.span.credit),
            closing: of(one.span.closing()),
        };
        let changed = |one: service::ChangedVoucher| ChangedVoucher {
            act: one.act.into(),
            voucher: one.voucher.into(),
        };
        let cash_pages = found.negative_cash.into_iter().map(|page| page.map(cash));
        let gap_pages = found.number_gaps.into_iter().map(|page| page.map(NumberGap::from));
        let changed_pages = found.changed_vouchers.into_iter().map(|page| page.map(changed));
        let archived_pages = found.archived_ledgers.into_iter().map(|page| page.map(archived));
        Ok(ExceptionReport {
            businesses: found.frame.businesses.iter().cloned().map(Business::from).collect(),
            from: Date(found.frame.from),
            to: Date(found.frame.to),
            currency: CurrencyCode::of(&business.base_currency),
            negative_cash: Ahead::of(wanted.negative_cash, cash_pages.collect()),
            number_gaps: Ahead::of(wanted.number_gaps, gap_pages.collect()),
            changed_vouchers: Ahead::of(wanted.changed_vouchers, changed_pages.collect()),
            archived_ledgers: Ahead::of(wanted.archived_ledgers, archived_pages.collect()),
        })
    }
}
