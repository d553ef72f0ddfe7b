//! `daybook user`: the operator's help for a tenant's people.

use std::path::Path;

use clap::Subcommand;
use secrecy::ExposeSecret;

use super::{
    open::{exit, failed, with_instance},
    settings::{Outcome, print},
};
use crate::{
    auth::family::{OneTimeCode, Purpose},
    services::staff,
};

/// What can be done.
#[derive(Subcommand, Debug)]
pub enum UserCommand {
    /// Makes a code with which somebody sets a new password; it is shown once.
    ResetPassword {
        /// The tenant's name in addresses.
        #[arg(long)]
        tenant: String,
        /// The user's address.
        #[arg(long)]
        email: String,
    },
}

/// Does it.
pub fn run(file: Option<&Path>, set: &[String], command: UserCommand) -> Outcome {
    let UserCommand::ResetPassword { tenant, email } = command;
    with_instance(file, set, async move |app| {
        let route = app.tenancy.route_by_subdomain(&tenant).await.map_err(failed)?;
        let made = staff::reset_code_by_operator(&app.desk, route.id, &email).await;
        show_code(&made.map_err(failed)?, ["invitationAccept", "passwordReset"]);
        Ok(exit(true))
    })
}

/// Shows a code and the mutation that takes it: that of an invitation, or that of a reset.
pub(super) fn show_code(made: &OneTimeCode, [invitation, reset]: [&str; 2]) {
    let until = chrono::DateTime::from_timestamp_millis(made.expires_at).unwrap_or_default();
    let field = match made.purpose {
        Purpose::Invitation => invitation,
        Purpose::PasswordReset => reset,
    };
    print(&format!(
        "{}\nFor the mutation `{field}`, once, until {}.\n",
        made.code.text.expose_secret(),
        until.format("%Y-%m-%d %H:%M UTC"),
    ));
}
