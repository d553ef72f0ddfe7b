//! A client of subscriptions, over a real WebSocket.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::client::Client;

/// Within this a subscriber hears of what happened.
pub const SOON: Duration = Duration::from_secs(2);

/// A connection.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects, and says nothing yet.
    pub async fn connect(address: SocketAddr) -> Self {
        let url = format!("ws://{address}/graphql/ws");
        let mut request = url.into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        Self(connect_async(request).await.unwrap().0)
    }

    /// Connects and shows a client's token, if it has one.
    pub async fn of(address: SocketAddr, client: &Client) -> Self {
        let mut socket = Self::connect(address).await;
        socket.init(client.token.as_deref()).await;
        assert_eq!(socket.next(SOON).await["type"], "connection_ack");
        socket
    }

    /// Shows a token.
    pub async fn init(&mut self, token: Option<&str>) {
        let payload = token.map(|token| json!({ "authorization": format!("Bearer {token}") }));
        self.send(json!({ "type": "connection_init", "payload": payload })).await;
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Subscribes under an id.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// Subscribes and waits until it is heard: nothing tells a subscriber that it listens.
    pub async fn listen(&mut self, id: &str, query: &str, variables: Value) {
        self.subscribe(id, query, variables).await;
        self.hears_nothing(Duration::from_millis(700)).await;
    }

    /// The next message, within a time.
    pub async fn next(&mut self, within: Duration) -> Value {
        let next = self.text(within).await;
        serde_json::from_str(&next.unwrap_or_else(|| panic!("nothing within {within:?}"))).unwrap()
    }

    async fn text(&mut self, within: Duration) -> Option<String> {
        let text = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => return text.to_string(),
                    Some(Ok(Message::Ping(_))) => {}
                    other => panic!("{other:?}"),
                }
            }
        };
        tokio::time::timeout(within, text).await.ok()
    }

    /// That no message comes for a while.
    pub async fn hears_nothing(&mut self, during: Duration) {
        if let Some(text) = self.text(during).await {
            panic!("{text}");
        }
    }

    /// The next event, under the id that it must have.
    pub async fn event(&mut self, id: &str) -> Value {
        let message = self.next(SOON).await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        message["payload"]["data"].clone()
    }

    /// The code of the error by which a subscription ends.
    pub async fn error(&mut self, id: &str) -> String {
        let message = self.next(SOON).await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
        let extensions = &message["payload"][0]["extensions"];
        assert!(extensions["requestId"].is_string(), "{message}");
        extensions["code"].as_str().unwrap_or_else(|| panic!("{message}")).to_owned()
    }

    /// The code by which the server closes the connection; messages before are passed over.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match tokio::time::timeout(SOON, self.0.next()).await.unwrap() {
                Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                Some(Ok(_)) => {}
                other => panic!("no close frame: {other:?}"),
            }
        }
    }
}
