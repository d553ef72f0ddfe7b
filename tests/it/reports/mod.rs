//! Reports over the whole books: statements of one moment, and registers with every line.

mod bounds;
mod company;
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
