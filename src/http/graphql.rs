//! The endpoint: from an HTTP request to an operation's answer.

use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{
    IntrospectionMode, Request, Response, ServerError,
    parser::types::{ExecutableDocument, OperationType},
};
use axum::{
    body::Bytes,
    extract::{Extension, RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response as HttpResponse},
};
use futures_util::FutureExt;
use secrecy::SecretString;
use serde_json::{Value, json};
use tracing::Instrument;

use super::{
    client_address::Client,
    headers::RequestId,
    negotiate::{Media, negotiate},
    request::{Asked, Malformed, check_content_type, read_body, read_parameters},
};
use crate::{
    auth::{
        desk::Desk,
        gate::{Admission, Recognised, recognise},
    },
    error::Error,
    graphql::{
        ApiSchema,
        context::{Caller, Served},
        cost::{Sheet, Spender, Spenders, values_in},
        limits::{
            Bounds, Excess, ExcessKind, Facts, check_batch, check_document, check_json, check_text,
        },
    },
};

/// What the endpoint needs.
#[derive(Clone)]
pub struct Endpoint {
    /// The schema.
    pub schema: ApiSchema,
    /// Where people are recognised.
    pub desk: Arc<Desk>,
    /// Bounds of documents.
    pub bounds: Bounds,
    /// Most requests in one batch.
    pub batch_max: usize,
    /// Longest time for one operation.
    pub timeout: Duration,
    /// Whether strangers may ask for the schema.
    pub introspection: bool,
}

/// Answers `/graphql`.
pub async fn endpoint(
    State(endpoint): State<Endpoint>,
    Extension(RequestId(id)): Extension<RequestId>,
    Extension(client): Extension<Client>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> HttpResponse {
    let accept = headers.get(header::ACCEPT).map(|value| value.to_str().unwrap_or("-"));
    let Some(media) = negotiate(accept) else {
        let why = "answers are application/json or application/graphql-response+json";
        return refusal(&id, StatusCode::NOT_ACCEPTABLE, "BAD_USER_INPUT", why);
    };
    let read = match method {
        Method::GET => {
            let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
            read_parameters(pairs).map(|asked| (vec![asked], false))
        }
        Method::POST => read_post(&endpoint, &headers, &body),
        _ => return not_allowed(&id, "GET, POST", "ask by GET or POST"),
    };
    let (asked, is_batch) = match read {
        Ok(read) => read,
        Err(why) => return refusal(&id, why.status, "BAD_USER_INPUT", &why.message),
    };
    let mut prepared = Vec::with_capacity(asked.len());
    for one in asked {
        match prepare(&endpoint, one) {
            Ok(ready) if method == Method::GET && ready.facts.operation != OperationType::Query => {
                return not_allowed(&id, "POST", "only queries may be asked by GET");
            }
            Ok(ready) => prepared.push(Ok(ready)),
            Err(error) => prepared.push(Err(error)),
        }
    }
    let facts = prepared.iter().filter_map(|one| one.as_ref().ok()).map(|ready| &ready.facts);
    if let Err(why) = check_batch(facts, &endpoint.bounds) {
        return refusal(&id, StatusCode::BAD_REQUEST, "BAD_USER_INPUT", &why.message);
    }
    let caller = match admit(&endpoint.desk, &headers, &client, &id).await {
        Ok(caller) => caller,
        Err(error) => {
            let answer = Answer::failed(&error, &id);
            return respond(media, vec![answer], false);
        }
    };
    let mut answers = Vec::with_capacity(prepared.len());
    for one in prepared {
        answers.push(match one {
            Ok(ready) => execute(&endpoint, ready, &caller, &id).await,
            Err(error) => Answer::refused(error, &id),
        });
    }
    respond(media, answers, is_batch)
}

fn read_post(
    endpoint: &Endpoint,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Vec<Asked>, bool), Malformed> {
    check_content_type(headers)?;
    check_json(body, endpoint.bounds.nesting).map_err(|excess| Malformed::bad(excess.message))?;
    read_body(body, endpoint.batch_max)
}

/// An operation that passed every bound that can be checked without the schema.
pub(super) struct Ready {
    /// With its document parsed.
    pub request: Request,
    /// What it will run.
    pub facts: Facts,
}

/// Checks the bounds of one operation.
///
/// # Errors
/// What the bound or the parser says.
pub(super) fn prepare(endpoint: &Endpoint, asked: Asked) -> Result<Ready, ServerError> {
    let (document, facts) = read_document(endpoint, &asked.query, asked.operation_name.as_deref())?;
    let mut request = Request::new(asked.query).variables(asked.variables);
    if let Some(name) = &asked.operation_name {
        request = request.operation_name(name);
    }
    request.set_parsed_query(document);
    request.introspection_mode = if endpoint.introspection {
        IntrospectionMode::Enabled
    } else {
        IntrospectionMode::Disabled
    };
    Ok(Ready { request, facts })
}

fn read_document(
    endpoint: &Endpoint,
    query: &str,
    operation_name: Option<&str>,
) -> Result<(ExecutableDocument, Facts), ServerError> {
    let excess = |excess: Excess| {
        let is_bound = excess.kind == ExcessKind::TooComplex;
        coded(excess.message, if is_bound { "QUERY_TOO_COMPLEX" } else { "BAD_USER_INPUT" })
    };
    check_text(query, &endpoint.bounds).map_err(excess)?;
    let document = async_graphql::parser::parse_query(query).map_err(ServerError::from)?;
    let facts = check_document(&document, operation_name, &endpoint.bounds).map_err(excess)?;
    Ok((document, facts))
}

/// Finds out who asks, from headers.
///
/// # Errors
/// As [`recognise`].
pub async fn admit(
    desk: &Desk,
    headers: &HeaderMap,
    client: &Client,
    request_id: &str,
) -> Result<Admitted, Error> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = match text("authorization") {
        None => None,
        Some(value) => match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                Some(SecretString::from(token.trim().to_owned()))
            }
            _ => return Err(Error::Unauthenticated),
        },
    };
    let shown = Admission {
        bearer,
        api_key: text("x-api-key").map(|key| SecretString::from(key.to_owned())),
        host: client.host.clone(),
        tenant: text("x-tenant").map(str::to_owned),
        request_id: request_id.to_owned(),
        address: Some(client.address),
    };
    Ok(Admitted(Arc::new(recognise(desk, shown).await?)))
}

/// Who asks, shared by the operations of a batch.
#[derive(Debug, Clone)]
pub struct Admitted(Arc<Recognised>);

impl Admitted {
    /// The request with everything that resolvers ask for.
    pub fn equip(&self, request: Request, desk: &Arc<Desk>) -> Request {
        let request = request.data(Arc::clone(desk)).data(spenders_of(&self.0));
        match self.0.as_ref() {
            Recognised::Nobody(info) => request.data(Caller::Nobody(info.clone())),
            Recognised::Tenant(scope) => {
                request.data(Caller::Tenant(Served::new(scope.as_ref().clone())))
            }
            Recognised::Platform(scope) => request.data(Caller::Platform(scope.clone())),
        }
    }

    /// The tenant's name for the log.
    pub fn tenant_label(&self) -> Option<&str> {
        match self.0.as_ref() {
            Recognised::Tenant(scope) => Some(&scope.db.route.subdomain),
            Recognised::Nobody(_) | Recognised::Platform(_) => None,
        }
    }
}

/// Whose buckets a caller spends from.
pub(super) fn spenders_of(recognised: &Recognised) -> Spenders {
    Spenders(match recognised {
        Recognised::Nobody(info) => {
            let address: Option<IpAddr> = info.address;
            vec![Spender::User(address.map_or("nowhere".to_owned(), |ip| ip.to_string()))]
        }
        Recognised::Tenant(scope) => {
            let tenant = scope.db.route.id;
            let user = Spender::User(format!("{tenant}/{}", scope.access.user));
            vec![user, Spender::Tenant(tenant.get())]
        }
        Recognised::Platform(scope) => {
            vec![Spender::User(format!("office/{}", scope.access.user))]
        }
    })
}

async fn execute(endpoint: &Endpoint, ready: Ready, caller: &Admitted, id: &str) -> Answer {
    let sheet = Arc::new(Sheet::default());
    let request = caller.equip(ready.request, &endpoint.desk).data(Arc::clone(&sheet));
    let span = tracing::info_span!(
        "operation",
        request = id,
        tenant = caller.tenant_label(),
        operation = ready.facts.operation_name.as_deref(),
        kind = %ready.facts.operation,
    );
    let kind = ready.facts.operation.to_string();
    let began = std::time::Instant::now();
    let run = AssertUnwindSafe(endpoint.schema.execute(request)).catch_unwind();
    let outcome = tokio::time::timeout(endpoint.timeout, run.instrument(span.clone())).await;
    let _entered = span.enter();
    let answer = match outcome {
        Ok(Ok(response)) => Answer::of(response, &sheet, id, endpoint.introspection),
        Ok(Err(_)) => {
            tracing::error!("an operation panicked");
            Answer::failed(&Error::Internal("panic".into()), id)
        }
        Err(_) => {
            tracing::warn!("an operation ran out of time");
            Answer::failed(&Error::Unavailable("time".into()), id)
        }
    };
    let elapsed = began.elapsed();
    metrics::histogram!("daybook_operation_seconds", "kind" => kind).record(elapsed.as_secs_f64());
    tracing::info!(
        status = answer.status.as_u16(),
        cost = sheet.read().requested,
        ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        "operation"
    );
    answer
}

/// One operation's answer, with the status it has where the media type lets it show.
struct Answer {
    body: Value,
    status: StatusCode,
    retry_after: Option<u64>,
    /// Refused with a status of its own whatever the media type (a rate limit).
    forces_status: bool,
}

impl Answer {
    fn of(response: Response, sheet: &Sheet, id: &str, may_introspect: bool) -> Self {
        let entries = sheet.read();
        let actual = values_in(&response.data);
        let errors: Vec<Value> = response
            .errors
            .into_iter()
            .map(|error| error_json(error, id, may_introspect))
            .collect();
        let code = errors
            .iter()
            .filter_map(|error| error.pointer("/extensions/code").and_then(Value::as_str))
            .next()
            .map(str::to_owned);
        let mut body = serde_json::Map::new();
        // A database that is gone and a queue that is full concern the whole request, not a field.
        let is_down = response.data == async_graphql::Value::Null
            && matches!(code.as_deref(), Some("UNAVAILABLE" | "THROTTLED"));
        let status = if entries.was_executed && !is_down {
            StatusCode::OK
        } else {
            status_of(code.as_deref().unwrap_or("BAD_USER_INPUT"))
        };
        if entries.was_executed {
            let data = response.data.into_json().unwrap_or(Value::Null);
            body.insert("data".to_owned(), data);
        }
        let waits = errors
            .iter()
            .filter_map(|error| error.pointer("/extensions/retryAfterSeconds"))
            .find_map(Value::as_u64);
        if !errors.is_empty() {
            body.insert("errors".to_owned(), Value::Array(errors));
        }
        let standing = entries.standing;
        let cost = json!({
            "requestedQueryCost": entries.requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": standing.maximum,
                "currentlyAvailable": standing.available,
                "restoreRate": standing.restore_rate,
            },
        });
        let mut extensions = serde_json::Map::new();
        extensions.insert("cost".to_owned(), cost);
        for (name, value) in response.extensions {
            extensions.insert(name, value.into_json().unwrap_or(Value::Null));
        }
        body.insert("extensions".to_owned(), Value::Object(extensions));
        Self {
            body: Value::Object(body),
            status,
            retry_after: entries.wait_ms.map(|wait| wait.div_ceil(1_000)).or(waits),
            forces_status: entries.wait_ms.is_some() || is_down,
        }
    }

    /// A request that was refused before it reached the schema.
    fn refused(error: ServerError, id: &str) -> Self {
        let error = error_json(error, id, true);
        Self {
            body: json!({ "errors": [error] }),
            status: StatusCode::BAD_REQUEST,
            retry_after: None,
            forces_status: false,
        }
    }

    fn failed(error: &Error, id: &str) -> Self {
        if let Some(cause) = error.cause() {
            tracing::error!(request = id, code = error.code(), %cause, "a request failed");
        }
        let status = status_of(error.code());
        let retry_after = match error {
            Error::Throttled { retry_after_ms } => Some(retry_after_ms.div_ceil(1_000)),
            _ => None,
        };
        Self {
            body: errors_body(id, error.code(), &error.to_string()),
            status,
            forces_status: matches!(error, Error::Throttled { .. } | Error::Unavailable(_)),
            retry_after,
        }
    }
}

/// The status of a request error, by its code.
fn status_of(code: &str) -> StatusCode {
    match code {
        "UNAUTHENTICATED" => StatusCode::UNAUTHORIZED,
        "FORBIDDEN" | "TENANT_SUSPENDED" => StatusCode::FORBIDDEN,
        "NOT_FOUND" | "TENANT_NOT_FOUND" => StatusCode::NOT_FOUND,
        "CONFLICT" => StatusCode::CONFLICT,
        "THROTTLED" => StatusCode::TOO_MANY_REQUESTS,
        "TENANT_UPGRADING" | "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        "CLIENT_TOO_OLD" => StatusCode::GONE,
        "INTERNAL" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// An error as it leaves: always with a code of the closed list and the request's id.
pub fn error_json(error: ServerError, id: &str, may_introspect: bool) -> Value {
    let mut message = error.message;
    if !may_introspect && let Some(at) = message.find(" Did you mean") {
        message.truncate(at);
    }
    let mut extensions = match error.extensions {
        Some(extensions) => match serde_json::to_value(extensions) {
            Ok(Value::Object(members)) => members,
            _ => serde_json::Map::new(),
        },
        None => serde_json::Map::new(),
    };
    extensions.entry("code".to_owned()).or_insert_with(|| {
        let is_bound = message.contains("too complex")
            || message.contains("too deep")
            || message.contains("recursion depth");
        Value::from(if is_bound { "QUERY_TOO_COMPLEX" } else { "BAD_USER_INPUT" })
    });
    extensions.insert("requestId".to_owned(), Value::from(id));
    let mut body = serde_json::Map::new();
    body.insert("message".to_owned(), Value::from(message));
    if !error.locations.is_empty() {
        let places: Vec<Value> = error
            .locations
            .iter()
            .map(|place| json!({ "line": place.line, "column": place.column }))
            .collect();
        body.insert("locations".to_owned(), Value::from(places));
    }
    if !error.path.is_empty() {
        let path = serde_json::to_value(&error.path).unwrap_or(Value::Null);
        body.insert("path".to_owned(), path);
    }
    body.insert("extensions".to_owned(), Value::Object(extensions));
    Value::Object(body)
}

/// An error of a code that the schema did not make.
pub(super) fn coded(message: String, code: &str) -> ServerError {
    let mut error = ServerError::new(message, None);
    let mut extensions = async_graphql::ErrorExtensionValues::default();
    extensions.set("code", code);
    error.extensions = Some(extensions);
    error
}

fn errors_body(id: &str, code: &str, message: &str) -> Value {
    json!({ "errors": [{ "message": message, "extensions": { "code": code, "requestId": id } }] })
}

fn respond(media: Media, answers: Vec<Answer>, is_batch: bool) -> HttpResponse {
    let retry_after = answers.iter().filter_map(|answer| answer.retry_after).max();
    let shows = |answer: &Answer| {
        let shown = answer.forces_status || media == Media::GraphqlResponse;
        if shown { answer.status } else { StatusCode::OK }
    };
    let status = if is_batch {
        let forced = answers.iter().find(|answer| answer.forces_status).map(|answer| answer.status);
        forced.unwrap_or(StatusCode::OK)
    } else {
        answers.first().map_or(StatusCode::OK, shows)
    };
    let mut bodies: Vec<Value> = answers.into_iter().map(|answer| answer.body).collect();
    let body = if is_batch { Value::Array(bodies) } else { bodies.pop().unwrap_or(Value::Null) };
    let content = (header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    let mut response = (status, [content], body.to_string()).into_response();
    if let Some(seconds) = retry_after
        && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// An error before GraphQL: it has its status for every media type.
pub fn refusal(id: &str, status: StatusCode, code: &str, message: &str) -> HttpResponse {
    let content = HeaderValue::from_static("application/json; charset=utf-8");
    let body = errors_body(id, code, message).to_string();
    (status, [(header::CONTENT_TYPE, content)], body).into_response()
}

fn not_allowed(id: &str, allow: &'static str, message: &str) -> HttpResponse {
    let mut response = refusal(id, StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", message);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}
