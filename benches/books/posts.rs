//! Vouchers posted per second: through GraphQL over HTTP, and raw.

use std::sync::Arc;

use crate::{
    Outcome,
    api::Books,
    engine::Place,
    figures::{Figure, median, middle, real},
    instance::Daybook,
    load,
    options::Options,
    process,
    raw::{self, Source},
    report::{Table, ms, rate, ratio},
    rows::{self, Rows},
    today,
};

/// Clients of the raw side that contend for the hot rows.
const RAW_CLIENTS: usize = 8;
/// Vouchers per commit of the raw side's best case.
const RAW_BATCH: usize = 64;

/// Daybook and the tenant that is asked.
#[derive(Debug)]
pub struct Ours<'s> {
    /// The server.
    pub server: &'s Daybook,
    /// The tenant.
    pub books: &'s Books,
    /// Its database.
    pub place: &'s Place,
}

/// Measures both sides in turn and shows them side by side.
///
/// # Errors
/// When either side fails.
pub async fn measure(
    options: &Options,
    raw_place: &Place,
    source: &Arc<Source>,
    ours: Option<Ours<'_>>,
) -> Outcome<Table> {
    let time = options.stretch();
    let engine = raw_place.engine();
    // The first voucher opens the year, the series and the month: it is left out of the comparison.
    raw::post_for(raw_place, source, 1, 1, std::time::Duration::ZERO).await?;
    let raw_before = Rows::count(raw_place).await?;
    let ask = ours.as_ref().map(|ours| ours.books.post(ours.server.address, today()));
    let mut ours_before = None;
    if let (Some(ours), Some(ask)) = (&ours, &ask) {
        load::ask_for(ours.server.address, ask, 1, std::time::Duration::ZERO).await?;
        ours_before = Some(Rows::count(ours.place).await?);
    }
    let mut raw_rounds: [Vec<Figure>; 3] = Default::default();
    let mut our_rounds: Vec<Vec<Figure>> = vec![Vec::new(); options.connections.len()];
    let mut our_cpu: Vec<Vec<f64>> = vec![Vec::new(); options.connections.len()];
    let mut acknowledged = 0;
    for round in 1..=options.rounds {
        eprintln!("{engine}: posts, round {round} of {}", options.rounds);
        let shapes = [(1, 1), (RAW_CLIENTS, 1), (1, RAW_BATCH)];
        for (rounds, (clients, size)) in raw_rounds.iter_mut().zip(shapes) {
            let sample = raw::post_for(raw_place, source, clients, size, time).await?;
            rounds.push(sample.figure());
        }
        let (Some(ours), Some(ask)) = (&ours, &ask) else { continue };
        for ((rounds, cpu), connections) in
            our_rounds.iter_mut().zip(&mut our_cpu).zip(&options.connections)
        {
            let before = process::cpu_seconds(ours.server.process())?;
            let sample = load::ask_for(ours.server.address, ask, *connections, time).await?;
            let spent = process::cpu_seconds(ours.server.process())? - before;
            // Each connection has asked once before the clock started.
            cpu.push(spent * 1e6 / real(sample.done + connections));
            acknowledged += sample.done + connections;
            rounds.push(sample.figure());
        }
    }

    let mut table = Table::new(
        format!("{engine}: vouchers posted per second"),
        &[
            "connections",
            "Daybook",
            "p50 ms",
            "p99 ms",
            "server CPU us",
            "of raw, 1 client",
            "of raw, 8 clients",
            "of raw, 64 a commit",
        ],
    );
    let raw_left = Rows::count(raw_place).await?.since(&raw_before);
    let mut comparable = report_broken(&mut table, "raw", raw_place).await?;
    table.remark(format!("The raw side left {raw_left}."));
    if let (Some(ours), Some(before)) = (&ours, &ours_before) {
        let left = Rows::count(ours.place).await?.since(before);
        comparable &= report_broken(&mut table, "Daybook", ours.place).await?;
        table.remark(format!("Daybook left {left}."));
        if usize::try_from(left.vouchers()) != Ok(acknowledged) {
            comparable = false;
            table.remark(format!("No ratios: Daybook acknowledged {acknowledged} vouchers."));
        }
        if let Some(name) = left.differs(&raw_left) {
            comparable = false;
            table.remark(format!("No ratios: the rows per voucher in {name} differ."));
        }
    }
    let [single, several, batch] = raw_rounds.map(|rounds| median(&rounds));
    for (connections, (rounds, cpu)) in
        options.connections.iter().zip(our_rounds.iter().zip(our_cpu))
    {
        if ours.is_none() {
            break;
        }
        let figure = median(rounds);
        let of = |raw: Figure| ratio(Some(figure.rate), Some(raw.rate), comparable);
        table.row([
            connections.to_string(),
            rate(Some(figure)),
            ms(figure.p50),
            ms(figure.p99),
            format!("{:.0}", middle(cpu)),
            of(single),
            of(several),
            of(batch),
        ]);
    }
    for (name, raw) in
        [("raw, 1 client", single), ("raw, 8 clients", several), ("raw, 64 a commit", batch)]
    {
        let dash = || "-".to_owned();
        table.row([
            name.to_owned(),
            rate(Some(raw)),
            ms(raw.p50),
            ms(raw.p99),
            dash(),
            dash(),
            dash(),
            dash(),
        ]);
    }
    Ok(table)
}

async fn report_broken(table: &mut Table, side: &str, place: &Place) -> Outcome<bool> {
    match rows::broken(place).await? {
        None => Ok(true),
        Some(promise) => {
            table.remark(format!("No ratios: on the side of {side} it is {promise}."));
            Ok(false)
        }
    }
}
