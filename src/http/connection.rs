//! One connection: served, watched, and ended when its client is too slow or does nothing.
//!
//! The time-outs of hyper do not cover a client that has not yet told which version of HTTP it speaks,
//! an idle HTTP/2 connection that answers pings, and a client that does not read its answer. So each
//! connection has a [`Watch`] on it.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    extract::ConnectInfo,
    http::{Request, Response, Version},
};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{Notify, OwnedSemaphorePermit},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// What serves a connection, and how long it may take.
pub struct Connection {
    /// How HTTP is spoken.
    pub builder: Arc<Builder<TokioExecutor>>,
    /// What answers.
    pub router: Router,
    /// Longest time for a request's head.
    pub head: Duration,
    /// Longest time without a request, or with an answer that nobody reads.
    pub idle: Duration,
    /// Told when no further request shall be taken.
    pub stop: CancellationToken,
    /// Told when even requests under way shall end.
    pub cut: CancellationToken,
}

impl Connection {
    /// Serves it to its end. A connection that becomes a WebSocket goes its own way from then on.
    pub async fn serve(self, held: Held, peer: SocketAddr) {
        let Self { builder, router, head, idle, stop, cut } = self;
        let watch = Arc::clone(&held.watch);
        let seen = Arc::clone(&watch);
        let service = service_fn(move |request: Request<Incoming>| {
            let under_way = seen.enter(request.version());
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = router.clone().oneshot(request);
            async move {
                let response: Response<Body> = answer.await?;
                Ok::<_, Infallible>(response.map(|body| Body::new(Counted { body, under_way })))
            }
        });
        let mut connection =
            std::pin::pin!(builder.serve_connection_with_upgrades(TokioIo::new(held), service));
        let mut is_stopping = false;
        loop {
            let due = watch.due(head, idle);
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection broke");
                    }
                    return;
                }
                () = stop.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = cut.cancelled() => return,
                () = watch.begun.notified() => {}
                () = tokio::time::sleep_until(due) => {
                    if watch.due(head, idle) <= Instant::now() {
                        tracing::debug!("a connection was too slow or idle");
                        return;
                    }
                }
            }
        }
    }
}

/// What a connection does, as seen at its socket and at its service.
#[derive(Debug)]
struct Watch {
    state: Mutex<State>,
    /// Told when a head begins to arrive, or an answer is no longer read: from then on there is less
    /// time.
    begun: Notify,
}

#[derive(Debug)]
struct State {
    requests: usize,
    /// Whether it was seen to speak HTTP/2, which sends more than requests.
    is_multiplexed: bool,
    /// Whether a part of a head is there. A new connection owes one.
    has_begun: bool,
    /// Since when it is so; counts only without requests.
    since: Instant,
    /// Since when the client takes no more of what is sent.
    stalled: Option<Instant>,
}

impl Watch {
    fn new() -> Self {
        let state = State {
            requests: 0,
            is_multiplexed: false,
            has_begun: true,
            since: Instant::now(),
            stalled: None,
        };
        Self { state: Mutex::new(state), begun: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it will have taken too long, if nothing changes.
    fn due(&self, head: Duration, idle: Duration) -> Instant {
        let state = self.state();
        let stalled = state.stalled.map(|since| since + idle);
        let quiet = match (state.requests, state.has_begun) {
            // Looked at again then: a request has bounds of its own.
            (1.., _) => Instant::now() + idle,
            (0, true) => state.since + head,
            (0, false) => state.since + idle,
        };
        stalled.map_or(quiet, |stalled| stalled.min(quiet))
    }

    fn heard(&self) {
        let mut state = self.state();
        if state.requests == 0 && !state.has_begun && !state.is_multiplexed {
            state.has_begun = true;
            state.since = Instant::now();
            drop(state);
            self.begun.notify_one();
        }
    }

    fn sent(&self, is_stalled: bool) {
        let mut state = self.state();
        match (is_stalled, state.stalled) {
            (true, None) => {
                state.stalled = Some(Instant::now());
                drop(state);
                self.begun.notify_one();
            }
            (false, Some(_)) => state.stalled = None,
            _ => {}
        }
    }

    fn enter(self: &Arc<Self>, version: Version) -> UnderWay {
        let mut state = self.state();
        state.requests = state.requests.saturating_add(1);
        state.has_begun = false;
        state.is_multiplexed = version == Version::HTTP_2;
        UnderWay(Arc::clone(self))
    }
}

/// A request that is not yet answered to its last byte.
#[derive(Debug)]
struct UnderWay(Arc<Watch>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.requests = state.requests.saturating_sub(1);
        state.since = Instant::now();
    }
}

/// A body that keeps its request under way until it is sent.
struct Counted {
    body: Body,
    #[expect(dead_code, reason = "dropped with the body")]
    under_way: UnderWay,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A socket that holds its place among the open ones as long as it is open, whoever has it.
pub struct Held {
    stream: TcpStream,
    watch: Arc<Watch>,
    _place: OwnedSemaphorePermit,
}

impl Held {
    /// A socket with its place.
    pub fn new(stream: TcpStream, place: OwnedSemaphorePermit) -> Self {
        Self { stream, watch: Arc::new(Watch::new()), _place: place }
    }

    fn wrote(&self, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.watch.sent(outcome.is_pending());
        outcome
    }
}

impl AsyncRead for Held {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.watch.heard();
        }
        outcome
    }
}

impl AsyncWrite for Held {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
