//! The account as its own people see it.

use async_graphql::{ComplexObject, Context, InputObject, MaybeUndefined, Object, SimpleObject};
use daybook_domain::role::Permission;
use daybook_entity::master::tenant::tenant_master;

use super::{Account, TENANT};
use crate::{
    graphql::{
        books::ledgers::maybe,
        context::{Asks, Requires},
        error::ApiResult,
        id,
        platform::tenants::{SubscriptionStatus, TenantStatus},
        scalar::{DateTime, Decimal},
    },
    payloads,
    services::account::{self, UpdateAccount},
    user_errors,
};

/// What the platform keeps of the account: company, contact, plan, status and storage.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct AccountDetails {
    /// The account itself.
    pub account: Account,
    /// Whom the platform turns to.
    pub contact_name: String,
    /// Their address.
    pub contact_email: String,
    /// Their telephone number.
    pub contact_phone: Option<String>,
    /// Where the account stands with the platform.
    pub status: TenantStatus,
    /// Whether it pays.
    pub subscription_status: SubscriptionStatus,
    /// The plan that was chosen; null while none is.
    pub plan_code: Option<String>,
    /// Bytes that the account may store.
    pub storage_limit_bytes: Decimal,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// When it was registered.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
}

#[ComplexObject]
impl AccountDetails {
    /// Bytes that the account's database takes on disk; servers estimate.
    async fn storage_used_bytes(&self, ctx: &Context<'_>) -> ApiResult<Decimal> {
        Ok(Decimal(account::bytes_used(&*ctx.tenant()?).await?.to_string()))
    }

    /// Bytes of uploaded files, those included that are announced; `storageLimitBytes` bounds them.
    async fn stored_files_bytes(&self, ctx: &Context<'_>) -> ApiResult<Decimal> {
        Ok(Decimal(account::file_bytes(&*ctx.tenant()?).await?.to_string()))
    }
}

impl From<tenant_master::Model> for AccountDetails {
    fn from(row: tenant_master::Model) -> Self {
        Self {
            account: Account {
                id: id::encode(TENANT, row.id.get()),
                subdomain: row.subdomain,
                company_name: row.company_name,
                country: row.country,
            },
            contact_name: row.contact_name,
            contact_email: row.contact_email,
            contact_phone: row.contact_phone,
            status: row.status.into(),
            subscription_status: row.subscription_status.into(),
            plan_code: row.plan_code,
            storage_limit_bytes: Decimal(row.storage_limit_bytes.to_string()),
            version: row.version,
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
        }
    }
}

user_errors!(
    /// Something wrong with a change of the account.
    AccountUserError,
    /// What can be wrong with a change of the account.
    AccountErrorCode {
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
        /// The text is too long.
        TooLong,
    }
);

/// What to change of the account; what is left out stays.
#[derive(InputObject, Debug)]
pub struct AccountUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// The company.
    pub company_name: Option<String>,
    /// Whom the platform turns to.
    pub contact_name: Option<String>,
    /// Their address.
    pub contact_email: Option<String>,
    /// Their telephone number; null for none.
    pub contact_phone: MaybeUndefined<String>,
}

payloads! {
    /// The account as it stands now; null when something was wrong.
    account: AccountDetails, of tenant_master::Model, or AccountUserError;
    /// What changing the account did.
    AccountUpdatePayload
}

/// Queries of the account.
#[derive(Default, Debug)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The account signed in to: company, contact, plan, status and storage. Requires: TENANT_READ.
    #[graphql(guard = "Requires(Permission::TenantRead)")]
    async fn account(&self, ctx: &Context<'_>) -> ApiResult<AccountDetails> {
        Ok(account::account(ctx.desk()?, &*ctx.tenant()?).await?.into())
    }
}

/// Mutations of the account.
#[derive(Default, Debug)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Changes the account's company name and contact. Requires: TENANT_UPDATE.
    #[graphql(guard = "Requires(Permission::TenantUpdate)")]
    async fn account_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: AccountUpdateInput,
    ) -> ApiResult<AccountUpdatePayload> {
        let asked = UpdateAccount {
            expected_version: input.expected_version,
            company_name: input.company_name,
            contact_name: input.contact_name,
            contact_email: input.contact_email,
            contact_phone: maybe(input.contact_phone),
        };
        AccountUpdatePayload::of(account::update(ctx.desk()?, &*ctx.tenant()?, asked).await)
    }
}
