//! Staff: who works in a tenant, what they may do, and the keys of machines that act for them.
//!
//! Two rules hold throughout: nobody grants or touches rights that they do not hold themselves, and
//! the last owner stays an owner who can sign in.

mod change;
mod invite;
mod keys;
mod list;
mod rights;
mod sessions;

pub use change::{Update, disable, enable, update};
pub use invite::{Invite, invite, owner_code, reset_code, reset_code_by_operator};
pub use keys::{NewKey, api_key, api_key_create, api_key_revoke, api_keys};
pub use list::{Member, UserFilter, user, users, users_among};
pub use sessions::{SignIn, session, session_end, sessions};
