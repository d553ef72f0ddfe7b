//! How vouchers are numbered: the tenant's own prefixes, and the series of tax documents.

use chrono::NaiveDate;
use daybook_domain::{id::VoucherTypeId, voucher::BaseType};
use daybook_entity::tenant::business::business;

use super::chart::Chart;
use crate::{
    lane::posting::{Numbering, TaxSeries},
    master::Catalogue,
    scope::TenantScope,
};

/// How the tenant numbers vouchers of a type: its own prefix and width before the shared ones.
pub fn numbering_of(scope: &TenantScope, chart: &Chart, voucher_type: VoucherTypeId) -> Numbering {
    numbering_in(&scope.catalogue, chart, voucher_type)
}

/// As [`numbering_of`], by a catalogue at hand.
pub fn numbering_in(
    catalogue: &Catalogue,
    chart: &Chart,
    voucher_type: VoucherTypeId,
) -> Numbering {
    let own = chart.type_overrides.get(&voucher_type);
    let shared = catalogue.voucher_type(voucher_type);
    let prefix = own
        .and_then(|own| own.numbering_prefix.clone())
        .or_else(|| shared.map(|shared| shared.numbering_prefix.clone()))
        .unwrap_or_default();
    let width = own
        .and_then(|own| own.number_width)
        .or(shared.map(|shared| shared.number_width))
        .unwrap_or(1);
    Numbering {
        prefix,
        suffix: String::new(),
        width: u8::try_from(width.clamp(1, 12)).unwrap_or(1),
        tax: None,
        own: None,
    }
}

/// The series of a tax document: what a business with a registration issues to its customers is numbered
/// by that registration, whatever business or type of its owner uses it. CGST Rules, rules 46 and 53.
pub fn tax_series(
    chart: &Chart,
    business: &business::Model,
    base: BaseType,
    dated: NaiveDate,
) -> Option<TaxSeries> {
    let document = match base {
        BaseType::Sales => "INV",
        BaseType::CreditNote => "CRN",
        _ => return None,
    };
    let own = chart.gstins.iter().filter(|gstin| gstin.business_id == business.id);
    let in_force = own.filter(|gstin| {
        gstin.valid_from.is_none_or(|from| from <= dated)
            && gstin.valid_to.is_none_or(|to| dated <= to)
    });
    let issuer = in_force.max_by_key(|gstin| gstin.is_primary)?;
    Some(TaxSeries { gstin: issuer.gstin.clone(), document })
}
