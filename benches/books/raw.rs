//! The raw limit of posting: what a careful hand would write without Daybook.
//!
//! One transaction per voucher (or per 64), each step a prepared statement on a connection of its own:
//! lock the lane, look for the retry key, take a number, insert the rows, commit. It judges nothing,
//! parses nothing and answers nobody, and leaves exactly the rows that Daybook leaves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use chrono::NaiveDate;
use daybook_domain::chain::{Canonical, ChainHash, link};

use crate::{
    Outcome,
    engine::{Engine, Place},
    figures::{Sample, micros},
    seed::{BUSINESS, FIRST_LEDGER, JOURNAL, SERIES, USER, YEAR, marks},
    sql::{Cell, Connection, Script},
};

/// Milliseconds from 1970 to 2025, where ids of rows begin to count.
const ID_EPOCH_MS: i64 = 1_735_689_600_000;

/// What the clients of one run share: ids and keys that are never given twice.
#[derive(Debug)]
pub struct Source {
    ids: AtomicI64,
    keys: AtomicU64,
    dated: NaiveDate,
}

impl Source {
    /// Ids from now on, for vouchers of one book date.
    pub fn new(dated: NaiveDate) -> Self {
        let ids = (now_ms() - ID_EPOCH_MS) << 22;
        Self { ids: AtomicI64::new(ids), keys: AtomicU64::new(0), dated }
    }

    fn id(&self) -> i64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    fn key(&self) -> String {
        format!("raw-{:016x}", self.keys.fetch_add(1, Ordering::Relaxed))
    }
}

/// One client: a connection and its prepared texts for a number of vouchers per commit.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    engine: Engine,
    source: Arc<Source>,
    size: usize,
    lock: Script,
    find_keys: Script,
    number: Script,
    writes: Vec<Script>,
    together: Option<Script>,
}

const LANE: &str = "SELECT tenant_id, epoch, accepts_writes, access_seq, settings_seq, change_seq, \
     last_recorded_at, chain_seq, chain_hash FROM lane WHERE id = 1";

/// Table, columns, rows per voucher and what to do with a key that is there.
const INSERTS: [(&str, &str, usize); 6] = [
    (
        "vouchers",
        "id, business_id, voucher_type_id, base_type, year_id, series_id, sequence, number, \
         reverses_id, created_by, recorded_at",
        1,
    ),
    (
        "voucher_versions",
        "id, voucher_id, version, business_id, kind, dated, total, narration, reference, \
         reference_date, party_ledger_id, occurred_at, areas, lock_exception_id, created_by, \
         change_seq, recorded_at",
        1,
    ),
    (
        "voucher_ledger_entries",
        "id, version_id, line, effect, business_id, ledger_id, dated, debit, credit, currency, \
         currency_amount, exchange_rate, narration, closing, recorded_at",
        2,
    ),
    (
        "audit_logs",
        "seq, recorded_at, actor_kind, actor_id, request_id, action, subject_type, subject_id, \
         business_id, canonical, hash",
        1,
    ),
    ("idempotency_keys", "field, retry_key, input_hash, result_ids, recorded_at", 1),
    ("outbox", "change_seq, recorded_at, kind, business_id, subject_id, author_id, payload", 1),
];

impl Client {
    /// Opens a client that posts `size` vouchers per commit.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn open(place: &Place, source: &Arc<Source>, size: usize) -> Outcome<Self> {
        let engine = place.engine();
        let script = |text: &str| Script::new(engine, text);
        let mut writes: Vec<Script> = INSERTS
            .iter()
            .map(|(table, columns, each)| {
                let row = format!("({})", marks(columns.split(',').count()));
                let values = vec![row; each * size].join(", ");
                script(&format!("INSERT INTO {table} ({columns}) VALUES {values}"))
            })
            .collect();
        let (conflict, new) = if engine == Engine::Mariadb {
            ("ON DUPLICATE KEY UPDATE", ["VALUES(debit)", "VALUES(credit)"])
        } else {
            (
                "ON CONFLICT (ledger_id, month, closing) DO UPDATE SET",
                ["excluded.debit", "excluded.credit"],
            )
        };
        let [debit, credit] = new;
        writes.push(script(&format!(
            "INSERT INTO ledger_period_totals (ledger_id, month, closing, business_id, debit, credit) \
             VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?) {conflict} \
             debit = ledger_period_totals.debit + {debit}, \
             credit = ledger_period_totals.credit + {credit}"
        )));
        writes.push(script(
            "UPDATE lane SET access_seq = ?, settings_seq = ?, change_seq = ?, \
             last_recorded_at = ?, chain_seq = ?, chain_hash = ? WHERE id = 1",
        ));
        let lock = match engine {
            Engine::Sqlite => Script::joined(&[&script("BEGIN IMMEDIATE"), &script(LANE)]),
            _ => script(&format!("{LANE} FOR UPDATE")),
        };
        let number = match engine {
            Engine::Mariadb => script(
                "UPDATE voucher_series SET next_number = LAST_INSERT_ID(next_number + ?) WHERE id = ?",
            ),
            _ => script(
                "UPDATE voucher_series SET next_number = next_number + ? WHERE id = ? \
                 RETURNING next_number",
            ),
        };
        let find_keys = script(&format!(
            "SELECT field, retry_key, input_hash, result_ids FROM idempotency_keys \
             WHERE field = ? AND retry_key IN ({})",
            marks(size)
        ));
        // SQLite takes all writes and the commit in one call, which saves the way to its thread.
        let together = (engine == Engine::Sqlite).then(|| {
            let commit = script("COMMIT");
            let all: Vec<&Script> = writes.iter().chain([&commit]).collect();
            Script::joined(&all)
        });
        Ok(Self {
            connection: Connection::open(place).await?,
            engine,
            source: Arc::clone(source),
            size,
            lock,
            find_keys,
            number,
            writes,
            together,
        })
    }

    /// Posts one transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn post(&mut self) -> Outcome<()> {
        if self.engine != Engine::Sqlite {
            self.connection.command("BEGIN").await?;
        }
        let fence = self.connection.row(&self.lock, &[]).await?;
        let lane = Lane {
            access_seq: fence.big(3)?,
            settings_seq: fence.big(4)?,
            change_seq: fence.big(5)?,
            recorded_at: now_ms().max(fence.big(6)?),
            chain_seq: fence.big(7)?,
            chain_hash: ChainHash::from_hex(&fence.text(8)?).ok_or("the lane's hash")?,
        };
        let keys: Vec<String> = (0..self.size).map(|_| self.source.key()).collect();
        let mut asked = vec![Cell::from("voucherPost")];
        asked.extend(keys.iter().map(|key| Cell::from(key.as_str())));
        if !self.connection.rows(&self.find_keys, &asked).await?.is_empty() {
            return Err("a fresh key was used already".into());
        }
        let step = i64::try_from(self.size)?;
        let taken = [Cell::from(step), Cell::from(SERIES)];
        let next = match self.engine {
            Engine::Mariadb => i64::try_from(self.connection.execute(&self.number, &taken).await?)?,
            _ => self.connection.row(&self.number, &taken).await?.big(0)?,
        };
        let sets = self.rows(lane, next - step, keys);
        match &self.together {
            Some(together) => {
                self.connection.execute(together, &sets.concat()).await?;
            }
            None => {
                for (script, cells) in self.writes.iter().zip(&sets) {
                    self.connection.execute(script, cells).await?;
                }
                self.connection.command("COMMIT").await?;
            }
        }
        Ok(())
    }

    /// The values of all writes, in the order of the texts.
    fn rows(&self, mut lane: Lane, first: i64, keys: Vec<String>) -> [Vec<Cell>; 8] {
        let Source { dated, .. } = *self.source;
        let (debtor, creditor) = (FIRST_LEDGER, FIRST_LEDGER + 1);
        let at = lane.recorded_at;
        let mut vouchers = Vec::with_capacity(11 * self.size);
        let mut versions = Vec::with_capacity(17 * self.size);
        let mut entries = Vec::with_capacity(30 * self.size);
        let mut audit = Vec::with_capacity(11 * self.size);
        let mut retries = Vec::with_capacity(5 * self.size);
        let mut events = Vec::with_capacity(7 * self.size);
        let mut sum = 0;
        for (sequence, key) in (first..).zip(keys) {
            let amount = 10_000 + sequence % 977;
            sum += amount;
            let ids: [i64; 4] = std::array::from_fn(|_| self.source.id());
            let [voucher, version, debit, credit] = ids;
            let number = format!("JRN-{sequence}");
            lane.change_seq += 1;
            lane.chain_seq += 1;
            let text = canonical(ids, at, sequence, &number, dated, amount);
            lane.chain_hash = link(lane.chain_hash, lane.chain_seq, &text);
            vouchers.extend([
                voucher.into(),
                BUSINESS.into(),
                JOURNAL.into(),
                "JRN".into(),
                YEAR.into(),
                SERIES.into(),
                sequence.into(),
                number.into(),
                Cell::NoBig,
                USER.into(),
                at.into(),
            ]);
            versions.extend([
                version.into(),
                voucher.into(),
                1.into(),
                BUSINESS.into(),
                "ORDINARY".into(),
                dated.into(),
                amount.into(),
                Cell::NoText,
                Cell::NoText,
                Cell::NoDate,
                Cell::NoBig,
                Cell::NoBig,
                1.into(),
                Cell::NoBig,
                USER.into(),
                lane.change_seq.into(),
                at.into(),
            ]);
            for (id, line, ledger, debit, credit) in
                [(debit, 1, debtor, amount, 0), (credit, 2, creditor, 0, amount)]
            {
                entries.extend([
                    id.into(),
                    version.into(),
                    Cell::Int(line),
                    Cell::Small(1),
                    BUSINESS.into(),
                    ledger.into(),
                    dated.into(),
                    debit.into(),
                    credit.into(),
                    Cell::NoText,
                    Cell::NoBig,
                    Cell::NoBig,
                    Cell::NoText,
                    false.into(),
                    at.into(),
                ]);
            }
            audit.extend([
                lane.chain_seq.into(),
                at.into(),
                "USER".into(),
                USER.into(),
                REQUEST.into(),
                "VOUCHER_POSTED".into(),
                "Voucher".into(),
                voucher.into(),
                BUSINESS.into(),
                text.into(),
                lane.chain_hash.to_hex().into(),
            ]);
            retries.extend([
                "voucherPost".into(),
                key.into(),
                lane.chain_hash.to_hex().into(),
                format!("[{voucher}]").into(),
                at.into(),
            ]);
            events.extend([
                lane.change_seq.into(),
                at.into(),
                "voucherPosted".into(),
                BUSINESS.into(),
                voucher.into(),
                USER.into(),
                "".into(),
            ]);
        }
        let month = daybook_domain::period::month_key(dated);
        let total = |ledger: i64, debit: i64, credit: i64| {
            [
                ledger.into(),
                month.into(),
                false.into(),
                BUSINESS.into(),
                debit.into(),
                credit.into(),
            ]
        };
        let totals = [total(debtor, sum, 0), total(creditor, 0, sum)].concat();
        let fence = vec![
            lane.access_seq.into(),
            lane.settings_seq.into(),
            lane.change_seq.into(),
            lane.recorded_at.into(),
            lane.chain_seq.into(),
            lane.chain_hash.to_hex().into(),
        ];
        [vouchers, versions, entries, audit, retries, events, totals, fence]
    }
}

/// What stands for the id of a request.
const REQUEST: &str = "01JD5V6E4X0000000000000000";

struct Lane {
    access_seq: i64,
    settings_seq: i64,
    change_seq: i64,
    recorded_at: i64,
    chain_seq: i64,
    chain_hash: ChainHash,
}

/// The text of the audit row, as long as Daybook's own.
fn canonical(
    [voucher, version, debit, credit]: [i64; 4],
    at: i64,
    sequence: i64,
    number: &str,
    dated: NaiveDate,
    amount: i64,
) -> String {
    let entry = |id, line, ledger, debit, credit| {
        Canonical::new()
            .int("id", id)
            .int("line", line)
            .int("ledger", ledger)
            .int("debit", debit)
            .int("credit", credit)
    };
    let content = Canonical::new()
        .int("voucher", voucher)
        .int("versionId", version)
        .int("version", 1)
        .int("type", JOURNAL)
        .text("base", "JRN")
        .text("kind", "ORDINARY")
        .int("year", YEAR)
        .int("series", SERIES)
        .int("sequence", sequence)
        .text("number", number)
        .text("dated", &dated.to_string())
        .int("total", amount)
        .int("areas", 1)
        .list(
            "entries",
            [
                entry(debit, 1, FIRST_LEDGER, amount, 0),
                entry(credit, 2, FIRST_LEDGER + 1, 0, amount),
            ],
        )
        .finish();
    Canonical::new()
        .int("at", at)
        .text("actor", "USER")
        .int("actorId", USER)
        .text("request", REQUEST)
        .text("action", "VOUCHER_POSTED")
        .text("subject", "Voucher")
        .int("subjectId", voucher)
        .int("businessId", BUSINESS)
        .text("content", &content)
        .finish()
}

/// Posts for a while with so many clients; `done` counts vouchers, a latency is that of a commit.
///
/// # Errors
/// What the database says.
pub async fn post_for(
    place: &Place,
    source: &Arc<Source>,
    clients: usize,
    size: usize,
    time: Duration,
) -> Outcome<Sample> {
    let mut opened = Vec::with_capacity(clients);
    for _ in 0..clients {
        let mut client = Client::open(place, source, size).await?;
        client.post().await?;
        opened.push(client);
    }
    let began = Instant::now();
    let tasks: Vec<_> = opened
        .into_iter()
        .map(|mut client| {
            tokio::spawn(async move {
                let mut sample = Sample::default();
                while began.elapsed() < time {
                    let start = Instant::now();
                    client.post().await?;
                    sample.latencies.push(micros(start.elapsed()));
                    sample.done += client.size;
                }
                let took = began.elapsed();
                client.connection.close().await?;
                Outcome::Ok((sample, took))
            })
        })
        .collect();
    let mut samples = Vec::with_capacity(clients);
    let mut took = Duration::ZERO;
    for task in tasks {
        let (sample, ended) = task.await??;
        took = took.max(ended);
        samples.push(sample);
    }
    Ok(Sample::joined(samples, took))
}

/// UTC milliseconds now.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
