//! Log lines: for a person, or as JSON for a program.

use tracing::{Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, FilterFn, LevelFilter},
    fmt::{self, MakeWriter, format::FmtSpan},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use super::TelemetryError;
use crate::config::{Log, LogFormat};

/// A layer of any make.
type Boxed<S> = Box<dyn Layer<S> + Send + Sync>;

/// The driver's own lines about statements, values and passwords in full. It is told to write none; if a
/// connection escaped that, they end here, whatever `log.level` says.
const STATEMENTS: &str = "sqlx::query";

fn without_statements() -> FilterFn {
    let is_other: fn(&Metadata<'_>) -> bool = |line| line.target() != STATEMENTS;
    FilterFn::new(is_other).with_max_level_hint(LevelFilter::TRACE)
}

/// The lines of that format and level, written to `writer`.
pub(super) fn layers<S, W>(log: &Log, writer: W) -> Result<Boxed<S>, TelemetryError>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter =
        EnvFilter::try_new(&log.level).map_err(|error| TelemetryError::Level(error.to_string()))?;
    let filter = filter.and(without_statements());
    let lines = fmt::layer().with_writer(writer).with_span_events(FmtSpan::NONE);
    Ok(match log.format {
        LogFormat::Text => lines.with_ansi(false).with_filter(filter).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(true)
            .with_filter(filter)
            .boxed(),
    })
}

/// Makes these layers the process's own. Traces take what is worth at least `info`, whatever the
/// lines show.
pub(super) fn install<T>(lines: Boxed<Registry>, traces: Option<T>) -> Result<(), TelemetryError>
where
    T: Layer<tracing_subscriber::layer::Layered<Boxed<Registry>, Registry>> + Send + Sync + 'static,
{
    let traces = traces.map(|layer| layer.with_filter(LevelFilter::INFO.and(without_statements())));
    Registry::default()
        .with(lines)
        .with(traces)
        .try_init()
        .map_err(|_| TelemetryError::Taken("logs"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn written(format: LogFormat, level: &str) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = Log { format, level: level.into(), slow_query_ms: 200 };
        let layer = layers(&log, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(Registry::default().with(layer), || {
            let request = tracing::info_span!(
                "request",
                request_id = "r-1",
                tenant = "acme",
                operation = "Q"
            );
            let _inside = request.enter();
            let inner = tracing::info_span!("inner");
            let _deeper = inner.enter();
            tracing::info!(rows = 3, "done");
            tracing::debug!("hidden");
        });
        lines.text()
    }

    #[test]
    fn a_json_line_carries_the_fields_of_its_spans() {
        let text = written(LogFormat::Json, "info");

        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(line["message"], "done");
        assert_eq!(line["rows"], 3);
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["spans"][0]["request_id"], "r-1");
        assert_eq!(line["spans"][0]["tenant"], "acme");
        assert_eq!(line["spans"][0]["operation"], "Q");
    }

    #[test]
    fn a_text_line_carries_them_too_and_the_level_decides() {
        let text = written(LogFormat::Text, "info");
        assert!(text.contains("request_id=\"r-1\"") && text.contains("tenant=\"acme\""), "{text}");
        assert!(!text.contains("hidden"), "{text}");
        assert!(written(LogFormat::Text, "debug").contains("hidden"));
        assert!(written(LogFormat::Text, "off").is_empty());
    }

    #[test]
    fn the_drivers_statements_are_never_shown() {
        let lines = Lines::default();
        let writer = lines.clone();
        let level = "trace,sqlx::query=trace".into();
        let log = Log { format: LogFormat::Text, level, slow_query_ms: 200 };
        let layer = layers(&log, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(Registry::default().with(layer), || {
            tracing::warn!(target: "sqlx::query", statement = "CREATE ROLE x PASSWORD 'y'", "slow");
            tracing::trace!(target: "sqlx::pool", "other");
        });
        assert!(!lines.text().contains("PASSWORD"), "{}", lines.text());
        assert!(lines.text().contains("other"), "{}", lines.text());
    }

    #[test]
    fn an_impossible_level_is_refused() {
        let log = Log { format: LogFormat::Text, level: "a=[".into(), slow_query_ms: 1 };
        assert!(matches!(
            layers::<Registry, _>(&log, std::io::sink),
            Err(TelemetryError::Level(_))
        ));
    }
}
