//! Serving until told to stop, and stopping without cutting anybody off.

use std::{io, net::SocketAddr, time::Duration};

use axum::{Extension, Router};
use tokio::{net::TcpListener, signal};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// By which long connections hear that the server stops, and are waited for.
#[derive(Debug, Clone, Default)]
pub struct Stopping {
    /// Fires when the server stops.
    pub token: CancellationToken,
    /// Counts those that must hear of it.
    pub open: TaskTracker,
}

/// Serves until the token is cancelled; requests under way then have `grace` to end, and connections
/// of subscriptions are told at once.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    grace: Duration,
    stop: CancellationToken,
) -> io::Result<()> {
    let stopping = Stopping { token: stop.clone(), open: TaskTracker::new() };
    let router = router.layer(Extension(stopping.clone()));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let stopped = stop.clone();
    let server = axum::serve(listener, service).with_graceful_shutdown(stopped.cancelled_owned());
    let server = std::future::IntoFuture::into_future(server);
    let server = async {
        let ended = server.await;
        stopping.open.close();
        stopping.open.wait().await;
        ended
    };
    tokio::pin!(server);
    tokio::select! {
        ended = &mut server => ended,
        () = stop.cancelled() => match tokio::time::timeout(grace, &mut server).await {
            Ok(ended) => ended,
            Err(_) => {
                tracing::warn!("requests were still under way when the time to end was over");
                Ok(())
            }
        },
    }
}

/// A token that SIGTERM or SIGINT cancels; a second signal ends the process at once.
///
/// # Errors
/// When the process cannot listen to signals.
pub fn on_signals() -> io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let token = stop.clone();
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: requests under way are answered first");
        token.cancel();
        tokio::select! {
            _ = signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        std::process::exit(130);
    });
    Ok(stop)
}
