//! A tenant's sessions: opened, renewed and ended through the tenant's lane.

use daybook_domain::{
    chain::Canonical,
    id::{SessionId, UserId},
};
use daybook_entity::tenant::people::{UserStatus, refresh_token, user};
use sea_orm::{ActiveValue::Set, EntityTrait, IntoActiveModel};

use super::{
    family::{self, TENANT, Turn},
    secret::{Made, Presented},
};
use crate::{
    error::{Error, Result},
    lane::{Actor, Change, Who, Writing},
    tenancy::OpenTenant,
};

/// A session just opened or renewed.
#[derive(Debug)]
pub struct Signed {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub session: SessionId,
    /// Its newest refresh token.
    pub refresh: Made,
    /// When that ends, UTC milliseconds.
    pub until: i64,
}

/// What opening a session rests on.
#[derive(Debug)]
pub struct Proof {
    /// Who proved to be who.
    pub user: UserId,
    /// The version of the user's row when it was proved: a password changed meanwhile proves nothing.
    pub version: i32,
    /// The password's hash at today's cost, when the stored one is outdated.
    pub rehashed: Option<String>,
}

/// Why a session ended, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The user signed out.
    Logout,
    /// The user, or who keeps the staff, ended it from elsewhere.
    Elsewhere,
    /// The user's password changed.
    PasswordChanged,
    /// The user was disabled.
    UserDisabled,
}

impl Ended {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "LOGOUT",
            Self::Elsewhere => "ENDED_ELSEWHERE",
            Self::PasswordChanged => "PASSWORD_CHANGED",
            Self::UserDisabled => "USER_DISABLED",
        }
    }
}

fn change(action: &'static str, user: i64, session: SessionId) -> Change {
    Change {
        action,
        subject_type: "Session",
        subject: Some(session.get()),
        business: None,
        canonical: Canonical::new().int("user", user).finish(),
    }
}

/// Opens a session that ends when it is not renewed for `lifetime_ms`.
///
/// # Errors
/// [`Error::Unauthenticated`] when the user changed since the proof.
pub async fn open(
    db: &OpenTenant,
    request_id: Option<String>,
    proof: Proof,
    lifetime_ms: i64,
) -> Result<Signed> {
    let tenant = db.route.id;
    let actor = Actor::new(Who::User(proof.user), request_id);
    db.lane()
        .write(actor, move |writing| {
            Box::pin(async move {
                let found = user::Entity::find_by_id(proof.user).one(writing.conn()).await?;
                let found = found
                    .filter(|user| user.status == UserStatus::Active)
                    .filter(|user| user.version == proof.version)
                    .ok_or(Error::Unauthenticated)?;
                if let Some(hash) = proof.rehashed {
                    let mut row = found.into_active_model();
                    row.password_hash = Set(Some(hash));
                    user::Entity::update(row).exec(writing.conn()).await?;
                }
                let (now, session) = (writing.recorded_at(), SessionId::new(writing.next_id()?));
                let (user, until) = (proof.user.get(), now + lifetime_ms);
                let refresh =
                    family::open(writing.conn(), TENANT, Some(tenant), session, user, now, until)
                        .await?;
                writing.audit(change("SESSION_OPENED", user, session));
                Ok(Signed { user: proof.user, session, refresh, until })
            })
        })
        .await
}

/// Uses a refresh token up and gives the next; a token used before ends its session.
///
/// # Errors
/// [`Error::Unauthenticated`] for a token that does not hold.
pub async fn renew(
    db: &OpenTenant,
    request_id: Option<String>,
    presented: Presented,
    lifetime_ms: i64,
) -> Result<Signed> {
    let actor = Actor::new(Who::System, request_id);
    let turn = db
        .lane()
        .write(actor, move |writing| {
            Box::pin(async move {
                let now = writing.recorded_at();
                let turn =
                    family::turn(writing.conn(), TENANT, &presented, now, lifetime_ms).await?;
                match &turn {
                    Turn::Fresh { user, session, .. } => {
                        writing.audit(change("SESSION_RENEWED", *user, *session));
                    }
                    Turn::Reused { user, session } => {
                        writing.access_changes();
                        writing.audit(change("SESSION_REVOKED_TOKEN_REUSED", *user, *session));
                    }
                    Turn::Unknown => {}
                }
                Ok(turn)
            })
        })
        .await?;
    match turn {
        Turn::Fresh { user, session, refresh, until } => {
            Ok(Signed { user: UserId::new(user), session, refresh, until })
        }
        Turn::Reused { .. } => {
            metrics::counter!("daybook_refresh_reuse_total").increment(1);
            Err(Error::Unauthenticated)
        }
        Turn::Unknown => Err(Error::Unauthenticated),
    }
}

/// Whether a refresh token is one of the tenant's that was not used yet.
///
/// # Errors
/// When the tenant's database cannot be read.
pub async fn knows(db: &OpenTenant, presented: &Presented) -> Result<bool> {
    let reader = db.reader().await?;
    let row = refresh_token::Entity::find_by_id(presented.hash.clone()).one(reader.conn()).await?;
    Ok(row.is_some_and(|row| row.used_at.is_none()))
}

/// Ends one session. Ending it twice does nothing.
///
/// # Errors
/// When it cannot be written.
pub async fn end(db: &OpenTenant, actor: Actor, user: UserId, session: SessionId) -> Result<()> {
    db.lane()
        .write(actor, move |writing| {
            Box::pin(async move {
                end_one(writing, user, session, Ended::Logout).await?;
                Ok(())
            })
        })
        .await
}

/// Ends one session within a transaction; whether it had not ended before.
///
/// # Errors
/// What the database says.
pub async fn end_one(
    writing: &mut Writing,
    user: UserId,
    session: SessionId,
    why: Ended,
) -> Result<bool> {
    let (now, because) = (writing.recorded_at(), why.as_str());
    let ended = family::revoke(writing.conn(), TENANT, session, now, because).await?;
    if ended {
        writing.access_changes();
        writing.audit(change("SESSION_REVOKED", user.get(), session));
    }
    Ok(ended)
}

/// Ends all sessions of a user but one and makes unused codes void, within a transaction that writes
/// its own audit row.
///
/// # Errors
/// What the database says.
pub async fn end_all(
    writing: &mut Writing,
    user: UserId,
    except: Option<SessionId>,
    why: Ended,
) -> Result<()> {
    let now = writing.recorded_at();
    let (conn, user) = (writing.conn(), user.get());
    family::revoke_all(conn, TENANT, user, except, now, why.as_str()).await?;
    family::void_codes(conn, TENANT, user).await?;
    writing.access_changes();
    Ok(())
}
