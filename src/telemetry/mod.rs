//! What an operator sees: log lines, metrics, and traces where a collector is set.
//!
//! Fields such as the request id, the tenant and the operation are written once, on the span of the
//! request; every line logged inside carries them.

mod log;
mod metrics;
#[cfg(feature = "otel")]
mod otel;
mod slow;

use crate::config::Config;

pub use self::metrics::Metrics;
pub use self::slow::{SLOW_TARGET, is_slow, slow_statement};

/// What runs for logs and traces; when dropped, waiting traces are sent.
#[derive(Debug)]
#[must_use = "traces end when this is dropped"]
pub struct Telemetry {
    /// What `/metrics` answers with.
    pub metrics: Metrics,
    #[cfg(feature = "otel")]
    traces: Option<otel::Traces>,
}

/// Why logs, metrics or traces cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.level` cannot be understood.
    #[error("log.level: {0}")]
    Level(String),
    /// Something else took this process's logs or metrics already.
    #[error("{0} are set up already in this process")]
    Taken(&'static str),
    /// Traces are wanted and this program cannot send them.
    #[error(
        "telemetry.otlp_endpoint is set, but this program was built without the feature `otel` and \
         cannot send traces"
    )]
    NoTraces,
    /// The sender of traces cannot be set up.
    #[error("telemetry.otlp_endpoint: {0}")]
    Traces(String),
}

/// Starts logs (to standard error), metrics and, where an endpoint is set, traces, for the whole
/// process; once.
///
/// # Errors
/// [`TelemetryError`] when one of them cannot start.
pub fn start(config: &Config) -> Result<Telemetry, TelemetryError> {
    slow::set_threshold(config.log.slow_query_ms);
    let lines = log::layers(&config.log, std::io::stderr)?;

    #[cfg(feature = "otel")]
    let traces = config
        .telemetry
        .otlp_endpoint
        .as_ref()
        .map(|endpoint| otel::Traces::new(endpoint, &config.telemetry.service_name))
        .transpose()?;
    #[cfg(feature = "otel")]
    log::install(lines, traces.as_ref().map(otel::Traces::layer))?;

    #[cfg(not(feature = "otel"))]
    if config.telemetry.otlp_endpoint.is_some() {
        return Err(TelemetryError::NoTraces);
    }
    #[cfg(not(feature = "otel"))]
    log::install(lines, None::<tracing_subscriber::layer::Identity>)?;

    Ok(Telemetry {
        metrics: Metrics::install()?,
        #[cfg(feature = "otel")]
        traces,
    })
}

#[cfg(feature = "otel")]
impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take() {
            traces.finish();
        }
    }
}
