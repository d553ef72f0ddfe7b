//! Values inside comments and tags of text formats: several in one line, read back exactly.

use std::fmt::Write as _;

/// Parts of a list of values.
const SEPARATOR: char = '|';

/// A text without the signs that end a value somewhere: they become `%` and their code.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (place, one) in text.chars().enumerate() {
        let is_edge = place == 0 || place == last;
        // Journals look for dates in brackets, and for tags by their colon, in comments too.
        let ends = ['%', '|', ',', ';', ':', '[', ']', '"', '\\', '\u{2028}', '\u{2029}'];
        let is_plain = !(ends.contains(&one) || one.is_control() || is_edge && one.is_whitespace());
        if is_plain {
            out.push(one);
        } else {
            push_code(&mut out, one);
        }
    }
    out
}

/// As [`escape`], and without what parts the segments of an account: letters, digits and few signs stay.
pub fn escape_account(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        let is_plain = one.is_alphanumeric()
            || matches!(one, ' ' | '-' | '_' | '\'' | '&' | '.' | ',' | '/')
            // Marks of Indic scripts stand between letters.
            || (!one.is_ascii() && !one.is_control() && !one.is_whitespace());
        if is_plain {
            out.push(one);
        } else {
            push_code(&mut out, one);
        }
    }
    out
}

fn push_code(out: &mut String, one: char) {
    let mut bytes = [0; 4];
    for byte in one.encode_utf8(&mut bytes).bytes() {
        // Writing to a string cannot fail.
        let _ = write!(out, "%{byte:02X}");
    }
}

/// The text that was escaped; what is not a code stays as it is.
pub fn unescape(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Several values as one.
pub fn join<'v>(values: impl IntoIterator<Item = &'v str>) -> String {
    let values: Vec<String> = values.into_iter().map(escape).collect();
    values.join("|")
}

/// Most values in one list.
const VALUES_MAX: usize = 1_000;

/// The values that were joined.
pub fn split(text: &str) -> Vec<String> {
    text.split(SEPARATOR).take(VALUES_MAX).map(|value| unescape(value.trim())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_come_back(values in prop::collection::vec(any::<String>(), 1..5)) {
            let joined = join(values.iter().map(String::as_str));
            prop_assert!(!joined.contains(['\n', ',', ';', '"', '\\']));
            prop_assert_eq!(split(&joined), values);
        }

        #[test]
        fn an_account_comes_back(text in any::<String>()) {
            let escaped = escape_account(&text);
            let signs = [':', '(', '[', ';', '\n', '\t', '*', '!', '=', '@', '#', '{', '~'];
            prop_assert!(!escaped.contains(signs), "{}", escaped);
            prop_assert_eq!(unescape(&escaped), text);
        }
    }
}
