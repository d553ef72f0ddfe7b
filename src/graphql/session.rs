//! Signing in, and who one is, in the API.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    error::Error,
    graphql::{
        books::businesses::BusinessConnection,
        context::{Asks, Caller, SignedIn},
        error::{ApiResult, answer},
        id,
        page::PageAsk,
        permission::{AdminRole, Permission, Role},
        scalar::{CurrencyCode, DateTime},
    },
    services::{
        books::businesses,
        platform::provision::NewTenant,
        session::{self, Handed, Login, OfficeLogin, Outcome, Register},
        staff,
    },
    tenancy::Route,
    user_errors,
};

/// The kind of a tenant's global id.
pub const TENANT: &str = "Tenant";
/// The kind of a user's global id.
pub const USER: &str = "User";
/// The kind of the global id of somebody of the office.
pub const ADMIN: &str = "Admin";

/// What a client holds after signing in. Both tokens are secrets.
#[derive(SimpleObject, Debug)]
pub struct Session {
    /// Shown as `Authorization: Bearer …` with each request; counts for minutes.
    pub access_token: String,
    /// Good once, for the next pair of tokens.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_at: DateTime,
}

impl From<Handed> for Session {
    fn from(handed: Handed) -> Self {
        Self {
            access_token: handed.access.expose_secret().to_owned(),
            refresh_token: handed.refresh.expose_secret().to_owned(),
            expires_at: DateTime(handed.expires_at),
        }
    }
}

/// An account of the platform, as those who sign in to it see it.
#[derive(SimpleObject, Debug, Clone)]
pub struct Account {
    /// Opaque global id of the tenant.
    pub id: ID,
    /// Its name in addresses.
    pub subdomain: String,
    /// The company.
    pub company_name: String,
    /// Two-letter country of ISO 3166-1.
    pub country: String,
}

impl From<&Route> for Account {
    fn from(route: &Route) -> Self {
        Self {
            id: id::encode(TENANT, route.id.get()),
            subdomain: route.subdomain.clone(),
            company_name: route.company_name.clone(),
            country: route.country.clone(),
        }
    }
}

/// One of several accounts that an e-mail address and a password fit.
#[derive(SimpleObject, Debug, Clone)]
pub struct LoginChoice {
    /// The account.
    pub tenant: Account,
}

/// The signed-in user of a tenant.
#[derive(Debug)]
pub struct Me {
    member: staff::Member,
}

/// The signed-in user of a tenant.
#[Object]
impl Me {
    /// Opaque global id of the user.
    async fn id(&self) -> ID {
        id::encode(USER, self.member.user.id.get())
    }

    /// Their name.
    async fn name(&self) -> &str {
        &self.member.user.name
    }

    /// The address by which they sign in.
    async fn email(&self) -> &str {
        &self.member.user.email
    }

    /// Their role.
    async fn role(&self, ctx: &Context<'_>) -> ApiResult<Role> {
        Ok(ctx.tenant()?.access.role.into())
    }

    /// What this request may do: the role's permissions with the user's own adjustments, within the
    /// scopes of the API key where one is used.
    async fn permissions(&self, ctx: &Context<'_>) -> ApiResult<Vec<Permission>> {
        Ok(Permission::list(ctx.tenant()?.access.permissions))
    }

    /// Whether only documents that the user made are visible.
    async fn own_documents_only(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        Ok(ctx.tenant()?.access.own_documents_only)
    }

    /// The account signed in to.
    async fn tenant(&self, ctx: &Context<'_>) -> ApiResult<Account> {
        Ok(Account::from(ctx.tenant()?.db.route.as_ref()))
    }

    /// The businesses that the user may see, the oldest first. Needs BUSINESS_READ.
    #[graphql(complexity = "crate::graphql::page::cost(first, child_complexity)")]
    async fn businesses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<BusinessConnection> {
        let order = "businesses:id";
        let ask = PageAsk::new(ctx, order, first, after.as_deref())?;
        let page = businesses::list(&*ctx.tenant()?, &ask).await?;
        Ok(BusinessConnection::of(order, &ask, page))
    }
}

/// The signed-in person of the platform's office.
#[derive(SimpleObject, Debug)]
pub struct AdminMe {
    /// Opaque global id of the person.
    pub id: ID,
    /// Their name.
    pub name: String,
    /// The address by which they sign in.
    pub email: String,
    /// Their role.
    pub role: AdminRole,
    /// What the role allows.
    pub permissions: Vec<Permission>,
}

user_errors!(
    /// Something wrong with signing in or with a password.
    SessionUserError,
    /// What can be wrong with signing in or with a password.
    SessionErrorCode {
        /// The code or choice is wrong, used or too old.
        CodeExpired,
        /// Country is not in the catalogue.
        CountryUnknown,
        /// E-mail address, password or token are wrong, or the account is not open.
        CredentialsWrong,
        /// Currency is not in the catalogue.
        CurrencyUnknown,
        /// The GSTIN's form or check digit is wrong.
        GstinInvalid,
        /// The caller may not do this in this way.
        NotAllowed,
        /// The password is too easily guessed.
        PasswordWeak,
        /// This cannot be empty.
        Required,
        /// The subdomain is in use.
        SubdomainTaken,
        /// The text is too long.
        TooLong,
    }
);

/// Who registers.
#[derive(InputObject, Debug)]
pub struct RegisterInput {
    /// The company, and the name of its first business.
    pub company_name: String,
    /// The name in addresses: 3 to 40 letters, digits and hyphens, unique on the platform.
    pub subdomain: String,
    /// Who owns the account.
    pub owner_name: String,
    /// The owner's address, by which they sign in.
    pub email: String,
    /// The owner's password: 8 to 256 characters.
    #[graphql(secret)]
    pub password: String,
    /// Two-letter country of ISO 3166-1.
    pub country: String,
    /// Currency of the first business; the country's when left out.
    pub base_currency: Option<CurrencyCode>,
    /// Registration of the first business for goods and services tax.
    pub gstin: Option<String>,
    /// The owner's telephone number.
    pub phone: Option<String>,
    /// The code of who recommended the platform.
    pub referral_code: Option<String>,
}

/// Who signs in, and where.
#[derive(InputObject, Debug)]
pub struct LoginInput {
    /// E-mail address.
    pub email: String,
    /// Password.
    #[graphql(secret)]
    pub password: String,
    /// The account, where it is not named by the host or by `X-Tenant`; may be left out.
    pub subdomain: Option<String>,
}

/// Which of several accounts to sign in to.
#[derive(InputObject, Debug)]
pub struct LoginChooseInput {
    /// The token that `login` answered; counts for five minutes.
    #[graphql(secret)]
    pub choice_token: String,
    /// The account.
    pub subdomain: String,
}

/// Who of the platform's office signs in.
#[derive(InputObject, Debug)]
pub struct AdminLoginInput {
    /// E-mail address.
    pub email: String,
    /// Password.
    #[graphql(secret)]
    pub password: String,
}

/// A session to be renewed.
#[derive(InputObject, Debug)]
pub struct SessionRefreshInput {
    /// The newest refresh token of the session. Good once: one that comes back ends the session.
    #[graphql(secret)]
    pub refresh_token: String,
}

/// A password to be changed.
#[derive(InputObject, Debug)]
pub struct PasswordChangeInput {
    /// The password until now.
    #[graphql(secret)]
    pub current_password: String,
    /// The password from now on: 8 to 256 characters.
    #[graphql(secret)]
    pub new_password: String,
}

/// A password to be set with a one-time code.
#[derive(InputObject, Debug)]
pub struct PasswordResetInput {
    /// The code that `passwordResetRequest` answered.
    #[graphql(secret)]
    pub code: String,
    /// The new password: 8 to 256 characters.
    #[graphql(secret)]
    pub password: String,
}

/// An invitation to be taken up.
#[derive(InputObject, Debug)]
pub struct InvitationAcceptInput {
    /// The code that `userInvite` answered.
    #[graphql(secret)]
    pub code: String,
    /// The password: 8 to 256 characters.
    #[graphql(secret)]
    pub password: String,
    /// One's name, where it was written otherwise in the invitation.
    pub name: Option<String>,
}

/// What registering did.
#[derive(SimpleObject, Debug)]
pub struct RegisterPayload {
    /// The new account; null when something was wrong.
    pub tenant: Option<Account>,
    /// The owner's tokens; null when something was wrong.
    pub session: Option<Session>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<SessionUserError>,
}

/// What signing in did: a session, or a choice to make.
#[derive(SimpleObject, Debug, Default)]
pub struct LoginPayload {
    /// The tokens; null when there is a choice to make or something was wrong.
    pub session: Option<Session>,
    /// The account signed in to.
    pub tenant: Option<Account>,
    /// Accounts that the password fits, when there are several.
    pub choices: Vec<LoginChoice>,
    /// With this, `loginChoose` signs in to one of them; counts for five minutes.
    pub choice_token: Option<String>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<SessionUserError>,
}

/// What choosing an account did.
#[derive(SimpleObject, Debug)]
pub struct LoginChoosePayload {
    /// The tokens; null when something was wrong.
    pub session: Option<Session>,
    /// The account signed in to.
    pub tenant: Option<Account>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<SessionUserError>,
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(SimpleObject, Debug)]
        pub struct $name {
            /// The tokens; null when something was wrong.
            pub session: Option<Session>,
            /// What was wrong; empty when it was done.
            pub user_errors: Vec<SessionUserError>,
        }

        impl $name {
            fn of(outcome: crate::error::Result<Handed>) -> ApiResult<Self> {
                let (handed, user_errors) = answer(outcome)?;
                Ok(Self { session: handed.map(Session::from), user_errors })
            }
        }
    )+};
}

payloads! {
    /// What renewing a session did.
    SessionRefreshPayload
    /// What signing in to the platform's office did.
    AdminLoginPayload
    /// What setting a password with a code did; it signs in.
    PasswordResetPayload
    /// What taking up an invitation did; it signs in.
    InvitationAcceptPayload
}

/// What signing out did.
#[derive(SimpleObject, Debug)]
pub struct LogoutPayload {
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<SessionUserError>,
}

/// What changing a password did.
#[derive(SimpleObject, Debug)]
pub struct PasswordChangePayload {
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<SessionUserError>,
}

/// Queries of who one is.
#[derive(Default, Debug)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// The signed-in user of a tenant. Requires: a signed-in user.
    #[graphql(guard = "SignedIn")]
    async fn me(&self, ctx: &Context<'_>) -> ApiResult<Me> {
        let scope = &ctx.tenant()?;
        let member = staff::user(scope, scope.access.user).await?;
        Ok(Me { member: member.ok_or(Error::Unauthenticated)? })
    }

    /// The signed-in person of the platform's office. Requires: a signed-in user.
    #[graphql(guard = "SignedIn")]
    async fn admin_me(&self, ctx: &Context<'_>) -> ApiResult<AdminMe> {
        let scope = ctx.platform()?;
        let found = session::admin_me(scope).await?;
        Ok(AdminMe {
            id: id::encode(ADMIN, found.id.get()),
            name: found.name,
            email: found.email,
            role: scope.access.role.into(),
            permissions: Permission::list(scope.access.permissions),
        })
    }
}

/// Mutations of signing in and out, and of passwords.
#[derive(Default, Debug)]
pub struct SessionMutation;

fn secret(text: String) -> SecretString {
    SecretString::from(text)
}

fn signed_in(outcome: Option<Outcome>) -> (Option<Session>, Option<Account>) {
    match outcome {
        Some(Outcome::SignedIn { tenant, session }) => {
            (Some(session.into()), Some(Account::from(tenant.as_ref())))
        }
        Some(Outcome::Choose { .. }) | None => (None, None),
    }
}

#[Object]
impl SessionMutation {
    /// Registers a company: makes its account with a first business, and signs its owner in. Anyone
    /// may call it.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who registers.")] input: RegisterInput,
    ) -> ApiResult<RegisterPayload> {
        let tenant = NewTenant {
            company_name: input.company_name,
            subdomain: input.subdomain,
            owner_name: input.owner_name,
            email: input.email,
            password_hash: String::new(),
            country: input.country,
            base_currency: input.base_currency.map(|code| code.0.to_string()),
            gstin: input.gstin,
            books_begin_on: None,
            phone: input.phone,
            server: None,
            referral_code: input.referral_code,
        };
        let register = Register { tenant, password: secret(input.password) };
        let request = ctx.caller()?.request();
        let (made, user_errors) = answer(session::register(ctx.desk()?, request, register).await)?;
        let (route, handed) = made.unzip();
        Ok(RegisterPayload {
            tenant: route.map(|route| Account::from(route.as_ref())),
            session: handed.map(Session::from),
            user_errors,
        })
    }

    /// Signs in to a tenant with e-mail address and password. Where no account is named and the
    /// password fits several, it answers `choices` and a `choiceToken`. Anyone may call it.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in, and where.")] input: LoginInput,
    ) -> ApiResult<LoginPayload> {
        let LoginInput { email, password, subdomain } = input;
        let login = Login { email, password: secret(password), subdomain };
        let outcome = session::login(ctx.desk()?, ctx.caller()?.request(), login).await;
        let (outcome, user_errors) = answer(outcome)?;
        if let Some(Outcome::Choose { token, tenants }) = outcome {
            let choice = |tenant: &Arc<Route>| LoginChoice { tenant: tenant.as_ref().into() };
            return Ok(LoginPayload {
                choices: tenants.iter().map(choice).collect(),
                choice_token: Some(token.expose_secret().to_owned()),
                ..LoginPayload::default()
            });
        }
        let (session, tenant) = signed_in(outcome);
        Ok(LoginPayload { session, tenant, user_errors, ..LoginPayload::default() })
    }

    /// Signs in to one of the accounts that `login` answered. Anyone may call it.
    async fn login_choose(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] input: LoginChooseInput,
    ) -> ApiResult<LoginChoosePayload> {
        let token = secret(input.choice_token);
        let request = ctx.caller()?.request();
        let outcome = session::login_choose(ctx.desk()?, request, &token, &input.subdomain).await;
        let (outcome, user_errors) = answer(outcome)?;
        let (session, tenant) = signed_in(outcome);
        Ok(LoginChoosePayload { session, tenant, user_errors })
    }

    /// Signs in to the platform's office. Anyone may call it.
    async fn admin_login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: AdminLoginInput,
    ) -> ApiResult<AdminLoginPayload> {
        let login = OfficeLogin { email: input.email, password: secret(input.password) };
        let outcome = session::admin_login(ctx.desk()?, ctx.caller()?.request(), login).await;
        AdminLoginPayload::of(outcome)
    }

    /// Renews a session of a tenant or of the platform's office: the refresh token is used up, and
    /// the answer holds the next one. Anyone may call it.
    async fn session_refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] input: SessionRefreshInput,
    ) -> ApiResult<SessionRefreshPayload> {
        let token = secret(input.refresh_token);
        let outcome = session::refresh(ctx.desk()?, ctx.caller()?.request(), &token).await;
        SessionRefreshPayload::of(outcome)
    }

    /// Ends the session by which this request is signed in. Requires: a signed-in user.
    #[graphql(guard = "SignedIn")]
    async fn logout(&self, ctx: &Context<'_>) -> ApiResult<LogoutPayload> {
        let outcome = match ctx.caller()? {
            Caller::Tenant(scope) => session::logout(scope).await,
            Caller::Platform(scope) => session::logout_office(ctx.desk()?, scope).await,
            Caller::Nobody(_) | Caller::Listening(_) => Err(Error::Unauthenticated),
        };
        let (_, user_errors) = answer(outcome)?;
        Ok(LogoutPayload { user_errors })
    }

    /// Changes one's own password and ends all one's other sessions. Requires: a signed-in user.
    #[graphql(guard = "SignedIn")]
    async fn password_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password until now, and the new one.")] input: PasswordChangeInput,
    ) -> ApiResult<PasswordChangePayload> {
        let (current, new) = (secret(input.current_password), secret(input.new_password));
        let desk = ctx.desk()?;
        let outcome = match ctx.caller()? {
            Caller::Tenant(scope) => session::change_password(desk, scope, current, new).await,
            Caller::Platform(scope) => {
                session::change_office_password(desk, scope, current, new).await
            }
            Caller::Nobody(_) | Caller::Listening(_) => Err(Error::Unauthenticated),
        };
        let (_, user_errors) = answer(outcome)?;
        Ok(PasswordChangePayload { user_errors })
    }

    /// Sets a new password with a one-time code, ends all sessions of before, and signs in. Anyone
    /// may call it.
    async fn password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code and the new password.")] input: PasswordResetInput,
    ) -> ApiResult<PasswordResetPayload> {
        let (code, password) = (secret(input.code), secret(input.password));
        let request = ctx.caller()?.request();
        let outcome = session::password_reset(ctx.desk()?, request, &code, password).await;
        PasswordResetPayload::of(outcome.map(|(_, handed)| handed))
    }

    /// Takes up an invitation: sets the first password and signs in. Anyone may call it.
    async fn invitation_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code and the password.")] input: InvitationAcceptInput,
    ) -> ApiResult<InvitationAcceptPayload> {
        let (code, password) = (secret(input.code), secret(input.password));
        let (desk, request) = (ctx.desk()?, ctx.caller()?.request());
        let name = input.name.as_deref();
        let outcome = session::invitation_accept(desk, request, &code, password, name).await;
        InvitationAcceptPayload::of(outcome.map(|(_, handed)| handed))
    }
}
