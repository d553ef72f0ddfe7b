//! Exceptions from period locks in the API.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{LockExceptionId, UserId},
    lock::Areas,
    role,
};
use daybook_entity::tenant::business::lock_exception;

use super::{
    businesses::{Business, asked},
    loaders,
    locks::{LockArea, PeriodLockUserError},
};
use crate::{
    auth::roles,
    connection,
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        page::PageAsk,
        permission::Role,
        retry::input_hash,
        scalar::{Date, DateTime},
        session::USER,
        staff::User,
    },
    lane::Claim,
    services::books::lock_exceptions::{self, Changed, ExceptionFilter, Grant},
};

/// Leave to pass soft locks: for a user or a role, in some areas, on some days, for a while. Whoever
/// holds one need not name it when posting.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct LockException {
    /// Opaque global id: `lockExceptionId` of what is posted by it.
    pub id: ID,
    /// The areas whose locks it opens. A lock of ALL it opens to vouchers all of whose areas stand here;
    /// ALL opens each.
    pub areas: Vec<LockArea>,
    /// First day that it opens.
    #[graphql(name = "from")]
    pub first_day: Date,
    /// Last day that it opens.
    #[graphql(name = "to")]
    pub last_day: Date,
    /// The role whose holders may use it; null where it is a user's.
    pub role: Option<Role>,
    /// From when on it opens nothing.
    pub expires_at: DateTime,
    /// Why it was granted.
    pub reason: String,
    /// When it was granted.
    pub granted_at: DateTime,
    /// When it was revoked; null where it was not.
    pub revoked_at: Option<DateTime>,
    #[graphql(skip)]
    row: lock_exception::Model,
}

/// The kind of an exception's global id.
pub const LOCK_EXCEPTION: &str = "LockException";

impl From<lock_exception::Model> for LockException {
    fn from(row: lock_exception::Model) -> Self {
        Self {
            id: id::encode(LOCK_EXCEPTION, row.id.get()),
            areas: Areas::from_bits(row.areas).iter().map(LockArea::from).collect(),
            first_day: Date(row.from_date),
            last_day: Date(row.to_date),
            role: row.role.map(|role| roles::tenant_role(role).into()),
            expires_at: DateTime(row.expires_at),
            reason: row.reason.clone(),
            granted_at: DateTime(row.granted_at),
            revoked_at: row.revoked_at.map(DateTime),
            row,
        }
    }
}

#[ComplexObject]
impl LockException {
    /// In whose books.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.row.business_id, |one| one.clone().into()).await
    }

    /// Whether it opens anything now: neither expired nor revoked.
    async fn is_in_force(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        Ok(lock_exceptions::is_in_force(&self.row, ctx.tenant()?.clock.now_ms()))
    }

    /// The user who may use it; null where it is a role's, and for callers without USER_READ where it is
    /// somebody else's.
    async fn user(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        person(ctx, self.row.user_id).await
    }

    /// Who granted it. Null for callers without USER_READ where it was somebody else.
    async fn granted_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        person(ctx, self.row.granted_by).await
    }

    /// Who revoked it; null where nobody did, and for callers without USER_READ where it was somebody
    /// else.
    async fn revoked_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        person(ctx, self.row.revoked_by).await
    }
}

/// Whoever did something, as far as the caller may see them.
pub async fn person(ctx: &Context<'_>, user: Option<UserId>) -> ApiResult<Option<User>> {
    match user {
        Some(user) => Ok(loaders::user(ctx, user).await?.map(User::from)),
        None => Ok(None),
    }
}

/// The exception that a global id names.
pub fn exception_of(global: &ID) -> Option<LockExceptionId> {
    id::decode(LOCK_EXCEPTION, global).map(LockExceptionId::new)
}

connection!(
    /// Exceptions from period locks, the newest first.
    LockExceptionConnection, LockExceptionEdge, LockException
);

/// Which exceptions to list; all conditions hold together.
#[derive(InputObject, Debug, Default)]
pub struct LockExceptionFilter {
    /// Only those in force (true), or only those expired or revoked (false).
    pub is_in_force: Option<bool>,
    /// Of this user.
    pub user_id: Option<ID>,
    /// Of this role.
    pub role: Option<Role>,
}

/// An exception to be granted to a user or to a role.
#[derive(InputObject, Debug)]
pub struct LockExceptionGrantInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again grants nothing
    /// more and answers what the first call made.
    pub idempotency_key: String,
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// The areas whose locks it opens; at least one.
    pub areas: Vec<LockArea>,
    /// First day that it opens.
    pub from: Date,
    /// Last day that it opens.
    pub to: Date,
    /// The user who may use it; either this or a role.
    pub user_id: Option<ID>,
    /// The role whose holders may use it; either this or a user.
    pub role: Option<Role>,
    /// From when on it opens nothing; in the future, within 366 days.
    pub expires_at: DateTime,
    /// Why.
    pub reason: String,
}

/// The request in which an exception is revoked.
#[derive(InputObject, Debug)]
pub struct LockExceptionRevokeInput {
    /// Your own key for this request, 1 to 255 characters; the same key again changes nothing more.
    pub idempotency_key: String,
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(SimpleObject, Debug)]
        pub struct $name {
            /// The exception as it stands now; null when something was wrong.
            pub lock_exception: Option<LockException>,
            /// Whether an earlier call with the same key had done it.
            pub replayed: bool,
            /// What was wrong; empty when it was done.
            pub user_errors: Vec<PeriodLockUserError>,
        }

        impl $name {
            fn of(outcome: crate::error::Result<Changed>) -> ApiResult<Self> {
                let (done, user_errors) = answer(outcome)?;
                let replayed = done.as_ref().is_some_and(|done| done.replayed);
                let lock_exception = done.map(|done| done.exception.into());
                Ok(Self { lock_exception, replayed, user_errors })
            }
        }
    )+};
}

payloads! {
    /// What granting an exception did.
    LockExceptionGrantPayload
    /// What revoking an exception did.
    LockExceptionRevokePayload
}

const NEWEST: &str = "lockExceptions:id:desc";

/// Queries of exceptions.
#[derive(Default, Debug)]
pub struct LockExceptionQuery;

#[Object]
impl LockExceptionQuery {
    /// The exceptions that were granted from a business's period locks, the newest first, expired and
    /// revoked ones included. Requires: LOCK_EXCEPTION_READ.
    #[graphql(
        guard = "Requires(role::Permission::LockExceptionRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn lock_exceptions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Which of them.")] filter: Option<LockExceptionFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<LockExceptionConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let wanted = ExceptionFilter {
            is_in_force: filter.is_in_force,
            // No user has the number 0.
            user: filter.user_id.as_ref().map(|user| user_of(user).unwrap_or(UserId::new(0))),
            role: filter.role.map(role::TenantRole::from),
        };
        let business = asked(business_id.as_ref());
        let page = lock_exceptions::list(&*ctx.tenant()?, business, &wanted, &ask).await?;
        Ok(LockExceptionConnection::of(NEWEST, &ask, page))
    }
}

fn user_of(global: &ID) -> Option<UserId> {
    id::decode(USER, global).map(UserId::new)
}

/// Mutations of exceptions.
#[derive(Default, Debug)]
pub struct LockExceptionMutation;

#[Object]
impl LockExceptionMutation {
    /// Lets a user or a role pass soft locks in some areas and days, for a while. Requires: LOCK_EXCEPTION_GRANT.
    #[graphql(guard = "Requires(role::Permission::LockExceptionGrant)")]
    async fn lock_exception_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The exception.")] input: LockExceptionGrantInput,
    ) -> ApiResult<LockExceptionGrantPayload> {
        let claim = Claim {
            field: "lockExceptionGrant",
            key: input.idempotency_key.clone(),
            input_hash: input_hash(&input),
        };
        let command = Grant {
            business: asked(input.business_id.as_ref()),
            areas: input.areas.into_iter().map(Into::into).collect(),
            from: input.from.0,
            to: input.to.0,
            user: input.user_id.as_ref().map(user_of),
            role: input.role.map(role::TenantRole::from),
            expires_at: input.expires_at.0,
            reason: input.reason,
        };
        let granted = lock_exceptions::grant(&*ctx.tenant()?, command, claim).await;
        LockExceptionGrantPayload::of(granted)
    }

    /// Takes an exception back; it opens nothing from the next request on. Requires: LOCK_EXCEPTION_GRANT.
    #[graphql(guard = "Requires(role::Permission::LockExceptionGrant)")]
    async fn lock_exception_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The exception's id.")] id: ID,
        #[graphql(desc = "The request.")] input: LockExceptionRevokeInput,
    ) -> ApiResult<LockExceptionRevokePayload> {
        let claim = Claim {
            field: "lockExceptionRevoke",
            key: input.idempotency_key,
            input_hash: input_hash(&id),
        };
        let scope = &ctx.tenant()?;
        let revoked = lock_exceptions::revoke(scope, exception_of(&id), claim).await;
        LockExceptionRevokePayload::of(revoked)
    }
}
