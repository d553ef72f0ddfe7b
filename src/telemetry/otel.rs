//! Traces to an OpenTelemetry collector: protobuf over HTTP, in batches, from a thread of their own.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use super::TelemetryError;

/// Longest time for one batch, and for the last one at the end.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// The name of the instrument, as traces show it.
const SCOPE: &str = "daybook";

/// The sender of traces.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// A sender to the collector at `endpoint` (its traces path is added unless it is there).
    pub(super) fn new(endpoint: &Url, service_name: &str) -> Result<Self, TelemetryError> {
        let base = endpoint.as_str().trim_end_matches('/');
        let path = if base.ends_with("/v1/traces") { "" } else { "/v1/traces" };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{base}{path}"))
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|error| TelemetryError::Traces(error.to_string()))?;
        let resource = Resource::builder().with_service_name(service_name.to_owned()).build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        Ok(Self(provider))
    }

    /// Turns spans of the program into traces.
    pub(super) fn layer<S>(&self) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer().with_tracer(self.0.tracer(SCOPE))
    }

    /// Sends what waits, within a bound. A collector that is away costs traces, nothing else.
    pub(super) fn finish(self) {
        if let Err(error) = self.0.shutdown_with_timeout(EXPORT_TIMEOUT) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
    };

    use tracing_subscriber::{Registry, layer::SubscriberExt};

    use super::*;

    #[tokio::test]
    async fn a_span_reaches_the_collector_from_inside_the_runtime() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let collector = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut part = [0; 4096];
            while !request.windows(7).any(|seen| seen == b"request") {
                let read = stream.read(&mut part).unwrap();
                assert!(read > 0, "the request ended early");
                request.extend(part.iter().take(read));
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            String::from_utf8_lossy(&request).into_owned()
        });
        let traces = Traces::new(&endpoint, "books-of-acme").unwrap();

        let subscriber = Registry::default().with(traces.layer());
        tracing::subscriber::with_default(subscriber, || {
            drop(tracing::info_span!("request", tenant = "acme").entered());
        });
        tokio::task::spawn_blocking(move || traces.finish()).await.unwrap();

        let request = collector.join().unwrap();
        assert!(request.starts_with("POST /v1/traces HTTP/1.1"), "{request}");
        assert!(request.contains("books-of-acme") && request.contains("acme"), "{request}");
    }

    #[tokio::test]
    async fn a_collector_that_is_away_costs_no_start() {
        let endpoint = Url::parse("http://127.0.0.1:9/").unwrap();
        let traces = Traces::new(&endpoint, "daybook").unwrap();
        traces.finish();
    }
}
