//! What tables say of businesses, days and vouchers.

use chrono::{DateTime, NaiveDate};
use daybook_domain::id::VoucherTypeId;
use daybook_entity::tenant::business::business;

use crate::{
    documents::table::{Column, Head},
    scope::TenantScope,
    services::books::chart,
};

/// The head of a table about some businesses, of which the first lends currency and ways of writing.
pub fn head(
    title: &str,
    businesses: &[business::Model],
    lead: &business::Model,
    columns: Vec<Column>,
) -> Head {
    let names: Vec<&str> = businesses.iter().map(|one| one.name.as_str()).collect();
    Head {
        title: title.to_owned(),
        business: names.join(", "),
        notes: Vec::new(),
        currency: lead.base_currency.clone(),
        exponent: chart::exponent(lead),
        groups_by_lakh: lead.country == "IN",
        is_tree: false,
        columns,
    }
}

/// The days of a report, its currency, and the moment as known at which it was asked.
pub fn days(head: &mut Head, from: Option<NaiveDate>, to: NaiveDate, known_at: Option<i64>) {
    let written = |day: NaiveDate| day.format("%d-%m-%Y");
    let to = written(to);
    let days = match from {
        Some(from) => format!("From {} to {to}", written(from)),
        None => format!("As at {to}"),
    };
    head.notes.push(format!("{days}, in {}", head.currency));
    if let Some(known_at) = known_at {
        head.notes.push(format!("As known at {}", moment(known_at)));
    }
}

/// An instant, in UTC.
pub fn moment(at: i64) -> String {
    let at = DateTime::from_timestamp_millis(at);
    at.map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// What a voucher type is called.
pub fn voucher_type(scope: &TenantScope, id: VoucherTypeId) -> String {
    scope.catalogue.voucher_type(id).map(|one| one.name.clone()).unwrap_or_default()
}
