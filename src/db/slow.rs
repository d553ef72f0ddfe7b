//! Names of statements, for the log of slow ones: what is done to which tables, and no value.

use std::time::Duration;

use crate::telemetry::{is_slow, slow_statement};

/// Tables that a name holds at most.
const TABLES_MAX: usize = 6;

/// Told of every statement that was run: a slow one is logged and counted by its name.
pub(super) fn observe(sql: &str, elapsed: Duration) {
    if is_slow(elapsed) {
        slow_statement(&name_of(sql), elapsed);
    }
}

/// Measures work that is no statement of its own: waiting for a transaction's beginning or end.
pub async fn timed<T>(name: &str, work: impl Future<Output = T>) -> T {
    let began = tokio::time::Instant::now();
    let done = work.await;
    let elapsed = began.elapsed();
    if is_slow(elapsed) {
        slow_statement(name, elapsed);
    }
    done
}

/// The verb and the tables, as in `select vouchers+voucher_ledger_entries`.
fn name_of(sql: &str) -> String {
    let tokens = tokens(sql);
    let verb = match tokens.first() {
        Some(Token::Word(word)) => word.clone(),
        _ => "statement".to_owned(),
    };
    let mut tables: Vec<&str> = Vec::new();
    let mut left = 0_usize;
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        let begins_table = match token {
            Token::Word(word) => match word.as_str() {
                "from" | "join" | "into" => true,
                // Elsewhere it is `FOR UPDATE` or a clause for rows that are there.
                "update" => after.len() + 1 == tokens.len(),
                _ => false,
            },
            // `FROM a, b`: the list goes on as long as nothing but names and commas follows.
            Token::Mark(',') => left > 0,
            Token::Mark(_) => {
                left = 0;
                false
            }
        };
        if !begins_table {
            // A name may be followed by `AS` and another one.
            left = left.saturating_sub(usize::from(matches!(token, Token::Word(_))));
            continue;
        }
        left = 0;
        let mut name = None;
        while let Some((Token::Word(word), after)) = rest.split_first() {
            name = Some(word.as_str());
            rest = after;
            match rest.split_first() {
                Some((Token::Mark('.'), after)) => rest = after,
                _ => break,
            }
        }
        // A function gives rows as well, but it is no table.
        let is_function = matches!(rest.first(), Some(Token::Mark('(')))
            && !matches!(token, Token::Word(word) if word == "into");
        if let Some(name) = name.filter(|name| !is_function && !is_keyword(name)) {
            left = 3;
            if !tables.contains(&name) {
                tables.push(name);
            }
        }
    }
    let more = if tables.len() > TABLES_MAX { "+…" } else { "" };
    tables.truncate(TABLES_MAX);
    if tables.is_empty() { verb } else { format!("{verb} {}{more}", tables.join("+")) }
}

fn is_keyword(word: &str) -> bool {
    matches!(word, "select" | "lateral" | "only" | "values" | "set" | "where")
}

enum Token {
    Word(String),
    Mark(char),
}

/// Words and marks; texts, numbers and comments are left out, so that no value can get into a name.
fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut signs = sql.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\'' => while signs.next().is_some_and(|inner| inner != '\'') {},
            '"' | '`' => {
                let mut word = String::new();
                for inner in signs.by_ref().take_while(|inner| *inner != sign) {
                    word.push(inner);
                }
                tokens.push(Token::Word(word));
            }
            _ if sign.is_ascii_alphabetic() || sign == '_' => {
                let mut word = String::from(sign.to_ascii_lowercase());
                while let Some(next) =
                    signs.next_if(|next| next.is_ascii_alphanumeric() || *next == '_')
                {
                    word.push(next.to_ascii_lowercase());
                }
                tokens.push(Token::Word(word));
            }
            // A number is passed over whole, with the letters that may be in it.
            _ if sign.is_ascii_digit() => {
                while signs.next_if(|next| next.is_ascii_alphanumeric() || *next == '.').is_some() {
                }
            }
            ',' | '.' | '(' | ')' | ';' | '=' => tokens.push(Token::Mark(sign)),
            _ => {}
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_statement_is_named_by_what_it_does_to_which_tables() {
        for (sql, name) in [
            (
                r#"SELECT "v"."id" FROM "vouchers" AS "v" INNER JOIN "voucher_ledger_entries" ON 1 = 1 WHERE "v"."number" = 'INV-1'"#,
                "select vouchers+voucher_ledger_entries",
            ),
            ("SELECT chain_seq FROM lane WHERE id = 1 FOR UPDATE", "select lane"),
            ("INSERT INTO `outbox` (`a`, `b`) VALUES (1, 'from secrets')", "insert outbox"),
            ("INSERT INTO t (a) VALUES (?) ON DUPLICATE KEY UPDATE a = 1", "insert t"),
            ("INSERT INTO a (x) SELECT y FROM b", "insert a+b"),
            ("UPDATE lane SET epoch = 2 WHERE id = 1", "update lane"),
            (
                "DELETE FROM public.sessions WHERE id IN (SELECT id FROM users u)",
                "delete sessions+users",
            ),
            ("SELECT 1 FROM a, b AS c, d WHERE x IN (1, 2)", "select a+b+d"),
            ("SELECT x, y FROM (SELECT 1 FROM a) AS z, generate_series(1, 5)", "select a"),
            ("CREATE ROLE \"x\" LOGIN PASSWORD 'hunter2'", "create"),
            ("PRAGMA journal_mode = WAL", "pragma"),
            ("", "statement"),
        ] {
            assert_eq!(name_of(sql), name, "{sql}");
        }
    }

    #[test]
    fn a_text_with_quotes_in_it_stays_out_of_the_name() {
        let name = name_of("SELECT 1 FROM a WHERE b = 'it''s from hunter2' AND c = 'x'");
        assert_eq!(name, "select a");
    }
}
