//! How vouchers are numbered: the tenant's own prefixes, and the series of tax documents.

use chrono::NaiveDate;
use daybook_domain::voucher::BaseType;
use daybook_entity::tenant::business::business;

use super::{chart::Chart, voucher_types::TypeRef};
use crate::lane::posting::{Numbering, TaxSeries};

/// How the tenant numbers vouchers of a type: its own prefix, suffix and width before the shared ones.
pub fn numbering_of(voucher_type: TypeRef<'_>) -> Numbering {
    Numbering {
        prefix: voucher_type.prefix().to_owned(),
        suffix: voucher_type.suffix().to_owned(),
        width: u8::try_from(voucher_type.width().clamp(1, 12)).unwrap_or(1),
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
