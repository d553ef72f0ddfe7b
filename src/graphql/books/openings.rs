//! What ledgers stood at when the books began, in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::role::Permission;
use daybook_entity::tenant::books::BillKind;

use super::ledgers::{Ledger, OpeningBalanceInput, ledger_of};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        scalar::{Date, Decimal},
    },
    lane::posting::Excess,
    services::books::{
        bill_parts::WrittenBill,
        openings::{self, Opening, SetOpening},
    },
    user_errors,
};

user_errors!(
    /// Something wrong with a ledger's opening.
    OpeningUserError,
    /// What can be wrong with a ledger's opening.
    OpeningErrorCode {
        /// A bill is settled by more than it would come to.
        BillSettled,
        /// The bills come to more than the balance.
        BillsUnequal,
        /// The ledger is archived.
        LedgerArchived,
        /// There is no such ledger.
        LedgerUnknown,
        /// The ledger is not kept bill by bill.
        NotAllowed,
        /// Not exactly one of debit and credit, or below zero.
        NotOneSided,
        /// The opening period is locked.
        PeriodLocked,
        /// This cannot be left out.
        Required,
        /// The ledger is the program's own and has no opening.
        System,
        /// Two bills have the same number.
        Taken,
        /// The amount is beyond what is kept.
        TooLarge,
        /// The text is too long.
        TooLong,
        /// More bills than an opening can have.
        TooMany,
        /// More decimal places than the currency has; nothing is ever rounded.
        TooPrecise,
        /// The opening period is closed.
        YearClosed,
    }
);

/// What a ledger stood at when the books began.
#[derive(InputObject, Debug)]
pub struct LedgerOpeningSetInput {
    /// The ledger.
    pub ledger_id: ID,
    /// Its balance then; zero takes the opening away.
    pub opening_balance: OpeningBalanceInput,
    /// The bills that the balance consists of; what they leave of it is on account. A bill keeps its identity
    /// by its number.
    pub bills: Option<Vec<OpeningBillInput>>,
}

/// A bill that was open when the books began.
#[derive(InputObject, Debug)]
pub struct OpeningBillInput {
    /// Its number.
    pub reference: String,
    /// When it is due.
    pub due_on: Option<Date>,
    /// What was open of it, above zero, in the ledger's own currency, or the business's where it has none.
    pub amount: Decimal,
}

/// What setting an opening did.
#[derive(SimpleObject, Debug)]
pub struct LedgerOpeningSetPayload {
    /// The ledger; null when something was wrong.
    pub ledger: Option<Ledger>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<OpeningUserError>,
}

/// Mutations of openings.
#[derive(Default, Debug)]
pub struct OpeningMutation;

#[Object]
impl OpeningMutation {
    /// Sets what a ledger stood at when the books began, whatever it was before; doing it twice is the same as
    /// once. The other side is Difference in Opening Balances, which is zero when all openings agree.
    /// Requires: LEDGER_CREATE.
    #[graphql(guard = "Requires(Permission::LedgerCreate)")]
    async fn ledger_opening_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ledger and its opening.")] input: LedgerOpeningSetInput,
    ) -> ApiResult<LedgerOpeningSetPayload> {
        let bills = input.bills.into_iter().flatten().map(|bill| WrittenBill {
            kind: BillKind::New,
            bill: None,
            reference: Some(bill.reference),
            due_on: bill.due_on.map(|day| day.0),
            amount: bill.amount.0,
            excess: Excess::Refuse,
        });
        let command = SetOpening {
            ledger: ledger_of(&input.ledger_id),
            opening: Opening {
                debit: input.opening_balance.debit.map(|amount| amount.0),
                credit: input.opening_balance.credit.map(|amount| amount.0),
                currency_amount: input.opening_balance.currency_amount.map(|amount| amount.0),
            },
            bills: bills.collect(),
        };
        let (row, user_errors) = answer(openings::set(&*ctx.tenant()?, command).await)?;
        Ok(LedgerOpeningSetPayload { ledger: row.map(Ledger::from), user_errors })
    }
}
