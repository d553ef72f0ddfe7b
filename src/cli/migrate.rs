//! `daybook migrate`: brings databases to this release, tier by tier.

use std::path::Path;

use clap::{Args, Subcommand};
use daybook_migration::{MainMigrator, MasterMigrator, MigratorTrait};
use secrecy::{ExposeSecret, SecretString};

use super::{
    open::{block_on, exit, failed, with_app, with_instance},
    settings::{Outcome, load_checked, print},
};
use crate::{
    app::App,
    config::Config,
    db::{ControlDb, Names, Server, Target, connect::SessionLimits},
    services::platform::fleet::{self, FleetOptions, Outcome as Done, TenantOutcome},
};

/// What is migrated.
#[derive(Subcommand, Debug)]
pub enum MigrateCommand {
    /// The platform's own database. It is made where it is missing, and master with it.
    Main(Look),
    /// Routing and shared structure. It is made where it is missing, and main with it.
    Master(Look),
    /// One tenant.
    Tenant {
        /// Its name in addresses.
        subdomain: String,
        /// How.
        #[command(flatten)]
        look: Look,
    },
    /// Every tenant that is not at this release: a few first, then side by side.
    Tenants(Look),
}

/// Whether to change anything.
#[derive(Args, Debug, Clone, Copy)]
pub struct Look {
    /// Shows what would be done and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Does it.
pub fn run(file: Option<&Path>, set: &[String], command: MigrateCommand) -> Outcome {
    let (look, subdomain) = match command {
        MigrateCommand::Main(look) => return control::<MainMigrator>(file, set, look, Tier::Main),
        MigrateCommand::Master(look) => {
            return control::<MasterMigrator>(file, set, look, Tier::Master);
        }
        MigrateCommand::Tenant { subdomain, look } => (look, Some(subdomain)),
        MigrateCommand::Tenants(look) => (look, None),
    };
    with_instance(file, set, async move |app| tenants(app, subdomain, look).await)
}

/// The databases that every process opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The platform's own.
    Main,
    /// Routing and shared structure.
    Master,
}

impl Tier {
    /// Its name in messages and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Master => "master",
        }
    }

    fn url(self, config: &Config) -> SecretString {
        match self {
            Self::Main => config.main_url(),
            Self::Master => config.master_url(),
        }
    }
}

/// Whether a control database has been made.
pub async fn exists(config: &Config, tier: Tier) -> Result<bool, Box<dyn std::error::Error>> {
    Ok(match Target::parse(tier.url(config).expose_secret())? {
        Target::Sqlite { path } => path.exists(),
        Target::Server(place) => {
            let names = Names::new(&config.tenants.database_marker)?;
            let server = Server::open(&place, names).await.map_err(failed)?;
            let exists = server.exists(&place.database).await;
            server.close().await;
            exists.map_err(failed)?
        }
    })
}

/// Migrations that a control database lacks, oldest first; `None` where there is no database yet.
pub async fn pending<M: MigratorTrait>(
    config: &Config,
    tier: Tier,
) -> Result<Option<Vec<String>>, Box<dyn std::error::Error>> {
    if !exists(config, tier).await? {
        return Ok(None);
    }
    let target = Target::parse(tier.url(config).expose_secret())?;
    let db = ControlDb::open(target, SessionLimits::default()).await.map_err(failed)?;
    let all = M::get_pending_migrations(db.writer()).await;
    db.close().await;
    Ok(Some(all?.iter().map(|one| one.name().to_owned()).collect()))
}

fn control<M: MigratorTrait>(
    file: Option<&Path>,
    set: &[String],
    look: Look,
    tier: Tier,
) -> Outcome {
    let config = load_checked(file, set)?;
    let lacking = block_on(pending::<M>(&config, tier))?;
    let name = tier.name();
    if lacking.as_ref().is_some_and(Vec::is_empty) {
        print(&format!("{name} is at this release.\n"));
        return Ok(exit(true));
    }
    if !look.dry_run {
        with_app(file, set, async |_| Ok(exit(true)))?;
    }
    let verb = if look.dry_run { "would be" } else { "was" };
    match lacking {
        Some(lacking) => {
            for migration in lacking {
                print(&format!("{name}: {migration} {verb} applied\n"));
            }
        }
        None => print(&format!("{name}: the database {verb} made\n")),
    }
    Ok(exit(true))
}

async fn tenants(app: &App, subdomain: Option<String>, look: Look) -> Outcome {
    let only = match subdomain {
        None => None,
        Some(name) => Some(app.tenancy.route_by_subdomain(&name).await.map_err(failed)?.id),
    };
    let progress = |one: &TenantOutcome, done: usize, total: usize| {
        let line = format!("{done} of {total}: {} {}", one.subdomain, word(&one.outcome));
        match one.outcome {
            Done::Migrated | Done::WouldMigrate => print(&format!("{line}\n")),
            Done::Ahead | Done::Failed(_) => eprintln!("daybook: {line}"),
        }
    };
    let options = FleetOptions { only, dry_run: look.dry_run };
    let report = fleet::migrate(&app.office, options, &progress).await.map_err(failed)?;
    if report.tenants.is_empty() {
        print("Nothing to do: every tenant asked for is at this release.\n");
    }
    if report.skipped > 0 {
        eprintln!(
            "daybook: {} tenants were left alone because none of the first could be migrated",
            report.skipped
        );
    }
    Ok(exit(report.is_success()))
}

fn word(outcome: &Done) -> String {
    match outcome {
        Done::Migrated => "was migrated".to_owned(),
        Done::WouldMigrate => "would be migrated".to_owned(),
        Done::Ahead => "is newer than this program: left alone".to_owned(),
        Done::Failed(why) => format!("failed: {why}"),
    }
}
