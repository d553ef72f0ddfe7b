//! `daybook demo`: an example to look at.

use std::path::Path;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::{
    open::{exit, failed, with_app},
    settings::{Outcome, print},
};
use crate::{
    app::App,
    auth::secret,
    config::Sources,
    error::Result,
    services::demo::{self, Demo},
};

/// Where the demo's password may come from.
const PASSWORD: &str = "DAYBOOK_DEMO_PASSWORD";

/// How the example is loaded.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The owners' password: an example's, not a secret. Made anew when left out and not in
    /// DAYBOOK_DEMO_PASSWORD.
    #[arg(long)]
    pub password: Option<String>,
}

/// Loads it and says how to sign in.
pub fn run(file: Option<&Path>, set: &[String], args: DemoArgs) -> Outcome {
    with_app(file, set, async move |app| {
        print(&load(app, args.password).await.map_err(failed)?);
        Ok(exit(true))
    })
}

/// Loads the example into an open instance; the answer is what to tell people.
pub async fn load(app: &App, password: Option<String>) -> Result<String> {
    let given = password.filter(|text| !text.is_empty()).map(SecretString::from);
    let password = match given.or_else(|| Sources::password_of_process(PASSWORD)) {
        Some(password) => password,
        None => secret::random_text()?.chars().take(16).collect::<String>().into(),
    };
    let progress = |business: &str| eprintln!("writing the books of {business}");
    let made = Box::pin(demo::load(&app.desk, password.clone(), &progress)).await?;
    Ok(told(&made, &password))
}

fn told(made: &Demo, password: &SecretString) -> String {
    let mut text = String::from("\nThe example is loaded. Sign in with:\n\n");
    for one in &made.sign_ins {
        let password = if one.is_new {
            password.expose_secret()
        } else {
            "the password of the run that made it"
        };
        text.push_str(&format!(
            "  subdomain {}, e-mail {}, password {password} ({} vouchers)\n",
            one.subdomain, one.email, one.vouchers
        ));
    }
    text.push_str(
        "\nA lost password is set anew with `daybook user reset-password --tenant … --email …`.\n\n",
    );
    text
}
