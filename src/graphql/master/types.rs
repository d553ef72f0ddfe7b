//! Voucher types as a tenant sees them: the shared ones with its own prefix and visibility.

use async_graphql::{ID, SimpleObject};
use daybook_domain::{catalogue, id::VoucherTypeId, voucher::BaseType};

use super::words::{BaseVoucherType, NumberingRule, StockEffect};
use crate::{
    connection,
    graphql::{error::ApiResult, id, scalar::Date},
    scope::TenantScope,
    services::books::{
        chart,
        voucher_types::{self, TypeRef},
    },
};

/// A kind of voucher: the same for all accounts but for numbering and visibility, or one of your own.
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
    /// What follows the number in your vouchers; date tokens are filled in. Mostly empty.
    pub number_suffix: String,
    /// The prefix that everybody has who did not choose one.
    pub shared_prefix: String,
    /// Least number of digits.
    pub number_width: i32,
    /// Whether its numbers follow the rule for tax documents.
    pub is_tax_document: bool,
    /// Whether it came with the product.
    pub is_system: bool,
    /// The shared type that it is derived from; null for shared ones.
    pub derived_from_id: Option<ID>,
    /// Whether you hide it from choosing; of your own ones, whether it is archived.
    pub is_hidden: bool,
    /// The day from which nothing is dated with it any more.
    pub retired_on: Option<Date>,
    /// Rises with each change of it; whoever keeps it sends it back as `expectedVersion`.
    pub version: i32,
}

/// The kind of a voucher type's global id.
pub const VOUCHER_TYPE: &str = "VoucherType";

impl VoucherType {
    /// A type as whoever asks has it.
    pub fn of(found: TypeRef<'_>) -> Self {
        let shared = found.shared;
        Self {
            id: id::encode(VOUCHER_TYPE, found.id().get()),
            code: found.code().to_owned(),
            name: found.name().to_owned(),
            base_type: found.base().unwrap_or(BaseType::Memorandum).into(),
            affects_books: shared.affects_books,
            stock: catalogue::StockEffect::parse(&shared.stock)
                .unwrap_or(catalogue::StockEffect::Nothing)
                .into(),
            numbering: catalogue::NumberingRule::parse(&shared.numbering)
                .unwrap_or(catalogue::NumberingRule::Free)
                .into(),
            numbering_prefix: found.prefix().to_owned(),
            number_suffix: found.suffix().to_owned(),
            shared_prefix: shared.numbering_prefix.clone(),
            number_width: found.width(),
            is_tax_document: shared.is_tax_document,
            is_system: found.own.is_none() && shared.is_system,
            derived_from_id: found.own.map(|_| id::encode(VOUCHER_TYPE, shared.id.get())),
            is_hidden: found.is_hidden(),
            retired_on: shared.retired_on.map(Date),
            version: found.version(),
        }
    }

    /// A voucher type as the caller's tenant sees it.
    pub async fn find(scope: &TenantScope, id: VoucherTypeId) -> ApiResult<Option<Self>> {
        let chart = chart::known(scope).await?;
        Ok(voucher_types::find(&scope.catalogue, &chart, id).map(Self::of))
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
