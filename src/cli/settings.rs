//! Commands that read settings and print.

use std::{error::Error, path::Path, process::ExitCode};

use crate::config::{self, Config, Sources};

/// What commands return.
pub type Outcome = Result<ExitCode, Box<dyn Error>>;

/// The settings in force, or everything that is wrong with them.
pub fn load(file: Option<&Path>, set: &[String]) -> Result<Config, Box<dyn Error>> {
    let mut flags = Vec::new();
    for text in set {
        flags.push(Sources::parse_flag(text)?);
    }
    Ok(Config::load(&Sources::of_process(file, flags)?)?)
}

/// The same, with secrets made for a first run on one's own machine; what was made is told.
pub fn load_with_secrets(file: Option<&Path>, set: &[String]) -> Result<Config, Box<dyn Error>> {
    let mut config = load(file, set)?;
    config.check()?;
    for notice in config::secrets::ensure(&mut config)? {
        eprintln!("daybook: {notice}");
        eprintln!("daybook: production must bring its own: JWT_SECRET and ENCRYPTION_KEY");
    }
    Ok(config)
}

/// Prints settings.
pub fn config(
    file: Option<&Path>,
    set: &[String],
    explain: bool,
    default: bool,
    markdown: bool,
) -> Outcome {
    if default {
        print(&config::default_file());
    } else if markdown {
        print(&config::settings_table());
    } else {
        let config = load(file, set)?;
        if explain {
            print(&config.explain());
        }
        config.check()?;
        if !explain {
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
