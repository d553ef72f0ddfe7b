//! Lines of bank statements in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{BankLineId, LedgerId},
    matching::Reason,
    role::Permission,
};

use super::{
    entries::BankEntry,
    errors::{BankUserError, amount_of},
    matches::BankMatch,
    rules::BankRule,
    statements::{BANK_STATEMENT, statement_of, user},
};
use crate::{
    connection,
    graphql::{
        books::{
            ledgers::{Ledger, ledger_of},
            loaders,
        },
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::{Date, Money},
        staff::User,
    },
    payloads,
    services::banks::{
        account::BankLedger,
        lines::{self, Line, LineFilter, LineStatus, Wants},
        propose::Proposed,
    },
};

/// A line of a bank's statement.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct BankLine {
    /// Opaque global id.
    pub id: ID,
    /// The day of booking.
    pub date: Date,
    /// The day from which it bears interest.
    pub value_date: Option<Date>,
    /// The amount in the account's currency: money in above zero, money out below.
    pub amount: Money,
    /// What the bank says that it is about.
    pub description: String,
    /// Cheque or reference number.
    pub reference: Option<String>,
    /// The other side's name or account.
    pub counterpart: Option<String>,
    /// What stood on the account behind it, where the file told it.
    pub balance: Option<Money>,
    /// What became of it.
    pub status: BankLineStatus,
    /// Why it is ignored.
    pub ignored_reason: Option<String>,
    /// Line of the file, or row of the sheet.
    pub file_line: i32,
    /// Opaque global id of the statement that brought it in.
    pub statement_id: ID,
    /// What it may be, the surest first; empty unless it waits.
    pub proposals: Vec<BankProposal>,
    /// The rule that says what it is, unless it is matched or ignored.
    pub suggested_rule: Option<BankRule>,
    #[graphql(skip)]
    ledger: LedgerId,
    #[graphql(skip)]
    matched: Option<daybook_domain::id::BankMatchId>,
    #[graphql(skip)]
    ignorer: Option<daybook_domain::id::UserId>,
}

/// The kind of a line's global id.
pub const BANK_LINE: &str = "BankLine";

/// The line that a global id names.
pub fn line_of(global: &ID) -> Option<BankLineId> {
    id::decode(BANK_LINE, global).map(BankLineId::new)
}

/// What became of a line.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "LineStatus")]
pub enum BankLineStatus {
    /// It waits.
    Unmatched,
    /// It is set against entries of the books.
    Matched,
    /// Somebody said why it is not.
    Ignored,
}

/// What speaks for a proposal, or against it.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Reason")]
pub enum BankProposalReason {
    /// One line and one entry have the same amount.
    SameAmount,
    /// Several lines or entries come to the same amount together.
    SameSum,
    /// They are of one day.
    SameDay,
    /// They are at most a week apart.
    NearDay,
    /// They are further apart.
    FarDay,
    /// Both name the same number.
    SameNumber,
    /// Both use the same words.
    SameWords,
    /// Another proposal for the line is as good.
    Ambiguous,
}

/// Entries that a line may be, alone or with other lines. The amounts agree to the last unit.
#[derive(SimpleObject, Debug, Clone)]
pub struct BankProposal {
    /// How sure it is, 0 to 100.
    pub score: i32,
    /// Why.
    pub reasons: Vec<BankProposalReason>,
    /// Opaque global ids of its lines, this one among them.
    pub line_ids: Vec<ID>,
    /// Its entries.
    pub entries: Vec<BankEntry>,
}

impl BankProposal {
    fn of(proposed: Proposed, bank: &BankLedger) -> Self {
        let Proposed { proposal, entries } = proposed;
        let lines = proposal.lines.iter();
        Self {
            score: i32::from(proposal.score),
            reasons: proposal.reasons.into_iter().map(BankProposalReason::from).collect(),
            line_ids: lines.map(|line| id::encode(BANK_LINE, line.get())).collect(),
            entries: entries.into_iter().map(|entry| BankEntry::of(entry, bank)).collect(),
        }
    }
}

impl From<Line> for BankLine {
    fn from(line: Line) -> Self {
        let status = line.status().into();
        let Line { row, bank, matched, proposals, suggestion } = line;
        Self {
            id: id::encode(BANK_LINE, row.id.get()),
            date: Date(row.dated),
            value_date: row.value_date.map(Date),
            amount: amount_of(&bank, row.amount),
            description: row.description,
            reference: row.reference,
            counterpart: row.counterpart,
            balance: row.balance.map(|balance| amount_of(&bank, balance)),
            status,
            ignored_reason: row.ignored_reason,
            file_line: row.file_line,
            statement_id: id::encode(BANK_STATEMENT, row.statement_id.get()),
            proposals: proposals.into_iter().map(|one| BankProposal::of(one, &bank)).collect(),
            suggested_rule: suggestion.map(|one| BankRule::from(one.rule)),
            ledger: row.ledger_id,
            matched,
            ignorer: row.ignored_by,
        }
    }
}

#[ComplexObject]
impl BankLine {
    /// The bank ledger.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.ledger).await
    }

    /// The match that it is in.
    async fn bank_match(&self, ctx: &Context<'_>) -> ApiResult<Option<BankMatch>> {
        match self.matched {
            Some(id) => Ok(loaders::bank_match(ctx, id).await?.map(BankMatch::from)),
            None => Ok(None),
        }
    }

    /// Who ignores it. Null for callers without USER_READ when it was somebody else.
    async fn ignored_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        user(ctx, self.ignorer).await
    }
}

connection!(
    /// Lines by day, the oldest first.
    BankLineConnection, BankLineEdge, BankLine
);

/// Which lines to list; all conditions hold together.
#[derive(InputObject, Debug, Default)]
pub struct BankLineFilter {
    /// Of which this became.
    pub status: Option<BankLineStatus>,
    /// Not booked before this day.
    pub from: Option<Date>,
    /// Not booked after this day.
    pub to: Option<Date>,
    /// Brought in by this statement.
    pub statement_id: Option<ID>,
    /// Part of description, reference or counterpart, whatever its case.
    pub text: Option<String>,
}

/// A line that is not to be set against the books.
#[derive(InputObject, Debug)]
pub struct BankLineIgnoreInput {
    /// The line.
    pub line_id: ID,
    /// Why.
    pub reason: String,
}

/// A line that waits again.
#[derive(InputObject, Debug)]
pub struct BankLineRestoreInput {
    /// The line.
    pub line_id: ID,
}

payloads! {
    /// The line as it is now; null when something was wrong.
    line: BankLine, of Line, or BankUserError;
    /// What ignoring a line did.
    BankLineIgnorePayload
    /// What taking back that a line is ignored did.
    BankLineRestorePayload
}

/// Queries of lines.
#[derive(Default, Debug)]
pub struct BankLineQuery;

const OLDEST: &str = "bankLines:date:asc";

#[Object]
impl BankLineQuery {
    /// Lines of a bank ledger by day, the oldest first, with what each became or may be.
    /// Requires: BANK_READ.
    #[graphql(
        guard = "Requires(Permission::BankRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn bank_lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The bank ledger.")] ledger_id: ID,
        #[graphql(desc = "Which lines.")] filter: Option<BankLineFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BankLineConnection> {
        let ask = PageAsk::new(ctx, OLDEST, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let filter = LineFilter {
            status: filter.status.map(LineStatus::from),
            from: filter.from.map(|day| day.0),
            to: filter.to.map(|day| day.0),
            statement: filter.statement_id.as_ref().map(statement_of),
            text: filter.text.filter(|text| !text.is_empty()),
        };
        let looks = ctx.look_ahead();
        let asks = |field: &str| {
            looks.field("nodes").field(field).exists()
                || looks.field("edges").field("node").field(field).exists()
        };
        let wants = Wants { proposals: asks("proposals"), suggestion: asks("suggestedRule") };
        let ledger = ledger_of(&ledger_id);
        let page = lines::list(&*ctx.tenant()?, ledger, &filter, &ask, wants).await?;
        Ok(BankLineConnection::of(OLDEST, &ask, page))
    }
}

/// Mutations of lines.
#[derive(Default, Debug)]
pub struct BankLineMutation;

#[Object]
impl BankLineMutation {
    /// Says why a line is not set against the books; it is proposed no more. It still counts in the
    /// reconciliation statement. Requires: BANK_RECONCILE.
    #[graphql(guard = "Requires(Permission::BankReconcile)")]
    async fn bank_line_ignore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which line, and why.")] input: BankLineIgnoreInput,
    ) -> ApiResult<BankLineIgnorePayload> {
        let line = line_of(&input.line_id);
        let done = lines::ignore(&*ctx.tenant()?, line, Some(input.reason), true).await;
        BankLineIgnorePayload::of(done)
    }

    /// Takes back that a line is ignored. Requires: BANK_RECONCILE.
    #[graphql(guard = "Requires(Permission::BankReconcile)")]
    async fn bank_line_restore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which line.")] input: BankLineRestoreInput,
    ) -> ApiResult<BankLineRestorePayload> {
        let line = line_of(&input.line_id);
        BankLineRestorePayload::of(lines::ignore(&*ctx.tenant()?, line, None, false).await)
    }
}
