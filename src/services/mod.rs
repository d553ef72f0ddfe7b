//! Use cases: one function per thing a person can do.

pub mod account;
pub mod banks;
pub mod books;
pub mod chain;
pub mod demo;
pub mod exports;
pub mod files;
pub mod imports;
pub mod master;
pub mod platform;
pub mod reports;
pub mod session;
pub mod staff;
