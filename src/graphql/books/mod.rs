//! The tenant's books in the API.

pub mod acts;
pub mod audit;
pub mod bills;
pub mod bulk;
pub mod businesses;
pub mod documents;
pub mod draft_acts;
pub mod drafts;
pub mod entries;
pub mod filings;
pub mod ledgers;
pub mod loaders;
pub mod lock_exceptions;
pub mod locks;
pub mod openings;
pub mod scenarios;
pub mod subscriptions;
pub mod vouchers;
pub mod years;

use async_graphql::MergedObject;

/// Queries of the books.
#[derive(MergedObject, Default, Debug)]
pub struct BooksQuery(
    businesses::BusinessQuery,
    years::YearQuery,
    locks::LockQuery,
    lock_exceptions::LockExceptionQuery,
    filings::FilingQuery,
    ledgers::LedgerQuery,
    vouchers::VoucherQuery,
    bills::BillQuery,
    drafts::DraftQuery,
    audit::AuditQuery,
);

/// Mutations of the books.
#[derive(MergedObject, Default, Debug)]
pub struct BooksMutation(
    businesses::BusinessMutation,
    years::YearMutation,
    locks::LockMutation,
    lock_exceptions::LockExceptionMutation,
    filings::FilingMutation,
    ledgers::LedgerMutation,
    vouchers::VoucherMutation,
    acts::VoucherActMutation,
    scenarios::ScenarioMutation,
    documents::DocumentMutation,
    bills::BillMutation,
    openings::OpeningMutation,
    draft_acts::DraftMutation,
);
