//! What is kept of names and narrations: the same text, whichever format brought it.

use daybook_domain::text::{self, TextError};

use super::limits::Limits;

/// A name as it is kept; none when nothing stands there.
///
/// # Errors
/// When it is too long, or holds what cannot be seen.
pub fn name(raw: &str, limits: &Limits) -> Result<Option<String>, TextError> {
    let name = text::name(raw, limits.name_chars_max)?;
    Ok((!name.is_empty()).then_some(name))
}

/// A text of several lines as it is kept: control characters other than line ends are dropped.
///
/// # Errors
/// When it is too long.
pub fn narration(raw: &str, limits: &Limits) -> Result<Option<String>, TextError> {
    let unix = raw.replace("\r\n", "\n").replace('\r', "\n");
    let shown: String =
        unix.chars().filter(|one| !one.is_control() || matches!(one, '\n' | '\t')).collect();
    let text = text::clean(&shown, limits.text_chars_max)?;
    Ok((!text.is_empty()).then_some(text))
}

/// A text of one line as it is kept: white space becomes one space, control characters are dropped.
///
/// # Errors
/// When it is too long.
pub fn line(raw: &str, limits: &Limits) -> Result<Option<String>, TextError> {
    let shown: String = raw
        .chars()
        .filter(|one| !one.is_control() || one.is_whitespace())
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let text = text::clean_single_line(&shown, limits.text_chars_max)?;
    Ok((!text.is_empty()).then_some(text))
}

/// An address as it is kept: its lines, without empty ones.
///
/// # Errors
/// When it is too long.
pub fn address(raw: &str, limits: &Limits) -> Result<Option<String>, TextError> {
    let mut lines = Vec::new();
    for part in raw.split(['\n', '\r']) {
        lines.extend(line(part, limits)?);
    }
    narration(&lines.join("\n"), limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_in_one_form() {
        let limits = Limits { name_chars_max: 8, ..Limits::default() };
        assert_eq!(name("Sales A/c", &limits), Err(TextError::TooLong { max_chars: 8 }));
        assert_eq!(name(" Cash ", &limits), Ok(Some("Cash".to_owned())));
        assert_eq!(name("  ", &limits), Ok(None));
        assert_eq!(narration("a\r\nb\rc\u{4}", &limits), Ok(Some("a\nb\nc".to_owned())));
        assert_eq!(line(" a\n\tb\u{4} ", &limits), Ok(Some("a b".to_owned())));
        assert_eq!(line("\u{4}", &limits), Ok(None));
        assert_eq!(address(" a  b \r\n\n c", &limits), Ok(Some("a b\nc".to_owned())));
    }
}
