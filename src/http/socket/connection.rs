//! One connection: the states of `graphql-transport-ws`, its subscriptions, and its end.
//!
//! A connection is first unknown, then known; it is read by one task, written by another, and each
//! subscription is a task of its own, so that one that waits holds up nobody.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Response, ServerError};
use axum::extract::ws::{Message, WebSocket};
use futures_util::{
    FutureExt, SinkExt, StreamExt,
    stream::{BoxStream, SplitSink, SplitStream},
};
use serde_json::{Map, Value};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{
    SocketSettings, UserSeats,
    crowd::Seat,
    message::{self, Farewell, Incoming},
    source::{self, Member, Source},
    wire::{Offered, Sent, Ticket, Wire},
};
use crate::{
    auth::gate::Admission,
    error::Error,
    http::{
        answer::{Body, error_json},
        request::Asked,
    },
};

/// How often it is asked whether the token still holds and the client still lives.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long the client may take to hear the end.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// What somebody is told who has too many open, or reads too slowly.
const TRY_AGAIN_SECONDS: u64 = 5;

/// A connection to be served.
pub struct Connection {
    /// Who may listen to what.
    pub source: Arc<dyn Source>,
    /// Bounds.
    pub settings: SocketSettings,
    /// Seats of users.
    pub seats: Arc<UserSeats>,
    /// What the connection showed.
    pub card: Admission,
    /// Fires when the server stops.
    pub stop: CancellationToken,
}

/// What is known of a connection.
enum Phase {
    /// Nothing yet; until then it has time.
    Unknown(Instant),
    /// Who it is, with a seat among that user's connections.
    Known { member: Member, _seat: Option<Seat> },
}

impl Connection {
    /// Serves until either side ends it.
    pub async fn serve(self, socket: WebSocket) {
        let (sink, mut stream) = socket.split();
        let wire = Arc::new(Wire::new(self.settings.queue_bytes_max));
        let _counted = Counted::of("daybook_sockets_open");
        // However this task ends, the others end.
        let _closing = Closing(Arc::clone(&wire));
        let mut writing = tokio::task::JoinSet::new();
        writing.spawn(write(sink, Arc::clone(&wire)));
        let Some((farewell, last)) = self.listen(&mut stream, &wire).await else { return };
        let id = &self.card.request_id;
        wire.close(farewell, |operation| {
            let error = last.as_ref()?.clone();
            Some(message::error(operation, &[self.shown(error, id)]))
        });
        let ended = async {
            writing.join_next().await;
            while let Some(Ok(_)) = stream.next().await {}
        };
        tokio::time::timeout(CLOSE_WAIT, ended).await.ok();
    }

    /// Reads until the end: what the client is told of it, or nothing when it has left.
    async fn listen(
        &self,
        stream: &mut SplitStream<WebSocket>,
        wire: &Arc<Wire>,
    ) -> Option<(Farewell, Option<ServerError>)> {
        let mut phase = Phase::Unknown(Instant::now() + self.settings.init_timeout);
        let mut looking = tokio::time::interval(LOOK_EVERY.min(self.settings.ping_every));
        looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut heard, mut asked) = (Instant::now(), Instant::now());
        loop {
            let until = match &phase {
                Phase::Unknown(until) => Some(*until),
                Phase::Known { .. } => None,
            };
            let received = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Some((stopping(), None)),
                () = deadline(until) => return Some((too_late(), None)),
                _ = looking.tick() => {
                    if let Phase::Known { member, .. } = &phase && self.source.has_ended(member) {
                        let why = "the token has ended; connect with a new one";
                        let error = server_error(Error::Unauthenticated);
                        return Some((Farewell::new(message::FORBIDDEN, why), Some(error)));
                    }
                    if heard.elapsed() > self.settings.ping_every.saturating_mul(2) {
                        tracing::debug!(request = self.card.request_id, "a client went silent");
                        return None;
                    }
                    if asked.elapsed() >= self.settings.ping_every {
                        asked = Instant::now();
                        wire.tell(Sent::Ping);
                    }
                    continue;
                }
                received = async {
                    wire.room().await;
                    stream.next().await
                } => received,
            };
            heard = Instant::now();
            let text = match received {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Binary(_))) => {
                    let why = "a message is a text";
                    return Some((Farewell::new(message::MALFORMED, why), None));
                }
                Some(Err(error)) if is_too_big(&error) => {
                    let most = self.settings.message_bytes_max;
                    let why = format!("a message has at most {most} bytes");
                    return Some((Farewell::new(message::TOO_BIG, why), None));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    // The library answers the client's end while it is read once more.
                    tokio::time::timeout(CLOSE_WAIT, stream.next()).await.ok();
                    return None;
                }
            };
            if let Err(farewell) = self.take(&text, &mut phase, wire).await {
                return Some((farewell, None));
            }
        }
    }

    async fn take(&self, text: &str, phase: &mut Phase, wire: &Arc<Wire>) -> Result<(), Farewell> {
        match message::read(text, self.source.nesting())? {
            Incoming::Init(payload) => {
                let Phase::Unknown(until) = phase else {
                    let why = "Too many initialisation requests";
                    return Err(Farewell::new(message::TOO_MANY_INITS, why));
                };
                let until = *until;
                *phase = self.admit(payload, until).await?;
                wire.tell(Sent::Text(message::ack()));
            }
            Incoming::Ping(payload) => wire.tell(Sent::Text(message::pong(payload))),
            Incoming::Pong => {}
            Incoming::Subscribe(id, asked) => {
                let Phase::Known { member, .. } = phase else {
                    return Err(Farewell::new(message::UNAUTHORIZED, "Unauthorized"));
                };
                self.subscribe(id, asked, member, wire)?;
            }
            Incoming::Complete(id) => wire.cancel(&id),
        }
        Ok(())
    }

    async fn admit(&self, payload: Map<String, Value>, until: Instant) -> Result<Phase, Farewell> {
        let card = source::with(&self.card, &payload).map_err(|error| self.refused(&error))?;
        let admitted = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(stopping()),
            () = tokio::time::sleep_until(until) => return Err(too_late()),
            admitted = AssertUnwindSafe(self.source.admit(card)).catch_unwind() => admitted,
        };
        let member = match admitted {
            Ok(Ok(member)) => member,
            Ok(Err(error)) => return Err(self.refused(&error)),
            Err(_) => {
                tracing::error!(request = self.card.request_id, "an admission panicked");
                return Err(Farewell::new(message::INTERNAL, "an internal error"));
            }
        };
        let seat = match &member.user {
            None => None,
            Some(user) => Some(self.seats.connections.enter(user.clone()).ok_or_else(|| {
                let why = "THROTTLED: you have too many connections open";
                Farewell::new(message::TRY_LATER, why)
            })?),
        };
        Ok(Phase::Known { member, _seat: seat })
    }

    /// Why somebody may not connect.
    fn refused(&self, error: &Error) -> Farewell {
        if let Some(cause) = error.cause() {
            let (request, code) = (&self.card.request_id, error.code());
            tracing::error!(request, code, %cause, "a connection was not admitted");
        }
        let code = match error {
            Error::Unavailable(_) | Error::Throttled { .. } | Error::TenantUpgrading => {
                message::TRY_LATER
            }
            Error::Internal(_) | Error::Database(_) => message::INTERNAL,
            _ => message::FORBIDDEN,
        };
        Farewell::new(code, format!("{}: {error}", error.code()))
    }

    fn subscribe(
        &self,
        id: String,
        asked: Asked,
        member: &Member,
        wire: &Arc<Wire>,
    ) -> Result<(), Farewell> {
        if wire.has(&id) {
            let why = format!("Subscriber for {id} already exists");
            return Err(Farewell::new(message::ID_TAKEN, why));
        }
        let seat = match &member.user {
            _ if wire.open() >= self.settings.subscriptions_per_connection => Err(()),
            None => Ok(None),
            Some(user) => self.seats.subscriptions.enter(user.clone()).ok_or(()).map(Some),
        };
        let Ok(seat) = seat else {
            let error = throttled("too many subscriptions are open; end one first");
            let text = message::error(&id, &[self.shown(error, &self.card.request_id)]);
            wire.tell(Sent::Text(text));
            return Ok(());
        };
        let ticket = wire.begin(id, seat);
        let span = tracing::info_span!(
            "subscription",
            request = self.card.request_id,
            tenant = member.tenant,
            id = ticket.id,
        );
        let operation = Operation {
            source: Arc::clone(&self.source),
            member: member.clone(),
            request_id: self.card.request_id.clone(),
            wire: Arc::clone(wire),
            ticket: ticket.clone(),
        };
        let task = tokio::spawn(operation.run(asked).instrument(span));
        wire.hold(&ticket, task.abort_handle());
        Ok(())
    }

    fn shown(&self, error: ServerError, id: &str) -> Value {
        error_json(error, id, self.source.suggests())
    }
}

/// Ends subscriptions with their connection.
struct Closing(Arc<Wire>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close(Farewell::new(message::GOING_AWAY, ""), |_| None);
    }
}

/// One subscription.
struct Operation {
    source: Arc<dyn Source>,
    member: Member,
    request_id: String,
    wire: Arc<Wire>,
    ticket: Ticket,
}

impl Operation {
    async fn run(self, asked: Asked) {
        let _counted = Counted::of("daybook_subscriptions_open");
        let opened = AssertUnwindSafe(self.source.open(&self.member, asked)).catch_unwind().await;
        let ended = match opened {
            Ok(Ok(events)) => self.send_all(events).await,
            Ok(Err(error)) => Err(vec![error]),
            Err(_) => Err(vec![panicked()]),
        };
        let id = &self.ticket.id;
        let last = match ended {
            Ok(()) => message::complete(id),
            Err(errors) => {
                let errors: Vec<Value> = errors.into_iter().map(|one| self.shown(one)).collect();
                let code = errors.first().and_then(|one| one.pointer("/extensions/code"));
                let code = code.and_then(serde_json::Value::as_str);
                tracing::info!(code, "a subscription ended");
                message::error(id, &errors)
            }
        };
        self.wire.end(&self.ticket, last);
    }

    /// Sends events until there are no more, or the errors by which they end.
    async fn send_all(
        &self,
        mut events: BoxStream<'static, Response>,
    ) -> Result<(), Vec<ServerError>> {
        loop {
            let event = match AssertUnwindSafe(events.next()).catch_unwind().await {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(()),
                Err(_) => return Err(vec![panicked()]),
            };
            if !event.errors.is_empty() && event.data == async_graphql::Value::Null {
                return Err(event.errors);
            }
            let errors = event.errors.into_iter().map(|error| self.shown(error)).collect();
            let body = Body::of_event(event.data, errors);
            let text = message::next(&self.ticket.id, &body);
            match self.wire.offer(&self.ticket, text) {
                Offered::Queued => {
                    metrics::counter!("daybook_subscription_events_total").increment(1)
                }
                Offered::Gone => return Ok(()),
                Offered::Full => {
                    let why = "events were not read as fast as they came; read on by a query \
                               and subscribe again";
                    return Err(vec![throttled(why)]);
                }
            }
        }
    }

    fn shown(&self, error: ServerError) -> Value {
        error_json(error, &self.request_id, self.source.suggests())
    }
}

/// Counts in a gauge until it is dropped.
pub struct Counted(metrics::Gauge);

impl Counted {
    /// One more.
    pub fn of(name: &'static str) -> Self {
        let gauge = metrics::gauge!(name);
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// Sends what waits until the farewell, or until the client takes no more.
async fn write(mut sink: SplitSink<WebSocket, Message>, wire: Arc<Wire>) {
    loop {
        let message = match wire.next().await {
            Sent::Text(text) => Message::Text(text.into()),
            Sent::Ping => Message::Ping(Vec::new().into()),
            Sent::Close(farewell) => {
                sink.send(Message::Close(Some(farewell.into_frame()))).await.ok();
                return;
            }
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
}

async fn deadline(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

fn stopping() -> Farewell {
    Farewell::new(message::GOING_AWAY, "the server stops; connect again")
}

fn too_late() -> Farewell {
    Farewell::new(message::INIT_TIMEOUT, "Connection initialisation timeout")
}

fn is_too_big(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = cause {
        if one.to_string().starts_with("Message too long") {
            return true;
        }
        cause = one.source();
    }
    false
}

fn panicked() -> ServerError {
    server_error(Error::Internal("a subscription panicked".into()))
}

/// A failure as GraphQL shows it; its cause is logged.
pub fn server_error(error: Error) -> ServerError {
    let shown = async_graphql::Error::from(crate::graphql::error::ApiError::from(error));
    let mut error = shown.into_server_error(async_graphql::Pos::default());
    error.locations.clear();
    error
}

fn throttled(message: &str) -> ServerError {
    let mut error = server_error(Error::Throttled { retry_after_ms: TRY_AGAIN_SECONDS * 1_000 });
    error.message = message.to_owned();
    error
}
