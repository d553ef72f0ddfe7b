//! Who signs in to a server and with which password, as it is sealed into a row of master.
//!
//! A sealed text is bound to its row, so that one copied into another row does not open there.

use daybook_domain::id::{DatabaseServerId, TenantId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    seal::{KeyRing, Sealed},
};

/// Label of the keyed hash by which the login directory finds e-mail addresses.
pub const DIRECTORY_LABEL: &str = "login_directory";

/// A database user and its password.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Who signs in.
    pub user: String,
    /// With which password; may be empty.
    pub password: SecretString,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    user: String,
    password: String,
}

impl Credentials {
    /// Seals them for one row.
    ///
    /// # Errors
    /// [`Error::Internal`] when nothing can be sealed.
    pub fn seal(&self, keys: &KeyRing, context: &str) -> Result<Sealed> {
        let stored =
            Stored { user: self.user.clone(), password: self.password.expose_secret().to_owned() };
        let text = zeroize::Zeroizing::new(serde_json::to_vec(&stored)?);
        keys.seal(&text, context).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Opens what was sealed for that row.
    ///
    /// # Errors
    /// [`Error::Internal`] when the key is not at hand or the text was changed.
    pub fn open(keys: &KeyRing, text: &str, context: &str) -> Result<Self> {
        let plain = keys
            .open(text, context)
            .map_err(|error| Error::Internal(format!("{context}: {error}")))?;
        let stored: Stored = serde_json::from_slice(&plain)?;
        Ok(Self { user: stored.user, password: stored.password.into() })
    }
}

/// What a tenant's sealed text is bound to.
pub fn tenant_context(tenant: TenantId) -> String {
    format!("tenant:{tenant}")
}

/// What a server's sealed text is bound to.
pub fn server_context(server: DatabaseServerId) -> String {
    format!("server:{server}")
}
