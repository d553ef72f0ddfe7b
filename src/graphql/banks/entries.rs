//! Entries of the books on a bank ledger in the API.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{id::EntryId, role::Permission};

use super::{details::EntryBankDetails, errors::amount_of, matches::BANK_MATCH};
use crate::{
    connection,
    graphql::{
        books::{
            ledgers::{Ledger, ledger_of},
            loaders,
            vouchers::{VOUCHER, Voucher},
        },
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::{Date, Money},
    },
    services::banks::{
        account::BankLedger,
        entries::{self, BookEntry, EntryFilter},
    },
};

/// An entry of the books on a bank ledger, and whether the bank has it too.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct BankEntry {
    /// Opaque global id: that of the voucher's entry.
    pub id: ID,
    /// Opaque global id of the voucher.
    pub voucher_id: ID,
    /// The voucher's number.
    pub voucher_number: String,
    /// The voucher's day.
    pub date: Date,
    /// The amount in the account's currency: a debit, which is money in, above zero.
    pub amount: Money,
    /// Words about the entry, or about its voucher.
    pub narration: Option<String>,
    /// The other side's number for the voucher.
    pub reference: Option<String>,
    /// By which instrument it was paid.
    pub bank: Option<EntryBankDetails>,
    /// The day on which the bank had booked it; null while that is not known. What the books began with
    /// has none, and counts as reconciled.
    pub bank_date: Option<Date>,
    /// Whether somebody set that day without a statement.
    pub is_set_by_hand: bool,
    /// Opaque global id of the match that confirms it.
    pub match_id: Option<ID>,
    #[graphql(skip)]
    stored: BookEntry,
}

/// The kind of an entry's global id.
pub const VOUCHER_ENTRY: &str = "VoucherEntry";

/// The entry that a global id names.
pub fn entry_of(global: &ID) -> Option<EntryId> {
    id::decode(VOUCHER_ENTRY, global).map(EntryId::new)
}

impl BankEntry {
    /// An entry of an account.
    pub fn of(stored: BookEntry, bank: &BankLedger) -> Self {
        let confirmed = stored.confirmed;
        Self {
            id: id::encode(VOUCHER_ENTRY, stored.id.get()),
            voucher_id: id::encode(VOUCHER, stored.voucher.get()),
            voucher_number: stored.number.clone(),
            date: Date(stored.dated),
            amount: amount_of(bank, stored.amount),
            narration: stored.narration.clone(),
            reference: stored.reference.clone(),
            bank: stored.detail.clone().map(EntryBankDetails::from),
            bank_date: confirmed.map(|one| Date(one.bank_date)),
            is_set_by_hand: confirmed.is_some_and(|one| one.is_by_hand),
            match_id: confirmed.map(|one| id::encode(BANK_MATCH, one.id.get())),
            stored,
        }
    }
}

#[ComplexObject]
impl BankEntry {
    /// The voucher. Null for callers without VOUCHER_READ.
    #[graphql(complexity = "5 + child_complexity")]
    async fn voucher(&self, ctx: &Context<'_>) -> ApiResult<Option<Voucher>> {
        let may = ctx.tenant()?.access.permissions.contains(Permission::VoucherRead);
        if !may {
            return Ok(None);
        }
        Ok(loaders::voucher(ctx, self.stored.voucher).await?.map(Voucher::from))
    }

    /// The voucher's party, where it has one.
    async fn party(&self, ctx: &Context<'_>) -> ApiResult<Option<Ledger>> {
        match self.stored.party {
            Some(party) => Ok(Some(loaders::ledger(ctx, party).await?)),
            None => Ok(None),
        }
    }
}

connection!(
    /// Entries on a bank ledger by day, the oldest first.
    BankEntryConnection, BankEntryEdge, BankEntry
);

/// Which entries to list; all conditions hold together.
#[derive(InputObject, Debug, Default)]
pub struct BankEntryFilter {
    /// True: those that the bank has too. False: those that wait.
    pub is_reconciled: Option<bool>,
    /// Not dated before this day.
    pub from: Option<Date>,
    /// Not dated after this day.
    pub to: Option<Date>,
}

/// Queries of entries on bank ledgers.
#[derive(Default, Debug)]
pub struct BankEntryQuery;

const OLDEST: &str = "bankEntries:date:asc";

#[Object]
impl BankEntryQuery {
    /// Entries of the books on a bank ledger by day, the oldest first, each with the day on which the bank
    /// had it. Requires: BANK_READ.
    #[graphql(
        guard = "Requires(Permission::BankRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn bank_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The bank ledger.")] ledger_id: ID,
        #[graphql(desc = "Which entries.")] filter: Option<BankEntryFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BankEntryConnection> {
        let ask = PageAsk::new(ctx, OLDEST, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let filter = EntryFilter {
            is_reconciled: filter.is_reconciled,
            from: filter.from.map(|day| day.0),
            to: filter.to.map(|day| day.0),
        };
        let ledger = ledger_of(&ledger_id);
        let (bank, page) = entries::list(&*ctx.tenant()?, ledger, &filter, &ask).await?;
        let page = page.map(|entry| BankEntry::of(entry, &bank));
        Ok(BankEntryConnection::of(OLDEST, &ask, page))
    }
}
