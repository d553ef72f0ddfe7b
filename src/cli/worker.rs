//! `daybook worker`: does the work in the background until told to stop, and serves nobody.

use std::{path::Path, process::ExitCode, time::Duration};

use super::settings::{Outcome, load_with_secrets};
use crate::{
    app::{App, Purpose},
    clock::Clock,
    config::Config,
    http::serve::on_signals,
    telemetry,
};

/// Works.
pub fn work(file: Option<&Path>, set: &[String]) -> Outcome {
    let config = load_with_secrets(file, set)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run(config));
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn run(config: Config) -> Outcome {
    let _telemetry = telemetry::start(&config)?;
    let stop = on_signals()?;
    for (name, place) in config.places() {
        tracing::info!("{name}: {place}");
    }
    let opened = Box::pin(App::open(config, Purpose::Work, Clock::default())).await;
    let app = opened.map_err(|error| {
        let cause = error.cause().unwrap_or_else(|| error.to_string());
        format!("cannot start: {cause}")
    })?;
    tracing::info!(workers = app.config.jobs.workers.max(1), "working");
    app.runner().work(stop).await;
    Box::pin(app.close()).await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}
