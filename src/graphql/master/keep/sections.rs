//! Keeping the sections of tax deducted and collected at source.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use daybook_domain::{id::TdsSectionId, role::Permission};
use daybook_entity::master::chart::tds_section;

use super::{MasterUserError, rates::AdminValidToInput};
use crate::{
    error::Result,
    graphql::{
        books::ledgers::maybe,
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        master::{
            groups::looker,
            rates::{TDS_SECTION, TdsSection},
            words::{DeducteeClass, IncomeTaxAct, LimitPeriod, TdsSectionKind},
        },
        scalar::{Date, Decimal},
    },
    services::master::{
        keep::sections::{self, CreateSection, UpdateSection},
        lists::dated_section,
    },
};

/// A section to be made.
#[derive(InputObject, Debug)]
pub struct AdminTdsSectionCreateInput {
    /// Deducted or collected.
    pub kind: TdsSectionKind,
    /// The law it stands in.
    pub act: IncomeTaxAct,
    /// The section in the Act of 1961, the return code in the Act of 2025.
    pub code: String,
    /// The section.
    pub section: String,
    /// Its place in the table of the Act of 2025.
    pub new_table_ref: Option<String>,
    /// Its code in the returns.
    pub return_code: Option<String>,
    /// What it is about.
    pub nature: String,
    /// From whom.
    #[graphql(default_with = "DeducteeClass::Any")]
    pub deductee_class: DeducteeClass,
    /// In percent; left out where slabs or a treaty decide.
    pub rate: Option<Decimal>,
    /// In percent, from who gives no PAN.
    pub no_pan_rate: Option<Decimal>,
    /// Rupees; nothing is kept back of one payment up to this.
    pub single_limit: Option<Decimal>,
    /// Rupees in the period; nothing is kept back up to this.
    pub aggregate_limit: Option<Decimal>,
    /// What the aggregate limit counts over.
    #[graphql(default_with = "LimitPeriod::Nothing")]
    pub limit_period: LimitPeriod,
    /// Whether only what exceeds the limit is taxed.
    #[graphql(default)]
    pub excess_only: bool,
    /// First day on which it holds.
    pub valid_from: Date,
    /// Last day on which it holds; left out while it goes on.
    pub valid_to: Option<Date>,
    /// Code of the section that takes its place.
    pub successor_code: Option<String>,
    /// Words about it.
    pub note: Option<String>,
}

/// What to change of a section; what is left out stays. Another rate or limit is a row of its own.
#[derive(InputObject, Debug)]
pub struct AdminTdsSectionUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// What it is about.
    pub nature: Option<String>,
    /// Its code in the returns; null for none.
    pub return_code: MaybeUndefined<String>,
    /// Code of the section that takes its place; null for none.
    pub successor_code: MaybeUndefined<String>,
    /// Words about it; null for none.
    pub note: MaybeUndefined<String>,
}

/// What a change of a section did.
#[derive(SimpleObject, Debug)]
pub struct AdminTdsSectionPayload {
    /// The section as it stands now; null when something was wrong.
    pub tds_section: Option<TdsSection>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<MasterUserError>,
}

fn payload(
    ctx: &Context<'_>,
    outcome: Result<tds_section::Model>,
) -> ApiResult<AdminTdsSectionPayload> {
    let (row, user_errors) = answer(outcome)?;
    let looker = looker(ctx)?;
    let tds_section =
        row.map(|row| dated_section(&looker.catalogue(), looker.clock(), &row, None).into());
    Ok(AdminTdsSectionPayload { tds_section, user_errors })
}

fn section_of(global: &ID) -> Option<TdsSectionId> {
    id::decode(TDS_SECTION, global).map(TdsSectionId::new)
}

/// Mutations of sections.
#[derive(Default, Debug)]
pub struct SectionKeeping;

#[Object]
impl SectionKeeping {
    /// Adds a section for a span of days; rows of one code and class never overlap.
    /// Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_tds_section_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The section.")] input: AdminTdsSectionCreateInput,
    ) -> ApiResult<AdminTdsSectionPayload> {
        let command = CreateSection {
            kind: input.kind.into(),
            act: input.act.into(),
            code: input.code,
            section: input.section,
            new_table_ref: input.new_table_ref,
            return_code: input.return_code,
            nature: input.nature,
            deductee_class: input.deductee_class.into(),
            rate: input.rate.map(|rate| rate.0),
            no_pan_rate: input.no_pan_rate.map(|rate| rate.0),
            single_limit: input.single_limit.map(|limit| limit.0),
            aggregate_limit: input.aggregate_limit.map(|limit| limit.0),
            limit_period: input.limit_period.into(),
            excess_only: input.excess_only,
            valid_from: input.valid_from.0,
            valid_to: input.valid_to.map(|day| day.0),
            successor_code: input.successor_code,
            note: input.note,
        };
        payload(ctx, sections::create(ctx.platform()?, command).await)
    }

    /// Changes what a section is called and what follows it. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_tds_section_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The section's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: AdminTdsSectionUpdateInput,
    ) -> ApiResult<AdminTdsSectionPayload> {
        let command = UpdateSection {
            expected_version: input.expected_version,
            nature: input.nature,
            return_code: maybe(input.return_code),
            successor_code: maybe(input.successor_code),
            note: maybe(input.note),
        };
        payload(ctx, sections::update(ctx.platform()?, section_of(&id), command).await)
    }

    /// Sets the last day of a section, or lets it go on. Requires: MASTER_UPDATE.
    #[graphql(guard = "Requires(Permission::MasterUpdate)")]
    async fn admin_tds_section_retire(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The section's id.")] id: ID,
        #[graphql(desc = "Until when.")] input: AdminValidToInput,
    ) -> ApiResult<AdminTdsSectionPayload> {
        let (version, day) = (input.expected_version, input.valid_to.map(|day| day.0));
        payload(ctx, sections::retire(ctx.platform()?, section_of(&id), version, day).await)
    }
}
