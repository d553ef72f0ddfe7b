//! Values of Tally's elements: amounts with their side, days, names, bills.

use chrono::{Days, NaiveDate};
use daybook_domain::money::Money;
use rust_decimal::Decimal;

use super::xml::Element;
use crate::interchange::{
    amount::{self, AmountError, DecimalSign},
    dates::{self, DateOrder},
    finding::{Reason, Wrong},
    limits::Limits,
    staged::{BillKind, StagedBill, StagedForeign},
    words,
};

/// What values are read by.
pub struct Reader<'l> {
    pub exponent: u8,
    pub limits: &'l Limits,
}

/// An amount, and what it was in another currency.
pub struct Amount {
    pub money: Money,
    pub foreign: Option<StagedForeign>,
}

impl Reader<'_> {
    /// A name that must be there.
    pub fn name(&self, element: &Element, text: Option<&str>, what: &str) -> Result<String, Wrong> {
        self.optional_name(element, text, what)?.ok_or_else(|| {
            Wrong::new(element.line, Reason::MissingValue, format!("{what} is missing"))
        })
    }

    pub fn optional_name(
        &self,
        element: &Element,
        text: Option<&str>,
        what: &str,
    ) -> Result<Option<String>, Wrong> {
        words::name(text.unwrap_or_default(), self.limits)
            .map_err(|why| Wrong::new(element.line, Reason::BadText, format!("{what}: {why}")))
    }

    /// A text of one line.
    pub fn line(&self, element: &Element, name: &str) -> Result<Option<String>, Wrong> {
        words::line(element.text_of(name).unwrap_or_default(), self.limits)
            .map_err(|why| Wrong::new(element.line, Reason::BadText, format!("{name}: {why}")))
    }

    /// A text of several lines.
    pub fn narration(&self, element: &Element) -> Result<Option<String>, Wrong> {
        words::narration(element.text_of("NARRATION").unwrap_or_default(), self.limits)
            .map_err(|why| Wrong::new(element.line, Reason::BadText, format!("NARRATION: {why}")))
    }

    /// A day; none where the child is empty.
    pub fn date(&self, element: &Element, name: &str) -> Result<Option<NaiveDate>, Wrong> {
        let Some(text) = element.text_of(name) else { return Ok(None) };
        let line = element.child(name).map_or(element.line, |child| child.line);
        dates::read(text, DateOrder::YearFirst).map(Some).ok_or_else(|| {
            Wrong::new(
                line,
                Reason::BadDate,
                format!("{name} {text:?} is not a day of the calendar"),
            )
        })
    }

    /// The amount in the first child of this name, debit above zero; none where it is empty.
    pub fn amount(&self, element: &Element, name: &str) -> Result<Option<Amount>, Wrong> {
        let Some(holder) = element.child(name) else { return Ok(None) };
        let wrong = |text: &str, why: AmountError| {
            Wrong::new(holder.line, Reason::BadAmount, format!("{name} {text:?} {why}"))
        };
        // Reports of connectors put the size and the side into elements of their own.
        if let Some(text) = holder.text_of("AMOUNT") {
            let size = self.money(text).map_err(|why| wrong(text, why))?;
            let is_debit = holder.flag("ISDEBIT").unwrap_or(true);
            return Ok(Some(Amount { money: if is_debit { size } else { -size }, foreign: None }));
        }
        let Some(text) = holder.text() else { return Ok(None) };
        let (before, base) = match text.rsplit_once('=') {
            Some((before, base)) => (Some(before), base),
            None => (None, text),
        };
        let money = self.money(base).map_err(|why| wrong(text, why))?;
        let foreign = match before {
            Some(before) => Some(self.foreign(before).map_err(|why| wrong(text, why))?),
            None => None,
        };
        Ok(Some(Amount { money: -money, foreign }))
    }

    /// An amount as Tally writes it; symbols that its code page lost stand there as `?`.
    fn money(&self, text: &str) -> Result<Money, AmountError> {
        amount::read(&text.replace('?', ""), DecimalSign::Point, self.exponent)
    }

    /// `-$100.00 @ ? 83.12/$`, of which the first part is taken.
    fn foreign(&self, text: &str) -> Result<StagedForeign, AmountError> {
        let quantity = text.split('@').next().unwrap_or_default().trim();
        let commodity: String = quantity
            .chars()
            .filter(|one| {
                !one.is_ascii_digit() && !matches!(one, '-' | '.' | ',' | '(' | ')' | '?')
            })
            .collect();
        let number: String = quantity
            .chars()
            .filter(|one| one.is_ascii_digit() || matches!(one, '-' | '.' | ',' | '(' | ')'))
            .collect();
        let digits = amount::take_apart(&number, DecimalSign::Point)?;
        let size = Decimal::from_str_exact(&digits.digits).map_err(|_| AmountError::TooLarge)?;
        // As with amounts, a debit is below zero in the file.
        let quantity = if digits.is_negative { size } else { -size };
        let commodity = words::name(&commodity, self.limits).ok().flatten();
        Ok(StagedForeign { commodity: commodity.unwrap_or_else(|| "?".to_owned()), quantity })
    }

    /// The bills below a ledger or an entry. Days of credit count from `voucher_date` where a bill has
    /// no date of its own; its amount stands in `amount_name`.
    pub fn bills(
        &self,
        element: &Element,
        amount_name: &str,
        voucher_date: Option<NaiveDate>,
    ) -> Result<Vec<StagedBill>, Wrong> {
        let mut bills = Vec::new();
        for child in element.filled("BILLALLOCATIONS.LIST") {
            let Some(amount) = self.amount(child, amount_name)? else { continue };
            let kind = match child.text_of("BILLTYPE") {
                Some(text) => BillKind::parse(text).ok_or_else(|| {
                    let message = format!("BILLTYPE {text:?} is none that is known");
                    Wrong::new(child.line, Reason::BadValue, message)
                })?,
                None if child.flag("ISADVANCE") == Some(true) => BillKind::Advance,
                None if child.text_of("NAME").is_none() => BillKind::OnAccount,
                None => BillKind::New,
            };
            let date = self.date(child, "BILLDATE")?;
            bills.push(StagedBill {
                line: child.line,
                kind,
                name: self.line(child, "NAME")?,
                date,
                due: self.due(child, date.or(voucher_date))?,
                amount: amount.money,
            });
        }
        Ok(bills)
    }

    /// A period of credit: a number of days, or the day itself.
    fn due(&self, bill: &Element, from: Option<NaiveDate>) -> Result<Option<NaiveDate>, Wrong> {
        let Some(period) = bill.child("BILLCREDITPERIOD") else { return Ok(None) };
        if let Some(due) = self.date(period, "DUEONDATE")? {
            return Ok(Some(due));
        }
        let Some(text) = period.text() else { return Ok(None) };
        if let Some(date) = dates::read(text, DateOrder::DayFirst) {
            return Ok(Some(date));
        }
        let wrong = || {
            let message = format!("BILLCREDITPERIOD {text:?} is neither days nor a day");
            Wrong::new(period.line, Reason::BadDate, message)
        };
        let (number, unit) = text.split_once(char::is_whitespace).unwrap_or((text, "Days"));
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let days = match unit.trim().to_ascii_lowercase().trim_end_matches('s') {
            "day" => Some(number),
            "week" => number.checked_mul(7),
            _ => None,
        };
        let Some(from) = from else { return Ok(None) };
        days.and_then(|days| from.checked_add_days(Days::new(days))).map(Some).ok_or_else(wrong)
    }
}
