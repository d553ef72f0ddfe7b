//! The neutral form of books: what every reader makes and every writer takes.

use chrono::NaiveDate;
use daybook_domain::{chart::Nature, currency::CurrencyCode, money::Money};
use rust_decimal::Decimal;

/// The currency that amounts are counted in, and how many decimal places it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    /// Its code.
    pub code: CurrencyCode,
    /// Decimal places of its amounts.
    pub exponent: u8,
}

/// Books as a file told them: nothing is looked up yet, names are as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedBooks {
    /// What amounts are counted in.
    pub currency: Currency,
    /// The day on which ledgers open; none when nothing opens with a balance.
    pub opened_on: Option<NaiveDate>,
    /// Groups that the file declares; parents may be groups that it does not.
    pub groups: Vec<StagedGroup>,
    /// Ledgers with their openings.
    pub ledgers: Vec<StagedLedger>,
    /// Vouchers in the order of the file.
    pub vouchers: Vec<StagedVoucher>,
}

impl StagedBooks {
    /// Books without anything in them.
    pub fn new(currency: Currency) -> Self {
        Self {
            currency,
            opened_on: None,
            groups: Vec::new(),
            ledgers: Vec::new(),
            vouchers: Vec::new(),
        }
    }

    /// The ledgers that say who a customer or supplier is.
    pub fn parties(&self) -> impl Iterator<Item = (&StagedLedger, &StagedParty)> {
        self.ledgers.iter().filter_map(|ledger| ledger.party.as_ref().map(|party| (ledger, party)))
    }

    /// The same books as if each record stood on line 0: two files can tell the same.
    #[must_use]
    pub fn without_lines(mut self) -> Self {
        for group in &mut self.groups {
            group.line = 0;
        }
        for ledger in &mut self.ledgers {
            ledger.line = 0;
            for bill in &mut ledger.opening_bills {
                bill.line = 0;
            }
        }
        for voucher in &mut self.vouchers {
            voucher.line = 0;
            for entry in &mut voucher.entries {
                entry.line = 0;
                for bill in &mut entry.bills {
                    bill.line = 0;
                }
            }
        }
        self
    }
}

/// A group of ledgers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedGroup {
    /// Line of the file; 0 where it did not stand in one.
    pub line: u64,
    /// Its name.
    pub name: String,
    /// The group above it; none when it is a primary one.
    pub parent: Option<String>,
    /// What its ledgers are, where the file says so.
    pub nature: Option<Nature>,
}

/// A ledger and what it opens with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedLedger {
    /// Line of the file; 0 where it did not stand in one.
    pub line: u64,
    /// The source's own identity of it.
    pub key: Option<String>,
    /// Its name.
    pub name: String,
    /// Other names that the source knows it by.
    pub aliases: Vec<String>,
    /// The group it hangs below.
    pub group: Option<String>,
    /// Whether its entries carry bills.
    pub is_bill_wise: bool,
    /// What it opens with: debit above zero.
    pub opening: Money,
    /// The open bills that the opening is made of.
    pub opening_bills: Vec<StagedBill>,
    /// Who is behind it, where the file says so.
    pub party: Option<StagedParty>,
}

impl StagedLedger {
    /// A ledger of this name and nothing else.
    pub fn named(line: u64, name: String) -> Self {
        Self {
            line,
            key: None,
            name,
            aliases: Vec::new(),
            group: None,
            is_bill_wise: false,
            opening: Money::ZERO,
            opening_bills: Vec::new(),
            party: None,
        }
    }
}

/// A customer or supplier, as written: registrations are not checked here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StagedParty {
    /// Registration for goods and services tax.
    pub gstin: Option<String>,
    /// Income-tax number.
    pub pan: Option<String>,
    /// State or county.
    pub state: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// Address, lines apart.
    pub address: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
}

impl StagedParty {
    /// The party, or none when nothing is known about it.
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// Whether a voucher counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VoucherState {
    /// It counts.
    #[default]
    Normal,
    /// A draft in the source, which must not reach the books.
    Optional,
    /// Cancelled in the source: its number is used, its entries do not count.
    Cancelled,
}

impl VoucherState {
    /// The word that files of our own hold.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Optional => "optional",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of this word, whatever its case.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Normal, Self::Optional, Self::Cancelled]
            .into_iter()
            .find(|state| state.word().eq_ignore_ascii_case(word.trim()))
    }
}

/// A voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedVoucher {
    /// Line of the file; 0 where it did not stand in one.
    pub line: u64,
    /// The source's own identity of it: the same one twice is the same voucher.
    pub key: Option<String>,
    /// Its type, as the source names it.
    pub voucher_type: Option<String>,
    /// Its number.
    pub number: Option<String>,
    /// The day on which it counts.
    pub date: NaiveDate,
    /// Number of the other side's document.
    pub reference: Option<String>,
    /// Date of the other side's document.
    pub reference_date: Option<NaiveDate>,
    /// Ledger of the party that it is made out to.
    pub party: Option<String>,
    /// Words about it.
    pub narration: Option<String>,
    /// Whether it counts.
    pub state: VoucherState,
    /// Its entries.
    pub entries: Vec<StagedEntry>,
}

impl StagedVoucher {
    /// A voucher of this day and nothing else.
    pub fn dated(line: u64, date: NaiveDate) -> Self {
        Self {
            line,
            key: None,
            voucher_type: None,
            number: None,
            date,
            reference: None,
            reference_date: None,
            party: None,
            narration: None,
            state: VoucherState::Normal,
            entries: Vec::new(),
        }
    }

    /// Debits less credits; none beyond what is kept.
    pub fn difference(&self) -> Option<Money> {
        Money::sum(self.entries.iter().map(|entry| entry.amount))
    }

    /// What it is called in a finding.
    pub fn label(&self) -> String {
        let kind = self.voucher_type.as_deref().unwrap_or("voucher");
        match &self.number {
            Some(number) => format!("{kind} {number}"),
            None => format!("{kind} of {}", self.date),
        }
    }
}

/// One entry of a voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedEntry {
    /// Line of the file; 0 where it did not stand in one.
    pub line: u64,
    /// Name of the ledger.
    pub ledger: String,
    /// Amount in the books' currency: debit above zero, credit below.
    pub amount: Money,
    /// Words about the entry.
    pub narration: Option<String>,
    /// Bills that it opens or settles.
    pub bills: Vec<StagedBill>,
    /// How it is shared among cost centres.
    pub cost_shares: Vec<StagedCostShare>,
    /// Cheque or transfer.
    pub instrument: Option<StagedInstrument>,
    /// The amount in what was traded: another currency, or a quantity of goods.
    pub foreign: Option<StagedForeign>,
}

impl StagedEntry {
    /// An entry of this amount and nothing else.
    pub fn of(line: u64, ledger: String, amount: Money) -> Self {
        Self {
            line,
            ledger,
            amount,
            narration: None,
            bills: Vec::new(),
            cost_shares: Vec::new(),
            instrument: None,
            foreign: None,
        }
    }

    /// The debit in minor units; nothing on the other side.
    pub fn debit(&self) -> Money {
        if self.amount.is_negative() { Money::ZERO } else { self.amount }
    }

    /// The credit in minor units; nothing on the other side.
    pub fn credit(&self) -> Money {
        if self.amount.is_negative() { -self.amount } else { Money::ZERO }
    }
}

/// What a bill reference does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillKind {
    /// Opens a bill.
    New,
    /// Settles one.
    Against,
    /// Is paid before there is one.
    Advance,
    /// Names none.
    OnAccount,
}

impl BillKind {
    /// All of them.
    pub const EVERY: [Self; 4] = [Self::New, Self::Against, Self::Advance, Self::OnAccount];

    /// The words that Tally uses, and files of our own.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "New Ref",
            Self::Against => "Agst Ref",
            Self::Advance => "Advance",
            Self::OnAccount => "On Account",
        }
    }

    /// The kind of these words, whatever their case and spaces.
    pub fn parse(words: &str) -> Option<Self> {
        let plain = |text: &str| {
            text.chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let asked: String = plain(words);
        match asked.as_str() {
            "new" => return Some(Self::New),
            "against" | "agst" | "againstref" => return Some(Self::Against),
            _ => {}
        }
        Self::EVERY.into_iter().find(|kind| plain(kind.word()) == asked)
    }
}

/// A bill reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedBill {
    /// Line of the file; 0 where it did not stand in one.
    pub line: u64,
    /// What it does.
    pub kind: BillKind,
    /// Which bill.
    pub name: Option<String>,
    /// The bill's own date, where it is not the voucher's.
    pub date: Option<NaiveDate>,
    /// When it is due.
    pub due: Option<NaiveDate>,
    /// Its part of the entry: debit above zero.
    pub amount: Money,
}

/// A part of an entry that belongs to a cost centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedCostShare {
    /// The kind of cost centres.
    pub category: Option<String>,
    /// The cost centre.
    pub centre: String,
    /// Its part of the entry: debit above zero.
    pub amount: Money,
}

/// How money moved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StagedInstrument {
    /// Number of the cheque or transfer.
    pub number: Option<String>,
    /// Its date.
    pub date: Option<NaiveDate>,
}

impl StagedInstrument {
    /// The instrument, or none when nothing is known about it.
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// An amount in something else than the books' currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedForeign {
    /// Its name, as written: a currency's code, or an article.
    pub commodity: String,
    /// How much of it, with the sign of the entry.
    pub quantity: Decimal,
}
