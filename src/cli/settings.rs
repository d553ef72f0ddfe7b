//! Commands that read settings and print.

use std::{error::Error, path::Path, process::ExitCode};

use clap::Args;

use crate::config::{self, Config, Sources};

/// What commands return.
pub type Outcome = Result<ExitCode, Box<dyn Error>>;

/// The settings in force, or everything that is wrong with them.
pub fn load(file: Option<&Path>, set: &[String]) -> Result<Config, Box<dyn Error>> {
    Ok(Config::load(&Sources::of_process(file, set))?)
}

/// The same, once they fit each other.
pub fn load_checked(file: Option<&Path>, set: &[String]) -> Result<Config, Box<dyn Error>> {
    let config = load(file, set)?;
    check(&config)?;
    Ok(config)
}

fn check(config: &Config) -> Result<(), Box<dyn Error>> {
    config.check()?;
    for warning in config.warnings() {
        eprintln!("daybook: warning: {warning}; production refuses it");
    }
    Ok(())
}

/// The same, with secrets made for a first run on one's own machine; what was made is told.
pub fn load_with_secrets(file: Option<&Path>, set: &[String]) -> Result<Config, Box<dyn Error>> {
    with_secrets(load_checked(file, set)?)
}

/// Fills in secrets that an instance of one's own makes for itself, and tells when it makes them.
pub fn with_secrets(mut config: Config) -> Result<Config, Box<dyn Error>> {
    for notice in config::secrets::ensure(&mut config)? {
        eprintln!("daybook: {notice}");
        eprintln!("daybook: production must bring its own: JWT_SECRET and ENCRYPTION_KEY");
    }
    Ok(config)
}

/// What is to be shown of the settings.
#[derive(Args, Debug)]
pub struct Show {
    /// Every setting with its value in force, where that came from, what it means, what is allowed,
    /// its names and its defaults. With a key, a section or a name in the environment: of that only.
    #[arg(long, value_name = "KEY", num_args = 0..=1)]
    explain: Option<Option<String>>,
    /// The default file, with every setting commented.
    #[arg(long)]
    default: bool,
    /// The table of settings for the README.
    #[arg(long)]
    markdown: bool,
}

/// Prints settings.
pub fn config(file: Option<&Path>, set: &[String], show: &Show) -> Outcome {
    if show.default {
        print(&config::default_file());
    } else if show.markdown {
        print(&config::settings_table());
    } else {
        let mut config = load(file, set)?;
        if let Some(only) = &show.explain {
            config::secrets::find(&mut config);
            print(&config.explain(only.as_deref()).map_err(|problem| problem.to_string())?);
        }
        check(&config)?;
        if show.explain.is_none() {
            print("The settings are in order; `daybook config --explain` shows them.\n");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the schema, or the page of permissions.
pub fn schema(permissions: bool) -> Outcome {
    if permissions {
        print(&daybook_domain::role::permissions_markdown());
    } else {
        print(&crate::graphql::sdl());
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes to standard output; a reader that went away is no failure.
pub fn print(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("daybook: {error}");
    }
}
