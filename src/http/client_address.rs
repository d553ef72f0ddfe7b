//! Where a request really comes from, and which host it asked for.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};

use crate::config::IpRange;

/// The client of a request, as far as the connection and trusted proxies tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// The host that it asked for.
    pub host: Option<String>,
}

/// What `X-Forwarded-*` says counts only when the peer is a trusted proxy; then the right-most address
/// that is no trusted proxy itself is the client's.
pub fn client_of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpRange]) -> Client {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST.as_str()).map(str::to_owned);
    if !is_trusted(peer) {
        return Client { address: peer, host };
    }
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|part| part.trim().parse::<IpAddr>().ok())
        .collect::<Vec<_>>();
    let address = forwarded.iter().rev().copied().find(|address| !is_trusted(*address));
    let forwarded_host = text("x-forwarded-host").and_then(|list| list.split(',').next());
    Client {
        address: address.or(forwarded.first().copied()).unwrap_or(peer),
        host: forwarded_host.map(|host| host.trim().to_owned()).or(host),
    }
}

/// Finds the client out once per request.
pub async fn layer(
    State(trusted): State<std::sync::Arc<[IpRange]>>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([127, 0, 0, 1]), |ConnectInfo(peer)| peer.ip());
    let mut client = client_of(peer, request.headers(), &trusted);
    if client.host.is_none() {
        client.host = request.uri().authority().map(|authority| authority.to_string());
    }
    request.extensions_mut().insert(client);
    next.run(request).await
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        let trusted: Vec<IpRange> = vec!["10.0.0.0/8".parse().unwrap()];
        let peer = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("host", "books.example.com".parse().unwrap());
        headers.insert("x-forwarded-for", "1.2.3.4, 5.6.7.8, 10.0.0.9".parse().unwrap());
        headers.insert("x-forwarded-host", "meera.books.example.com".parse().unwrap());
        let direct = client_of(peer("9.9.9.9"), &headers, &trusted);
        assert_eq!(direct.address, peer("9.9.9.9"));
        assert_eq!(direct.host.as_deref(), Some("books.example.com"));
        let proxied = client_of(peer("10.0.0.1"), &headers, &trusted);
        assert_eq!(proxied.address, peer("5.6.7.8"));
        assert_eq!(proxied.host.as_deref(), Some("meera.books.example.com"));
        headers.insert("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(client_of(peer("10.0.0.1"), &headers, &trusted).address, peer("10.0.0.1"));
    }
}
