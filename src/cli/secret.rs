//! Passwords for commands: from the environment, standard input or a prompt, never from an argument.

use std::{
    error::Error,
    io::{BufRead, IsTerminal},
};

use daybook_domain::password;
use secrecy::{ExposeSecret, SecretString};

use crate::config::Sources;

/// Most bytes read from standard input.
const BYTES_MAX: u64 = 16 * 1_024;

/// Asks for a new password and checks it; `context` are words that others know of its owner.
///
/// The environment's `name` comes first; then a prompt, twice, at a terminal; else the first line of
/// standard input.
pub fn new_password(name: &str, context: &[&str]) -> Result<SecretString, Box<dyn Error>> {
    let password = match Sources::password_of_process(name) {
        Some(password) => password,
        None if std::io::stdin().is_terminal() => prompted()?,
        None => first_line(name)?,
    };
    password::check(password.expose_secret(), context).map_err(|why| why.to_string())?;
    Ok(password)
}

fn prompted() -> Result<SecretString, Box<dyn Error>> {
    let first = SecretString::from(rpassword::prompt_password("Password: ")?);
    let again = SecretString::from(rpassword::prompt_password("The same again: ")?);
    if first.expose_secret() == again.expose_secret() {
        Ok(first)
    } else {
        Err("the two are not the same".into())
    }
}

fn first_line(name: &str) -> Result<SecretString, Box<dyn Error>> {
    let mut line = String::new();
    std::io::Read::take(std::io::stdin().lock(), BYTES_MAX).read_line(&mut line)?;
    let text = line.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(format!("no password: set {name}, or write it to standard input").into());
    }
    Ok(SecretString::from(text))
}
