//! Whether the process lives, whether its databases answer, and its figures.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

/// Tells of each database whether it answers.
pub trait Readiness: Send + Sync {
    /// Names of databases, and whether each answered.
    fn check(&self) -> BoxFuture<'_, Vec<(String, bool)>>;
}

/// Writes the figures in Prometheus' text format.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

const BOUND: Duration = Duration::from_secs(2);
const REMEMBERED: Duration = Duration::from_millis(500);

type Remembered = Arc<Mutex<Option<(Instant, Vec<(String, bool)>)>>>;

/// The routes of health and figures.
pub fn router(readiness: Arc<dyn Readiness>, render: Render) -> Router {
    let remembered: Remembered = Arc::default();
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || ready(Arc::clone(&readiness), Arc::clone(&remembered))))
        .route(
            "/metrics",
            get(move || {
                let text = render();
                async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text) }
            }),
        )
}

async fn ready(readiness: Arc<dyn Readiness>, remembered: Remembered) -> Response {
    let known = {
        let slot = remembered.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().filter(|(at, _)| at.elapsed() < REMEMBERED).map(|(_, list)| list.clone())
    };
    let databases = match known {
        Some(databases) => databases,
        None => {
            let late = vec![("all".to_owned(), false)];
            let found = tokio::time::timeout(BOUND, readiness.check()).await.unwrap_or(late);
            let mut slot = remembered.lock().unwrap_or_else(PoisonError::into_inner);
            *slot = Some((Instant::now(), found.clone()));
            found
        }
    };
    let is_ready = databases.iter().all(|(_, answers)| *answers);
    let listed: Map<String, Value> = databases
        .into_iter()
        .map(|(name, answers)| (name, json!(if answers { "ok" } else { "unavailable" })))
        .collect();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if is_ready { "ready" } else { "not ready" };
    let body = json!({ "status": word, "databases": listed }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
