//! What stands out in the books: cash below zero, numbers that are missing, vouchers that were changed,
//! entries on ledgers that are archived.

mod archived;
mod changed;
mod gaps;
mod negative_cash;

pub use archived::ArchivedLedger;
pub use changed::{Act, ChangedVoucher, acts_of};
pub use gaps::NumberGap;
pub use negative_cash::NegativeCash;

use super::frame::{Asking, Begins, Frame};
use crate::{
    db::page::{Page, PageAsk},
    error::{Error, Result},
    scope::TenantScope,
};

/// Which lists are wanted, and which pages of them.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Cash below zero.
    pub negative_cash: Vec<PageAsk>,
    /// Missing numbers.
    pub number_gaps: Vec<PageAsk>,
    /// Cancelled and amended vouchers.
    pub changed_vouchers: Vec<PageAsk>,
    /// Ledgers that are archived and have entries.
    pub archived_ledgers: Vec<PageAsk>,
}

/// What stands out. Each list has the pages that were asked for.
#[derive(Debug, Clone)]
pub struct Exceptions {
    /// What it was asked of.
    pub frame: Frame,
    /// Ledgers of cash that were below zero at the end of some day, by name.
    pub negative_cash: Vec<Page<NegativeCash>>,
    /// Numbers without a voucher, by series and number.
    pub number_gaps: Vec<Page<NumberGap>>,
    /// Acts by which versions dated in the range were cancelled or amended, by that date.
    pub changed_vouchers: Vec<Page<ChangedVoucher>>,
    /// Archived ledgers with entries in the range, by name.
    pub archived_ledgers: Vec<Page<ArchivedLedger>>,
}

/// Reads what stands out, from one snapshot.
///
/// # Errors
/// No permission, an argument that cannot be used, or a database that cannot be read.
pub async fn exceptions(
    scope: &TenantScope,
    asking: Asking,
    wanted: &Wanted,
) -> Result<Exceptions> {
    let frame = Frame::of(scope, asking, Begins::WithTheYear).await?;
    let snapshot = scope.db.reader().await?.snapshot().await?;
    let conn = snapshot.conn();
    let negative_cash = match wanted.negative_cash.as_slice() {
        [] => Vec::new(),
        asks => by_name(&negative_cash::read(conn, &frame).await?, asks)?,
    };
    let archived_ledgers = match wanted.archived_ledgers.as_slice() {
        [] => Vec::new(),
        asks => by_name(&archived::read(conn, &frame).await?, asks)?,
    };
    let number_gaps = match wanted.number_gaps.as_slice() {
        [] => Vec::new(),
        asks => gaps::read(conn, &frame, asks).await?,
    };
    let mut changed_vouchers = Vec::with_capacity(wanted.changed_vouchers.len());
    for ask in &wanted.changed_vouchers {
        changed_vouchers.push(changed::read(conn, &frame, ask).await?);
    }
    Ok(Exceptions { frame, negative_cash, number_gaps, changed_vouchers, archived_ledgers })
}

/// Something about a ledger.
trait Named {
    /// The ledger's name as it is sorted by, and its number.
    fn name(&self) -> (&str, i64);
}

/// Pages of rows that are all at hand, in the order of their ledgers' names.
fn by_name<T: Named + Clone>(rows: &[T], asks: &[PageAsk]) -> Result<Vec<Page<T>>> {
    let one = |ask: &PageAsk| {
        let after: Option<(&str, i64)> = match ask.after.as_deref() {
            None => None,
            Some([name, id]) => Some((name.as_str(), id.parse().map_err(|_| not_ours())?)),
            Some(_) => return Err(not_ours()),
        };
        let rest = rows.iter().filter(|row| after.is_none_or(|after| row.name() > after));
        let most = usize::try_from(ask.first).unwrap_or(usize::MAX).saturating_add(1);
        let shown: Vec<T> = rest.take(most).cloned().collect();
        let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        Ok(Page::cut(shown, ask, total, |row| {
            let (name, id) = row.name();
            vec![name.to_owned(), id.to_string()]
        }))
    };
    asks.iter().map(one).collect()
}

fn not_ours() -> Error {
    Error::bad_input("after", "this is not a cursor of this list")
}
