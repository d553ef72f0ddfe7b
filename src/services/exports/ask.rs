//! Which report or books, of whom, over which days, in which form.

use chrono::NaiveDate;
use daybook_domain::id::{AccountGroupId, BusinessId, LedgerId, SubGroupId};
use serde::{Deserialize, Serialize};

use crate::services::{
    books::{chart::Asked, groups::GroupRef},
    imports::{
        asked::{Format, Kind},
        export::ExportBooks,
    },
    reports::{
        question::{Comparatives, Question, Whose},
        registers::frame::Asking,
    },
};

/// A report that can be fetched as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// What every ledger stood at and moved.
    TrialBalance,
    /// What was earned and spent.
    ProfitAndLoss,
    /// What is owned and owed.
    BalanceSheet,
    /// What cash came and went for.
    CashFlow,
    /// Every entry of a ledger, by its number.
    LedgerStatement(i64),
    /// Every entry of a party's ledger, by its number.
    PartyStatement(i64),
    /// Every voucher.
    DayBook,
    /// Every voucher of a base type, by its code.
    VoucherRegister(String),
    /// Open bills that others owe.
    Receivables,
    /// Open bills that are owed to others.
    Payables,
    /// What stands directly below a group.
    GroupSummary(Group),
    /// Every line of the edit log.
    EditLog,
}

/// A group by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Group {
    /// A shared one.
    Shared(i64),
    /// One of the tenant's own.
    Own(i64),
}

impl From<GroupRef> for Group {
    fn from(group: GroupRef) -> Self {
        match group {
            GroupRef::Shared(id) => Self::Shared(id.get()),
            GroupRef::Own(id) => Self::Own(id.get()),
        }
    }
}

impl From<Group> for GroupRef {
    fn from(group: Group) -> Self {
        match group {
            Group::Shared(id) => Self::Shared(AccountGroupId::new(id)),
            Group::Own(id) => Self::Own(SubGroupId::new(id)),
        }
    }
}

/// A form of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// Text, a line a row.
    Csv,
    /// A spreadsheet.
    Xlsx,
    /// Pages.
    Pdf,
}

impl Form {
    /// How its file's name ends.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Pdf => "pdf",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pdf => "application/pdf",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Which report.
    pub report: Report,
    /// In which form.
    pub form: Form,
    /// Whose books, by number, 0 for what is no business; the caller's only business when absent.
    pub businesses: Option<Vec<i64>>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// Whether a statement shows groups alone.
    pub groups_only: bool,
    /// As known at this instant, UTC milliseconds.
    pub known_at: Option<i64>,
}

impl Ask {
    fn asked(&self) -> Option<Vec<Asked>> {
        let one = |id: &i64| Asked::This(BusinessId::new(*id));
        self.businesses.as_ref().map(|ids| ids.iter().map(one).collect())
    }

    /// The one business of a report that is of one alone.
    pub fn only(&self) -> Asked {
        match self.asked().as_deref() {
            None => Asked::Nothing,
            Some([only]) => *only,
            Some(_) => Asked::Malformed,
        }
    }

    /// What a statement is asked with.
    pub fn question(&self) -> Question {
        Question {
            whose: Whose::Several(self.asked().unwrap_or_else(|| vec![Asked::Nothing])),
            from: self.from,
            to: self.to,
            last_day: "to",
            comparatives: Comparatives::default(),
            known_at: self.known_at,
            scenario: Default::default(),
        }
    }

    /// What a register is asked with.
    pub fn asking(&self) -> Asking {
        Asking { businesses: self.asked(), from: self.from, to: self.to, known_at: self.known_at }
    }
}

/// Whole books that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskBooks {
    /// Whose, by number.
    pub business: i64,
    /// As what.
    pub format: Format,
    /// Which part, where the format has parts.
    pub part: Option<Kind>,
    /// First day of the vouchers.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

impl AskBooks {
    /// What is asked for, of this business.
    pub fn of(business: BusinessId, command: ExportBooks) -> Self {
        let ExportBooks { format, kind, from, to, .. } = command;
        Self { business: business.get(), format, part: kind, from, to }
    }

    /// What is to be taken out.
    pub fn command(&self) -> ExportBooks {
        ExportBooks {
            business: Asked::This(BusinessId::new(self.business)),
            format: self.format,
            kind: self.part,
            from: self.from,
            to: self.to,
        }
    }
}

/// The ledger of a number; no ledger has the number 0.
pub fn ledger(number: i64) -> Option<LedgerId> {
    Some(LedgerId::new(number))
}
