//! Why a request was not done: one enum, one code each.
//!
//! A *refusal* is an answer: the caller can mend the input, and a mutation returns it among its
//! `userErrors`. Everything else is a failure of the request and leaves through `errors[]` with a
//! code of the closed list in [`Error::code`]. Causes are logged under the request id, never sent.

use daybook_domain::role::Permission;
use sea_orm::DbErr;

/// What the whole crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input cannot be accepted as it is; nothing was stored.
    #[error("{}", refusals_text(.0))]
    Refused(Vec<Refusal>),
    /// No token, or one that does not hold (any more).
    #[error("sign in first")]
    Unauthenticated,
    /// Signed in, but without this permission.
    #[error("this needs the permission {}", .0.as_str())]
    Forbidden(Permission),
    /// Signed in to the wrong realm: a platform token on a tenant's field, or the reverse.
    #[error("{0}")]
    WrongRealm(&'static str),
    /// A named object does not exist for the caller, where null is impossible.
    #[error("{0} was not found")]
    NotFound(&'static str),
    /// An argument of a query cannot be used.
    #[error("{argument}: {message}")]
    BadInput {
        /// The argument's name.
        argument: String,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// The same retry key was used with another input, or two ways of naming a tenant disagree.
    #[error("{0}")]
    Conflict(String),
    /// Too much at once; worth trying again after the time given.
    #[error("too many requests at once; try again in {} s", .retry_after_ms.div_ceil(1000))]
    Throttled {
        /// How long to wait.
        retry_after_ms: u64,
    },
    /// No tenant of that name.
    #[error("there is no such tenant")]
    TenantNotFound,
    /// The tenant exists and is suspended.
    #[error("this account is suspended; ask the platform's support")]
    TenantSuspended,
    /// The tenant's database is being brought to this version.
    #[error("this account is being upgraded; try again in a minute")]
    TenantUpgrading,
    /// A database or disk cannot serve now. What has a retry key may be sent again with the same one.
    #[error("the service cannot do this now; try again in a moment")]
    Unavailable(String),
    /// A change cursor points before what is still kept.
    #[error("this cursor is too old; start again from the beginning")]
    ClientTooOld,
    /// The database said something that no rule expected.
    #[error("an internal error")]
    Database(DbErr),
    /// A broken promise inside the program.
    #[error("an internal error")]
    Internal(String),
}

/// One thing about the input that the caller can mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of thing.
    pub code: Code,
    /// Path to the field inside the mutation's arguments, e.g. `input`, `entries`, `0`, `ledgerId`.
    pub field: Vec<String>,
    /// A sentence for a person.
    pub message: String,
}

/// Why an input was refused; each area of the API shows the codes that can happen in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each area's GraphQL enum describes its codes where users read them"
)]
pub enum Code {
    AccountDiffers,
    AccountGroupUnknown,
    AlreadyDone,
    AmountsDiffer,
    ApprovalRequired,
    BankReconciled,
    BillOverAllocated,
    BillSettled,
    BillsUnequal,
    BillUnknown,
    BankLineUnknown,
    BusinessUnknown,
    CodeExpired,
    CostCategoryUnknown,
    CostCentreArchived,
    CostCentreUnknown,
    CostsUnequal,
    CredentialsWrong,
    CurrencyMismatch,
    CurrencyDiffers,
    CurrencyUnknown,
    CountryUnknown,
    Cycle,
    EmailTaken,
    ExchangeRateUnknown,
    EntryUnknown,
    FileUnreadable,
    GstinInvalid,
    ImportDuplicate,
    ImportFaulty,
    InUse,
    Invalid,
    LastAdmin,
    LastOwner,
    LedgerArchived,
    LedgerUnknown,
    NothingToRevalue,
    MediaTypeRefused,
    NotAllowed,
    NotFound,
    NotOneSided,
    NumberTaken,
    NumberTooLong,
    Overlap,
    PasswordUnchanged,
    PasswordWeak,
    PeriodLocked,
    Required,
    SelfApproval,
    SideRule,
    Stale,
    StorageLimit,
    SubdomainTaken,
    System,
    Taken,
    TooFewEntries,
    TooLarge,
    TooLong,
    TooMany,
    TooPrecise,
    Unbalanced,
    VoucherCancelled,
    VoucherReversed,
    VoucherTypeUnknown,
    YearClosed,
    YearNotOpen,
}

impl Refusal {
    /// A refusal of the field at `path` (dots part the steps).
    pub fn new(code: Code, path: &str, message: impl Into<String>) -> Self {
        let field = path.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect();
        Self { code, field, message: message.into() }
    }
}

impl Error {
    /// One refusal, as an error.
    pub fn refused(code: Code, path: &str, message: impl Into<String>) -> Self {
        Self::Refused(vec![Refusal::new(code, path, message)])
    }

    /// A bad argument of a query.
    pub fn bad_input(argument: impl Into<String>, message: impl Into<String>) -> Self {
        Self::BadInput { argument: argument.into(), message: message.into() }
    }

    /// Whether somebody's edit rests on what is stored now.
    ///
    /// # Errors
    /// A refusal of `input.expectedVersion` when the row was changed meanwhile.
    pub fn unless_current(expected: Option<i32>, found: i32) -> Result<()> {
        if expected.is_some_and(|expected| expected != found) { Err(Self::stale()) } else { Ok(()) }
    }

    /// Somebody else's edit came first.
    pub fn stale() -> Self {
        let why = "somebody changed this meanwhile; read it again";
        Self::refused(Code::Stale, "input.expectedVersion", why)
    }

    /// The word of the closed list that a client's program reads.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) | Self::BadInput { .. } => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden(_) | Self::WrongRealm(_) => "FORBIDDEN",
            Self::NotFound(_) => "NOT_FOUND",
            Self::Conflict(_) => "CONFLICT",
            Self::Throttled { .. } => "THROTTLED",
            Self::TenantNotFound => "TENANT_NOT_FOUND",
            Self::TenantSuspended => "TENANT_SUSPENDED",
            Self::TenantUpgrading => "TENANT_UPGRADING",
            Self::Unavailable(_) => "UNAVAILABLE",
            Self::ClientTooOld => "CLIENT_TOO_OLD",
            Self::Database(_) | Self::Internal(_) => "INTERNAL",
        }
    }

    /// What only the log may say: the cause that the sentence for the client leaves out.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Unavailable(cause) | Self::Internal(cause) => Some(cause.clone()),
            Self::Database(error) => Some(error.to_string()),
            _ => None,
        }
    }
}

impl From<DbErr> for Error {
    /// Tells a database that is gone, busy or full from one that contradicts the program.
    fn from(error: DbErr) -> Self {
        if crate::db::failure::is_unavailable(&error) {
            Self::Unavailable(error.to_string())
        } else {
            Self::Database(error)
        }
    }
}

impl From<serde_json::Error> for Error {
    /// What the program wrote itself, it reads again.
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!("stored JSON does not parse: {error}"))
    }
}

fn refusals_text(refusals: &[Refusal]) -> String {
    let sentences: Vec<&str> = refusals.iter().map(|refusal| refusal.message.as_str()).collect();
    sentences.join(" ")
}
