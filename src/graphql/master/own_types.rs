//! Making and changing a tenant's own voucher types.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{id::VoucherTypeId, role::Permission};

use super::{
    adapt::StructureUserError,
    types::{VoucherType, type_of},
};
use crate::{
    error::Result,
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
    },
    services::master::own_types::{self, CreateType, UpdateType},
};

/// A voucher type of your own to be made.
#[derive(InputObject, Debug)]
pub struct OwnVoucherTypeCreateInput {
    /// Its code: capital letters and digits, at most 8; no other type has it.
    pub code: String,
    /// The shared type that it behaves as.
    pub derived_from_id: ID,
    /// Its name, unique among all types you see, whatever its case.
    pub name: String,
    /// What follows its numbers; nothing when left out. The tokens {FY}, {YYYY}, {YY} and {MM} are filled in.
    pub number_suffix: Option<String>,
    /// Least number of digits, 1 to 12; the shared type's when left out.
    pub number_width: Option<i32>,
    /// What stands before its numbers; the shared type's when left out. A token that changes with the date
    /// begins the numbers anew.
    pub numbering_prefix: Option<String>,
}

/// What to change of a voucher type of your own; what is left out stays.
#[derive(InputObject, Debug)]
pub struct OwnVoucherTypeUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// True to archive it, so that it takes no more vouchers; false to bring it back.
    pub is_archived: Option<bool>,
    /// A new name.
    pub name: Option<String>,
    /// What follows numbers given from now on.
    pub number_suffix: Option<String>,
    /// Least number of digits, 1 to 12.
    pub number_width: Option<i32>,
    /// What stands before numbers given from now on.
    pub numbering_prefix: Option<String>,
}

/// What a change of a voucher type of your own did.
#[derive(SimpleObject, Debug)]
pub struct OwnVoucherTypePayload {
    /// The voucher type as it stands now; null when something was wrong.
    pub voucher_type: Option<VoucherType>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<StructureUserError>,
}

impl OwnVoucherTypePayload {
    async fn of(ctx: &Context<'_>, outcome: Result<VoucherTypeId>) -> ApiResult<Self> {
        let (done, user_errors) = answer(outcome)?;
        let voucher_type = match done {
            Some(id) => VoucherType::find(&*ctx.tenant()?, id).await?,
            None => None,
        };
        Ok(Self { voucher_type, user_errors })
    }
}

/// Mutations of a tenant's own voucher types.
#[derive(Default, Debug)]
pub struct OwnTypeMutation;

#[Object]
impl OwnTypeMutation {
    /// Makes a voucher type of your own that behaves as a shared one and is numbered by itself.
    /// Requires: GROUP_UPDATE.
    #[graphql(guard = "Requires(Permission::GroupUpdate)")]
    async fn own_voucher_type_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The voucher type.")] input: OwnVoucherTypeCreateInput,
    ) -> ApiResult<OwnVoucherTypePayload> {
        let command = CreateType {
            shared: type_of(&input.derived_from_id),
            code: input.code,
            name: input.name,
            numbering_prefix: input.numbering_prefix,
            number_suffix: input.number_suffix,
            number_width: input.number_width,
        };
        let outcome = own_types::create(&*ctx.tenant()?, command).await;
        OwnVoucherTypePayload::of(ctx, outcome).await
    }

    /// Renames, renumbers or archives a voucher type of your own. Numbers that were given stay.
    /// Requires: GROUP_UPDATE.
    #[graphql(guard = "Requires(Permission::GroupUpdate)")]
    async fn own_voucher_type_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The voucher type's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: OwnVoucherTypeUpdateInput,
    ) -> ApiResult<OwnVoucherTypePayload> {
        let command = UpdateType {
            expected_version: input.expected_version,
            name: input.name,
            numbering_prefix: input.numbering_prefix,
            number_suffix: input.number_suffix,
            number_width: input.number_width,
            is_archived: input.is_archived,
        };
        let outcome = own_types::update(&*ctx.tenant()?, type_of(&id), command).await;
        OwnVoucherTypePayload::of(ctx, outcome).await
    }
}
