//! Period locks in the API.

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject,
};
use daybook_domain::{
    id::{BusinessId, UserId},
    lock,
    role::Permission,
};

use super::{
    businesses::{Business, asked},
    ledgers::maybe,
    loaders,
};
use crate::{
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        retry::input_hash,
        scalar::{Date, DateTime},
        staff::User,
    },
    lane::Claim,
    services::books::locks::{self, Changed, HardenLock, Held, HeldKind, LiftLock, SetLock},
    user_errors,
};

/// What a period lock is set for. A voucher may belong to several areas.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "lock::Area")]
pub enum LockArea {
    /// Sales and credit notes.
    Sales,
    /// Purchases and debit notes.
    Purchase,
    /// Whatever touches a cash or bank ledger.
    Bank,
    /// Whatever touches a tax ledger or is a tax document.
    Tax,
    /// Every voucher.
    All,
}

/// How firmly a period is locked.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "HeldKind")]
pub enum PeriodLockKind {
    /// Yields to an exception, and may be lifted.
    Soft,
    /// By closed accounting years: yields to nobody until the last of them is opened again.
    Year,
    /// For good: yields to nobody and is never lifted.
    Hard,
}

/// A lock that holds: nothing of its area is dated in the locked days, cancelled or amended there.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct PeriodLock {
    /// How firmly.
    pub kind: PeriodLockKind,
    /// What it locks.
    pub area: LockArea,
    /// Last locked day.
    pub locked_through: Date,
    /// Why it was set.
    pub reason: Option<String>,
    /// When it was set, or last moved.
    pub set_at: DateTime,
    #[graphql(skip)]
    in_books: BusinessId,
    #[graphql(skip)]
    by: Option<UserId>,
}

impl From<Held> for PeriodLock {
    fn from(held: Held) -> Self {
        Self {
            kind: held.kind.into(),
            area: held.area.into(),
            locked_through: Date(held.through),
            reason: held.reason,
            set_at: DateTime(held.set_at),
            in_books: held.business,
            by: held.set_by,
        }
    }
}

#[ComplexObject]
impl PeriodLock {
    /// In whose books.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.in_books, |one| one.clone().into()).await
    }

    /// Who set it or last moved it. Null when it was the program itself, and for callers without
    /// USER_READ when it was somebody else.
    async fn set_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        match self.by {
            Some(user) => Ok(loaders::user(ctx, user).await?.map(User::from)),
            None => Ok(None),
        }
    }
}

user_errors!(
    /// Something wrong with a period lock or an exception from one.
    PeriodLockUserError,
    /// What can be wrong with a period lock or an exception from one.
    PeriodLockErrorCode {
        /// It is so already.
        AlreadyDone,
        /// There is no such business, or several and none was named.
        BusinessUnknown,
        /// A hard lock only moves on, and not past today; an exception is for who sees the business.
        NotAllowed,
        /// There is no such exception or user.
        NotFound,
        /// This cannot be left out or empty.
        Required,
        /// Somebody changed the lock meanwhile.
        Stale,
        /// The text is too long.
        TooLong,
    }
);

/// How far a soft lock is to reach.
#[derive(InputObject, Debug)]
pub struct PeriodLockSetInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again changes nothing
    /// more.
    pub idempotency_key: String,
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// What it locks.
    pub area: LockArea,
    /// Last locked day.
    pub locked_through: Date,
    /// Why; needed where days that were locked are opened again.
    pub reason: Option<String>,
    /// Last locked day as you saw it, null for none; refused as STALE when somebody changed it meanwhile.
    pub expected_locked_through: MaybeUndefined<Date>,
}

/// Which soft lock is to be lifted.
#[derive(InputObject, Debug)]
pub struct PeriodLockLiftInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again changes nothing
    /// more.
    pub idempotency_key: String,
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// What it locks.
    pub area: LockArea,
    /// Why.
    pub reason: String,
    /// Last locked day as you saw it; refused as STALE when somebody changed it meanwhile.
    pub expected_locked_through: MaybeUndefined<Date>,
}

/// Which days are to be closed for good.
#[derive(InputObject, Debug)]
pub struct PeriodLockHardenInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again changes nothing
    /// more.
    pub idempotency_key: String,
    /// In whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// What it locks.
    pub area: LockArea,
    /// Last locked day: not before the one that holds, and not after today in the business's zone.
    pub locked_through: Date,
    /// Why.
    pub reason: String,
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(SimpleObject, Debug)]
        pub struct $name {
            /// The locks of the business as they stand now; null when something was wrong.
            pub period_locks: Option<Vec<PeriodLock>>,
            /// Whether an earlier call with the same key had done it.
            pub replayed: bool,
            /// What was wrong; empty when it was done.
            pub user_errors: Vec<PeriodLockUserError>,
        }

        impl $name {
            fn of(outcome: crate::error::Result<Changed>) -> ApiResult<Self> {
                let (done, user_errors) = answer(outcome)?;
                let replayed = done.as_ref().is_some_and(|done| done.replayed);
                let locks = done.map(|done| done.locks.into_iter().map(PeriodLock::from).collect());
                Ok(Self { period_locks: locks, replayed, user_errors })
            }
        }
    )+};
}

payloads! {
    /// What setting a soft lock did.
    PeriodLockSetPayload
    /// What lifting a soft lock did.
    PeriodLockLiftPayload
    /// What closing days for good did.
    PeriodLockHardenPayload
}

/// Queries of period locks.
#[derive(Default, Debug)]
pub struct LockQuery;

#[Object]
impl LockQuery {
    /// The locks that hold in a business: soft ones, that of closed accounting years, hard ones.
    /// Requires: BUSINESS_READ.
    #[graphql(
        guard = "Requires(Permission::BusinessRead)",
        complexity = "crate::graphql::cost::of_many(11, child_complexity)"
    )]
    async fn period_locks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
    ) -> ApiResult<Vec<PeriodLock>> {
        let locks = locks::list(&*ctx.tenant()?, asked(business_id.as_ref())).await?;
        Ok(locks.into_iter().map(PeriodLock::from).collect())
    }
}

/// Mutations of period locks.
#[derive(Default, Debug)]
pub struct LockMutation;

#[Object]
impl LockMutation {
    /// Locks an area of the books through a day, or moves its soft lock. Requires: PERIOD_LOCK_SET.
    #[graphql(guard = "Requires(Permission::PeriodLockSet)")]
    async fn period_lock_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which area, and through which day.")] input: PeriodLockSetInput,
    ) -> ApiResult<PeriodLockSetPayload> {
        let claim = Claim {
            field: "periodLockSet",
            key: input.idempotency_key.clone(),
            input_hash: input_hash(&input),
        };
        let command = SetLock {
            business: asked(input.business_id.as_ref()),
            area: input.area.into(),
            through: input.locked_through.0,
            reason: input.reason,
            expected: maybe(input.expected_locked_through).map(|day| day.map(|day| day.0)),
        };
        PeriodLockSetPayload::of(locks::set(&*ctx.tenant()?, command, claim).await)
    }

    /// Lifts the soft lock of an area; the reason is recorded. Requires: PERIOD_LOCK_SET.
    #[graphql(guard = "Requires(Permission::PeriodLockSet)")]
    async fn period_lock_lift(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which area, and why.")] input: PeriodLockLiftInput,
    ) -> ApiResult<PeriodLockLiftPayload> {
        let claim = Claim {
            field: "periodLockLift",
            key: input.idempotency_key.clone(),
            input_hash: input_hash(&input),
        };
        let command = LiftLock {
            business: asked(input.business_id.as_ref()),
            area: input.area.into(),
            reason: input.reason,
            expected: maybe(input.expected_locked_through).map(|day| day.map(|day| day.0)),
        };
        PeriodLockLiftPayload::of(locks::lift(&*ctx.tenant()?, command, claim).await)
    }

    /// Closes an area of the books for good through a day: no exception opens it, nobody lifts it, and
    /// the day only moves on. Requires: PERIOD_LOCK_HARDEN.
    #[graphql(guard = "Requires(Permission::PeriodLockHarden)")]
    async fn period_lock_harden(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which area, through which day, and why.")] input: PeriodLockHardenInput,
    ) -> ApiResult<PeriodLockHardenPayload> {
        let claim = Claim {
            field: "periodLockHarden",
            key: input.idempotency_key.clone(),
            input_hash: input_hash(&input),
        };
        let command = HardenLock {
            business: asked(input.business_id.as_ref()),
            area: input.area.into(),
            through: input.locked_through.0,
            reason: input.reason,
        };
        PeriodLockHardenPayload::of(locks::set_hard(&*ctx.tenant()?, command, claim).await)
    }
}
