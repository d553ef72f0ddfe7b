//! Which rows of the shared structure a list shows.

use async_graphql::{ID, InputObject};
use daybook_domain::{catalogue, voucher::BaseType};

use super::{
    groups::{AccountGroupOrigin, AccountNature, group_asked},
    words::{BaseVoucherType, DeducteeClass, IncomeTaxAct, StateUse, TdsSectionKind},
};
use crate::{
    graphql::scalar::Date,
    services::master::lists::{
        GroupFilter, RateFilter, SectionFilter, StateFilter as States, TypeFilter, YearFilter,
    },
};

/// Which account groups to list.
#[derive(InputObject, Debug, Default)]
pub struct AccountGroupFilter {
    /// Part of the name or code, whatever its case.
    pub text: Option<String>,
    /// Of this nature.
    pub nature: Option<AccountNature>,
    /// Directly below this group.
    pub parent_id: Option<ID>,
    /// Shared by all, or your own.
    pub origin: Option<AccountGroupOrigin>,
    /// Only hidden ones (true) or only others (false).
    pub is_hidden: Option<bool>,
}

impl From<AccountGroupFilter> for GroupFilter {
    fn from(filter: AccountGroupFilter) -> Self {
        Self {
            text: filter.text,
            nature: filter.nature.map(Into::into),
            parent: filter.parent_id.as_ref().map(group_asked),
            is_shared: filter.origin.map(|origin| origin == AccountGroupOrigin::Shared),
            is_hidden: filter.is_hidden,
        }
    }
}

/// Which voucher types to list.
#[derive(InputObject, Debug, Default)]
pub struct VoucherTypeFilter {
    /// Part of the name or code, whatever its case.
    pub text: Option<String>,
    /// That behave as this built-in type.
    pub base_type: Option<BaseVoucherType>,
    /// Only those that count in the books (true) or only others (false).
    pub affects_books: Option<bool>,
}

impl From<VoucherTypeFilter> for TypeFilter {
    fn from(filter: VoucherTypeFilter) -> Self {
        Self {
            text: filter.text,
            base_type: filter.base_type.map(|base| BaseType::from(base).code().to_owned()),
            affects_books: filter.affects_books,
        }
    }
}

/// Which rates to list.
#[derive(InputObject, Debug, Default)]
pub struct GstRateFilter {
    /// Part of the name or code, whatever its case.
    pub text: Option<String>,
    /// Of this country, two letters.
    pub country: Option<String>,
    /// Of this code.
    pub code: Option<String>,
    /// That hold on this day.
    pub valid_on: Option<Date>,
}

impl From<GstRateFilter> for RateFilter {
    fn from(filter: GstRateFilter) -> Self {
        Self {
            text: filter.text,
            country: filter.country,
            code: filter.code,
            valid_on: filter.valid_on.map(|day| day.0),
        }
    }
}

/// Which sections to list.
#[derive(InputObject, Debug, Default)]
pub struct TdsSectionFilter {
    /// Part of what it is about or of its code, whatever its case.
    pub text: Option<String>,
    /// Deducted or collected.
    pub kind: Option<TdsSectionKind>,
    /// Of this Act.
    pub act: Option<IncomeTaxAct>,
    /// Of this code.
    pub code: Option<String>,
    /// Of this section.
    pub section: Option<String>,
    /// From this class of persons.
    pub deductee_class: Option<DeducteeClass>,
    /// That hold on this day.
    pub valid_on: Option<Date>,
}

impl From<TdsSectionFilter> for SectionFilter {
    fn from(filter: TdsSectionFilter) -> Self {
        Self {
            text: filter.text,
            kind: filter.kind.map(|kind| catalogue::SectionKind::from(kind).as_str()),
            act: filter.act.map(|act| catalogue::TaxAct::from(act).as_str()),
            code: filter.code,
            section: filter.section,
            deductee_class: filter
                .deductee_class
                .map(|class| catalogue::DeducteeClass::from(class).as_str()),
            valid_on: filter.valid_on.map(|day| day.0),
        }
    }
}

/// Which accounting years to list.
#[derive(InputObject, Debug, Default)]
pub struct AccountingYearFilter {
    /// Of the calendar that begins in this month, 1 to 12.
    pub first_month: Option<i32>,
    /// That hold this day.
    pub valid_on: Option<Date>,
}

impl From<AccountingYearFilter> for YearFilter {
    fn from(filter: AccountingYearFilter) -> Self {
        Self { first_month: filter.first_month, valid_on: filter.valid_on.map(|day| day.0) }
    }
}

/// Which States to list.
#[derive(InputObject, Debug, Default)]
pub struct StateFilter {
    /// Part of the name or code, whatever its case.
    pub text: Option<String>,
    /// Of this country, two letters.
    pub country: Option<String>,
    /// Whose code is used for this.
    pub used_for: Option<StateUse>,
    /// Whose code still holds on this day.
    pub valid_on: Option<Date>,
}

impl From<StateFilter> for States {
    fn from(filter: StateFilter) -> Self {
        Self {
            text: filter.text,
            country: filter.country,
            used_for: filter.used_for.map(|used| catalogue::StateUse::from(used).as_str()),
            valid_on: filter.valid_on.map(|day| day.0),
        }
    }
}
