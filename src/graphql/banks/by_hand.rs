//! Days at the bank that somebody sets by hand, in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::role::Permission;

use super::{
    entries::{BankEntry, entry_of},
    errors::BankUserError,
};
use crate::{
    graphql::{
        books::ledgers::ledger_of,
        context::{Asks, Requires},
        error::{ApiResult, answer},
        scalar::Date,
    },
    services::banks::by_hand::{self, BankDate},
};

/// The day on which the bank had an entry.
#[derive(InputObject, Debug)]
pub struct BankDateInput {
    /// The entry.
    pub entry_id: ID,
    /// The day, not after today; null takes an earlier word back.
    pub bank_date: Option<Date>,
}

/// Days on which the bank had entries.
#[derive(InputObject, Debug)]
pub struct BankDateSetInput {
    /// The bank ledger.
    pub ledger_id: ID,
    /// Its entries, at most 500, each with its day.
    pub entries: Vec<BankDateInput>,
}

/// What setting days at the bank did.
#[derive(SimpleObject, Debug)]
pub struct BankDateSetPayload {
    /// The entries as they are now, in the order of the input; empty when something was wrong.
    pub entries: Vec<BankEntry>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<BankUserError>,
}

/// Mutations of days at the bank.
#[derive(Default, Debug)]
pub struct BankDateMutation;

#[Object]
impl BankDateMutation {
    /// Says without a statement on which days the bank had entries, or takes that back; all or none. An entry
    /// that a statement confirmed keeps its day. Requires: BANK_RECONCILE.
    #[graphql(
        guard = "Requires(Permission::BankReconcile)",
        complexity = "crate::graphql::cost::of_many(input.entries.len(), child_complexity)"
    )]
    async fn bank_date_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries, and their days.")] input: BankDateSetInput,
    ) -> ApiResult<BankDateSetPayload> {
        let dates = input.entries.iter().map(|one| BankDate {
            entry: entry_of(&one.entry_id),
            day: one.bank_date.map(|day| day.0),
        });
        let ledger = ledger_of(&input.ledger_id);
        let done = by_hand::set_dates(&*ctx.tenant()?, ledger, dates.collect()).await;
        let (done, user_errors) = answer(done)?;
        let entries = done.map(|(bank, entries)| {
            entries.into_iter().map(|entry| BankEntry::of(entry, &bank)).collect()
        });
        Ok(BankDateSetPayload { entries: entries.unwrap_or_default(), user_errors })
    }
}
