//! Recomputes what is derived from posted rows, and what must hold among them, for one tenant.
//!
//! Entries are the only truth. Each check is one statement that counts what differs, so nothing is held in
//! memory however many entries there are; all are made in one snapshot.

use std::fmt;

use daybook_domain::{
    id::{AccountGroupId, TenantId, VoucherTypeId},
    role::Permission,
};
use sea_orm::{ConnectionTrait, DbBackend};

use super::currencies::{CURRENCY_BILLS, CURRENCY_PARTS, LEDGER_CURRENCIES};
use crate::{
    db::sql::statement,
    error::{Error, Result},
    master::catalogue::Catalogue,
    scope::PlatformScope,
    tenancy::Lease,
};

/// Something that was recomputed, and how often it differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// What was compared.
    pub what: Check,
    /// How many differ; 0 when all is well.
    pub differing: i64,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Check {
    /// Debits and credits of every version are equal, also where it is taken back.
    Balance,
    /// The total of every version is the sum of its debits; of a document, of its lines.
    Total,
    /// The sums per ledger and month are those of the entries.
    MonthlySums,
    /// Every series has all its numbers, each once, and goes on behind the last.
    Series,
    /// The parts of an entry that open and settle bills come to the entry.
    BillParts,
    /// An allocation moves nothing to or from a party.
    Allocations,
    /// No bill is settled by more than it came to.
    Bills,
    /// Bills that are closed in the currency of their ledger are closed in base currency.
    CurrencyBills,
    /// The parts of an entry in another currency come to its amount, and are in its ledger's currency.
    CurrencyParts,
    /// Entries on ledgers with a currency of their own are in it.
    LedgerCurrencies,
    /// What cost centres of a category bear is a part of the entry, on its side.
    Costs,
    /// Every row is in the books of its voucher's business, and on a ledger of it.
    Businesses,
    /// Every version is dated within its voucher's accounting year.
    Years,
    /// Lines of a bank and the entries that they are come to the same, and the entries stand.
    BankMatches,
    /// Groups and voucher types that rows name are in the shared structure.
    Structure,
}

impl Check {
    /// All of them, in the order in which they are made.
    pub const EVERY: [Self; 15] = [
        Self::Balance,
        Self::Total,
        Self::MonthlySums,
        Self::Series,
        Self::BillParts,
        Self::Allocations,
        Self::Bills,
        Self::CurrencyBills,
        Self::CurrencyParts,
        Self::LedgerCurrencies,
        Self::Costs,
        Self::Businesses,
        Self::Years,
        Self::BankMatches,
        Self::Structure,
    ];

    /// What differs, for messages.
    pub fn differs(self) -> &'static str {
        match self {
            Self::Balance => "versions whose debits and credits differ",
            Self::Total => "versions whose total is not the sum of their debits",
            Self::MonthlySums => "monthly sums that are not what the entries add up to",
            Self::Series => "series with a gap, a number twice, or a wrong next number",
            Self::BillParts => "entries whose bill parts do not come to the entry",
            Self::Allocations => "allocations that move something to or from a party",
            Self::Bills => "bills settled by more than they came to",
            Self::CurrencyBills => "bills closed in their currency and not in base currency",
            Self::CurrencyParts => {
                "entries whose bill parts do not come to their currency's amount"
            }
            Self::LedgerCurrencies => "entries in another currency than their ledger",
            Self::Costs => "entries of which cost centres bear more than there is, or elsewhere",
            Self::Businesses => {
                "rows in the books of another business than their voucher or ledger"
            }
            Self::Years => "versions dated outside their accounting year",
            Self::BankMatches => "bank lines matched with entries of another amount, or taken back",
            Self::Structure => "groups or voucher types that the shared structure does not have",
        }
    }

    /// The statement that counts; none for what needs more than one database.
    fn sql(self, backend: DbBackend) -> Option<String> {
        Some(match self {
            Self::Balance => "SELECT \
                 (SELECT COUNT(*) FROM (SELECT version_id FROM voucher_ledger_entries \
                 GROUP BY version_id, effect HAVING SUM(debit) <> SUM(credit)) q) + \
                 (SELECT COUNT(*) FROM (SELECT version_id FROM scenario_entries \
                 GROUP BY version_id, effect HAVING SUM(debit) <> SUM(credit)) s)"
                .to_owned(),
            Self::Total => "SELECT COUNT(*) FROM voucher_versions w LEFT JOIN \
                 (SELECT version_id, SUM(debit) AS debits FROM voucher_ledger_entries \
                 WHERE effect = 1 GROUP BY version_id) e ON e.version_id = w.id \
                 WHERE (e.debits IS NULL OR e.debits <> w.total) AND NOT EXISTS \
                 (SELECT 1 FROM (SELECT version_id, SUM(debit) AS debits FROM scenario_entries \
                 WHERE effect = 1 GROUP BY version_id) s \
                 WHERE s.version_id = w.id AND s.debits = w.total) AND NOT EXISTS \
                 (SELECT 1 FROM (SELECT version_id, SUM(taxable) AS comes_to FROM voucher_items \
                 WHERE effect = 1 GROUP BY version_id) i WHERE e.debits IS NULL \
                 AND i.version_id = w.id AND i.comes_to = w.total)"
                .to_owned(),
            Self::MonthlySums => monthly_sums(backend),
            Self::Series => "SELECT COUNT(*) FROM voucher_series s LEFT JOIN \
                 (SELECT series_id, COUNT(*) AS used, MAX(sequence) AS last FROM vouchers \
                 GROUP BY series_id) v ON v.series_id = s.id \
                 WHERE s.next_number <> COALESCE(v.last, 0) + 1 \
                 OR COALESCE(v.used, 0) <> COALESCE(v.last, 0)"
                .to_owned(),
            Self::BillParts => "SELECT COUNT(*) FROM (SELECT version_id, entry_line, effect, \
                 SUM(debit - credit) AS parts FROM bill_wise_details \
                 WHERE version_id IS NOT NULL GROUP BY version_id, entry_line, effect) b \
                 JOIN voucher_ledger_entries e ON e.version_id = b.version_id \
                 AND e.line = b.entry_line AND e.effect = b.effect \
                 WHERE e.debit - e.credit <> b.parts"
                .to_owned(),
            Self::Allocations => "SELECT COUNT(*) FROM (SELECT act_id FROM bill_wise_details \
                 WHERE act_id IS NOT NULL GROUP BY act_id, ledger_id \
                 HAVING SUM(debit) <> SUM(credit)) q"
                .to_owned(),
            Self::Bills => "SELECT COUNT(*) FROM (SELECT bill_id, \
                 SUM(effect * (debit - credit)) AS left_open FROM bill_wise_details \
                 WHERE bill_id IS NOT NULL GROUP BY bill_id) q \
                 JOIN bill_wise_details b ON b.bill_id = q.bill_id AND b.effect = 1 \
                 AND b.version_id IS NOT NULL AND b.kind IN ('NEW', 'ADVANCE') \
                 AND NOT EXISTS (SELECT 1 FROM bill_wise_details n \
                 WHERE n.version_id = b.version_id AND n.line = b.line AND n.effect = -1) \
                 WHERE (b.debit > 0 AND q.left_open < 0) OR (b.credit > 0 AND q.left_open > 0)"
                .to_owned(),
            Self::CurrencyBills => CURRENCY_BILLS.to_owned(),
            Self::CurrencyParts => CURRENCY_PARTS.to_owned(),
            Self::LedgerCurrencies => LEDGER_CURRENCIES.to_owned(),
            Self::Costs => "SELECT COUNT(*) FROM (SELECT s.version_id, s.entry_line, s.effect, \
                 s.ledger_id, s.dated, s.business_id, SUM(s.debit) AS debit, \
                 SUM(s.credit) AS credit, MIN(c.business_id) AS least, MAX(c.business_id) AS most \
                 FROM cost_centre_splits s JOIN cost_centres c ON c.id = s.centre_id \
                 GROUP BY s.version_id, s.entry_line, s.effect, s.ledger_id, s.dated, \
                 s.business_id, c.category_id) q LEFT JOIN voucher_ledger_entries e \
                 ON e.version_id = q.version_id AND e.line = q.entry_line AND e.effect = q.effect \
                 WHERE e.id IS NULL OR q.debit > e.debit OR q.credit > e.credit \
                 OR q.ledger_id <> e.ledger_id OR q.dated <> e.dated \
                 OR q.business_id <> e.business_id OR q.least <> e.business_id \
                 OR q.most <> e.business_id"
                .to_owned(),
            Self::Businesses => "SELECT \
                 (SELECT COUNT(*) FROM voucher_versions w JOIN vouchers v ON v.id = w.voucher_id \
                 WHERE w.business_id <> v.business_id) + \
                 (SELECT COUNT(*) FROM voucher_ledger_entries e \
                 JOIN voucher_versions w ON w.id = e.version_id \
                 JOIN ledgers l ON l.id = e.ledger_id \
                 WHERE e.business_id <> w.business_id OR l.business_id <> w.business_id) + \
                 (SELECT COUNT(*) FROM scenario_entries e \
                 JOIN voucher_versions w ON w.id = e.version_id \
                 JOIN ledgers l ON l.id = e.ledger_id \
                 WHERE e.business_id <> w.business_id OR l.business_id <> w.business_id)"
                .to_owned(),
            Self::Years => "SELECT COUNT(*) FROM voucher_versions w \
                 JOIN vouchers v ON v.id = w.voucher_id \
                 JOIN business_years y ON y.id = v.year_id \
                 WHERE w.dated < y.starts_on OR w.dated > y.ends_on"
                .to_owned(),
            Self::BankMatches => "SELECT COUNT(*) FROM bank_matches m WHERE m.undone_at IS NULL AND (\
                 m.amount <> (SELECT SUM(x.amount) FROM bank_match_entries x WHERE x.match_id = m.id) \
                 OR (m.kind = 'STATEMENT' AND m.amount <> (SELECT SUM(l.amount) \
                 FROM bank_match_lines y JOIN bank_lines l ON l.id = y.line_id WHERE y.match_id = m.id)) \
                 OR EXISTS (SELECT 1 FROM bank_match_entries x \
                 JOIN voucher_ledger_entries e ON e.id = x.entry_id \
                 JOIN voucher_ledger_entries t ON t.version_id = e.version_id \
                 AND t.line = e.line AND t.effect = -1 WHERE x.match_id = m.id))"
                .to_owned(),
            Self::Structure => return None,
        })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.differing, self.what.differs())
    }
}

/// Recomputes everything; each check with how often it differs.
///
/// # Errors
/// When the tenant's database cannot be read.
pub async fn recompute(lease: &Lease, catalogue: &Catalogue) -> Result<Vec<Figure>> {
    let snapshot = lease.reader().await?.snapshot().await?;
    let conn = snapshot.conn();
    let mut figures = Vec::with_capacity(Check::EVERY.len());
    for what in Check::EVERY {
        let differing = match what.sql(conn.get_database_backend()) {
            Some(sql) => count(conn, &sql).await?,
            None => unknown_structure(conn, catalogue).await?,
        };
        figures.push(Figure { what, differing });
    }
    Ok(figures)
}

/// As [`recompute`], of a tenant that somebody of the office names; none where there is no such tenant.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn of_tenant(scope: &PlatformScope, tenant: TenantId) -> Result<Option<Vec<Figure>>> {
    scope.require(Permission::SystemRead)?;
    let lease = match scope.tenancy.lease_any_status(tenant).await {
        Ok(lease) => lease,
        Err(Error::TenantNotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    recompute(&lease, &scope.tenancy.catalogue()).await.map(Some)
}

/// The count of monthly sums that are not what the entries add up to.
pub fn monthly_sums(backend: DbBackend) -> String {
    let month = match backend {
        DbBackend::MySql => "EXTRACT(YEAR_MONTH FROM dated)",
        DbBackend::Sqlite => "CAST(strftime('%Y%m', dated) AS INTEGER)",
        _ => "CAST(EXTRACT(YEAR FROM dated) * 100 + EXTRACT(MONTH FROM dated) AS INTEGER)",
    };
    format!(
        "SELECT COUNT(*) FROM (SELECT ledger_id FROM (\
         SELECT ledger_id, month, closing, debit, credit FROM ledger_period_totals UNION ALL \
         SELECT ledger_id, {month}, closing, -effect * debit, -effect * credit \
         FROM voucher_ledger_entries) AS both_sides GROUP BY ledger_id, month, closing \
         HAVING SUM(debit) <> 0 OR SUM(credit) <> 0) AS differing"
    )
}

/// The number that a statement without marks answers.
pub async fn count(conn: &impl ConnectionTrait, sql: &str) -> Result<i64> {
    let row = conn.query_one_raw(statement(conn.get_database_backend(), sql, [])).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
}

async fn unknown_structure(conn: &impl ConnectionTrait, catalogue: &Catalogue) -> Result<i64> {
    let mut unknown = 0_i64;
    type IsKnown = fn(&Catalogue, i64) -> bool;
    let is_type: IsKnown = |all, id| all.voucher_type(VoucherTypeId::new(id)).is_some();
    let is_group: IsKnown = |all, id| all.group(AccountGroupId::new(id)).is_some();
    for (sql, is_known) in [
        (
            "SELECT DISTINCT voucher_type_id FROM vouchers \
             WHERE voucher_type_id NOT IN (SELECT id FROM own_voucher_types)",
            is_type,
        ),
        ("SELECT DISTINCT shared_type_id FROM own_voucher_types", is_type),
        ("SELECT DISTINCT group_id FROM ledgers WHERE group_id IS NOT NULL", is_group),
        (
            "SELECT DISTINCT parent_group_id FROM account_subgroups \
             WHERE parent_group_id IS NOT NULL",
            is_group,
        ),
    ] {
        let rows = conn.query_all_raw(statement(conn.get_database_backend(), sql, [])).await?;
        for row in rows {
            if !is_known(catalogue, row.try_get_by_index(0)?) {
                unknown = unknown.saturating_add(1);
            }
        }
    }
    Ok(unknown)
}
