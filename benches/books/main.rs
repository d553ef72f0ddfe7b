//! Benchmark of the books: a release server on loopback beside the raw limit of each engine.
//!
//! Run it with `just bench` (`cargo bench --bench books -- --help` lists the options). For each engine
//! that is present it starts the server in an empty folder, registers a tenant, and lets raw and ours
//! take turns; shown are medians of the rounds. The raw side writes the same rows by prepared statement
//! straight to the database; the rows per table and voucher are counted on both sides afterwards, and
//! where they differ no ratio is printed. Read ratios, not absolute figures: client, server and database
//! share the machine.

#![expect(clippy::float_arithmetic, reason = "figures of a benchmark, not amounts")]
#![expect(clippy::print_stdout, reason = "the report goes to the standard output")]

mod api;
mod bare;
mod engine;
mod figures;
mod instance;
mod load;
mod options;
mod posts;
mod process;
mod raw;
mod reads;
mod report;
mod reports;
mod rows;
mod seed;
mod sql;
mod tenants;
mod wire;

use std::{path::Path, process::ExitCode, sync::Arc};

use chrono::NaiveDate;
use clap::ValueEnum;

use crate::{
    api::Books,
    engine::{Engine, Place},
    instance::Daybook,
    options::{Figures, Options},
    posts::Ours,
    raw::Source,
    report::Table,
};

/// What goes wrong ends the engine's part of the report with its text.
type Failure = Box<dyn std::error::Error + Send + Sync>;
type Outcome<T> = Result<T, Failure>;

fn main() -> ExitCode {
    let options = match Options::read() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    if !options.bench {
        // `cargo test --all-targets` comes by as well: measuring belongs to `cargo bench`.
        println!("run this with cargo bench --bench books");
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(run(&options))
}

async fn run(options: &Options) -> ExitCode {
    let began = std::time::Instant::now();
    let before = process::load();
    let mut tables = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for engine in Engine::value_variants() {
        if !options.engine.is_empty() && !options.engine.contains(engine) {
            continue;
        }
        if let Err(error) = engine::knock(*engine, options).await {
            let mut table = Table::new(format!("{engine}: not present"), &[]);
            table.remark(format!("It does not answer: {error}."));
            tables.push(table);
            if !options.engine.is_empty() {
                code = ExitCode::FAILURE;
            }
            continue;
        }
        if let Err(error) = of_engine(*engine, options, &mut tables).await {
            eprintln!("{engine}: {error}");
            let mut table = Table::new(format!("{engine}: failed"), &[]);
            table.remark(error.to_string());
            tables.push(table);
            code = ExitCode::FAILURE;
        }
    }
    println!("## Daybook {}: benchmark of the books\n", env!("CARGO_PKG_VERSION"));
    println!("{} (at the start {before}).", process::machine());
    println!(
        "{} rounds of {} s a figure, raw and ours in turn, medians; client, server and databases on \
         this machine; {} build; {:.0} s in all.{}\n",
        options.rounds,
        options.seconds,
        if cfg!(debug_assertions) { "DEBUG (meaningless)" } else { "release" },
        began.elapsed().as_secs_f64(),
        if options.quick { " Quick run: too short to compare." } else { "" },
    );
    for table in tables.iter().filter(|table| !table.is_empty()) {
        println!("{table}");
    }
    code
}

async fn of_engine(engine: Engine, options: &Options, tables: &mut Vec<Table>) -> Outcome<()> {
    let server = engine::server(engine, options);
    if let Some(server) = &server {
        engine::sweep(server).await?;
    }
    let home = tempfile::Builder::new().prefix("daybook-bench-").tempdir()?;
    let outcome = measure(engine, options, home.path(), tables).await;
    if let Some(server) = &server {
        engine::sweep(server).await?;
    }
    outcome
}

async fn measure(
    engine: Engine,
    options: &Options,
    home: &Path,
    tables: &mut Vec<Table>,
) -> Outcome<()> {
    eprintln!("{engine}: preparing");
    let raw_place: Place = seed::raw_place(engine, options, &home.join("raw")).await?;
    let source = Arc::new(Source::new(today()));
    let folder = home.join("server");
    let mut ours = None;
    if !options.raw_only {
        let server = Daybook::start(engine, options, &folder).await?;
        let books = Books::open(server.address, "meera", instance::journal(&folder).await?).await?;
        let place = instance::place_of(engine, options, &folder, "meera").await?;
        ours = Some((server, books, place));
    }
    let side = || ours.as_ref().map(|(server, books, place)| Ours { server, books, place });
    if options.wants(Figures::Posts) {
        tables.push(posts::measure(options, &raw_place, &source, side()).await?);
    }
    if options.wants(Figures::Reads) {
        fill(&raw_place, &source, side()).await?;
        tables.push(reads::measure(options, &raw_place, side()).await?);
    }
    if let Some(ours) = side().filter(|_| options.wants(Figures::Reports)) {
        tables.push(reports::measure(options, ours).await?);
    }
    if options.wants(Figures::Tenants) {
        let server = ours.map(|(server, ..)| server);
        tables.extend(tenants::measure(options, engine, &folder, &raw_place, server).await?);
    }
    Ok(())
}

/// Posts as many vouchers on both sides as a page holds, and a few more.
async fn fill(raw_place: &Place, source: &Arc<Source>, ours: Option<Ours<'_>>) -> Outcome<()> {
    raw::post_for(raw_place, source, 1, bare::PAGE * 2, std::time::Duration::ZERO).await?;
    engine::settle(raw_place).await?;
    if let Some(Ours { server, books, place }) = ours {
        let asks = vec![books.post(server.address, today()); bare::PAGE * 2];
        load::ask_each(server.address, asks, 4).await?;
        engine::settle(place).await?;
    }
    Ok(())
}

/// The book date of every voucher posted here.
fn today() -> NaiveDate {
    chrono::DateTime::from_timestamp_millis(raw::now_ms()).unwrap_or_default().date_naive()
}
