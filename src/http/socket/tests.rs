//! The protocol over real sockets, with a source that does what the test says.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::time::Instant;

use async_graphql::{Response, ServerError, Value as Data};
use axum::middleware::{from_fn, from_fn_with_state};
use futures_util::{
    SinkExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, protocol::frame::coding::CloseCode},
};
use tokio_util::sync::CancellationToken;

use super::{
    source::{Member, Source},
    *,
};
use crate::{
    auth::gate::Admission,
    error::Error,
    http::{client_address, headers, request::Asked, serve::serve},
};

/// Listens to whatever it is told.
struct Told;

const EVENT_BYTES: usize = 64 * 1024;

impl Source for Told {
    fn admit(&self, card: Admission) -> BoxFuture<'_, Result<Member, Error>> {
        Box::pin(async move {
            let key = card.api_key.as_ref().map(|key| key.expose_secret().to_owned());
            let user = key.unwrap_or_default();
            match user.as_str() {
                "nobody" => Err(Error::Unauthenticated),
                "later" => Err(Error::Unavailable("a test".into())),
                "broken" => Err(Error::Internal("a test".into())),
                "slow" => std::future::pending().await,
                "short" => Ok(Member { card, user: None, tenant: None, ends_at: Some(0) }),
                _ => Ok(Member { card, user: Some(user), tenant: None, ends_at: None }),
            }
        })
    }

    fn has_ended(&self, member: &Member) -> bool {
        member.ends_at.is_some()
    }

    fn open<'a>(
        &'a self,
        _: &'a Member,
        asked: Asked,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Response>, ServerError>> {
        Box::pin(async move {
            let event = |bytes: usize| Response::new(Data::from("x".repeat(bytes)));
            match asked.query.as_str() {
                "three" => Ok(stream::iter((0..3).map(move |_| event(1))).boxed()),
                "flood" => Ok(stream::iter((0..2_000).map(move |_| event(EVENT_BYTES))).boxed()),
                "panic" => {
                    let events = stream::iter(0..2).map(move |at| {
                        assert!(at == 0, "the second event");
                        event(1)
                    });
                    Ok(events.boxed())
                }
                "early panic" => panic!("at once"),
                "partly" => {
                    let mut event = event(1);
                    event.errors.push(ServerError::new("one field", None));
                    Ok(stream::iter([event]).boxed())
                }
                _ => Ok(stream::pending().boxed()),
            }
        })
    }

    fn nesting(&self) -> usize {
        50
    }

    fn suggests(&self) -> bool {
        true
    }
}

struct Place {
    address: std::net::SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

const SETTINGS: SocketSettings = SocketSettings {
    per_address: 4,
    per_user: 2,
    subscriptions_per_user: 3,
    subscriptions_per_connection: 2,
    message_bytes_max: 2_000,
    queue_bytes_max: 1 << 20,
    init_timeout: Duration::from_millis(400),
    ping_every: Duration::from_secs(30),
};

async fn place(settings: SocketSettings) -> Place {
    place_behind(settings, &[]).await
}

/// A place that takes the word of these proxies on who connects.
async fn place_behind(settings: SocketSettings, proxies: &[&str]) -> Place {
    let sockets = Sockets::over(Arc::new(Told), settings, &["https://books.example".to_owned()]);
    let proxies: Arc<[crate::config::IpRange]> =
        proxies.iter().map(|range| range.parse().unwrap()).collect();
    let router = router(sockets)
        .layer(from_fn_with_state(proxies, client_address::layer))
        .layer(from_fn(headers::layer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let grace = Duration::from_secs(5);
    let serving = tokio::spawn(serve(listener, router, grace, stop.clone()));
    Place { address, stop, serving }
}

struct Peer(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Place {
    async fn try_connect(&self, protocol: &str, origin: &str) -> Result<Peer, u16> {
        self.try_with(protocol, "origin", origin).await
    }

    /// Connects with a header, if it is not empty.
    async fn try_with(&self, protocol: &str, name: &'static str, value: &str) -> Result<Peer, u16> {
        let url = format!("ws://{}/graphql/ws", self.address);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        if !value.is_empty() {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Peer(stream)),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    async fn connect(&self) -> Peer {
        self.try_connect(PROTOCOL, "").await.ok().unwrap()
    }

    async fn known(&self, user: &str) -> Peer {
        let mut peer = self.connect().await;
        peer.send(json!({ "type": "connection_init", "payload": { "x-api-key": user } })).await;
        assert_eq!(peer.next().await["type"], "connection_ack");
        peer
    }
}

impl Peer {
    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        let payload = json!({ "query": query });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    async fn next(&mut self) -> Value {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(10), self.0.next());
            match next.await.unwrap().unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The code by which the server closes; messages before it are passed over.
    async fn closed(&mut self) -> u16 {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(10), self.0.next());
            match next.await.unwrap() {
                Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                Some(Ok(_)) => {}
                other => panic!("no close frame: {other:?}"),
            }
        }
    }
}

fn code(message: &Value) -> &str {
    message["payload"][0]["extensions"]["code"].as_str().unwrap()
}

#[tokio::test]
async fn each_fault_closes_with_its_code() {
    let place = place(SocketSettings { per_address: 100, ..SETTINGS }).await;
    let mut peer = place.connect().await;
    peer.subscribe("1", "three").await;
    assert_eq!(peer.closed().await, 4401);

    let began = Instant::now();
    assert_eq!(place.connect().await.closed().await, 4408);
    assert!(began.elapsed() >= SETTINGS.init_timeout);
    let mut peer = place.connect().await;
    let slow = json!({ "type": "connection_init", "payload": { "x-api-key": "slow" } });
    peer.send(slow).await;
    assert_eq!(peer.closed().await, 4408);

    let mut peer = place.known("meera").await;
    peer.send(json!({ "type": "connection_init" })).await;
    assert_eq!(peer.closed().await, 4429);

    let mut peer = place.known("meera").await;
    peer.subscribe("1", "quiet").await;
    peer.subscribe("1", "three").await;
    assert_eq!(peer.closed().await, 4409);

    for (message, right) in [
        (Message::text("nonsense"), 4400),
        (Message::text(r#"{"type":"start","id":"1"}"#), 4400),
        (Message::binary(vec![1, 2]), 4400),
        (Message::text("x".repeat(2_001)), 1009),
    ] {
        let mut peer = place.known("meera").await;
        peer.0.send(message).await.unwrap();
        assert_eq!(peer.closed().await, right);
    }
    for (user, right) in [("nobody", 4403), ("later", 1013), ("broken", 4500)] {
        let mut peer = place.connect().await;
        let init = json!({ "type": "connection_init", "payload": { "x-api-key": user } });
        peer.send(init).await;
        assert_eq!(peer.closed().await, right, "{user}");
    }
    let mut peer = place.known("short").await;
    peer.subscribe("1", "quiet").await;
    let last = peer.next().await;
    assert_eq!((code(&last), last["id"].as_str().unwrap()), ("UNAUTHENTICATED", "1"));
    assert_eq!(peer.closed().await, 4403);
}

#[tokio::test]
async fn who_may_not_connect_is_told_by_http() {
    let place = place(SETTINGS).await;
    assert_eq!(place.try_connect("graphql-ws", "").await.err(), Some(426));
    assert_eq!(place.try_connect(PROTOCOL, "https://evil.example").await.err(), Some(403));
    let peers = [
        place.try_connect(PROTOCOL, "https://books.example").await,
        place.try_connect(PROTOCOL, &format!("http://{}", place.address)).await,
        place.try_connect(PROTOCOL, "").await,
        place.try_connect(PROTOCOL, "").await,
    ];
    assert!(peers.iter().all(Result::is_ok));
    assert_eq!(place.try_connect(PROTOCOL, "").await.err(), Some(429));
    drop(peers);
    let until = Instant::now() + Duration::from_secs(5);
    while place.try_connect(PROTOCOL, "").await.is_err() {
        assert!(Instant::now() < until, "the seats are not given back");
    }
}

#[tokio::test]
async fn a_network_of_ipv6_has_the_seats_of_one_address() {
    let settings = SocketSettings { per_address: 1, ..SETTINGS };
    let place = place_behind(settings, &["127.0.0.0/8"]).await;
    let from = async |address: &str| place.try_with(PROTOCOL, "x-forwarded-for", address).await;
    let first = from("2001:db8:1:2::1").await;
    assert!(first.is_ok());
    assert_eq!(from("2001:db8:1:2:ffff::2").await.err(), Some(429));
    assert!(from("2001:db8:1:3::1").await.is_ok());
    assert!(from("198.51.100.7").await.is_ok());
}

#[tokio::test]
async fn subscriptions_begin_and_end() {
    let place = place(SETTINGS).await;
    let mut peer = place.known("meera").await;
    peer.send(json!({ "type": "ping", "payload": { "at": 1 } })).await;
    assert_eq!(peer.next().await, json!({ "type": "pong", "payload": { "at": 1 } }));
    peer.0.send(Message::Ping(vec![7].into())).await.unwrap();
    let pong = peer.0.next().await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong(vec![7].into()));

    peer.subscribe("1", "three").await;
    for _ in 0..3 {
        let next = peer.next().await;
        assert_eq!(next, json!({ "type": "next", "id": "1", "payload": { "data": "x" } }));
    }
    assert_eq!(peer.next().await, json!({ "type": "complete", "id": "1" }));
    // The id is free again; an answer may hold data and errors.
    peer.subscribe("1", "partly").await;
    let next = peer.next().await;
    assert_eq!(next["payload"]["data"], "x");
    assert_eq!(next["payload"]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(peer.next().await["type"], "complete");

    // What the client ends is free at once, as often as it likes.
    for _ in 0..20 {
        peer.subscribe("2", "quiet").await;
        peer.send(json!({ "type": "complete", "id": "2" })).await;
    }
    peer.send(json!({ "type": "complete", "id": "unknown" })).await;
    peer.subscribe("2", "three").await;
    assert_eq!(peer.next().await["id"], "2");
}

#[tokio::test]
async fn a_panic_ends_its_subscription_only() {
    let place = place(SETTINGS).await;
    let mut peer = place.known("meera").await;
    peer.subscribe("1", "panic").await;
    assert_eq!(peer.next().await["type"], "next");
    let last = peer.next().await;
    assert_eq!((last["type"].as_str().unwrap(), code(&last)), ("error", "INTERNAL"));
    assert!(last["payload"][0]["extensions"]["requestId"].is_string());
    peer.subscribe("1", "early panic").await;
    assert_eq!(code(&peer.next().await), "INTERNAL");
    peer.subscribe("1", "three").await;
    assert_eq!(peer.next().await["type"], "next");
}

#[tokio::test]
async fn a_user_takes_no_more_than_its_share() {
    let place = place(SETTINGS).await;
    let mut first = place.known("meera").await;
    let mut second = place.known("meera").await;
    let mut third = place.connect().await;
    third.send(json!({ "type": "connection_init", "payload": { "x-api-key": "meera" } })).await;
    assert_eq!(third.closed().await, 1013);
    place.known("ravi").await;

    for id in ["1", "2", "3"] {
        first.subscribe(id, "quiet").await;
    }
    let refused = first.next().await;
    assert_eq!((refused["id"].as_str().unwrap(), code(&refused)), ("3", "THROTTLED"));
    assert_eq!(refused["payload"][0]["extensions"]["retryAfterSeconds"], 5);
    // One more of this user, on whichever connection.
    second.subscribe("1", "quiet").await;
    second.subscribe("2", "quiet").await;
    let refused = second.next().await;
    assert_eq!((refused["id"].as_str().unwrap(), code(&refused)), ("2", "THROTTLED"));
    first.send(json!({ "type": "complete", "id": "1" })).await;
    first.send(json!({ "type": "ping" })).await;
    assert_eq!(first.next().await["type"], "pong");
    second.subscribe("2", "three").await;
    assert_eq!(second.next().await["type"], "next");
}

#[tokio::test]
async fn who_does_not_read_is_told_and_holds_no_memory() {
    let place = place(SETTINGS).await;
    let mut peer = place.known("meera").await;
    peer.subscribe("1", "flood").await;
    // Nothing is read: the system's buffers fill, then the queue.
    tokio::time::sleep(Duration::from_millis(800)).await;
    let mut events = 0;
    let last = loop {
        let message = peer.next().await;
        match message["type"].as_str().unwrap() {
            "next" => events += 1,
            _ => break message,
        }
    };
    assert!((1..1_000).contains(&events), "{events}");
    assert_eq!((last["type"].as_str().unwrap(), code(&last)), ("error", "THROTTLED"));
    // The connection lives on.
    peer.subscribe("1", "three").await;
    assert_eq!(peer.next().await["type"], "next");
}

#[tokio::test]
async fn a_silent_client_is_let_go() {
    let place = place(SocketSettings { ping_every: Duration::from_millis(600), ..SETTINGS }).await;
    let mut lively = place.known("meera").await;
    let silent = place.known("meera").await;
    // Pongs are sent while it reads, and the server's pings are all it hears.
    let heard = tokio::time::timeout(Duration::from_secs(3), async {
        while let Some(Ok(message)) = lively.0.next().await {
            assert!(message.is_ping(), "{message:?}");
        }
    });
    assert!(heard.await.is_err(), "the lively one was let go");
    let mut third = place.known("meera").await;
    third.subscribe("1", "three").await;
    assert_eq!(third.next().await["type"], "next");
    drop(silent);
}

#[tokio::test]
async fn everybody_is_told_when_the_server_stops() {
    let place = place(SETTINGS).await;
    let mut known = place.known("meera").await;
    known.subscribe("1", "quiet").await;
    let mut unknown = place.connect().await;
    let _silent = place.known("ravi").await;
    let began = Instant::now();
    place.stop.cancel();
    assert_eq!(known.closed().await, u16::from(CloseCode::Away));
    assert_eq!(unknown.closed().await, 1001);
    place.serving.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}
