//! Tenants: how fast they are made, how fast a closed one answers, and what open ones cost.

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    Outcome, api,
    engine::{self, Engine, MARKER, Place},
    figures::{Figure, Sample, median, micros, real},
    instance::Daybook,
    load,
    options::Options,
    process::Holding,
    report::{Table, ms, rate, ratio},
    seed,
    sql::{Connection, Script},
};

/// Registrations at a time when many are made.
const TOGETHER: usize = 4;
/// Tenants that either side makes per round.
const PROBES: usize = 5;

/// Measures creation, opening and memory. The server that is handed in is stopped; one with all tenants
/// closed takes its place.
///
/// # Errors
/// When either side fails.
pub async fn measure(
    options: &Options,
    engine: Engine,
    folder: &Path,
    raw_place: &Place,
    server: Option<Daybook>,
) -> Outcome<Vec<Table>> {
    let raw = RawTenants::prepare(raw_place).await?;
    let mut made = Vec::new();
    let (mut raw_rounds, mut our_rounds) = (Vec::new(), Vec::new());
    let mut tokens: Vec<String> = Vec::new();
    for round in 1..=options.rounds {
        eprintln!("{engine}: making tenants, round {round} of {}", options.rounds);
        raw_rounds.push(raw.create(&mut made).await?.figure());
        let Some(server) = &server else { continue };
        let (sample, more) = register(server, tokens.len(), PROBES, 1).await?;
        our_rounds.push(sample.figure());
        tokens.extend(more);
    }
    let mut speed = Table::new(
        format!("{engine}: tenants made and opened"),
        &["what", "Daybook", "p50 ms", "p99 ms", "raw", "raw p50 ms", "raw p99 ms", "of raw"],
    );
    let raw_figure = median(&raw_rounds);
    let figure = server.is_some().then(|| median(&our_rounds));
    speed.row(line("made per second, one at a time", figure, Some(raw_figure)));
    speed.remark(format!(
        "Raw: {}. Daybook's registration also checks the input, hashes a password (argon2id), plants the \
         chart of accounts, writes the routing row and signs the owner in.",
        raw.describe()
    ));
    let Some(server) = server else {
        let opened = raw.open_each(&made).await?.figure();
        speed.row(line("first request to a closed one", None, Some(opened)));
        return Ok(vec![speed]);
    };
    let most = reachable(options, engine, raw_place).await?;
    let wanted = most.last().copied().unwrap_or(0) + 1;
    if wanted > tokens.len() {
        eprintln!("{engine}: making {} more tenants", wanted - tokens.len());
        let (sample, more) =
            register(&server, tokens.len(), wanted - tokens.len(), TOGETHER).await?;
        tokens.extend(more);
        let name = format!("made per second, {TOGETHER} at a time");
        speed.row(line(&name, Some(sample.figure()), None));
    }
    server.stop().await?;

    eprintln!("{engine}: opening tenants");
    let server = Daybook::start(engine, options, folder).await?;
    let mut memory = Table::new(
        format!("{engine}: what open tenants cost the server"),
        &["open tenants", "resident MiB", "KiB each", "threads", "open files"],
    );
    let empty = Holding::of(server.process())?;
    memory.row(holding(0, empty, empty));
    // The first tenant warms the process up and is left out.
    let asks: Vec<_> = tokens.iter().map(|token| api::knock(server.address, token)).collect();
    let mut opened = 1;
    load::ask_each(server.address, asks.iter().take(1).cloned().collect(), 1).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for count in most {
        theirs.push(raw.open_each(&made).await?);
        let next = asks.iter().skip(opened).take(count - opened).cloned().collect();
        ours.push(load::ask_each(server.address, next, 1).await?.0);
        opened = count;
        memory.row(holding(count, Holding::of(server.process())?, empty));
    }
    if let Some(asked) = options.tenants.last()
        && *asked > opened
    {
        memory.remark(format!(
            "{asked} were asked for; the server's limit of connections allows {opened} here."
        ));
    }
    server.stop().await?;
    let ours = joined(ours);
    speed.row(line("first request to a closed one", Some(ours), Some(joined(theirs))));
    speed.remark("Raw: a connection opened, the lane's row read, the connection closed.");
    Ok(vec![speed, memory])
}

fn joined(samples: Vec<Sample>) -> Figure {
    let took = samples.iter().map(|sample| sample.took).sum();
    Sample::joined(samples, took).figure()
}

fn line(name: &str, ours: Option<Figure>, raw: Option<Figure>) -> [String; 8] {
    let time = |figure: Option<Figure>, pick: fn(Figure) -> f64| {
        figure.map_or("-".to_owned(), |figure| ms(pick(figure)))
    };
    [
        name.to_owned(),
        rate(ours),
        time(ours, |one| one.p50),
        time(ours, |one| one.p99),
        rate(raw),
        time(raw, |one| one.p50),
        time(raw, |one| one.p99),
        ratio(ours.map(|one| one.rate), raw.map(|one| one.rate), true),
    ]
}

fn holding(count: usize, now: Holding, empty: Holding) -> [String; 5] {
    let kib = |held: Holding| f64::from(u32::try_from(held.resident_kib).unwrap_or(u32::MAX));
    let each = match count {
        0 => "-".to_owned(),
        _ => format!("{:.0}", (kib(now) - kib(empty)) / real(count)),
    };
    [
        count.to_string(),
        format!("{:.1}", kib(now) / 1_024.0),
        each,
        now.threads.to_string(),
        now.files.to_string(),
    ]
}

async fn register(
    server: &Daybook,
    from: usize,
    count: usize,
    together: usize,
) -> Outcome<(Sample, Vec<String>)> {
    let asks = (from..from + count)
        .map(|number| api::register(server.address, &format!("shop{number}")))
        .collect();
    let (sample, answers) = load::ask_each(server.address, asks, together).await?;
    let tokens: Outcome<Vec<String>> = answers.iter().map(|answer| api::token_in(answer)).collect();
    Ok((sample, tokens?))
}

/// How many tenants can be open at once: each holds a connection of its own on a server, and the server
/// keeps some for others.
async fn reachable(options: &Options, engine: Engine, place: &Place) -> Outcome<Vec<usize>> {
    if engine == Engine::Sqlite {
        return Ok(options.tenants.clone());
    }
    let most = engine::connections_max(place).await? / 2;
    let mut counts: Vec<usize> = options.tenants.iter().map(|count| (*count).min(most)).collect();
    counts.dedup();
    Ok(counts)
}

/// The raw side's tenants: copies of a migrated database, as the engine makes them fastest.
struct RawTenants {
    template: Place,
}

impl RawTenants {
    async fn prepare(raw_place: &Place) -> Outcome<Self> {
        let template = raw_place.sibling(&format!("{MARKER}x_template"));
        if template.engine() != Engine::Mariadb {
            engine::create(&template).await?;
            seed::migrate(&template).await?;
        }
        if template.engine() == Engine::Sqlite {
            let mut connection = Connection::open(&template).await?;
            connection.command("PRAGMA journal_mode = DELETE").await?;
            connection.close().await?;
        }
        Ok(Self { template })
    }

    fn describe(&self) -> &'static str {
        match self.template.engine() {
            Engine::Sqlite => "a copy of a migrated file, flushed to the disk and renamed",
            Engine::Postgres => "CREATE DATABASE from a migrated template",
            Engine::Mariadb => "CREATE DATABASE and the migrations, since there are no templates",
        }
    }

    async fn create(&self, made: &mut Vec<Place>) -> Outcome<Sample> {
        let began = Instant::now();
        let mut sample = Sample::default();
        for _ in 0..PROBES {
            let place = self.template.sibling(&format!("{MARKER}x_copy{}", made.len()));
            let start = Instant::now();
            self.copy(&place).await?;
            sample.latencies.push(micros(start.elapsed()));
            sample.done += 1;
            made.push(place);
        }
        sample.took = began.elapsed();
        Ok(sample)
    }

    async fn copy(&self, to: &Place) -> Outcome<()> {
        match (&self.template, to) {
            (Place::File(template), Place::File(path)) => {
                let making = path.with_extension("making");
                fs::copy(template, &making)?;
                File::open(&making)?.sync_all()?;
                fs::rename(&making, path)?;
                File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
                Ok(())
            }
            (
                Place::Server { engine: Engine::Postgres, database: template, .. },
                Place::Server { database, .. },
            ) => {
                let mut connection = Connection::open(&self.template.sibling("postgres")).await?;
                let text = format!("CREATE DATABASE {database} TEMPLATE {template}");
                connection.definition(text).await?;
                connection.close().await
            }
            _ => {
                engine::create(to).await?;
                seed::migrate(to).await
            }
        }
    }

    async fn open_each(&self, made: &[Place]) -> Outcome<Sample> {
        let script = Script::new(self.template.engine(), "SELECT epoch FROM lane WHERE id = 1");
        let mut sample = Sample::default();
        for place in made {
            let start = Instant::now();
            let mut connection = Connection::open(place).await?;
            connection.row(&script, &[]).await?.big(0)?;
            let time = start.elapsed();
            connection.close().await?;
            sample.took += time;
            sample.latencies.push(micros(time));
            sample.done += 1;
        }
        sample.took = sample.took.max(Duration::from_micros(1));
        Ok(sample)
    }
}
