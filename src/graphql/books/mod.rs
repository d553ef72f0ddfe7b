//! The tenant's books in the API.

pub mod acts;
pub mod audit;
pub mod bill_proposal;
pub mod bills;
pub mod budgets;
pub mod bulk;
pub mod businesses;
pub mod cost_centres;
pub mod documents;
pub mod draft_acts;
pub mod drafts;
pub mod entries;
pub mod exchange_rates;
pub mod filings;
pub mod ledgers;
pub mod loaders;
pub mod lock_exceptions;
pub mod locks;
pub mod openings;
pub mod recurring;
pub mod recurring_acts;
pub mod revaluation;
pub mod scenarios;
pub mod subscriptions;
pub mod templates;
pub mod voucher_errors;
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
    exchange_rates::ExchangeRateQuery,
    bill_proposal::BillProposalQuery,
    cost_centres::CostCentreQuery,
    budgets::BudgetQuery,
    drafts::DraftQuery,
    templates::TemplateQuery,
    recurring::RecurringQuery,
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
    exchange_rates::ExchangeRateMutation,
    revaluation::RevaluationMutation,
    cost_centres::CostCentreMutation,
    budgets::BudgetMutation,
    openings::OpeningMutation,
    draft_acts::DraftMutation,
    templates::TemplateMutation,
    recurring_acts::RecurringMutation,
);
