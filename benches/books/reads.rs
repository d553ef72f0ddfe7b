//! Lists of fifty vouchers read per second: through GraphQL, and by a bare handler.

use crate::{
    Outcome, api,
    bare::{BareServer, PAGE},
    engine::Place,
    figures::{Figure, median, middle, real},
    load::{self, Ask},
    options::Options,
    posts::Ours,
    process,
    report::{Table, ms, rate, ratio},
    wire::Wire,
};

/// Measures both sides in turn and shows them side by side.
///
/// # Errors
/// When either side fails.
pub async fn measure(
    options: &Options,
    raw_place: &Place,
    ours: Option<Ours<'_>>,
) -> Outcome<Table> {
    let engine = raw_place.engine();
    let bare = BareServer::start(raw_place).await?;
    let bare_ask = api::list(bare.address, None);
    let our_ask = ours.as_ref().map(|ours| ours.books.list(ours.server.address));
    let mut table = Table::new(
        format!("{engine}: lists of {PAGE} vouchers read per second"),
        &[
            "connections",
            "Daybook",
            "p50 ms",
            "p99 ms",
            "server CPU us",
            "raw",
            "raw p50 ms",
            "raw p99 ms",
            "of raw",
        ],
    );
    let theirs = look(&bare_ask, bare.address).await?;
    let mut comparable = theirs == (PAGE, 2 * PAGE);
    if let (Some(ours), Some(ask)) = (&ours, &our_ask) {
        comparable &= look(ask, ours.server.address).await? == theirs;
    }
    if !comparable {
        table.remark("No ratios: the two lists do not hold the same number of rows.");
    }
    let nobody = || vec![Vec::new(); options.connections.len()];
    let (mut raw_rounds, mut our_rounds): (Vec<Vec<Figure>>, Vec<Vec<Figure>>) =
        (nobody(), nobody());
    let mut our_cpu: Vec<Vec<f64>> = vec![Vec::new(); options.connections.len()];
    for round in 1..=options.rounds {
        eprintln!("{engine}: reads, round {round} of {}", options.rounds);
        for (rounds, connections) in raw_rounds.iter_mut().zip(&options.connections) {
            let time = options.stretch();
            let sample = load::ask_for(bare.address, &bare_ask, *connections, time).await?;
            rounds.push(sample.figure());
        }
        let (Some(ours), Some(ask)) = (&ours, &our_ask) else { continue };
        for ((rounds, cpu), connections) in
            our_rounds.iter_mut().zip(&mut our_cpu).zip(&options.connections)
        {
            let before = process::cpu_seconds(ours.server.process())?;
            let time = options.stretch();
            let sample = load::ask_for(ours.server.address, ask, *connections, time).await?;
            let spent = process::cpu_seconds(ours.server.process())? - before;
            // Each connection has asked once before the clock started.
            cpu.push(spent * 1e6 / real(sample.done + connections));
            rounds.push(sample.figure());
        }
    }
    let sides = raw_rounds.iter().zip(our_rounds.iter().zip(our_cpu));
    for (connections, (raw, (figures, cpu))) in options.connections.iter().zip(sides) {
        let raw = median(raw);
        let figure = ours.is_some().then(|| median(figures));
        let time =
            |pick: fn(&Figure) -> f64| figure.as_ref().map_or("-".to_owned(), |one| ms(pick(one)));
        table.row([
            connections.to_string(),
            rate(figure),
            time(|one| one.p50),
            time(|one| one.p99),
            figure.map_or("-".to_owned(), |_| format!("{:.0}", middle(cpu))),
            rate(Some(raw)),
            ms(raw.p50),
            ms(raw.p99),
            ratio(figure.map(|one| one.rate), Some(raw.rate), comparable),
        ]);
    }
    Ok(table)
}

async fn look(ask: &Ask, address: std::net::SocketAddr) -> Outcome<(usize, usize)> {
    let mut wire = Wire::open(address).await?;
    api::shape(ask.clone().once(&mut wire).await?)
}
