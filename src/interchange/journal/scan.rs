//! A line of a journal, read from left to right.

/// What is left of a line.
pub struct Scan<'t> {
    rest: &'t str,
}

impl<'t> Scan<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { rest: text }
    }

    pub fn rest(&self) -> &'t str {
        self.rest
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Goes past `text` where it stands next.
    pub fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|one| !is_part(one)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// What stands before `end`, which is passed; none where it does not follow.
    pub fn until(&mut self, end: &str) -> Option<&'t str> {
        let (taken, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(taken)
    }

    /// A sign; true when it is a minus.
    pub fn sign(&mut self) -> Option<bool> {
        if self.eat("-") || self.eat("−") {
            Some(true)
        } else if self.eat("+") {
            Some(false)
        } else {
            None
        }
    }
}
