//! The newest of its kind of each tenant that waits to be written.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use daybook_domain::id::TenantId;

/// What waits, by tenant: its number, and what comes with it. It waits until it is told to be written, so
/// nothing is lost where whoever writes is stopped in the middle.
#[derive(Debug)]
pub(super) struct Newest<T>(Mutex<HashMap<TenantId, (i64, T)>>);

/// One tenant's.
pub(super) type Row<T> = (TenantId, (i64, T));

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Copy + PartialEq> Newest<T> {
    fn held(&self) -> MutexGuard<'_, HashMap<TenantId, (i64, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes it, unless a newer one waits.
    pub fn note(&self, tenant: TenantId, number: i64, what: T) {
        let mut waiting = self.held();
        let newest = waiting.entry(tenant).or_insert((number, what));
        if number > newest.0 {
            *newest = (number, what);
        }
    }

    /// All that waits, in the order of the key, so that two nodes never wait for each other in a ring.
    pub fn rows(&self) -> Vec<Row<T>> {
        let mut rows: Vec<Row<T>> =
            self.held().iter().map(|(tenant, newest)| (*tenant, *newest)).collect();
        rows.sort_unstable_by_key(|(tenant, _)| *tenant);
        rows
    }

    /// These are written; what came meanwhile waits on.
    pub fn written(&self, rows: &[Row<T>]) {
        let mut waiting = self.held();
        for (tenant, written) in rows {
            if waiting.get(tenant) == Some(written) {
                waiting.remove(tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_written_waits_and_so_does_what_came_meanwhile() {
        let newest = Newest::default();
        let (one, two) = (TenantId::new(1), TenantId::new(2));
        newest.note(two, 5, 'b');
        newest.note(one, 3, 'a');
        newest.note(one, 2, 'x');
        let rows = newest.rows();
        assert_eq!(rows, [(one, (3, 'a')), (two, (5, 'b'))]);
        // Whoever took them went away.
        assert_eq!(newest.rows(), rows);
        newest.note(two, 6, 'c');
        newest.written(&rows);
        assert_eq!(newest.rows(), [(two, (6, 'c'))]);
    }
}
