//! The request's id, headers that every answer has, and the answer where a handler panicked.

use std::{any::Any, panic::AssertUnwindSafe};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures_util::FutureExt;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::answer::refusal;

/// The id that stands in the log, in error answers, in the edit log and in `X-Request-Id`.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Takes a sane `X-Request-Id` over or makes one, and sends it back; forbids guessing of types and
/// passing the address on. A panic further inside is answered like any failure.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = given.filter(|id| is_sane(id)).map_or_else(fresh, str::to_owned);
    request.extensions_mut().insert(RequestId(id.clone()));
    let run = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = run.unwrap_or_else(|panic| panicked(&id, panic.as_ref()));
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn panicked(id: &str, panic: &(dyn Any + Send)) -> Response {
    let cause = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    tracing::error!(request = id, cause, "a handler panicked");
    refusal(id, StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "an internal error")
}

fn is_sane(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// 16 random bytes in hexadecimal.
pub fn fresh() -> String {
    let mut bytes = [0_u8; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => hex::encode(bytes),
        Err(_) => "no-randomness".to_owned(),
    }
}

/// Lets pages of the allowed origins ask; without any, no foreign page may read an answer.
pub fn cors(origins: &[String]) -> CorsLayer {
    let origins: Vec<HeaderValue> =
        origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            HeaderName::from_static("x-tenant"),
            HeaderName::from_static("x-api-key"),
            REQUEST_ID,
        ])
        .expose_headers([REQUEST_ID, header::RETRY_AFTER])
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use axum::{Router, body::Body, middleware::from_fn, routing::get};
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_internal_error_with_the_request_s_id() {
        async fn fall() -> &'static str {
            panic!("the secret cause")
        }
        let router = Router::new()
            .route("/falls", get(fall))
            .route("/stands", get(|| async { "fine" }))
            .layer(from_fn(layer));
        let ask = |path: &str| {
            let request = Request::get(path).header("x-request-id", "asked-7");
            router.clone().oneshot(request.body(Body::empty()).unwrap())
        };
        let response = ask("/falls").await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers().get("x-request-id").unwrap(), "asked-7");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body.pointer("/errors/0/extensions/code").unwrap(), "INTERNAL");
        assert_eq!(body.pointer("/errors/0/extensions/requestId").unwrap(), "asked-7");
        assert!(!body.to_string().contains("secret"), "{body}");
        assert_eq!(ask("/stands").await.unwrap().status(), StatusCode::OK);
    }
}
