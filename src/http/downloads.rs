//! Files that go out: `GET /downloads/{token}`, where the token is the permission.
//!
//! People open these addresses in a browser, so what goes wrong is told as plain text.

use std::{fs::File, io::Read, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Extension, Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use futures_util::stream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::Semaphore;

use super::{answer::status_of, client_address::Client, credentials::nameless, headers::RequestId};
use crate::{
    auth::{
        desk::Desk,
        gate,
        links::{self, Closed},
    },
    error::Error,
    scope::RequestInfo,
    services::exports::{self, DOWNLOAD, Opens, Spooled},
};

/// Bounds of downloads.
#[derive(Debug, Clone, Copy)]
pub struct DownloadSettings {
    /// Longest time to make a file.
    pub timeout: Duration,
    /// Most files that are made at the same time.
    pub parallel: usize,
}

/// What sending files out needs.
#[derive(Clone)]
pub struct Downloads {
    desk: Arc<Desk>,
    places: Arc<Semaphore>,
    timeout: Duration,
}

impl Downloads {
    /// Sends files out to whoever this desk recognises.
    pub fn new(desk: Arc<Desk>, settings: DownloadSettings) -> Self {
        let places = Arc::new(Semaphore::new(settings.parallel.clamp(1, Semaphore::MAX_PERMITS)));
        Self { desk, places, timeout: settings.timeout }
    }
}

/// The route of downloads.
pub fn router(downloads: Downloads) -> Router {
    Router::new().route("/downloads/{token}", any(fetch)).with_state(downloads)
}

async fn fetch(
    State(downloads): State<Downloads>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Extension(client): Extension<Client>,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        let mut response = told(StatusCode::METHOD_NOT_ALLOWED, "fetch the file by GET");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let Ok(_place) = downloads.places.try_acquire() else {
        return failed(&request_id, &Error::Throttled { retry_after_ms: 5_000 });
    };
    let request = gate::request_of(&downloads.desk, &nameless(&headers, &client, &request_id));
    let made = match request {
        Ok(request) => {
            let making = make(&downloads.desk, &token, request);
            tokio::time::timeout(downloads.timeout, making).await.unwrap_or_else(|_| {
                let why = "a download took too long to make".to_owned();
                Err(Closed::Refused(Error::Unavailable(why)))
            })
        }
        Err(error) => Err(Closed::Refused(error)),
    };
    match made {
        Ok(spooled) => send(spooled),
        Err(Closed::Unknown) => told(StatusCode::NOT_FOUND, "there is no such download"),
        Err(Closed::Expired) => {
            told(StatusCode::GONE, "this address has expired; ask for the download again")
        }
        Err(Closed::Refused(error)) => failed(&request_id, &error),
    }
}

async fn make(desk: &Desk, token: &str, request: RequestInfo) -> Result<Spooled, Closed> {
    let (scope, opens) = links::open::<Opens>(desk, DOWNLOAD, token, request).await?;
    let rules = &desk.office.rules.files;
    Ok(match opens {
        Opens::Report(ask) => exports::report(rules, &scope, &ask).await?,
        Opens::Books(ask) => exports::books(rules, &scope, &ask).await?,
        Opens::Attachment(id) => exports::attachment(rules, &scope, id).await?,
    })
}

/// Bytes that are read from disk at a time.
const PIECE: usize = 64 << 10;

fn send(spooled: Spooled) -> Response {
    let Spooled { file, bytes, name, media_type } = spooled;
    let pieces = stream::try_unfold(file, |file| async move { piece(file).await });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    put(header::CONTENT_TYPE, &media_type);
    put(header::CONTENT_LENGTH, &bytes.to_string());
    put(header::CONTENT_DISPOSITION, &disposition(&name));
    put(header::CACHE_CONTROL, "private, no-store");
    // Whatever a file holds, no browser runs it in this server's name.
    put(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    response
}

async fn piece(file: File) -> std::io::Result<Option<(Bytes, File)>> {
    let read = tokio::task::spawn_blocking(move || {
        let mut piece = Vec::with_capacity(PIECE);
        let most = u64::try_from(PIECE).unwrap_or(u64::MAX);
        let mut file = file;
        std::io::Read::by_ref(&mut file).take(most).read_to_end(&mut piece)?;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    });
    read.await.map_err(std::io::Error::other)?
}

/// Signs that RFC 5987 leaves as they are.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// What the file is called: for old programs in ASCII, for the others as it is.
fn disposition(name: &str) -> String {
    let is_safe = |one: char| one.is_ascii() && !one.is_ascii_control() && !"\"\\%".contains(one);
    let plain: String = name.chars().map(|one| if is_safe(one) { one } else { '_' }).collect();
    let whole = utf8_percent_encode(name, PLAIN);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

fn told(status: StatusCode, text: &str) -> Response {
    let content = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, content, format!("{text}\n")).into_response()
}

fn failed(request_id: &str, error: &Error) -> Response {
    if let Some(cause) = error.cause() {
        tracing::error!(request = request_id, code = error.code(), %cause, "a download failed");
    }
    let mut response = told(status_of(error.code()), &error.to_string());
    if let Error::Throttled { retry_after_ms } = error
        && let Ok(value) = retry_after_ms.div_ceil(1_000).to_string().parse()
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_is_told_twice() {
        for (name, right) in [
            (
                "Trial balance.csv",
                "filename=\"Trial balance.csv\"; filename*=UTF-8''Trial%20balance.csv",
            ),
            ("a\"b\\c.pdf", "filename=\"a_b_c.pdf\"; filename*=UTF-8''a%22b%5Cc.pdf"),
            ("बिल.pdf", "filename=\"___.pdf\"; filename*=UTF-8''%E0%A4%AC%E0%A4%BF%E0%A4%B2.pdf"),
        ] {
            assert_eq!(disposition(name), format!("attachment; {right}"));
        }
    }
}
