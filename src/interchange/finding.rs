//! What a reader could not take, or took otherwise than it stood there: each with its line and reason.

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something was left out or read in one of several ways, without harm to the rest.
    Note,
    /// A record, or a part of one, is not as the file has it: the import must not go on silently.
    Error,
}

/// Declares the reasons with the word that is shown.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// Why a finding was made.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)+
        }

        impl Reason {
            /// All of them.
            pub const EVERY: [Self; [$($word),+].len()] = [$(Self::$name),+];

            /// The word that is shown.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

reasons! {
    /// The file, or something in it, is beyond a limit.
    TooLarge = "TOO_LARGE",
    /// The file is not of the format that it was said to be.
    NotReadable = "NOT_READABLE",
    /// The character encoding was guessed.
    Encoding = "ENCODING",
    /// No column for a value that is needed.
    MissingColumn = "MISSING_COLUMN",
    /// A column is not known, and not taken.
    UnmappedColumn = "UNMAPPED_COLUMN",
    /// A value that is needed is not there.
    MissingValue = "MISSING_VALUE",
    /// A text is not an amount, or has more places than the currency.
    BadAmount = "BAD_AMOUNT",
    /// A text is not a day of the calendar.
    BadDate = "BAD_DATE",
    /// A text is too long, or holds what no name may hold.
    BadText = "BAD_TEXT",
    /// A word is none of those that may stand there.
    BadValue = "BAD_VALUE",
    /// Debits and credits differ.
    Unbalanced = "UNBALANCED",
    /// Fewer than two entries, or more than are kept.
    EntryCount = "ENTRY_COUNT",
    /// An entry of nothing.
    ZeroAmount = "ZERO_AMOUNT",
    /// Bills do not add up to their entry.
    BillsDiffer = "BILLS_DIFFER",
    /// Cost centres do not add up to their entry.
    CostsDiffer = "COSTS_DIFFER",
    /// A ledger that neither the file nor the books know.
    UnknownLedger = "UNKNOWN_LEDGER",
    /// A group that neither the file nor the books know.
    UnknownGroup = "UNKNOWN_GROUP",
    /// A voucher type that the books do not know.
    UnknownVoucherType = "UNKNOWN_VOUCHER_TYPE",
    /// A group that hangs below itself.
    GroupCycle = "GROUP_CYCLE",
    /// The same record once more.
    Duplicate = "DUPLICATE",
    /// The same identity or name with other content.
    Conflict = "CONFLICT",
    /// Another file is named, which is never read.
    IncludeRefused = "INCLUDE_REFUSED",
    /// A kind of record, directive or element that is not taken.
    NotTaken = "NOT_TAKEN",
    /// Quantities of something that is not the books' currency.
    OtherCommodity = "OTHER_COMMODITY",
    /// A derived amount was changed by a rounding difference.
    Rounded = "ROUNDED",
    /// A balance that the file states is not the sum of its entries.
    BalanceDiffers = "BALANCE_DIFFERS",
    /// A place was chosen by the kind of the thing; another can be said.
    Guessed = "GUESSED",
    /// The ledger or group takes nothing more.
    Archived = "ARCHIVED",
    /// A side that the voucher's type does not allow for cash and bank.
    SideRule = "SIDE_RULE",
    /// A day before the books begin, or beyond the next accounting year.
    YearNotOpen = "YEAR_NOT_OPEN",
    /// A day of an accounting year that is closed.
    YearClosed = "YEAR_CLOSED",
    /// A number that cannot be kept.
    BadNumber = "BAD_NUMBER",
    /// A number that another voucher of the series has.
    NumberTaken = "NUMBER_TAKEN",
    /// A bill that nobody opened, or that has less open.
    UnknownBill = "UNKNOWN_BILL",
    /// Books or openings that are here already.
    Present = "PRESENT",
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Line of the file, or row of the sheet, counted from 1; none for the file as a whole.
    pub line: Option<u64>,
    /// What the record is called.
    pub record: Option<String>,
    /// How much it weighs.
    pub severity: Severity,
    /// Why.
    pub reason: Reason,
    /// In words, with the value that was found.
    pub message: String,
}

/// Findings in the order in which they were made, up to a limit.
#[derive(Debug, Clone)]
pub struct Findings {
    kept: Vec<Finding>,
    max: usize,
    beyond: u64,
    errors: u64,
}

/// Most characters of a message: a value from the file may be long.
const MESSAGE_CHARS_MAX: usize = 300;

impl Findings {
    /// None yet; `max` are kept.
    pub fn new(max: usize) -> Self {
        Self { kept: Vec::new(), max, beyond: 0, errors: 0 }
    }

    /// Takes one more.
    pub fn push(&mut self, mut finding: Finding) {
        if finding.severity == Severity::Error {
            self.errors = self.errors.saturating_add(1);
        }
        if self.kept.len() >= self.max {
            self.beyond = self.beyond.saturating_add(1);
            return;
        }
        finding.message = shortened(&finding.message);
        finding.record = finding.record.map(|record| shortened(&record));
        self.kept.push(finding);
    }

    /// Something that must not go on silently; line 0 is the file as a whole.
    pub fn error(&mut self, line: u64, reason: Reason, message: impl Into<String>) {
        self.add(line, None, Severity::Error, reason, message.into());
    }

    /// Something to know; line 0 is the file as a whole.
    pub fn note(&mut self, line: u64, reason: Reason, message: impl Into<String>) {
        self.add(line, None, Severity::Note, reason, message.into());
    }

    /// An error of a record with a name.
    pub fn error_of(
        &mut self,
        line: u64,
        record: &str,
        reason: Reason,
        message: impl Into<String>,
    ) {
        self.add(line, Some(record), Severity::Error, reason, message.into());
    }

    /// A note on a record with a name.
    pub fn note_of(&mut self, line: u64, record: &str, reason: Reason, message: impl Into<String>) {
        self.add(line, Some(record), Severity::Note, reason, message.into());
    }

    fn add(
        &mut self,
        line: u64,
        record: Option<&str>,
        severity: Severity,
        reason: Reason,
        message: String,
    ) {
        let line = (line > 0).then_some(line);
        let record = record.map(str::to_owned);
        self.push(Finding { line, record, severity, reason, message });
    }

    /// Takes those of another reader behind its own.
    pub fn append(&mut self, other: Self) {
        let errors_kept =
            other.kept.iter().filter(|finding| finding.severity == Severity::Error).count();
        let errors_beyond =
            other.errors.saturating_sub(u64::try_from(errors_kept).unwrap_or(u64::MAX));
        for finding in other.kept {
            self.push(finding);
        }
        self.beyond = self.beyond.saturating_add(other.beyond);
        self.errors = self.errors.saturating_add(errors_beyond);
    }

    /// Those that were kept.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.kept.iter()
    }

    /// How many more there were.
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    /// How many of all are errors.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.beyond == 0
    }
}

/// Why a record cannot be taken: it becomes a finding where the record's end is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub line: u64,
    pub record: Option<String>,
    pub reason: Reason,
    pub message: String,
}

impl Wrong {
    pub fn new(line: u64, reason: Reason, message: impl Into<String>) -> Self {
        Self { line, record: None, reason, message: message.into() }
    }

    /// The same, of a record with a name.
    pub fn of(mut self, record: &str) -> Self {
        self.record.get_or_insert_with(|| record.to_owned());
        self
    }

    pub fn tell(self, findings: &mut Findings) {
        match self.record {
            Some(record) => findings.error_of(self.line, &record, self.reason, self.message),
            None => findings.error(self.line, self.reason, self.message),
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_findings_are_counted_and_errors_still_known() {
        let mut findings = Findings::new(1);
        findings.note(0, Reason::Encoding, "guessed");
        findings.error(7, Reason::BadDate, "x".repeat(1_000));
        let mut all = Findings::new(10);
        all.append(findings);
        assert_eq!(all.errors(), 1);
        assert_eq!(all.beyond(), 1);
        assert_eq!(all.iter().count(), 1);
        assert_eq!(all.iter().next().and_then(|finding| finding.line), None);
    }
}
