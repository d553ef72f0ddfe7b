//! Who may do what in the platform's office: read from the main database, remembered while its
//! counter of changes stands still.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use daybook_domain::id::{PlatformUserId, SessionId};
use daybook_entity::main::people::{PlatformStatus, platform_session, platform_user};
use sea_orm::{ConnectionTrait, EntityTrait, Statement};

use super::roles;
use crate::{
    error::{Error, Result},
    office::Office,
    scope::PlatformAccess,
};

/// What is known of the office's sessions, as this node last read them.
#[derive(Debug, Default)]
pub struct OfficeAccess(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    access_seq: i64,
    read_at: i64,
    known: HashMap<(PlatformUserId, SessionId), (Arc<PlatformAccess>, i64)>,
}

/// Knowledge older than this is read anew, so that a change on another node counts within a second.
const FRESH_MS: i64 = 800;
const KNOWN_MAX: usize = 10_000;

impl OfficeAccess {
    /// What a session allows now.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the person is not active or the session has ended.
    pub async fn of(
        &self,
        office: &Office,
        user: PlatformUserId,
        session: SessionId,
    ) -> Result<Arc<PlatformAccess>> {
        let began = office.clock.now_ms();
        if !self.is_fresh(began) {
            let seq = read_seq(office).await?;
            self.heard(seq, began);
        }
        // One that has ended is read again: a session lives on by being renewed.
        let known = self.known(user, session);
        if let Some((access, _)) = known.filter(|(_, until)| began < *until) {
            return Ok(access);
        }
        let seq = self.seq();
        let (access, until) = read(office, user, session).await?.ok_or(Error::Unauthenticated)?;
        if began >= until {
            return Err(Error::Unauthenticated);
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What was read before a change that was heard of meanwhile is used once, never kept.
        if state.access_seq == seq {
            if state.known.len() >= KNOWN_MAX {
                state.known.clear();
            }
            state.known.insert((user, session), (Arc::clone(&access), until));
        }
        Ok(access)
    }

    /// Forgets everything at once, after this node changed somebody's rights.
    pub fn forget(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.known.clear();
        state.read_at = 0;
        state.access_seq = -1;
    }

    fn is_fresh(&self, now: i64) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.saturating_sub(state.read_at) < FRESH_MS
    }

    fn seq(&self) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).access_seq
    }

    fn heard(&self, seq: i64, began: i64) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seq > state.access_seq {
            state.known.clear();
            state.access_seq = seq;
        }
        state.read_at = state.read_at.max(began);
    }

    fn known(
        &self,
        user: PlatformUserId,
        session: SessionId,
    ) -> Option<(Arc<PlatformAccess>, i64)> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.known.get(&(user, session)).cloned()
    }
}

async fn read_seq(office: &Office) -> Result<i64> {
    let reader = office.main.reader();
    let sql = "SELECT access_seq FROM admin_chain WHERE id = 1";
    let row = reader
        .query_one_raw(Statement::from_string(reader.get_database_backend(), sql))
        .await?
        .ok_or_else(|| Error::Internal("the row of admin_chain is missing".into()))?;
    Ok(row.try_get_by_index(0)?)
}

async fn read(
    office: &Office,
    user: PlatformUserId,
    session: SessionId,
) -> Result<Option<(Arc<PlatformAccess>, i64)>> {
    let reader = office.main.reader();
    let row = platform_session::Entity::find_by_id(session).one(reader).await?;
    let Some(row) = row.filter(|row| row.revoked_at.is_none() && row.user_id == user) else {
        return Ok(None);
    };
    let person = platform_user::Entity::find_by_id(user).one(reader).await?;
    Ok(person.filter(|person| person.status == PlatformStatus::Active).map(|person| {
        let role = roles::platform_role(person.role);
        let permissions = role.permissions();
        let access = PlatformAccess { user, name: person.name, role, permissions, session };
        (Arc::new(access), row.expires_at)
    }))
}
