//! What `daybook config --explain` says: each setting with its value in force and its documentation.

use std::fmt::Write;

use super::{
    Problem,
    document::literal,
    resolve::Values,
    sections::table,
    setting::{Fallback, Setting},
    source::nearest_key,
};

/// Every setting, or those of a name: a key, a section, or a name in the environment.
pub(super) fn explain(values: &Values, only: Option<&str>) -> Result<String, Problem> {
    let settings: Vec<&Setting> = match only {
        None => table().iter().collect(),
        Some(name) => named(name)?,
    };
    Ok(settings.into_iter().map(|setting| one(setting, values)).collect::<Vec<_>>().join("\n"))
}

fn named(name: &str) -> Result<Vec<&'static Setting>, Problem> {
    let has_name = |setting: &&Setting| {
        setting.key == name
            || setting.section() == name
            || setting.env() == name
            || setting.old.contains(&name)
            || setting.parts.contains(&name)
    };
    let found: Vec<&Setting> = table().iter().filter(has_name).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let message = match nearest_key(name) {
        Some(known) => format!("there is no such setting; {known} is the nearest"),
        None => "there is no such setting; `daybook config --explain` lists all".to_owned(),
    };
    Err(Problem::new(name, message))
}

/// The lines of one setting: its value and source, what it means, and how it is set.
fn one(setting: &Setting, values: &Values) -> String {
    let mut lines = String::new();
    if let Some((value, source)) = values.get(setting.key) {
        let _ = writeln!(lines, "{} = {}  ({source})", setting.key, value.shown());
    }
    let unit = setting.unit();
    let mut names = setting.env();
    for (what, more) in [("of old", setting.old), ("of old, together", setting.parts)] {
        if !more.is_empty() {
            let _ = write!(names, "; {what} {}", more.join(", "));
        }
    }
    for (name, text) in [
        ("Meaning", setting.words()),
        ("Unit", if unit.is_empty() { "none".to_owned() } else { unit.to_owned() }),
        ("Allowed", setting.kind.allowed()),
        ("Default", default(setting)),
        ("Environment", names),
    ] {
        let _ = writeln!(lines, "    {name:<12} {text}");
    }
    lines
}

fn default(setting: &Setting) -> String {
    let text = |text: &str| match literal(setting, text).as_str() {
        "\"\"" | "[]" => "not set".to_owned(),
        text => text.to_owned(),
    };
    match setting.default {
        Fallback::Fixed(same) => format!("{} in development and in production", text(same)),
        Fallback::Per { development, production } => {
            format!("{} in development, {} in production", text(development), text(production))
        }
        Fallback::Cores => "the number of processor cores, in development and in production".into(),
    }
}
