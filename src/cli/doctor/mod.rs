//! `daybook doctor`: looks at everything that an instance stands on, and says what is not well.

mod databases;
mod machine;
mod report;

use std::path::Path;

use clap::Args;
use daybook_migration::{MainMigrator, MasterMigrator};
use report::Report;

use super::{
    migrate::{Tier, pending},
    open::{block_on, exit, told},
    settings::{Outcome, load, load_with_secrets, print},
};
use crate::{
    app::{App, Purpose},
    clock::Clock,
    config::Config,
};

/// How to look.
#[derive(Args, Debug, Clone, Copy)]
pub struct Doctor {
    /// Clears what died on its way: half-made tenants, databases and roles that nobody ever used,
    /// entries of the login directory that lead nowhere or are missing.
    #[arg(long)]
    pub repair: bool,
    /// Prints the checks as a JSON list.
    #[arg(long)]
    pub json: bool,
}

/// Looks; the exit code is 0 when nothing fails.
pub fn run(file: Option<&Path>, set: &[String], how: Doctor) -> Outcome {
    let mut report = Report::default();
    let mut settings = None;
    match load(file, set) {
        Err(error) => report.fail("settings", error),
        Ok(config) => match config.check() {
            Err(error) => report.fail("settings", error),
            Ok(()) => {
                report.ok("settings", "in order");
                settings = Some(config);
            }
        },
    }
    if let Some(config) = settings {
        machine::look(&config, &mut report);
        block_on(async {
            if is_there(&config, &mut report).await {
                look_inside(file, set, how, &mut report).await;
            }
            Ok(())
        })?;
    }
    print(&if how.json { report.to_json()? } else { report.to_text() });
    Ok(exit(report.is_well()))
}

/// Whether main and master exist with the tables of this release; opening them would change them.
async fn is_there(config: &Config, report: &mut Report) -> bool {
    let (main, master) = tokio::join!(
        pending::<MainMigrator>(config, Tier::Main),
        pending::<MasterMigrator>(config, Tier::Master),
    );
    let found = [(Tier::Main, main), (Tier::Master, master)];
    let mut is_there = true;
    for (tier, pending) in found {
        let name = tier.name();
        let wrong = match pending {
            Ok(Some(lacking)) if lacking.is_empty() => continue,
            Ok(Some(lacking)) => format!(
                "{} migrations behind this release; run `daybook migrate {name}`",
                lacking.len()
            ),
            Ok(None) => {
                format!("not made yet; `daybook migrate {name}` makes it, or the first start")
            }
            Err(error) => error.to_string(),
        };
        report.fail(name, wrong);
        is_there = false;
    }
    is_there
}

async fn look_inside(file: Option<&Path>, set: &[String], how: Doctor, report: &mut Report) {
    let config = match load_with_secrets(file, set) {
        Ok(config) => config,
        Err(error) => return report.fail("keys", error),
    };
    let app = match Box::pin(App::open(config, Purpose::Tool, Clock::default())).await {
        Ok(app) => app,
        Err(error) => return report.fail("instance", told(&error)),
    };
    report.ok("keys", "the encryption key opens what this instance sealed");
    machine::look_at_clock(&app, report);
    Box::pin(databases::look(&app, how.repair, report)).await;
    Box::pin(app.close()).await;
}
