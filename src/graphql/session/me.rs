//! Who one is, and where one is signed in.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::{ADMIN, TENANT, USER};
use crate::{
    error::Error,
    graphql::{
        books::businesses::BusinessConnection,
        context::{Asks, SignedIn},
        error::ApiResult,
        id,
        page::PageAsk,
        permission::{AdminRole, Permission, Role},
    },
    services::{books::businesses, session, staff},
    tenancy::Route,
};

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
        // As it is now: the route by which the tenant was opened may have an older name.
        Ok(Account::from(ctx.tenant()?.db.route().as_ref()))
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

/// Queries of who one is.
#[derive(Default, Debug)]
pub struct MeQuery;

#[Object]
impl MeQuery {
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
