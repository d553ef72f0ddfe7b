//! References to characters, as in XML: `&amp;`, `&#8377;`. Files hold some that no standard allows.

/// Longest reference that is looked for: `&#x10FFFF;`.
const REFERENCE_MAX: usize = 12;

/// Resolves references to characters; what is none stays as it stands there.
pub fn resolve(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let end = from.bytes().take(REFERENCE_MAX).position(|byte| byte == b';');
        let name = end.and_then(|end| from.get(1..end));
        match (name.and_then(character), end) {
            (Some(one), Some(end)) => {
                out.push(one);
                rest = from.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push('&');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let code = name.strip_prefix('#')?;
            let code = match code.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => code.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_reference_stays() {
        for (text, expected) in [
            ("a &amp; b", "a & b"),
            ("&#8377;&#x20B9;", "₹₹"),
            ("&#4; Not Applicable", "\u{4} Not Applicable"),
            ("A & B; C", "A & B; C"),
            ("&nope; &", "&nope; &"),
            ("&#xD800;&#99999999;", "&#xD800;&#99999999;"),
            ("&&amp;;", "&&;"),
        ] {
            assert_eq!(resolve(text), expected);
        }
    }
}
