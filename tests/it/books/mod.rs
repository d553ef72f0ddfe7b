//! Books from the first ledger to the trial balance.

mod acts;
mod banks;
mod bills;
mod costs;
mod crowd;
mod currency;
mod drafts;
mod edits;
mod figures;
mod groups;
mod kinds;
mod large;
mod lists;
mod locks;
mod names;
mod oldest;
mod openings;
mod recurring;
mod refusals;
mod retry;
mod revaluation;
mod shop;
mod standing;
mod together;
mod trail;

pub use shop::Shop;
