//! Files: sent in, attached, fetched.

pub mod attachments;
pub mod downloads;
pub mod uploads;
