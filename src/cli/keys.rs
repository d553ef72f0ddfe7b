//! `daybook keys`: the key that seals credentials.

use std::path::Path;

use clap::Subcommand;

use super::{
    open::{exit, failed, with_instance},
    settings::{Outcome, print},
};
use crate::services::platform::rotate;

/// What can be done.
#[derive(Subcommand, Debug)]
pub enum KeysCommand {
    /// Seals everything anew with the key in force. Every process holds the new key as
    /// `security.encryption_key` and the old one as `security.encryption_key_previous` before it.
    Rotate,
}

/// Does it.
pub fn run(file: Option<&Path>, set: &[String], command: KeysCommand) -> Outcome {
    let KeysCommand::Rotate = command;
    with_instance(file, set, async |app| {
        let progress = |done: usize, total: usize| eprintln!("tenant {done} of {total}");
        let done = rotate::rotate(&app.office, &progress).await.map_err(failed)?;
        print(&format!(
            "Sealed anew: {} servers, {} tenants, {} entries of the login directory.\n",
            done.servers, done.tenants, done.entries
        ));
        for failure in &done.failures {
            eprintln!("daybook: {failure}");
        }
        if done.failures.is_empty() {
            print("Nothing needs the previous key any more; take it out of the settings.\n");
        }
        Ok(exit(done.failures.is_empty()))
    })
}
