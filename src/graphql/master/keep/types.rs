//! Keeping the shared voucher types.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::role::Permission;
use daybook_entity::master::chart::voucher_type;

use super::{MasterUserError, groups::AdminRetireInput};
use crate::{
    error::Result,
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        master::{
            types::{VoucherType, type_of},
            words::BaseVoucherType,
        },
    },
    services::{
        books::voucher_types::TypeRef,
        master::keep::types::{self, CreateType, UpdateType},
    },
};

/// A shared voucher type to be made.
#[derive(InputObject, Debug)]
pub struct AdminVoucherTypeCreateInput {
    /// Its code: capital letters, digits, _ and -, at most 16.
    pub code: String,
    /// Its name, unique whatever its case.
    pub name: String,
    /// The built-in type that it behaves as.
    pub base_type: BaseVoucherType,
    /// What stands before its numbers; the tokens {FY}, {YYYY}, {YY} and {MM} are filled in.
    pub numbering_prefix: String,
    /// Least number of digits, 1 to 12; by default the built-in type's.
    pub number_width: Option<i32>,
    /// Its place among the others; by default the last.
    pub sort_order: Option<i32>,
}

/// What to change of a shared voucher type; what is left out stays.
#[derive(InputObject, Debug)]
pub struct AdminVoucherTypeUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// What stands before numbers given from now on, for tenants without a prefix of their own.
    pub numbering_prefix: Option<String>,
    /// Least number of digits, 1 to 12.
    pub number_width: Option<i32>,
    /// Its place among the others.
    pub sort_order: Option<i32>,
}

/// What a change of a shared voucher type did.
#[derive(SimpleObject, Debug)]
pub struct AdminVoucherTypePayload {
    /// The type as it stands now; null when something was wrong.
    pub voucher_type: Option<VoucherType>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<MasterUserError>,
}

fn payload(outcome: Result<voucher_type::Model>) -> ApiResult<AdminVoucherTypePayload> {
    let (row, user_errors) = answer(outcome)?;
    let voucher_type = row.map(|row| VoucherType::of(TypeRef::shared(&row)));
    Ok(AdminVoucherTypePayload { voucher_type, user_errors })
}

/// Mutations of shared voucher types.
#[derive(Default, Debug)]
pub struct TypeKeeping;

#[Object]
impl TypeKeeping {
    /// Adds a voucher type for all tenants; it behaves as a built-in one. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_voucher_type_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The voucher type.")] input: AdminVoucherTypeCreateInput,
    ) -> ApiResult<AdminVoucherTypePayload> {
        let command = CreateType {
            code: input.code,
            name: input.name,
            base_type: input.base_type.into(),
            numbering_prefix: input.numbering_prefix,
            number_width: input.number_width,
            sort_order: input.sort_order,
        };
        payload(types::create(ctx.platform()?, command).await)
    }

    /// Changes a shared voucher type. A new prefix counts for numbers given from then on; posted
    /// numbers never change. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_voucher_type_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The voucher type's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: AdminVoucherTypeUpdateInput,
    ) -> ApiResult<AdminVoucherTypePayload> {
        let command = UpdateType {
            expected_version: input.expected_version,
            name: input.name,
            numbering_prefix: input.numbering_prefix,
            number_width: input.number_width,
            sort_order: input.sort_order,
        };
        payload(types::update(ctx.platform()?, type_of(&id), command).await)
    }

    /// Takes a shared voucher type out of use from a day on. Refused for types of the product.
    /// Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_voucher_type_retire(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The voucher type's id.")] id: ID,
        #[graphql(desc = "From when.")] input: AdminRetireInput,
    ) -> ApiResult<AdminVoucherTypePayload> {
        let day = input.retired_on.map(|day| day.0);
        payload(types::retire(ctx.platform()?, type_of(&id), input.expected_version, day).await)
    }
}
