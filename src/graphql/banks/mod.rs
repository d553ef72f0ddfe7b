//! Banks in the API: details of entries, statements, matches, reconciliation.

pub mod by_hand;
pub mod details;
pub mod entries;
pub mod errors;
pub mod lines;
pub mod matches;
pub mod post;
pub mod reconciliation;
pub mod rules;
pub mod statements;

use async_graphql::MergedObject;

/// Queries of banks.
#[derive(MergedObject, Default, Debug)]
pub struct BanksQuery(
    statements::BankStatementQuery,
    lines::BankLineQuery,
    matches::BankMatchQuery,
    entries::BankEntryQuery,
    rules::BankRuleQuery,
    reconciliation::BankReconciliationQuery,
);

/// Mutations of banks.
#[derive(MergedObject, Default, Debug)]
pub struct BanksMutation(
    statements::BankStatementMutation,
    lines::BankLineMutation,
    matches::BankMatchMutation,
    by_hand::BankDateMutation,
    post::BankLinePostMutation,
    rules::BankRuleMutation,
);
