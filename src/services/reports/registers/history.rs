//! The history of a voucher: every version that it stood in, what each changed, and every act on it.

use daybook_domain::{
    chain::Canonical,
    id::{UserId, VoucherId, VoucherVersionId},
    role::Permission,
};
use daybook_entity::tenant::{books::ActKind, business::business};
use sea_orm::{ActiveEnum, ConnectionTrait, Value};

use super::{
    exceptions::{Act, acts_of},
    known::Known,
};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::statement,
    },
    error::{Error, Result},
    lane::{
        PostedVoucher, canonical,
        stored::{HEADER, HEADER_COLUMNS, current, entries as read_entries, voucher},
    },
    scope::TenantScope,
    services::books::{
        audit_changes::{self, FieldChange, Places},
        chart,
    },
};

/// What happened to a voucher.
#[derive(Debug, Clone)]
pub struct History {
    /// The voucher as it stands now.
    pub voucher: PostedVoucher,
    /// The pages of versions that were asked for.
    pub versions: Vec<Page<Version>>,
    /// The pages of acts that were asked for.
    pub acts: Vec<Page<Act>>,
}

/// A voucher as it stood after being posted or amended.
#[derive(Debug, Clone)]
pub struct Version {
    /// The voucher in this version.
    pub voucher: PostedVoucher,
    /// Who posted or amended it.
    pub made_by: Option<UserId>,
    /// Why it does not stand any more, and since when (UTC milliseconds).
    pub ended: Option<(ActKind, i64)>,
    /// What it changed of the version before; of the first version, nothing.
    pub changes: Vec<FieldChange>,
}

/// Which lists are wanted, and which pages of them.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Pages of versions.
    pub versions: Vec<PageAsk>,
    /// Whether what a version changed is.
    pub with_changes: bool,
    /// Pages of acts.
    pub acts: Vec<PageAsk>,
}

/// The history of a voucher; nothing where the caller sees no such voucher. It is part of the edit log,
/// which tells of everybody's acts: roles that see only their own documents see none of it.
///
/// # Errors
/// No permission, a cursor that is none, or a database that cannot be read.
pub async fn history(
    scope: &TenantScope,
    id: Option<VoucherId>,
    wanted: &Wanted,
) -> Result<Option<History>> {
    scope.require(Permission::AuditRead)?;
    let Some(id) = id.filter(|_| !scope.access.own_documents_only) else { return Ok(None) };
    let chart = chart::chart(scope).await?;
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let conn = snapshot.conn();
    let found = current(conn, &[id]).await?.into_iter().next();
    let Some(found) = found else { return Ok(None) };
    let Some(business) = chart.visible(scope, found.business) else { return Ok(None) };
    let mut versions = Vec::with_capacity(wanted.versions.len());
    for ask in &wanted.versions {
        let page = Chapter { scope, business, id, ask, with_changes: wanted.with_changes };
        versions.push(page.read(conn).await?);
    }
    let mut acts = Vec::with_capacity(wanted.acts.len());
    for ask in &wanted.acts {
        acts.push(acts_of(conn, id, Known::Now, ask).await?);
    }
    Ok(Some(History { voucher: found, versions, acts }))
}

/// A page of a voucher's versions.
struct Chapter<'c> {
    scope: &'c TenantScope,
    business: &'c business::Model,
    id: VoucherId,
    ask: &'c PageAsk,
    with_changes: bool,
}

impl Chapter<'_> {
    async fn read(&self, conn: &impl ConnectionTrait) -> Result<Page<Version>> {
        let backend = conn.get_database_backend();
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let after: i32 = match self.ask.after.as_deref() {
            None => 0,
            Some([version]) => version.parse().map_err(|_| bad())?,
            Some(_) => return Err(bad()),
        };
        // The version before the page is read as well, to tell what its first one changed.
        let text = format!(
            "SELECT {HEADER}, w.created_by, a.kind, a.recorded_at FROM voucher_versions w \
             JOIN vouchers v ON v.id = w.voucher_id LEFT JOIN voucher_acts a \
             ON a.voucher_id = w.voucher_id AND a.version = w.version \
             AND a.kind IN ('CANCELLED', 'AMENDED') \
             WHERE w.voucher_id = ? AND w.version >= ? ORDER BY w.version LIMIT {}",
            self.ask.first.saturating_add(2)
        );
        let binds = [Value::from(self.id.get()), Value::from(after)];
        let mut versions = Vec::new();
        for row in conn.query_all_raw(statement(backend, &text, binds)).await? {
            let made_by: Option<i64> = row.try_get_by_index(HEADER_COLUMNS)?;
            let kind: Option<String> = row.try_get_by_index(HEADER_COLUMNS + 1)?;
            let ended_at: Option<i64> = row.try_get_by_index(HEADER_COLUMNS + 2)?;
            let kind = kind.map(|kind| ActKind::try_from_value(&kind)).transpose()?;
            versions.push(Version {
                voucher: voucher(&row)?,
                made_by: made_by.map(UserId::new),
                ended: kind.zip(ended_at),
                changes: Vec::new(),
            });
        }
        if self.with_changes {
            self.compare(conn, &mut versions).await?;
        }
        versions.retain(|version| version.voucher.version > after);
        let total = if self.ask.wants_total {
            let text = "SELECT COUNT(*) FROM voucher_versions WHERE voucher_id = ?";
            let ask = statement(backend, text, [Value::from(self.id.get())]);
            let row = conn.query_one_raw(ask).await?;
            row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?.unwrap_or(0)
        } else {
            0
        };
        let total = u64::try_from(total).unwrap_or(0);
        Ok(Page::cut(versions, self.ask, total, |one| vec![one.voucher.version.to_string()]))
    }

    /// Tells of each version what it changed of the one before it.
    async fn compare(&self, conn: &impl ConnectionTrait, versions: &mut [Version]) -> Result<()> {
        let ids: Vec<VoucherVersionId> =
            versions.iter().map(|version| version.voucher.version_id).collect();
        let mut entries = read_entries(conn, &ids).await?;
        let mut before: Option<String> = None;
        let own = chart::exponent(self.business);
        let of = |code: &str| {
            let currency = self.scope.catalogue.currency(code);
            currency.and_then(|one| u8::try_from(one.exponent).ok()).unwrap_or(2)
        };
        for version in versions {
            let mut whole = version.voucher.clone();
            whole.entries = entries.remove(&whole.version_id).unwrap_or_default();
            let after = canonical::voucher_posted(&whole).canonical;
            if let Some(before) = &before {
                let content = Canonical::new().text("before", before).text("after", &after);
                let row = Canonical::new().text("content", &content.finish()).finish();
                let changes = audit_changes::changes(&row, Places { own, of });
                version.changes = changes.into_iter().filter(tells).collect();
            }
            before = Some(after);
        }
        Ok(())
    }
}

/// Whether a change says anything: each version has a number, and each of its entries an id.
fn tells(change: &FieldChange) -> bool {
    let is_id = change.field.starts_with("entries.") && change.field.ends_with(".id");
    change.field != "version" && !is_id
}
