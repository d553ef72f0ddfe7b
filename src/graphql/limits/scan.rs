//! Brackets and words counted on raw text, before a recursive parser sees it.
//!
//! Both parsers descend once per bracket, and a stack that overflows ends the process. The scan
//! divides the text exactly as the GraphQL parser does, so that no text is a comment or a string
//! here and brackets there.

use super::{Bounds, Excess};

/// The deepest nesting that is given to the GraphQL parser, whatever the settings say. It takes
/// some 6 KiB of stack for each level of a value in a build without optimization, so that 340
/// levels end a process whose threads have the usual 2 MiB (async-graphql 7.2.1, measured).
const DOCUMENT_NESTING: usize = 200;

/// The deepest nesting that `serde_json` reads: it starts at 128 and refuses at zero.
const JSON_NESTING: usize = 127;

/// Longest name: validation compares unknown names with known ones at a cost that grows with both.
const NAME_BYTES_MAX: usize = 200;

/// Counts the brackets and the words of a GraphQL text, in one pass and without recursion.
///
/// # Errors
/// [`Excess`] when the text nests deeper than `bounds.nesting`, or than 200 levels, or holds more
/// than `bounds.tokens` words and signs, or a name of more than 200 letters. Faults of grammar are
/// left to the parser.
pub fn check_text(query: &str, bounds: &Bounds) -> Result<(), Excess> {
    let mut nesting = Nesting::new("document", bounds.nesting.min(DOCUMENT_NESTING));
    let mut text = Text { rest: query, endless: false, longest_name: 0 };
    let mut tokens = 0_usize;
    while let Some(sign) = text.token() {
        tokens += 1;
        if text.longest_name > NAME_BYTES_MAX {
            return Err(Excess::bad_request(format_args!(
                "The document holds a name of more than {NAME_BYTES_MAX} letters."
            )));
        }
        if tokens > bounds.tokens {
            return Err(Excess::too_complex(format_args!(
                "The document holds more than {} words and signs.",
                bounds.tokens
            )));
        }
        match sign {
            '{' | '[' | '(' => nesting.open()?,
            '}' | ']' | ')' => nesting.close(),
            _ => {}
        }
    }
    Ok(())
}

/// Counts the brackets of a JSON text, in one pass and without recursion. The bound is `nesting`,
/// or that of the JSON parser where it is lower, so that the refusal is the same for both.
///
/// # Errors
/// [`Excess`] when the text nests deeper. Faults of grammar are left to the parser.
pub fn check_json(bytes: &[u8], nesting: usize) -> Result<(), Excess> {
    let mut nesting = Nesting::new("request body", nesting.min(JSON_NESTING));
    let mut bytes = bytes.iter();
    let mut in_string = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => nesting.open()?,
            b'}' | b']' => nesting.close(),
            _ => {}
        }
    }
    Ok(())
}

/// How many brackets are open.
struct Nesting {
    what: &'static str,
    bound: usize,
    open: usize,
}

impl Nesting {
    const fn new(what: &'static str, bound: usize) -> Self {
        Self { what, bound, open: 0 }
    }

    fn open(&mut self) -> Result<(), Excess> {
        self.open += 1;
        if self.open <= self.bound {
            return Ok(());
        }
        let Self { what, bound, .. } = self;
        Err(Excess::too_complex(format_args!("The {what} nests deeper than {bound} levels.")))
    }

    /// A bracket too many, or of another kind, is where the parser stops: counting on is harmless.
    const fn close(&mut self) {
        self.open = self.open.saturating_sub(1);
    }
}

/// What is left of a GraphQL text.
struct Text<'a> {
    rest: &'a str,
    /// Whether a block string was met that has no end; then none of the later ones has.
    endless: bool,
    /// Bytes of the longest name so far.
    longest_name: usize,
}

impl<'a> Text<'a> {
    /// Takes the next word or sign and answers its first character.
    fn token(&mut self) -> Option<char> {
        self.skip_blank();
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        let after = chars.as_str();
        self.rest = match first {
            '"' => self.after_string(),
            '.' => after.strip_prefix("..").unwrap_or(after),
            '-' | '0'..='9' => after_number(self.rest),
            'a'..='z' | 'A'..='Z' | '_' => {
                let rest = after.trim_start_matches(is_name_part);
                let length = after.len().saturating_sub(rest.len()).saturating_add(1);
                self.longest_name = self.longest_name.max(length);
                rest
            }
            _ => after,
        };
        Some(first)
    }

    /// Passes over white space, commas, byte order marks and comments.
    fn skip_blank(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', ',', '\t', '\u{feff}', '\r', '\n']);
            if !self.rest.starts_with('#') {
                return;
            }
            self.rest = self.rest.trim_start_matches(|c| c != '\r' && c != '\n');
        }
    }

    /// The text after the string that it begins with. A block string without an end is, to the
    /// parser, an empty string with another one behind it.
    fn after_string(&mut self) -> &'a str {
        if let Some(block) = self.rest.strip_prefix("\"\"\"")
            && !self.endless
        {
            if let Some(after) = after_block(block) {
                return after;
            }
            self.endless = true;
        }
        let mut chars = self.rest.chars();
        chars.next();
        while let Some(c) = chars.next() {
            match c {
                '\\' => {
                    chars.next();
                }
                '"' | '\r' | '\n' => break,
                _ => {}
            }
        }
        chars.as_str()
    }
}

/// The text after the three quotes that end a block string.
fn after_block(mut text: &str) -> Option<&str> {
    loop {
        text = text.trim_start_matches(|c| c != '"' && c != '\\');
        if let Some(after) = text.strip_prefix("\"\"\"") {
            return Some(after);
        }
        text = match text.strip_prefix("\\\"\"\"") {
            Some(after) => after,
            None => text.strip_prefix(['"', '\\'])?,
        };
    }
}

/// The text after the number that it begins with. Like in the parser, `007` is three numbers.
fn after_number(text: &str) -> &str {
    let text = text.strip_prefix('-').unwrap_or(text);
    let whole = text.strip_prefix('0').unwrap_or_else(|| after_digits(text).unwrap_or(text));
    let part = whole.strip_prefix('.').and_then(after_digits).unwrap_or(whole);
    let exponent = part.strip_prefix(['e', 'E']);
    exponent
        .map(|power| power.strip_prefix(['+', '-']).unwrap_or(power))
        .and_then(after_digits)
        .unwrap_or(part)
}

/// The text after the digits that it begins with, when it begins with any.
fn after_digits(text: &str) -> Option<&str> {
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (after.len() < text.len()).then_some(after)
}

const fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::ExcessKind;
    use super::*;
    use async_graphql::parser::parse_query;

    fn text(query: &str) -> Result<(), Excess> {
        check_text(query, &Bounds { tokens: usize::MAX, ..Bounds::default() })
    }

    fn tokens(query: &str) -> usize {
        let mut text = Text { rest: query, endless: false, longest_name: 0 };
        std::iter::from_fn(|| text.token()).count()
    }

    #[test]
    fn words_and_signs_are_counted_as_the_specification_divides_them() {
        assert_eq!(tokens(""), 0);
        assert_eq!(tokens("\u{feff} ,,# only { a comment"), 0);
        assert_eq!(tokens("query Q($a: [Int!]! = [1, -2.5e+3]) { a: b ...F @x(y: $a) }"), 32);
        assert_eq!(tokens(r#"{ a(b: "x } \" # { y", c: """ { \""" } """) }"#), 11);
        assert_eq!(tokens("[0000 1-1-1 1.5 2e3 1e]"), 13);
        assert_eq!(tokens("...... é"), 3);
    }

    #[test]
    fn every_bracket_of_twenty_thousand_levels_is_refused() {
        for (before, open) in [
            ("", "{a"),
            ("", "{...on A"),
            ("{a(b:", "["),
            ("{a(b:", "{c:"),
            ("query(", "("),
            ("query($a:", "["),
        ] {
            let excess = text(&format!("{before}{}", open.repeat(20_000))).unwrap_err();
            assert_eq!(excess.kind, ExcessKind::TooComplex);
            assert_eq!(excess.message, "The document nests deeper than 200 levels.");
        }
    }

    /// Answers each of the texts on a thread with the stack of a server's worker.
    fn answer(queries: Vec<String>) {
        struct Query;
        #[async_graphql::Object]
        impl Query {
            async fn a(&self, b: async_graphql::Any) -> bool {
                b.0 == async_graphql::Value::Null
            }
        }
        let schema = async_graphql::Schema::new(
            Query,
            async_graphql::EmptyMutation,
            async_graphql::EmptySubscription,
        );
        let worker = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            for query in queries {
                runtime.block_on(schema.execute(query));
            }
        };
        worker.spawn(run).unwrap().join().unwrap();
    }

    #[test]
    fn the_bound_itself_is_allowed_and_can_be_answered() {
        let level = |count: usize, before: &str, open: &str, leaf: &str, close: &str| {
            format!("{before}{}{leaf}{}", open.repeat(count), close.repeat(count))
        };
        let texts = |levels: usize| {
            vec![
                level(levels - 2, "{a(b:", "[", "", "]") + ")}",
                level(levels - 2, "{a(b:", "{c:", "1", "}") + ")}",
                level(levels - 1, "query($a:", "[", "Int", "]") + "){a}",
                level(levels, "", "{a", " a", "}"),
                level(levels, "", "{...on Query", " a", "}"),
            ]
        };
        for query in texts(200) {
            text(&query).unwrap();
        }
        answer(texts(200));
        for query in texts(201) {
            text(&query).unwrap_err();
        }
        // A setting above what the parser survives does not count.
        let bounds = Bounds { nesting: 500, ..Bounds::default() };
        for query in texts(201) {
            check_text(&query, &bounds).unwrap_err();
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let many = "{[(".repeat(1_000);
        text(&format!("{{a(b:\"{many}\")}}")).unwrap();
        text(&format!("{{a(b:\"\"\"{many}\n\\\"\"\" \" {many}\"\"\")}}")).unwrap();
        text(&format!("#{many}\r{{a}}")).unwrap();
    }

    #[test]
    fn nothing_hides_behind_a_string_or_a_comment_that_the_parser_reads_otherwise() {
        let many = "[".repeat(20_000);
        // A block string without an end is read as two strings.
        text(&format!("{{a(b:[\"\"\" x\" {many}")).unwrap_err();
        // Quotes inside comments, and comments ended by a single carriage return.
        text(&format!("{{a #\"\r(b:{many}")).unwrap_err();
        text(&format!("{{a(b:[\"#\" {many}")).unwrap_err();
        text(&format!("{{a(b:[\"\\\\\" {many}")).unwrap_err();
        text(&format!("{{a(b:[\"\"\"\"\"\" {many}")).unwrap_err();
    }

    #[test]
    fn the_parser_reads_an_endless_block_string_as_two_strings() {
        // The reason for one of the cases above, pinned to the parser's behaviour.
        parse_query("{a(b:[\"\"\" x\" [[]]])}").unwrap();
    }

    #[test]
    fn too_many_words_are_refused() {
        let bounds = Bounds { tokens: 10, ..Bounds::default() };
        check_text("{a b c d e f g h}", &bounds).unwrap();
        let excess = check_text("{a b c d e f g h i}", &bounds).unwrap_err();
        assert_eq!(excess.message, "The document holds more than 10 words and signs.");
    }

    #[test]
    fn the_scan_is_linear_in_the_worst_texts() {
        let started = std::time::Instant::now();
        for unit in ["\"\"\" ", "\"", "\\\"\"\"", "#\n", "\\", "0", "-", ".", "1e", "é", " "] {
            text(&unit.repeat(1_000_000 / unit.len())).ok();
        }
        assert!(started.elapsed().as_secs() < 10, "took {:?}", started.elapsed());
    }

    #[test]
    fn json_is_refused_where_its_parser_would_refuse() {
        let list = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for levels in [126, 127, 128] {
            let json = list(levels);
            let parsed = serde_json::from_str::<serde_json::Value>(&json);
            assert_eq!(check_json(json.as_bytes(), 200).is_ok(), parsed.is_ok(), "{levels}");
        }
        let excess = check_json(list(20_000).as_bytes(), 200).unwrap_err();
        assert_eq!(excess.kind, ExcessKind::TooComplex);
        assert_eq!(excess.message, "The request body nests deeper than 127 levels.");
        let excess = check_json("{\"a\":".repeat(20_000).as_bytes(), 50).unwrap_err();
        assert_eq!(excess.message, "The request body nests deeper than 50 levels.");
        check_json(br#"{"query":"[[[[\"{{{{\\"}"#, 1).unwrap();
        check_json(br#"{"query":"\\",[[["#, 2).unwrap_err();
        check_json(&[0xff, b'"', 0xc3], 2).unwrap();
    }

    #[test]
    fn names_of_absurd_length_are_refused_before_validation_compares_them() {
        let bounds = Bounds::default();
        assert!(check_text(&format!("{{ {} }}", "a".repeat(200)), &bounds).is_ok());
        assert!(check_text(&format!("{{ {} }}", "a".repeat(201)), &bounds).is_err());
        assert!(check_text(&format!("{{ a(b: \"{}\") }}", "a".repeat(900)), &bounds).is_ok());
    }
}
