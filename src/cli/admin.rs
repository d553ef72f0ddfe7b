//! `daybook admin`: people of the platform's office.

use std::path::Path;

use clap::{Subcommand, ValueEnum};
use daybook_entity::main::people::PlatformRole;

use super::{
    open::{exit, failed, with_app},
    secret::new_password,
    settings::{Outcome, print},
};
use crate::{
    lane::Actor,
    services::platform::admins::{self, NewAdmin},
};

/// Where a password may come from instead of a prompt.
const PASSWORD: &str = "DAYBOOK_ADMIN_PASSWORD";

/// What can be done.
#[derive(Subcommand, Debug)]
pub enum AdminCommand {
    /// Adds somebody to the platform's office. The password is asked for, or read from
    /// DAYBOOK_ADMIN_PASSWORD or standard input.
    Create {
        /// The address by which they sign in.
        #[arg(long)]
        email: String,
        /// Their name.
        #[arg(long)]
        name: String,
        /// What they do.
        #[arg(long, value_enum, default_value_t = Role::Admin)]
        role: Role,
    },
}

/// What somebody of the office does.
#[derive(ValueEnum, Debug, Clone, Copy)]
pub enum Role {
    /// Runs the platform.
    Admin,
    /// Helps tenants.
    Support,
    /// Wins tenants.
    Salesman,
    /// Leads salesmen in a region.
    Distributor,
}

impl From<Role> for PlatformRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Support => Self::Support,
            Role::Salesman => Self::Salesman,
            Role::Distributor => Self::Distributor,
        }
    }
}

/// Does it.
pub fn run(file: Option<&Path>, set: &[String], command: AdminCommand) -> Outcome {
    let AdminCommand::Create { email, name, role } = command;
    let password = new_password(PASSWORD, &[&email, &name])?;
    with_app(file, set, async move |app| {
        let password_hash = Some(app.desk.passwords.hash(password).await.map_err(failed)?);
        let new = NewAdmin { email, name, role: role.into(), password_hash };
        let row = admins::create_of(&app.office, new, Actor::system()).await.map_err(failed)?;
        print(&format!("{} can sign in with the mutation `adminLogin`.\n", row.email));
        Ok(exit(true))
    })
}
