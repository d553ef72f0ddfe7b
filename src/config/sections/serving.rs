//! How requests come in, how much one may ask for, and what is told about it.

use std::net::SocketAddr;

use url::Url;

use super::{NONE, fixed, ms, per, section};
use crate::config::{range::IpRange, setting::Kind, value::LogFormat};

section! {
    /// The HTTP server.
    Server in "server" {
        listen: SocketAddr = Kind::Address, per("127.0.0.1:8080", "0.0.0.0:8080"),
            "Address and port to listen on; in development only this machine can reach it.";
        public_url: Option<Url> = Kind::WebUrl, NONE,
            "The address that people use, for links in answers; by default made from the request's Host.";
        base_domain: String = Kind::Domain, fixed("localhost"),
            "Tenants are subdomains of this domain: acme.books.example.com under books.example.com.";
        trusted_proxies: Vec<IpRange> = Kind::Ranges, NONE,
            "Proxies whose X-Forwarded-* headers are believed; nobody else's are.";
        allowed_origins: Vec<String> = Kind::Origins, NONE,
            "Web pages of other origins that may call the API from a browser.";
        request_timeout_ms: u64 = ms(100, 600_000), fixed("30000"),
            "Longest time one request may take before it is answered with UNAVAILABLE.";
        body_bytes_max: usize = Kind::Size(1_024, 1 << 30), fixed("1048576"),
            "Largest request body; a larger one is refused before it is read.";
        body_timeout_ms: u64 = ms(100, 600_000), fixed("30000"),
            "Longest time for a request's body to arrive, before the request is answered with 408.";
        header_timeout_ms: u64 = ms(100, 600_000), fixed("10000"),
            "Longest time for a request's head to arrive, before the connection is closed.";
        idle_timeout_ms: u64 = ms(100, 3_600_000), fixed("75000"),
            "How long a connection may stay open without a request, or with an answer that the client does not read.";
        connections_max: usize = Kind::Number(1, 1_000_000), fixed("10000"),
            "Most connections at once, as far as the limit of open files allows; further ones wait to be accepted.";
        streams_max: u32 = Kind::Number(1, 10_000), fixed("100"),
            "Most requests at once in one HTTP/2 connection.";
        shutdown_grace_ms: u64 = ms(0, 600_000), fixed("10000"),
            "How long running requests may finish after the signal to stop.";
        introspection: bool = Kind::Flag, per("true", "false"),
            "Whether anybody may read the schema; otherwise only who holds API_KEY_READ or, in the office, SYSTEM_READ.";
        playground: bool = Kind::Flag, per("true", "false"),
            "Whether the page for trying queries is served.";
    }
}

section! {
    /// How much one request, and one caller, may ask for.
    Limits in "limits" {
        query_depth: usize = Kind::Number(1, 100), fixed("15"),
            "Deepest nesting of fields in one operation.";
        query_cost: usize = Kind::Number(1, 1_000_000), fixed("5000"),
            "Highest cost of one operation, where a page costs its rows times what each row selects.";
        aliases: usize = Kind::Number(0, 10_000), fixed("50"),
            "Most aliases in one document, so that one field is not asked a thousand times.";
        root_fields: usize = Kind::Number(1, 1_000), fixed("20"),
            "Most root fields in one operation.";
        directives: usize = Kind::Number(0, 10_000), fixed("20"),
            "Most directives in one document.";
        tokens: usize = Kind::Number(10, 1_000_000), fixed("5000"),
            "Most words and signs in one document, counted before it is parsed.";
        selections_expanded: usize = Kind::Number(1, 10_000_000), fixed("20000"),
            "Most fields after all fragments are written out, so that fragments cannot double without end.";
        batch: usize = Kind::Number(1, 1_000), fixed("10"),
            "Most operations in one request body.";
        page_rows_max: usize = Kind::Number(1, 10_000), fixed("100"),
            "Most rows that a page may ask for.";
        page_rows_default: usize = Kind::Number(1, 10_000), fixed("20"),
            "Rows on a page when the query does not say.";
        bucket_cost_max: u64 = Kind::Number(1, 1_000_000_000), fixed("200000"),
            "Cost that one caller may spend at once before being slowed down.";
        bucket_cost_per_second: u64 = Kind::Number(1, 1_000_000_000), fixed("20000"),
            "Cost that comes back to each caller per second.";
        nesting: usize = Kind::Number(10, 200), fixed("200"),
            "Deepest nesting of brackets in a document or its variables, checked before parsing.";
    }
}

section! {
    /// Subscriptions over WebSocket: how many, how large, how patient.
    Subscriptions in "subscriptions" {
        connections_per_address: usize = Kind::Number(1, 1_000_000), fixed("200"),
            "Most WebSocket connections from one address to one node.";
        connections_per_user: usize = Kind::Number(1, 10_000), fixed("20"),
            "Most WebSocket connections of one user to one node.";
        per_user: usize = Kind::Number(0, 10_000), fixed("20"),
            "Most subscriptions that one user may hold open on one node.";
        per_connection: usize = Kind::Number(1, 10_000), fixed("20"),
            "Most subscriptions open at once on one connection.";
        message_bytes_max: usize = Kind::Size(1_024, 1 << 24), fixed("131072"),
            "Largest message that a client may send; a larger one closes its connection.";
        queue_bytes_max: usize = Kind::Size(1_024, 1 << 30), fixed("1048576"),
            "How much may wait for a client that reads slowly; beyond it the subscription ends with THROTTLED.";
        init_ms: u64 = ms(100, 600_000), fixed("10000"),
            "How long a connection may take to say who it is.";
        ping_ms: u64 = ms(100, 600_000), fixed("30000"),
            "How often a connection is asked whether it still lives; after twice that without a word it is closed.";
    }
}

section! {
    /// What is logged, and how.
    Log in "log" {
        format: LogFormat = Kind::Word(&["text", "json"]), per("text", "json"),
            "Lines for a person, or one JSON object a line for a program.";
        level: String = Kind::Filter, fixed("info"),
            "What to log: a level, or levels per module as in info,daybook=debug,sqlx=warn.";
        slow_query_ms: u64 = ms(1, 600_000), fixed("200"),
            "A statement that takes this long is logged as slow, by its name and without its values.";
    }
}

section! {
    /// Where traces go.
    Telemetry in "telemetry" {
        otlp_endpoint: Option<Url> = Kind::WebUrl, NONE,
            "OpenTelemetry collector for traces (protobuf over HTTP), as in http://127.0.0.1:4318; empty sends none.";
        service_name: String = Kind::Name, fixed("daybook"),
            "The name under which traces are found.";
    }
}

section! {
    /// Rows to look around with.
    Demo in "demo" {
        seed: bool = Kind::Flag, fixed("false"),
            "Whether the first start makes demonstration tenants with vouchers; later starts leave them alone.", .old(&["RUN_SEED"]);
    }
}
