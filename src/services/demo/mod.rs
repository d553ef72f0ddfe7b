//! An example to look at: three tenants with a year of vouchers, the same at every run.
//!
//! Everything goes through the services that people use. The edit log tells how far earlier runs came,
//! so a second one goes on there: retry keys, which keep two at once from posting twice, do not last.

mod books;
mod cast;
mod diary;
mod random;
mod run;
#[cfg(test)]
mod tests;

pub use run::{Demo, SignIn, Watcher, Whole, load};
