//! `daybook demo`: an example to look at.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::{
    open::{exit, failed, with_app},
    settings::{Outcome, print},
};
use crate::{
    app::App,
    auth::secret,
    config::{Sources, secrets},
    error::{Code, Error, Result},
    services::demo::{self, Demo, Watcher, Whole},
};

/// Where the demo's password may come from.
const PASSWORD: &str = "DAYBOOK_DEMO_PASSWORD";
/// The file in the data folder that keeps the password until it was shown.
const KEPT: &str = "demo.toml";

/// How the example is loaded.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The owners' password: an example's, not a secret. Made anew when left out and not in
    /// DAYBOOK_DEMO_PASSWORD; a run that goes on with a stopped one takes that one's.
    #[arg(long)]
    pub password: Option<String>,
}

/// Loads it and says how to sign in.
pub fn run(file: Option<&Path>, set: &[String], args: DemoArgs) -> Outcome {
    with_app(file, set, async move |app| {
        let loaded = load(app, args.password, Whole::GoesOn).await.map_err(failed)?;
        print(&loaded.text);
        loaded.shown().map_err(failed)?;
        Ok(exit(true))
    })
}

/// The example, and what to tell people of it.
#[derive(Debug)]
pub struct Loaded {
    /// How to sign in.
    pub text: String,
    /// Whether it was loaded, or completed, just now.
    pub is_new: bool,
    kept: PathBuf,
}

impl Loaded {
    /// The passwords were shown and need not be kept any more.
    ///
    /// # Errors
    /// When the file that keeps them cannot be removed.
    pub fn shown(self) -> Result<()> {
        match std::fs::remove_file(&self.kept) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable(&self.kept, &error)),
            _ => Ok(()),
        }
    }
}

/// Loads the example into an open instance.
pub async fn load(app: &App, password: Option<String>, whole: Whole) -> Result<Loaded> {
    let given = password.filter(|text| !text.is_empty()).map(SecretString::from);
    let given = given.or_else(|| Sources::password_of_process(PASSWORD));
    let loading = Loading::begin(app.config.data.folder.join(KEPT), given)?;
    let made = Box::pin(demo::load(&app.desk, &loading.password, &loading, whole)).await?;
    let is_new = loading.goes_on || made.sign_ins.iter().any(|one| one.is_new);
    Ok(Loaded { text: loading.told(&made, is_new), is_new, kept: loading.file })
}

/// A run, from its first tenant until its password was shown: a file says which tenants have it.
struct Loading {
    file: PathBuf,
    password: SecretString,
    goes_on: bool,
    tenants: Mutex<Vec<String>>,
}

impl Loading {
    /// Begins, or goes on where a stopped run left a file.
    fn begin(file: PathBuf, given: Option<SecretString>) -> Result<Self> {
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let password = match given {
                    Some(password) => password,
                    None => secret::random_text()?.chars().take(16).collect::<String>().into(),
                };
                return Ok(Self { file, password, goes_on: false, tenants: Mutex::default() });
            }
            Err(error) => return Err(unusable(&file, &error)),
        };
        let table: toml::Table = toml::from_str(&text).unwrap_or_default();
        let kept = table.get("password").and_then(toml::Value::as_str).map(SecretString::from);
        let password = kept.ok_or_else(|| unusable(&file, &"it holds no password"))?;
        if given.is_some_and(|given| given.expose_secret() != password.expose_secret()) {
            let why = format!(
                "the run before this one was stopped, and its password counts until the example is \
                 complete ({} keeps it): leave out --password and {PASSWORD}",
                file.display()
            );
            return Err(Error::refused(Code::NotAllowed, "demo", why));
        }
        let tenants = table.get("tenants").and_then(toml::Value::as_array);
        let tenants = tenants.into_iter().flatten().filter_map(toml::Value::as_str);
        let tenants = Mutex::new(tenants.map(str::to_owned).collect());
        Ok(Self { file, password, goes_on: true, tenants })
    }

    fn keep(&self, tenants: &[String]) -> std::io::Result<()> {
        let password = toml::Value::from(self.password.expose_secret());
        let text = format!(
            "# The example is being loaded. This goes away once its passwords were shown.\n\
             password = {password}\ntenants = {}\n",
            toml::Value::from(tenants.to_vec())
        );
        let draft = self.file.with_extension(format!("{}.draft", std::process::id()));
        secrets::write_draft(&draft, text.as_bytes())?;
        std::fs::rename(&draft, &self.file)
    }

    fn told(&self, made: &Demo, is_new: bool) -> String {
        let mut text = String::from(if is_new {
            "\nThe example is loaded. Sign in with:\n\n"
        } else {
            "\nThe example was loaded before and is up to date. Sign in with:\n\n"
        });
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        for one in &made.sign_ins {
            let password = if tenants.contains(&one.subdomain) {
                self.password.expose_secret()
            } else {
                "the password of the run that made it"
            };
            text.push_str(&format!(
                "  subdomain {}, e-mail {}, password {password} ({} vouchers)\n",
                one.subdomain, one.email, one.vouchers
            ));
        }
        text.push_str(
            "\nA lost password is set anew with `daybook user reset-password --tenant … --email …`.\
             \n\n",
        );
        text
    }
}

impl Watcher for Loading {
    fn begins(&self, subdomain: &str) -> Result<()> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if !tenants.iter().any(|known| known == subdomain) {
            tenants.push(subdomain.to_owned());
        }
        self.keep(&tenants).map_err(|error| unusable(&self.file, &error))
    }

    fn writes(&self, business: &str) {
        eprintln!("writing the books of {business}");
    }
}

fn unusable(file: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::Unavailable(format!("{}, which keeps the example's password: {why}", file.display()))
}
