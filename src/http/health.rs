//! Whether the process lives, whether its databases answer, and its figures.

use std::{
    sync::Arc,
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
use tokio::sync::Mutex;

/// A place where databases are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name; no address.
    pub name: String,
    /// Whether it can be used.
    pub is_well: bool,
    /// Whether every request needs it. Without another one, only the tenants who live there are refused.
    pub is_vital: bool,
}

/// Tells of each place whether it can be used.
pub trait Readiness: Send + Sync {
    /// All places.
    fn check(&self) -> BoxFuture<'_, Vec<Place>>;
}

/// Writes the figures in Prometheus' text format.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

const BOUND: Duration = Duration::from_secs(2);
const REMEMBERED: Duration = Duration::from_millis(500);

type Remembered = Arc<Mutex<Option<(Instant, Vec<Place>)>>>;

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

/// A node is taken out of rotation only where it can serve nobody: 503 is for main and master.
async fn ready(readiness: Arc<dyn Readiness>, remembered: Remembered) -> Response {
    // Held while databases are asked: whoever comes meanwhile hears the same answer.
    let mut slot = remembered.lock().await;
    let known = slot.as_ref().filter(|(at, _)| at.elapsed() < REMEMBERED);
    let places = match known {
        Some((_, places)) => places.clone(),
        None => {
            let late = vec![Place { name: "all".to_owned(), is_well: false, is_vital: true }];
            let found = tokio::time::timeout(BOUND, readiness.check()).await.unwrap_or(late);
            *slot = Some((Instant::now(), found.clone()));
            found
        }
    };
    drop(slot);
    let (status, word) = if places.iter().any(|place| place.is_vital && !place.is_well) {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    } else if places.iter().any(|place| !place.is_well) {
        (StatusCode::OK, "degraded")
    } else {
        (StatusCode::OK, "ready")
    };
    let listed: Map<String, Value> = places
        .into_iter()
        .map(|place| (place.name, json!(if place.is_well { "ok" } else { "unavailable" })))
        .collect();
    let body = json!({ "status": word, "databases": listed }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::{body::Body, extract::Request};
    use futures_util::future::join_all;
    use tower::ServiceExt;

    use super::*;

    #[derive(Default)]
    struct Slow(AtomicUsize);

    impl Readiness for Slow {
        fn check(&self) -> BoxFuture<'_, Vec<Place>> {
            Box::pin(async {
                self.0.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
                vec![Place { name: "main".to_owned(), is_well: true, is_vital: true }]
            })
        }
    }

    struct Fixed(Vec<Place>);

    impl Readiness for Fixed {
        fn check(&self) -> BoxFuture<'_, Vec<Place>> {
            Box::pin(async { self.0.clone() })
        }
    }

    struct Silent;

    impl Readiness for Silent {
        fn check(&self) -> BoxFuture<'_, Vec<Place>> {
            Box::pin(std::future::pending())
        }
    }

    async fn told(readiness: impl Readiness + 'static) -> (u16, Value) {
        let router = router(Arc::new(readiness), Arc::new(String::new));
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn only_main_and_master_take_a_node_out_of_rotation() {
        let place =
            |name: &str, is_well, is_vital| Place { name: name.to_owned(), is_well, is_vital };
        for (main, tenants, status, word) in [
            (true, true, 200, "ready"),
            (true, false, 200, "degraded"),
            (false, true, 503, "not ready"),
            (false, false, 503, "not ready"),
        ] {
            let places = vec![place("main", main, true), place("tenants:b", tenants, false)];
            let (found, body) = told(Fixed(places)).await;
            assert_eq!((found, body["status"].as_str()), (status, Some(word)), "{body}");
            let said = |is_well: bool| if is_well { "ok" } else { "unavailable" };
            assert_eq!(body["databases"]["main"], said(main));
            assert_eq!(body["databases"]["tenants:b"], said(tenants));
        }
    }

    #[tokio::test]
    async fn who_does_not_learn_how_its_databases_are_is_not_ready() {
        let (status, body) = told(Silent).await;
        assert_eq!((status, &body["databases"]["all"]), (503, &json!("unavailable")), "{body}");
    }

    #[tokio::test]
    async fn databases_are_asked_once_for_all_who_come_meanwhile() {
        let slow = Arc::new(Slow::default());
        let asked: Arc<dyn Readiness> = Arc::<Slow>::clone(&slow);
        let router = router(asked, Arc::new(String::new));
        let ask = || {
            let request = Request::get("/readyz").body(Body::empty()).unwrap();
            router.clone().oneshot(request)
        };
        for answer in join_all((0..20).map(|_| ask())).await {
            assert_eq!(answer.unwrap().status(), StatusCode::OK);
        }
        assert_eq!(slow.0.load(Ordering::Relaxed), 1);
    }
}
