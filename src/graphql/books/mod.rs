//! The tenant's books in the API.

pub mod audit;
pub mod businesses;
pub mod entries;
pub mod ledgers;
pub mod loaders;
pub mod reports;
pub mod subscriptions;
pub mod vouchers;
pub mod years;

use async_graphql::MergedObject;

/// Queries of the books.
#[derive(MergedObject, Default, Debug)]
pub struct BooksQuery(
    businesses::BusinessQuery,
    years::YearQuery,
    ledgers::LedgerQuery,
    vouchers::VoucherQuery,
    reports::ReportQuery,
    audit::AuditQuery,
);

/// Mutations of the books.
#[derive(MergedObject, Default, Debug)]
pub struct BooksMutation(
    businesses::BusinessMutation,
    years::YearMutation,
    ledgers::LedgerMutation,
    vouchers::VoucherMutation,
);
