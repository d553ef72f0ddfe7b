//! HTTP: routes, negotiation, bounds, pages, shutdown.

mod answer;
pub mod body;
pub mod client_address;
mod connection;
mod credentials;
pub mod downloads;
pub mod graphql;
pub mod headers;
pub mod health;
mod negotiate;
pub mod pages;
mod request;
pub mod serve;
pub mod socket;
pub mod uploads;

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::any,
};
use tower_http::compression::CompressionLayer;

use crate::config::IpRange;

/// Everything that is served.
pub struct Parts {
    /// The endpoint.
    pub endpoint: graphql::Endpoint,
    /// Bounds of subscriptions.
    pub sockets: socket::SocketSettings,
    /// Bounds of uploads.
    pub uploads: uploads::UploadSettings,
    /// Bounds of downloads.
    pub downloads: downloads::DownloadSettings,
    /// Pages.
    pub pages: pages::PagesSettings,
    /// Which databases answer.
    pub readiness: Arc<dyn health::Readiness>,
    /// Figures.
    pub render: health::Render,
    /// Proxies whose word on the client counts.
    pub trusted_proxies: Vec<IpRange>,
    /// Pages of these origins may read answers.
    pub allowed_origins: Vec<String>,
}

/// All routes.
pub fn router(parts: Parts) -> Router {
    let trusted: Arc<[IpRange]> = parts.trusted_proxies.into();
    let sockets =
        socket::Sockets::new(parts.endpoint.clone(), parts.sockets, &parts.allowed_origins);
    let downloads = downloads::Downloads::new(Arc::clone(&parts.endpoint.desk), parts.downloads);
    let uploads = uploads::Uploads::new(Arc::clone(&parts.endpoint.desk), parts.uploads);
    Router::new()
        .route("/graphql", any(graphql::endpoint))
        .with_state(parts.endpoint)
        .merge(socket::router(sockets))
        .merge(uploads::router(uploads))
        .merge(downloads::router(downloads))
        .merge(pages::router(parts.pages))
        .merge(health::router(parts.readiness, parts.render))
        .layer(CompressionLayer::new().gzip(true))
        .layer(headers::cors(&parts.allowed_origins))
        .layer(from_fn_with_state(trusted, client_address::layer))
        .layer(from_fn(headers::layer))
}
