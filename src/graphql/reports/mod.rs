//! Reports over the whole books in the API: statements of one moment, and registers with every line.

pub mod ageing;
pub mod arguments;
pub mod ask;
pub mod balance_sheet;
pub mod budgets;
pub mod cash_flow;
pub mod cost_centres;
pub mod currencies;
pub mod exceptions;
pub mod funds_flow;
pub mod group_summary;
pub mod ledger_statement;
pub mod lines;
pub mod profit_and_loss;
pub mod ratios;
pub mod trial_balance;
pub mod voucher_history;
pub mod voucher_register;

use async_graphql::MergedObject;

/// Queries of reports.
#[derive(MergedObject, Default, Debug)]
pub struct ReportsQuery(StatementsQuery, RegistersQuery, AnalysisQuery);

/// Queries of statements.
#[derive(MergedObject, Default, Debug)]
pub struct StatementsQuery(
    trial_balance::TrialBalanceQuery,
    profit_and_loss::ProfitAndLossQuery,
    balance_sheet::BalanceSheetQuery,
    cash_flow::CashFlowQuery,
    funds_flow::FundsFlowQuery,
    ratios::RatioQuery,
);

/// Queries of debts, cost centres and budgets.
#[derive(MergedObject, Default, Debug)]
pub struct AnalysisQuery(
    ageing::AgeingQuery,
    cost_centres::CostBreakupQuery,
    budgets::BudgetReportQuery,
);

/// Queries of registers and statements that list rows.
#[derive(MergedObject, Default, Debug)]
pub struct RegistersQuery(
    ledger_statement::LedgerStatementQuery,
    group_summary::GroupSummaryQuery,
    voucher_register::VoucherRegisterQuery,
    exceptions::ExceptionQuery,
    currencies::CurrencyQuery,
    voucher_history::VoucherHistoryQuery,
);
