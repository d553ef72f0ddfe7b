//! The command line.

mod serve;
mod settings;

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
    /// Prints the API's schema.
    Schema {
        /// Prints the page of permissions instead.
        #[arg(long)]
        permissions: bool,
    },
    /// Shows settings.
    Config {
        /// Every setting with its value in force and where it came from.
        #[arg(long)]
        explain: bool,
        /// The default file, with every setting commented.
        #[arg(long)]
        default: bool,
        /// The table of settings for the README.
        #[arg(long)]
        markdown: bool,
    },
}

/// Runs the command; the exit code tells how it went.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(cli.config.as_deref(), &cli.set),
        Command::Schema { permissions } => settings::schema(permissions),
        Command::Config { explain, default, markdown } => {
            settings::config(cli.config.as_deref(), &cli.set, explain, default, markdown)
        }
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("daybook: {error}");
            ExitCode::FAILURE
        }
    }
}
