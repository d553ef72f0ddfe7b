//! Reads a request's body within its bounds of size and time.

use std::time::Duration;

use axum::{
    body::{Body, BodyDataStream, HttpBody},
    http::{HeaderMap, StatusCode, header},
};
use futures_util::StreamExt;

use super::request::Malformed;

/// Bounds of a request's body.
#[derive(Debug, Clone, Copy)]
pub struct BodyBounds {
    /// Most bytes.
    pub bytes_max: usize,
    /// Longest time for all of it.
    pub timeout: Duration,
}

/// What is set aside before anything arrived: a promised length costs its sender nothing.
const ROOM_AT_FIRST: usize = 1 << 16;

/// Most bytes of a refused body that are still taken from the client.
const DISCARDED_MAX: usize = 16 << 20;

/// Reads it whole.
///
/// # Errors
/// 413 when it is too large, 408 when it comes too slowly, 400 when it breaks off.
pub async fn read(
    headers: &HeaderMap,
    body: Body,
    bounds: BodyBounds,
) -> Result<Vec<u8>, Malformed> {
    let told = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if told > bounds.bytes_max {
        discard(headers, body, bounds);
        return Err(too_large(bounds));
    }
    let mut stream = body.into_data_stream();
    let mut read = Vec::with_capacity(told.min(ROOM_AT_FIRST));
    let late = tokio::time::sleep(bounds.timeout);
    let mut late = std::pin::pin!(late);
    loop {
        let chunk = tokio::select! {
            chunk = stream.next() => chunk,
            () = late.as_mut() => {
                let most = bounds.timeout.as_millis();
                let message = format!("the body did not arrive within {most} ms");
                return Err(Malformed { status: StatusCode::REQUEST_TIMEOUT, message });
            }
        };
        match chunk {
            None => return Ok(read),
            Some(Err(_)) => return Err(Malformed::bad("the body broke off")),
            Some(Ok(chunk)) if chunk.len() > bounds.bytes_max.saturating_sub(read.len()) => {
                discard_rest(stream, bounds);
                return Err(too_large(bounds));
            }
            Some(Ok(chunk)) => read.extend_from_slice(&chunk),
        }
    }
}

fn too_large(bounds: BodyBounds) -> Malformed {
    let message = format!("the body is larger than {} bytes", bounds.bytes_max);
    Malformed { status: StatusCode::PAYLOAD_TOO_LARGE, message }
}

/// Takes the body of a refused request from the client while the answer is sent: a client that is
/// still writing when the connection is closed loses the answer. One that asked beforehand whether to
/// send it (`Expect: 100-continue`) does not send it.
pub fn discard(headers: &HeaderMap, body: Body, bounds: BodyBounds) {
    if !body.is_end_stream() && !headers.contains_key(header::EXPECT) {
        discard_rest(body.into_data_stream(), bounds);
    }
}

/// As [`discard`], of a body that was read in part.
pub fn discard_rest(mut stream: BodyDataStream, bounds: BodyBounds) {
    let all = async move {
        let mut taken = 0_usize;
        while let Some(Ok(chunk)) = stream.next().await
            && taken < DISCARDED_MAX
        {
            taken = taken.saturating_add(chunk.len());
        }
    };
    tokio::spawn(tokio::time::timeout(bounds.timeout, all));
}
