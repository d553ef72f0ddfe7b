//! Keeping the rates of GST and other value added taxes.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use daybook_domain::{id::GstRateId, role::Permission};
use daybook_entity::master::chart::gst_rate;

use super::MasterUserError;
use crate::{
    error::Result,
    graphql::{
        books::ledgers::maybe,
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        master::{
            groups::looker,
            rates::{GST_RATE, GstRate},
        },
        scalar::{Date, Decimal},
    },
    services::master::{
        keep::rates::{self, CreateRate, UpdateRate},
        lists::dated_rate,
    },
};

/// A rate to be made.
#[derive(InputObject, Debug)]
pub struct AdminGstRateCreateInput {
    /// Its code: capital letters, digits, _ and -, at most 32; several spans of days may share one.
    pub code: String,
    /// Its name, such as "GST 18%".
    pub name: String,
    /// Two-letter country of ISO 3166-1.
    #[graphql(default_with = "String::from(\"IN\")")]
    pub country: String,
    /// The whole rate in percent.
    pub igst_rate: Decimal,
    /// The Centre's half in percent; may be left out, and is refused when it is no half.
    pub cgst_rate: Option<Decimal>,
    /// The State's half in percent; may be left out, and is refused when it is no half.
    pub sgst_rate: Option<Decimal>,
    /// Cess in percent.
    pub cess_rate: Option<Decimal>,
    /// Words about it.
    pub note: Option<String>,
    /// Where it is laid down.
    pub source: Option<String>,
    /// First day on which it holds.
    pub valid_from: Date,
    /// Last day on which it holds; left out while it goes on.
    pub valid_to: Option<Date>,
}

/// What to change of a rate; what is left out stays. Another rate is a row of its own from a day on.
#[derive(InputObject, Debug)]
pub struct AdminGstRateUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// Words about it; null for none.
    pub note: MaybeUndefined<String>,
    /// Where it is laid down; null for nowhere.
    pub source: MaybeUndefined<String>,
}

/// The last day of a dated row.
#[derive(InputObject, Debug)]
pub struct AdminValidToInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// Last day on which it holds; null to let it go on.
    pub valid_to: Option<Date>,
}

/// What a change of a rate did.
#[derive(SimpleObject, Debug)]
pub struct AdminGstRatePayload {
    /// The rate as it stands now; null when something was wrong.
    pub gst_rate: Option<GstRate>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<MasterUserError>,
}

fn payload(ctx: &Context<'_>, outcome: Result<gst_rate::Model>) -> ApiResult<AdminGstRatePayload> {
    let (row, user_errors) = answer(outcome)?;
    let looker = looker(ctx)?;
    let gst_rate =
        row.map(|row| dated_rate(&looker.catalogue(), looker.clock(), &row, None).into());
    Ok(AdminGstRatePayload { gst_rate, user_errors })
}

fn rate_of(global: &ID) -> Option<GstRateId> {
    id::decode(GST_RATE, global).map(GstRateId::new)
}

/// Mutations of rates.
#[derive(Default, Debug)]
pub struct RateKeeping;

#[Object]
impl RateKeeping {
    /// Adds a rate for a span of days; rates of one code never overlap. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_gst_rate_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rate.")] input: AdminGstRateCreateInput,
    ) -> ApiResult<AdminGstRatePayload> {
        let command = CreateRate {
            code: input.code,
            name: input.name,
            country: input.country,
            igst_rate: input.igst_rate.0,
            cgst_rate: input.cgst_rate.map(|rate| rate.0),
            sgst_rate: input.sgst_rate.map(|rate| rate.0),
            cess_rate: input.cess_rate.map(|rate| rate.0),
            note: input.note,
            source: input.source,
            valid_from: input.valid_from.0,
            valid_to: input.valid_to.map(|day| day.0),
        };
        payload(ctx, rates::create(ctx.platform()?, command).await)
    }

    /// Changes what a rate is called and where it is laid down. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_gst_rate_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rate's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: AdminGstRateUpdateInput,
    ) -> ApiResult<AdminGstRatePayload> {
        let command = UpdateRate {
            expected_version: input.expected_version,
            name: input.name,
            note: maybe(input.note),
            source: maybe(input.source),
        };
        payload(ctx, rates::update(ctx.platform()?, rate_of(&id), command).await)
    }

    /// Sets the last day of a rate, or lets it go on. Documents keep what they were charged.
    /// Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_gst_rate_retire(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rate's id.")] id: ID,
        #[graphql(desc = "Until when.")] input: AdminValidToInput,
    ) -> ApiResult<AdminGstRatePayload> {
        let (version, day) = (input.expected_version, input.valid_to.map(|day| day.0));
        payload(ctx, rates::retire(ctx.platform()?, rate_of(&id), version, day).await)
    }
}
