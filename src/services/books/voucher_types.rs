//! Voucher types as a tenant has them: the shared ones, and its own that are derived from them.

use chrono::NaiveDate;
use daybook_domain::{id::VoucherTypeId, voucher::BaseType};
use daybook_entity::{
    master::chart::voucher_type,
    tenant::chart::{own_voucher_type, voucher_type_override},
};

use super::chart::Chart;
use crate::master::{Catalogue, catalogue::is_in_force};

/// A voucher type that the tenant can name.
#[derive(Debug, Clone, Copy)]
pub struct TypeRef<'c> {
    /// The shared type that it is, or is derived from.
    pub shared: &'c voucher_type::Model,
    /// The tenant's own type, when it is one.
    pub own: Option<&'c own_voucher_type::Model>,
    /// How the tenant numbers and sees the shared type.
    pub adapted: Option<&'c voucher_type_override::Model>,
}

/// The type of this id, shared or the tenant's own.
pub fn find<'c>(
    catalogue: &'c Catalogue,
    chart: &'c Chart,
    id: VoucherTypeId,
) -> Option<TypeRef<'c>> {
    let own = chart.own_types.get(&id);
    let shared = catalogue.voucher_type(own.map_or(id, |own| own.shared_type_id))?;
    Some(TypeRef { shared, own, adapted: chart.type_overrides.get(&shared.id) })
}

/// All types that the tenant can name: the shared ones, and its own.
pub fn every<'c>(
    catalogue: &'c Catalogue,
    chart: Option<&'c Chart>,
) -> impl Iterator<Item = TypeRef<'c>> {
    let shared = catalogue.voucher_types.iter().map(move |shared| {
        let adapted = chart.and_then(|chart| chart.type_overrides.get(&shared.id));
        TypeRef { shared, own: None, adapted }
    });
    let own = chart.into_iter().flat_map(move |chart| {
        chart.own_types.keys().filter_map(move |id| find(catalogue, chart, *id))
    });
    shared.chain(own)
}

impl<'c> TypeRef<'c> {
    /// A shared type as its keeper sees it.
    pub fn shared(shared: &'c voucher_type::Model) -> Self {
        Self { shared, own: None, adapted: None }
    }

    /// Its id.
    pub fn id(&self) -> VoucherTypeId {
        self.own.map_or(self.shared.id, |own| own.id)
    }

    /// The built-in type that it behaves as.
    pub fn base(&self) -> Option<BaseType> {
        BaseType::parse(&self.shared.base_type)
    }

    /// Its code.
    pub fn code(&self) -> &str {
        self.own.map_or(&self.shared.code, |own| &own.code)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.own.map_or(&self.shared.name, |own| &own.name)
    }

    /// Whether something dated on this day may be of it.
    pub fn is_offered(&self, day: NaiveDate) -> bool {
        is_in_force(self.shared.retired_on, day)
            && self.own.is_none_or(|own| own.archived_at.is_none())
    }

    /// Whether the tenant keeps it out of choosing.
    pub fn is_hidden(&self) -> bool {
        match self.own {
            Some(own) => own.archived_at.is_some(),
            None => self.adapted.is_some_and(|adapted| adapted.is_hidden),
        }
    }

    /// What stands before its numbers, tokens not yet filled in.
    pub fn prefix(&self) -> &str {
        match (self.own, self.adapted) {
            (Some(own), _) => &own.numbering_prefix,
            (None, Some(adapted)) => {
                adapted.numbering_prefix.as_deref().unwrap_or(&self.shared.numbering_prefix)
            }
            (None, None) => &self.shared.numbering_prefix,
        }
    }

    /// What follows its numbers, tokens not yet filled in.
    pub fn suffix(&self) -> &str {
        match self.own {
            Some(own) => &own.number_suffix,
            None => self.adapted.and_then(|one| one.number_suffix.as_deref()).unwrap_or_default(),
        }
    }

    /// Least number of digits.
    pub fn width(&self) -> i32 {
        match self.own {
            Some(own) => own.number_width,
            None => self
                .adapted
                .and_then(|adapted| adapted.number_width)
                .unwrap_or(self.shared.number_width),
        }
    }

    /// Rises with each change of it by whoever keeps it.
    pub fn version(&self) -> i32 {
        self.own.map_or(self.shared.version, |own| own.version)
    }
}
