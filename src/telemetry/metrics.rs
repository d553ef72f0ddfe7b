//! Metrics: recorded anywhere with the `metrics` macros, read as Prometheus text.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::TelemetryError;

/// Upper bounds of the buckets of histograms that measure time, in seconds.
const BUCKETS_SECONDS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Upper bounds of the buckets of [`BATCHES`]: a lane's batch has at most 128 members.
const BUCKETS_MEMBERS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];
const BATCHES: &str = "daybook_lane_batch_members";

/// Counters without a label, with their help; they are there with 0 from the start, so that a rate can
/// be told from the first time on.
const COUNTERS: [(&str, &str); 12] = [
    ("daybook_tenant_hits_total", "Leases of a tenant that was open already"),
    ("daybook_tenant_opens_total", "Tenants opened"),
    ("daybook_tenant_open_failures_total", "Tenants that could not be opened"),
    ("daybook_tenant_evictions_total", "Tenants closed, for whatever reason"),
    ("daybook_tenant_waits_total", "Times that somebody waited for one of tenants.open_max places"),
    ("daybook_socket_waits_total", "Times that somebody waited for a socket of a database server"),
    ("daybook_routing_reads_total", "Routing rows read from master"),
    ("daybook_routing_poll_failures_total", "Polls of master and main that failed"),
    ("daybook_lane_replays_total", "Batches whose members were tried one by one"),
    ("daybook_subscription_events_total", "Events handed to subscribers"),
    ("daybook_logins_throttled_total", "Sign-ins refused because of too many failures before"),
    (
        "daybook_refresh_reuse_total",
        "Refresh tokens that were used twice, which ends their session",
    ),
];

/// Counters that come with labels, when something is counted.
const LABELLED: [(&str, &str); 2] = [
    (super::slow::SLOW_COUNTER, "Statements slower than log.slow_query_ms, by their names"),
    ("daybook_jobs_total", "Jobs in the background, by kind and by what came of them"),
];

const GAUGES: [(&str, &str); 2] = [
    ("daybook_tenants", "Tenants on this node: open, opening, draining, and those with a lease"),
    ("daybook_nodes_live", "Processes that share these databases and are alive"),
];

const HISTOGRAMS: [(&str, &str); 4] = [
    ("daybook_operation_seconds", "Time from a GraphQL operation's admission to its answer"),
    ("daybook_tenant_open_seconds", "Time to open a tenant's database"),
    ("daybook_job_seconds", "Time that a job in the background took, by kind"),
    (BATCHES, "Vouchers and changes that shared one commit"),
];

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
    let buckets = |_| TelemetryError::Taken("buckets of metrics");
    PrometheusBuilder::new()
        .set_buckets(&BUCKETS_SECONDS)
        .map_err(buckets)?
        .set_buckets_for_metric(Matcher::Full(BATCHES.to_owned()), &BUCKETS_MEMBERS)
        .map_err(buckets)
}

fn describe() {
    for (name, help) in COUNTERS {
        metrics::describe_counter!(name, help);
        metrics::counter!(name).increment(0);
    }
    for (name, help) in LABELLED {
        metrics::describe_counter!(name, help);
    }
    for (name, help) in GAUGES {
        metrics::describe_gauge!(name, help);
    }
    for (name, help) in HISTOGRAMS {
        metrics::describe_histogram!(name, help);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]
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
            crate::telemetry::slow_statement("select ledgers", Duration::from_millis(500));
        });

        let text = handle.render();
        assert!(text.contains("daybook_requests_total{code=\"200\"} 2"), "{text}");
        assert!(text.contains("daybook_request_seconds_bucket{le=\"0.05\"} 1"), "{text}");
        assert!(text.contains("daybook_request_seconds_bucket{le=\"0.025\"} 0"), "{text}");
        let slow = "daybook_slow_statements_total{statement=\"select ledgers\"} 1";
        assert!(text.contains(slow), "{text}");
    }

    #[test]
    fn counters_are_there_with_their_help_before_anything_is_counted() {
        let recorder = builder().unwrap().build_recorder();
        let handle = Metrics(recorder.handle());
        metrics::with_local_recorder(&recorder, describe);
        let text = handle.render();
        for (name, help) in COUNTERS {
            assert!(text.contains(&format!("# HELP {name} {help}\n")), "{name}: {text}");
            assert!(text.contains(&format!("\n{name} 0\n")), "{name}: {text}");
        }
    }

    #[test]
    fn whatever_the_sources_record_is_described() {
        let mut sources = Vec::new();
        let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("telemetry/metrics.rs") {
                    sources.push(std::fs::read_to_string(path).unwrap());
                }
            }
        }
        let known: Vec<&str> = [&COUNTERS[..], &LABELLED, &GAUGES, &HISTOGRAMS]
            .concat()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        for source in &sources {
            for kind in ["counter!(", "gauge!(", "histogram!("] {
                for used in source.split(&format!("metrics::{kind}")).skip(1) {
                    let Some(rest) = used.trim_start().strip_prefix('"') else { continue };
                    let name = rest.split('"').next().unwrap();
                    assert!(known.contains(&name), "{name} has no help");
                }
            }
        }
    }
}
