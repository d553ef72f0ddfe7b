//! The guard: a resolver asks here who calls, and gets a scope or an error.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{Context, Guard};
use daybook_domain::role::{Permission, Realm};
use futures_util::future::BoxFuture;

use super::{books::loaders::Loaders, error::ApiError};
use crate::{
    auth::{desk::Desk, gate::Recognised},
    error::Error,
    scope::{PlatformScope, RequestInfo, TenantScope},
};

/// Root fields that anyone may call, and so whoever shows a token that no longer holds.
pub const OPEN_FIELDS: [&str; 10] = [
    "__typename",
    "register",
    "login",
    "loginChoose",
    "adminLogin",
    "sessionRefresh",
    "passwordReset",
    "invitationAccept",
    "adminPasswordReset",
    "adminInvitationAccept",
];

/// Who calls, found out before execution.
#[derive(Debug)]
pub enum Caller {
    /// Nobody signed in.
    Nobody(RequestInfo),
    /// A user of a tenant.
    Tenant(Arc<Served>),
    /// A user of a tenant who listens to events; between them no database is held open.
    Listening(Listening),
    /// Somebody of the platform's office.
    Platform(Arc<PlatformScope>),
}

impl From<&Recognised> for Caller {
    fn from(found: &Recognised) -> Self {
        match found {
            Recognised::Nobody(request) => Self::Nobody(request.clone()),
            Recognised::Tenant(scope) => Self::Tenant(Served::new(Arc::clone(scope))),
            Recognised::Platform(scope) => Self::Platform(Arc::clone(scope)),
        }
    }
}

/// A tenant's scope, and what is fetched together on its behalf.
#[derive(Debug)]
pub struct Served {
    /// The scope.
    pub scope: Arc<TenantScope>,
    /// The loaders of one request or one event.
    pub loaders: Loaders,
}

impl Served {
    /// A scope with fresh loaders.
    pub fn new(scope: Arc<TenantScope>) -> Arc<Self> {
        let loaders = Loaders::of(&scope);
        Arc::new(Self { scope, loaders })
    }
}

impl Deref for Served {
    type Target = TenantScope;

    fn deref(&self) -> &TenantScope {
        &self.scope
    }
}

/// Somebody who listens: recognised anew for each event, from what was shown at the beginning.
pub struct Listening {
    request: RequestInfo,
    now: Mutex<Option<Arc<Served>>>,
    again: Again,
}

/// Recognises a listener anew.
pub type Again = Box<dyn Fn() -> BoxFuture<'static, Result<Arc<TenantScope>, Error>> + Send + Sync>;

impl Listening {
    /// A listener who was recognised just now.
    pub fn new(scope: Arc<TenantScope>, again: Again) -> Self {
        let request = scope.request.clone();
        Self { request, now: Mutex::new(Some(Served::new(scope))), again }
    }

    /// Recognises the listener anew, for the event about to be sent.
    ///
    /// # Errors
    /// When the session, the user or the tenant no longer holds.
    pub async fn begin(&self) -> Result<Arc<Served>, Error> {
        let served = Served::new((self.again)().await?);
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&served));
        Ok(served)
    }

    /// Lets the database go until the next event.
    pub fn end(&self) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn served(&self) -> Result<Arc<Served>, Error> {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.clone().ok_or_else(|| Error::Internal("asked between two events".into()))
    }
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Listening").field("request", &self.request).finish_non_exhaustive()
    }
}

impl Caller {
    /// What is known of the request itself.
    pub fn request(&self) -> &RequestInfo {
        match self {
            Self::Nobody(request) => request,
            Self::Tenant(scope) => &scope.request,
            Self::Listening(listening) => &listening.request,
            Self::Platform(scope) => &scope.request,
        }
    }

    fn may(&self, permission: Permission) -> Result<(), Error> {
        match (self, permission.realm()) {
            (Self::Nobody(_), _) => Err(Error::Unauthenticated),
            (Self::Tenant(scope), Realm::Tenant) => scope.require(permission),
            (Self::Listening(listening), Realm::Tenant) => listening.served()?.require(permission),
            (Self::Platform(scope), Realm::Platform) => scope.require(permission),
            (Self::Tenant(_) | Self::Listening(_), Realm::Platform) => {
                Err(Error::WrongRealm("this field belongs to the platform's office"))
            }
            (Self::Platform(_), Realm::Tenant) => {
                Err(Error::WrongRealm("a platform session does not open a tenant's fields"))
            }
        }
    }
}

/// Declares the permission of a root field: `guard = "Requires(Permission::LedgerRead)"`.
#[derive(Debug, Clone, Copy)]
pub struct Requires(pub Permission);

impl Guard for Requires {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        ctx.caller()?.may(self.0).map_err(|error| ApiError::from(error).into())
    }
}

/// Declares that any signed-in caller may ask.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn;

impl Guard for SignedIn {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        match ctx.caller()? {
            Caller::Nobody(_) => Err(ApiError::from(Error::Unauthenticated).into()),
            Caller::Tenant(_) | Caller::Listening(_) | Caller::Platform(_) => Ok(()),
        }
    }
}

/// What resolvers ask of their context.
pub trait Asks {
    /// Who calls.
    ///
    /// # Errors
    /// When the transport has put no caller into the request, which is a fault of the program.
    fn caller(&self) -> Result<&Caller, ApiError>;

    /// The caller's tenant.
    ///
    /// # Errors
    /// Not signed in, or signed in to the platform.
    fn tenant(&self) -> Result<Arc<Served>, ApiError>;

    /// The sign-in desk.
    ///
    /// # Errors
    /// When the schema was built without one, which is a fault of the program.
    fn desk(&self) -> Result<&Desk, ApiError>;

    /// The platform's office.
    ///
    /// # Errors
    /// Not signed in, or signed in to a tenant.
    fn platform(&self) -> Result<&PlatformScope, ApiError>;
}

impl Asks for Context<'_> {
    fn caller(&self) -> Result<&Caller, ApiError> {
        self.data_opt::<Caller>()
            .ok_or_else(|| Error::Internal("the request has no caller".into()).into())
    }

    fn tenant(&self) -> Result<Arc<Served>, ApiError> {
        match self.caller()? {
            Caller::Tenant(served) => Ok(Arc::clone(served)),
            Caller::Listening(listening) => Ok(listening.served()?),
            Caller::Nobody(_) => Err(Error::Unauthenticated.into()),
            Caller::Platform(_) => {
                Err(Error::WrongRealm("a platform session does not open a tenant's fields").into())
            }
        }
    }

    fn desk(&self) -> Result<&Desk, ApiError> {
        self.data_opt::<Arc<Desk>>()
            .map(AsRef::as_ref)
            .ok_or_else(|| Error::Internal("the schema has no sign-in desk".into()).into())
    }

    fn platform(&self) -> Result<&PlatformScope, ApiError> {
        match self.caller()? {
            Caller::Platform(scope) => Ok(scope),
            Caller::Nobody(_) => Err(Error::Unauthenticated.into()),
            Caller::Tenant(_) | Caller::Listening(_) => {
                Err(Error::WrongRealm("this field belongs to the platform's office").into())
            }
        }
    }
}
