//! How a file is to be understood, and what its names stand for, as it is kept beside an import.

use std::collections::BTreeMap;

use daybook_domain::id::{AccountGroupId, LedgerId, SubGroupId, VoucherTypeId};
use serde::{Deserialize, Serialize};

use crate::{
    interchange::{amount::DecimalSign, dates::DateOrder},
    services::books::groups::GroupRef,
};

/// Declares a closed set with the words that are stored and shown.
macro_rules! words {
    ($($(#[$doc:meta])* $set:ident { $($(#[$member_doc:meta])* $name:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $set {
            $($(#[$member_doc])* #[serde(rename = $word)] $name,)+
        }

        impl $set {
            /// The word that is stored.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The one of this word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)+ _ => None }
            }
        }
    )+};
}

words! {
    /// Formats of books.
    Format {
        /// One sheet as text.
        Csv = "CSV",
        /// A workbook with a sheet each for groups, ledgers, openings and vouchers.
        Xlsx = "XLSX",
        /// Tally's masters and vouchers.
        TallyXml = "TALLY_XML",
        /// A journal of hledger.
        Hledger = "HLEDGER",
        /// A journal of beancount.
        Beancount = "BEANCOUNT",
    }

    /// What a file holds, or what is taken of books.
    Kind {
        /// All of it.
        Books = "BOOKS",
        /// Groups.
        Groups = "GROUPS",
        /// Ledgers, with openings where their sheet has them.
        Ledgers = "LEDGERS",
        /// What ledgers open with.
        Openings = "OPENINGS",
        /// Vouchers.
        Vouchers = "VOUCHERS",
    }

    /// Which numbers vouchers get.
    Numbers {
        /// Those that they bring along; one without gets the next of its series.
        Keep = "KEEP",
        /// The next of their series; what they bring along becomes their reference, where they have none.
        New = "NEW",
    }
}

/// How the texts of a file are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Options {
    /// Whether months stand before days.
    pub month_first: bool,
    /// Whether a comma stands between units and their parts.
    pub decimal_comma: bool,
}

impl Options {
    /// The order in dates.
    pub fn dates(self) -> DateOrder {
        if self.month_first { DateOrder::MonthFirst } else { DateOrder::DayFirst }
    }

    /// What stands between units and their parts.
    pub fn decimal(self) -> DecimalSign {
        if self.decimal_comma { DecimalSign::Comma } else { DecimalSign::Point }
    }
}

/// A group, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupChoice {
    /// A shared one.
    Shared(i64),
    /// One of the tenant's own.
    Own(i64),
}

impl From<GroupRef> for GroupChoice {
    fn from(group: GroupRef) -> Self {
        match group {
            GroupRef::Shared(id) => Self::Shared(id.get()),
            GroupRef::Own(id) => Self::Own(id.get()),
        }
    }
}

impl From<GroupChoice> for GroupRef {
    fn from(choice: GroupChoice) -> Self {
        match choice {
            GroupChoice::Shared(id) => Self::Shared(AccountGroupId::new(id)),
            GroupChoice::Own(id) => Self::Own(SubGroupId::new(id)),
        }
    }
}

/// What a ledger's name stands for, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerChoice {
    /// A ledger that is here.
    Existing(i64),
    /// A new one below this group.
    New(GroupChoice),
}

impl LedgerChoice {
    /// The ledger, if it is one that is here.
    pub fn existing(self) -> Option<LedgerId> {
        match self {
            Self::Existing(id) => Some(LedgerId::new(id)),
            Self::New(_) => None,
        }
    }
}

/// What a voucher type's name stands for, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeChoice {
    voucher_type: i64,
    /// Whether its vouchers close years: profit and loss leaves them out.
    pub is_closing: bool,
}

impl TypeChoice {
    /// A voucher type.
    pub fn of(voucher_type: VoucherTypeId, is_closing: bool) -> Self {
        Self { voucher_type: voucher_type.get(), is_closing }
    }

    /// The voucher type.
    pub fn voucher_type(self) -> VoucherTypeId {
        VoucherTypeId::new(self.voucher_type)
    }
}

/// What names of a file stand for, and what else was chosen. Names are folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mapping {
    /// Groups.
    pub groups: BTreeMap<String, GroupChoice>,
    /// Ledgers.
    pub ledgers: BTreeMap<String, LedgerChoice>,
    /// Voucher types.
    pub types: BTreeMap<String, TypeChoice>,
    /// Which numbers vouchers get.
    pub numbers: Numbers,
    /// Whether openings are taken.
    pub takes_openings: bool,
    /// Whether vouchers that turn income and expense into capital at a year's end are marked as closing.
    pub finds_closing: bool,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            groups: BTreeMap::new(),
            ledgers: BTreeMap::new(),
            types: BTreeMap::new(),
            numbers: Numbers::Keep,
            takes_openings: true,
            finds_closing: false,
        }
    }
}

/// Names of a file that stand for nothing yet: the first of them, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Unmapped {
    /// The first of them, as the file writes them.
    pub names: Vec<String>,
    /// All of them.
    pub count: u64,
}

/// Names that are told.
pub const UNMAPPED_MAX: usize = 500;

impl Unmapped {
    /// Takes one more.
    pub fn add(&mut self, name: &str) {
        self.count = self.count.saturating_add(1);
        if self.names.len() < UNMAPPED_MAX {
            self.names.push(name.to_owned());
        }
    }
}

/// What was found in a file. Amounts are minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Summary {
    /// Groups that it declares.
    pub groups: u64,
    /// Those that would be made.
    pub new_groups: u64,
    /// Ledgers that it names.
    pub ledgers: u64,
    /// Those that would be opened.
    pub new_ledgers: u64,
    /// Openings that would be posted.
    pub openings: u64,
    /// Vouchers that would be posted.
    pub vouchers: u64,
    /// Their entries.
    pub entries: u64,
    /// Vouchers that do not count in the source, and so not here.
    pub left_out: u64,
    /// Debits of the openings.
    pub opening_debit: i64,
    /// Credits of the openings.
    pub opening_credit: i64,
    /// Debits of the vouchers, which are their credits.
    pub total: i64,
    /// Day of the first voucher.
    pub first_day: Option<String>,
    /// Day of the last one.
    pub last_day: Option<String>,
    /// Groups that stand for nothing yet.
    pub unmapped_groups: Unmapped,
    /// Ledgers.
    pub unmapped_ledgers: Unmapped,
    /// Voucher types.
    pub unmapped_types: Unmapped,
}
