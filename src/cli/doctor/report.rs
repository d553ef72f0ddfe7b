//! What the doctor found: one line per check.

use std::{error::Error, fmt::Display};

use serde::Serialize;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Fail,
}

#[derive(Debug, Serialize)]
struct Check {
    check: String,
    state: State,
    message: String,
}

/// All checks, in the order in which they were made.
#[derive(Debug, Default)]
pub struct Report(Vec<Check>);

impl Report {
    /// Nothing to do here.
    pub fn ok(&mut self, check: &str, message: impl Display) {
        self.add(check, State::Ok, &message);
    }

    /// Works, but somebody should know.
    pub fn warn(&mut self, check: &str, message: impl Display) {
        self.add(check, State::Warn, &message);
    }

    /// Does not work.
    pub fn fail(&mut self, check: &str, message: impl Display) {
        self.add(check, State::Fail, &message);
    }

    fn add(&mut self, check: &str, state: State, message: &dyn Display) {
        let message = message.to_string();
        self.0.push(Check { check: check.to_owned(), state, message });
    }

    /// Whether nothing failed.
    pub fn is_well(&self) -> bool {
        self.0.iter().all(|one| one.state != State::Fail)
    }

    /// For people: state, check, what was found.
    pub fn to_text(&self) -> String {
        let line = |one: &Check| {
            let state = match one.state {
                State::Ok => "ok",
                State::Warn => "warn",
                State::Fail => "FAIL",
            };
            format!("{state:<5} {}: {}\n", one.check, one.message.replace('\n', "\n      "))
        };
        self.0.iter().map(line).collect()
    }

    /// For programs: a list of objects with `check`, `state` and `message`.
    pub fn to_json(&self) -> Result<String, Box<dyn Error>> {
        Ok(format!("{}\n", serde_json::to_string_pretty(&self.0)?))
    }
}
