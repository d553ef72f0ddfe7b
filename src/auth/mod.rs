//! Who somebody is: passwords, tokens, sessions, and what they may do.

pub mod password;
pub mod secret;
pub mod token;
