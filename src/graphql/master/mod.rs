//! The shared structure in the API.

pub mod groups;
pub mod types;

pub use groups::AccountGroup;
pub use types::VoucherType;
