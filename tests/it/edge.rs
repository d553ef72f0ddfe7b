//! The edge: slow, silent and too many clients, and the end of the server.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::ws::{Message, WebSocketUpgrade},
    routing::get,
};
use daybook::http::serve::{Edge, serve};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::tungstenite;
use tokio_util::sync::CancellationToken;

use crate::{app::run_on, engine::Engine};

const LONG: Duration = Duration::from_secs(10);

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn edge() -> Edge {
    Edge { grace: LONG, connections: 100, head: LONG, idle: LONG, streams: 10 }
}

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(edge: Edge) -> Self {
        let router = Router::new()
            .route("/", get(|| async { "served" }))
            .route(
                "/slow",
                get(|| async {
                    sleep(ms(600)).await;
                    "served late"
                }),
            )
            .route("/never", get(std::future::pending::<&'static str>))
            .route("/large", get(|| async { vec![b'x'; 64 << 20] }))
            .route(
                "/echo",
                get(|upgrade: WebSocketUpgrade| async {
                    upgrade.on_upgrade(|mut socket| async move {
                        while let Some(Ok(Message::Text(text))) = socket.recv().await {
                            socket.send(Message::Text(text)).await.ok();
                        }
                    })
                }),
            );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, router, edge, stop.clone()));
        Self { address, stop, serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Tells it to stop, and how long it took to.
    async fn end(self) -> Duration {
        let begun = Instant::now();
        self.stop.cancel();
        timeout(LONG, self.serving).await.expect("it ends").unwrap().unwrap();
        begun.elapsed()
    }
}

async fn ask(socket: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
}

/// The next answer, with a body as short as those of the routes here.
async fn answer(socket: &mut TcpStream) -> String {
    let mut read = vec![0; 4_096];
    let count = timeout(LONG, socket.read(&mut read)).await.expect("an answer").unwrap();
    String::from_utf8_lossy(&read[..count]).into_owned()
}

async fn is_served(socket: &mut TcpStream) {
    ask(socket, "/").await;
    let answer = answer(socket).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("served"), "{answer}");
}

/// How long until the server closes the connection, while `drip` is sent over and over.
async fn closes(mut socket: TcpStream, drip: &[u8]) -> Duration {
    let begun = Instant::now();
    let mut read = [0; 1_024];
    while begun.elapsed() < LONG {
        match timeout(ms(50), socket.read(&mut read)).await {
            Ok(Ok(0) | Err(_)) => return begun.elapsed(),
            Ok(Ok(_)) => {}
            Err(_) if socket.write_all(drip).await.is_err() => return begun.elapsed(),
            Err(_) => {}
        }
    }
    panic!("the connection stayed open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_a_slow_head_is_cut_off() {
    let server = Server::start(Edge { head: ms(400), ..edge() }).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for (begin, drip) in [
        (&b""[..], &b""[..]),
        (b"P", b""),
        (b"PRI * HT", b""),
        (preface, b""),
        (b"GET / HTTP/1.1\r\n", b""),
        (b"GET / HTTP/1.1\r\nx-slow: ", b"a"),
    ] {
        let mut socket = server.connect().await;
        socket.write_all(begin).await.unwrap();
        let took = closes(socket, drip).await;
        assert!(took >= ms(300) && took < ms(3_000), "{begin:?}: {took:?}");
    }
    // Nor may a later head on a good connection be slow.
    let mut socket = server.connect().await;
    is_served(&mut socket).await;
    socket.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await.unwrap();
    assert!(closes(socket, b"a").await < ms(3_000));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_may_rest_between_requests_but_not_for_ever() {
    let server = Server::start(Edge { head: ms(200), idle: ms(1_500), ..edge() }).await;
    let mut socket = server.connect().await;
    is_served(&mut socket).await;
    sleep(ms(700)).await;
    is_served(&mut socket).await;
    // A request of its own takes its time.
    ask(&mut socket, "/slow").await;
    assert!(answer(&mut socket).await.ends_with("served late"));
    let took = closes(socket, b"").await;
    assert!(took > ms(1_000) && took < ms(5_000), "{took:?}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_above_the_bound_wait_and_are_then_served() {
    let server = Server::start(Edge { connections: 2, ..edge() }).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    is_served(&mut first).await;
    is_served(&mut second).await;
    let mut third = server.connect().await;
    ask(&mut third, "/").await;
    let mut read = [0; 16];
    assert!(timeout(ms(500), third.read(&mut read)).await.is_err(), "it was served at once");
    drop(first);
    assert!(answer(&mut third).await.ends_with("served"));
    is_served(&mut second).await;
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_the_answer_loses_the_place() {
    let server = Server::start(Edge { connections: 1, idle: ms(500), ..edge() }).await;
    let mut deaf = server.connect().await;
    ask(&mut deaf, "/large").await;
    let mut other = server.connect().await;
    is_served(&mut other).await;
    drop(deaf);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_socket_stays_open_and_holds_its_place() {
    let server = Server::start(Edge { connections: 1, idle: ms(300), ..edge() }).await;
    let url = format!("ws://{}/echo", server.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    for _ in 0..2 {
        socket.send(tungstenite::Message::text("hello")).await.unwrap();
        let heard = timeout(LONG, socket.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(heard.into_text().unwrap().as_str(), "hello");
        sleep(ms(900)).await;
    }
    let mut other = server.connect().await;
    ask(&mut other, "/").await;
    let mut read = [0; 16];
    assert!(timeout(ms(300), other.read(&mut read)).await.is_err(), "it was served at once");
    drop(socket);
    assert!(answer(&mut other).await.ends_with("served"));
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_waits_for_requests_and_not_for_idle_connections() {
    let server = Server::start(edge()).await;
    let mut idle = server.connect().await;
    is_served(&mut idle).await;
    let silent = server.connect().await;
    sleep(ms(100)).await;
    let took = server.end().await;
    assert!(took < ms(1_500), "{took:?}");
    drop((idle, silent));

    let server = Server::start(edge()).await;
    let mut busy = server.connect().await;
    ask(&mut busy, "/slow").await;
    sleep(ms(150)).await;
    let took = server.end().await;
    assert!(took > ms(200) && took < ms(3_000), "{took:?}");
    assert!(answer(&mut busy).await.ends_with("served late"));

    let server = Server::start(Edge { grace: ms(300), ..edge() }).await;
    let mut endless = server.connect().await;
    ask(&mut endless, "/never").await;
    sleep(ms(100)).await;
    let took = server.end().await;
    assert!(took >= ms(250) && took < ms(3_000), "{took:?}");
}

#[test]
fn a_slow_body_is_answered_with_408() {
    run_on(Engine::Sqlite, &[("server.body_timeout_ms", "400")], |app| {
        Box::pin(async move {
            let mut socket = TcpStream::connect(app.address).await.unwrap();
            let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\
                        content-type: application/json\r\n\r\n{\"query\":";
            socket.write_all(head.as_bytes()).await.unwrap();
            let begun = Instant::now();
            let mut text = String::new();
            // To the end: the connection is closed.
            timeout(LONG, socket.read_to_string(&mut text)).await.unwrap().unwrap();
            assert!(begun.elapsed() >= ms(350), "{:?}", begun.elapsed());
            assert!(text.starts_with("HTTP/1.1 408"), "{text}");
            let body: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
            let extensions = &body["errors"][0]["extensions"];
            assert_eq!(extensions["code"], "BAD_USER_INPUT");
            assert!(extensions["requestId"].is_string());
        })
    });
}
