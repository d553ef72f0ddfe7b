//! What the benchmark is asked to measure.

use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::{Outcome, engine::Engine};

/// Measures a release server on loopback beside the raw limit of each database engine.
#[derive(Parser, Debug, Clone)]
#[command(name = "books", disable_version_flag = true)]
pub struct Options {
    /// Engines to measure; all that are present when left out.
    #[arg(long, value_delimiter = ',')]
    pub engine: Vec<Engine>,
    /// Length of each measured stretch in seconds; there is one per figure and round.
    #[arg(long, default_value_t = 3.0)]
    pub seconds: f64,
    /// Connections at which posts and reads are measured.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    pub connections: Vec<usize>,
    /// Rounds in which raw and ours take turns; the median of them is shown.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Open tenants at which memory is read, beside none. A server's connection limit may allow fewer.
    #[arg(long, value_delimiter = ',', default_value = "100,1000")]
    pub tenants: Vec<usize>,
    /// Which figures; all when left out.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub figures: Vec<Figures>,
    /// Everything once over, short: to see that it runs, not to compare figures.
    #[arg(long)]
    pub quick: bool,
    /// Only the raw limits, without the server.
    #[arg(long)]
    pub raw_only: bool,
    /// PostgreSQL server that may create databases.
    #[arg(long, default_value = "postgres://postgres@127.0.0.1:5432")]
    pub postgres: String,
    /// MariaDB or MySQL server that may create databases.
    #[arg(long, default_value = "mysql://root@127.0.0.1:3306")]
    pub mariadb: String,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    pub bench: bool,
}

/// Groups of figures.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figures {
    /// Vouchers posted per second.
    Posts,
    /// Lists of vouchers read per second.
    Reads,
    /// Statements over ten thousand and over a million entries.
    Reports,
    /// Tenants: how fast they are made and opened, and what they cost in memory.
    Tenants,
}

impl Options {
    /// Reads the command line and applies `--quick`.
    ///
    /// # Errors
    /// When a number makes no sense.
    pub fn read() -> Outcome<Self> {
        let mut options = Self::parse();
        if options.quick {
            options.seconds = options.seconds.min(0.2);
            options.tenants = vec![20];
        }
        options.tenants.sort_unstable();
        options.rounds = options.rounds.max(1);
        let sane = options.seconds.is_finite() && options.seconds > 0.0;
        if !sane || options.connections.is_empty() || options.connections.contains(&0) {
            return Err("--seconds and --connections must be above zero".into());
        }
        Ok(options)
    }

    /// Length of one stretch.
    pub fn stretch(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// Whether these figures are wanted.
    pub fn wants(&self, figures: Figures) -> bool {
        self.figures.is_empty() || self.figures.contains(&figures)
    }
}
