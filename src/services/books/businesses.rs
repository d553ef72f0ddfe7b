//! Businesses: one owner's sets of books, each with its own years, ledgers, settings and branding.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use daybook_domain::{
    chain::Canonical,
    cost::CostUse,
    id::{BusinessId, BusinessYearId, GstinId, LedgerId},
    period::AccountingCalendar,
    role::Permission,
};
use daybook_entity::tenant::{
    business::{business, business_year, gstin},
    chart::ledger,
};
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde::{Deserialize, Serialize};

use super::{
    business_edit::BusinessEdit,
    standard_ledgers::{self, StandardLedger},
    vouchers::Wrong,
};
use crate::{
    clock::day_in,
    db::page::{Page, PageAsk},
    error::{Code, Error, Result},
    lane::{Change, Writing},
    master::Catalogue,
    scope::{TenantScope, Visible},
};

/// A business about to begin.
#[derive(Debug, Clone, Default)]
pub struct NewBusiness {
    /// Its name, unique among the tenant's businesses.
    pub name: String,
    /// Two-letter country.
    pub country: String,
    /// Currency of its books, three letters; by default the country's.
    pub base_currency: Option<String>,
    /// Primary registration for GST, checked already.
    pub gstin: Option<String>,
    /// Time zone by its IANA name; by default the country's.
    pub time_zone: Option<String>,
    /// Month in which its accounting years begin; by default the country's.
    pub year_first_month: Option<u32>,
    /// First day of its books; by default the first day of the accounting year that holds today.
    pub books_begin_on: Option<NaiveDate>,
    /// Full legal name.
    pub legal_name: Option<String>,
}

/// Rules that a business chooses for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Settings {
    /// Whether journals may touch cash and bank ledgers.
    pub journal_allows_cash: bool,
    /// Whether vouchers, and acts on them, wait until somebody else approves them.
    pub approval_required: bool,
}

impl Settings {
    /// Reads stored settings; what is not stored has its default.
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The settings as they are stored.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// Begins a business inside the caller's transaction: its row, its opening period and first year, the
/// standard ledgers of its country, and its registration if it has one.
///
/// # Errors
/// Refusals of country, currency, zone or date; the transaction should then be given up.
pub async fn begin(
    writing: &mut Writing,
    catalogue: &Catalogue,
    new: NewBusiness,
) -> Result<BusinessId> {
    let refuse =
        |code, field: &str, why: &str| Error::refused(code, &format!("input.{field}"), why);
    let country = catalogue.country(&new.country).ok_or_else(|| {
        refuse(Code::CountryUnknown, "country", "this country is not in the catalogue")
    })?;
    let currency = new.base_currency.as_deref().unwrap_or(country.currency.as_str());
    let currency = catalogue.currency(currency).ok_or_else(|| {
        refuse(Code::CurrencyUnknown, "baseCurrency", "this currency is not in the catalogue")
    })?;
    let zone = new.time_zone.clone().unwrap_or_else(|| country.time_zone.clone());
    if zone.parse::<chrono_tz::Tz>().is_err() {
        return Err(refuse(Code::Invalid, "timeZone", "this is not the name of a time zone"));
    }
    let first_month =
        new.year_first_month.or_else(|| u32::try_from(country.first_month).ok()).unwrap_or(1);
    if !(1..=12).contains(&first_month) {
        return Err(refuse(Code::Invalid, "yearFirstMonth", "a month is 1 to 12"));
    }
    let calendar = AccountingCalendar::starting_in(first_month);
    let now = writing.recorded_at();
    let this_year = || calendar.year_containing(day_in(&zone, now));
    let begins = new.books_begin_on.unwrap_or_else(|| this_year().starts_on);
    let id = BusinessId::new(writing.next_id()?);
    let row = business::Model {
        id,
        name: new.name.clone(),
        name_key: daybook_domain::text::fold(&new.name),
        legal_name: new.legal_name,
        country: new.country.clone(),
        base_currency: currency.code.as_str().to_owned(),
        currency_exponent: currency.exponent,
        time_zone: zone,
        year_first_month: i32::try_from(first_month).unwrap_or(1),
        books_begin_on: begins,
        email: None,
        phone: None,
        address: None,
        state_code: new.gstin.as_deref().and_then(|gstin| gstin.get(..2)).map(str::to_owned),
        tax_number: None,
        brand_colour: None,
        logo_url: None,
        settings: Settings::default().to_text(),
        archived_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let content = describe(&row);
    business::ActiveModel::from(row)
        .insert(writing.conn())
        .await
        .map_err(|error| named_twice(error, "input.name"))?;
    open_first_years(writing, id, calendar, begins).await?;
    if let Some(number) = new.gstin {
        let row = gstin::Model {
            id: GstinId::new(writing.next_id()?),
            business_id: id,
            state_code: number.get(..2).unwrap_or_default().to_owned(),
            gstin: number,
            is_primary: true,
            valid_from: None,
            valid_to: None,
            created_at: now,
        };
        gstin::ActiveModel::from(row).insert(writing.conn()).await?;
    }
    open_standard_ledgers(writing, catalogue, id, &new.country).await?;
    writing.settings_change();
    writing.audit(Change {
        action: "BUSINESS_CREATED",
        subject_type: "Business",
        subject: Some(id.get()),
        business: Some(id),
        canonical: content,
    });
    Ok(id)
}

/// What the edit log keeps of a business.
pub fn describe(row: &business::Model) -> String {
    Canonical::new()
        .text("name", &row.name)
        .text_if("legalName", row.legal_name.as_deref())
        .text("country", &row.country)
        .text("baseCurrency", &row.base_currency)
        .text("timeZone", &row.time_zone)
        .int("yearFirstMonth", i64::from(row.year_first_month))
        .text("booksBeginOn", &row.books_begin_on.to_string())
        .text_if("email", row.email.as_deref())
        .text_if("phone", row.phone.as_deref())
        .text_if("address", row.address.as_deref())
        .text_if("stateCode", row.state_code.as_deref())
        .text_if("taxNumber", row.tax_number.as_deref())
        .text_if("brandColour", row.brand_colour.as_deref())
        .text_if("logoUrl", row.logo_url.as_deref())
        .text("settings", &row.settings)
        .int_if("archivedAt", row.archived_at)
        .finish()
}

/// Turns a taken name into a refusal of the field.
pub fn named_twice(error: sea_orm::DbErr, path: &str) -> Error {
    if crate::db::failure::is_taken(&error) {
        Error::refused(Code::Taken, path, "this name is already in use")
    } else {
        error.into()
    }
}

/// The opening period is the one day before the first year; it holds the opening vouchers.
async fn open_first_years(
    writing: &mut Writing,
    business: BusinessId,
    calendar: AccountingCalendar,
    begins: NaiveDate,
) -> Result<()> {
    let first = calendar.year_starting(begins);
    let eve = begins.checked_sub_days(Days::new(1)).unwrap_or(begins);
    let now = writing.recorded_at();
    let years = [
        (eve, eve, "Opening".to_owned(), true),
        (first.starts_on, first.ends_on, calendar.label(first), false),
    ];
    for (starts_on, ends_on, label, is_opening) in years {
        let row = business_year::Model {
            id: BusinessYearId::new(writing.next_id()?),
            business_id: business,
            label,
            starts_on,
            ends_on,
            is_opening,
            opened_at: now,
            closed_at: None,
        };
        business_year::ActiveModel::from(row).insert(writing.conn()).await?;
    }
    Ok(())
}

async fn open_standard_ledgers(
    writing: &mut Writing,
    catalogue: &Catalogue,
    business: BusinessId,
    country: &str,
) -> Result<()> {
    let mut rows = Vec::new();
    let mut listed = Vec::new();
    for standard in standard_ledgers::of_country(country) {
        let row = standard_ledger(writing, catalogue, business, standard)?;
        listed.push(Canonical::new().int("id", row.id.get()).text("name", &row.name));
        rows.push(ledger::ActiveModel::from(row));
    }
    ledger::Entity::insert_many(rows).exec_without_returning(writing.conn()).await?;
    writing.audit(Change {
        action: "LEDGERS_OPENED",
        subject_type: "Business",
        subject: Some(business.get()),
        business: Some(business),
        canonical: Canonical::new().list("ledgers", listed).finish(),
    });
    Ok(())
}

fn standard_ledger(
    writing: &Writing,
    catalogue: &Catalogue,
    business: BusinessId,
    standard: &StandardLedger,
) -> Result<ledger::Model> {
    let group = if standard.group_code.is_empty() {
        None
    } else {
        let found = catalogue.group_coded(&standard.group_code);
        Some(found.ok_or_else(|| Error::Internal(format!("no group {}", standard.group_code)))?.id)
    };
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let now = writing.recorded_at();
    Ok(ledger::Model {
        id: LedgerId::new(writing.next_id()?),
        business_id: business,
        name: standard.name.clone(),
        name_key: daybook_domain::text::fold(&standard.name),
        group_id: group,
        subgroup_id: None,
        system_code: standard.system.then(|| standard.code.clone()),
        tax_head: some(&standard.tax_head),
        tax_direction: some(&standard.direction),
        currency: None,
        is_bill_wise: standard.bill_wise,
        credit_days: None,
        description: None,
        archived_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
        cost_use: CostUse::default(),
    })
}

/// What is changed of a business; what is `None` stays, and `Some(None)` is an explicit null.
#[derive(Debug, Clone, Default)]
pub struct ChangeBusiness {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<Option<String>>,
    /// Full legal name.
    pub legal_name: Option<Option<String>>,
    /// Time zone by its IANA name; stored dates never move.
    pub time_zone: Option<Option<String>>,
    /// E-mail address of the business.
    pub email: Option<Option<String>>,
    /// Telephone number.
    pub phone: Option<Option<String>>,
    /// Postal address.
    pub address: Option<Option<String>>,
    /// Tax number other than a GSTIN, such as a KRA PIN.
    pub tax_number: Option<Option<String>>,
    /// Colour of its pages and documents, `#rrggbb`.
    pub brand_colour: Option<Option<String>>,
    /// Address of its logo.
    pub logo_url: Option<Option<String>>,
    /// Whether journals may touch cash and bank ledgers.
    pub journal_allows_cash: Option<Option<bool>>,
    /// Whether vouchers, and acts on them, wait until somebody else approves them.
    pub approval_required: Option<Option<bool>>,
}

/// Begins another business.
///
/// # Errors
/// No permission, or refusals of name, country, currency, zone, date or registration.
pub async fn create(scope: &TenantScope, mut new: NewBusiness) -> Result<business::Model> {
    scope.require(Permission::BusinessCreate)?;
    if scope.access.businesses != Visible::All {
        return Err(Error::Forbidden(Permission::BusinessCreate));
    }
    let mut wrong = Wrong::below("input");
    new.name = wrong.required("name", &new.name, NAME_MAX);
    new.legal_name = wrong.text("legalName", new.legal_name.as_deref(), NAME_MAX, true);
    if let Some(number) = &new.gstin {
        match daybook_domain::gstin::Gstin::parse(number) {
            Ok(number) => new.gstin = Some(number.as_str().to_owned()),
            Err(why) => wrong.add(Code::GstinInvalid, "gstin", &why.to_string()),
        }
    }
    wrong.finish()?;
    let catalogue = Arc::clone(&scope.catalogue);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let id = begin(writing, &catalogue, new).await?;
                business::Entity::find_by_id(id)
                    .one(writing.conn())
                    .await?
                    .ok_or_else(|| Error::Internal("a business just begun is missing".into()))
            })
        })
        .await
}

/// Changes a business, its settings or its branding.
///
/// # Errors
/// No permission, or refusals: no such business, a stale version, a taken name, values out of form.
pub async fn update(
    scope: &TenantScope,
    id: Option<BusinessId>,
    command: ChangeBusiness,
) -> Result<business::Model> {
    scope.require(Permission::BusinessUpdate)?;
    let unknown = || Error::refused(Code::BusinessUnknown, "id", "there is no such business");
    let id = id.ok_or_else(unknown)?;
    let chart = super::chart::chart(scope).await?;
    let country = chart.visible(scope, id).ok_or_else(unknown)?.country.clone();
    let edit = BusinessEdit::read(command, &country)?;
    let access = Arc::clone(&scope.access);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let before = business::Entity::find_by_id(id)
                    .one(writing.conn())
                    .await?
                    .filter(|row| access.businesses.includes(row.id))
                    .ok_or_else(unknown)?;
                Error::unless_current(edit.expected_version, before.version)?;
                let mut after = edit.of(before.clone());
                if after == before {
                    return Ok(before);
                }
                after.version += 1;
                after.updated_at = writing.recorded_at();
                let content = Canonical::new()
                    .text("before", &describe(&before))
                    .text("after", &describe(&after))
                    .finish();
                let row = business::ActiveModel::from(after).reset_all();
                let after = row
                    .update(writing.conn())
                    .await
                    .map_err(|error| named_twice(error, "input.name"))?;
                writing.settings_change();
                writing.audit(Change {
                    action: "BUSINESS_UPDATED",
                    subject_type: "Business",
                    subject: Some(id.get()),
                    business: Some(id),
                    canonical: content,
                });
                Ok(after)
            })
        })
        .await
}

/// Most characters of a business's name.
pub const NAME_MAX: usize = 200;

/// The businesses that the caller may see, oldest first.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn list(scope: &TenantScope, ask: &PageAsk) -> Result<Page<business::Model>> {
    scope.require(Permission::BusinessRead)?;
    let chart = super::chart::chart(scope).await?;
    let all = chart.all_visible(scope);
    let total = u64::try_from(all.len()).unwrap_or(0);
    let after = ask.after_number()?.map(BusinessId::new);
    let most = usize::try_from(ask.first).unwrap_or(usize::MAX).saturating_add(1);
    let rows = all.into_iter().filter(|one| after.is_none_or(|after| one.id > after)).take(most);
    Ok(Page::cut(rows.cloned().collect(), ask, total, |row| vec![row.id.to_string()]))
}
