//! Text that people type: what is kept of it, and the key by which two spellings are one name.

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// More characters than fit.
    #[error("this text is too long: at most {max_chars} characters")]
    TooLong {
        /// Most characters allowed.
        max_chars: usize,
    },
    /// A control character, which no reader sees.
    #[error("this text contains a control character")]
    ControlCharacter,
}

/// Trims a text of possibly several lines; an empty one stays empty.
///
/// # Errors
/// When it holds a control character other than newline and tab, or more than `max_chars`
/// characters (Unicode scalar values, not bytes).
pub fn clean(text: &str, max_chars: usize) -> Result<String, TextError> {
    kept(text, max_chars, |character| matches!(character, '\n' | '\t'))
}

/// Trims a text of one line; an empty one stays empty.
///
/// # Errors
/// As [`clean`], and a newline, a tab or a Unicode line or paragraph separator inside is refused.
pub fn clean_single_line(text: &str, max_chars: usize) -> Result<String, TextError> {
    if text.trim().contains(['\u{2028}', '\u{2029}']) {
        return Err(TextError::ControlCharacter);
    }
    kept(text, max_chars, |_| false)
}

fn kept(text: &str, max_chars: usize, allows: fn(char) -> bool) -> Result<String, TextError> {
    let text = text.trim();
    if text.chars().any(|character| character.is_control() && !allows(character)) {
        return Err(TextError::ControlCharacter);
    }
    if text.chars().nth(max_chars).is_some() {
        return Err(TextError::TooLong { max_chars });
    }
    Ok(text.to_owned())
}

/// The key of a name: trimmed, white space inside collapsed to one space, lower-cased by Unicode.
///
/// Two names with one key are the same name. Accents count, and so do the composed and decomposed
/// spelling of a letter.
pub fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_and_other_control_characters_do_not() {
        let control = Err(TextError::ControlCharacter);
        for (text, block, line) in [
            ("  Cash \n", Ok("Cash"), Ok("Cash")),
            ("", Ok(""), Ok("")),
            ("a\nb\tc", Ok("a\nb\tc"), control),
            ("a\r\nb", control, control),
            ("a\0b", control, control),
            ("a\u{7f}", control, control),
            ("a\u{85}b", control, control),
            ("a\u{2028}b", Ok("a\u{2028}b"), control),
        ] {
            assert_eq!(clean(text, 10), block.map(str::to_owned), "{text:?}");
            assert_eq!(clean_single_line(text, 10), line.map(str::to_owned), "{text:?}");
        }
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        assert_eq!(clean("रोकड़", 5), Ok("रोकड़".to_owned()));
        assert_eq!(clean(" abcde ", 5), Ok("abcde".to_owned()));
        assert_eq!(clean("abcdef", 5), Err(TextError::TooLong { max_chars: 5 }));
    }

    #[test]
    fn names_that_read_alike_have_one_key() {
        for (text, key) in [
            ("  Sales\u{a0} \t A/c ", "sales a/c"),
            ("SALES A/C", "sales a/c"),
            ("ÉTÉ", "été"),
            ("रोकड़", "रोकड़"),
            ("", ""),
        ] {
            assert_eq!(fold(text), key, "{text:?}");
        }
    }
}
