//! The day book and the registers of vouchers in the API.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use daybook_domain::role::Permission;

use super::arguments::asking;
use crate::{
    connection,
    graphql::{
        books::{
            businesses::Business,
            entries::money,
            vouchers::{Voucher, VoucherConnection},
        },
        context::{Asks, Requires},
        error::ApiResult,
        master::words::BaseVoucherType,
        page::{Ahead, PageAsk},
        scalar::{CurrencyCode, Date, DateTime, Money},
    },
    lane::PostedVoucher,
    services::reports::registers::voucher_register::{self as service, Register, Wanted},
};

const VOUCHERS: &str = "voucherRegister:vouchers";
const MONTHS: &str = "voucherRegister:months";

/// The day book: all vouchers of a day, or of a range of days, of every type. Vouchers that were cancelled
/// are not shown, and of amended ones the version that stands. As known at an earlier moment, the versions
/// that stood then are shown; a voucher's `status` is always that of today.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct DayBook {
    /// The businesses in whose books it is.
    pub businesses: Vec<Business>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Currency of all amounts.
    pub currency: CurrencyCode,
    /// How many vouchers there are.
    pub voucher_count: i64,
    /// Sum of their totals: of the debits of all entries, which is that of the credits.
    pub total: Money,
    #[graphql(skip)]
    vouchers: Ahead<Voucher>,
}

/// The register of the vouchers of one type: the journal register, the payment register and so on. Vouchers
/// that were cancelled are not shown, and of amended ones the version that stands. As known at an earlier
/// moment, the versions that stood then are shown; a voucher's `status` is always that of today.
#[derive(SimpleObject, Debug)]
#[graphql(complex)]
pub struct VoucherRegister {
    /// The built-in type that its vouchers behave as.
    pub base_type: BaseVoucherType,
    /// The businesses in whose books it is.
    pub businesses: Vec<Business>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Currency of all amounts.
    pub currency: CurrencyCode,
    /// How many vouchers there are.
    pub voucher_count: i64,
    /// Sum of their totals.
    pub total: Money,
    #[graphql(skip)]
    months: Ahead<VoucherRegisterMonth>,
    #[graphql(skip)]
    vouchers: Ahead<Voucher>,
}

/// The vouchers of one month in a register.
#[derive(SimpleObject, Debug, Clone)]
pub struct VoucherRegisterMonth {
    /// First day of the month.
    pub month: Date,
    /// How many vouchers are dated in it.
    pub voucher_count: i64,
    /// Sum of their totals.
    pub total: Money,
}

connection!(
    /// Months that have vouchers, the oldest first.
    VoucherRegisterMonthConnection, VoucherRegisterMonthEdge, VoucherRegisterMonth
);

/// Answers the vouchers that were read ahead.
fn vouchers(
    ctx: &Context<'_>,
    found: &Ahead<Voucher>,
    first: Option<i32>,
    after: Option<&str>,
) -> ApiResult<VoucherConnection> {
    let ask = PageAsk::new(ctx, VOUCHERS, first, after)?;
    Ok(VoucherConnection::of(VOUCHERS, &ask, found.page(&ask)?))
}

#[ComplexObject]
impl DayBook {
    /// Its vouchers by date and then by when they were stored, the oldest first.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn vouchers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<VoucherConnection> {
        vouchers(ctx, &self.vouchers, first, after.as_deref())
    }
}

#[ComplexObject]
impl VoucherRegister {
    /// Its months, the oldest first; months without vouchers are left out.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn months(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<VoucherRegisterMonthConnection> {
        let ask = PageAsk::new(ctx, MONTHS, first, after.as_deref())?;
        Ok(VoucherRegisterMonthConnection::of(MONTHS, &ask, self.months.page(&ask)?))
    }

    /// Its vouchers by date and then by when they were stored, the oldest first.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn vouchers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<VoucherConnection> {
        vouchers(ctx, &self.vouchers, first, after.as_deref())
    }
}

/// What a document asks of a register.
fn wanted(ctx: &Context<'_>) -> ApiResult<Wanted> {
    let looks = ctx.look_ahead();
    Ok(Wanted {
        tally: looks.field("voucherCount").exists() || looks.field("total").exists(),
        months: PageAsk::ahead(ctx, &["months"], MONTHS)?,
        vouchers: PageAsk::ahead(ctx, &["vouchers"], VOUCHERS)?,
    })
}

fn ahead(asks: Vec<PageAsk>, found: &Register) -> Ahead<Voucher> {
    let pages = found.pages.iter().cloned();
    let pages = pages.map(|page| page.map(|voucher: PostedVoucher| Voucher::from(voucher)));
    Ahead::of(asks, pages.collect())
}

/// Queries of the day book and of registers.
#[derive(Default, Debug)]
pub struct VoucherRegisterQuery;

#[Object]
impl VoucherRegisterQuery {
    /// The day book of a day, or of a range of days. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity)"
    )]
    async fn day_book(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The businesses, all of one currency, at most 100; may be left out by who sees only one."
        )]
        business_ids: Option<Vec<ID>>,
        #[graphql(desc = "First day; the last one when left out.")] from: Option<Date>,
        #[graphql(desc = "Last day; today in the business's zone when left out.")] to: Option<Date>,
        #[graphql(
            desc = "As the books were known at this instant, at least two seconds ago; as they are now \
                    when left out."
        )]
        as_known_at: Option<DateTime>,
    ) -> ApiResult<DayBook> {
        let wanted = wanted(ctx)?;
        let asking = asking(business_ids, from, to, as_known_at);
        let found = service::day_book(&*ctx.tenant()?, asking, &wanted).await?;
        let business = &found.frame.lead;
        Ok(DayBook {
            businesses: found.frame.businesses.iter().cloned().map(Business::from).collect(),
            from: Date(found.frame.from),
            to: Date(found.frame.to),
            currency: CurrencyCode::of(&business.base_currency),
            voucher_count: found.tally.count,
            total: money(found.tally.total, business),
            vouchers: ahead(wanted.vouchers, &found),
        })
    }

    /// The register of the vouchers that behave as one built-in type, with number and sum by month. What
    /// tenants derive from a type stands in its register. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity)"
    )]
    async fn voucher_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The built-in type: JOURNAL for the journal register.")]
        base_type: BaseVoucherType,
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
    ) -> ApiResult<VoucherRegister> {
        let wanted = wanted(ctx)?;
        let asking = asking(business_ids, from, to, as_known_at);
        let found = service::of_type(&*ctx.tenant()?, base_type.into(), asking, &wanted).await?;
        let business = &found.frame.lead;
        let month = |one: service::Month| VoucherRegisterMonth {
            month: Date(one.begins),
            voucher_count: one.tally.count,
            total: money(one.tally.total, business),
        };
        let months = found.month_pages.iter().cloned().map(|page| page.map(month));
        Ok(VoucherRegister {
            base_type,
            businesses: found.frame.businesses.iter().cloned().map(Business::from).collect(),
            from: Date(found.frame.from),
            to: Date(found.frame.to),
            currency: CurrencyCode::of(&business.base_currency),
            voucher_count: found.tally.count,
            total: money(found.tally.total, business),
            months: Ahead::of(wanted.months, months.collect()),
            vouchers: ahead(wanted.vouchers, &found),
        })
    }
}
