//! Books from the first ledger to the trial balance.

mod acts;
mod bills;
mod crowd;
mod drafts;
mod edits;
mod figures;
mod groups;
mod large;
mod lists;
mod locks;
mod names;
mod openings;
mod refusals;
mod retry;
mod shop;
mod standing;
mod together;
mod trail;

pub use shop::Shop;
