//! Queries of the shared structure: for tenants with what they adapted, for its keeper without.

use async_graphql::{Context, ID, Object};
use daybook_domain::role::Permission;

use super::{
    filters::{
        AccountGroupFilter, AccountingYearFilter, GstRateFilter, StateFilter, TdsSectionFilter,
        VoucherTypeFilter,
    },
    groups::{AccountGroup, AccountGroupConnection, group_of, looker},
    places::{AccountingYearConnection, CountryConnection, CurrencyConnection, StateConnection},
    rates::{GstRateConnection, TdsSectionConnection},
    types::{VoucherType, VoucherTypeConnection, type_of},
};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        page::PageAsk,
    },
    services::master::lists,
};

/// What tenants read of the shared structure.
#[derive(Default, Debug)]
pub struct SharedQuery;

#[Object]
impl SharedQuery {
    /// Account groups as a tree is read: each before those below it. Requires: GROUP_READ.
    #[graphql(
        guard = "Requires(Permission::GroupRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn account_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<AccountGroupFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AccountGroupConnection> {
        list_groups(ctx, filter, first, after).await
    }

    /// Voucher types in their order, your own behind those they are derived from. Requires: GROUP_READ.
    #[graphql(
        guard = "Requires(Permission::GroupRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn voucher_types(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<VoucherTypeFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<VoucherTypeConnection> {
        list_types(ctx, filter, first, after).await
    }

    /// Rates of GST and other value added taxes, by country, code and first day. Requires: GROUP_READ.
    #[graphql(
        guard = "Requires(Permission::GroupRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn gst_rates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<GstRateFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<GstRateConnection> {
        list_rates(ctx, filter, first, after)
    }

    /// Sections of tax deducted and collected at source, by kind, Act, code and first day. Requires: GROUP_READ.
    #[graphql(
        guard = "Requires(Permission::GroupRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn tds_sections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<TdsSectionFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<TdsSectionConnection> {
        list_sections(ctx, filter, first, after)
    }

    /// Accounting years by calendar and first day. Requires: GROUP_READ.
    #[graphql(
        guard = "Requires(Permission::GroupRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn accounting_years(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<AccountingYearFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AccountingYearConnection> {
        list_years(ctx, filter, first, after)
    }

    /// States, territories and counties by country and code. Requires: GROUP_READ.
    #[graphql(
        guard = "Requires(Permission::GroupRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn states(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<StateFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<StateConnection> {
        list_states(ctx, filter, first, after)
    }

    /// Currencies by code. Requires: GROUP_READ.
    #[graphql(
        guard = "Requires(Permission::GroupRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn currencies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of the name or code, whatever its case.")] text: Option<String>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<CurrencyConnection> {
        list_currencies(ctx, text, first, after)
    }

    /// Countries by code, with what a business starts with there. Requires: GROUP_READ.
    #[graphql(
        guard = "Requires(Permission::GroupRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn countries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of the name or code, whatever its case.")] text: Option<String>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<CountryConnection> {
        list_countries(ctx, text, first, after)
    }

    /// One account group, shared or your own. Requires: GROUP_READ.
    #[graphql(guard = "Requires(Permission::GroupRead)")]
    async fn account_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] id: ID,
    ) -> ApiResult<Option<AccountGroup>> {
        let groups = looker(ctx)?.groups().await?;
        Ok(group_of(&id).and_then(|group| groups.resolve(group)).map(AccountGroup::from))
    }

    /// One voucher type. Requires: GROUP_READ.
    #[graphql(guard = "Requires(Permission::GroupRead)")]
    async fn voucher_type(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The voucher type's id.")] id: ID,
    ) -> ApiResult<Option<VoucherType>> {
        match type_of(&id) {
            Some(id) => VoucherType::find(&*ctx.tenant()?, id).await,
            None => Ok(None),
        }
    }
}

/// What the keeper reads of it.
#[derive(Default, Debug)]
pub struct KeeperQuery;

#[Object]
impl KeeperQuery {
    /// For the keeper: account groups as a tree is read: each before those below it. Requires: MASTER_READ.
    #[graphql(
        guard = "Requires(Permission::MasterRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_account_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<AccountGroupFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AccountGroupConnection> {
        list_groups(ctx, filter, first, after).await
    }

    /// For the keeper: voucher types in their order. Requires: MASTER_READ.
    #[graphql(
        guard = "Requires(Permission::MasterRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_voucher_types(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<VoucherTypeFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<VoucherTypeConnection> {
        list_types(ctx, filter, first, after).await
    }

    /// For the keeper: rates of GST and other value added taxes, by country, code and first day. Requires: MASTER_READ.
    #[graphql(
        guard = "Requires(Permission::MasterRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_gst_rates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<GstRateFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<GstRateConnection> {
        list_rates(ctx, filter, first, after)
    }

    /// For the keeper: sections of tax deducted and collected at source, by kind, Act, code and first day. Requires: MASTER_READ.
    #[graphql(
        guard = "Requires(Permission::MasterRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_tds_sections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<TdsSectionFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<TdsSectionConnection> {
        list_sections(ctx, filter, first, after)
    }

    /// For the keeper: accounting years by calendar and first day. Requires: MASTER_READ.
    #[graphql(
        guard = "Requires(Permission::MasterRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_accounting_years(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<AccountingYearFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AccountingYearConnection> {
        list_years(ctx, filter, first, after)
    }

    /// For the keeper: States, territories and counties by country and code. Requires: MASTER_READ.
    #[graphql(
        guard = "Requires(Permission::MasterRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_states(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them.")] filter: Option<StateFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<StateConnection> {
        list_states(ctx, filter, first, after)
    }

    /// For the keeper: currencies by code. Requires: MASTER_READ.
    #[graphql(
        guard = "Requires(Permission::MasterRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_currencies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of the name or code, whatever its case.")] text: Option<String>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<CurrencyConnection> {
        list_currencies(ctx, text, first, after)
    }

    /// For the keeper: countries by code, with what a business starts with there. Requires: MASTER_READ.
    #[graphql(
        guard = "Requires(Permission::MasterRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_countries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of the name or code, whatever its case.")] text: Option<String>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<CountryConnection> {
        list_countries(ctx, text, first, after)
    }
}

const GROUPS: &str = "accountGroups:tree";
const TYPES: &str = "voucherTypes:order";
const RATES: &str = "gstRates:code";
const SECTIONS: &str = "tdsSections:code";
const YEARS: &str = "accountingYears:first";
const STATES: &str = "states:code";
const CURRENCIES: &str = "currencies:code";
const COUNTRIES: &str = "countries:code";

async fn list_groups(
    ctx: &Context<'_>,
    filter: Option<AccountGroupFilter>,
    first: Option<i32>,
    after: Option<String>,
) -> ApiResult<AccountGroupConnection> {
    let ask = PageAsk::new(ctx, GROUPS, first, after.as_deref())?;
    let looker = looker(ctx)?;
    let (catalogue, groups) = (looker.catalogue(), looker.groups().await?);
    let page = lists::groups(&catalogue, &groups, &filter.unwrap_or_default().into(), &ask);
    Ok(AccountGroupConnection::of(GROUPS, &ask, page))
}

async fn list_types(
    ctx: &Context<'_>,
    filter: Option<VoucherTypeFilter>,
    first: Option<i32>,
    after: Option<String>,
) -> ApiResult<VoucherTypeConnection> {
    let ask = PageAsk::new(ctx, TYPES, first, after.as_deref())?;
    let looker = looker(ctx)?;
    let (catalogue, chart) = (looker.catalogue(), looker.chart().await?);
    let filter = filter.unwrap_or_default().into();
    let page = lists::voucher_types(&catalogue, chart.as_deref(), &filter, &ask);
    let page = page.map(VoucherType::of);
    Ok(VoucherTypeConnection::of(TYPES, &ask, page))
}

fn list_rates(
    ctx: &Context<'_>,
    filter: Option<GstRateFilter>,
    first: Option<i32>,
    after: Option<String>,
) -> ApiResult<GstRateConnection> {
    let ask = PageAsk::new(ctx, RATES, first, after.as_deref())?;
    let looker = looker(ctx)?;
    let page = lists::gst_rates(
        &looker.catalogue(),
        looker.clock(),
        &filter.unwrap_or_default().into(),
        &ask,
    );
    Ok(GstRateConnection::of(RATES, &ask, page))
}

fn list_sections(
    ctx: &Context<'_>,
    filter: Option<TdsSectionFilter>,
    first: Option<i32>,
    after: Option<String>,
) -> ApiResult<TdsSectionConnection> {
    let ask = PageAsk::new(ctx, SECTIONS, first, after.as_deref())?;
    let looker = looker(ctx)?;
    let page = lists::tds_sections(
        &looker.catalogue(),
        looker.clock(),
        &filter.unwrap_or_default().into(),
        &ask,
    );
    Ok(TdsSectionConnection::of(SECTIONS, &ask, page))
}

fn list_years(
    ctx: &Context<'_>,
    filter: Option<AccountingYearFilter>,
    first: Option<i32>,
    after: Option<String>,
) -> ApiResult<AccountingYearConnection> {
    let ask = PageAsk::new(ctx, YEARS, first, after.as_deref())?;
    let looker = looker(ctx)?;
    let page = lists::years(&looker.catalogue(), &filter.unwrap_or_default().into(), &ask);
    Ok(AccountingYearConnection::of(YEARS, &ask, page))
}

fn list_states(
    ctx: &Context<'_>,
    filter: Option<StateFilter>,
    first: Option<i32>,
    after: Option<String>,
) -> ApiResult<StateConnection> {
    let ask = PageAsk::new(ctx, STATES, first, after.as_deref())?;
    let looker = looker(ctx)?;
    let page = lists::states(&looker.catalogue(), &filter.unwrap_or_default().into(), &ask);
    Ok(StateConnection::of(STATES, &ask, page))
}

fn list_currencies(
    ctx: &Context<'_>,
    text: Option<String>,
    first: Option<i32>,
    after: Option<String>,
) -> ApiResult<CurrencyConnection> {
    let ask = PageAsk::new(ctx, CURRENCIES, first, after.as_deref())?;
    let looker = looker(ctx)?;
    let page = lists::currencies(&looker.catalogue(), text.as_deref(), &ask);
    Ok(CurrencyConnection::of(CURRENCIES, &ask, page))
}

fn list_countries(
    ctx: &Context<'_>,
    text: Option<String>,
    first: Option<i32>,
    after: Option<String>,
) -> ApiResult<CountryConnection> {
    let ask = PageAsk::new(ctx, COUNTRIES, first, after.as_deref())?;
    let looker = looker(ctx)?;
    let page = lists::countries(&looker.catalogue(), text.as_deref(), &ask);
    Ok(CountryConnection::of(COUNTRIES, &ask, page))
}
