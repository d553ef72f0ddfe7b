//! Voucher types as a tenant sees them: the shared ones with its own prefix and visibility.

use async_graphql::{ID, SimpleObject};
use daybook_domain::{catalogue, id::VoucherTypeId, voucher::BaseType};
use daybook_entity::{master::chart::voucher_type, tenant::chart::voucher_type_override};

use super::words::{BaseVoucherType, NumberingRule, StockEffect};
use crate::{
    connection,
    graphql::{error::ApiResult, id, scalar::Date},
    scope::TenantScope,
    services::books::chart,
};

/// A kind of voucher, the same for all accounts but for prefix, width and visibility.
#[derive(SimpleObject, Debug, Clone)]
pub struct VoucherType {
    /// Opaque global id.
    pub id: ID,
    /// Its code, such as "JRN".
    pub code: String,
    /// Its name, such as "Journal".
    pub name: String,
    /// The built-in type that it behaves as.
    pub base_type: BaseVoucherType,
    /// Whether its entries count in the books.
    pub affects_books: bool,
    /// What it does to stock.
    pub stock: StockEffect,
    /// The rule of its numbers.
    pub numbering: NumberingRule,
    /// What stands before the number in your vouchers; date tokens such as "{FY}" are filled in.
    pub numbering_prefix: String,
    /// The prefix that everybody has who did not choose one.
    pub shared_prefix: String,
    /// Least number of digits.
    pub number_width: i32,
    /// Whether its numbers follow the rule for tax documents.
    pub is_tax_document: bool,
    /// Whether it came with the product.
    pub is_system: bool,
    /// Whether you hide it from choosing.
    pub is_hidden: bool,
    /// The day from which nothing is dated with it any more.
    pub retired_on: Option<Date>,
    /// Rises with each change of the shared type; its keeper sends it back as `expectedVersion`.
    pub version: i32,
}

/// The kind of a voucher type's global id.
pub const VOUCHER_TYPE: &str = "VoucherType";

impl VoucherType {
    /// A shared type with what a tenant overrides of it.
    pub fn of(shared: &voucher_type::Model, own: Option<&voucher_type_override::Model>) -> Self {
        let prefix = own.and_then(|own| own.numbering_prefix.clone());
        Self {
            id: id::encode(VOUCHER_TYPE, shared.id.get()),
            code: shared.code.clone(),
            name: shared.name.clone(),
            base_type: BaseType::parse(&shared.base_type).unwrap_or(BaseType::Memorandum).into(),
            affects_books: shared.affects_books,
            stock: catalogue::StockEffect::parse(&shared.stock)
                .unwrap_or(catalogue::StockEffect::Nothing)
                .into(),
            numbering: catalogue::NumberingRule::parse(&shared.numbering)
                .unwrap_or(catalogue::NumberingRule::Free)
                .into(),
            numbering_prefix: prefix.unwrap_or_else(|| shared.numbering_prefix.clone()),
            shared_prefix: shared.numbering_prefix.clone(),
            number_width: own.and_then(|own| own.number_width).unwrap_or(shared.number_width),
            is_tax_document: shared.is_tax_document,
            is_system: shared.is_system,
            is_hidden: own.is_some_and(|own| own.is_hidden),
            retired_on: shared.retired_on.map(Date),
            version: shared.version,
        }
    }

    /// A voucher type as the caller's tenant sees it.
    pub async fn find(scope: &TenantScope, id: VoucherTypeId) -> ApiResult<Option<Self>> {
        let chart = chart::known(scope).await?;
        let shared = scope.catalogue.voucher_type(id);
        Ok(shared.map(|shared| Self::of(shared, chart.type_overrides.get(&id))))
    }
}

/// The voucher type that a global id names.
pub fn type_of(global: &ID) -> Option<VoucherTypeId> {
    id::decode(VOUCHER_TYPE, global).map(VoucherTypeId::new)
}

connection!(
    /// Voucher types in their order.
    VoucherTypeConnection, VoucherTypeEdge, VoucherType
);
