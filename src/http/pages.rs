//! Pages for people: the playground, served from the binary, and a first page that names the others.

use std::sync::LazyLock;

use axum::{
    Router,
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use sha2::{Digest, Sha256};

/// Which pages there are.
#[derive(Debug, Clone)]
pub struct PagesSettings {
    /// Whether the playground is served.
    pub playground: bool,
    /// The schema's text, where strangers may see it.
    pub schema: Option<Bytes>,
}

struct Asset {
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    etag: String,
}

/// Weak, for the same page goes out as it is and compressed: equal in meaning, not byte for byte.
fn etag_of(bytes: &[u8]) -> String {
    format!("W/\"{}\"", hex::encode(Sha256::digest(bytes)))
}

macro_rules! assets {
    ($($path:literal => $content_type:literal),+ $(,)?) => {
        static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| vec![$({
            let bytes: &[u8] = include_bytes!(concat!("../../assets/playground/", $path));
            Asset {
                path: $path,
                content_type: $content_type,
                bytes,
                etag: etag_of(bytes),
            }
        }),+]);
    };
}

assets! {
    "index.html" => "text/html; charset=utf-8",
    "app.js" => "text/javascript; charset=utf-8",
    "bar.js" => "text/javascript; charset=utf-8",
    "editor.js" => "text/javascript; charset=utf-8",
    "examples.js" => "text/javascript; charset=utf-8",
    "session.js" => "text/javascript; charset=utf-8",
    "api.js" => "text/javascript; charset=utf-8",
    "operations.js" => "text/javascript; charset=utf-8",
    "examples.json" => "application/json",
    "style.css" => "text/css; charset=utf-8",
    "icon.svg" => "image/svg+xml",
    "vendor/react.production.min.js" => "text/javascript; charset=utf-8",
    "vendor/react-dom.production.min.js" => "text/javascript; charset=utf-8",
    "vendor/graphiql.min.js" => "text/javascript; charset=utf-8",
    "vendor/graphiql.min.css" => "text/css; charset=utf-8",
    "vendor/graphql-ws.min.js" => "text/javascript; charset=utf-8",
}

/// No other host is contacted and no script stands in the page. The hash admits the one constant style
/// that GraphiQL's own dialogs insert.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='; connect-src 'self'; \
     font-src 'self' data:; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// The routes of the pages.
pub fn router(settings: PagesSettings) -> Router {
    let has_playground = settings.playground;
    let mut router =
        Router::new().route("/", get(move || async move { first_page(has_playground) }));
    if settings.playground {
        router = router
            .route(
                "/playground",
                get(|headers: HeaderMap| async move { asset("index.html", &headers) }),
            )
            .route("/playground/", get(|| async { Redirect::permanent("/playground") }))
            .route(
                "/playground/{*path}",
                get(|Path(path): Path<String>, headers: HeaderMap| async move {
                    asset(&path, &headers)
                }),
            );
    }
    if let Some(schema) = settings.schema {
        let etag = etag_of(&schema);
        router = router.route(
            "/schema.graphql",
            get(move |headers: HeaderMap| async move {
                stored(&headers, &etag, "text/plain; charset=utf-8", schema)
            }),
        );
    }
    router
}

fn first_page(has_playground: bool) -> Response {
    let playground = if has_playground { "Playground:  /playground\n" } else { "" };
    let text = format!(
        "Daybook\n\nGraphQL:     POST /graphql (subscriptions: /graphql/ws)\n{playground}\
         Health:      /healthz, /readyz\nMetrics:     /metrics\n\n\
         Register a business with the mutation `register`, sign in with `login`.\n"
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

fn asset(path: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        return (StatusCode::NOT_FOUND, "there is no such page\n").into_response();
    };
    let mut response = stored(headers, &asset.etag, asset.content_type, asset.bytes);
    let headers = response.headers_mut();
    headers
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    response
}

/// Something that the client may keep and ask for again by its tag.
fn stored(
    asked: &HeaderMap,
    etag: &str,
    content_type: &'static str,
    content: impl IntoResponse,
) -> Response {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let is_known = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag));
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { content.into_response() };
    let headers = response.headers_mut();
    if !is_known {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}
