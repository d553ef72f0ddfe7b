//! `daybook admin`: people of the platform's office.

use std::path::Path;

use clap::{Subcommand, ValueEnum};
use daybook_entity::main::people::PlatformRole;

use super::{
    open::{exit, failed, with_app},
    secret::new_password,
    settings::{Outcome, print},
    user::show_code,
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
    /// Makes a code with which somebody of the platform's office sets a new password; it is shown once.
    ResetPassword {
        /// The address by which they sign in.
        email: String,
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
    match command {
        AdminCommand::Create { email, name, role } => create(file, set, email, name, role),
        AdminCommand::ResetPassword { email } => with_app(file, set, async move |app| {
            let code_ms = app.desk.code_ms();
            let made = admins::reset_code_by_operator(&app.office, &email, code_ms).await;
            show_code(&made.map_err(failed)?, ["adminInvitationAccept", "adminPasswordReset"]);
            Ok(exit(true))
        }),
    }
}

fn create(file: Option<&Path>, set: &[String], email: String, name: String, role: Role) -> Outcome {
    let password = new_password(PASSWORD, &[&email, &name])?;
    with_app(file, set, async move |app| {
        let password_hash = Some(app.desk.passwords.hash(password).await.map_err(failed)?);
        let new = NewAdmin { email, name, role: role.into(), password_hash };
        let row = admins::create_of(&app.office, new, Actor::system()).await.map_err(failed)?;
        print(&format!("{} can sign in with the mutation `adminLogin`.\n", row.email));
        Ok(exit(true))
    })
}
