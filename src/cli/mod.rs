//! The command line.

mod admin;
mod audit;
mod demo;
mod doctor;
mod greeting;
mod keys;
mod migrate;
mod open;
mod secret;
mod serve;
mod settings;
mod tenant;
mod user;
mod verify;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The books and the sales of many small businesses in one running instance.
#[derive(Parser, Debug)]
#[command(name = "daybook", version, about)]
pub struct Cli {
    /// Settings file; `daybook.toml` in the working folder when left out.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,
    /// One setting, as section.key=value; stronger than file and environment. May be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// What to do; serves when left out.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What can be done.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serves the API until stopped.
    Serve,
    /// Does the work in the background (what recurs, events) until stopped, without serving: beside servers,
    /// or for them where `jobs.workers` is 0 there.
    Worker,
    /// Prints the API's schema.
    Schema {
        /// Prints the page of permissions instead.
        #[arg(long)]
        permissions: bool,
    },
    /// Brings databases to this release.
    #[command(subcommand)]
    Migrate(migrate::MigrateCommand),
    /// Tenants: set up, listed, suspended, resumed.
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// People of the platform's office.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Help for a tenant's people.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Edit logs: whether they, the books and the anchors agree.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Figures: whether balances, monthly sums, bills and number series are what the entries say. Exit
    /// status 1 when anything differs or cannot be verified.
    Verify(verify::Verify),
    /// The key that seals credentials.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Looks at everything that the instance stands on: 0 when it is well, 1 when something fails.
    Doctor(doctor::Doctor),
    /// Loads an example: three tenants with a year of vouchers. Never beside other data.
    Demo(demo::DemoArgs),
    /// Shows settings.
    Config(settings::Show),
}

/// Runs the command; the exit code tells how it went.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let (file, set) = (cli.config.as_deref(), cli.set.as_slice());
    let outcome = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(file, set),
        Command::Worker => worker::work(file, set),
        Command::Migrate(command) => migrate::run(file, set, command),
        Command::Tenant(command) => tenant::run(file, set, command),
        Command::Admin(command) => admin::run(file, set, command),
        Command::User(command) => user::run(file, set, command),
        Command::Audit(command) => audit::run(file, set, command),
        Command::Verify(command) => verify::run(file, set, command),
        Command::Keys(command) => keys::run(file, set, command),
        Command::Doctor(how) => doctor::run(file, set, how),
        Command::Demo(args) => demo::run(file, set, args),
        Command::Schema { permissions } => settings::schema(permissions),
        Command::Config(show) => settings::config(file, set, &show),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("daybook: {error}");
            ExitCode::FAILURE
        }
    }
}
