//! Who somebody is: passwords, tokens, sessions, and what they may do.

pub mod password;
pub mod secret;
pub mod token;

pub mod roles;

pub mod access;
pub mod office_access;

pub mod family;
pub mod office_sessions;
pub mod sessions;

pub mod directory;
pub mod throttle;

pub mod desk;
pub mod key_use;

pub mod gate;
pub mod links;
