//! Samples of one stretch, medians of several.

use std::time::Duration;

/// What one stretch gave.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// How many were done.
    pub done: usize,
    /// In which time, from the start to the last answer.
    pub took: Duration,
    /// How long each took, in microseconds.
    pub latencies: Vec<u64>,
}

/// A figure: the medians of the rounds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figure {
    /// Done per second.
    pub rate: f64,
    /// Half of them took at most this, in milliseconds.
    pub p50: f64,
    /// 99 of 100 took at most this, in milliseconds.
    pub p99: f64,
}

impl Sample {
    /// Puts the samples of several clients together.
    pub fn joined(samples: Vec<Self>, took: Duration) -> Self {
        let done = samples.iter().map(|sample| sample.done).sum();
        let latencies = samples.into_iter().flat_map(|sample| sample.latencies).collect();
        Self { done, took, latencies }
    }

    /// The figure of this stretch alone.
    pub fn figure(&self) -> Figure {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        Figure {
            rate: real(self.done) / self.took.as_secs_f64().max(1e-9),
            p50: percentile(&sorted, 50),
            p99: percentile(&sorted, 99),
        }
    }
}

/// The medians of several rounds, each number by itself.
pub fn median(rounds: &[Figure]) -> Figure {
    let of = |pick: fn(&Figure) -> f64| middle(rounds.iter().map(pick).collect());
    Figure { rate: of(|one| one.rate), p50: of(|one| one.p50), p99: of(|one| one.p99) }
}

/// The median; of an even number, the lower of the two in the middle.
pub fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

/// Nearest rank of sorted microseconds, in milliseconds.
fn percentile(sorted: &[u64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    let micros = sorted.get(rank - 1).copied().unwrap_or(0);
    Duration::from_micros(micros).as_secs_f64() * 1_000.0
}

/// A count as a number that can be divided.
#[expect(clippy::as_conversions, reason = "a count of a benchmark stays far below 2^53")]
pub fn real(count: usize) -> f64 {
    count as f64
}

/// Whole microseconds.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
