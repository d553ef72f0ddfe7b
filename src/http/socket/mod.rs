//! Subscriptions over WebSocket, by the protocol `graphql-transport-ws`.
//!
//! The token comes in `connection_init`. Each operation passes the same bounds and is admitted anew;
//! between two events no tenant's database is held open.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Data, Executor, Request, Response, ServerError, futures_util::stream::BoxStream,
};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::{
    Router,
    extract::{Extension, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response as HttpResponse},
    routing::get,
};
use futures_util::StreamExt;

use super::{
    client_address::Client,
    graphql::{Endpoint, admit_shown, document_of, refusal, server_error},
    headers::RequestId,
};
use crate::{
    auth::gate::{Admission, Recognised, recognise},
    error::Error,
    graphql::context::{Caller, Listening},
};

const PROTOCOL: &str = "graphql-transport-ws";

/// Bounds of subscriptions.
#[derive(Debug, Clone, Copy)]
pub struct SocketSettings {
    /// Most connections of one address.
    pub per_address: usize,
    /// Longest wait for `connection_init`.
    pub init_timeout: Duration,
    /// Most bytes of one message.
    pub message_bytes_max: usize,
}

/// What the socket's route needs.
#[derive(Clone)]
pub struct Sockets {
    endpoint: Endpoint,
    settings: SocketSettings,
    origins: Arc<[String]>,
    open: Arc<Mutex<HashMap<std::net::IpAddr, usize>>>,
}

impl Sockets {
    /// Sockets over an endpoint; pages of these origins and of the asked host itself may connect.
    pub fn new(endpoint: Endpoint, settings: SocketSettings, origins: &[String]) -> Self {
        Self { endpoint, settings, origins: origins.into(), open: Arc::default() }
    }

    fn enter(&self, client: &Client) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(client.address).or_insert(0);
        if *count >= self.settings.per_address {
            return None;
        }
        *count += 1;
        Some(Place { open: Arc::clone(&self.open), address: client.address })
    }
}

/// A connection's place among those of its address, given back when dropped.
struct Place {
    open: Arc<Mutex<HashMap<std::net::IpAddr, usize>>>,
    address: std::net::IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.address);
            }
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
    let Some(place) = sockets.enter(&client) else {
        let why = "too many connections from this address";
        return refusal(&id, StatusCode::TOO_MANY_REQUESTS, "THROTTLED", why);
    };
    let Some(protocol) = protocol().await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    upgrade.protocols([PROTOCOL]).max_message_size(sockets.settings.message_bytes_max).on_upgrade(
        move |socket| async move {
            let _place = place;
            let began = Arc::new(AtomicBool::new(false));
            let base = Shown {
                host: client.host.clone(),
                tenant: headers
                    .get("x-tenant")
                    .and_then(|value| value.to_str().ok())
                    .map(str::to_owned),
                address: client.address,
                id,
            };
            let guarded = Guarded { endpoint: sockets.endpoint.clone() };
            let desk = Arc::clone(&sockets.endpoint.desk);
            let started = Arc::clone(&began);
            let served = GraphQLWebSocket::new(socket, guarded, protocol)
                .on_connection_init(move |payload| async move {
                    let token = payload
                        .get("authorization")
                        .or_else(|| payload.get("Authorization"))
                        .and_then(|value| value.as_str())
                        .map(str::to_owned);
                    let ticket = Ticket { shown: base, token };
                    recognise(&desk, ticket.admission()?).await.map_err(server_message)?;
                    started.store(true, Ordering::Release);
                    let mut data = Data::default();
                    data.insert(ticket);
                    Ok(data)
                })
                .serve();
            let late = async {
                tokio::time::sleep(sockets.settings.init_timeout).await;
                if began.load(Ordering::Acquire) {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = served => {}
                () = late => {}
            }
        },
    )
}

/// The one protocol that is spoken, in the library's own words.
async fn protocol() -> Option<GraphQLProtocol> {
    use axum::extract::FromRequestParts;
    let builder = axum::http::Request::builder().header(header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
    let (mut parts, ()) = builder.body(()).ok()?.into_parts();
    GraphQLProtocol::from_request_parts(&mut parts, &()).await.ok()
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

#[derive(Debug, Clone)]
struct Shown {
    host: Option<String>,
    tenant: Option<String>,
    address: std::net::IpAddr,
    id: String,
}

/// What a connection showed at its beginning; each operation and each event is judged by it anew.
#[derive(Clone)]
struct Ticket {
    shown: Shown,
    token: Option<String>,
}

impl Ticket {
    fn admission(&self) -> Result<Admission, async_graphql::Error> {
        let bearer = match &self.token {
            None => None,
            Some(text) => match text.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                    Some(token.trim().to_owned().into())
                }
                _ => return Err(server_message(Error::Unauthenticated)),
            },
        };
        Ok(Admission {
            bearer,
            api_key: None,
            host: self.shown.host.clone(),
            tenant: self.shown.tenant.clone(),
            request_id: self.shown.id.clone(),
            address: Some(self.shown.address),
        })
    }
}

fn server_message(error: Error) -> async_graphql::Error {
    crate::graphql::error::ApiError::from(error).into()
}

/// The schema behind the same bounds as the endpoint's.
#[derive(Clone)]
struct Guarded {
    endpoint: Endpoint,
}

impl Executor for Guarded {
    async fn execute(&self, _: Request) -> Response {
        let message = "ask queries and mutations at POST /graphql";
        Response::from_errors(vec![server_error(message, "BAD_USER_INPUT")])
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        let endpoint = self.endpoint.clone();
        Box::pin(async_stream::stream! {
            let prepared = prepare(&endpoint, request, session_data).await;
            match prepared {
                Ok((request, id)) => {
                    let mut answers = endpoint.schema.execute_stream(request);
                    while let Some(mut answer) = answers.next().await {
                        stamp(&mut answer, &id);
                        yield answer;
                    }
                }
                Err((error, id)) => {
                    let mut answer = Response::from_errors(vec![error]);
                    stamp(&mut answer, &id);
                    yield answer;
                }
            }
        })
    }
}

async fn prepare(
    endpoint: &Endpoint,
    request: Request,
    session_data: Option<Arc<Data>>,
) -> Result<(Request, String), (ServerError, String)> {
    let ticket = session_data
        .as_ref()
        .and_then(|data| data.get(&std::any::TypeId::of::<Ticket>()))
        .and_then(|ticket| ticket.downcast_ref::<Ticket>())
        .cloned();
    let Some(ticket) = ticket else {
        return Err((server_error("not initialised", "UNAUTHENTICATED"), String::new()));
    };
    let id = ticket.shown.id.clone();
    let fail = |error: ServerError| (error, id.clone());
    let document =
        document_of(endpoint, &request.query, request.operation_name.as_deref()).map_err(fail)?;
    let admission =
        ticket.admission().map_err(|error| fail(error.into_server_error(no_place())))?;
    let desk = Arc::clone(&endpoint.desk);
    let recognised = recognise(&desk, admission).await;
    let recognised = recognised.map_err(|error| fail(admit_shown(&error)))?;
    let caller = match recognised {
        Recognised::Nobody(info) => Caller::Nobody(info),
        Recognised::Platform(scope) => Caller::Platform(scope),
        Recognised::Tenant(scope) => {
            let again = move || -> futures_util::future::BoxFuture<'static, _> {
                let (desk, ticket) = (Arc::clone(&desk), ticket.clone());
                Box::pin(async move {
                    let shown = ticket.admission().map_err(|_| Error::Unauthenticated)?;
                    match recognise(&desk, shown).await? {
                        Recognised::Tenant(scope) => Ok(*scope),
                        Recognised::Nobody(_) | Recognised::Platform(_) => {
                            Err(Error::Unauthenticated)
                        }
                    }
                })
            };
            Caller::Listening(Listening::new(*scope, Box::new(again)))
        }
    };
    let mut request = request.data(caller).data(Arc::clone(&endpoint.desk));
    request.set_parsed_query(document);
    Ok((request, id))
}

fn no_place() -> async_graphql::Pos {
    async_graphql::Pos { line: 0, column: 0 }
}

/// Every error carries a code and the request's id.
fn stamp(answer: &mut Response, id: &str) {
    for error in &mut answer.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", "BAD_USER_INPUT");
        }
        extensions.set("requestId", id);
    }
}
