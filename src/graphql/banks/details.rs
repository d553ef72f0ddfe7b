//! Bank details of entries in the API.

use async_graphql::{Enum, InputObject, SimpleObject};
use daybook_domain::instrument::Instrument;

use crate::{graphql::scalar::Date, lane::BankDetail, services::books::bank_parts::WrittenBank};

/// By what a payment went through a bank.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Instrument")]
pub enum BankInstrument {
    /// A cheque.
    Cheque,
    /// A demand draft or banker's cheque.
    DemandDraft,
    /// National Electronic Funds Transfer.
    Neft,
    /// Real Time Gross Settlement.
    Rtgs,
    /// Immediate Payment Service.
    Imps,
    /// Unified Payments Interface.
    Upi,
    /// M-Pesa.
    Mpesa,
    /// A debit or credit card.
    Card,
    /// Cash paid in or drawn.
    Cash,
    /// Something else.
    Other,
}

/// By which instrument an entry on a bank ledger was paid.
#[derive(SimpleObject, Debug, Clone)]
pub struct EntryBankDetails {
    /// By what.
    pub instrument: BankInstrument,
    /// Number of the cheque or transfer.
    pub number: Option<String>,
    /// The instrument's own date; of a post-dated cheque it is after the voucher's.
    pub date: Option<Date>,
    /// In whose favour it is, or from whom it came.
    pub payee: Option<String>,
    /// The bank that it is drawn on or paid through.
    pub bank: Option<String>,
}

impl From<BankDetail> for EntryBankDetails {
    fn from(detail: BankDetail) -> Self {
        Self {
            instrument: detail.instrument.into(),
            number: detail.number,
            date: detail.dated.map(Date),
            payee: detail.payee,
            bank: detail.bank,
        }
    }
}

impl From<WrittenBank> for EntryBankDetails {
    fn from(written: WrittenBank) -> Self {
        Self {
            instrument: written.instrument().into(),
            number: written.number,
            date: written.dated.map(Date),
            payee: written.payee,
            bank: written.bank,
        }
    }
}

/// By which instrument an entry on a bank ledger is paid.
#[derive(InputObject, Debug, Clone)]
pub struct EntryBankDetailsInput {
    /// By what.
    pub instrument: BankInstrument,
    /// Number of the cheque or transfer, at most 100 characters.
    pub number: Option<String>,
    /// The instrument's own date; that of a post-dated cheque is after the voucher's.
    pub date: Option<Date>,
    /// In whose favour it is, or from whom it came; at most 200 characters.
    pub payee: Option<String>,
    /// The bank that it is drawn on or paid through, at most 200 characters.
    pub bank: Option<String>,
}

impl From<EntryBankDetailsInput> for WrittenBank {
    fn from(input: EntryBankDetailsInput) -> Self {
        Self {
            instrument: Instrument::from(input.instrument).as_str().to_owned(),
            number: input.number,
            dated: input.date.map(|day| day.0),
            payee: input.payee,
            bank: input.bank,
        }
    }
}
