//! The contract: what the schema says of itself, and that it does what it says.

use std::path::Path;

/// Compares a committed file with its right text, or writes it where that is asked for.
fn hold(file: &str, right: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    #[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting")]
    if std::env::var("DAYBOOK_WRITE_DOCUMENTS").is_ok_and(|value| value == "1") {
        std::fs::write(&path, right).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let line = found.lines().zip(right.lines()).position(|(found, right)| found != right);
    assert!(found == right, "{file} is stale from line {line:?} (counted from 0): run `just docs`");
}

#[test]
fn the_committed_schema_is_current() {
    hold("schema.graphql", &daybook::graphql::sdl());
}

#[test]
fn the_page_of_permissions_is_current() {
    hold("docs/permissions.md", &daybook_domain::role::permissions_markdown());
}
