//! Dated sections of tax deducted and collected at source.

use chrono::NaiveDate;
use daybook_domain::{
    catalogue::{DeducteeClass, LimitPeriod, SectionKind, TaxAct, overlap},
    chain::Canonical,
    id::TdsSectionId,
    money::{Money, Rate},
};
use daybook_entity::master::chart::tds_section;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
};

use super::{Keeping, NOTE_MAX, RATE_MAX, changed, check_span, read_rate};
use crate::{
    error::{Code, Error, Result},
    scope::PlatformScope,
    services::books::vouchers::Wrong,
};

/// Most characters of a section, its code and its successor's.
const SECTION_MAX: usize = 32;
/// Most characters of what a section is about.
const NATURE_MAX: usize = 200;

/// A section to be made.
#[derive(Debug, Clone)]
pub struct CreateSection {
    /// Deducted or collected.
    pub kind: SectionKind,
    /// The law.
    pub act: TaxAct,
    /// The section in the Act of 1961, the return code in the Act of 2025.
    pub code: String,
    /// The section.
    pub section: String,
    /// Its place in the table of the Act of 2025.
    pub new_table_ref: Option<String>,
    /// Code in the returns.
    pub return_code: Option<String>,
    /// What it is about.
    pub nature: String,
    /// From whom.
    pub deductee_class: DeducteeClass,
    /// In percent; none where slabs or a treaty decide.
    pub rate: Option<String>,
    /// In percent, from who gives no PAN.
    pub no_pan_rate: Option<String>,
    /// Rupees; nothing is kept back of one payment up to this.
    pub single_limit: Option<String>,
    /// Rupees in the period; nothing is kept back up to this.
    pub aggregate_limit: Option<String>,
    /// What the limit counts over.
    pub limit_period: LimitPeriod,
    /// Whether only what exceeds the limit is taxed.
    pub excess_only: bool,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
    /// Code of the section that takes its place.
    pub successor_code: Option<String>,
    /// Words about it.
    pub note: Option<String>,
}

/// What is changed of a section; what is `None` stays. Rates and limits change by a new row from a day.
#[derive(Debug, Clone, Default)]
pub struct UpdateSection {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// What it is about.
    pub nature: Option<String>,
    /// Code in the returns.
    pub return_code: Option<Option<String>>,
    /// Code of the section that takes its place.
    pub successor_code: Option<Option<String>>,
    /// Words about it.
    pub note: Option<Option<String>>,
}

/// Adds a section for a span of days.
///
/// # Errors
/// No permission, or refusals: days that overlap another row of code and class, values not readable.
pub async fn create(scope: &PlatformScope, command: CreateSection) -> Result<tds_section::Model> {
    let keeping = Keeping::begin(scope).await?;
    let mut wrong = Wrong::below("input");
    let code = wrong.required("code", &command.code, SECTION_MAX);
    let section = wrong.required("section", &command.section, SECTION_MAX);
    let nature = wrong.required("nature", &command.nature, NATURE_MAX);
    let new_table_ref = wrong.text("newTableRef", command.new_table_ref.as_deref(), 64, true);
    let return_code = wrong.text("returnCode", command.return_code.as_deref(), 16, true);
    let successor = command.successor_code.as_deref();
    let successor_code = wrong.text("successorCode", successor, SECTION_MAX, true);
    let note = wrong.text("note", command.note.as_deref(), NOTE_MAX, false);
    let rate = command.rate.map(|text| read_rate(&mut wrong, "rate", &text, RATE_MAX));
    let no_pan_rate =
        command.no_pan_rate.map(|text| read_rate(&mut wrong, "noPanRate", &text, RATE_MAX));
    let single_limit = read_limit(&mut wrong, "singleLimit", command.single_limit.as_deref());
    let aggregate = command.aggregate_limit.as_deref();
    let aggregate_limit = read_limit(&mut wrong, "aggregateLimit", aggregate);
    check_span(&mut wrong, command.valid_from, command.valid_to);
    wrong.finish()?;
    let row = tds_section::Model {
        id: TdsSectionId::new(keeping.next_id()?),
        kind: command.kind.as_str().to_owned(),
        act: command.act.as_str().to_owned(),
        code,
        section,
        new_table_ref,
        return_code,
        nature,
        deductee_class: command.deductee_class.as_str().to_owned(),
        rate,
        no_pan_rate,
        single_limit,
        aggregate_limit,
        limit_period: command.limit_period.as_str().to_owned(),
        excess_only: command.excess_only,
        valid_from: command.valid_from,
        valid_to: command.valid_to,
        successor_code,
        note,
        is_system: false,
        version: 1,
        created_at: keeping.now,
        updated_at: keeping.now,
    };
    check_overlap(&keeping, &row, "input.validFrom").await?;
    let stored = tds_section::ActiveModel::from(row).insert(keeping.conn()).await?;
    keeping
        .finish(changed(
            "MASTER_TDS_SECTION_CREATED",
            subject(&stored),
            None,
            Some(describe(&stored)),
        ))
        .await?;
    Ok(stored)
}

fn read_limit(wrong: &mut Wrong<'_>, field: &str, text: Option<&str>) -> Option<Money> {
    let amount = wrong.money(field, text?, 2)?;
    if amount.is_negative() {
        wrong.add(Code::Invalid, field, "a limit is not below zero");
    }
    Some(amount)
}

/// Changes what a section is called and what follows it.
///
/// # Errors
/// No permission, or refusals: no such section, a stale version.
pub async fn update(
    scope: &PlatformScope,
    id: Option<TdsSectionId>,
    command: UpdateSection,
) -> Result<tds_section::Model> {
    let keeping = Keeping::begin(scope).await?;
    let before = keeping.find::<tds_section::Entity>(id, "section").await?;
    Error::unless_current(command.expected_version, before.version)?;
    let mut wrong = Wrong::below("input");
    let mut row = before.clone().into_active_model();
    if let Some(nature) = command.nature {
        row.nature = Set(wrong.required("nature", &nature, NATURE_MAX));
    }
    if let Some(code) = command.return_code {
        row.return_code = Set(wrong.text("returnCode", code.as_deref(), 16, true));
    }
    if let Some(code) = command.successor_code {
        row.successor_code = Set(wrong.text("successorCode", code.as_deref(), SECTION_MAX, true));
    }
    if let Some(note) = command.note {
        row.note = Set(wrong.text("note", note.as_deref(), NOTE_MAX, false));
    }
    wrong.finish()?;
    store(keeping, "MASTER_TDS_SECTION_UPDATED", before, row).await
}

/// Sets the last day of a section, or lets it go on.
///
/// # Errors
/// No permission, or refusals: no such section, a stale version, a day before the first, an overlap.
pub async fn retire(
    scope: &PlatformScope,
    id: Option<TdsSectionId>,
    expected_version: Option<i32>,
    valid_to: Option<NaiveDate>,
) -> Result<tds_section::Model> {
    let keeping = Keeping::begin(scope).await?;
    let before = keeping.find::<tds_section::Entity>(id, "section").await?;
    Error::unless_current(expected_version, before.version)?;
    let mut wrong = Wrong::below("input");
    check_span(&mut wrong, before.valid_from, valid_to);
    wrong.finish()?;
    let after = tds_section::Model { valid_to, ..before.clone() };
    check_overlap(&keeping, &after, "input.validTo").await?;
    let mut row = before.clone().into_active_model();
    row.valid_to = Set(valid_to);
    store(keeping, "MASTER_TDS_SECTION_RETIRED", before, row).await
}

async fn check_overlap(keeping: &Keeping<'_>, row: &tds_section::Model, path: &str) -> Result<()> {
    let others = tds_section::Entity::find()
        .filter(tds_section::Column::Kind.eq(row.kind.as_str()))
        .filter(tds_section::Column::Act.eq(row.act.as_str()))
        .filter(tds_section::Column::Code.eq(row.code.as_str()))
        .filter(tds_section::Column::DeducteeClass.eq(row.deductee_class.as_str()))
        .filter(tds_section::Column::Id.ne(row.id))
        .all(keeping.conn())
        .await?;
    let span = (row.valid_from, row.valid_to);
    if others.iter().any(|other| overlap(span, (other.valid_from, other.valid_to))) {
        let why = "another row of this code and class holds on some of these days; \
                   set its last day first";
        return Err(Error::refused(Code::Overlap, path, why));
    }
    Ok(())
}

async fn store(
    keeping: Keeping<'_>,
    action: &'static str,
    before: tds_section::Model,
    mut row: tds_section::ActiveModel,
) -> Result<tds_section::Model> {
    row.version = Set(before.version.saturating_add(1));
    row.updated_at = Set(keeping.now);
    let stored = row.update(keeping.conn()).await?;
    keeping
        .finish(changed(action, subject(&stored), Some(describe(&before)), Some(describe(&stored))))
        .await?;
    Ok(stored)
}

/// What the log calls such a row.
fn subject(row: &tds_section::Model) -> (&'static str, i64) {
    ("TdsSection", row.id.get())
}

/// A row as the log shows it.
fn describe(row: &tds_section::Model) -> Canonical {
    Canonical::new()
        .text("kind", &row.kind)
        .text("act", &row.act)
        .text("code", &row.code)
        .text("section", &row.section)
        .text_if("newTableRef", row.new_table_ref.as_deref())
        .text_if("returnCode", row.return_code.as_deref())
        .text("nature", &row.nature)
        .text("deducteeClass", &row.deductee_class)
        .int_if("rate", row.rate.map(Rate::raw))
        .int_if("noPanRate", row.no_pan_rate.map(Rate::raw))
        .int_if("singleLimit", row.single_limit.map(Money::minor))
        .int_if("aggregateLimit", row.aggregate_limit.map(Money::minor))
        .text("limitPeriod", &row.limit_period)
        .flag("excessOnly", row.excess_only)
        .text("validFrom", &row.valid_from.to_string())
        .text_if("validTo", row.valid_to.map(|day| day.to_string()).as_deref())
        .text_if("successorCode", row.successor_code.as_deref())
        .text_if("note", row.note.as_deref())
        .int("version", i64::from(row.version))
}
