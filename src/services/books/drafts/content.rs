//! What a draft says: the command as it was written, however much of it is there.

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    currency::CurrencyCode,
    id::{BillId, BusinessId, CostCentreId, LedgerId, VoucherTypeId},
    money::Money,
};
use daybook_entity::tenant::{books::BillKind, business::business, drafts::DraftAction};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};

use super::Title;
use crate::{
    error::{Code, Error, Refusal, Result},
    lane::{PostedVoucher, posting::Excess},
    scope::TenantScope,
    services::books::{
        acts::{REASON_MAX, WrittenAct, WrittenReversal},
        bank_parts::WrittenBank,
        bill_parts::{PARTS_MAX, WrittenBill},
        chart::{self, Asked, Chart},
        cost_parts::{SPLITS_MAX, WrittenCost},
        entry_amounts, voucher_types,
        vouchers::{
            ENTRIES_MAX, ENTRY_NARRATION_MAX, NARRATION_MAX, PostVoucher, REFERENCE_MAX,
            WrittenEntry, Wrong,
        },
    },
};

/// A command, as far as it is written. Ids are those of the database; 0 stands for one that names nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Content {
    /// The version of the voucher acted on that was seen.
    pub voucher_version: Option<i32>,
    /// Why it is done.
    pub reason: Option<String>,
    /// Shared voucher type.
    pub voucher_type: Option<i64>,
    /// Book date.
    pub dated: Option<NaiveDate>,
    /// Words about the voucher.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Its date.
    pub reference_date: Option<NaiveDate>,
    /// When it happened, UTC milliseconds.
    pub occurred_at: Option<i64>,
    /// Of a reversing journal: the last day on which scenarios count it.
    pub applies_until: Option<NaiveDate>,
    /// An exception from a soft lock.
    pub lock_exception: Option<i64>,
    /// The entries.
    pub entries: Vec<Entry>,
    /// Whether what rounding leaves goes to Round Off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub close_residue: bool,
}

/// An entry, as far as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Entry {
    /// The ledger.
    pub ledger: Option<i64>,
    /// Debit as a decimal number in the entry's currency.
    pub debit: Option<String>,
    /// Credit as a decimal number in the entry's currency.
    pub credit: Option<String>,
    /// The entry's currency, where it is not the business's.
    pub currency: Option<String>,
    /// Base units per unit of that currency, as a decimal number.
    pub exchange_rate: Option<String>,
    /// Words about the entry.
    pub narration: Option<String>,
    /// Which bills it opens and settles.
    pub bills: Vec<Bill>,
    /// Whether what they leave of it settles the party's oldest bills.
    pub oldest_first: bool,
    /// Which cost centres bear it.
    pub costs: Vec<Cost>,
    /// By which instrument it is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank: Option<WrittenBank>,
}

/// A part of an entry that a cost centre bears, as far as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cost {
    /// The centre.
    pub centre: Option<i64>,
    /// A decimal number in the business's currency.
    pub amount: Option<String>,
}

/// A part of an entry, as far as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Bill {
    /// What it does, by the stored word.
    pub kind: Option<String>,
    /// The bill that it settles.
    pub bill: Option<i64>,
    /// The number of the bill that it opens.
    pub reference: Option<String>,
    /// When that is due.
    pub due_on: Option<NaiveDate>,
    /// A decimal number in the business's currency.
    pub amount: Option<String>,
    /// Whether more than the bill has open stays on account.
    pub excess_on_account: bool,
}

impl Bill {
    /// A part that does this, and says no more.
    pub fn of_kind(kind: Option<BillKind>) -> Self {
        Self { kind: kind.map(|kind| kind.to_value()), ..Self::default() }
    }

    /// What it does.
    pub fn kind(&self) -> Option<BillKind> {
        BillKind::try_from_value(self.kind.as_ref()?).ok()
    }
}

impl Content {
    /// Reads stored content.
    ///
    /// # Errors
    /// When it does not parse, which is a fault of the program.
    pub fn read(text: &str) -> Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    /// The content as it is stored.
    ///
    /// # Errors
    /// When it cannot be written, which is a fault of the program.
    pub fn to_text(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// The content of a voucher to be posted.
    pub fn of_voucher(command: &PostVoucher) -> Self {
        Self {
            voucher_version: None,
            reason: None,
            voucher_type: command.voucher_type.map(VoucherTypeId::get),
            dated: Some(command.dated),
            narration: command.narration.clone(),
            reference: command.reference.clone(),
            reference_date: command.reference_date,
            occurred_at: command.occurred_at,
            applies_until: command.applies_until,
            lock_exception: command.lock_exception,
            entries: command.entries.iter().map(Entry::of).collect(),
            close_residue: command.close_residue,
        }
    }

    /// The content of a reversal.
    pub fn of_reversal(reversal: &WrittenReversal) -> Self {
        Self { dated: reversal.dated, narration: reversal.narration.clone(), ..Self::default() }
    }

    /// The act on a voucher that it is.
    pub fn to_act(&self, row: &super::Row) -> WrittenAct {
        WrittenAct {
            voucher: row.voucher_id,
            expected_version: self.voucher_version,
            reason: self.reason.clone(),
        }
    }

    /// The reversal that it is.
    pub fn to_reversal(&self) -> WrittenReversal {
        WrittenReversal { dated: self.dated, narration: self.narration.clone() }
    }

    /// The voucher that it is. What is not written yet has a stand-in, and is among [`Content::missing`].
    pub fn to_voucher(&self, business: BusinessId, stand_in: NaiveDate) -> PostVoucher {
        PostVoucher {
            business: Asked::This(business),
            voucher_type: self.voucher_type.map(VoucherTypeId::new),
            dated: self.dated.unwrap_or(stand_in),
            narration: self.narration.clone(),
            reference: self.reference.clone(),
            reference_date: self.reference_date,
            occurred_at: self.occurred_at,
            applies_until: self.applies_until,
            lock_exception: self.lock_exception,
            entries: self.entries.iter().map(Entry::to_written).collect(),
            close_residue: self.close_residue,
        }
    }

    /// What is not written yet and must be.
    pub fn missing(&self, action: DraftAction) -> Vec<Refusal> {
        let mut missing = Vec::new();
        let mut needs = |is_there: bool, field: &str, why: &str| {
            if !is_there {
                missing.push(Refusal::new(Code::Required, &format!("input.{field}"), why));
            }
        };
        if matches!(action, DraftAction::Cancel | DraftAction::Reverse) {
            return missing;
        }
        needs(self.dated.is_some(), "date", "a voucher has a date");
        if action == DraftAction::Post {
            needs(self.voucher_type.is_some(), "voucherTypeId", "a voucher has a type");
        }
        for (index, entry) in self.entries.iter().enumerate() {
            let place = format!("entries.{index}");
            needs(entry.ledger.is_some(), &format!("{place}.ledgerId"), "an entry has a ledger");
            for (number, bill) in entry.bills.iter().enumerate() {
                let place = format!("{place}.bills.{number}");
                needs(bill.kind.is_some(), &format!("{place}.kind"), "say what this does");
                needs(bill.amount.is_some(), &format!("{place}.amount"), "say how much");
            }
            for (number, cost) in entry.costs.iter().enumerate() {
                let place = format!("{place}.costs.{number}");
                needs(cost.centre.is_some(), &format!("{place}.centreId"), "say which centre");
                needs(cost.amount.is_some(), &format!("{place}.amount"), "say how much");
            }
        }
        missing
    }

    /// Trims texts and checks sizes and ids; whatever else is wrong may stay until the draft is posted.
    ///
    /// # Errors
    /// Everything that is out of bounds or names nothing that the caller sees.
    pub fn checked(
        mut self,
        scope: &TenantScope,
        chart: &Chart,
        business: BusinessId,
    ) -> Result<Self> {
        let mut wrong = Wrong::below("input");
        let mut text = |field: &str, value: &mut Option<String>, most, one_line| {
            if let Some(given) = value.take() {
                // An empty narration says that there is none, where leaving it out keeps another's.
                *value = Some(wrong.text(field, Some(&given), most, one_line).unwrap_or_default());
            }
        };
        text("reason", &mut self.reason, REASON_MAX, false);
        text("narration", &mut self.narration, NARRATION_MAX, false);
        text("reference", &mut self.reference, REFERENCE_MAX, true);
        let is_type = |id: i64| {
            voucher_types::find(&scope.catalogue, chart, VoucherTypeId::new(id)).is_some()
        };
        if self.voucher_type.is_some_and(|id| !is_type(id)) {
            let why = "there is no such voucher type";
            wrong.add(Code::VoucherTypeUnknown, "voucherTypeId", why);
        }
        if self.entries.len() > ENTRIES_MAX {
            let why = format!("a voucher has at most {ENTRIES_MAX} entries");
            wrong.add(Code::TooMany, "entries", &why);
            self.entries.clear();
        }
        for (index, entry) in self.entries.iter_mut().enumerate() {
            entry.check(scope, chart, business, &format!("entries.{index}"), &mut wrong);
        }
        wrong.finish()?;
        Ok(self)
    }

    /// What lists show of it.
    pub(super) fn title(
        &self,
        scope: &TenantScope,
        (chart, business): (&Chart, &business::Model),
        action: DraftAction,
        voucher: Option<&PostedVoucher>,
    ) -> Title {
        let total = match action {
            DraftAction::Post | DraftAction::Amend => self.total(scope, chart, business),
            DraftAction::Cancel | DraftAction::Reverse => voucher.map(|voucher| voucher.total),
        };
        Title {
            dated: match action {
                DraftAction::Cancel => voucher.map(|voucher| voucher.dated),
                DraftAction::Reverse => self.dated.or(voucher.map(|voucher| voucher.dated)),
                DraftAction::Post | DraftAction::Amend => self.dated,
            },
            voucher_type: voucher
                .map(|voucher| voucher.voucher_type)
                .or(self.voucher_type.map(VoucherTypeId::new)),
            total: total.map(|total| total.format(chart::exponent(business))),
        }
    }

    /// The sum of its debits in the business's currency; none where one of them cannot be read.
    fn total(
        &self,
        scope: &TenantScope,
        chart: &Chart,
        business: &business::Model,
    ) -> Option<Money> {
        let day = self.dated.unwrap_or_else(|| scope.clock.today(&business.time_zone));
        let mut wrong = Wrong::below("input");
        let debits = self.entries.iter().filter(|entry| entry.debit.is_some());
        let amounts: Option<Vec<Money>> = debits
            .map(|entry| {
                let ledger = entry.ledger.and_then(|id| chart.ledgers.get(&LedgerId::new(id)));
                let Some(ledger) = ledger else {
                    let text = entry.debit.as_deref().filter(|_| entry.currency.is_none())?;
                    return Money::parse(text, chart::exponent(business)).ok();
                };
                let what = (business, ledger, day);
                let written = WrittenEntry { credit: None, ..entry.to_written() };
                let read = entry_amounts::read(scope, chart, what, &written, "", &mut wrong);
                read.map(|amounts| amounts.debit)
            })
            .collect();
        amounts.filter(|amounts| !amounts.is_empty()).and_then(Money::sum)
    }

    /// Adds it to what the edit log keeps.
    pub(in crate::services::books) fn describe(&self, head: Canonical) -> Canonical {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        head.int_if("voucherVersion", self.voucher_version.map(i64::from))
            .text_if("reason", self.reason.as_deref())
            .int_if("type", self.voucher_type)
            .text_if("dated", day(self.dated).as_deref())
            .text_if("narration", self.narration.as_deref())
            .text_if("reference", self.reference.as_deref())
            .text_if("referenceDate", day(self.reference_date).as_deref())
            .int_if("occurredAt", self.occurred_at)
            .text_if("appliesUntil", self.applies_until.map(|day| day.to_string()).as_deref())
            .int_if("lockException", self.lock_exception)
            .list("entries", self.entries.iter().map(Entry::describe))
            .int_if("closeResidue", self.close_residue.then_some(1))
    }
}

impl Entry {
    fn of(written: &WrittenEntry) -> Self {
        Self {
            ledger: written.ledger.map(LedgerId::get),
            debit: written.debit.clone(),
            credit: written.credit.clone(),
            currency: written.currency.clone(),
            exchange_rate: written.exchange_rate.clone(),
            narration: written.narration.clone(),
            bills: written.bills.iter().map(Bill::of).collect(),
            oldest_first: written.oldest_first,
            costs: written.costs.iter().map(Cost::of).collect(),
            bank: written.bank.clone(),
        }
    }

    fn to_written(&self) -> WrittenEntry {
        WrittenEntry {
            ledger: self.ledger.map(LedgerId::new),
            debit: self.debit.clone(),
            credit: self.credit.clone(),
            currency: self.currency.clone(),
            exchange_rate: self.exchange_rate.clone(),
            narration: self.narration.clone(),
            bills: self.bills.iter().map(Bill::to_written).collect(),
            oldest_first: self.oldest_first,
            costs: self.costs.iter().map(Cost::to_written).collect(),
            bank: self.bank.clone(),
        }
    }

    fn check(
        &mut self,
        scope: &TenantScope,
        chart: &Chart,
        business: BusinessId,
        place: &str,
        wrong: &mut Wrong<'_>,
    ) {
        let field = |name: &str| format!("{place}.{name}");
        let narration = self.narration.take();
        self.narration =
            wrong.text(&field("narration"), narration.as_deref(), ENTRY_NARRATION_MAX, true);
        let is_ledger = |id: i64| {
            let ledger = chart.visible_ledger(scope, LedgerId::new(id));
            ledger.is_some_and(|ledger| ledger.business_id == business)
        };
        if self.ledger.is_some_and(|id| !is_ledger(id)) {
            let why = "there is no such ledger in this business";
            wrong.add(Code::LedgerUnknown, &field("ledgerId"), why);
        }
        if let Some(bank) = &mut self.bank {
            bank.check(&field("bank"), wrong);
        }
        if self.costs.len() > SPLITS_MAX {
            let why = format!("an entry is split over at most {SPLITS_MAX} cost centres");
            wrong.add(Code::TooMany, &field("costs"), &why);
            return;
        }
        for (number, cost) in self.costs.iter().enumerate() {
            if cost.centre == Some(0) {
                let why = "there is no such cost centre in this business";
                let field = format!("{place}.costs.{number}.centreId");
                wrong.add(Code::CostCentreUnknown, &field, why);
            }
        }
        if self.bills.len() > PARTS_MAX {
            let why = format!("an entry names at most {PARTS_MAX} bills");
            wrong.add(Code::TooMany, &field("bills"), &why);
            return;
        }
        for (number, bill) in self.bills.iter_mut().enumerate() {
            let field = |name: &str| format!("{place}.bills.{number}.{name}");
            let reference = bill.reference.take();
            bill.reference =
                wrong.text(&field("reference"), reference.as_deref(), REFERENCE_MAX, true);
            if bill.bill == Some(0) {
                wrong.add(Code::BillUnknown, &field("billId"), "there is no such bill");
            }
        }
    }

    fn describe(&self) -> Canonical {
        let told = Canonical::new()
            .int_if("ledger", self.ledger)
            .text_if("debit", self.debit.as_deref())
            .text_if("credit", self.credit.as_deref())
            .text_if("currency", self.currency.as_deref())
            .text_if("exchangeRate", self.exchange_rate.as_deref())
            .text_if("narration", self.narration.as_deref())
            .object_if("bank", self.bank.as_ref().map(WrittenBank::describe));
        let told = if self.bills.is_empty() {
            told
        } else {
            told.list("bills", self.bills.iter().map(Bill::describe))
        };
        let told = if self.oldest_first { told.text("allocate", "OLDEST_FIRST") } else { told };
        if self.costs.is_empty() {
            return told;
        }
        told.list("costs", self.costs.iter().map(Cost::describe))
    }

    /// The entry's currency, where it names one.
    pub fn currency(&self) -> Option<CurrencyCode> {
        CurrencyCode::parse(self.currency.as_deref()?).ok()
    }
}

impl Bill {
    fn of(written: &WrittenBill) -> Self {
        Self {
            kind: Some(written.kind.to_value()),
            bill: written.bill.map(|bill| bill.map_or(0, BillId::get)),
            reference: written.reference.clone(),
            due_on: written.due_on,
            amount: Some(written.amount.clone()),
            excess_on_account: written.excess == Excess::OnAccount,
        }
    }

    fn to_written(&self) -> WrittenBill {
        let stand_in = if self.bill.is_some() { BillKind::Against } else { BillKind::OnAccount };
        WrittenBill {
            kind: self.kind().unwrap_or(stand_in),
            bill: self.bill.map(|bill| Some(BillId::new(bill))),
            reference: self.reference.clone(),
            due_on: self.due_on,
            amount: self.amount.clone().unwrap_or_default(),
            excess: if self.excess_on_account { Excess::OnAccount } else { Excess::Refuse },
        }
    }

    fn describe(&self) -> Canonical {
        Canonical::new()
            .text_if("kind", self.kind.as_deref())
            .int_if("bill", self.bill)
            .text_if("reference", self.reference.as_deref())
            .text_if("dueOn", self.due_on.map(|day| day.to_string()).as_deref())
            .text_if("amount", self.amount.as_deref())
            .text("excess", if self.excess_on_account { "ON_ACCOUNT" } else { "REFUSE" })
    }
}

impl Cost {
    fn of(written: &WrittenCost) -> Self {
        Self {
            centre: Some(written.centre.map_or(0, CostCentreId::get)),
            amount: Some(written.amount.clone()),
        }
    }

    fn to_written(&self) -> WrittenCost {
        WrittenCost {
            centre: self.centre.map(CostCentreId::new),
            amount: self.amount.clone().unwrap_or_default(),
        }
    }

    fn describe(&self) -> Canonical {
        Canonical::new().int_if("centre", self.centre).text_if("amount", self.amount.as_deref())
    }
}

/// Refusals of two kinds together: of one field only the first is told.
///
/// # Errors
/// Both, where there is any.
pub(in crate::services::books) fn together<T>(
    missing: Vec<Refusal>,
    judged: Result<T>,
) -> Result<T> {
    let more = match judged {
        Ok(done) if missing.is_empty() => return Ok(done),
        Ok(_) => Vec::new(),
        Err(Error::Refused(more)) => more,
        Err(failure) => return Err(failure),
    };
    let mut all = missing;
    let is_new: Vec<Refusal> =
        more.into_iter().filter(|one| all.iter().all(|known| known.field != one.field)).collect();
    all.extend(is_new);
    Err(Error::Refused(all))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn written() -> PostVoucher {
        PostVoucher {
            business: Asked::This(BusinessId::new(1)),
            voucher_type: Some(VoucherTypeId::new(2)),
            dated: NaiveDate::from_ymd_opt(2026, 4, 30).unwrap(),
            narration: Some("rent".to_owned()),
            reference: Some("INV/1".to_owned()),
            reference_date: NaiveDate::from_ymd_opt(2026, 4, 29),
            occurred_at: Some(1),
            applies_until: None,
            lock_exception: Some(3),
            entries: vec![WrittenEntry {
                ledger: Some(LedgerId::new(i64::MAX)),
                debit: Some("12.50".to_owned()),
                credit: None,
                currency: Some("USD".to_owned()),
                exchange_rate: Some("83.1".to_owned()),
                narration: Some("of May".to_owned()),
                bills: vec![WrittenBill {
                    kind: BillKind::Against,
                    bill: Some(Some(BillId::new(9))),
                    reference: None,
                    due_on: None,
                    amount: "12.5".to_owned(),
                    excess: Excess::OnAccount,
                }],
                oldest_first: true,
                costs: vec![WrittenCost {
                    centre: Some(CostCentreId::new(8)),
                    amount: "10".to_owned(),
                }],
                bank: Some(WrittenBank {
                    instrument: "CHEQUE".to_owned(),
                    number: Some("000123".to_owned()),
                    dated: NaiveDate::from_ymd_opt(2026, 5, 1),
                    payee: Some("Asha".to_owned()),
                    bank: Some("State Bank".to_owned()),
                }),
            }],
            close_residue: true,
        }
    }

    #[test]
    fn a_command_is_kept_as_it_was_written() {
        let command = written();
        let text = Content::of_voucher(&command).to_text().unwrap();
        let kept = Content::read(&text).unwrap();
        assert!(kept.missing(DraftAction::Post).is_empty());
        let never = NaiveDate::MIN;
        let back = kept.to_voucher(BusinessId::new(1), never);
        assert_eq!(format!("{back:?}"), format!("{command:?}"));
    }

    #[test]
    fn what_an_older_program_did_not_write_is_not_there() {
        assert_eq!(Content::read("{}").unwrap(), Content::default());
        let named = |refusals: Vec<Refusal>| {
            refusals.into_iter().map(|one| one.field.join(".")).collect::<Vec<_>>()
        };
        let content = Content {
            entries: vec![Entry { bills: vec![Bill::default()], ..Entry::default() }],
            ..Content::default()
        };
        assert_eq!(
            named(content.missing(DraftAction::Amend)),
            [
                "input.date",
                "input.entries.0.ledgerId",
                "input.entries.0.bills.0.kind",
                "input.entries.0.bills.0.amount"
            ]
        );
        assert!(named(content.missing(DraftAction::Cancel)).is_empty());
    }

    #[test]
    fn of_one_field_the_first_refusal_is_told() {
        let why = |code, field| Refusal::new(code, field, "so");
        let missing = || vec![why(Code::Required, "input.date")];
        let judged: Result<()> = Err(Error::Refused(vec![
            why(Code::Invalid, "input.date"),
            why(Code::TooFewEntries, "input.entries"),
        ]));
        let Err(Error::Refused(all)) = together(missing(), judged) else { unreachable!() };
        let codes: Vec<Code> = all.iter().map(|one| one.code).collect();
        assert_eq!(codes, [Code::Required, Code::TooFewEntries]);
        assert!(together(missing(), Ok(())).is_err());
        assert!(together(Vec::new(), Ok(())).is_ok());
    }
}
