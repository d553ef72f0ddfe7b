//! People of the platform's office in the API.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{id::PlatformUserId, role::Permission};
use daybook_entity::main::people::{PlatformStatus, platform_user};
use secrecy::SecretString;

use crate::{
    auth::roles,
    connection,
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        page::PageAsk,
        permission::AdminRole,
        scalar::DateTime,
        session::{ADMIN, shown_once},
    },
    payloads,
    services::platform::{
        admins::{self, ChangeAdmin, NewAdmin},
        welcome,
    },
    user_errors,
};

/// Somebody who works for the platform.
#[derive(SimpleObject, Debug, Clone)]
pub struct Admin {
    /// Opaque global id.
    pub id: ID,
    /// Their name.
    pub name: String,
    /// The address by which they sign in.
    pub email: String,
    /// What they do.
    pub role: AdminRole,
    /// Whether they may sign in.
    pub status: AdminStatus,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// When they were added.
    pub created_at: DateTime,
    /// When they were last changed.
    pub updated_at: DateTime,
}

/// Whether somebody of the office may sign in.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "PlatformStatus")]
pub enum AdminStatus {
    /// Has not set a password yet.
    Invited,
    /// May.
    Active,
    /// May not any more.
    Disabled,
}

impl From<platform_user::Model> for Admin {
    fn from(row: platform_user::Model) -> Self {
        Self {
            id: id::encode(ADMIN, row.id.get()),
            name: row.name,
            email: row.email,
            role: roles::platform_role(row.role).into(),
            status: row.status.into(),
            version: row.version,
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
        }
    }
}

connection!(
    /// People of the office in the order in which they came.
    AdminConnection, AdminEdge, Admin
);

user_errors!(
    /// Something wrong with the input about somebody of the office.
    AdminUserError,
    /// What can be wrong with the input about somebody of the office.
    AdminErrorCode {
        /// It was done before.
        AlreadyDone,
        /// Somebody of the office has this address.
        EmailTaken,
        /// The platform keeps at least one active administrator.
        LastAdmin,
        /// It is not possible as things stand; the message says why.
        NotAllowed,
        /// Nobody of the office has this id.
        NotFound,
        /// The password is too easy to guess.
        PasswordWeak,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
        /// The text is too long.
        TooLong,
    }
);

/// Somebody to be added to the office.
#[derive(InputObject, Debug)]
pub struct AdminCreateInput {
    /// The address by which they sign in.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they do.
    pub role: AdminRole,
    /// Their first password. Better left out: then they are invited and choose it themselves.
    #[graphql(secret)]
    pub password: Option<String>,
}

/// What to change of somebody of the office; what is left out stays.
#[derive(InputObject, Debug)]
pub struct AdminUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// Their name.
    pub name: Option<String>,
    /// What they do.
    pub role: Option<AdminRole>,
}

/// Which version of somebody of the office is to be changed.
#[derive(InputObject, Debug, Default)]
pub struct AdminStatusInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
}

payloads! {
    /// The person as they stand now; null when something was wrong.
    admin: Admin, of platform_user::Model, or AdminUserError;
    /// What a change of somebody of the office did.
    AdminPayload
}

/// What adding somebody to the office did.
#[derive(SimpleObject, Debug)]
pub struct AdminCreatePayload {
    /// The person; null when something was wrong.
    pub admin: Option<Admin>,
    /// With this code, `adminInvitationAccept` sets the first password; null where one was given. It is
    /// shown only here.
    pub code: Option<String>,
    /// When the code ends.
    pub code_expires_at: Option<DateTime>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<AdminUserError>,
}

/// A one-time code for a new password at the office.
#[derive(SimpleObject, Debug)]
pub struct AdminPasswordResetRequestPayload {
    /// The person; null when something was wrong.
    pub admin: Option<Admin>,
    /// With this code, `adminPasswordReset` sets a new password (or `adminInvitationAccept` the first
    /// one, of somebody who is still invited). It is shown only here.
    pub code: Option<String>,
    /// When the code ends.
    pub code_expires_at: Option<DateTime>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<AdminUserError>,
}

const BY_AGE: &str = "admins:id";

fn admin_of(global: &ID) -> Option<PlatformUserId> {
    id::decode(ADMIN, global).map(PlatformUserId::new)
}

/// Queries of the office's people.
#[derive(Default, Debug)]
pub struct AdminQuery;

#[Object]
impl AdminQuery {
    /// Who works for the platform, in the order in which they came. Requires: ADMIN_READ.
    #[graphql(
        guard = "Requires(Permission::AdminRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AdminConnection> {
        let ask = PageAsk::new(ctx, BY_AGE, first, after.as_deref())?;
        let page = admins::list(ctx.platform()?, &ask).await?;
        Ok(AdminConnection::of(BY_AGE, &ask, page))
    }
}

/// Mutations of the office's people.
#[derive(Default, Debug)]
pub struct AdminMutation;

#[Object]
impl AdminMutation {
    /// Adds somebody to the platform's office; without a password, with a one-time code for them.
    /// Requires: ADMIN_CREATE.
    #[graphql(guard = "Requires(Permission::AdminCreate)", complexity = "50 + child_complexity")]
    async fn admin_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: AdminCreateInput,
    ) -> ApiResult<AdminCreatePayload> {
        let new = NewAdmin {
            email: input.email,
            name: input.name,
            role: roles::stored_platform_role(input.role.into()),
            password_hash: None,
        };
        let password = input.password.map(SecretString::from);
        let outcome = welcome::admin(ctx.desk()?, ctx.platform()?, new, password).await;
        let (made, user_errors) = answer(outcome)?;
        let (row, code) = made.unzip();
        let (code, code_expires_at) = shown_once(code.flatten());
        Ok(AdminCreatePayload { admin: row.map(Admin::from), code, code_expires_at, user_errors })
    }

    /// Makes a one-time code with which somebody of the platform's office sets a new password; hand it
    /// on to them. One's own password is not set so. Requires: ADMIN_UPDATE.
    #[graphql(guard = "Requires(Permission::AdminUpdate)")]
    async fn admin_password_reset_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person's id.")] id: ID,
    ) -> ApiResult<AdminPasswordResetRequestPayload> {
        let code_ms = ctx.desk()?.code_ms();
        let outcome = admins::reset_code(ctx.platform()?, admin_of(&id), code_ms).await;
        let (made, user_errors) = answer(outcome)?;
        let (row, code) = made.unzip();
        let (code, code_expires_at) = shown_once(code);
        Ok(AdminPasswordResetRequestPayload {
            admin: row.map(Admin::from),
            code,
            code_expires_at,
            user_errors,
        })
    }

    /// Changes somebody of the platform's office. Requires: ADMIN_UPDATE.
    #[graphql(guard = "Requires(Permission::AdminUpdate)")]
    async fn admin_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: AdminUpdateInput,
    ) -> ApiResult<AdminPayload> {
        let change = ChangeAdmin {
            name: input.name,
            role: input.role.map(|role| roles::stored_platform_role(role.into())),
            is_disabled: None,
            expected_version: input.expected_version,
        };
        change_of(ctx, &id, change).await
    }

    /// Lets somebody of the platform's office in no more and ends their sessions.
    /// Requires: ADMIN_UPDATE.
    #[graphql(guard = "Requires(Permission::AdminUpdate)")]
    async fn admin_disable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person's id.")] id: ID,
        #[graphql(desc = "The version you saw.")] input: Option<AdminStatusInput>,
    ) -> ApiResult<AdminPayload> {
        change_of(ctx, &id, turned(true, input)).await
    }

    /// Lets a disabled person of the platform's office in again. Requires: ADMIN_UPDATE.
    #[graphql(guard = "Requires(Permission::AdminUpdate)")]
    async fn admin_enable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person's id.")] id: ID,
        #[graphql(desc = "The version you saw.")] input: Option<AdminStatusInput>,
    ) -> ApiResult<AdminPayload> {
        change_of(ctx, &id, turned(false, input)).await
    }
}

fn turned(is_disabled: bool, input: Option<AdminStatusInput>) -> ChangeAdmin {
    ChangeAdmin {
        is_disabled: Some(is_disabled),
        expected_version: input.unwrap_or_default().expected_version,
        ..ChangeAdmin::default()
    }
}

/// Changes a person; what this node remembers of anybody's rights is forgotten at once.
async fn change_of(ctx: &Context<'_>, id: &ID, change: ChangeAdmin) -> ApiResult<AdminPayload> {
    let outcome = admins::update(ctx.platform()?, admin_of(id), change).await;
    ctx.desk()?.office_access.forget();
    AdminPayload::of(outcome)
}
