//! How every file begins, and how long it may be.

use super::{assert_none, sources};

/// Most lines of a file, its tests left out.
const LINES_MAX: usize = 600;

#[test]
fn every_file_opens_with_its_purpose() {
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|source| {
            let purpose = source.text.lines().next().and_then(|line| line.strip_prefix("//! "));
            purpose.is_none_or(|purpose| purpose.len() < 10)
        })
        .map(|source| format!("{} does not open with `//!` and a purpose", source.path))
        .collect();
    assert_none(&wrong);
}

#[test]
fn no_file_is_too_long() {
    let wrong: Vec<String> = sources()
        .iter()
        .map(|source| (source, source.code.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(source, lines)| format!("{} has {lines} lines of {LINES_MAX}", source.path))
        .collect();
    assert_none(&wrong);
}
