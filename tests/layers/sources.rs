//! The Rust files of the workspace.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A Rust file.
#[derive(Debug)]
pub struct Source {
    /// Its path in the repository, with `/`.
    pub path: String,
    /// Its whole text.
    pub text: String,
    /// The text without the tests at its end; lines keep their places.
    pub code: String,
}

const FOLDERS: [&str; 6] = ["src", "domain", "entity", "migration", "tests", "benches"];

/// All Rust files of the workspace, by path.
pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in FOLDERS {
        gather(&root.join(folder), &mut files);
    }
    files.sort();
    assert!(files.len() > 50, "the sources were not found under {}", root.display());
    files.iter().map(|file| read(root, file)).collect()
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") {
                gather(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn read(root: &Path, file: &Path) -> Source {
    let path = file.strip_prefix(root).unwrap();
    let path = path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
    let text = fs::read_to_string(file).unwrap();
    let is_test = ["tests.rs", "_tests.rs"].iter().any(|end| path.ends_with(end))
        || path.split('/').any(|part| part == "tests");
    let code = if is_test && path.contains("src/") {
        String::new()
    } else {
        text.split("\n#[cfg(test)]").next().unwrap_or_default().to_owned()
    };
    Source { path, text, code }
}
