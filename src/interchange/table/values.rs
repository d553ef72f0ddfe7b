//! Values of cells: what each column's text is read as.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use daybook_domain::money::Money;
use rust_decimal::Decimal;

use super::{Mapping, SheetRow, Sheets, fields::Field};
use crate::interchange::{
    amount, dates,
    finding::{Reason, Wrong},
    words,
};

/// A row with the meaning of its columns.
pub struct Cells<'r, F> {
    pub row: &'r SheetRow,
    pub columns: &'r BTreeMap<F, usize>,
    pub mapping: &'r Mapping<F>,
    pub sheets: Sheets<'r>,
}

impl<'r, F: Field> Cells<'r, F> {
    /// The text of a cell; empty where there is none.
    pub fn text(&self, field: F) -> &'r str {
        let cell = self.columns.get(&field).and_then(|place| self.row.cells.get(*place));
        cell.map_or("", |cell| cell.trim())
    }

    pub fn has(&self, field: F) -> bool {
        !self.text(field).is_empty()
    }

    pub fn wrong(&self, reason: Reason, message: impl Into<String>) -> Wrong {
        Wrong::new(self.row.line, reason, message)
    }

    fn wrong_cell(&self, field: F, reason: Reason, why: impl std::fmt::Display) -> Wrong {
        let text = self.text(field);
        self.wrong(reason, format!("{} {text:?} {why}", field.heading()))
    }

    pub fn name(&self, field: F) -> Result<Option<String>, Wrong> {
        words::name(self.text(field), self.sheets.limits)
            .map_err(|why| self.wrong(Reason::BadText, format!("{}: {why}", field.heading())))
    }

    pub fn line(&self, field: F) -> Result<Option<String>, Wrong> {
        words::line(self.text(field), self.sheets.limits)
            .map_err(|why| self.wrong(Reason::BadText, format!("{}: {why}", field.heading())))
    }

    pub fn narration(&self, field: F) -> Result<Option<String>, Wrong> {
        words::narration(self.text(field), self.sheets.limits)
            .map_err(|why| self.wrong(Reason::BadText, format!("{}: {why}", field.heading())))
    }

    pub fn address(&self, field: F) -> Result<Option<String>, Wrong> {
        words::address(self.text(field), self.sheets.limits)
            .map_err(|why| self.wrong(Reason::BadText, format!("{}: {why}", field.heading())))
    }

    pub fn date(&self, field: F) -> Result<Option<NaiveDate>, Wrong> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        dates::read(text, self.mapping.dates)
            .map(Some)
            .ok_or_else(|| self.wrong_cell(field, Reason::BadDate, "is not a day of the calendar"))
    }

    /// An amount; none where the cell is empty or a dash.
    pub fn amount(&self, field: F) -> Result<Option<Money>, Wrong> {
        let text = self.text(field);
        if matches!(text, "" | "-" | "–" | "—") {
            return Ok(None);
        }
        amount::read(text, self.mapping.decimal, self.sheets.currency.exponent)
            .map(Some)
            .map_err(|why| self.wrong_cell(field, Reason::BadAmount, why))
    }

    /// An amount from two columns, first less second; none where both are empty.
    pub fn two_sided(&self, more: F, less: F) -> Result<Option<Money>, Wrong> {
        let (more_amount, less_amount) = (self.amount(more)?, self.amount(less)?);
        match (more_amount.unwrap_or_default(), less_amount.unwrap_or_default()) {
            (one, other) if !one.is_zero() && !other.is_zero() => {
                let message =
                    format!("both {} and {} have an amount", more.heading(), less.heading());
                Err(self.wrong(Reason::BadAmount, message))
            }
            (one, other) => {
                let is_given = more_amount.is_some() || less_amount.is_some();
                Ok(is_given.then(|| if other.is_zero() { one } else { -other }))
            }
        }
    }

    pub fn decimal(&self, field: F) -> Result<Option<Decimal>, Wrong> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || self.wrong_cell(field, Reason::BadAmount, "is not a number");
        let digits = amount::take_apart(text, self.mapping.decimal).map_err(|_| wrong())?;
        let size = Decimal::from_str_exact(&digits.digits).map_err(|_| wrong())?;
        Ok(Some(if digits.is_negative { -size } else { size }))
    }

    /// Yes or no; no where the cell is empty.
    pub fn flag(&self, field: F) -> Result<bool, Wrong> {
        match self.text(field).to_ascii_lowercase().as_str() {
            "" | "no" | "n" | "false" | "f" | "0" => Ok(false),
            "yes" | "y" | "true" | "t" | "1" => Ok(true),
            _ => Err(self.wrong_cell(field, Reason::BadValue, "is neither yes nor no")),
        }
    }
}
