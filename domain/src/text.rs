//! Text that people type: what is kept of it, and the key by which two spellings are one name.

use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};

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
    /// Another character that no reader sees: without width, or turning the direction of writing.
    #[error("this name contains a character that cannot be seen; write it again by hand")]
    Unseen,
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

/// Reads a name of one line: composed (NFC), trimmed, white space inside collapsed to one space; an
/// empty one stays empty. Every name is read by it: of ledgers, groups, businesses and people.
///
/// # Errors
/// As [`clean_single_line`], and characters that cannot be seen are refused: two names that look alike
/// would be two. Only the joiners of Indic scripts stay, behind the virama where they change its shape.
pub fn name(text: &str, max_chars: usize) -> Result<String, TextError> {
    let composed: String = text.trim().nfc().collect();
    if composed.contains(|character: char| character.is_control() || is_line_break(character)) {
        return Err(TextError::ControlCharacter);
    }
    let mut before = ' ';
    for character in composed.chars() {
        let joins = is_joiner(character) && canonical_combining_class(before) == VIRAMA;
        if is_unseen(character) && !joins {
            return Err(TextError::Unseen);
        }
        before = character;
    }
    clean_single_line(&one_space(&composed), max_chars)
}

/// The combining class of the sign that takes a consonant's vowel away.
const VIRAMA: u8 = 9;

fn is_line_break(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

/// Zero-width joiner and non-joiner.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// Characters without a shape of their own (Unicode's `Default_Ignorable_Code_Point`, fillers among
/// them), and those that turn the direction of writing.
fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

fn one_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The key of a name: composed, trimmed, white space inside collapsed to one space, lower-cased by
/// Unicode, without joiners.
///
/// Two names with one key are the same name, also where one spells a letter with a combining mark.
/// Accents count.
pub fn fold(text: &str) -> String {
    let shown: String = text.nfc().filter(|character| !is_joiner(*character)).collect();
    // A capital may become a letter and a mark.
    one_space(&shown).to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            ("E\u{301}te\u{301}", "été"),
            ("İ", "i\u{307}"),
            ("र्\u{200d}य", "र्य"),
            ("", ""),
        ] {
            assert_eq!(fold(text), key, "{text:?}");
        }
        assert_eq!(fold("रोकड़"), fold("रोकड\u{93c}"));
    }

    #[test]
    fn a_name_is_what_is_seen_of_it() {
        let (control, unseen) = (Err(TextError::ControlCharacter), Err(TextError::Unseen));
        for (text, name_of) in [
            ("  Sales\u{a0} \u{3000} A/c ", Ok("Sales A/c")),
            ("Cafe\u{301}", Ok("Café")),
            ("", Ok("")),
            ("a\nb", control),
            ("a\tb", control),
            ("a\u{2028}b", control),
            ("a\u{85}b", control),
            ("Ca\u{200b}sh", unseen),
            ("Ca\u{200d}sh", unseen),
            ("\u{feff}Cash", unseen),
            ("\u{202e}hsaC", unseen),
            ("र्\u{200d}य", Ok("र्\u{200d}य")),
            ("abcdefghijk", Err(TextError::TooLong { max_chars: 10 })),
        ] {
            assert_eq!(name(text, 10), name_of.map(str::to_owned), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_read_once(text in any::<String>()) {
            if let Ok(read) = name(&text, 1_000) {
                prop_assert_eq!(name(&read, 1_000), Ok(read.clone()));
                prop_assert_eq!(fold(&read), fold(&text));
                prop_assert_eq!(fold(&fold(&read)), fold(&read));
            }
        }
    }
}
