//! The generated documents are current: the settings in `daybook.default.toml` and in the README.
//!
//! `just docs` runs this with `DAYBOOK_WRITE_DOCUMENTS=1`, which writes them anew.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, with the reason")]

use std::{fs, path::Path};

use daybook::config::{default_file, settings_table};

const BEGIN: &str = "<!-- settings: begin -->\n";
const END: &str = "<!-- settings: end -->";

/// Compares a file of the repository with its right text, or writes it where that is asked for.
fn hold(file: &str, right: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    #[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting")]
    let writes = std::env::var("DAYBOOK_WRITE_DOCUMENTS").is_ok_and(|value| value == "1");
    if writes {
        fs::write(&path, right).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    let line = found.lines().zip(right.lines()).position(|(found, right)| found != right);
    assert!(found == right, "{file} is stale from line {line:?} (counted from 0): run `just docs`");
}

#[test]
fn the_default_settings_file_is_current() {
    hold("daybook.default.toml", &default_file());
}

#[test]
fn the_readme_lists_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    let (head, rest) = readme.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    hold("README.md", &format!("{head}{BEGIN}\n{}\n{END}{tail}", settings_table()));
}
