//! Sessions of the platform's office, in the main database.

use daybook_domain::{
    chain::Canonical,
    id::{PlatformUserId, SessionId},
};
use daybook_entity::main::people::{PlatformStatus, platform_user};
use sea_orm::{ActiveValue::Set, EntityTrait, IntoActiveModel};

use super::{
    family::{self, OFFICE, Turn},
    secret::{Made, Presented},
    sessions::Ended,
};
use crate::{
    error::{Error, Result},
    lane::{Actor, Change, Who},
    office::{Office, OfficeWriting},
};

/// A session just opened or renewed.
#[derive(Debug)]
pub struct OfficeSigned {
    /// Whose.
    pub user: PlatformUserId,
    /// Which.
    pub session: SessionId,
    /// Its newest refresh token.
    pub refresh: Made,
    /// When that ends, UTC milliseconds.
    pub until: i64,
}

/// What opening a session rests on.
#[derive(Debug)]
pub struct OfficeProof {
    /// Who proved to be who.
    pub user: PlatformUserId,
    /// The version of the row when it was proved.
    pub version: i32,
    /// The password's hash at today's cost, when the stored one is outdated.
    pub rehashed: Option<String>,
}

fn change(action: &'static str, user: i64, session: SessionId) -> Change {
    Change {
        action,
        subject_type: "PlatformSession",
        subject: Some(session.get()),
        business: None,
        canonical: Canonical::new().int("user", user).finish(),
    }
}

/// Opens a session that ends when it is not renewed for `lifetime_ms`.
///
/// # Errors
/// [`Error::Unauthenticated`] when the person's row changed since the proof.
pub async fn open(
    office: &Office,
    request_id: Option<String>,
    proof: OfficeProof,
    lifetime_ms: i64,
) -> Result<OfficeSigned> {
    let mut writing = office.write(Actor::new(Who::Platform(proof.user), request_id)).await?;
    let found = platform_user::Entity::find_by_id(proof.user).one(writing.conn()).await?;
    let found = found
        .filter(|user| user.status == PlatformStatus::Active && user.version == proof.version)
        .ok_or(Error::Unauthenticated)?;
    if let Some(hash) = proof.rehashed {
        let mut row = found.into_active_model();
        row.password_hash = Set(Some(hash));
        platform_user::Entity::update(row).exec(writing.conn()).await?;
    }
    let (now, session) = (writing.recorded_at(), SessionId::new(office.ids.next()?));
    let (user, until) = (proof.user.get(), now + lifetime_ms);
    let refresh = family::open(writing.conn(), OFFICE, None, session, user, now, until).await?;
    writing.audit(&change("SESSION_OPENED", user, session)).await?;
    writing.commit().await?;
    Ok(OfficeSigned { user: proof.user, session, refresh, until })
}

/// Uses a refresh token up and gives the next; a token used before ends its session.
///
/// # Errors
/// [`Error::Unauthenticated`] for a token that does not hold.
pub async fn renew(
    office: &Office,
    request_id: Option<String>,
    presented: &Presented,
    lifetime_ms: i64,
) -> Result<OfficeSigned> {
    let mut writing = office.write(Actor::new(Who::System, request_id)).await?;
    let now = writing.recorded_at();
    match family::turn(writing.conn(), OFFICE, presented, now, lifetime_ms).await? {
        Turn::Fresh { user, session, refresh, until } => {
            writing.audit(&change("SESSION_RENEWED", user, session)).await?;
            writing.commit().await?;
            Ok(OfficeSigned { user: PlatformUserId::new(user), session, refresh, until })
        }
        Turn::Reused { user, session } => {
            writing.access_changes();
            writing.audit(&change("SESSION_REVOKED_TOKEN_REUSED", user, session)).await?;
            writing.commit().await?;
            metrics::counter!("daybook_refresh_reuse_total").increment(1);
            Err(Error::Unauthenticated)
        }
        Turn::Unknown => Err(Error::Unauthenticated),
    }
}

/// Ends one session; whether it had not ended before.
///
/// # Errors
/// When it cannot be written.
pub async fn end(
    office: &Office,
    actor: Actor,
    user: PlatformUserId,
    session: SessionId,
    why: Ended,
) -> Result<bool> {
    let mut writing = office.write(actor).await?;
    let now = writing.recorded_at();
    let ended = family::revoke(writing.conn(), OFFICE, session, now, why.as_str()).await?;
    if ended {
        writing.access_changes();
        writing.audit(&change("SESSION_REVOKED", user.get(), session)).await?;
        writing.commit().await?;
    }
    Ok(ended)
}

/// Ends all sessions of a person but one and makes unused codes void, within a transaction that
/// writes its own audit row.
///
/// # Errors
/// What the database says.
pub async fn end_all(
    writing: &mut OfficeWriting,
    user: PlatformUserId,
    except: Option<SessionId>,
    why: Ended,
) -> Result<()> {
    let now = writing.recorded_at();
    family::revoke_all(writing.conn(), OFFICE, user.get(), except, now, why.as_str()).await?;
    family::void_codes(writing.conn(), OFFICE, user.get()).await?;
    writing.access_changes();
    Ok(())
}
