//! A tenant's edit log in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{BusinessId, UserId},
    role::Permission,
};

use super::{
    businesses::{Business, asked},
    loaders,
};
use crate::{
    connection,
    graphql::{
        audit::{AuditActorKind, AuditVerification, actor, verified_until},
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::DateTime,
        session::USER,
        staff::User,
    },
    services::books::{
        audit::{self, AuditFilter, Entry, Kinds},
        audit_changes::{self, FieldChange, Places, Told},
        chart,
    },
};

/// A row of the account's edit log: who did what, when, and how it was before and after.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct AuditLogEntry {
    /// Opaque global id.
    pub id: ID,
    /// Its number, from 1 without a gap.
    pub sequence: i64,
    /// When it was done.
    pub recorded_at: DateTime,
    /// Who did it.
    pub actor_kind: AuditActorKind,
    /// The request in which it was done.
    pub request_id: Option<String>,
    /// What was done, as a word such as "LEDGER_CREATED". The words grow with the program.
    pub action: String,
    /// Kind of the thing it was done to.
    pub subject_type: AuditSubjectType,
    /// Opaque global id of that thing: `node` answers it where things of its kind have one, and
    /// `auditLogs(subjectId:)` lists what else was done to it.
    pub subject_id: Option<ID>,
    /// The canonical text that the hash covers, for whoever recomputes the chain: a JSON object in which
    /// `content` holds the values. Numbers in it are those of the database; read `changes` instead.
    pub content: String,
    /// SHA-256 of the previous row's hash, this row's number and its content, in hexadecimal.
    pub hash: String,
    #[graphql(skip)]
    actor: Option<i64>,
    #[graphql(skip)]
    in_books: Option<BusinessId>,
}

/// A field that an act changed.
#[derive(SimpleObject, Debug, Clone)]
pub struct AuditChange {
    /// Path of the field, its steps parted by dots, such as "name" or "entries.0.debit".
    pub field: String,
    /// Its value before: an amount as a decimal number, an instant in RFC 3339, another thing as its
    /// global id. Null where there was none.
    pub before: Option<String>,
    /// Its value after, in the same form. Null where there is none.
    pub after: Option<String>,
}

/// Declares the kinds of things with their stored word.
macro_rules! subject_types {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// Kinds of things that the edit log tells of.
        #[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
        pub enum AuditSubjectType {
            $($(#[$doc])* $name,)+
            /// A kind that is not listed here.
            Other,
        }

        impl AuditSubjectType {
            /// The kind of this stored word.
            pub fn of(word: &str) -> Self {
                match word { $($word => Self::$name,)+ _ => Self::Other }
            }

            /// Every stored word that is listed.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The stored word; none stands for all that are not listed.
            pub const fn word(self) -> Option<&'static str> {
                match self { $(Self::$name => Some($word),)+ Self::Other => None }
            }
        }
    };
}

subject_types! {
    /// A shared account group, as the account shows it.
    AccountGroup = "AccountGroup",
    /// An account group of the account's own.
    AccountSubgroup = "AccountSubgroup",
    /// A machine's key.
    ApiKey = "ApiKey",
    /// A budget.
    Budget = "Budget",
    /// A line of a bank's statement.
    BankLine = "BankLine",
    /// Lines of a bank set against entries.
    BankMatch = "BankMatch",
    /// A rule of what bank lines are.
    BankRule = "BankRule",
    /// A statement of a bank.
    BankStatement = "BankStatement",
    /// A business.
    Business = "Business",
    /// An accounting year of a business.
    BusinessYear = "BusinessYear",
    /// Exchange rates of a business.
    ExchangeRate = "ExchangeRate",
    /// A cost category.
    CostCategory = "CostCategory",
    /// A cost centre.
    CostCentre = "CostCentre",
    /// A file of books that was read in.
    Import = "Import",
    /// A ledger.
    Ledger = "Ledger",
    /// An exception from period locks.
    LockException = "LockException",
    /// A period lock of a business.
    PeriodLock = "PeriodLock",
    /// The events that are kept for subscribers and for work in the background.
    Outbox = "Outbox",
    /// A voucher that comes again by a rule of dates.
    RecurringVoucher = "RecurringVoucher",
    /// Somebody signed in.
    Session = "Session",
    /// A file that somebody uploaded.
    StoredFile = "StoredFile",
    /// A tax return that was filed.
    TaxFiling = "TaxFiling",
    /// Somebody who works in the account.
    User = "User",
    /// A voucher.
    Voucher = "Voucher",
    /// A file beside a voucher.
    VoucherAttachment = "VoucherAttachment",
    /// A voucher, or an act on one, that is not posted yet.
    VoucherDraft = "VoucherDraft",
    /// A voucher that is kept to be written again.
    VoucherTemplate = "VoucherTemplate",
    /// A voucher type, as the account numbers and shows it.
    VoucherType = "VoucherType",
}

/// The kind of an entry's global id.
pub const AUDIT_LOG_ENTRY: &str = "AuditLogEntry";

impl From<Entry> for AuditLogEntry {
    fn from(Entry { tenant, row }: Entry) -> Self {
        Self {
            id: id::encode_within(AUDIT_LOG_ENTRY, tenant.get(), row.seq),
            sequence: row.seq,
            recorded_at: DateTime(row.recorded_at),
            actor_kind: AuditActorKind::of(&row.actor_kind),
            request_id: row.request_id,
            action: row.action,
            subject_id: row.subject_id.map(|number| id::encode(&row.subject_type, number)),
            subject_type: AuditSubjectType::of(&row.subject_type),
            content: row.canonical,
            hash: row.hash,
            actor: row.actor_id,
            in_books: row.business_id,
        }
    }
}

/// A change of a field as it is told on the wire.
pub fn change(told: FieldChange) -> AuditChange {
    let text = |told: Told| match told {
        Told::Plain(text) => text,
        Told::Of(kind, number) => id::encode(kind, number).0,
        Told::Instant(instant) => DateTime(instant).to_string(),
    };
    AuditChange { field: told.field, before: told.before.map(text), after: told.after.map(text) }
}

/// The row that a global id names, if it is of the caller's own log and the caller sees it. Ids of other
/// kinds name none, whoever asks.
pub async fn find(ctx: &Context<'_>, global: &ID) -> ApiResult<Option<AuditLogEntry>> {
    let Some((tenant, seq)) = id::split_within(AUDIT_LOG_ENTRY, global) else { return Ok(None) };
    let scope = &ctx.tenant()?;
    if scope.db.route().id.get() != tenant {
        return Ok(None);
    }
    Ok(audit::find(scope, seq).await?.map(AuditLogEntry::from))
}

#[ComplexObject]
impl AuditLogEntry {
    /// Who did it, or for whom a machine with a key did. Null when it was the program itself or somebody
    /// of the platform's office, and for callers without USER_READ when it was somebody else.
    async fn actor(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        match (self.actor_kind, self.actor) {
            (AuditActorKind::User | AuditActorKind::ApiKey, Some(user)) => {
                Ok(loaders::user(ctx, UserId::new(user)).await?.map(User::from))
            }
            _ => Ok(None),
        }
    }

    /// The business in whose books it was done; null for what belongs to the whole account.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Option<Business>> {
        match self.in_books {
            Some(id) => loaders::business(ctx, id, |row| Some(row.clone().into())).await,
            None => Ok(None),
        }
    }

    /// What it changed, field by field: where values before and after are known, those that differ; else
    /// everything that was made or done.
    async fn changes(&self, ctx: &Context<'_>) -> ApiResult<Vec<AuditChange>> {
        let scope = &ctx.tenant()?;
        let own = match self.in_books {
            Some(id) => loaders::business(ctx, id, chart::exponent).await?,
            None => 2,
        };
        let of = |code: &str| scope.catalogue.currency_exponent(code);
        let told = audit_changes::changes(&self.content, Places { own, of });
        let changes = told.into_iter().map(change);
        Ok(changes.collect())
    }
}

connection!(
    /// Rows of the edit log, the newest first.
    AuditLogConnection, AuditLogEdge, AuditLogEntry
);

/// Which rows of the edit log to list.
#[derive(InputObject, Debug, Default)]
pub struct AuditLogFilter {
    /// What was done, such as "LEDGER_CREATED".
    pub action: Option<String>,
    /// Done to things of this kind.
    pub subject_type: Option<AuditSubjectType>,
    /// By this user, or by a machine for them.
    pub actor_id: Option<ID>,
    /// At this instant or later.
    pub from: Option<DateTime>,
    /// Before this instant.
    pub before: Option<DateTime>,
}

const NEWEST: &str = "auditLogs:sequence:desc";

/// Queries of the edit log.
#[derive(Default, Debug)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// The account's edit log, the newest first; it cannot be switched off or changed.
    /// Requires: AUDIT_READ.
    #[graphql(
        guard = "Requires(Permission::AuditRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn audit_logs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In whose books; everything you may see when left out.")]
        business_id: Option<ID>,
        #[graphql(desc = "About this thing.")] subject_id: Option<ID>,
        #[graphql(desc = "Which rows.")] filter: Option<AuditLogFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AuditLogConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let wanted = AuditFilter {
            subject: subject_id.map(|global| id::split(&global).unwrap_or_default()),
            kinds: filter.subject_type.map(|kind| match kind.word() {
                Some(word) => Kinds::This(word),
                None => Kinds::NoneOf(AuditSubjectType::WORDS),
            }),
            actor: actor(USER, filter.actor_id.as_ref()),
            action: filter.action,
            from: filter.from.map(|instant| instant.0),
            before: filter.before.map(|instant| instant.0),
        };
        let business = asked(business_id.as_ref());
        let page = audit::list(&*ctx.tenant()?, business, &wanted, &ask).await?;
        Ok(AuditLogConnection::of(NEWEST, &ask, page))
    }

    /// Computes the hashes of the edit log anew and tells the first row that was changed, moved or
    /// removed. A long log is verified in several calls. Requires: AUDIT_READ.
    #[graphql(guard = "Requires(Permission::AuditRead)", complexity = "500 + child_complexity")]
    async fn audit_verify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "End cursor of the call before; from the beginning when left out.")]
        after: Option<String>,
    ) -> ApiResult<AuditVerification> {
        let after = verified_until(after.as_deref())?;
        Ok(audit::verify(&*ctx.tenant()?, after).await?.into())
    }
}
