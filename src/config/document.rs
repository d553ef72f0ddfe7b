//! The settings in writing: the default file, the table for the README, and where values came from.

use std::fmt::Write;

use super::{
    parse::Raw,
    sections::table,
    setting::{Fallback, Setting},
    value::Value,
};

/// The text of `daybook.default.toml`: every setting with its default, unit and reason, commented out
/// so that copied lines change nothing until they are changed.
pub fn default_file() -> String {
    let mut text = String::from(
        "# Every setting of Daybook with its default. This file is generated and never read:\n\
         # copy the lines that you change to daybook.toml and take away the `#` in front.\n\
         # Later sources win: this default, daybook.toml (or --config FILE), the environment\n\
         # (DAYBOOK_SECTION_KEY, as in DAYBOOK_SERVER_LISTEN), --set section.key=value.\n",
    );
    let mut section = "";
    for setting in table() {
        if setting.section() != section {
            section = setting.section();
            push(&mut text, format_args!("\n[{section}]\n"));
        }
        push(&mut text, format_args!("\n# {}\n", setting.why));
        if !setting.note.is_empty() {
            push(&mut text, format_args!("# {}\n", setting.note));
        }
        push(&mut text, format_args!("# Allowed: {}.\n", setting.kind.allowed()));
        if !setting.old.is_empty() || !setting.parts.is_empty() {
            push(&mut text, format_args!("# Also read from: {}.\n", old_names(setting).join(", ")));
        }
        push(&mut text, format_args!("{}\n", default_line(setting)));
    }
    text
}

/// The settings as a Markdown table.
pub fn settings_table() -> String {
    let mut text = String::from(
        "| Setting | Environment | Default | Unit | What it does |\n|---|---|---|---|---|\n",
    );
    for setting in table() {
        let mut names = vec![setting.env()];
        names.extend(old_names(setting).into_iter().map(str::to_owned));
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        push(
            &mut text,
            format_args!(
                "| `{}` | {} | {} | {} | {} |\n",
                setting.key,
                names.join(", "),
                default_cell(setting),
                setting.unit(),
                setting.words().replace('|', "\\|"),
            ),
        );
    }
    text
}

fn old_names(setting: &Setting) -> Vec<&'static str> {
    setting.old.iter().chain(setting.parts).copied().collect()
}

fn default_line(setting: &Setting) -> String {
    let name = setting.name();
    match setting.default {
        Fallback::Fixed(default) => format!("# {name} = {}", literal(setting, default)),
        Fallback::Per { development, production } => format!(
            "# {name} = {}  # in production: {}",
            literal(setting, development),
            literal(setting, production)
        ),
        Fallback::Cores => format!("# {name} = 2  # by default the number of processor cores"),
    }
}

fn default_cell(setting: &Setting) -> String {
    let code = |text| match literal(setting, text).as_str() {
        "\"\"" | "[]" => "none".to_owned(),
        text => format!("`{text}`"),
    };
    match setting.default {
        Fallback::Fixed(text) => code(text),
        Fallback::Per { development, production } => {
            format!("{}, in production {}", code(development), code(production))
        }
        Fallback::Cores => "number of processor cores".to_owned(),
    }
}

/// A default as TOML.
pub(super) fn literal(setting: &Setting, text: &str) -> String {
    match setting.kind.parse(&Raw::Text(text.to_owned())) {
        Some(Value::Secret(_)) => "\"\"".into(),
        Some(value) => value.shown(),
        None => format!("{text:?}"),
    }
}

/// Writing to a `String` cannot fail.
fn push(text: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(words);
}
