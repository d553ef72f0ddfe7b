//! Who imports whom, read from the sources: the table of ARCHITECTURE.md, enforced.
//!
//! It needs no database and no server. What a test module imports is its own affair.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, with the reason"
)]

mod form;
mod imports;
mod sources;

use std::collections::BTreeSet;

use imports::{crates, modules};
use sources::{Source, sources};

/// Modules of the application in order of dependency; the table of contents may list more between.
const ORDER: [&str; 15] = [
    "clock",
    "error",
    "interchange",
    "seal",
    "config",
    "telemetry",
    "db",
    "lane",
    "master",
    "office",
    "tenancy",
    "scope",
    "auth",
    "services",
    "graphql",
];

/// Steps upwards that are right: who, whom, why.
const EXCEPTIONS: [(&str, &str, &str); 1] =
    [("error", "db", "an error of the driver becomes one of ours in one place, by db::failure")];

/// What `domain` may never hear of, `migration` may never name, `entity` may never reach.
const CRATES: [(&str, &[&str]); 3] = [
    (
        "domain",
        &[
            "daybook",
            "daybook_entity",
            "daybook_migration",
            "tokio",
            "sqlx",
            "async_graphql",
            "axum",
        ],
    ),
    ("entity", &["daybook", "daybook_migration", "tokio", "sqlx", "async_graphql", "axum"]),
    ("migration", &["daybook", "daybook_entity", "daybook_domain", "async_graphql", "axum"]),
];

/// Who may name a crate at all: parts of `src`, by the beginning of their path.
const DOORS: [(&str, &[&str]); 6] = [
    ("async_graphql", &["src/graphql", "src/http", "src/app", "src/cli"]),
    ("axum", &["src/http", "src/app", "src/cli"]),
    ("jsonwebtoken", &["src/auth/token"]),
    ("argon2", &["src/auth/password"]),
    ("quick_xml", &["src/interchange/tally"]),
    ("calamine", &["src/interchange/table/xlsx"]),
];

/// The module of the application that a file of `src` belongs to.
fn module(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("src/")?;
    let first = inner.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(name, "lib" | "main")).then_some(name)
}

/// Modules in the order in which `src/lib.rs` lists them.
fn contents() -> Vec<String> {
    let all = sources();
    let lib = all.iter().find(|source| source.path == "src/lib.rs").unwrap();
    let names = lib.code.lines().filter_map(|line| {
        let name = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?;
        Some(name.trim_end_matches(';').to_owned())
    });
    names.collect()
}

fn in_application() -> Vec<Source> {
    sources().into_iter().filter(|source| module(&source.path).is_some()).collect()
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_of_contents_keeps_the_order_of_the_layers() {
    let contents = contents();
    let places: Vec<_> =
        ORDER.iter().filter_map(|name| contents.iter().position(|listed| listed == name)).collect();
    assert!(places.is_sorted(), "src/lib.rs lists {contents:?}; the layers are {ORDER:?}");
    let once: BTreeSet<_> = contents.iter().collect();
    assert_eq!(once.len(), contents.len(), "src/lib.rs lists a module twice: {contents:?}");
}

#[test]
fn a_module_uses_only_what_stands_above_it() {
    let contents = contents();
    let place = |name: &str| contents.iter().position(|listed| listed == name);
    let mut wrong = Vec::new();
    for source in in_application() {
        let own = module(&source.path).unwrap();
        let Some(here) = place(own) else { continue };
        for used in modules(&source) {
            let is_exception =
                EXCEPTIONS.iter().any(|(who, whom, _)| (*who, *whom) == (own, &used));
            if place(&used).is_some_and(|there| there > here) && !is_exception {
                wrong.push(format!("{} uses {used}, which stands below {own}", source.path));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_smaller_crates_never_look_up() {
    let mut wrong = Vec::new();
    for source in sources() {
        let home = CRATES.iter().find(|(home, _)| source.path.starts_with(&format!("{home}/src/")));
        let Some((_, forbidden)) = home else { continue };
        let named = crates(&source);
        let bad = forbidden.iter().filter(|name| named.contains(**name));
        wrong.extend(bad.map(|name| format!("{} names {name}", source.path)));
    }
    assert_none(&wrong);
}

#[test]
fn other_peoples_formats_are_read_without_databases_files_or_the_time() {
    let forbidden =
        ["daybook_entity", "sea_orm", "sqlx", "tokio", "async_graphql", "axum", "fs", "env"];
    let mut wrong = Vec::new();
    for source in in_application() {
        if module(&source.path) == Some("interchange") {
            let named = crates(&source);
            let modules = modules(&source);
            let bad = forbidden.iter().filter(|name| named.contains(**name));
            wrong.extend(bad.map(|name| format!("{} names {name}", source.path)));
            let above = modules.iter().filter(|name| *name != "interchange");
            wrong.extend(above.map(|name| format!("{} uses {name}", source.path)));
        }
    }
    assert_none(&wrong);
}

#[test]
fn resolvers_send_no_queries() {
    let wrong: Vec<String> = in_application()
        .iter()
        .filter(|source| source.path.starts_with("src/graphql/"))
        .filter(|source| crates(source).iter().any(|name| name == "sea_orm" || name == "sqlx"))
        .map(|source| format!("{} talks to a database; a service should", source.path))
        .collect();
    assert_none(&wrong);
}

#[test]
fn only_the_database_layer_and_tenancy_and_the_office_open_connections() {
    let allowed = ["src/db/", "src/tenancy/", "src/office/", "src/services/platform/"];
    let wrong: Vec<String> = in_application()
        .iter()
        .filter(|source| !allowed.iter().any(|start| source.path.starts_with(start)))
        .filter(|source| source.code.contains("connect::open"))
        .map(|source| format!("{} opens a connection", source.path))
        .collect();
    assert_none(&wrong);
}

#[test]
fn each_crate_with_a_door_is_used_behind_it_only() {
    let mut wrong = Vec::new();
    for source in in_application() {
        let named = crates(&source);
        for (name, homes) in DOORS {
            let is_home = homes.iter().any(|home| source.path.starts_with(home));
            if named.contains(name) && !is_home {
                wrong.push(format!("{} names {name}, which belongs to {homes:?}", source.path));
            }
        }
    }
    assert_none(&wrong);
}
