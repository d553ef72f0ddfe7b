//! What the system says of a process and of the machine.

use std::fs;

use crate::Outcome;

/// What a process holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Holding {
    /// Resident memory in KiB.
    pub resident_kib: u64,
    /// Threads.
    pub threads: u64,
    /// Open files and sockets.
    pub files: usize,
}

impl Holding {
    /// Of a process, from `/proc`.
    ///
    /// # Errors
    /// When there is no such process, or no `/proc`.
    pub fn of(process: u32) -> Outcome<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        Ok(Self {
            resident_kib: number("VmRSS:"),
            threads: number("Threads:"),
            files: fs::read_dir(format!("/proc/{process}/fd"))?.count(),
        })
    }
}

/// Processor seconds that a process has used, its threads together.
///
/// # Errors
/// When there is no such process, or no `/proc`.
pub fn cpu_seconds(process: u32) -> Outcome<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name stands in brackets and may hold spaces; user and system time are the 12th and 13th after.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = rest.split_whitespace().skip(11).take(2);
    let ticks: u32 = fields.filter_map(|field| field.parse::<u32>().ok()).sum();
    // Linux counts here in hundredths of a second on every architecture it runs on today.
    Ok(f64::from(ticks) / 100.0)
}

/// Cores and load average, for the top of the report.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            line.split_once(':').map(|(_, name)| name.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    let memory = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            let kib: u64 = text.lines().next()?.split_whitespace().nth(1)?.parse().ok()?;
            Some(kib / 1_024)
        })
        .unwrap_or(0);
    format!("{cores} cores ({model}), {memory} MiB memory, load average {}", load())
}

/// Load average over 1, 5 and 15 minutes.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
