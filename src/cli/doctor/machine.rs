//! The machine below: secrets in the settings, open files, disk, clock.

use std::path::Path;

use super::report::Report;
use crate::{
    app::{App, tenancy_settings},
    config::Config,
};

/// Below this much free space the disk will soon be full, in MiB.
const FREE_MIB_LOW: u64 = 1_024;
/// Below this much free space writing may fail at any moment, in MiB.
const FREE_MIB_LEAST: u64 = 100;

/// What can be seen before anything is opened.
pub fn look(config: &Config, report: &mut Report) {
    secrets(config, report);
    open_files(config, report);
    disk(&config.data.folder, report);
}

fn secrets(config: &Config, report: &mut Report) {
    let security = &config.security;
    let weak = config.warnings();
    for problem in &weak {
        report.warn(&problem.key, format!("{}; production refuses it", problem.message));
    }
    let given = [
        ("security.jwt_secret", &security.jwt_secret),
        ("security.encryption_key", &security.encryption_key),
    ];
    for (name, secret) in given {
        match secret {
            None => report.ok(name, "kept in the data folder, for this machine only"),
            Some(_) if weak.iter().any(|problem| problem.key == name) => {}
            Some(_) => report.ok(name, "given"),
        }
    }
    if security.encryption_key_previous.is_some() {
        report.warn(
            "security.encryption_key_previous",
            "still set; once `daybook keys rotate` has nothing left to do, take it out",
        );
    }
}

fn open_files(config: &Config, report: &mut Report) {
    let needed = u64::try_from(tenancy_settings(config).descriptors_needed().saturating_add(500));
    let needed = needed.unwrap_or(u64::MAX);
    match rlimit::increase_nofile_limit(needed) {
        Ok(limit) if limit < needed => report.warn(
            "open files",
            format!(
                "{limit} allowed, {needed} wanted for tenants.open_max; raise `ulimit -n` or lower it"
            ),
        ),
        Ok(limit) => report.ok("open files", format!("{limit} allowed")),
        Err(error) => report.warn("open files", error),
    }
}

#[cfg(unix)]
fn disk(folder: &Path, report: &mut Report) {
    let place = folder.ancestors().find(|place| place.exists()).unwrap_or(Path::new("."));
    let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
    match rustix::fs::statvfs(place) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize) >> 20;
            let said = format!("{free} MiB free for the data folder");
            match free {
                0..FREE_MIB_LEAST => report.fail("disk", said),
                FREE_MIB_LEAST..FREE_MIB_LOW => report.warn("disk", said),
                _ => report.ok("disk", said),
            }
        }
        Err(error) => report.warn("disk", error),
    }
}

#[cfg(not(unix))]
fn disk(_: &Path, report: &mut Report) {
    report.warn("disk", "free space is not looked at on this system");
}

/// How far this machine's clock is from the master's.
pub fn look_at_clock(app: &App, report: &mut Report) {
    let skew = app.tenancy.clock_skew_ms();
    let said = format!("{skew} ms ahead of the master database's");
    if skew.unsigned_abs() > app.config.nodes.clock_skew_max_ms {
        report.fail("clock", format!("{said}; nothing is written while it is so far off"));
    } else {
        report.ok("clock", said);
    }
}
