//! Objects of the shared structure by their global id.

use async_graphql::Context;
use daybook_domain::{
    id::{AccountGroupId, SubGroupId, VoucherTypeId},
    role::Permission,
};

use super::{
    groups::{ACCOUNT_GROUP, ACCOUNT_SUBGROUP, AccountGroup, Looker, looker},
    places::{ACCOUNTING_YEAR, AccountingYear, COUNTRY, CURRENCY, Country, Currency, STATE, State},
    rates::{GST_RATE, GstRate, TDS_SECTION, TdsSection},
    types::{VOUCHER_TYPE, VoucherType},
};
use crate::{
    graphql::error::ApiResult,
    services::{
        books::{
            groups::GroupRef,
            voucher_types::{self, TypeRef},
        },
        master::lists::{dated_rate, dated_section},
    },
};

/// An object of the shared structure.
#[derive(Debug, Clone)]
pub enum MasterNode {
    /// An account group, shared or own.
    AccountGroup(Box<AccountGroup>),
    /// A voucher type.
    VoucherType(Box<VoucherType>),
    /// A rate.
    GstRate(Box<GstRate>),
    /// A section of tax at source.
    TdsSection(Box<TdsSection>),
    /// An accounting year.
    AccountingYear(AccountingYear),
    /// A State.
    State(State),
    /// A currency.
    Currency(Currency),
    /// A country.
    Country(Country),
}

/// The object that a global id of this kind and number names. `None` when there is none, and when the
/// kind belongs to another area.
///
/// # Errors
/// No permission for objects of that kind, or a database that cannot be read.
pub async fn node(kind: &str, number: i64, ctx: &Context<'_>) -> ApiResult<Option<MasterNode>> {
    let kinds = [
        ACCOUNT_GROUP,
        ACCOUNT_SUBGROUP,
        VOUCHER_TYPE,
        GST_RATE,
        TDS_SECTION,
        ACCOUNTING_YEAR,
        STATE,
        CURRENCY,
        COUNTRY,
    ];
    if !kinds.contains(&kind) {
        return Ok(None);
    }
    let looker = looker(ctx)?;
    match &looker {
        Looker::Tenant(scope) => scope.require(Permission::GroupRead)?,
        Looker::Keeper(scope) => scope.require(Permission::MasterRead)?,
    }
    let catalogue = looker.catalogue();
    let is = |id: i64| id == number;
    Ok(match kind {
        ACCOUNT_GROUP => group(&looker, GroupRef::Shared(AccountGroupId::new(number))).await?,
        ACCOUNT_SUBGROUP => group(&looker, GroupRef::Own(SubGroupId::new(number))).await?,
        VOUCHER_TYPE => {
            let id = VoucherTypeId::new(number);
            let chart = looker.chart().await?;
            let found = match chart.as_deref() {
                Some(chart) => voucher_types::find(&catalogue, chart, id),
                None => catalogue.voucher_type(id).map(TypeRef::shared),
            };
            found.map(|found| MasterNode::VoucherType(Box::new(VoucherType::of(found))))
        }
        GST_RATE => {
            let row = catalogue.gst_rates.iter().find(|one| is(one.id.get()));
            row.map(|row| dated_rate(&catalogue, looker.clock(), row, None))
                .map(|row| MasterNode::GstRate(Box::new(row.into())))
        }
        TDS_SECTION => {
            let row = catalogue.tds_sections.iter().find(|one| is(one.id.get()));
            row.map(|row| dated_section(&catalogue, looker.clock(), row, None))
                .map(|row| MasterNode::TdsSection(Box::new(row.into())))
        }
        ACCOUNTING_YEAR => {
            let row = catalogue.years.iter().find(|one| is(one.id.get()));
            row.cloned().map(|row| MasterNode::AccountingYear(row.into()))
        }
        STATE => {
            let row = catalogue.states.iter().find(|one| is(one.id.get()));
            row.cloned().map(|row| MasterNode::State(row.into()))
        }
        CURRENCY => {
            let row = catalogue.currencies.iter().find(|one| is(one.id.get()));
            row.cloned().map(|row| MasterNode::Currency(row.into()))
        }
        _ => {
            let row = catalogue.countries.iter().find(|one| is(one.id.get()));
            row.cloned().map(|row| MasterNode::Country(row.into()))
        }
    })
}

async fn group(looker: &Looker<'_>, group: GroupRef) -> ApiResult<Option<MasterNode>> {
    let groups = looker.groups().await?;
    let found = groups.resolve(group).map(AccountGroup::from);
    Ok(found.map(|group| MasterNode::AccountGroup(Box::new(group))))
}
