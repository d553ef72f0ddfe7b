//! What is derived from a tenant's entries, recomputed for the office.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use daybook_domain::{id::TenantId, role::Permission};

use crate::{
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        id,
        session::TENANT,
    },
    services::platform::verify::figures::{self, Check, Figure},
};

/// Something that was recomputed from a tenant's entries.
#[derive(SimpleObject, Debug, Clone)]
pub struct FigureCheck {
    /// What was compared.
    pub check: FigureKind,
    /// How many differ; 0 when all is well.
    pub differing: i64,
    /// What differs, in words.
    pub message: String,
}

/// What is recomputed from entries.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Check")]
pub enum FigureKind {
    /// Debits and credits of every version are equal, also where it is taken back.
    Balance,
    /// The total of every version is the sum of its debits.
    Total,
    /// The sums per ledger and month are those of the entries.
    MonthlySums,
    /// Every series has all its numbers, each once, and goes on behind the last.
    Series,
    /// The parts of an entry that open and settle bills come to the entry.
    BillParts,
    /// An allocation moves nothing to or from a party.
    Allocations,
    /// No bill is settled by more than it came to.
    Bills,
    /// Bills that are closed in the currency of their ledger are closed in base currency.
    CurrencyBills,
    /// The parts of an entry in another currency come to its amount, and are in its ledger's currency.
    CurrencyParts,
    /// Entries on ledgers with a currency of their own are in it.
    LedgerCurrencies,
    /// What cost centres of a category bear is a part of the entry, on its side.
    Costs,
    /// Every row is in the books of its voucher's business, and on a ledger of it.
    Businesses,
    /// Every version is dated within its voucher's accounting year.
    Years,
    /// Lines of a bank and the entries that they are come to the same, and the entries stand.
    BankMatches,
    /// Groups and voucher types that rows name are in the shared structure.
    Structure,
}

impl From<Figure> for FigureCheck {
    fn from(figure: Figure) -> Self {
        Self { check: figure.what.into(), differing: figure.differing, message: figure.to_string() }
    }
}

/// Queries of recomputed figures.
#[derive(Default, Debug)]
pub struct FigureQuery;

#[Object]
impl FigureQuery {
    /// Recomputes everything that is derived from a tenant's entries, and says how often each kind differs;
    /// null where there is no such tenant. It shows no figure of the tenant. Requires: SYSTEM_READ.
    #[graphql(guard = "Requires(Permission::SystemRead)", complexity = "500 + child_complexity")]
    async fn tenant_figures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tenant.")] tenant_id: ID,
    ) -> ApiResult<Option<Vec<FigureCheck>>> {
        let Some(tenant) = id::decode(TENANT, &tenant_id).map(TenantId::new) else {
            return Ok(None);
        };
        let found = figures::of_tenant(ctx.platform()?, tenant).await?;
        Ok(found.map(|figures| figures.into_iter().map(FigureCheck::from).collect()))
    }
}
