//! Metrics: recorded anywhere with the `metrics` macros, read as Prometheus text.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::TelemetryError;

/// Upper bounds of the buckets that every histogram uses, in seconds: histograms measure time.
const BUCKETS_SECONDS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What has been recorded in this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Makes this process record; once.
    pub(super) fn install() -> Result<Self, TelemetryError> {
        builder()?
            .install_recorder()
            .map(Self)
            .map_err(|_| TelemetryError::Taken("metrics"))
            .inspect(|_| describe())
    }

    /// Everything recorded so far, in Prometheus' text format.
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }

    /// Bounds the memory of histograms that nobody reads; to be called every few seconds.
    pub fn run_upkeep(&self) {
        self.0.run_upkeep();
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

fn builder() -> Result<PrometheusBuilder, TelemetryError> {
    PrometheusBuilder::new()
        .set_buckets(&BUCKETS_SECONDS)
        .map_err(|_| TelemetryError::Taken("buckets of metrics"))
}

fn describe() {
    metrics::describe_counter!(
        super::slow::SLOW_COUNTER,
        "Statements slower than log.slow_query_ms"
    );
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_recorded_is_rendered() {
        let recorder = builder().unwrap().build_recorder();
        let handle = Metrics(recorder.handle());

        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("daybook_requests_total", "code" => "200").increment(2);
            metrics::histogram!("daybook_request_seconds").record(Duration::from_millis(30));
            crate::telemetry::slow::set_threshold(50);
            crate::telemetry::slow_statement("ledger_page", Duration::from_millis(49));
            crate::telemetry::slow_statement("ledger_page", Duration::from_millis(50));
        });

        let text = handle.render();
        assert!(text.contains("daybook_requests_total{code=\"200\"} 2"), "{text}");
        assert!(text.contains("daybook_request_seconds_bucket{le=\"0.05\"} 1"), "{text}");
        assert!(text.contains("daybook_request_seconds_bucket{le=\"0.025\"} 0"), "{text}");
        let slow = "daybook_slow_statements_total{statement=\"ledger_page\"} 1";
        assert!(text.contains(slow), "{text}");
    }
}
