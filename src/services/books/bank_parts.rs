//! By which instrument an entry on a bank ledger is paid, as somebody writes it down.

use chrono::NaiveDate;
use daybook_domain::{chain::Canonical, instrument::Instrument};
use serde::{Deserialize, Serialize};

use super::vouchers::Wrong;
use crate::{error::Code, lane::BankDetail};

/// Most characters of an instrument's number.
pub const NUMBER_MAX: usize = 100;
/// Most characters of a payee or bank.
pub const NAME_MAX: usize = 200;

/// What is said of a payment through a bank. Drafts keep it in this form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WrittenBank {
    /// By what it is paid, by the stored word.
    pub instrument: String,
    /// Number of the cheque or transfer.
    pub number: Option<String>,
    /// The instrument's own date.
    pub dated: Option<NaiveDate>,
    /// In whose favour it is, or from whom it came.
    pub payee: Option<String>,
    /// The bank that it is drawn on or paid through.
    pub bank: Option<String>,
}

impl WrittenBank {
    /// By what it is paid.
    pub fn instrument(&self) -> Instrument {
        Instrument::parse(&self.instrument).unwrap_or(Instrument::Other)
    }

    /// Trims the texts and checks their lengths.
    pub fn check(&mut self, place: &str, wrong: &mut Wrong<'_>) {
        for (name, value, most) in [
            ("number", &mut self.number, NUMBER_MAX),
            ("payee", &mut self.payee, NAME_MAX),
            ("bank", &mut self.bank, NAME_MAX),
        ] {
            let given = value.take();
            *value = wrong.text(&format!("{place}.{name}"), given.as_deref(), most, true);
        }
    }

    /// What the edit log keeps of it in a draft.
    pub fn describe(&self) -> Canonical {
        Canonical::new()
            .text("instrument", &self.instrument)
            .text_if("number", self.number.as_deref())
            .text_if("dated", self.dated.map(|day| day.to_string()).as_deref())
            .text_if("payee", self.payee.as_deref())
            .text_if("bank", self.bank.as_deref())
    }
}

/// Reads what is said of an entry; what is wrong is added.
pub fn read(
    written: Option<&WrittenBank>,
    is_bank: bool,
    place: &str,
    wrong: &mut Wrong<'_>,
) -> Option<BankDetail> {
    let mut written = written?.clone();
    let place = format!("{place}.bank");
    if !is_bank {
        let why = "only an entry on a ledger below Bank Accounts or Bank OD A/c has bank details";
        wrong.add(Code::NotAllowed, &place, why);
        return None;
    }
    written.check(&place, wrong);
    Some(BankDetail {
        instrument: written.instrument(),
        number: written.number,
        dated: written.dated,
        payee: written.payee,
        bank: written.bank,
    })
}
