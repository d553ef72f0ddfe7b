//! Subscriptions over WebSocket, by the protocol `graphql-transport-ws`.
//!
//! The token comes in `connection_init`. Each subscription passes the same bounds as a request and is
//! admitted anew; between two events no tenant's database is held open. `message` knows the protocol's
//! words, `connection` its states, `wire` what waits to be sent, `crowd` who takes how much, and
//! `source` who may listen to what.

mod connection;
mod crowd;
mod message;
mod source;
#[cfg(test)]
mod tests;
mod wire;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Extension, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response as HttpResponse,
    routing::get,
};

use super::{
    answer::refusal, client_address::Client, credentials::nameless, graphql::Endpoint,
    headers::RequestId, serve::Stopping,
};
use crate::auth::throttle::network_of;
use connection::Connection;
use crowd::Crowd;
use source::Source;

const PROTOCOL: &str = "graphql-transport-ws";

/// Bounds of subscriptions.
#[derive(Debug, Clone, Copy)]
pub struct SocketSettings {
    /// Most connections of one address; a network of IPv6 that one customer has counts as one.
    pub per_address: usize,
    /// Most connections of one user.
    pub per_user: usize,
    /// Most subscriptions of one user.
    pub subscriptions_per_user: usize,
    /// Most subscriptions of one connection.
    pub subscriptions_per_connection: usize,
    /// Most bytes of one message.
    pub message_bytes_max: usize,
    /// Most bytes that wait for a client.
    pub queue_bytes_max: usize,
    /// Longest wait for `connection_init`.
    pub init_timeout: Duration,
    /// How often a client is asked whether it lives.
    pub ping_every: Duration,
}

/// What the socket's route needs.
#[derive(Clone)]
pub struct Sockets {
    source: Arc<dyn Source>,
    settings: SocketSettings,
    origins: Arc<[String]>,
    addresses: Arc<Crowd<IpAddr>>,
    users: Arc<UserSeats>,
}

/// What users may take of this node.
struct UserSeats {
    connections: Crowd<String>,
    subscriptions: Crowd<String>,
}

impl Sockets {
    /// Sockets over an endpoint; pages of these origins and of the asked host itself may connect.
    pub fn new(endpoint: Endpoint, settings: SocketSettings, origins: &[String]) -> Self {
        Self::over(Arc::new(endpoint), settings, origins)
    }

    fn over(source: Arc<dyn Source>, settings: SocketSettings, origins: &[String]) -> Self {
        Self {
            source,
            settings,
            origins: origins.into(),
            addresses: Arc::new(Crowd::new(settings.per_address)),
            users: Arc::new(UserSeats {
                connections: Crowd::new(settings.per_user),
                subscriptions: Crowd::new(settings.subscriptions_per_user),
            }),
        }
    }
}

/// The route of subscriptions.
pub fn router(sockets: Sockets) -> Router {
    Router::new().route("/graphql/ws", get(upgrade)).with_state(sockets)
}

async fn upgrade(
    State(sockets): State<Sockets>,
    Extension(RequestId(id)): Extension<RequestId>,
    Extension(client): Extension<Client>,
    stopping: Option<Extension<Stopping>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> HttpResponse {
    let offered = headers
        .get(header::SEC_WEBSOCKET_PROTOCOL)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let speaks = offered.split(',').any(|name| name.trim() == PROTOCOL);
    let Some(upgrade) = upgrade.ok().filter(|_| speaks) else {
        let why = "connect by WebSocket with the protocol graphql-transport-ws";
        let mut response = refusal(&id, StatusCode::UPGRADE_REQUIRED, "BAD_USER_INPUT", why);
        response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        return response;
    };
    if !is_allowed_origin(&headers, &client, &sockets.origins) {
        let why = "pages of this origin may not connect";
        return refusal(&id, StatusCode::FORBIDDEN, "FORBIDDEN", why);
    }
    let Some(seat) = sockets.addresses.enter(network_of(client.address)) else {
        let why = "too many connections from this address";
        let mut response = refusal(&id, StatusCode::TOO_MANY_REQUESTS, "THROTTLED", why);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        return response;
    };
    let stopping = stopping.map(|Extension(stopping)| stopping).unwrap_or_default();
    let connection = Connection {
        source: Arc::clone(&sockets.source),
        settings: sockets.settings,
        seats: Arc::clone(&sockets.users),
        card: nameless(&headers, &client, &id),
        stop: stopping.token.clone(),
    };
    let kept = (seat, stopping.open.token());
    let most = sockets.settings.message_bytes_max;
    upgrade.protocols([PROTOCOL]).max_message_size(most).max_frame_size(most).on_upgrade(
        move |socket| async move {
            connection.serve(socket).await;
            drop(kept);
        },
    )
}

/// A browser says where the page comes from; other clients say nothing.
fn is_allowed_origin(headers: &HeaderMap, client: &Client, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let is_own = client.host.as_deref().is_some_and(|host| {
        origin.split_once("://").is_some_and(|(_, named)| named.eq_ignore_ascii_case(host))
    });
    is_own || allowed.iter().any(|one| one == origin)
}
