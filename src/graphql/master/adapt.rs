//! What a tenant adds to the shared structure and sees otherwise.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use daybook_domain::{
    id::{AccountGroupId, SubGroupId},
    role::Permission,
};

use super::{
    groups::{ACCOUNT_GROUP, ACCOUNT_SUBGROUP, AccountGroup, group_of},
    types::{VoucherType, type_of},
};
use crate::{
    error::Result,
    graphql::{
        books::ledgers::maybe,
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
    },
    services::{
        books::groups::{self, GroupRef},
        master::{
            adapt::{self, OverrideType},
            subgroups::{self, CreateSubgroup, UpdateSubgroup},
        },
    },
    user_errors,
};

user_errors!(
    /// Something wrong with what you add to the shared structure or see otherwise.
    StructureUserError,
    /// What can be wrong with what you add to the shared structure or see otherwise.
    StructureErrorCode {
        /// There is no such account group, or it takes nothing more.
        AccountGroupUnknown,
        /// A group cannot hang below itself.
        Cycle,
        /// Ledgers or groups in use hang below it.
        InUse,
        /// It is not possible as things stand; the message says why.
        NotAllowed,
        /// There is no such group among your own ones.
        NotFound,
        /// The invoice portal would refuse such numbers.
        NumberTooLong,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
        /// The name is in use already.
        Taken,
        /// The text is too long.
        TooLong,
        /// There are as many, or as deep, as can be.
        TooMany,
        /// There is no such voucher type.
        VoucherTypeUnknown,
    }
);

/// An account group of your own to be made.
#[derive(InputObject, Debug)]
pub struct AccountSubgroupCreateInput {
    /// Its name, unique among all groups you see, whatever its case.
    pub name: String,
    /// The group above it, shared or your own; it gives its nature and its place in the statements.
    pub parent_id: ID,
}

/// What to change of an account group of your own; what is left out stays.
#[derive(InputObject, Debug)]
pub struct AccountSubgroupUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// Another group above it; all below it moves along.
    pub parent_id: Option<ID>,
}

/// Which way to archive an account group of your own.
#[derive(InputObject, Debug)]
pub struct AccountSubgroupArchiveInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// True to archive it, false to bring it back.
    #[graphql(default = true)]
    pub archived: bool,
}

/// How you see a shared account group.
#[derive(InputObject, Debug)]
pub struct AccountGroupOverrideInput {
    /// The shared group.
    pub account_group_id: ID,
    /// Whether to hide it from choosing; its ledgers stay where they are.
    pub is_hidden: bool,
}

/// How you see and number a shared voucher type; what is left out stays.
#[derive(InputObject, Debug)]
pub struct VoucherTypeOverrideInput {
    /// The voucher type.
    pub voucher_type_id: ID,
    /// What stands before numbers given from now on; null for what everybody has.
    pub numbering_prefix: MaybeUndefined<String>,
    /// What follows numbers given from now on; null for nothing.
    pub number_suffix: MaybeUndefined<String>,
    /// Least number of digits, 1 to 12; null for what everybody has.
    pub number_width: MaybeUndefined<i32>,
    /// Whether to hide it from choosing.
    pub is_hidden: Option<bool>,
}

/// What a change of an account group did.
#[derive(SimpleObject, Debug)]
pub struct AccountGroupPayload {
    /// The group as it stands now; null when something was wrong.
    pub account_group: Option<AccountGroup>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<StructureUserError>,
}

impl AccountGroupPayload {
    async fn of(ctx: &Context<'_>, outcome: Result<GroupRef>) -> ApiResult<Self> {
        let (group, user_errors) = answer(outcome)?;
        let account_group = match group {
            Some(group) => {
                let groups = groups::groups(&*ctx.tenant()?).await?;
                groups.resolve(group).map(AccountGroup::from)
            }
            None => None,
        };
        Ok(Self { account_group, user_errors })
    }
}

/// What a change of how you see a voucher type did.
#[derive(SimpleObject, Debug)]
pub struct VoucherTypeOverridePayload {
    /// The voucher type as you see it now; null when something was wrong.
    pub voucher_type: Option<VoucherType>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<StructureUserError>,
}

/// Mutations of what a tenant adapts.
#[derive(Default, Debug)]
pub struct AdaptMutation;

#[Object]
impl AdaptMutation {
    /// Makes an account group of your own, at any depth below a shared one. Requires: GROUP_UPDATE.
    #[graphql(guard = "Requires(Permission::GroupUpdate)")]
    async fn account_subgroup_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group.")] input: AccountSubgroupCreateInput,
    ) -> ApiResult<AccountGroupPayload> {
        let command = CreateSubgroup { name: input.name, parent: group_of(&input.parent_id) };
        let outcome = subgroups::create(&*ctx.tenant()?, command).await.map(GroupRef::Own);
        AccountGroupPayload::of(ctx, outcome).await
    }

    /// Renames an account group of your own or hangs it under another one. Requires: GROUP_UPDATE.
    #[graphql(guard = "Requires(Permission::GroupUpdate)")]
    async fn account_subgroup_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: AccountSubgroupUpdateInput,
    ) -> ApiResult<AccountGroupPayload> {
        let command = UpdateSubgroup {
            expected_version: input.expected_version,
            name: input.name,
            parent: input.parent_id.as_ref().map(group_of),
        };
        let outcome = subgroups::update(&*ctx.tenant()?, own(&id), command).await;
        AccountGroupPayload::of(ctx, outcome.map(GroupRef::Own)).await
    }

    /// Archives an account group of your own that holds nothing in use, or brings it back.
    /// Requires: GROUP_UPDATE.
    #[graphql(guard = "Requires(Permission::GroupUpdate)")]
    async fn account_subgroup_archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group's id.")] id: ID,
        #[graphql(desc = "Which way.")] input: AccountSubgroupArchiveInput,
    ) -> ApiResult<AccountGroupPayload> {
        let scope = ctx.tenant()?;
        let (version, archived) = (input.expected_version, input.archived);
        let outcome = subgroups::archive(&scope, own(&id), version, archived).await;
        AccountGroupPayload::of(ctx, outcome.map(GroupRef::Own)).await
    }

    /// Hides a shared account group from choosing, or shows it again. Requires: GROUP_UPDATE.
    #[graphql(guard = "Requires(Permission::GroupUpdate)")]
    async fn account_group_override(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which group, and how.")] input: AccountGroupOverrideInput,
    ) -> ApiResult<AccountGroupPayload> {
        let group = id::decode(ACCOUNT_GROUP, &input.account_group_id).map(AccountGroupId::new);
        let outcome = adapt::override_group(&*ctx.tenant()?, group, input.is_hidden).await;
        AccountGroupPayload::of(ctx, outcome.map(GroupRef::Shared)).await
    }

    /// Changes how you see and number a shared voucher type. Numbers that were given stay.
    /// Requires: GROUP_UPDATE.
    #[graphql(guard = "Requires(Permission::GroupUpdate)")]
    async fn voucher_type_override(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which type, and how.")] input: VoucherTypeOverrideInput,
    ) -> ApiResult<VoucherTypeOverridePayload> {
        let scope = ctx.tenant()?;
        let command = OverrideType {
            voucher_type: type_of(&input.voucher_type_id),
            numbering_prefix: maybe(input.numbering_prefix),
            number_suffix: maybe(input.number_suffix),
            number_width: maybe(input.number_width),
            is_hidden: input.is_hidden,
        };
        let (done, user_errors) = answer(adapt::override_type(&scope, command).await)?;
        let voucher_type = match done {
            Some(id) => VoucherType::find(&scope, id).await?,
            None => None,
        };
        Ok(VoucherTypeOverridePayload { voucher_type, user_errors })
    }
}

fn own(global: &ID) -> Option<SubGroupId> {
    id::decode(ACCOUNT_SUBGROUP, global).map(SubGroupId::new)
}
