//! Files: sent in, attached, fetched.

pub mod uploads;
