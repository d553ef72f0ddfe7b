//! Verifies a tenant's edit log from its first row: the chain, the posted rows it tells of, the anchors.
//!
//! Three things are compared. The **chain** is computed anew, so a row that was changed, added or taken
//! out shows. The **posted rows** must say what the log says of them, and nothing may be posted that the
//! log does not tell of. The **anchors** in master must be met, so a log that was rewritten from some row
//! on, hashes and all, shows between the last anchor that it meets and the first that it does not.
//!
//! All is read from one snapshot, page by page: memory does not grow with the log.

mod anchors;
mod costs;
mod currencies;
pub mod figures;
mod rows;
mod stored;

use std::fmt;

use daybook_domain::{
    chain::{ChainHash, link},
    id::VoucherId,
};
use daybook_entity::tenant::record::audit_log;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use self::{anchors::Anchors, stored::Stored};
use crate::{error::Result, office::Office, services::chain::PAGE_ROWS, tenancy::Lease};

/// What was compared, and the first thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Rows of the edit log whose hash was computed anew.
    pub rows: i64,
    /// Vouchers that were compared with the log.
    pub vouchers: i64,
    /// Anchors that the log meets.
    pub anchors: i64,
    /// The first difference; nothing when all is well.
    pub difference: Option<Difference>,
}

/// What differs, and where in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// First and last row of the range in which it lies; nothing where no row tells of it.
    pub range: Option<(i64, i64)>,
    /// What differs.
    pub what: What,
}

/// Kinds of differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Rows are not there.
    Missing,
    /// A row's text or hash is not what the chain wants.
    Chain,
    /// A row's columns do not say what its text says.
    Columns,
    /// A posted voucher is not what the row says.
    Voucher(VoucherId),
    /// The log was rewritten, hashes and all: it does not meet an anchor.
    Rewritten,
    /// The log ends before an anchor.
    Cut,
    /// The last hash is not the one that the lane goes on from.
    End,
    /// There are rows that the lane does not know of.
    Surplus,
    /// A posted table holds other rows than the log tells of.
    Unrecorded {
        /// The table.
        table: &'static str,
        /// Rows in it.
        stored: i64,
        /// Rows that the log tells of.
        recorded: i64,
    },
    /// The sums per month are not what the entries add up to.
    Totals {
        /// Ledgers and months that differ.
        count: i64,
    },
}

impl Difference {
    fn at(seq: i64, what: What) -> Self {
        Self::within(seq, seq, what)
    }

    fn within(first: i64, last: i64, what: What) -> Self {
        Self { range: Some((first, last)), what }
    }

    fn nowhere(what: What) -> Self {
        Self { range: None, what }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.range {
            Some((first, last)) if first == last => write!(out, "row {first}: ")?,
            Some((first, last)) => write!(out, "rows {first} to {last}: ")?,
            None => {}
        }
        match &self.what {
            What::Missing => out.write_str("missing from the edit log"),
            What::Chain => out.write_str("changed after it was written"),
            What::Columns => out.write_str("its columns do not say what its text says"),
            What::Voucher(id) => write!(out, "voucher {id} is not stored as it was posted"),
            What::Rewritten => {
                out.write_str("the edit log was rewritten; it does not meet the anchor")
            }
            What::Cut => out.write_str("the edit log ends before its last anchor"),
            What::End => {
                out.write_str("the end of the edit log is not the one that the lane knows")
            }
            What::Surplus => out.write_str("the edit log goes on behind its end"),
            What::Unrecorded { table, stored, recorded } => {
                write!(out, "{table} holds {stored} rows, the edit log tells of {recorded}")
            }
            What::Totals { count } => {
                write!(out, "{count} monthly sums are not what the entries add up to")
            }
        }
    }
}

/// Verifies one tenant's edit log.
///
/// # Errors
/// When the tenant's database or master cannot be read.
pub async fn verify(office: &Office, lease: &Lease) -> Result<Report> {
    // Anchors are listed before the snapshot is taken: what they saw, the snapshot has.
    let mut anchors = Anchors::of(office, lease.route().id).await?;
    let snapshot = lease.reader().await?.snapshot().await?;
    let (conn, fence) = (snapshot.conn(), *snapshot.fence());
    let mut walk =
        Walk { last: 0, hash: ChainHash::GENESIS, recorded: stored::Recorded::default() };
    let mut difference = walk.along(conn, fence.chain_seq, &mut anchors).await?;
    if difference.is_none() {
        difference = if walk.last < fence.chain_seq {
            let first = walk.last.saturating_add(1);
            Some(Difference::within(first, fence.chain_seq, What::Missing))
        } else if walk.hash != fence.chain_hash {
            Some(Difference::at(walk.last, What::End))
        } else if let Some(anchor) = anchors.next().await? {
            let first = walk.last.saturating_add(1);
            Some(Difference::within(first, anchor.chain_seq, What::Cut))
        } else {
            surplus(conn, fence.chain_seq).await?
        };
    }
    if difference.is_none() {
        difference = walk.recorded.compare(conn).await?.map(Difference::nowhere);
    }
    let vouchers = walk.recorded.vouchers();
    Ok(Report { rows: walk.last, vouchers, anchors: anchors.met, difference })
}

struct Walk {
    last: i64,
    hash: ChainHash,
    recorded: stored::Recorded,
}

impl Walk {
    async fn along(
        &mut self,
        conn: &DatabaseTransaction,
        end: i64,
        anchors: &mut Anchors<'_>,
    ) -> Result<Option<Difference>> {
        use audit_log::Column;
        while self.last < end {
            let rows = audit_log::Entity::find()
                .filter(Column::Seq.gt(self.last))
                .filter(Column::Seq.lte(end))
                .order_by_asc(Column::Seq)
                .limit(PAGE_ROWS)
                .all(conn)
                .await?;
            if rows.is_empty() {
                break;
            }
            let stored = Stored::of(conn, &rows).await?;
            for row in &rows {
                if let Some(difference) = self.step(row, &stored) {
                    return Ok(Some(difference));
                }
                let met = anchors.last_met.saturating_add(1);
                if !anchors.is_met(self.last, self.hash).await? {
                    return Ok(Some(Difference::within(met, self.last, What::Rewritten)));
                }
            }
        }
        Ok(None)
    }

    fn step(&mut self, row: &audit_log::Model, stored: &Stored) -> Option<Difference> {
        let expected = self.last.saturating_add(1);
        if row.seq > expected {
            return Some(Difference::within(expected, row.seq.saturating_sub(1), What::Missing));
        }
        let hash = link(self.hash, row.seq, &row.canonical);
        if row.seq != expected || hash.to_hex() != row.hash {
            return Some(Difference::at(expected, What::Chain));
        }
        (self.last, self.hash) = (expected, hash);
        let what = stored.compare(row, &mut self.recorded)?;
        Some(Difference::at(expected, what))
    }
}

/// Rows that the lane does not know of.
async fn surplus(conn: &DatabaseTransaction, end: i64) -> Result<Option<Difference>> {
    use audit_log::Column;
    let outside = Condition::any().add(Column::Seq.lt(1)).add(Column::Seq.gt(end));
    let count = audit_log::Entity::find().filter(outside).count(conn).await?;
    Ok((count > 0).then(|| {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        Difference::within(end.saturating_add(1), end.saturating_add(count), What::Surplus)
    }))
}
