//! Keeping the shared account groups.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{id::AccountGroupId, role::Permission};
use daybook_entity::master::chart::account_group;

use super::MasterUserError;
use crate::{
    error::Result,
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        master::groups::{ACCOUNT_GROUP, AccountGroup, AccountNature, NormalSide, id_of, looker},
        scalar::Date,
    },
    services::{
        books::groups::GroupRef,
        master::keep::groups::{self, CreateGroup, UpdateGroup},
    },
};

/// A shared account group to be made.
#[derive(InputObject, Debug)]
pub struct AdminAccountGroupCreateInput {
    /// Its code: capital letters, digits, _ and -, at most 16.
    pub code: String,
    /// Its name, unique whatever its case.
    pub name: String,
    /// The shared group above it; left out for a primary group.
    pub parent_id: Option<ID>,
    /// What its ledgers are; needed for a primary group, inherited by the others.
    pub nature: Option<AccountNature>,
    /// The side on which balances are normal; by default the parent's or the nature's.
    pub normal_side: Option<NormalSide>,
    /// Whether it counts above gross profit; by default as the parent does.
    pub affects_gross_profit: Option<bool>,
    /// Its place among the others; by default the last.
    pub sort_order: Option<i32>,
    /// Whether it is protected from being deleted or retired.
    #[graphql(default)]
    pub is_system: bool,
}

/// What to change of a shared account group; what is left out stays.
#[derive(InputObject, Debug)]
pub struct AdminAccountGroupUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// Its place among the others.
    pub sort_order: Option<i32>,
}

/// From when a shared row is no longer offered.
#[derive(InputObject, Debug)]
pub struct AdminRetireInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// The first day on which it is no longer offered; null to offer it again.
    pub retired_on: Option<Date>,
}

/// What a change of a shared account group did.
#[derive(SimpleObject, Debug)]
pub struct AdminAccountGroupPayload {
    /// The group as it stands now; null when something was wrong.
    pub account_group: Option<AccountGroup>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<MasterUserError>,
}

/// What deleting a shared account group did.
#[derive(SimpleObject, Debug)]
pub struct AdminAccountGroupDeletePayload {
    /// Id of the group that is gone; null when something was wrong.
    pub deleted_id: Option<ID>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<MasterUserError>,
}

async fn payload(
    ctx: &Context<'_>,
    outcome: Result<account_group::Model>,
) -> ApiResult<AdminAccountGroupPayload> {
    let (row, user_errors) = answer(outcome)?;
    let account_group = match row {
        // Where the catalogue could not be read again yet, the group is shown at the next request.
        Some(row) if looker(ctx)?.catalogue().group(row.id).is_some() => {
            let groups = looker(ctx)?.groups().await?;
            groups.resolve(GroupRef::Shared(row.id)).map(AccountGroup::from)
        }
        _ => None,
    };
    Ok(AdminAccountGroupPayload { account_group, user_errors })
}

fn group_of(global: &ID) -> Option<AccountGroupId> {
    id::decode(ACCOUNT_GROUP, global).map(AccountGroupId::new)
}

/// Mutations of shared account groups.
#[derive(Default, Debug)]
pub struct GroupKeeping;

#[Object]
impl GroupKeeping {
    /// Adds an account group for all tenants. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_account_group_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group.")] input: AdminAccountGroupCreateInput,
    ) -> ApiResult<AdminAccountGroupPayload> {
        let command = CreateGroup {
            code: input.code,
            name: input.name,
            parent: input.parent_id.as_ref().map(group_of),
            nature: input.nature.map(Into::into),
            normal_side: input.normal_side.map(Into::into),
            affects_gross_profit: input.affects_gross_profit,
            sort_order: input.sort_order,
            is_system: input.is_system,
        };
        payload(ctx, groups::create(ctx.platform()?, command).await).await
    }

    /// Renames a shared account group or changes its place. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_account_group_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: AdminAccountGroupUpdateInput,
    ) -> ApiResult<AdminAccountGroupPayload> {
        let command = UpdateGroup {
            expected_version: input.expected_version,
            name: input.name,
            sort_order: input.sort_order,
        };
        payload(ctx, groups::update(ctx.platform()?, group_of(&id), command).await).await
    }

    /// Takes a shared account group out of use from a day on; its ledgers stay. Refused for groups of
    /// the product. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_account_group_retire(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] id: ID,
        #[graphql(desc = "From when.")] input: AdminRetireInput,
    ) -> ApiResult<AdminAccountGroupPayload> {
        let day = input.retired_on.map(|day| day.0);
        let group = group_of(&id);
        payload(ctx, groups::retire(ctx.platform()?, group, input.expected_version, day).await)
            .await
    }

    /// Deletes a shared account group that nobody can have used yet. Groups of the product are refused
    /// as SYSTEM, others as IN_USE once there are tenants. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_account_group_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] id: ID,
    ) -> ApiResult<AdminAccountGroupDeletePayload> {
        let (gone, user_errors) = answer(groups::delete(ctx.platform()?, group_of(&id)).await)?;
        let deleted_id = gone.map(|id| id_of(GroupRef::Shared(id)));
        Ok(AdminAccountGroupDeletePayload { deleted_id, user_errors })
    }
}
