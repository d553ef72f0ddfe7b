//! Dated rates of GST and of other countries' value added tax.

use chrono::NaiveDate;
use daybook_domain::{catalogue::overlap, chain::Canonical, id::GstRateId, money::Rate};
use daybook_entity::master::chart::{country, gst_rate};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter,
};

use super::{
    CESS_MAX, Keeping, NAME_MAX, NOTE_MAX, RATE_MAX, changed, check_span, read_code, read_rate,
    taken,
};
use crate::{
    error::{Code, Error, Result},
    scope::PlatformScope,
    services::books::vouchers::Wrong,
};

/// The country whose rate has a Centre's and a State's half.
const INDIA: &str = "IN";
/// Most characters of a source.
const SOURCE_MAX: usize = 200;

/// A rate to be made.
#[derive(Debug, Clone)]
pub struct CreateRate {
    /// Its code; several spans of days may share one.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Two-letter country.
    pub country: String,
    /// The whole rate in percent.
    pub igst_rate: String,
    /// The Centre's half, where the caller states it.
    pub cgst_rate: Option<String>,
    /// The State's half, where the caller states it.
    pub sgst_rate: Option<String>,
    /// Cess in percent.
    pub cess_rate: Option<String>,
    /// Words about it.
    pub note: Option<String>,
    /// Where it is laid down.
    pub source: Option<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: Option<NaiveDate>,
}

/// What is changed of a rate; what is `None` stays. The rate itself changes by a new one from a day on.
#[derive(Debug, Clone, Default)]
pub struct UpdateRate {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// Words about it.
    pub note: Option<Option<String>>,
    /// Where it is laid down.
    pub source: Option<Option<String>>,
}

/// Adds a rate for a span of days.
///
/// # Errors
/// No permission, or refusals: days that overlap another rate of the code, halves that are none.
pub async fn create(scope: &PlatformScope, command: CreateRate) -> Result<gst_rate::Model> {
    let keeping = Keeping::begin(scope).await?;
    let mut wrong = Wrong::below("input");
    let code = read_code(&mut wrong, "code", &command.code, 32);
    let name = wrong.required("name", &command.name, NAME_MAX);
    let note = wrong.text("note", command.note.as_deref(), NOTE_MAX, false);
    let source = wrong.text("source", command.source.as_deref(), SOURCE_MAX, true);
    let known = country::Entity::find()
        .filter(country::Column::Code.eq(command.country.as_str()))
        .count(keeping.conn())
        .await?;
    if known == 0 {
        wrong.add(Code::CountryUnknown, "country", "this country is not in the catalogue");
    }
    let igst_rate = read_rate(&mut wrong, "igstRate", &command.igst_rate, RATE_MAX);
    let half = read_half(&mut wrong, &command, igst_rate);
    let cess = command.cess_rate.as_deref();
    let cess_rate =
        cess.map_or(Rate::from_raw(0), |text| read_rate(&mut wrong, "cessRate", text, CESS_MAX));
    check_span(&mut wrong, command.valid_from, command.valid_to);
    wrong.finish()?;
    let row = gst_rate::Model {
        id: GstRateId::new(keeping.next_id()?),
        rate_code: code,
        rate_name: name,
        country: command.country,
        igst_rate,
        cgst_rate: half,
        sgst_rate: half,
        cess_rate,
        note,
        source,
        valid_from: command.valid_from,
        valid_to: command.valid_to,
        is_system: false,
        version: 1,
        created_at: keeping.now,
        updated_at: keeping.now,
    };
    check_overlap(&keeping, &row, "input.validFrom").await?;
    let stored = gst_rate::ActiveModel::from(row)
        .insert(keeping.conn())
        .await
        .map_err(taken("validFrom"))?;
    keeping
        .finish(changed("MASTER_GST_RATE_CREATED", subject(&stored), None, Some(describe(&stored))))
        .await?;
    Ok(stored)
}

/// Each half of an Indian rate; other countries' rates have none.
fn read_half(wrong: &mut Wrong<'_>, command: &CreateRate, whole: Rate) -> Rate {
    let is_indian = command.country == INDIA;
    let half = Rate::from_raw(if is_indian { whole.raw() / 2 } else { 0 });
    if is_indian && whole.raw() % 2 != 0 {
        let why = "the Centre and the State cannot halve this rate";
        wrong.add(Code::TooPrecise, "igstRate", why);
    }
    for (field, stated) in [("cgstRate", &command.cgst_rate), ("sgstRate", &command.sgst_rate)] {
        if let Some(stated) = stated
            && read_rate(wrong, field, stated, RATE_MAX) != half
        {
            wrong.add(Code::Invalid, field, "in India this is half of the whole rate, elsewhere 0");
        }
    }
    half
}

/// Changes what a rate is called and where it comes from.
///
/// # Errors
/// No permission, or refusals: no such rate, a stale version.
pub async fn update(
    scope: &PlatformScope,
    id: Option<GstRateId>,
    command: UpdateRate,
) -> Result<gst_rate::Model> {
    let keeping = Keeping::begin(scope).await?;
    let before = keeping.find::<gst_rate::Entity>(id, "rate").await?;
    Error::unless_current(command.expected_version, before.version)?;
    let mut wrong = Wrong::below("input");
    let mut row = before.clone().into_active_model();
    if let Some(name) = command.name {
        row.rate_name = Set(wrong.required("name", &name, NAME_MAX));
    }
    if let Some(note) = command.note {
        row.note = Set(wrong.text("note", note.as_deref(), NOTE_MAX, false));
    }
    if let Some(source) = command.source {
        row.source = Set(wrong.text("source", source.as_deref(), SOURCE_MAX, true));
    }
    wrong.finish()?;
    store(keeping, "MASTER_GST_RATE_UPDATED", before, row).await
}

/// Sets the last day of a rate, or lets it go on. Documents keep what they were charged.
///
/// # Errors
/// No permission, or refusals: no such rate, a stale version, a day before the first, an overlap.
pub async fn retire(
    scope: &PlatformScope,
    id: Option<GstRateId>,
    expected_version: Option<i32>,
    valid_to: Option<NaiveDate>,
) -> Result<gst_rate::Model> {
    let keeping = Keeping::begin(scope).await?;
    let before = keeping.find::<gst_rate::Entity>(id, "rate").await?;
    Error::unless_current(expected_version, before.version)?;
    let mut wrong = Wrong::below("input");
    check_span(&mut wrong, before.valid_from, valid_to);
    wrong.finish()?;
    let after = gst_rate::Model { valid_to, ..before.clone() };
    check_overlap(&keeping, &after, "input.validTo").await?;
    let mut row = before.clone().into_active_model();
    row.valid_to = Set(valid_to);
    store(keeping, "MASTER_GST_RATE_RETIRED", before, row).await
}

async fn check_overlap(keeping: &Keeping<'_>, row: &gst_rate::Model, path: &str) -> Result<()> {
    let others = gst_rate::Entity::find()
        .filter(gst_rate::Column::Country.eq(row.country.as_str()))
        .filter(gst_rate::Column::RateCode.eq(row.rate_code.as_str()))
        .filter(gst_rate::Column::Id.ne(row.id))
        .all(keeping.conn())
        .await?;
    let span = (row.valid_from, row.valid_to);
    if others.iter().any(|other| overlap(span, (other.valid_from, other.valid_to))) {
        let why = "another rate of this code holds on some of these days; set its last day first";
        return Err(Error::refused(Code::Overlap, path, why));
    }
    Ok(())
}

async fn store(
    keeping: Keeping<'_>,
    action: &'static str,
    before: gst_rate::Model,
    mut row: gst_rate::ActiveModel,
) -> Result<gst_rate::Model> {
    row.version = Set(before.version.saturating_add(1));
    row.updated_at = Set(keeping.now);
    let stored = row.update(keeping.conn()).await?;
    keeping
        .finish(changed(action, subject(&stored), Some(describe(&before)), Some(describe(&stored))))
        .await?;
    Ok(stored)
}

/// What the log calls such a row.
fn subject(row: &gst_rate::Model) -> (&'static str, i64) {
    ("GstRate", row.id.get())
}

/// A row as the log shows it.
fn describe(row: &gst_rate::Model) -> Canonical {
    Canonical::new()
        .text("code", &row.rate_code)
        .text("name", &row.rate_name)
        .text("country", &row.country)
        .int("igst", row.igst_rate.raw())
        .int("cgst", row.cgst_rate.raw())
        .int("sgst", row.sgst_rate.raw())
        .int("cess", row.cess_rate.raw())
        .text_if("note", row.note.as_deref())
        .text_if("source", row.source.as_deref())
        .text("validFrom", &row.valid_from.to_string())
        .text_if("validTo", row.valid_to.map(|day| day.to_string()).as_deref())
        .int("version", i64::from(row.version))
}
