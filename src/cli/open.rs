//! An instance for the length of one command.

use std::{error::Error, path::Path, process::ExitCode, time::Duration};

use super::settings::{Outcome, load_with_secrets};
use crate::{
    app::{App, Purpose},
    clock::Clock,
    error,
};

/// Opens the instance beside a server or without one, does the work, and closes it again, also when
/// the work failed.
pub fn with_app<F>(file: Option<&Path>, set: &[String], work: F) -> Outcome
where
    F: AsyncFnOnce(&App) -> Outcome,
{
    let config = load_with_secrets(file, set)?;
    block_on(async {
        let opened = Box::pin(App::open(config, Purpose::Tool, Clock::default())).await;
        let app = opened.map_err(|error| format!("cannot start: {}", told(&error)))?;
        let outcome = Box::pin(work(&app)).await;
        Box::pin(app.close()).await;
        outcome
    })
}

/// Runs a command's work to its end.
pub fn block_on(work: impl Future<Output = Outcome>) -> Outcome {
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
