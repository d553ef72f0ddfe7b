//! Reports over the whole books: statements of one moment, and registers with every line.

mod ageing;
mod bounds;
mod budgets;
mod company;
mod costs;
mod exceptions;
mod golden;
mod hand;
mod history;
mod known;
mod model;
mod questions;
mod several;
mod statements;
mod summaries;
mod together;

pub use model::Chance;
