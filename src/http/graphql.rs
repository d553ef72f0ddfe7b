//! The endpoint: from an HTTP request to an operation's answer.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{
    IntrospectionMode, Request, ServerError,
    parser::types::{ExecutableDocument, OperationType},
};
use axum::{
    extract::{Extension, Request as HttpRequest, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header, request::Parts},
    response::Response as HttpResponse,
};
use daybook_domain::role::Permission;
use futures_util::FutureExt;
use tracing::Instrument;

use super::{
    answer::{Answer, not_allowed, refusal, respond},
    body::{self, BodyBounds},
    client_address::Client,
    credentials::{self, joined, nameless},
    headers::RequestId,
    negotiate::negotiate,
    request::{Asked, Malformed, check_content_type, read_body, read_parameters},
};
use crate::{
    auth::{
        desk::Desk,
        gate::{Admission, Recognised, recognise},
        throttle::network_of,
    },
    error::Error,
    graphql::{
        ApiSchema,
        context::{Caller, OPEN_FIELDS},
        cost::{Sheet, Spender, Spenders},
        error::coded,
        limits::{
            Bounds, Excess, ExcessKind, Facts, check_batch, check_document, check_json, check_text,
            is_introspection,
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
    /// Bounds of a request's body.
    pub body: BodyBounds,
    /// Longest time for one operation.
    pub timeout: Duration,
    /// Whether strangers may ask for the schema.
    pub introspection: bool,
}

impl Endpoint {
    /// Finds out who asks, within the time of one operation.
    ///
    /// # Errors
    /// As [`recognise`], and [`Error::Unavailable`] when it takes too long.
    pub(super) async fn recognise(&self, shown: Admission) -> Result<Recognised, Error> {
        let recognised = tokio::time::timeout(self.timeout, recognise(&self.desk, shown)).await;
        recognised.map_err(|_| Error::Unavailable("finding out who asks took too long".into()))?
    }
}

/// Answers `/graphql`.
pub async fn endpoint(
    State(endpoint): State<Endpoint>,
    Extension(RequestId(id)): Extension<RequestId>,
    Extension(client): Extension<Client>,
    request: HttpRequest,
) -> HttpResponse {
    let (parts, body) = request.into_parts();
    let Some(media) = negotiate(joined(&parts.headers, header::ACCEPT).as_deref()) else {
        body::discard(&parts.headers, body, endpoint.body);
        let why = "answers are application/json or application/graphql-response+json";
        return refusal(&id, StatusCode::NOT_ACCEPTABLE, "BAD_USER_INPUT", why);
    };
    let read = match parts.method {
        Method::GET => {
            let query = parts.uri.query().unwrap_or_default();
            let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            read_parameters(pairs).map(|asked| (vec![asked], false))
        }
        Method::POST => read_post(&endpoint, &parts, body).await,
        _ => {
            body::discard(&parts.headers, body, endpoint.body);
            return not_allowed(&id, "GET, POST", "ask by GET or POST");
        }
    };
    let (asked, is_batch) = match read {
        Ok(read) => read,
        Err(why) => return malformed(&id, parts.version, &why),
    };
    let mut prepared = Vec::with_capacity(asked.len());
    for one in asked {
        match prepare(&endpoint, one) {
            Ok(ready)
                if parts.method == Method::GET && ready.facts.operation != OperationType::Query =>
            {
                return not_allowed(&id, "POST", "only queries may be asked by GET");
            }
            Ok(ready) => prepared.push(Ok(ready)),
            Err(error) => prepared.push(Err(error)),
        }
    }
    let facts = prepared.iter().filter_map(|one| one.as_ref().ok()).map(|ready| &ready.facts);
    if let Err(why) = check_batch(facts.clone(), &endpoint.bounds) {
        return refusal(&id, StatusCode::BAD_REQUEST, "BAD_USER_INPUT", &why.message);
    }
    let is_open = facts.clone().all(|facts| asks_nothing_closed(&endpoint, facts));
    let caller = match admit(&endpoint, &parts.headers, &client, &id, is_open).await {
        Ok(caller) => caller,
        Err(error) => {
            let answer = Answer::failed(&error, &id);
            return respond(media, vec![answer], false);
        }
    };
    let mut answers = Vec::with_capacity(prepared.len());
    for one in prepared {
        let shown = one.and_then(|ready| shown_to(&endpoint, ready, &caller));
        answers.push(match shown {
            Ok(ready) => execute(&endpoint, ready, &caller, &id).await,
            Err(error) => Answer::refused(error, &id),
        });
    }
    respond(media, answers, is_batch)
}

async fn read_post(
    endpoint: &Endpoint,
    parts: &Parts,
    body: axum::body::Body,
) -> Result<(Vec<Asked>, bool), Malformed> {
    if let Err(why) = check_content_type(&parts.headers) {
        body::discard(&parts.headers, body, endpoint.body);
        return Err(why);
    }
    let body = body::read(&parts.headers, body, endpoint.body).await?;
    check_json(&body, endpoint.bounds.nesting).map_err(|excess| Malformed::bad(excess.message))?;
    read_body(&body, endpoint.batch_max)
}

fn malformed(id: &str, version: Version, why: &Malformed) -> HttpResponse {
    let mut response = refusal(id, why.status, "BAD_USER_INPUT", &why.message);
    // The rest of a body that came too slowly is not waited for.
    if why.status == StatusCode::REQUEST_TIMEOUT && version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether an operation can be answered to anybody, so that a token that no longer holds keeps nobody
/// from signing in.
fn asks_nothing_closed(endpoint: &Endpoint, facts: &Facts) -> bool {
    facts.root_fields.iter().all(|field| {
        OPEN_FIELDS.contains(&field.as_str()) || (endpoint.introspection && is_introspection(field))
    })
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
    let name = asked.operation_name.as_deref();
    let (document, facts) = read_document(&endpoint.bounds, &asked.query, name)?;
    let mut request = Request::new(asked.query).variables(asked.variables);
    if let Some(name) = &asked.operation_name {
        request = request.operation_name(name);
    }
    request.set_parsed_query(document);
    Ok(Ready { request, facts })
}

const SCHEMA_IS_CLOSED: &str = "The schema is not open here: sign in as somebody who holds \
     API_KEY_READ (in the platform's office SYSTEM_READ), or ask the operator for it.";

/// The operation, unless it asks for the schema and the caller may not read that.
fn shown_to(
    endpoint: &Endpoint,
    mut ready: Ready,
    caller: &Recognised,
) -> Result<Ready, ServerError> {
    if endpoint.introspection || is_developer(caller) {
        ready.request.introspection_mode = IntrospectionMode::Enabled;
        return Ok(ready);
    }
    if ready.facts.selects_introspection {
        let is_nobody = matches!(caller, Recognised::Nobody(_));
        let code = if is_nobody { "UNAUTHENTICATED" } else { "FORBIDDEN" };
        return Err(coded(SCHEMA_IS_CLOSED, code));
    }
    ready.request.introspection_mode = IntrospectionMode::Disabled;
    Ok(ready)
}

fn read_document(
    bounds: &Bounds,
    query: &str,
    operation_name: Option<&str>,
) -> Result<(ExecutableDocument, Facts), ServerError> {
    let excess = |excess: Excess| {
        let code = match excess.kind {
            ExcessKind::TooComplex => "QUERY_TOO_COMPLEX",
            ExcessKind::BadRequest => "BAD_USER_INPUT",
        };
        coded(excess.message, code)
    };
    check_text(query, bounds).map_err(excess)?;
    let document = async_graphql::parser::parse_query(query).map_err(ServerError::from)?;
    let facts = check_document(&document, operation_name, bounds).map_err(excess)?;
    Ok((document, facts))
}

/// Finds out who asks, from headers. Where everything asked is open to anybody, whoever shows a token
/// that is not accepted is nobody.
///
/// # Errors
/// As [`Endpoint::recognise`].
async fn admit(
    endpoint: &Endpoint,
    headers: &HeaderMap,
    client: &Client,
    request_id: &str,
    is_open: bool,
) -> Result<Recognised, Error> {
    let nameless = nameless(headers, client, request_id);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let recognised = match credentials::with(&nameless, text("authorization"), text("x-api-key")) {
        Ok(shown) => endpoint.recognise(shown).await,
        Err(error) => Err(error),
    };
    match recognised {
        Err(error) if is_open && is_about_the_token(&error) => {
            if let Some(cause) = error.cause() {
                tracing::warn!(request = request_id, %cause, "a token could not be judged");
            }
            endpoint.recognise(nameless).await
        }
        judged => judged,
    }
}

/// Whether a refusal is about the token alone: the token, its session, or its tenant's state.
fn is_about_the_token(error: &Error) -> bool {
    matches!(
        error,
        Error::Unauthenticated
            | Error::TenantNotFound
            | Error::TenantSuspended
            | Error::TenantUpgrading
            | Error::Throttled { .. }
            | Error::Unavailable(_)
    )
}

/// Whether this is somebody who builds on the API, and so may read the schema.
fn is_developer(caller: &Recognised) -> bool {
    match caller {
        Recognised::Nobody(_) => false,
        Recognised::Tenant(scope) => scope.access.permissions.contains(Permission::ApiKeyRead),
        Recognised::Platform(scope) => scope.access.permissions.contains(Permission::SystemRead),
    }
}

/// Whose buckets a caller spends from.
pub(super) fn spenders_of(caller: &Recognised) -> Spenders {
    let user = caller.name().unwrap_or_else(|| {
        let address = caller.request().address;
        address.map_or("nowhere".to_owned(), |address| network_of(address).to_string())
    });
    let tenant = caller.tenant().map(|route| Spender::Tenant(route.id.get()));
    Spenders(std::iter::once(Spender::User(user)).chain(tenant).collect())
}

async fn execute(endpoint: &Endpoint, ready: Ready, caller: &Recognised, id: &str) -> Answer {
    let sheet = Arc::new(Sheet::default());
    let request = ready
        .request
        .data(Arc::clone(&endpoint.desk))
        .data(Caller::from(caller))
        .data(spenders_of(caller))
        .data(Arc::clone(&sheet));
    let span = tracing::info_span!(
        "operation",
        request = id,
        tenant = caller.tenant().map(|route| route.subdomain.as_str()),
        operation = ready.facts.operation_name.as_deref(),
        kind = %ready.facts.operation,
    );
    let kind = ready.facts.operation.to_string();
    let may_introspect = endpoint.introspection || is_developer(caller);
    let began = std::time::Instant::now();
    let run = AssertUnwindSafe(endpoint.schema.execute(request)).catch_unwind();
    let outcome = tokio::time::timeout(endpoint.timeout, run.instrument(span.clone())).await;
    let _entered = span.enter();
    let answer = match outcome {
        Ok(Ok(response)) => Answer::of(response, &sheet, id, may_introspect),
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
