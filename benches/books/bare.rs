//! The raw limit of reading: the list's own two statements behind a bare HTTP handler in this process.
//!
//! No token, no permission, no GraphQL: a fixed query, rows out, JSON by serde. Names of ledgers come
//! from memory, as they do in Daybook. The same load generator asks it over the same kind of socket.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use chrono::NaiveDate;
use serde::Serialize;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};

use crate::{
    Outcome,
    engine::Place,
    seed::{BUSINESS, marks},
    sql::{Cell, Connection, Script},
};

/// Rows on a page.
pub const PAGE: usize = 50;
/// Connections that read.
const READERS: usize = 4;

const LIST: &str = "SELECT v.id, v.business_id, v.voucher_type_id, v.base_type, v.year_id, \
     v.series_id, v.sequence, v.number, v.reverses_id, w.id AS version_id, w.version, w.kind, \
     w.dated, w.total, w.narration, w.reference, w.reference_date, w.party_ledger_id, \
     w.occurred_at, w.areas, w.lock_exception_id, v.created_by, w.change_seq, w.recorded_at \
     FROM voucher_versions w JOIN vouchers v ON v.id = w.voucher_id \
     WHERE NOT EXISTS (SELECT 1 FROM voucher_versions n \
     WHERE n.voucher_id = w.voucher_id AND n.version > w.version) \
     AND w.business_id = ? ORDER BY w.dated DESC, w.id DESC LIMIT 51";

const ENTRIES: &str = "SELECT version_id, id, line, ledger_id, debit, credit, currency, \
     currency_amount, exchange_rate, narration FROM voucher_ledger_entries \
     WHERE version_id IN ({}) AND effect = 1 ORDER BY version_id, line";

#[derive(Debug)]
struct Bare {
    readers: Mutex<Vec<Connection>>,
    free: Semaphore,
    list: Script,
    entries: Script,
    names: HashMap<i64, String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    vouchers: Vouchers<'a>,
}

#[derive(Serialize)]
struct Vouchers<'a> {
    nodes: Vec<Voucher<'a>>,
}

#[derive(Serialize)]
struct Voucher<'a> {
    id: String,
    number: String,
    date: NaiveDate,
    entries: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    debit: Option<Amount>,
    credit: Option<Amount>,
    ledger: Ledger<'a>,
}

#[derive(Serialize)]
struct Amount {
    amount: String,
}

#[derive(Serialize)]
struct Ledger<'a> {
    name: &'a str,
}

/// A running bare handler; dropping it stops it.
#[derive(Debug)]
pub struct BareServer {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for BareServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl BareServer {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn start(place: &Place) -> Outcome<Self> {
        let engine = place.engine();
        let mut readers = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            readers.push(Connection::open(place).await?);
        }
        let mut names = HashMap::new();
        if let Some(reader) = readers.first_mut() {
            let script = Script::new(engine, "SELECT id, name FROM ledgers");
            for row in reader.rows(&script, &[]).await? {
                names.insert(row.big(0)?, row.text(1)?);
            }
        }
        let bare = Arc::new(Bare {
            readers: Mutex::new(readers),
            free: Semaphore::new(READERS),
            list: Script::new(engine, LIST),
            entries: Script::new(engine, &ENTRIES.replace("{}", &marks(PAGE + 1))),
            names,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/graphql", post(answer)).with_state(bare);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the bare handler ended: {error}");
            }
        });
        Ok(Self { address, task })
    }
}

type Json = ([(&'static str, &'static str); 1], Vec<u8>);

async fn answer(State(bare): State<Arc<Bare>>, _: Bytes) -> Result<Json, (StatusCode, String)> {
    match bare.page().await {
        Ok(body) => Ok(([("content-type", "application/json")], body)),
        Err(error) => Err((StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
    }
}

impl Bare {
    async fn page(&self) -> Outcome<Vec<u8>> {
        let _permit = self.free.acquire().await?;
        let mut reader = self.take().ok_or("no reader is free")?;
        let read = self.read(&mut reader).await;
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        Ok(serde_json::to_vec(&Answer { data: Data { vouchers: Vouchers { nodes: read? } } })?)
    }

    fn take(&self) -> Option<Connection> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn read(&self, reader: &mut Connection) -> Outcome<Vec<Voucher<'_>>> {
        let rows = reader.rows(&self.list, &[Cell::from(BUSINESS)]).await?;
        let versions: Outcome<Vec<i64>> = rows.iter().map(|row| row.big(9)).collect();
        let versions = versions?;
        let last = versions.last().copied().unwrap_or(0);
        let asked: Vec<Cell> = versions
            .iter()
            .copied()
            .chain(std::iter::repeat(last))
            .take(PAGE + 1)
            .map(Cell::from)
            .collect();
        let mut entries: HashMap<i64, Vec<Entry<'_>>> = HashMap::new();
        for row in reader.rows(&self.entries, &asked).await? {
            let name = self.names.get(&row.big(3)?).ok_or("an entry of no ledger")?;
            entries.entry(row.big(0)?).or_default().push(Entry {
                debit: amount(row.big(4)?),
                credit: amount(row.big(5)?),
                ledger: Ledger { name },
            });
        }
        rows.iter()
            .zip(versions)
            .take(PAGE)
            .map(|(row, version)| {
                Ok(Voucher {
                    id: row.big(0)?.to_string(),
                    number: row.text(7)?,
                    date: row.date(12)?,
                    entries: entries.remove(&version).unwrap_or_default(),
                })
            })
            .collect()
    }
}

fn amount(minor: i64) -> Option<Amount> {
    (minor != 0).then(|| Amount { amount: format!("{}.{:02}", minor / 100, minor % 100) })
}
