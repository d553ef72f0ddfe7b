//! What a new master database starts with: the files of `seed/`, read into typed rows.
//!
//! A file is loaded into an empty table only, so that what an administrator changed is never
//! overwritten. Rows get the number of their line as id: it is the same in every installation.

mod files;

use daybook_domain::{
    id::{
        AccountGroupId, AccountingYearId, CountryId, CurrencyId, GstRateId, StateId, TdsSectionId,
        VoucherTypeId,
    },
    money::{Money, Rate},
    text::fold,
};
use daybook_entity::master::chart::{
    Nature, NormalSide, Statement, account_group, accounting_year, country, currency, gst_rate,
    state, tds_section, voucher_type,
};
use sea_orm::{
    ActiveEnum, ActiveModelBehavior, DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect,
};

use crate::error::{Error, Result};

/// Rows of one INSERT: keeps the number of bound values below every engine's limit.
const ROWS_AT_ONCE: usize = 50;
/// Country of the rates that India's file leaves out.
const KENYA: &str = "KE";

/// All rows of the files.
#[derive(Debug)]
pub struct Seed {
    /// The 28 predefined groups, parents first.
    pub groups: Vec<account_group::Model>,
    /// The 24 predefined voucher types.
    pub voucher_types: Vec<voucher_type::Model>,
    /// India's and Kenya's rates.
    pub gst_rates: Vec<gst_rate::Model>,
    /// Sections of tax deducted and collected at source, of both Acts.
    pub tds_sections: Vec<tds_section::Model>,
    /// Accounting years of five calendars.
    pub years: Vec<accounting_year::Model>,
    /// India's States and Kenya's counties.
    pub states: Vec<state::Model>,
    /// Active currencies.
    pub currencies: Vec<currency::Model>,
    /// What a business starts with in each country.
    pub countries: Vec<country::Model>,
}

impl Seed {
    /// Reads the files; rows are stamped with `now` (UTC milliseconds).
    ///
    /// # Errors
    /// [`Error::Internal`] names the file and what is wrong in it.
    pub fn read(now: i64) -> Result<Self> {
        let gst = files::read::<files::GstRate>(files::GST_RATES)?;
        let kenyan = files::read::<files::KenyaRate>(files::KENYA_VAT_RATES)?;
        let gst = gst.into_iter().map(|row| india_rate(row, now));
        let kenyan = kenyan.into_iter().map(|row| kenya_rate(row, now));
        let mut gst_rates = gst.chain(kenyan).collect::<Result<Vec<_>>>()?;
        for (rate, number) in gst_rates.iter_mut().zip(1..) {
            rate.id = GstRateId::new(number);
        }
        let deducted = files::read::<files::Section>(files::TDS_SECTIONS)?;
        let collected = files::read::<files::Section>(files::TCS_SECTIONS)?;
        let deducted = deducted.into_iter().map(|row| section(row, "TDS", now));
        let collected = collected.into_iter().map(|row| section(row, "TCS", now));
        let mut tds_sections = deducted.chain(collected).collect::<Result<Vec<_>>>()?;
        for (one, number) in tds_sections.iter_mut().zip(1..) {
            one.id = TdsSectionId::new(number);
        }
        Ok(Self {
            groups: groups(now)?,
            voucher_types: voucher_types(now)?,
            gst_rates,
            tds_sections,
            years: years(now)?,
            states: states(now)?,
            currencies: currencies(now)?,
            countries: countries(now)?,
        })
    }

    /// Loads each empty table; whether any was empty.
    ///
    /// # Errors
    /// What the database says; the transaction is then to be given up.
    pub async fn load(self, txn: &DatabaseTransaction) -> Result<bool> {
        let mut loaded = false;
        loaded |= load::<account_group::Entity, _>(txn, self.groups).await?;
        loaded |= load::<voucher_type::Entity, _>(txn, self.voucher_types).await?;
        loaded |= load::<gst_rate::Entity, _>(txn, self.gst_rates).await?;
        loaded |= load::<tds_section::Entity, _>(txn, self.tds_sections).await?;
        loaded |= load::<accounting_year::Entity, _>(txn, self.years).await?;
        loaded |= load::<state::Entity, _>(txn, self.states).await?;
        loaded |= load::<currency::Entity, _>(txn, self.currencies).await?;
        loaded |= load::<country::Entity, _>(txn, self.countries).await?;
        Ok(loaded)
    }
}

async fn load<E, A>(txn: &DatabaseTransaction, rows: Vec<E::Model>) -> Result<bool>
where
    E: EntityTrait<ActiveModel = A>,
    A: sea_orm::ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send + Sync,
    E::Model: IntoActiveModel<A> + Send + Sync,
{
    if E::find().limit(1).one(txn).await?.is_some() {
        return Ok(false);
    }
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<A> = rows.by_ref().take(ROWS_AT_ONCE).collect();
        E::insert_many(chunk).exec_without_returning(txn).await?;
    }
    Ok(true)
}

fn groups(now: i64) -> Result<Vec<account_group::Model>> {
    let mut groups: Vec<account_group::Model> = Vec::new();
    for (row, number) in files::read::<files::Group>(files::ACCOUNT_GROUPS)?.into_iter().zip(1..) {
        let parent_id = match row.parent_code {
            None => None,
            Some(code) => {
                let parent = groups.iter().find(|group| group.group_code == code);
                Some(parent.ok_or_else(|| wrong("account_groups.csv", "a parent", &code))?.id)
            }
        };
        groups.push(account_group::Model {
            id: AccountGroupId::new(number),
            group_code: row.code,
            name_key: fold(&row.name),
            name: row.name,
            parent_id,
            nature: word::<Nature>("account_groups.csv", &row.nature)?,
            normal_side: word::<NormalSide>("account_groups.csv", &row.normal_side)?,
            affects_gross_profit: row.affects_gross_profit,
            statement: word::<Statement>("account_groups.csv", &row.statement)?,
            is_system: true,
            sort_order: row.sort_order,
            retired_on: None,
            version: 1,
            created_at: now,
            updated_at: now,
        });
    }
    Ok(groups)
}

fn voucher_types(now: i64) -> Result<Vec<voucher_type::Model>> {
    let rows = files::read::<files::VoucherType>(files::VOUCHER_TYPES)?;
    Ok(rows
        .into_iter()
        .zip(1..)
        .map(|(row, number)| voucher_type::Model {
            id: VoucherTypeId::new(number),
            code: row.code,
            name_key: fold(&row.name),
            name: row.name,
            base_type: row.base_type,
            affects_books: row.books,
            stock: row.stock,
            numbering: row.numbering,
            numbering_prefix: row.default_prefix,
            number_width: row.width,
            is_tax_document: row.tax_document,
            is_system: true,
            sort_order: row.sort_order,
            retired_on: None,
            version: 1,
            created_at: now,
            updated_at: now,
        })
        .collect())
}

fn india_rate(row: files::GstRate, now: i64) -> Result<gst_rate::Model> {
    let file = "gst_rates.csv";
    Ok(gst_rate::Model {
        id: GstRateId::new(0),
        rate_code: row.rate_code,
        rate_name: row.rate_name,
        country: row.country,
        igst_rate: rate(file, &row.igst_rate)?,
        cgst_rate: rate(file, &row.cgst_rate)?,
        sgst_rate: rate(file, &row.sgst_rate)?,
        cess_rate: rate(file, &row.cess_rate)?,
        note: row.note,
        source: Some(row.source),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        is_system: true,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

/// A Kenyan tax type is one rate: there are no halves of a Centre and a State.
fn kenya_rate(row: files::KenyaRate, now: i64) -> Result<gst_rate::Model> {
    let none = Rate::from_raw(0);
    Ok(gst_rate::Model {
        id: GstRateId::new(0),
        rate_code: format!("VAT_{}", row.tax_type),
        rate_name: row.name,
        country: KENYA.to_owned(),
        igst_rate: rate("kenya_vat_rates.csv", &row.rate)?,
        cgst_rate: none,
        sgst_rate: none,
        cess_rate: none,
        note: row.note,
        source: Some(row.source),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        is_system: true,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

fn section(row: files::Section, kind: &str, now: i64) -> Result<tds_section::Model> {
    let file = if kind == "TDS" { "tds_sections.csv" } else { "tcs_sections.csv" };
    let percent = |text: Option<String>| text.map(|text| rate(file, &text)).transpose();
    let rupees = |text: Option<String>| text.map(|text| paise(file, &text)).transpose();
    Ok(tds_section::Model {
        id: TdsSectionId::new(0),
        kind: kind.to_owned(),
        act: row.act,
        code: row.code,
        section: row.section,
        new_table_ref: row.new_table_ref,
        return_code: row.return_code,
        nature: row.nature,
        deductee_class: row.deductee_class,
        rate: percent(row.rate)?,
        no_pan_rate: percent(row.no_pan_rate)?,
        single_limit: rupees(row.single_limit)?,
        aggregate_limit: rupees(row.aggregate_limit)?,
        limit_period: row.limit_period,
        excess_only: row.excess_only,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        successor_code: row.successor_code,
        note: row.note,
        is_system: true,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

fn years(now: i64) -> Result<Vec<accounting_year::Model>> {
    let rows = files::read::<files::Year>(files::ACCOUNTING_YEARS)?;
    Ok(rows
        .into_iter()
        .zip(1..)
        .map(|(row, number)| accounting_year::Model {
            id: AccountingYearId::new(number),
            first_month: row.first_month,
            label: row.label,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            is_system: true,
            created_at: now,
        })
        .collect())
}

fn states(now: i64) -> Result<Vec<state::Model>> {
    let india = files::read::<files::State>(files::STATES)?;
    let kenya = files::read::<files::County>(files::KENYA_COUNTIES)?;
    let kenya = kenya.into_iter().map(|county| files::State {
        code: county.code,
        name: county.name,
        country: KENYA.to_owned(),
        union_territory_without_legislature: false,
        used_for: "SUPPLY".to_owned(),
        valid_to: None,
    });
    Ok(india
        .into_iter()
        .chain(kenya)
        .zip(1..)
        .map(|(row, number)| state::Model {
            id: StateId::new(number),
            country: row.country,
            code: row.code,
            name: row.name,
            levies_utgst: row.union_territory_without_legislature,
            used_for: row.used_for,
            valid_to: row.valid_to,
            is_system: true,
            created_at: now,
            version: 1,
        })
        .collect())
}

fn currencies(now: i64) -> Result<Vec<currency::Model>> {
    let rows = files::read::<files::Currency>(files::CURRENCIES)?;
    Ok(rows
        .into_iter()
        .zip(1..)
        .map(|(row, number)| currency::Model {
            id: CurrencyId::new(number),
            code: row.code,
            numeric_code: row.numeric_code,
            name: row.name,
            exponent: row.exponent,
            symbol: row.symbol,
            minor_name: row.minor_unit_name,
            is_system: true,
            created_at: now,
        })
        .collect())
}

fn countries(now: i64) -> Result<Vec<country::Model>> {
    let rows = files::read::<files::Country>(files::COUNTRIES)?;
    Ok(rows
        .into_iter()
        .zip(1..)
        .map(|(row, number)| country::Model {
            id: CountryId::new(number),
            code: row.code,
            name: row.name,
            currency: row.default_currency,
            time_zone: row.default_time_zone,
            first_month: row.accounting_year_first_month,
            indian_grouping: row.indian_grouping,
            created_at: now,
        })
        .collect())
}

fn rate(file: &str, text: &str) -> Result<Rate> {
    Rate::parse_percent(text).map_err(|_| wrong(file, "a rate", text))
}

fn paise(file: &str, text: &str) -> Result<Money> {
    Money::parse(text, 2).map_err(|_| wrong(file, "an amount", text))
}

fn word<T: ActiveEnum<Value = String>>(file: &str, text: &str) -> Result<T> {
    T::try_from_value(&text.to_owned()).map_err(|_| wrong(file, "a word", text))
}

fn wrong(file: &str, what: &str, text: &str) -> Error {
    Error::Internal(format!("seed/{file}: {what} cannot be read: {text}"))
}

#[cfg(test)]
#[path = "seed_tests.rs"]
mod tests;
