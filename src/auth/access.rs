//! Who may do what in a tenant: read from the user's rows, remembered while the fence says that
//! nothing changed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use daybook_domain::{
    id::{ApiKeyId, SessionId, UserId},
    role::PermissionSet,
};
use daybook_entity::tenant::people::{UserRole, UserStatus, api_key, session, user, user_business};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use super::{roles, secret::Presented};
use crate::{
    clock::Clock,
    error::{Error, Result},
    scope::{Access, Visible},
    tenancy::OpenTenant,
};

/// What a request shows to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ticket {
    /// A signed token that names a user and a session.
    Session(UserId, SessionId),
    /// A machine's key, by its hash.
    ApiKey(String),
    /// A machine's key that was recognised before, as a signed link names it.
    KnownKey(UserId, ApiKeyId),
}

impl From<&Presented> for Ticket {
    fn from(key: &Presented) -> Self {
        Self::ApiKey(key.hash.clone())
    }
}

/// What one tenant's tickets were found to be worth, at one state of the fence.
#[derive(Debug, Default)]
struct Known(Mutex<HashMap<Ticket, Remembered>>);

#[derive(Debug, Clone)]
struct Remembered {
    access: Arc<Access>,
    /// When the session or key ends by itself.
    until: i64,
}

/// Tickets remembered of one tenant; beyond it all are forgotten and read again.
const KNOWN_MAX: usize = 10_000;

/// What a ticket allows now.
///
/// # Errors
/// [`Error::Unauthenticated`] when the user is not active, or the session or key has ended.
pub async fn of(db: &OpenTenant, clock: &Clock, ticket: Ticket) -> Result<Arc<Access>> {
    let seq = db.beat().await?.access_seq;
    let known = db.memory.get::<Known>(seq).unwrap_or_else(|| {
        let fresh = Arc::new(Known::default());
        db.memory.put(seq, Arc::clone(&fresh));
        fresh
    });
    // One that has ended is read again: a session lives on by being renewed.
    if let Some(found) = known.get(&ticket).filter(|found| clock.now_ms() < found.until) {
        return Ok(found.access);
    }
    let reader = db.reader().await?;
    let found = read(reader.conn(), &ticket).await?.ok_or(Error::Unauthenticated)?;
    if clock.now_ms() >= found.until {
        return Err(Error::Unauthenticated);
    }
    known.put(ticket, found.clone());
    Ok(found.access)
}

impl Known {
    fn get(&self, ticket: &Ticket) -> Option<Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(ticket).cloned()
    }

    fn put(&self, ticket: Ticket, found: Remembered) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(ticket, found);
    }
}

async fn read(reader: &DatabaseConnection, ticket: &Ticket) -> Result<Option<Remembered>> {
    match ticket {
        Ticket::Session(user, session) => {
            let row = session::Entity::find_by_id(*session).one(reader).await?;
            let Some(row) = row.filter(|row| row.revoked_at.is_none() && row.user_id == *user)
            else {
                return Ok(None);
            };
            let access = access_of(reader, *user, None, Some(*session)).await?;
            Ok(access.map(|access| Remembered { access: Arc::new(access), until: row.expires_at }))
        }
        Ticket::ApiKey(hash) => {
            let by_hash = api_key::Column::SecretHash.eq(hash.as_str());
            let row = api_key::Entity::find().filter(by_hash).one(reader).await?;
            of_key(reader, row).await
        }
        Ticket::KnownKey(user, id) => {
            let row = api_key::Entity::find_by_id(*id).one(reader).await?;
            of_key(reader, row.filter(|row| row.user_id == *user)).await
        }
    }
}

async fn of_key(
    reader: &DatabaseConnection,
    row: Option<api_key::Model>,
) -> Result<Option<Remembered>> {
    let Some(row) = row.filter(|row| row.revoked_at.is_none()) else { return Ok(None) };
    let access = access_of(reader, row.user_id, Some(&row), None).await?;
    let until = row.expires_at.unwrap_or(i64::MAX);
    Ok(access.map(|access| Remembered { access: Arc::new(access), until }))
}

/// What the oldest active owner may do, for the program's own work in the owner's name.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is none.
pub async fn of_owner(db: &OpenTenant) -> Result<Arc<Access>> {
    let reader = db.reader().await?;
    let row = user::Entity::find()
        .filter(user::Column::Role.eq(UserRole::Owner))
        .filter(user::Column::Status.eq(UserStatus::Active))
        .order_by_asc(user::Column::Id)
        .one(reader.conn())
        .await?
        .ok_or(Error::Unauthenticated)?;
    let access = access_of(reader.conn(), row.id, None, None).await?;
    access.map(Arc::new).ok_or(Error::Unauthenticated)
}

/// A user, whether or not they may sign in.
#[derive(Debug, Clone)]
pub struct Member {
    /// What they may do while they are active.
    pub access: Access,
    /// Whether they are.
    pub is_active: bool,
}

/// Somebody in whose name the program works; none where there is no such user.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_member(db: &OpenTenant, id: UserId) -> Result<Option<Member>> {
    let reader = db.reader().await?;
    let Some(row) = user::Entity::find_by_id(id).one(reader.conn()).await? else { return Ok(None) };
    let is_active = row.status == UserStatus::Active;
    let access = built(reader.conn(), row, None, None).await?;
    Ok(Some(Member { access, is_active }))
}

async fn access_of(
    reader: &DatabaseConnection,
    id: UserId,
    key: Option<&api_key::Model>,
    session: Option<SessionId>,
) -> Result<Option<Access>> {
    let Some(row) = user::Entity::find_by_id(id).one(reader).await? else { return Ok(None) };
    if row.status != UserStatus::Active {
        return Ok(None);
    }
    built(reader, row, key, session).await.map(Some)
}

async fn built(
    reader: &DatabaseConnection,
    row: user::Model,
    key: Option<&api_key::Model>,
    session: Option<SessionId>,
) -> Result<Access> {
    let businesses = visible(reader, &row).await?;
    let held = roles::permissions_of(&row);
    let role = roles::tenant_role(row.role);
    Ok(Access {
        user: row.id,
        name: row.name,
        role,
        permissions: match key {
            Some(key) => held.intersection(PermissionSet::from_text(&key.scopes)),
            None => held,
        },
        businesses,
        own_documents_only: role.own_documents_only(),
        session,
        api_key: key.map(|key| key.id),
    })
}

/// Which businesses a user's rows let them see.
///
/// # Errors
/// What the database says.
pub async fn visible(
    connection: &impl sea_orm::ConnectionTrait,
    row: &user::Model,
) -> Result<Visible> {
    if row.all_businesses {
        return Ok(Visible::All);
    }
    let rows = user_business::Entity::find()
        .filter(user_business::Column::UserId.eq(row.id))
        .all(connection)
        .await?;
    Ok(Visible::Only(rows.into_iter().map(|row| row.business_id).collect::<BTreeSet<_>>()))
}
