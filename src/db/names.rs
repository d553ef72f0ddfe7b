//! Names of what Daybook makes on database servers: databases, templates, roles.
//!
//! Each begins with the installation's marker and has a form by which it is recognised again, so that
//! clearing up never touches what somebody else made there: `daybook_meera_20261121093000123` is a
//! tenant's database, `daybook_template_0123456789abcdef` a template, `daybook_t0123456789abcdef` a
//! tenant's role.

use chrono::{DateTime, Utc};
use daybook_domain::id::TenantId;
use sha2::{Digest, Sha256};

/// Longest name that all engines take.
const NAME_CHARS_MAX: usize = 63;
/// `20261121093000123`: year to millisecond.
const STAMP_CHARS: usize = 17;
const HASH_CHARS: usize = 16;
/// A tenant's number in hexadecimal.
const ROLE_DIGITS: usize = 16;
/// Longest marker: leaves MySQL's 32 characters of a user enough for a tenant's number.
pub const MARKER_CHARS_MAX: usize = 14;

/// Makes and recognises names under one marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    marker: String,
}

/// A marker that cannot stand at the beginning of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("2 to {MARKER_CHARS_MAX} of a-z, 0-9 and _, beginning with a letter")]
pub struct BadMarker;

impl Names {
    /// Names that begin with `marker`.
    ///
    /// # Errors
    /// [`BadMarker`] unless it is 2 to 14 of `a-z 0-9 _`, a letter first.
    pub fn new(marker: &str) -> Result<Self, BadMarker> {
        let fits = (2..=MARKER_CHARS_MAX).contains(&marker.len())
            && marker.starts_with(|first: char| first.is_ascii_lowercase())
            && marker.chars().all(|one| matches!(one, 'a'..='z' | '0'..='9' | '_'));
        if fits { Ok(Self { marker: marker.to_owned() }) } else { Err(BadMarker) }
    }

    /// A tenant's database: marker, subdomain, instant.
    pub fn tenant(&self, subdomain: &str, at: DateTime<Utc>) -> String {
        let stamp = at.format("%Y%m%d%H%M%S%3f").to_string();
        let room = NAME_CHARS_MAX.saturating_sub(self.marker.len() + STAMP_CHARS + 2);
        let label: String = subdomain
            .chars()
            .map(|one| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '_' })
            .take(room)
            .collect();
        format!("{}_{label}_{stamp}", self.marker)
    }

    /// When the tenant's database of this name was begun; nothing for any other name.
    pub fn begun_at(&self, name: &str) -> Option<i64> {
        let rest = self.after_marker(name)?;
        let (label, stamp) = rest.rsplit_once('_')?;
        if label.is_empty() || stamp.len() != STAMP_CHARS || !is_digits(stamp) {
            return None;
        }
        let (seconds, millis) = stamp.split_at(STAMP_CHARS - 3);
        let seconds = chrono::NaiveDateTime::parse_from_str(seconds, "%Y%m%d%H%M%S").ok()?;
        seconds.and_utc().timestamp_millis().checked_add(millis.parse().ok()?)
    }

    /// The template that holds the tables of this release.
    pub fn template(&self, hash: &str) -> String {
        format!("{}_template_{hash}", self.marker)
    }

    /// Whether a name is a template's.
    pub fn is_template(&self, name: &str) -> bool {
        self.after_marker(name).and_then(|rest| rest.strip_prefix("template_")).is_some_and(
            |hash| hash.len() == HASH_CHARS && hash.chars().all(|digit| digit.is_ascii_hexdigit()),
        )
    }

    /// Whether this program may drop a database of this name.
    pub fn may_drop(&self, name: &str) -> bool {
        self.begun_at(name).is_some() || self.is_template(name)
    }

    /// A tenant's own database user.
    pub fn role(&self, tenant: TenantId) -> String {
        format!("{}_t{:016x}", self.marker, tenant.get())
    }

    /// Whose role this is; nothing for any other name.
    pub fn tenant_of_role(&self, role: &str) -> Option<TenantId> {
        let number = self.after_marker(role)?.strip_prefix('t')?;
        if number.len() != ROLE_DIGITS {
            return None;
        }
        i64::from_str_radix(number, 16).ok().map(TenantId::new)
    }

    /// The role without login that may read and write rows of tenants' tables (PostgreSQL).
    pub fn group_role(&self) -> String {
        format!("{}_tenant_rw", self.marker)
    }

    /// What names begin with.
    pub fn prefix(&self) -> String {
        format!("{}_", self.marker)
    }

    fn after_marker<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_prefix(&self.marker)?.strip_prefix('_')
    }
}

/// A short hash of a list of names: changes when one of them does.
pub fn hash_of(names: &[String]) -> String {
    let mut hasher = Sha256::new();
    for name in names {
        hasher.update(name.as_bytes());
        hasher.update(b"\n");
    }
    let mut text = hex::encode(hasher.finalize());
    text.truncate(HASH_CHARS);
    text
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|one| one.is_ascii_digit())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new("daybook_tenant").unwrap()
    }

    #[test]
    fn a_tenants_database_is_recognised_by_its_form() {
        let at = DateTime::from_timestamp_millis(1_795_253_400_123).unwrap();
        let name = names().tenant("meera-textiles", at);
        assert_eq!(names().begun_at(&name), Some(1_795_253_400_123), "{name}");
        let long = names().tenant(&"a".repeat(63), at);
        assert_eq!(long.len(), 63);
        assert!(names().begun_at(&long).is_some());
        for other in ["daybook_tenant_main", "daybook_main", "daybook_tenant__20261121093000123"] {
            assert!(!names().may_drop(other), "{other}");
        }
        let template = names().template(&hash_of(&["a".to_owned()]));
        assert!(names().is_template(&template) && names().begun_at(&template).is_none());
    }

    #[test]
    fn a_role_names_its_tenant() {
        let role = names().role(TenantId::new(i64::MAX));
        assert!(role.len() <= 32, "MySQL's limit");
        assert_eq!(names().tenant_of_role(&role), Some(TenantId::new(i64::MAX)));
        assert_eq!(names().tenant_of_role(&names().group_role()), None);
        assert_eq!(Names::new("Day book"), Err(BadMarker));
    }
}
