//! A snapshot of the shared structure, as it stands at one catalogue version.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    chart,
    id::{AccountGroupId, VoucherTypeId},
};
use daybook_entity::master::chart::{
    account_group, accounting_year, country, currency, gst_rate, state, tds_section, voucher_type,
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};

use crate::{clock::Clock, error::Result};

/// Everything of the master database that tenants read, held in memory.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// The version it was read at.
    pub version: i64,
    /// Account groups in sort order; parents before children.
    pub groups: Vec<account_group::Model>,
    /// Voucher types in sort order.
    pub voucher_types: Vec<voucher_type::Model>,
    /// Dated GST rates.
    pub gst_rates: Vec<gst_rate::Model>,
    /// Dated sections of tax deducted and collected at source.
    pub tds_sections: Vec<tds_section::Model>,
    /// Accounting years of all calendars.
    pub years: Vec<accounting_year::Model>,
    /// States and counties.
    pub states: Vec<state::Model>,
    /// Currencies by code.
    pub currencies: Vec<currency::Model>,
    /// Countries by code.
    pub countries: Vec<country::Model>,
    group_at: HashMap<AccountGroupId, usize>,
    type_at: HashMap<VoucherTypeId, usize>,
}

impl Catalogue {
    /// Reads all of it.
    ///
    /// # Errors
    /// When the master database cannot be read.
    pub async fn read(master: &impl ConnectionTrait, version: i64) -> Result<Self> {
        use daybook_entity::master::chart::*;
        let groups = account_group::Entity::find()
            .order_by_asc(account_group::Column::SortOrder)
            .order_by_asc(account_group::Column::Id)
            .all(master)
            .await?;
        let voucher_types = voucher_type::Entity::find()
            .order_by_asc(voucher_type::Column::SortOrder)
            .order_by_asc(voucher_type::Column::Id)
            .all(master)
            .await?;
        let group_at = groups.iter().enumerate().map(|(at, group)| (group.id, at)).collect();
        let type_at = voucher_types.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        Ok(Self {
            version,
            groups,
            voucher_types,
            gst_rates: gst_rate::Entity::find()
                .order_by_asc(gst_rate::Column::Id)
                .all(master)
                .await?,
            tds_sections: tds_section::Entity::find()
                .order_by_asc(tds_section::Column::Id)
                .all(master)
                .await?,
            years: accounting_year::Entity::find()
                .order_by_asc(accounting_year::Column::StartsOn)
                .order_by_asc(accounting_year::Column::Id)
                .all(master)
                .await?,
            states: state::Entity::find().order_by_asc(state::Column::Id).all(master).await?,
            currencies: currency::Entity::find()
                .order_by_asc(currency::Column::Code)
                .all(master)
                .await?,
            countries: country::Entity::find()
                .order_by_asc(country::Column::Code)
                .all(master)
                .await?,
            group_at,
            type_at,
        })
    }

    /// An account group.
    pub fn group(&self, id: AccountGroupId) -> Option<&account_group::Model> {
        self.groups.get(*self.group_at.get(&id)?)
    }

    /// The account group of this code.
    pub fn group_coded(&self, code: &str) -> Option<&account_group::Model> {
        self.groups.iter().find(|group| group.group_code == code)
    }

    /// A group and those above it, the group itself first.
    pub fn group_path(&self, id: AccountGroupId) -> Vec<&account_group::Model> {
        let mut path = Vec::new();
        let mut at = self.group(id);
        while let Some(group) = at {
            if path.len() > self.groups.len() {
                break;
            }
            path.push(group);
            at = group.parent_id.and_then(|parent| self.group(parent));
        }
        path
    }

    /// Whether ledgers below this group are money at hand.
    pub fn is_cash_or_bank(&self, id: AccountGroupId) -> bool {
        chart::is_cash_or_bank(self.group_path(id).iter().map(|group| group.group_code.as_str()))
    }

    /// A voucher type.
    pub fn voucher_type(&self, id: VoucherTypeId) -> Option<&voucher_type::Model> {
        self.voucher_types.get(*self.type_at.get(&id)?)
    }

    /// The voucher type of this code.
    pub fn voucher_type_coded(&self, code: &str) -> Option<&voucher_type::Model> {
        self.voucher_types.iter().find(|one| one.code == code)
    }

    /// A currency by its code.
    pub fn currency(&self, code: &str) -> Option<&currency::Model> {
        self.currencies.iter().find(|one| one.code.as_str() == code)
    }

    /// Decimal places of a currency's amounts; two where there is no such currency.
    pub fn currency_exponent(&self, code: &str) -> u8 {
        self.currency(code).and_then(|one| u8::try_from(one.exponent).ok()).unwrap_or(2)
    }

    /// Today by the clocks of a country, where its laws begin and end.
    pub fn today_in(&self, clock: &Clock, country: &str) -> NaiveDate {
        clock.today(self.country(country).map_or("UTC", |country| country.time_zone.as_str()))
    }

    /// The day from which a group, or one above it, is no longer offered.
    pub fn group_retired_on(&self, id: AccountGroupId) -> Option<NaiveDate> {
        self.group_path(id).iter().filter_map(|group| group.retired_on).min()
    }

    /// A country by its code.
    pub fn country(&self, code: &str) -> Option<&country::Model> {
        self.countries.iter().find(|one| one.code == code)
    }
}

/// Whether something retired on a date is still in force on another.
pub fn is_in_force(retired_on: Option<NaiveDate>, day: NaiveDate) -> bool {
    retired_on.is_none_or(|retired| day < retired)
}
