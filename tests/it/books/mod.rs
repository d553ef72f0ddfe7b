//! Books from the first ledger to the trial balance.

mod edits;
mod figures;
mod groups;
mod large;
mod lists;
mod names;
mod refusals;
mod retry;
mod shop;
mod standing;
mod together;
mod trail;

pub use shop::Shop;
