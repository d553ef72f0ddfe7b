//! Files that come in: `PUT /files/{token}`, where the token is the permission.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Extension, Path, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use daybook_domain::{file::Media, id::StoredFileId};
use daybook_entity::tenant::files::stored_file;
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::Semaphore;

use super::{
    answer::{not_allowed, refusal, status_of, written},
    body::{self, BodyBounds},
    client_address::Client,
    credentials::nameless,
    headers::RequestId,
};
use crate::{
    auth::{
        desk::Desk,
        gate,
        links::{self, Closed},
    },
    error::{Code, Error},
    graphql::{files::STORED_FILE, id},
    scope::TenantScope,
    services::files::{receive::Receiving, uploads::UPLOAD},
};

/// Bounds of uploads.
#[derive(Debug, Clone, Copy)]
pub struct UploadSettings {
    /// Longest time for a file to arrive.
    pub timeout: Duration,
    /// Most files that come in at the same time.
    pub parallel: usize,
}

/// What taking files in needs.
#[derive(Clone)]
pub struct Uploads {
    desk: Arc<Desk>,
    places: Arc<Semaphore>,
    timeout: Duration,
}

impl Uploads {
    /// Takes files in, recognised at this desk.
    pub fn new(desk: Arc<Desk>, settings: UploadSettings) -> Self {
        let places = Arc::new(Semaphore::new(settings.parallel.clamp(1, Semaphore::MAX_PERMITS)));
        Self { desk, places, timeout: settings.timeout }
    }
}

/// The route of uploads.
pub fn router(uploads: Uploads) -> Router {
    Router::new().route("/files/{token}", any(put)).with_state(uploads)
}

async fn put(
    State(uploads): State<Uploads>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(client): Extension<Client>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let bounds = BodyBounds { bytes_max: 0, timeout: uploads.timeout };
    if parts.method != Method::PUT {
        body::discard(&parts.headers, body, bounds);
        return not_allowed(&request_id, "PUT", "send the file by PUT");
    }
    let Ok(_place) = uploads.places.try_acquire() else {
        body::discard(&parts.headers, body, bounds);
        return failed(&request_id, &Error::Throttled { retry_after_ms: 5_000 });
    };
    let shown = nameless(&parts.headers, &client, &request_id);
    let opened = match gate::request_of(&uploads.desk, &shown) {
        Ok(request) => links::open::<i64>(&uploads.desk, UPLOAD, &token, request).await,
        Err(error) => Err(Closed::Refused(error)),
    };
    let (scope, file) = match opened {
        Ok(opened) => opened,
        Err(why) => {
            body::discard(&parts.headers, body, bounds);
            return closed(&request_id, &why);
        }
    };
    let id = StoredFileId::new(file);
    let unused = uploads.desk.office.rules.files.unused;
    let receive = receive(&scope, id, unused, &parts.headers, body, bounds);
    match tokio::time::timeout(uploads.timeout, receive).await {
        Ok(Ok(row)) => done(&row),
        Ok(Err(error)) => failed(&request_id, &error),
        Err(_) => {
            let why = "the file did not arrive in time";
            refusal(&request_id, StatusCode::REQUEST_TIMEOUT, "BAD_USER_INPUT", why)
        }
    }
}

async fn receive(
    scope: &TenantScope,
    id: StoredFileId,
    unused: Duration,
    headers: &HeaderMap,
    body: Body,
    bounds: BodyBounds,
) -> Result<stored_file::Model, Error> {
    let mut receiving = match Receiving::begin(scope, id, unused).await {
        Ok(receiving) => receiving,
        Err(error) => {
            body::discard(headers, body, bounds);
            return Err(error);
        }
    };
    if let Err(error) = fits(headers, &receiving) {
        body::discard(headers, body, bounds);
        return Err(error);
    }
    let mut stream = body.into_data_stream();
    while let Some(bytes) = stream.next().await {
        let broke = |_| Error::refused(Code::Invalid, "", "the file broke off");
        if let Err(error) = receiving.take(&bytes.map_err(broke)?).await {
            body::discard_rest(stream, bounds);
            return Err(error);
        }
    }
    receiving.end().await
}

/// Types that programs send when they are told none.
const SAYS_NOTHING: [&str; 2] = ["application/octet-stream", "application/x-www-form-urlencoded"];

/// Whether the request's head agrees with what was announced. A type that says nothing is let pass.
fn fits(headers: &HeaderMap, receiving: &Receiving<'_>) -> Result<(), Error> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let announced = receiving.announced().size;
    if let Some(length) = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<i64>().ok())
        && length != announced
    {
        let code = if length > announced { Code::TooLarge } else { Code::Invalid };
        let why = format!("the file was announced with {announced} bytes, and {length} are sent");
        return Err(Error::refused(code, "", why));
    }
    match text(header::CONTENT_TYPE) {
        Some(given) if !SAYS_NOTHING.contains(&given) => {
            if Media::parse(given) == Some(receiving.media()) {
                return Ok(());
            }
            let why = format!("the file was announced as {}", receiving.media().as_str());
            Err(Error::refused(Code::MediaTypeRefused, "", why))
        }
        _ => Ok(()),
    }
}

fn done(row: &stored_file::Model) -> Response {
    let body = json!({ "file": {
        "id": id::encode(STORED_FILE, row.id.get()).0, "state": "STORED", "size": row.size,
        "sha256": row.sha256,
    } });
    ([(header::CONTENT_TYPE, "application/json")], written(&body)).into_response()
}

/// The answer to a link that does not open.
fn closed(request_id: &str, why: &Closed) -> Response {
    match why {
        Closed::Unknown => {
            refusal(request_id, StatusCode::NOT_FOUND, "NOT_FOUND", "there is no such upload")
        }
        Closed::Expired => {
            let why = "this address has expired; announce the file again";
            refusal(request_id, StatusCode::GONE, "BAD_USER_INPUT", why)
        }
        Closed::Refused(error) => failed(request_id, error),
    }
}

/// The answer to a request that came to nothing, with the status that fits it.
pub fn failed(request_id: &str, error: &Error) -> Response {
    if let Some(cause) = error.cause() {
        tracing::error!(request = request_id, code = error.code(), %cause, "a transfer failed");
    }
    let status = match error {
        Error::Refused(why) => match why.first().map(|why| why.code) {
            Some(Code::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Some(Code::MediaTypeRefused) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Some(Code::AlreadyDone) => StatusCode::CONFLICT,
            Some(Code::NotFound) => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        },
        _ => status_of(error.code()),
    };
    let mut response = refusal(request_id, status, error.code(), &error.to_string());
    if let Error::Throttled { retry_after_ms } = error
        && let Ok(value) = retry_after_ms.div_ceil(1_000).to_string().parse()
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}
