//! Serving until told to stop, and stopping without cutting anybody off.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{Extension, Router};
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    net::{TcpListener, TcpStream},
    signal,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::connection::{Connection, Held};

/// Bounds of connections.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// Requests under way have this long to end.
    pub grace: Duration,
    /// Most connections open at once; further ones wait to be accepted.
    pub connections: usize,
    /// Longest time for a request's head.
    pub head: Duration,
    /// Longest time without a request, or with an answer that nobody reads.
    pub idle: Duration,
    /// Most requests at once in one HTTP/2 connection.
    pub streams: u32,
}

/// A time to end, and the usual bounds.
impl From<Duration> for Edge {
    fn from(grace: Duration) -> Self {
        let (head, idle) = (Duration::from_secs(10), Duration::from_secs(75));
        Self { grace, connections: 10_000, head, idle, streams: 100 }
    }
}

/// By which long connections hear that the server stops, and are waited for.
#[derive(Debug, Clone, Default)]
pub struct Stopping {
    /// Fires when the server stops.
    pub token: CancellationToken,
    /// Counts those that must hear of it.
    pub open: TaskTracker,
}

/// Serves until the token is cancelled; requests under way then have the edge's grace to end, those
/// who listen to subscriptions are told at once, and connections without a request are closed.
///
/// # Errors
/// When the listener is none that could ever accept.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    edge: impl Into<Edge>,
    stop: CancellationToken,
) -> io::Result<()> {
    let edge = edge.into();
    let places = Arc::new(Semaphore::new(edge.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let connections = TaskTracker::new();
    let stopping = Stopping { token: stop.clone(), open: TaskTracker::new() };
    let router = router.layer(Extension(stopping.clone()));
    let cut = CancellationToken::new();
    let builder = Arc::new(builder(&edge));
    let ended = loop {
        let (stream, peer, place) = match next(&listener, &places, &stop).await {
            Ok(Some(accepted)) => accepted,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        // Answers are written whole: waiting for more to send would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection delays its small packets");
        }
        let connection = Connection {
            builder: Arc::clone(&builder),
            router: router.clone(),
            head: edge.head,
            idle: edge.idle,
            stop: stop.clone(),
            cut: cut.clone(),
        };
        connections.spawn(connection.serve(Held::new(stream, place), peer));
    };
    drop(listener);
    connections.close();
    stopping.open.close();
    let all = async { tokio::join!(connections.wait(), stopping.open.wait()) };
    if tokio::time::timeout(edge.grace, all).await.is_err() {
        tracing::warn!("requests were still under way when the time to end was over");
        cut.cancel();
        connections.wait().await;
    }
    ended
}

fn builder(edge: &Edge) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // From the end of one request to the end of the next one's head; the connection itself watches
    // how long a head takes that has begun.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(edge.idle);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(edge.streams)
        .keep_alive_interval(edge.idle / 3)
        .keep_alive_timeout(edge.head);
    builder
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

/// The next connection, once there is a place for it; none when it is time to stop.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> io::Result<Option<Accepted>> {
    let place = match Arc::clone(places).try_acquire_owned() {
        Ok(place) => place,
        Err(_) => {
            tracing::warn!("as many connections are open as may be; further ones wait");
            let freed = Arc::clone(places).acquire_owned();
            let Some(freed) = stop.run_until_cancelled(freed).await else { return Ok(None) };
            freed.map_err(io::Error::other)?
        }
    };
    let mut pause = PAUSE_LEAST;
    loop {
        let Some(accepted) = stop.run_until_cancelled(listener.accept()).await else {
            return Ok(None);
        };
        let error = match accepted {
            Ok((stream, peer)) => return Ok(Some((stream, peer, place))),
            Err(error) => error,
        };
        match after(&error) {
            After::Go => continue,
            After::Give => return Err(error),
            After::Pause => {
                tracing::warn!(%error, "a connection could not be accepted; trying again");
                if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                    return Ok(None);
                }
                pause = (pause * 2).min(PAUSE_MOST);
            }
        }
    }
}

const PAUSE_LEAST: Duration = Duration::from_millis(10);
const PAUSE_MOST: Duration = Duration::from_secs(1);

/// What to do after a connection could not be accepted.
#[derive(Debug, PartialEq, Eq)]
enum After {
    /// It was that one's own fault: on to the next.
    Go,
    /// Something is short, such as files: the listener is fine and will do again.
    Pause,
    /// The listener is none.
    Give,
}

fn after(error: &io::Error) -> After {
    match error.kind() {
        ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionAborted
        | ErrorKind::ConnectionReset
        | ErrorKind::Interrupted => After::Go,
        ErrorKind::InvalidInput => After::Give,
        _ => After::Pause,
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_does_not_end_the_server() {
        let (too_many_files, no_memory, aborted, not_listening) = (24, 12, 103, 22);
        for (number, what) in [
            (too_many_files, After::Pause),
            (no_memory, After::Pause),
            (aborted, if cfg!(target_os = "linux") { After::Go } else { After::Pause }),
            (not_listening, After::Give),
        ] {
            assert_eq!(after(&io::Error::from_raw_os_error(number)), what, "{number}");
        }
    }
}
