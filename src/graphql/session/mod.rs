//! Signing in, and who one is, in the API.

mod account;
mod invitation;
mod login;
mod me;
mod password;
mod register;
mod sessions;

use async_graphql::{MergedObject, SimpleObject};
use secrecy::{ExposeSecret, SecretString};

pub use me::Account;

use crate::{
    auth::family::OneTimeCode, graphql::scalar::DateTime, services::session::Handed, user_errors,
};

/// The kind of a tenant's global id.
pub const TENANT: &str = "Tenant";
/// The kind of a user's global id.
pub const USER: &str = "User";
/// The kind of the global id of somebody of the office.
pub const ADMIN: &str = "Admin";

/// What a client holds after signing in. Both tokens are secrets.
#[derive(SimpleObject, Debug)]
pub struct Session {
    /// Shown as `Authorization: Bearer …` with each request; counts for minutes.
    pub access_token: String,
    /// Good once, for the next pair of tokens.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_at: DateTime,
    /// When the refresh token ends, and with it the session, unless it is renewed before.
    pub refresh_token_expires_at: DateTime,
}

impl From<Handed> for Session {
    fn from(handed: Handed) -> Self {
        Self {
            access_token: handed.access.expose_secret().to_owned(),
            refresh_token: handed.refresh.expose_secret().to_owned(),
            expires_at: DateTime(handed.expires_at),
            refresh_token_expires_at: DateTime(handed.refresh_expires_at),
        }
    }
}

user_errors!(
    /// Something wrong with signing in or with a password.
    SessionUserError,
    /// What can be wrong with signing in or with a password.
    SessionErrorCode {
        /// The code or choice is wrong, used or too old.
        CodeExpired,
        /// Country is not in the catalogue.
        CountryUnknown,
        /// E-mail address, password or token are wrong, or the account is not open.
        CredentialsWrong,
        /// Currency is not in the catalogue.
        CurrencyUnknown,
        /// The GSTIN's form or check digit is wrong.
        GstinInvalid,
        /// The caller may not do this in this way.
        NotAllowed,
        /// The new password is the one until now.
        PasswordUnchanged,
        /// The password is too easily guessed.
        PasswordWeak,
        /// This cannot be empty.
        Required,
        /// The subdomain is in use.
        SubdomainTaken,
        /// The text is too long.
        TooLong,
    }
);

/// Declares what is answered where nothing but a session is made.
macro_rules! session_payloads {
    ($($names:tt)+) => {
        $crate::payloads! {
            /// The tokens; null when something was wrong.
            session: $crate::graphql::session::Session, of $crate::services::session::Handed,
            or $crate::graphql::session::SessionUserError;
            $($names)+
        }
    };
}

use session_payloads;

/// A one-time code, for once, and when it ends.
pub fn shown_once(code: Option<OneTimeCode>) -> (Option<String>, Option<DateTime>) {
    code.map(|code| (code.code.reveal(), DateTime(code.expires_at))).unzip()
}

fn secret(text: String) -> SecretString {
    SecretString::from(text)
}

/// Queries of who one is, and of the account.
#[derive(MergedObject, Default, Debug)]
pub struct SessionQuery(me::MeQuery, account::AccountQuery);

/// Mutations of signing in and out, of passwords, and of the account.
#[derive(MergedObject, Default, Debug)]
pub struct SessionMutation(
    account::AccountMutation,
    register::RegisterMutation,
    login::LoginMutation,
    sessions::SessionsMutation,
    password::PasswordMutation,
    invitation::InvitationMutation,
);
