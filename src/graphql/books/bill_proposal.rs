//! Which bills an amount would settle, in the API.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use daybook_domain::role::Permission;

use super::{bills::Bill, entries::money_in, ledgers::ledger_of};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        scalar::{Date, Decimal, Money},
    },
    services::books::bill_proposal::{self as service},
};

/// A side of a ledger.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntrySide {
    /// Debit.
    Debit,
    /// Credit.
    Credit,
}

/// Which bills of a party an amount would settle, the one that is due first first.
#[derive(SimpleObject, Debug)]
pub struct BillProposal {
    /// The side on which the entry of the party's ledger stands.
    pub side: EntrySide,
    /// Bills with what each takes: as `bills` of an entry of kind AGAINST, or as `allocations` of
    /// `billAllocate`.
    pub allocations: Vec<BillProposalPart>,
    /// What no bill takes; it stays on account.
    pub remainder: Money,
}

/// What one bill takes.
#[derive(SimpleObject, Debug)]
pub struct BillProposalPart {
    /// The bill.
    pub bill: Bill,
    /// Opaque global id of the bill.
    pub bill_id: ID,
    /// What it takes, above zero.
    pub amount: Money,
}

/// Queries of proposals.
#[derive(Default, Debug)]
pub struct BillProposalQuery;

#[Object]
impl BillProposalQuery {
    /// Which bills of a party an amount would settle, the one that is due first first: what
    /// `allocate: OLDEST_FIRST` of an entry would do if it were posted now. At most 500 bills, of those dated
    /// not after the day; null when there is no such ledger. Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    async fn bill_proposal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The party's ledger, one that is kept bill by bill.")] party_ledger_id: ID,
        #[graphql(desc = "The amount, above zero, in the currency of the ledger.")] amount: Decimal,
        #[graphql(desc = "The voucher's date; today in the business's zone when left out.")]
        at: Option<Date>,
        #[graphql(
            desc = "The side of the entry; the one that settles what is open altogether when left out."
        )]
        side: Option<EntrySide>,
    ) -> ApiResult<Option<BillProposal>> {
        let is_debit = side.map(|side| side == EntrySide::Debit);
        let (ledger, at) = (ledger_of(&party_ledger_id), at.map(|day| day.0));
        let scope = ctx.tenant()?;
        let found = service::propose(&scope, ledger, &amount.0, at, is_debit).await?;
        let Some(found) = found else { return Ok(None) };
        let allocations = found.parts.into_iter().map(|(bill, part)| {
            let bill = Bill::from(bill);
            BillProposalPart {
                bill_id: bill.id.clone(),
                bill,
                amount: money_in(&scope, part, &found.currency),
            }
        });
        Ok(Some(BillProposal {
            allocations: allocations.collect(),
            side: if found.is_debit { EntrySide::Debit } else { EntrySide::Credit },
            remainder: money_in(&scope, found.left, &found.currency),
        }))
    }
}
