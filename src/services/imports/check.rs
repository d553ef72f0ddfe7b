//! The whole check of a file: read, understood and compared with the books, on a thread for slow work.

use std::{collections::HashSet, sync::Arc};

use daybook_domain::{
    currency::CurrencyCode,
    id::{ImportId, LedgerId},
    text::fold,
};
use daybook_entity::tenant::{
    business::{business, business_year},
    imports::{FindingSeverity, ImportState, import, import_finding},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set, Value};
use tokio::sync::Semaphore;

use super::{
    asked::{Format, Kind, Mapping, Options, Summary},
    names::Here,
    plan::{Plan, Present, plan},
    reading,
};
use crate::{
    db::sql::{list, statement, sum},
    error::{Code, Error, Result},
    interchange::{Currency, Findings, Limits, Reading, Reason, Severity},
    lane::Writing,
    scope::TenantScope,
    services::books::{bills, chart, groups},
};

/// Files that are read at once, by all tenants together: each may need a core and some memory.
const AT_ONCE: usize = 2;

static READING: Semaphore = Semaphore::const_new(AT_ONCE);

/// A file and how it is to be understood.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it is.
    pub format: Format,
    /// What it holds.
    pub kind: Kind,
    /// How its texts are to be read.
    pub options: Options,
    /// What its names stand for.
    pub mapping: Mapping,
}

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// What would be posted.
    pub plan: Plan,
    /// What was found.
    pub summary: Summary,
    /// What is to be looked at.
    pub findings: Findings,
    /// Where settings stood: with another number the plan counts no more.
    pub settings_seq: i64,
}

/// Checks a file against the books of a business as they stand.
///
/// # Errors
/// When the database cannot be read, or the file is beyond a bound: that is a refusal which names it.
pub async fn check(
    scope: &TenantScope,
    business: &business::Model,
    source: Source,
) -> Result<Checked> {
    let settings_seq = scope.db.beat().await?.settings_seq;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let currency = Currency {
        code: CurrencyCode::parse(&business.base_currency)
            .map_err(|_| Error::Internal("a stored currency code".into()))?,
        exponent: chart::exponent(business),
    };
    let _permit =
        READING.acquire().await.map_err(|_| Error::Internal("nobody reads files".into()))?;
    let limits = Limits::default();
    let bounds = limits.clone();
    let Source { bytes, format, kind, options, mapping } = source;
    let reading =
        slow(move || reading::read(&bytes, (format, kind), options, &currency, &bounds)).await?;
    refuse_too_large(&reading)?;

    let present = present(scope, business, &chart, &reading).await?;
    let catalogue = Arc::clone(&scope.catalogue);
    let ids = Arc::clone(scope.db.lane().ids());
    let today = scope.clock.today(&business.time_zone);
    let business = business.clone();
    let planned = slow(move || {
        let here = Here {
            chart: &chart,
            groups: &groups,
            catalogue: &catalogue,
            business: &business,
            today,
            ids: &ids,
        };
        plan(reading, &mapping, here, &present, &limits)
    })
    .await?;
    let (plan, summary, findings) = planned?;
    Ok(Checked { plan, summary, findings, settings_seq })
}

async fn slow<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Internal(format!("reading a file: {error}")))
}

/// A bound of the whole file is no finding: nothing of it can be taken.
fn refuse_too_large(reading: &Reading) -> Result<()> {
    let found = reading
        .findings
        .iter()
        .find(|one| one.reason == Reason::TooLarge && one.severity == Severity::Error);
    match found {
        Some(finding) => {
            let why = format!("{}; part the file", finding.message);
            Err(Error::refused(Code::TooLarge, "input.fileId", why))
        }
        None => Ok(()),
    }
}

async fn present(
    scope: &TenantScope,
    business: &business::Model,
    chart: &chart::Chart,
    reading: &Reading,
) -> Result<Present> {
    let reader = scope.db.reader().await?;
    let years = business_year::Entity::find()
        .filter(business_year::Column::BusinessId.eq(business.id))
        .order_by_asc(business_year::Column::StartsOn)
        .all(reader.conn())
        .await?;
    let open = bills::open_ones(reader.conn(), business.id).await?;
    let named: HashSet<String> =
        reading.books.ledgers.iter().map(|ledger| fold(&ledger.name)).collect();
    let own = chart.ledgers.values().filter(|one| one.business_id == business.id);
    let asked: Vec<LedgerId> =
        own.filter(|one| named.contains(&one.name_key)).map(|one| one.id).collect();
    let day = years.iter().find(|year| year.is_opening).map(|year| year.starts_on);
    let opened = match day {
        Some(day) => opened(reader.conn(), &asked, day).await?,
        None => HashSet::new(),
    };
    Ok(Present { years, bills: open, opened })
}

/// Those of these ledgers that open with something.
///
/// # Errors
/// When the database cannot be read.
pub async fn opened(
    conn: &impl ConnectionTrait,
    ledgers: &[LedgerId],
    day: chrono::NaiveDate,
) -> Result<HashSet<LedgerId>> {
    let backend = conn.get_database_backend();
    let mut found = HashSet::new();
    for chunk in ledgers.chunks(500) {
        let text = format!(
            "SELECT ledger_id FROM (SELECT ledger_id, {} AS opens FROM voucher_ledger_entries \
             WHERE ledger_id IN ({}) AND dated = ? GROUP BY ledger_id) q WHERE q.opens <> 0",
            sum(backend, "effect * (debit - credit)"),
            list(chunk.len())
        );
        let binds = chunk.iter().map(|id| Value::from(id.get())).chain([Value::from(day)]);
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            found.insert(LedgerId::new(row.try_get_by_index(0)?));
        }
    }
    Ok(found)
}

/// Keeps what a check found beside its import, within a transaction under way.
///
/// # Errors
/// What the database says.
pub async fn keep_findings(writing: &Writing, import: ImportId, findings: &Findings) -> Result<()> {
    import_finding::Entity::delete_many()
        .filter(import_finding::Column::ImportId.eq(import))
        .exec(writing.conn())
        .await?;
    let rows: Vec<import_finding::ActiveModel> = findings
        .iter()
        .zip(1..)
        .map(|(finding, place)| import_finding::ActiveModel {
            import_id: Set(import),
            place: Set(place),
            line: Set(finding.line.and_then(|line| i64::try_from(line).ok())),
            record: Set(finding.record.clone()),
            severity: Set(match finding.severity {
                Severity::Note => FindingSeverity::Note,
                Severity::Error => FindingSeverity::Error,
            }),
            code: Set(finding.reason.code().to_owned()),
            message: Set(finding.message.clone()),
        })
        .collect();
    for chunk in rows.chunks(200) {
        import_finding::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(writing.conn())
            .await?;
    }
    Ok(())
}

/// How many findings are errors, and how many are not.
pub fn weigh(findings: &Findings) -> (i64, i64) {
    let all = u64::try_from(findings.iter().count()).unwrap_or(0).saturating_add(findings.beyond());
    let errors = findings.errors();
    let number = |count| i64::try_from(count).unwrap_or(i64::MAX);
    (number(errors), number(all.saturating_sub(errors)))
}

/// How a stored import is to be understood, with the bytes of its file.
///
/// # Errors
/// When what is stored cannot be read.
pub fn source(row: &import::Model, bytes: Vec<u8>) -> Result<Source> {
    let unknown = || Error::Internal(format!("import {} is of no known format", row.id));
    Ok(Source {
        bytes,
        format: Format::parse(&row.format).ok_or_else(unknown)?,
        kind: Kind::parse(&row.kind).ok_or_else(unknown)?,
        options: serde_json::from_str(&row.options)?,
        mapping: serde_json::from_str(&row.mapping)?,
    })
}

/// An import that may still be changed.
///
/// # Errors
/// A refusal of `input.importId` when it was applied or discarded.
pub fn still_staged(row: &import::Model) -> Result<()> {
    let why = match row.state {
        ImportState::Staged => return Ok(()),
        ImportState::Applied => "this import is in the books already",
        ImportState::Discarded => "this import was discarded; stage its file again",
    };
    Err(Error::refused(Code::NotAllowed, "input.importId", why))
}
