//! An example to look at: three tenants with a year of vouchers, the same at every run.
//!
//! Everything goes through the services that people use. Names and retry keys are fixed, so a second
//! run finds what the first one made and posts only what has fallen due since.

mod books;
mod cast;
mod diary;
mod random;
mod run;
#[cfg(test)]
mod tests;

pub use run::{Demo, SignIn, Watcher, load};
