//! Sessions, their refresh tokens and one-time codes as rows, alike for tenants and for the office.
//!
//! A session is a family of refresh tokens, each good once. A token that comes back after it was used
//! was copied: then the whole family ends, whoever holds its newest token.

use std::collections::HashMap;

use daybook_domain::id::{SessionId, TenantId, UserId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Value};

use super::secret::{self, Made, Presented};
use crate::{db::sql::statement, error::Result};

/// One realm's tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tables {
    users: &'static str,
    sessions: &'static str,
    tokens: &'static str,
    codes: &'static str,
    has_code_author: bool,
}

/// A tenant's tables.
pub(crate) const TENANT: Tables = Tables {
    users: "users",
    sessions: "sessions",
    tokens: "refresh_tokens",
    codes: "one_time_codes",
    has_code_author: true,
};

/// The office's tables.
pub(crate) const OFFICE: Tables = Tables {
    users: "platform_users",
    sessions: "platform_sessions",
    tokens: "platform_refresh_tokens",
    codes: "platform_one_time_codes",
    has_code_author: false,
};

/// What a presented refresh token turned out to be.
#[derive(Debug)]
pub(super) enum Turn {
    /// Good: it is used up now, and this is the next one.
    Fresh {
        /// The user's number.
        user: i64,
        /// The session.
        session: SessionId,
        /// The next token.
        refresh: Made,
        /// When that ends.
        until: i64,
    },
    /// Used before: its session was ended.
    Reused {
        /// The user's number.
        user: i64,
        /// The session.
        session: SessionId,
    },
    /// Not one that holds.
    Unknown,
}

/// What a one-time code is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Setting the first password.
    Invitation,
    /// Setting a new password.
    PasswordReset,
}

impl Purpose {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "INVITATION",
            Self::PasswordReset => "PASSWORD_RESET",
        }
    }
}

/// A code for one use, shown once.
#[derive(Debug)]
pub struct OneTimeCode {
    /// The code.
    pub code: Made,
    /// What it is good for.
    pub purpose: Purpose,
    /// Until when, UTC milliseconds.
    pub expires_at: i64,
}

/// How long rows of ended sessions are kept before the user's next sign-in clears them away.
const KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;

async fn execute(txn: &DatabaseTransaction, sql: &str, values: Vec<Value>) -> Result<u64> {
    let done = txn.execute_raw(statement(txn.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected())
}

/// Inserts a session with its first refresh token, and forgets the user's long ended ones.
pub(super) async fn open(
    txn: &DatabaseTransaction,
    tables: Tables,
    tenant: Option<TenantId>,
    session: SessionId,
    user: i64,
    now: i64,
    expires_at: i64,
) -> Result<Made> {
    let Tables { sessions, tokens, .. } = tables;
    let before = now - KEPT_MS;
    let ended = format!("SELECT id FROM {sessions} WHERE user_id = ? AND expires_at < ?");
    let values = || vec![user.into(), before.into()];
    execute(txn, &format!("DELETE FROM {tokens} WHERE session_id IN ({ended})"), values()).await?;
    let sql = format!("DELETE FROM {sessions} WHERE user_id = ? AND expires_at < ?");
    execute(txn, &sql, values()).await?;
    let sql =
        format!("INSERT INTO {sessions} (id, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)");
    let values = vec![session.get().into(), user.into(), now.into(), expires_at.into()];
    execute(txn, &sql, values).await?;
    insert_token(txn, tables, tenant, session, now).await
}

async fn insert_token(
    txn: &DatabaseTransaction,
    tables: Tables,
    tenant: Option<TenantId>,
    session: SessionId,
    now: i64,
) -> Result<Made> {
    let made = secret::refresh_token(tenant, session)?;
    let sql = format!(
        "INSERT INTO {} (token_hash, session_id, issued_at) VALUES (?, ?, ?)",
        tables.tokens
    );
    let values = vec![made.hash.clone().into(), session.get().into(), now.into()];
    execute(txn, &sql, values).await?;
    Ok(made)
}

/// Uses a refresh token up, makes the next and lets the session live on, or ends the family when the
/// token was used before.
pub(super) async fn turn(
    txn: &DatabaseTransaction,
    tables: Tables,
    presented: &Presented,
    now: i64,
    lifetime_ms: i64,
) -> Result<Turn> {
    let Tables { users, sessions, tokens, .. } = tables;
    let sql = format!(
        "SELECT s.id, s.user_id, s.expires_at, s.revoked_at, t.used_at, u.status FROM {tokens} t \
         JOIN {sessions} s ON s.id = t.session_id JOIN {users} u ON u.id = s.user_id \
         WHERE t.token_hash = ?"
    );
    let ask = statement(txn.get_database_backend(), &sql, [presented.hash.clone().into()]);
    let Some(row) = txn.query_one_raw(ask).await? else { return Ok(Turn::Unknown) };
    let session = SessionId::new(row.try_get_by_index(0)?);
    let user: i64 = row.try_get_by_index(1)?;
    let expires_at: i64 = row.try_get_by_index(2)?;
    let revoked_at: Option<i64> = row.try_get_by_index(3)?;
    let used_at: Option<i64> = row.try_get_by_index(4)?;
    let status: String = row.try_get_by_index(5)?;
    if revoked_at.is_some() || expires_at <= now || status != "ACTIVE" {
        return Ok(Turn::Unknown);
    }
    if used_at.is_some() {
        revoke(txn, tables, session, now, "TOKEN_REUSED").await?;
        return Ok(Turn::Reused { user, session });
    }
    let sql = format!("UPDATE {tokens} SET used_at = ? WHERE token_hash = ?");
    execute(txn, &sql, vec![now.into(), presented.hash.clone().into()]).await?;
    let sql = format!("UPDATE {sessions} SET expires_at = ? WHERE id = ?");
    let until = now + lifetime_ms;
    execute(txn, &sql, vec![until.into(), session.get().into()]).await?;
    let refresh = insert_token(txn, tables, presented.tenant, session, now).await?;
    Ok(Turn::Fresh { user, session, refresh, until })
}

/// Ends a session; whether it had not ended before.
pub(super) async fn revoke(
    txn: &DatabaseTransaction,
    tables: Tables,
    session: SessionId,
    now: i64,
    because: &str,
) -> Result<bool> {
    let sql = format!(
        "UPDATE {} SET revoked_at = ?, revoked_because = ? WHERE id = ? AND revoked_at IS NULL",
        tables.sessions
    );
    Ok(execute(txn, &sql, vec![now.into(), because.into(), session.get().into()]).await? > 0)
}

/// Ends all sessions of a user but one; how many there were.
pub(super) async fn revoke_all(
    txn: &DatabaseTransaction,
    tables: Tables,
    user: i64,
    except: Option<SessionId>,
    now: i64,
    because: &str,
) -> Result<u64> {
    let sql = format!(
        "UPDATE {} SET revoked_at = ?, revoked_because = ? \
         WHERE user_id = ? AND id <> ? AND revoked_at IS NULL",
        tables.sessions
    );
    let except = except.map_or(0, SessionId::get);
    execute(txn, &sql, vec![now.into(), because.into(), user.into(), except.into()]).await
}

/// When the newest refresh token of each of these sessions was handed out.
pub(crate) async fn renewals(
    connection: &impl ConnectionTrait,
    tables: Tables,
    sessions: &[SessionId],
) -> Result<HashMap<SessionId, i64>> {
    if sessions.is_empty() {
        return Ok(HashMap::new());
    }
    let marks = vec!["?"; sessions.len()].join(", ");
    let sql = format!(
        "SELECT session_id, MAX(issued_at) FROM {} WHERE session_id IN ({marks}) \
         GROUP BY session_id",
        tables.tokens
    );
    let values = sessions.iter().map(|session| session.get().into());
    let ask = statement(connection.get_database_backend(), &sql, values);
    let rows = connection.query_all_raw(ask).await?;
    let read = |row: &QueryResult| {
        Ok((SessionId::new(row.try_get_by_index(0)?), row.try_get_by_index(1)?))
    };
    rows.iter().map(read).collect()
}

/// Makes a one-time code for a user; those made before are void.
#[expect(clippy::too_many_arguments, reason = "a row has these columns")]
pub(crate) async fn insert_code(
    txn: &DatabaseTransaction,
    tables: Tables,
    tenant: Option<TenantId>,
    user: i64,
    purpose: Purpose,
    author: Option<UserId>,
    now: i64,
    expires_at: i64,
) -> Result<Made> {
    void_codes(txn, tables, user).await?;
    let made = secret::one_time_code(tenant)?;
    let mut values: Vec<Value> = vec![
        made.hash.clone().into(),
        user.into(),
        purpose.as_str().into(),
        now.into(),
        expires_at.into(),
    ];
    let (column, mark) = if tables.has_code_author {
        values.push(author.map(UserId::get).into());
        (", created_by", ", ?")
    } else {
        ("", "")
    };
    let sql = format!(
        "INSERT INTO {} (code_hash, user_id, purpose, created_at, expires_at{column}) \
         VALUES (?, ?, ?, ?, ?{mark})",
        tables.codes
    );
    execute(txn, &sql, values).await?;
    Ok(made)
}

/// Makes a user's unused codes void.
pub(crate) async fn void_codes(
    txn: &DatabaseTransaction,
    tables: Tables,
    user: i64,
) -> Result<u64> {
    let sql = format!("DELETE FROM {} WHERE user_id = ? AND used_at IS NULL", tables.codes);
    execute(txn, &sql, vec![user.into()]).await
}

/// Whose code this is, if it may be used now for this purpose.
pub(crate) async fn find_code(
    connection: &impl ConnectionTrait,
    tables: Tables,
    hash: &str,
    purpose: Purpose,
    now: i64,
) -> Result<Option<i64>> {
    let sql = format!(
        "SELECT user_id FROM {} WHERE code_hash = ? AND purpose = ? AND used_at IS NULL \
         AND expires_at > ?",
        tables.codes
    );
    let values: Vec<Value> = vec![hash.into(), purpose.as_str().into(), now.into()];
    let ask = statement(connection.get_database_backend(), &sql, values);
    match connection.query_one_raw(ask).await? {
        Some(row) => Ok(Some(row.try_get_by_index(0)?)),
        None => Ok(None),
    }
}

/// Uses a code up.
pub(crate) async fn use_code(
    txn: &DatabaseTransaction,
    tables: Tables,
    hash: &str,
    now: i64,
) -> Result<()> {
    let sql = format!("UPDATE {} SET used_at = ? WHERE code_hash = ?", tables.codes);
    execute(txn, &sql, vec![now.into(), hash.into()]).await?;
    Ok(())
}
