//! What a migration must leave as it was: the books added up, and the end of the edit log.

use daybook_domain::chain::ChainHash;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use sea_orm_migration::SchemaManager;

use crate::{
    db::sql::{statement, sum},
    error::{Error, Result},
    lane::Fence,
};

/// Tables whose rows are counted. One that is not there yet has none.
const COUNTED: [&str; 3] = ["vouchers", "voucher_versions", "audit_logs"];

/// The books added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    chain: (i64, ChainHash),
    rows: [i64; COUNTED.len()],
    businesses: Vec<Business>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Business {
    id: i64,
    entries: i64,
    debit: Option<i64>,
    credit: Option<i64>,
}

impl Proof {
    /// Adds up a database to which nobody writes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn of(connection: &DatabaseConnection) -> Result<Self> {
        let backend = connection.get_database_backend();
        let tables = SchemaManager::new(connection);
        let fence = Fence::read(connection).await?;
        let mut rows = [0; COUNTED.len()];
        for (table, count) in COUNTED.iter().zip(&mut rows) {
            if tables.has_table(table).await? {
                let ask = statement(backend, &format!("SELECT COUNT(*) FROM {table}"), []);
                let found = connection.query_one_raw(ask).await?;
                *count = found.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
            }
        }
        let mut businesses = Vec::new();
        if tables.has_table("voucher_ledger_entries").await? {
            let ask = format!(
                "SELECT business_id, COUNT(*), {}, {} FROM voucher_ledger_entries \
                 GROUP BY business_id ORDER BY business_id",
                sum(backend, "effect * debit"),
                sum(backend, "effect * credit")
            );
            for row in connection.query_all_raw(statement(backend, &ask, [])).await? {
                businesses.push(Business {
                    id: row.try_get_by_index(0)?,
                    entries: row.try_get_by_index(1)?,
                    debit: row.try_get_by_index(2)?,
                    credit: row.try_get_by_index(3)?,
                });
            }
        }
        Ok(Self { chain: (fence.chain_seq, fence.chain_hash), rows, businesses })
    }

    /// Compares what was with what is.
    ///
    /// # Errors
    /// [`Error::Internal`] with the first thing that differs.
    pub fn must_be(&self, after: &Self) -> Result<()> {
        let moved = |what: String| Err(Error::Internal(format!("the migration changed {what}")));
        if self.chain != after.chain {
            return moved("the end of the edit log".into());
        }
        for ((table, before), after) in COUNTED.iter().zip(self.rows).zip(after.rows) {
            if before != after {
                return moved(format!("the number of rows of {table} from {before} to {after}"));
            }
        }
        let strays = self.businesses.iter().find(|one| !after.businesses.contains(one));
        let strays =
            strays.or_else(|| after.businesses.iter().find(|one| !self.businesses.contains(one)));
        match strays {
            Some(business) => moved(format!("the sums of business {}", business.id)),
            None => Ok(()),
        }
    }
}
