//! An instance for the length of one command.

use std::{error::Error, path::Path, process::ExitCode, time::Duration};

use super::{
    migrate::{Tier, exists},
    settings::{Outcome, load_checked, load_with_secrets, with_secrets},
};
use crate::{
    app::{App, Purpose},
    clock::Clock,
    config::Config,
    error,
};

/// Opens the instance beside a server or without one, does the work, and closes it again, also when
/// the work failed.
pub fn with_app<F>(file: Option<&Path>, set: &[String], work: F) -> Outcome
where
    F: AsyncFnOnce(&App) -> Outcome,
{
    work_in(load_with_secrets(file, set)?, work)
}

/// The same in an instance that is there already: nothing is made where there is none.
pub fn with_instance<F>(file: Option<&Path>, set: &[String], work: F) -> Outcome
where
    F: AsyncFnOnce(&App) -> Outcome,
{
    let config = load_checked(file, set)?;
    let is_there = block_on(async {
        Ok(exists(&config, Tier::Main).await? && exists(&config, Tier::Master).await?)
    });
    if is_there? { work_in(with_secrets(config)?, work) } else { Err(none_here(&config).into()) }
}

/// Says that there is no instance, where it was looked for, and how one is made.
fn none_here(config: &Config) -> String {
    let [(main, main_place), (master, master_place)] = config.places();
    format!(
        "there is no instance here yet ({main}: {main_place}; {master}: {master_place}); \
         `daybook serve` makes one"
    )
}

fn work_in<F>(config: Config, work: F) -> Outcome
where
    F: AsyncFnOnce(&App) -> Outcome,
{
    block_on(async {
        let opened = Box::pin(App::open(config, Purpose::Tool, Clock::default())).await;
        let app = opened.map_err(|error| format!("cannot start: {}", told(&error)))?;
        let outcome = Box::pin(work(&app)).await;
        Box::pin(app.close()).await;
        outcome
    })
}

/// Runs a command's work to its end.
pub fn block_on<T>(
    work: impl Future<Output = Result<T, Box<dyn Error>>>,
) -> Result<T, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    // Looking up a host's name cannot be broken off; it holds nobody up.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// What an operator should read of an error: the cause, which clients never see, and every refusal.
pub fn told(error: &error::Error) -> String {
    match error {
        error::Error::Refused(refusals) => {
            let line = |one: &error::Refusal| {
                let field = one.field.iter().filter(|step| *step != "input").cloned();
                format!("{}: {}", field.collect::<Vec<_>>().join("."), one.message)
            };
            refusals.iter().map(line).collect::<Vec<_>>().join("; ")
        }
        other => other.cause().unwrap_or_else(|| other.to_string()),
    }
}

/// The same as a command's error.
pub fn failed(error: error::Error) -> Box<dyn Error> {
    told(&error).into()
}

/// The exit code of a check.
pub fn exit(is_good: bool) -> ExitCode {
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
