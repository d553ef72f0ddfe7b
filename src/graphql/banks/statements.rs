//! Statements of banks in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{BankStatementId, UserId},
    role::Permission,
};
use daybook_entity::tenant::bank::{StatementFormat, bank_statement};

use super::errors::{BankUserError, amount_of, bank_of};
use crate::{
    connection,
    graphql::{
        books::{
            ledgers::{Ledger, ledger_of},
            loaders,
        },
        context::{Asks, Requires},
        error::ApiResult,
        files::file_of,
        id,
        page::PageAsk,
        scalar::{Date, DateTime, Money},
        staff::User,
    },
    interchange::table::fields::{BankField, Field},
    payloads,
    services::banks::{
        reading::{SheetMapping, Told},
        stage::{self, StageFile},
        statements,
    },
};

/// A statement of a bank that was brought in.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct BankStatement {
    /// Opaque global id.
    pub id: ID,
    /// The file's name.
    pub file_name: String,
    /// Its form.
    pub format: BankStatementFormat,
    /// SHA-256 of the whole file, in hexadecimal.
    pub sha256: String,
    /// The account, as the bank names it.
    pub account: Option<String>,
    /// Day of its first line.
    pub first_date: Option<Date>,
    /// Day of its last line.
    pub last_date: Option<Date>,
    /// Lines that were not known before and came in.
    pub new_line_count: i32,
    /// Lines that an earlier statement had brought in.
    pub known_line_count: i32,
    /// Lines that could not be taken; `findings` says why.
    pub refused_line_count: i32,
    /// When it was brought in.
    pub created_at: DateTime,
    #[graphql(skip)]
    row: bank_statement::Model,
}

/// The kind of a statement's global id.
pub const BANK_STATEMENT: &str = "BankStatement";

/// In which form a statement comes.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StatementFormat")]
pub enum BankStatementFormat {
    /// Rows of text, whatever parts the cells.
    Csv,
    /// A spreadsheet; its first sheet is read.
    Xlsx,
    /// OFX 1 or 2, also called QFX.
    Ofx,
    /// SWIFT's customer statement.
    #[graphql(name = "MT940")]
    Mt940,
}

impl From<bank_statement::Model> for BankStatement {
    fn from(row: bank_statement::Model) -> Self {
        Self {
            id: id::encode(BANK_STATEMENT, row.id.get()),
            file_name: row.file_name.clone(),
            format: row.format.into(),
            sha256: row.sha256.clone(),
            account: row.account.clone(),
            first_date: row.from_date.map(Date),
            last_date: row.to_date.map(Date),
            new_line_count: row.lines_new,
            known_line_count: row.lines_known,
            refused_line_count: row.lines_refused,
            created_at: DateTime(row.created_at),
            row,
        }
    }
}

#[ComplexObject]
impl BankStatement {
    /// The ledger.
    async fn ledger(&self, ctx: &Context<'_>) -> ApiResult<Ledger> {
        loaders::ledger(ctx, self.row.ledger_id).await
    }

    /// What stood on the account before the first line, where the file tells it.
    async fn opening(&self, ctx: &Context<'_>) -> ApiResult<Option<Money>> {
        self.amount(ctx, self.row.opening).await
    }

    /// What stood on it behind the last line, where the file tells it.
    async fn closing(&self, ctx: &Context<'_>) -> ApiResult<Option<Money>> {
        self.amount(ctx, self.row.closing).await
    }

    /// What the closing is more than the opening and all lines of the file; zero where they agree.
    async fn difference(&self, ctx: &Context<'_>) -> ApiResult<Option<Money>> {
        self.amount(ctx, self.row.difference).await
    }

    /// What could not be taken, or was taken otherwise than it stood there; the first two hundred.
    #[graphql(complexity = "20 + child_complexity")]
    async fn findings(&self) -> Vec<BankStatementFinding> {
        // What was stored parses.
        let told: Vec<Told> = serde_json::from_str(&self.row.findings).unwrap_or_default();
        told.into_iter().map(BankStatementFinding::from).collect()
    }

    /// Who brought it in. Null for callers without USER_READ when it was somebody else.
    async fn created_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        user(ctx, self.row.created_by).await
    }
}

impl BankStatement {
    async fn amount(
        &self,
        ctx: &Context<'_>,
        amount: Option<daybook_domain::money::Money>,
    ) -> ApiResult<Option<Money>> {
        let Some(amount) = amount else { return Ok(None) };
        Ok(Some(amount_of(&bank_of(ctx, self.row.ledger_id).await?, amount)))
    }
}

/// Somebody who did something, if the caller may see them.
pub async fn user(ctx: &Context<'_>, id: Option<UserId>) -> ApiResult<Option<User>> {
    match id {
        Some(id) => Ok(loaders::user(ctx, id).await?.map(User::from)),
        None => Ok(None),
    }
}

/// Something in a statement's file that could not be taken, or was taken otherwise than it stood there.
#[derive(SimpleObject, Debug, Clone)]
pub struct BankStatementFinding {
    /// Line of the file, or row of the sheet; null for the file as a whole.
    pub line: Option<i64>,
    /// Whether something was left out; false for what is only to be known.
    pub is_error: bool,
    /// A word for the reason, such as "BAD_DATE". The words grow with the program.
    pub code: String,
    /// In words, with the value that was found.
    pub message: String,
}

impl From<Told> for BankStatementFinding {
    fn from(told: Told) -> Self {
        Self {
            line: told.line.and_then(|line| i64::try_from(line).ok()),
            is_error: told.is_error,
            code: told.code,
            message: told.message,
        }
    }
}

connection!(
    /// Statements, the newest import first.
    BankStatementConnection, BankStatementEdge, BankStatement
);

/// What a column of a bank's sheet holds.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "BankField")]
pub enum BankColumn {
    /// Day of booking.
    Date,
    /// Day from which it bears interest.
    ValueDate,
    /// What it is about.
    Description,
    /// Cheque or reference number.
    Reference,
    /// Amount, money in above zero or with Dr and Cr.
    Amount,
    /// Money out.
    Withdrawal,
    /// Money in.
    Deposit,
    /// The side of the amount: Dr or Cr.
    Side,
    /// Balance behind the line.
    Balance,
    /// Whether the line took place.
    Status,
    /// The other side's name or account.
    Counterpart,
}

/// Which of day, month and year stands first; a year of four digits may always stand first.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum BankDateOrder {
    /// 31/03/2026
    DayFirst,
    /// 03/31/2026
    MonthFirst,
    /// 26/03/31
    YearFirst,
}

/// A column of a bank's sheet.
#[derive(InputObject, SimpleObject, Debug, Clone)]
#[graphql(input_name = "BankSheetColumnInput")]
pub struct BankSheetColumn {
    /// What it holds.
    pub column: BankColumn,
    /// The heading that it has in the file.
    pub heading: String,
}

/// How sheets of a bank are read. Columns that are not named are known by usual headings.
#[derive(InputObject, SimpleObject, Debug, Clone)]
#[graphql(input_name = "BankSheetMappingInput")]
pub struct BankSheetMapping {
    /// Columns by their headings.
    #[graphql(default)]
    pub columns: Vec<BankSheetColumn>,
    /// Which of day, month and year stands first.
    #[graphql(default_with = "BankDateOrder::DayFirst")]
    pub date_order: BankDateOrder,
    /// Whether a comma stands between units and their parts.
    #[graphql(default)]
    pub decimal_comma: bool,
    /// Words in the column STATUS of lines that took place, besides usual ones such as "Completed"; lines with
    /// other words are left out.
    #[graphql(default)]
    pub took_place: Vec<String>,
}

impl From<BankSheetMapping> for SheetMapping {
    fn from(input: BankSheetMapping) -> Self {
        let columns = input.columns.into_iter();
        let dates = match input.date_order {
            BankDateOrder::DayFirst => "DAY_FIRST",
            BankDateOrder::MonthFirst => "MONTH_FIRST",
            BankDateOrder::YearFirst => "YEAR_FIRST",
        };
        Self {
            columns: columns
                .map(|one| (BankField::from(one.column).heading().to_owned(), one.heading))
                .collect(),
            dates: Some(dates.to_owned()),
            decimal_comma: input.decimal_comma,
            took_place: input.took_place,
        }
    }
}

impl From<SheetMapping> for BankSheetMapping {
    fn from(kept: SheetMapping) -> Self {
        let field = |name: &str| BankField::EVERY.iter().copied().find(|one| one.heading() == name);
        let columns = kept.columns.into_iter().filter_map(|(name, heading)| {
            Some(BankSheetColumn { column: field(&name)?.into(), heading })
        });
        Self {
            columns: columns.collect(),
            date_order: match kept.dates.as_deref() {
                Some("MONTH_FIRST") => BankDateOrder::MonthFirst,
                Some("YEAR_FIRST") => BankDateOrder::YearFirst,
                _ => BankDateOrder::DayFirst,
            },
            decimal_comma: kept.decimal_comma,
            took_place: kept.took_place,
        }
    }
}

/// What is kept of a bank ledger's account.
#[derive(SimpleObject, Debug, Clone)]
pub struct BankAccount {
    /// As the bank names it; statements of another account are refused. Null until a statement named it.
    pub account: Option<String>,
    /// How its sheets are read when a call does not say it.
    pub mapping: BankSheetMapping,
}

/// A statement to be brought in.
#[derive(InputObject, Debug)]
pub struct BankStatementStageInput {
    /// The ledger, below Bank Accounts or Bank OD A/c.
    pub ledger_id: ID,
    /// The file, uploaded for the purpose BANK_STATEMENT in the ledger's business.
    pub file_id: ID,
    /// Its form.
    pub format: BankStatementFormat,
    /// How its sheet is read; it is kept for the ledger. As the last time when left out.
    pub mapping: Option<BankSheetMapping>,
    /// The account whose statement is wanted, where the file has several.
    pub account: Option<String>,
}

payloads! {
    /// The statement with what became of its lines; null when something was wrong.
    statement: BankStatement, of bank_statement::Model, or BankUserError;
    /// What bringing a statement in did.
    BankStatementStagePayload
}

/// Queries of statements.
#[derive(Default, Debug)]
pub struct BankStatementQuery;

const NEWEST: &str = "bankStatements:id:desc";

#[Object]
impl BankStatementQuery {
    /// Statements of a bank ledger, the newest import first. Requires: BANK_READ.
    #[graphql(
        guard = "Requires(Permission::BankRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn bank_statements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The bank ledger.")] ledger_id: ID,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BankStatementConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let page = statements::list(&*ctx.tenant()?, ledger_of(&ledger_id), &ask).await?;
        Ok(BankStatementConnection::of(NEWEST, &ask, page))
    }

    /// What is kept of a bank ledger's account: its name at the bank, and how its sheets are read; null when
    /// there is no such bank ledger. Requires: BANK_READ.
    #[graphql(guard = "Requires(Permission::BankRead)")]
    async fn bank_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The bank ledger.")] ledger_id: ID,
    ) -> ApiResult<Option<BankAccount>> {
        let found = statements::account(&*ctx.tenant()?, ledger_of(&ledger_id)).await?;
        Ok(found.map(|(account, mapping)| BankAccount { account, mapping: mapping.into() }))
    }
}

/// The statement that a global id names.
pub fn statement_of(global: &ID) -> BankStatementId {
    BankStatementId::new(id::number(BANK_STATEMENT, global))
}

/// Mutations of statements.
#[derive(Default, Debug)]
pub struct BankStatementMutation;

#[Object]
impl BankStatementMutation {
    /// Brings a statement in: its lines that are not known yet, each once, however many files hold it. Lines
    /// that cannot be read are left out and told. Nothing is posted. Requires: BANK_RECONCILE.
    #[graphql(
        guard = "Requires(Permission::BankReconcile)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(100))"
    )]
    async fn bank_statement_stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file, and how it is read.")] input: BankStatementStageInput,
    ) -> ApiResult<BankStatementStagePayload> {
        let command = StageFile {
            ledger: ledger_of(&input.ledger_id),
            file: file_of(&input.file_id),
            format: input.format.into(),
            mapping: input.mapping.map(SheetMapping::from),
            account: input.account,
        };
        BankStatementStagePayload::of(stage::stage_file(&*ctx.tenant()?, command).await)
    }
}
