//! Statements over many entries: through the API over ten thousand and over a million of them, beside
//! deriving the same sums from the entries by the covering index.

use std::time::Instant;

use serde_json::json;

use crate::{
    Outcome,
    engine::{self, Engine, Place},
    figures::{Figure, Sample, micros},
    load::{self, Ask},
    options::Options,
    posts::Ours,
    report::{Table, ms, ratio},
    seed::JOURNAL,
    sql::{Connection, Script},
};

/// Ledgers that share the entries; their ids begin behind this number.
const LEDGERS: i64 = 200;
const BEHIND: i64 = 1_000;
/// Vouchers of two entries, few and many.
const FEW: i64 = 5_000;
const MANY: i64 = 500_000;
/// So many are inserted by one statement.
const CHUNK: i64 = 50_000;

/// What is asked, by a name and a query.
const ASKS: [(&str, &str); 3] = [
    (
        "trial balance",
        "{ trialBalance { isBalanced totals { debit { amount } } rows { closingDebit { amount } \
         closingCredit { amount } } } }",
    ),
    ("profit and loss", "{ profitAndLoss { netProfit { amount { amount } } } }"),
    ("balance sheet", "{ balanceSheet { isBalanced totalAssets { amount { amount } } } }"),
];

/// The sums of a trial balance, from the entries alone.
const DERIVED: &str = "SELECT ledger_id, SUM(effect * debit), SUM(effect * credit) \
     FROM voucher_ledger_entries GROUP BY ledger_id";

/// Measures both sizes.
///
/// # Errors
/// When a side fails.
pub async fn measure(options: &Options, ours: Ours<'_>) -> Outcome<Table> {
    let (engine, place) = (ours.place.engine(), ours.place);
    let mut table = Table::new(
        format!("{engine}: statements, p50 in ms"),
        &["statement", "10,000 entries", "1,000,000 entries", "derived", "times faster"],
    );
    let mut seeding = Seeding::begin(place).await?;
    let mut sizes: Vec<Vec<Figure>> = Vec::new();
    for count in [FEW, MANY] {
        eprintln!("{engine}: {} entries", count * 2);
        seeding.up_to(count).await?;
        engine::settle(place).await?;
        let mut figures = Vec::new();
        for (_, query) in ASKS {
            let body = json!({ "query": query }).to_string();
            let ask = Ask::new(ours.server.address, Some(&ours.books.token), &body, "\"amount\"");
            let sample = load::ask_for(ours.server.address, &ask, 1, options.stretch()).await?;
            figures.push(sample.figure());
        }
        sizes.push(figures);
    }
    let derived = derive(place, options).await?;
    seeding.end().await?;
    if let [few, many] = sizes.as_slice() {
        for ((name, _), (few, many)) in ASKS.iter().zip(few.iter().zip(many)) {
            table.row([
                (*name).to_owned(),
                ms(few.p50),
                ms(many.p50),
                ms(derived.p50),
                ratio(Some(derived.p50), Some(many.p50), true),
            ]);
        }
    }
    table.remark(format!("{LEDGERS} ledgers over 200 days; one connection."));
    Ok(table)
}

/// Adds up all entries, again and again.
async fn derive(place: &Place, options: &Options) -> Outcome<Figure> {
    let mut connection = Connection::open(place).await?;
    let script = Script::new(place.engine(), DERIVED);
    let mut sample = Sample::default();
    connection.rows(&script, &[]).await?;
    let began = Instant::now();
    while began.elapsed() < options.stretch() || sample.done < 3 {
        let start = Instant::now();
        connection.rows(&script, &[]).await?;
        sample.latencies.push(micros(start.elapsed()));
        sample.done += 1;
    }
    sample.took = began.elapsed();
    connection.close().await?;
    Ok(sample.figure())
}

/// Inserts entries set-wise behind the program's back, with the sums that belong to them.
struct Seeding {
    connection: Connection,
    engine: Engine,
    business: i64,
    year: i64,
    done: i64,
}

impl Seeding {
    async fn begin(place: &Place) -> Outcome<Self> {
        let engine = place.engine();
        let mut connection = Connection::open(place).await?;
        let first = Script::new(engine, "SELECT MIN(id) FROM businesses");
        let business = connection.row(&first, &[]).await?.big(0)?;
        let first = "SELECT id FROM business_years WHERE NOT is_opening ORDER BY starts_on LIMIT 1";
        let year = connection.row(&Script::new(engine, first), &[]).await?.big(0)?;
        let mut seeding = Self { connection, engine, business, year, done: 0 };
        let (numbers, behind) = (seeding.numbers(1, LEDGERS), BEHIND);
        let name = match engine {
            Engine::Mariadb => "CONCAT('shelf ', n)",
            _ => "'shelf ' || n",
        };
        seeding
            .run(format!(
                "INSERT INTO ledgers (id, business_id, name, name_key, group_id, is_bill_wise, version, \
                 created_at, updated_at) SELECT {behind} + n, {business}, {name}, {name}, l.group_id, \
                 l.is_bill_wise, 1, 0, 0 FROM {numbers} JOIN (SELECT group_id, is_bill_wise FROM ledgers \
                 WHERE name = 'Rent') l ON 1 = 1"
            ))
            .await?;
        seeding
            .run(format!(
                "INSERT INTO voucher_series (id, series_key, business_id, voucher_type_id, year_id, prefix, \
                 next_number, created_at) VALUES (1, 'bench', {business}, {JOURNAL}, {year}, 'B/', {}, 0)",
                MANY + 1
            ))
            .await?;
        seeding.run("UPDATE lane SET settings_seq = settings_seq + 1".to_owned()).await?;
        Ok(seeding)
    }

    /// A table of the numbers `n` from one to another.
    fn numbers(&self, from: i64, to: i64) -> String {
        match self.engine {
            Engine::Sqlite => format!(
                "(WITH RECURSIVE g(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM g WHERE n < {to}) \
                 SELECT n FROM g) g"
            ),
            Engine::Postgres => format!("generate_series({from}::bigint, {to}::bigint) AS g(n)"),
            Engine::Mariadb => format!("(SELECT seq AS n FROM seq_{from}_to_{to}) g"),
        }
    }

    async fn run(&mut self, text: String) -> Outcome<()> {
        self.connection.definition(text).await
    }

    /// Inserts until there are so many vouchers, and sums them.
    async fn up_to(&mut self, count: i64) -> Outcome<()> {
        let Self { engine, business, year, .. } = *self;
        let starts = Script::new(engine, "SELECT starts_on FROM business_years WHERE id = ?");
        let starts = self.connection.row(&starts, &[year.into()]).await?.date(0)?;
        let (day, month, number) = match engine {
            Engine::Sqlite => (
                format!("date('{starts}', (n % 200) || ' days')"),
                "CAST(strftime('%Y%m', dated) AS INTEGER)",
                "'B/' || n",
            ),
            Engine::Postgres => (
                format!("DATE '{starts}' + (n % 200)::int"),
                "CAST(to_char(dated, 'YYYYMM') AS INTEGER)",
                "'B/' || n",
            ),
            Engine::Mariadb => (
                format!("DATE_ADD('{starts}', INTERVAL n % 200 DAY)"),
                "CAST(DATE_FORMAT(dated, '%Y%m') AS SIGNED)",
                "CONCAT('B/', n)",
            ),
        };
        let (versions, entries) = (MANY * 2, MANY * 4);
        while self.done < count {
            let to = count.min(self.done + CHUNK);
            let numbers = self.numbers(self.done + 1, to);
            self.run(format!(
                "INSERT INTO vouchers (id, business_id, voucher_type_id, base_type, year_id, series_id, \
                 sequence, number, recorded_at) SELECT n, {business}, {JOURNAL}, 'JRN', {year}, 1, n, \
                 {number}, 0 FROM {numbers}"
            ))
            .await?;
            self.run(format!(
                "INSERT INTO voucher_versions (id, voucher_id, version, business_id, kind, dated, total, \
                 areas, change_seq, recorded_at) SELECT {versions} + n, n, 1, {business}, 'ORDINARY', {day}, \
                 100 + n % 977, 16, 0, 0 FROM {numbers}"
            ))
            .await?;
            for (line, ledger, sides) in [
                (1, format!("{BEHIND} + 1 + n % {LEDGERS}"), "100 + n % 977, 0"),
                (2, format!("{BEHIND} + 1 + (n + 77) % {LEDGERS}"), "0, 100 + n % 977"),
            ] {
                self.run(format!(
                    "INSERT INTO voucher_ledger_entries (id, version_id, line, effect, business_id, \
                     ledger_id, dated, debit, credit, closing, recorded_at) SELECT {entries} + n * 2 + {line}, \
                     {versions} + n, {line}, 1, {business}, {ledger}, {day}, {sides}, 1 = 0, 0 \
                     FROM {numbers}"
                ))
                .await?;
            }
            self.done = to;
        }
        let own = format!("ledger_id > {BEHIND} AND ledger_id <= {}", BEHIND + LEDGERS);
        self.run(format!("DELETE FROM ledger_period_totals WHERE {own}")).await?;
        self.run(format!(
            "INSERT INTO ledger_period_totals (ledger_id, month, closing, business_id, debit, credit) \
             SELECT ledger_id, {month}, 1 = 0, {business}, SUM(debit), SUM(credit) \
             FROM voucher_ledger_entries WHERE {own} GROUP BY ledger_id, {month}"
        ))
        .await?;
        if engine == Engine::Postgres {
            // What PostgreSQL would do by itself within a minute: an index alone answers afterwards.
            self.connection.command("VACUUM ANALYZE voucher_ledger_entries").await?;
        }
        Ok(())
    }

    async fn end(self) -> Outcome<()> {
        self.connection.close().await
    }
}
