//! `daybook serve`: opens the instance, says where it is, and serves until told to stop.

use std::{path::Path, pin::Pin, process::ExitCode, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    demo, greeting,
    open::{failed, told},
    settings::{Outcome, load_with_secrets, print},
};
use crate::{
    app::{App, Purpose},
    auth::secret,
    clock::Clock,
    config::Config,
    http::serve::{on_signals, serve as serve_router},
    services::{demo::Whole, platform::bootstrap},
    telemetry,
};

/// Serves.
pub fn serve(file: Option<&Path>, set: &[String]) -> Outcome {
    let config = load_with_secrets(file, set)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(run(config, &greeting::program(file, set)));
    // Work that no longer matters, such as looking up a host's name, holds nobody up.
    runtime.shutdown_timeout(LEFT_OVER_WORK);
    outcome
}

/// Longest time for blocking work that is still under way at the end.
const LEFT_OVER_WORK: Duration = Duration::from_secs(1);

async fn run(config: Config, program: &str) -> Outcome {
    let telemetry = telemetry::start(&config)?;
    let stop = on_signals()?;
    let listen = config.server.listen;
    for (name, place) in config.places() {
        tracing::info!("{name}: {place}");
    }
    let opening = Box::pin(App::open(config, Purpose::Serve, Clock::default()));
    let Some(opened) = opened_unless(&stop, opening).await else {
        tracing::info!("stopped before it served");
        return Ok(ExitCode::SUCCESS);
    };
    let app = opened.map_err(|error| {
        let cause = error.cause().unwrap_or_else(|| error.to_string());
        format!("cannot start: {cause}")
    })?;
    if app.config.demo.seed {
        let seeding = Box::pin(demo::load(&app, None, Whole::IsLeftAlone));
        match stop.run_until_cancelled(seeding).await {
            Some(Ok(loaded)) if loaded.is_new => {
                print(&loaded.text);
                loaded.shown().map_err(failed)?;
            }
            Some(Ok(_)) => tracing::info!("the example was loaded before"),
            Some(Err(error)) => tracing::warn!("no example was loaded: {}", told(&error)),
            None => {
                app.close().await;
                tracing::info!("stopped before it served; the next start goes on with the example");
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let address = listener.local_addr()?;
    let password: String = secret::random_text().map_err(failed)?.chars().take(20).collect();
    print(&greeting::greeting(&app.config, address, program, &password));
    let metrics = telemetry.metrics.clone();
    let upkeep = {
        let metrics = metrics.clone();
        let stop = stop.clone();
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                tokio::time::sleep(Duration::from_secs(5)).await;
                metrics.run_upkeep();
            }
        })
    };
    let working =
        (app.config.jobs.workers > 0).then(|| tokio::spawn(app.runner().work(stop.clone())));
    let router = app.router(Arc::new(move || metrics.render()));
    let served = serve_router(listener, router, app.edge(), stop.clone()).await;
    stop.cancel();
    if let Some(working) = working {
        working.await?;
    }
    served?;
    upkeep.abort();
    app.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// The opened instance; none when somebody wants to stop first. Only a change of tables is not left
/// half-done for that.
async fn opened_unless<T>(
    stop: &CancellationToken,
    mut opening: Pin<Box<impl Future<Output = T>>>,
) -> Option<T> {
    let stopped = async {
        stop.cancelled().await;
        while bootstrap::is_changing() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        opened = &mut opening => Some(opened),
        () = stopped => None,
    }
}
