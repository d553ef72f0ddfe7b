//! The report: Markdown tables that read well as plain text too.

use std::fmt;

use crate::figures::Figure;

/// A table under a heading, with remarks below.
#[derive(Debug, Clone)]
pub struct Table {
    title: String,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    remarks: Vec<String>,
}

impl Table {
    /// An empty table.
    pub fn new(title: String, head: &[&'static str]) -> Self {
        Self { title, head: head.to_vec(), rows: Vec::new(), remarks: Vec::new() }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    /// Adds a remark.
    pub fn remark(&mut self, text: impl Into<String>) {
        self.remarks.push(text.into());
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.remarks.is_empty()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "### {}\n", self.title)?;
        let heads: Vec<String> = self.head.iter().map(|head| (*head).to_owned()).collect();
        let widths: Vec<usize> = (0..heads.len())
            .map(|column| {
                let cells = self.rows.iter().chain([&heads]).filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let mut line = |cells: &[String]| {
            for (place, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                match place {
                    0 => write!(out, "| {cell:<width$} |")?,
                    _ => write!(out, " {cell:>width$} |")?,
                }
            }
            writeln!(out)
        };
        if heads.is_empty() {
            return self.remarks.iter().try_for_each(|remark| writeln!(out, "{remark}"));
        }
        line(&heads)?;
        let rules: Vec<String> = widths
            .iter()
            .enumerate()
            .map(|(place, width)| match place {
                0 => "-".repeat(*width),
                _ => format!("{}:", "-".repeat(width.saturating_sub(1))),
            })
            .collect();
        line(&rules)?;
        for row in &self.rows {
            line(row)?;
        }
        for remark in &self.remarks {
            writeln!(out, "\n{remark}")?;
        }
        Ok(())
    }
}

/// A rate, whole where it is large.
pub fn rate(figure: Option<Figure>) -> String {
    figure.map_or_else(
        || "-".to_owned(),
        |figure| match figure.rate {
            rate if rate < 100.0 => format!("{rate:.1}"),
            rate => format!("{rate:.0}"),
        },
    )
}

/// Milliseconds.
pub fn ms(time: f64) -> String {
    if time < 10.0 { format!("{time:.2}") } else { format!("{time:.1}") }
}

/// `above` as a multiple of `below`, when both are there and may be compared.
pub fn ratio(above: Option<f64>, below: Option<f64>, comparable: bool) -> String {
    match (above, below) {
        (Some(above), Some(below)) if comparable && below > 0.0 => format!("{:.2}", above / below),
        _ => "-".to_owned(),
    }
}
