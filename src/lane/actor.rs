//! Who acts: what the edit log writes beside every change.

use daybook_domain::{
    id::{PlatformUserId, UserId},
    role::TenantRole,
};

/// Who asked for a change, and in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub who: Who,
    /// As what, in a tenant; exceptions from period locks may belong to a role.
    pub role: Option<TenantRole>,
    /// The request's id, as in the log and in error answers.
    pub request_id: Option<String>,
}

/// Kinds of actors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A signed-in user of the tenant.
    User(UserId),
    /// A machine with a key that acts for that user.
    ApiKey(UserId),
    /// Somebody of the platform's office.
    Platform(PlatformUserId),
    /// The program itself: provisioning, schedules, migrations.
    System,
}

impl Actor {
    /// The program itself.
    pub fn system() -> Self {
        Self::new(Who::System, None)
    }

    /// Somebody whose role does not matter to what is done.
    pub fn new(who: Who, request_id: Option<String>) -> Self {
        Self { who, role: None, request_id }
    }

    /// The word stored for the kind of actor.
    pub fn kind(&self) -> &'static str {
        match self.who {
            Who::User(_) => "USER",
            Who::ApiKey(_) => "API_KEY",
            Who::Platform(_) => "PLATFORM",
            Who::System => "SYSTEM",
        }
    }

    /// The actor's id in its own table.
    pub fn id(&self) -> Option<i64> {
        match self.who {
            Who::User(user) | Who::ApiKey(user) => Some(user.get()),
            Who::Platform(user) => Some(user.get()),
            Who::System => None,
        }
    }

    /// The tenant's user who acts, if one does.
    pub fn user(&self) -> Option<UserId> {
        match self.who {
            Who::User(user) | Who::ApiKey(user) => Some(user),
            Who::Platform(_) | Who::System => None,
        }
    }
}
