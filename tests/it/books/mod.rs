//! Books from the first ledger to the trial balance.

mod figures;
mod refusals;
mod retry;
mod shop;
mod together;

pub use shop::Shop;
