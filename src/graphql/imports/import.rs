//! An import with what was found in its file.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use daybook_domain::{id::ImportId, money, role::Permission};
use daybook_entity::tenant::imports::{import, import_finding};

use super::words::{BookFormat, BookPart, ImportFindingSeverity, ImportNumbers, ImportState};
use crate::{
    connection,
    error::Error,
    graphql::{
        books::{
            businesses::{Business, asked},
            entries::money,
            loaders,
        },
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::{Date, DateTime, Money},
        staff::User,
    },
    services::imports::{
        asked::{Format, Kind, Mapping, Summary, Unmapped},
        list,
    },
};

/// The kind of an import's global id.
pub const IMPORT: &str = "Import";

/// A file of books that was read in, to be posted as a whole or not at all.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct Import {
    /// Opaque global id.
    pub id: ID,
    /// How far it has come.
    pub state: ImportState,
    /// The name of its file.
    pub file_name: String,
    /// SHA-256 of the file's bytes in hexadecimal.
    pub sha256: String,
    /// How many findings keep it from being applied.
    pub error_count: i32,
    /// How many findings are only worth knowing.
    pub note_count: i32,
    /// Rises with each change; for `expectedVersion`.
    pub version: i32,
    /// When its file was read first.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// When it was applied; null while it is not.
    pub applied_at: Option<DateTime>,
    #[graphql(skip)]
    stored: import::Model,
}

/// How much a file holds.
#[derive(SimpleObject, Debug, Clone)]
pub struct ImportCounts {
    /// Groups that it declares.
    pub groups: i32,
    /// Groups of your own that would be made.
    pub new_groups: i32,
    /// Ledgers that it declares.
    pub ledgers: i32,
    /// Ledgers that would be opened.
    pub new_ledgers: i32,
    /// Openings that would be posted.
    pub openings: i32,
    /// Vouchers that would be posted.
    pub vouchers: i32,
    /// The entries of those.
    pub entries: i32,
    /// Vouchers that are not taken because they do not count in the source either.
    pub left_out: i32,
}

/// What a file comes to. Compare it with the program that it is from.
#[derive(SimpleObject, Debug, Clone)]
pub struct ImportTotals {
    /// Debits of the openings.
    pub opening_debit: Money,
    /// Credits of the openings; the difference stands in Difference in Opening Balances.
    pub opening_credit: Money,
    /// Debits of the vouchers, which are equal to their credits.
    pub vouchers: Money,
    /// Day of the first voucher; null where there is none.
    pub first_day: Option<Date>,
    /// Day of the last one.
    pub last_day: Option<Date>,
}

/// Names of a file that stand for nothing here yet.
#[derive(SimpleObject, Debug, Clone)]
pub struct ImportUnmapped {
    /// The first 500 of them, as the file writes them.
    pub names: Vec<String>,
    /// How many there are.
    pub count: i32,
}

impl From<Unmapped> for ImportUnmapped {
    fn from(unmapped: Unmapped) -> Self {
        Self { names: unmapped.names, count: short(unmapped.count) }
    }
}

/// What was chosen for an import.
#[derive(SimpleObject, Debug, Clone)]
pub struct ImportChoices {
    /// Which numbers vouchers get.
    pub numbers: ImportNumbers,
    /// Whether openings are taken.
    pub takes_openings: bool,
    /// Whether journals on the last day of a year, between income, expense and capital alone, are marked
    /// as closing.
    pub finds_closing: bool,
}

/// Something to look at before an import is applied.
#[derive(SimpleObject, Debug, Clone)]
pub struct ImportFinding {
    /// Line of the file, or row of the sheet, from 1; null for the file as a whole.
    pub line: Option<i32>,
    /// What the record is called: a ledger's name, a voucher's type and number.
    pub record: Option<String>,
    /// How much it weighs.
    pub severity: ImportFindingSeverity,
    /// What kind of thing it is, as a word in capitals such as `UNBALANCED`.
    pub code: String,
    /// What it is, for people.
    pub message: String,
}

impl From<import_finding::Model> for ImportFinding {
    fn from(row: import_finding::Model) -> Self {
        Self {
            line: row.line.map(|line| i32::try_from(line).unwrap_or(i32::MAX)),
            record: row.record,
            severity: row.severity.into(),
            code: row.code,
            message: row.message,
        }
    }
}

connection!(
    /// Findings in the order of the check, the first 1,000 of them.
    ImportFindingConnection, ImportFindingEdge, ImportFinding
);

connection!(
    /// Imports, the newest first.
    ImportConnection, ImportEdge, Import
);

fn short(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

impl From<import::Model> for Import {
    fn from(row: import::Model) -> Self {
        let count = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            id: id::encode(IMPORT, row.id.get()),
            state: row.state.into(),
            file_name: row.file_name.clone(),
            sha256: row.sha256.clone(),
            error_count: count(row.errors),
            note_count: count(row.notes),
            version: row.version,
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
            applied_at: row.applied_at.map(DateTime),
            stored: row,
        }
    }
}

impl Import {
    fn summary(&self) -> ApiResult<Summary> {
        Ok(serde_json::from_str(&self.stored.summary).map_err(Error::from)?)
    }

    fn unknown(&self) -> Error {
        Error::Internal(format!("import {} is of no known format", self.stored.id))
    }
}

#[ComplexObject]
impl Import {
    /// Into whose books.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.stored.business_id, |one| one.clone().into()).await
    }

    /// What its file is.
    async fn format(&self) -> ApiResult<BookFormat> {
        let found = Format::parse(&self.stored.format).ok_or_else(|| self.unknown())?;
        Ok(found.into())
    }

    /// What its file holds.
    async fn part(&self) -> ApiResult<BookPart> {
        let found = Kind::parse(&self.stored.kind).ok_or_else(|| self.unknown())?;
        Ok(found.into())
    }

    /// How much it holds.
    async fn counts(&self) -> ApiResult<ImportCounts> {
        let summary = self.summary()?;
        Ok(ImportCounts {
            groups: short(summary.groups),
            new_groups: short(summary.new_groups),
            ledgers: short(summary.ledgers),
            new_ledgers: short(summary.new_ledgers),
            openings: short(summary.openings),
            vouchers: short(summary.vouchers),
            entries: short(summary.entries),
            left_out: short(summary.left_out),
        })
    }

    /// What it comes to.
    async fn totals(&self, ctx: &Context<'_>) -> ApiResult<ImportTotals> {
        let summary = self.summary()?;
        let amounts = [summary.opening_debit, summary.opening_credit, summary.total];
        let [opening_debit, opening_credit, vouchers] =
            loaders::business(ctx, self.stored.business_id, |one| {
                amounts.map(|amount| money(money::Money::from_minor(amount), one))
            })
            .await?;
        let day = |text: Option<String>| text.and_then(|text| text.parse().ok()).map(Date);
        Ok(ImportTotals {
            opening_debit,
            opening_credit,
            vouchers,
            first_day: day(summary.first_day),
            last_day: day(summary.last_day),
        })
    }

    /// Groups of the file that stand for nothing here yet. Those that ledgers need keep it from being applied.
    async fn unmapped_groups(&self) -> ApiResult<ImportUnmapped> {
        Ok(self.summary()?.unmapped_groups.into())
    }

    /// Ledgers of the file that stand for nothing here yet.
    async fn unmapped_ledgers(&self) -> ApiResult<ImportUnmapped> {
        Ok(self.summary()?.unmapped_ledgers.into())
    }

    /// Voucher types of the file that stand for nothing here yet.
    async fn unmapped_voucher_types(&self) -> ApiResult<ImportUnmapped> {
        Ok(self.summary()?.unmapped_types.into())
    }

    /// What was chosen.
    async fn choices(&self) -> ApiResult<ImportChoices> {
        let mapping: Mapping = serde_json::from_str(&self.stored.mapping).map_err(Error::from)?;
        Ok(ImportChoices {
            numbers: mapping.numbers.into(),
            takes_openings: mapping.takes_openings,
            finds_closing: mapping.finds_closing,
        })
    }

    /// What is to be looked at, in the order of the check.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn findings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this weight.")] severity: Option<ImportFindingSeverity>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<ImportFindingConnection> {
        let ask = PageAsk::new(ctx, "findings", first, after.as_deref())?;
        let severity = severity.map(Into::into);
        let page = list::findings(&*ctx.tenant()?, self.stored.id, severity, &ask).await?;
        Ok(ImportFindingConnection::of("findings", &ask, page))
    }

    /// The earliest other import of the same bytes into the same business that was not discarded; null
    /// where there is none.
    #[graphql(complexity = "5 + child_complexity")]
    async fn duplicate_of(&self, ctx: &Context<'_>) -> ApiResult<Option<Self>> {
        let found = list::same_file(&*ctx.tenant()?, &self.stored).await?;
        Ok(found.map(Self::from))
    }

    /// Who staged it. Null for callers without USER_READ when it was somebody else.
    async fn created_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        Ok(loaders::user(ctx, self.stored.created_by).await?.map(User::from))
    }
}

/// The import that a global id names.
pub fn import_of(global: &ID) -> Option<ImportId> {
    id::decode(IMPORT, global).map(ImportId::new)
}

/// An import by its number, where the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(ctx: &Context<'_>, number: i64) -> ApiResult<Option<Import>> {
    Ok(list::find(&*ctx.tenant()?, ImportId::new(number)).await?.map(Import::from))
}

/// Queries of imports.
#[derive(Default, Debug)]
pub struct ImportQuery;

#[Object]
impl ImportQuery {
    /// Files of books that were read into a business, the newest first. Requires: IMPORT_RUN.
    #[graphql(
        guard = "Requires(Permission::ImportRun)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn imports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Only those that have come so far.")] state: Option<ImportState>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<ImportConnection> {
        let ask = PageAsk::new(ctx, "imports", first, after.as_deref())?;
        let business = asked(business_id.as_ref());
        let state = state.map(Into::into);
        let page = list::list(&*ctx.tenant()?, business, state, &ask).await?;
        Ok(ImportConnection::of("imports", &ask, page))
    }
}
