//! Matches of bank lines and entries of the books in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{BankMatchId, UserId, VoucherId},
    role::Permission,
};
use daybook_entity::tenant::bank::MatchKind;

use super::{
    entries::{VOUCHER_ENTRY, entry_of},
    errors::{BankUserError, amount_of},
    lines::{BANK_LINE, line_of},
    statements::user,
};
use crate::{
    connection,
    graphql::{
        books::{
            ledgers::{Ledger, ledger_of},
            loaders,
            vouchers::Voucher,
        },
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        page::PageAsk,
        scalar::{Date, DateTime, Money},
        staff::User,
    },
    payloads,
    services::banks::matches::{self, Match},
};

/// Lines of a bank set against entries of the books; or entries alone, whose day at the bank somebody set by
/// hand. It stays on record when it is undone.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct BankMatch {
    /// Opaque global id.
    pub id: ID,
    /// What it rests on.
    pub kind: BankMatchKind,
    /// The day on which the bank had booked all of it.
    pub bank_date: Date,
    /// What its entries come to: money in above zero, money out below.
    pub amount: Money,
    /// How sure the proposal was that was confirmed without a look; null when somebody chose the entries.
    pub score: Option<i32>,
    /// Opaque global ids of its lines.
    pub line_ids: Vec<ID>,
    /// Opaque global ids of its entries.
    pub entry_ids: Vec<ID>,
    /// When it was confirmed.
    pub matched_at: DateTime,
    /// When it was undone; null while it stands.
    pub undone_at: Option<DateTime>,
    /// Why it was undone.
    pub undone_reason: Option<String>,
    #[graphql(skip)]
    ledger: daybook_domain::id::LedgerId,
    #[graphql(skip)]
    voucher_ids: Vec<VoucherId>,
    #[graphql(skip)]
    matcher: Option<UserId>,
    #[graphql(skip)]
    undoer: Option<UserId>,
}

/// The kind of a match's global id.
pub const BANK_MATCH: &str = "BankMatch";

/// What a match rests on.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "MatchKind")]
pub enum BankMatchKind {
    /// On lines of a statement.
    Statement,
    /// On somebody's word.
    ByHand,
}

impl From<Match> for BankMatch {
    fn from(stored: Match) -> Self {
        let Match { row, bank, lines, entries } = stored;
        let mut voucher_ids: Vec<VoucherId> = entries.iter().map(|one| one.voucher_id).collect();
        voucher_ids.dedup();
        Self {
            id: id::encode(BANK_MATCH, row.id.get()),
            kind: row.kind.into(),
            bank_date: Date(row.bank_date),
            amount: amount_of(&bank, row.amount),
            score: row.score,
            line_ids: lines.iter().map(|line| id::encode(BANK_LINE, line.get())).collect(),
            entry_ids: entries
                .iter()
                .map(|one| id::encode(VOUCHER_ENTRY, one.entry_id.get()))
                .collect(),
            matched_at: DateTime(row.matched_at),
            undone_at: row.undone_at.map(DateTime),
            undone_reason: row.undone_reason,
            ledger: row.ledger_id,
            voucher_ids,
            matcher: row.matched_by,
            undoer: row.undone_by,
        }
    }
}

#[ComplexObject]
impl BankMatch {
    /// The bank ledger.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.ledger).await
    }

    /// The vouchers of its entries, at most a hundred. Empty for callers without VOUCHER_READ.
    #[graphql(complexity = "5 + child_complexity.saturating_mul(2)")]
    async fn vouchers(&self, ctx: &Context<'_>) -> ApiResult<Vec<Voucher>> {
        let mut found = Vec::with_capacity(self.voucher_ids.len());
        if ctx.tenant()?.access.permissions.contains(Permission::VoucherRead) {
            for id in &self.voucher_ids {
                found.extend(loaders::voucher(ctx, *id).await?.map(Voucher::from));
            }
        }
        Ok(found)
    }

    /// Who confirmed it. Null for callers without USER_READ when it was somebody else.
    async fn matched_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        user(ctx, self.matcher).await
    }

    /// Who undid it. Null for callers without USER_READ when it was somebody else.
    async fn undone_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        user(ctx, self.undoer).await
    }
}

connection!(
    /// Matches, the newest first.
    BankMatchConnection, BankMatchEdge, BankMatch
);

/// Lines that are entries.
#[derive(InputObject, Debug)]
pub struct BankMatchConfirmInput {
    /// Lines of one bank ledger that wait, 1 to 100.
    pub line_ids: Vec<ID>,
    /// Entries on it that wait, 1 to 100; they come to the same amount.
    pub entry_ids: Vec<ID>,
}

/// Which proposals are confirmed without a look.
#[derive(InputObject, Debug)]
pub struct BankMatchConfirmSureInput {
    /// The bank ledger.
    pub ledger_id: ID,
    /// The least score, 50 to 100.
    pub min_score: i32,
    /// Only of lines not booked before this day.
    pub from: Option<Date>,
    /// Only of lines not booked after this day.
    pub to: Option<Date>,
}

/// A match to be undone.
#[derive(InputObject, Debug)]
pub struct BankMatchUndoInput {
    /// The match.
    pub match_id: ID,
    /// Why.
    pub reason: String,
}

payloads! {
    /// The match; null when something was wrong.
    bank_match: BankMatch, of Match, or BankUserError;
    /// What confirming a match did.
    BankMatchConfirmPayload
    /// What undoing a match did.
    BankMatchUndoPayload
}

/// What confirming sure proposals did.
#[derive(SimpleObject, Debug)]
pub struct BankMatchConfirmSurePayload {
    /// The matches that were made.
    pub bank_matches: Vec<BankMatch>,
    /// How many lines were looked at, the oldest first; at most five hundred.
    pub line_count: i32,
    /// Whether more lines wait beyond those; call again with a later first day.
    pub has_more: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<BankUserError>,
}

/// Queries of matches.
#[derive(Default, Debug)]
pub struct BankMatchQuery;

const NEWEST: &str = "bankMatches:id:desc";

#[Object]
impl BankMatchQuery {
    /// Matches of a bank ledger, the newest first, with those that were undone. Requires: BANK_READ.
    #[graphql(
        guard = "Requires(Permission::BankRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn bank_matches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The bank ledger.")] ledger_id: ID,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BankMatchConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let page = matches::list(&*ctx.tenant()?, ledger_of(&ledger_id), &ask).await?;
        Ok(BankMatchConnection::of(NEWEST, &ask, page))
    }
}

/// Mutations of matches.
#[derive(Default, Debug)]
pub struct BankMatchMutation;

#[Object]
impl BankMatchMutation {
    /// Confirms that lines of a bank are entries of the books. While that stands, the entries' vouchers are
    /// neither cancelled nor amended. Requires: BANK_RECONCILE.
    #[graphql(
        guard = "Requires(Permission::BankReconcile)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn bank_match_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lines, and which entries.")] input: BankMatchConfirmInput,
    ) -> ApiResult<BankMatchConfirmPayload> {
        let lines = input.line_ids.iter().map(line_of).collect();
        let entries = input.entry_ids.iter().map(entry_of).collect();
        let done = matches::confirm(&*ctx.tenant()?, lines, entries).await;
        BankMatchConfirmPayload::of(done)
    }

    /// Confirms all proposals of a ledger that are sure enough, and of which no other is as good for a line or
    /// an entry of theirs. Requires: BANK_RECONCILE.
    #[graphql(
        guard = "Requires(Permission::BankReconcile)",
        complexity = "crate::graphql::cost::of_many(100, child_complexity)"
    )]
    async fn bank_match_confirm_sure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which proposals.")] input: BankMatchConfirmSureInput,
    ) -> ApiResult<BankMatchConfirmSurePayload> {
        let days = (input.from.map(|day| day.0), input.to.map(|day| day.0));
        let ledger = ledger_of(&input.ledger_id);
        let done = matches::confirm_sure(&*ctx.tenant()?, ledger, input.min_score, days).await;
        let (done, user_errors) = answer(done)?;
        let count = done.as_ref().map_or(0, |done| done.looked_at);
        let has_more = done.as_ref().is_some_and(|done| done.has_more);
        let made = done.into_iter().flat_map(|done| done.matches);
        Ok(BankMatchConfirmSurePayload {
            bank_matches: made.map(BankMatch::from).collect(),
            line_count: i32::try_from(count).unwrap_or(i32::MAX),
            has_more,
            user_errors,
        })
    }

    /// Undoes a match: its lines wait again, and its entries' vouchers may be changed again. What was done
    /// stays on record. Requires: BANK_RECONCILE.
    #[graphql(guard = "Requires(Permission::BankReconcile)")]
    async fn bank_match_undo(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which match, and why.")] input: BankMatchUndoInput,
    ) -> ApiResult<BankMatchUndoPayload> {
        let id = id::decode(BANK_MATCH, &input.match_id).map(BankMatchId::new);
        BankMatchUndoPayload::of(matches::undo(&*ctx.tenant()?, id, Some(input.reason)).await)
    }
}
