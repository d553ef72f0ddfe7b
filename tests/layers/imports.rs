//! What a file names: modules of its own crate, and other crates.

use std::collections::BTreeSet;

use super::sources::Source;

/// Modules that the file reaches by a path from the root of its crate.
pub fn modules(source: &Source) -> BTreeSet<String> {
    let code = without_comments(&source.code);
    let mut found = after(&code, "crate::");
    // In a file that is a module of the root, `super` is the root.
    let depth = source.path.matches('/').count();
    if depth == 1 || (depth == 2 && source.path.ends_with("/mod.rs")) {
        found.extend(after(&code, "super::"));
    }
    found
}

/// Names that stand first in a path, which crates do.
pub fn crates(source: &Source) -> BTreeSet<String> {
    let code = without_comments(&source.code);
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("::") {
        let before = &code[..at];
        let start = before.rfind(|one| !is_word(one)).map_or(0, |place| place + 1);
        let is_first = !before[..start].ends_with("::");
        if is_first && start < at {
            found.insert(before[start..].to_owned());
        }
    }
    found
}

/// The names that follow `prefix`, one or a braced list.
fn after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(is_word) || code[..at].ends_with("::") {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(heads(list)),
            None => found.extend(head(rest)),
        }
    }
    found
}

/// First names of the members of a braced list, whose opening brace is gone.
fn heads(list: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut found: Vec<String> = head(list.trim_start()).into_iter().collect();
    for (at, sign) in list.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => found.extend(head(list[at + 1..].trim_start())),
            _ => {}
        }
    }
    found
}

fn head(text: &str) -> Option<String> {
    let end = text.find(|one| !is_word(one)).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

fn is_word(one: char) -> bool {
    one.is_ascii_alphanumeric() || one == '_'
}

fn without_comments(code: &str) -> String {
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn names_are_found_in_single_and_braced_imports() {
    let code = "use crate::{\n    db::{sql, page},\n    error::Error,\n};\nuse crate::lane;\n// crate::http\n";
    let source = Source { path: "src/a/b.rs".into(), text: String::new(), code: code.into() };
    let found: Vec<_> = modules(&source).into_iter().collect();
    assert_eq!(found, ["db", "error", "lane"]);
    let source =
        Source { code: "use sea_orm::{A, b::C};\nlet x = axum::Router::new();".into(), ..source };
    let found: Vec<_> = crates(&source).into_iter().collect();
    assert_eq!(found, ["axum", "b", "sea_orm"]);
}
