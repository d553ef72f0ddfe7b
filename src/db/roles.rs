//! Tenants' own database users: each may read and write rows of one database and nothing else.
//!
//! PostgreSQL: tables belong to the platform's role; the template grants row rights (no TRUNCATE, no
//! TRIGGER) to a group role without login, and each tenant's role is a member that may connect to its
//! own database alone. MySQL: row rights on one schema; an underscore in a grant is a wildcard there.

use daybook_entity::master::tenant::Engine;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use secrecy::{ExposeSecret, SecretString};

use super::{
    names::Names,
    server::{Server, literal, quoted},
};
use crate::error::{Error, Result};

/// Characters of a generated password: 160 bits in hexadecimal.
const PASSWORD_BYTES: usize = 20;

/// A fresh password, letters and digits only.
///
/// # Errors
/// [`Error::Unavailable`] when the operating system gives no random bytes.
pub fn fresh_password() -> Result<SecretString> {
    let mut bytes = [0_u8; PASSWORD_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Unavailable(format!("no random bytes: {error}")))?;
    Ok(hex::encode(bytes).into())
}

impl Server {
    /// Makes a tenant's role, or sets the password of one that is there. It may do nothing yet.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn make_role(&self, role: &str, password: &SecretString) -> Result<()> {
        self.names_role(role)?;
        let password = literal(password.expose_secret())?;
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => {
                self.make_group().await?;
                let name = quoted(Engine::Postgres, role);
                let verb = if self.has_role(role).await? { "ALTER" } else { "CREATE" };
                self.run(&format!(
                    "{verb} ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION \
                     INHERIT PASSWORD {password}"
                ))
                .await?;
                let group = quoted(Engine::Postgres, &self.names().group_role());
                self.run(&format!("GRANT {group} TO {name}")).await
            }
            Engine::Mysql => {
                let user = account(role)?;
                self.run(&format!("CREATE USER IF NOT EXISTS {user} IDENTIFIED BY {password}"))
                    .await?;
                self.run(&format!("ALTER USER {user} IDENTIFIED BY {password}")).await
            }
        }
    }

    /// Lets a tenant's role into its own database.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn grant(&self, role: &str, database: &str) -> Result<()> {
        self.names_role(role)?;
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => {
                let (database, role) =
                    (quoted(Engine::Postgres, database), quoted(Engine::Postgres, role));
                self.run(&format!("GRANT CONNECT ON DATABASE {database} TO {role}")).await
            }
            Engine::Mysql => {
                let pattern = database.replace('_', "\\_").replace('%', "\\%");
                let pattern = quoted(Engine::Mysql, &pattern);
                let user = account(role)?;
                self.run(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {pattern}.* TO {user}"))
                    .await
            }
        }
    }

    /// Drops a tenant's role; its database is gone already. None there is no failure.
    ///
    /// # Errors
    /// [`Error::Internal`] for a name that is not of this installation's form; else what the server says.
    pub async fn drop_role(&self, role: &str) -> Result<()> {
        self.names_role(role)?;
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => {
                self.run(&format!("DROP ROLE IF EXISTS {}", quoted(Engine::Postgres, role))).await
            }
            Engine::Mysql => self.run(&format!("DROP USER IF EXISTS {}", account(role)?)).await,
        }
    }

    /// Tenants' roles of this installation.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn roles(&self) -> Result<Vec<String>> {
        let sql = match self.engine() {
            Engine::Sqlite => return Ok(Vec::new()),
            Engine::Postgres => "SELECT rolname::text FROM pg_roles",
            Engine::Mysql => "SELECT CAST(user AS CHAR(128)) FROM mysql.user",
        };
        let mut roles = Vec::new();
        for row in self.rows(sql, Vec::new()).await? {
            let role: String = row.try_get_by_index(0)?;
            if self.names().tenant_of_role(&role).is_some() && !roles.contains(&role) {
                roles.push(role);
            }
        }
        roles.sort();
        Ok(roles)
    }

    /// Makes the group role without login (PostgreSQL), which templates grant row rights to.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn make_group(&self) -> Result<()> {
        let group = self.names().group_role();
        if self.engine() != Engine::Postgres || self.has_role(&group).await? {
            return Ok(());
        }
        let create = format!(
            "CREATE ROLE {} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE",
            quoted(Engine::Postgres, &group)
        );
        match self.run(&create).await {
            // Another node may have made it since we looked.
            Err(_) if self.has_role(&group).await? => Ok(()),
            outcome => outcome,
        }
    }

    /// Drops the group role, once no database grants it anything (tests, and taking a platform down).
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn drop_group(&self) -> Result<()> {
        if self.engine() != Engine::Postgres {
            return Ok(());
        }
        let group = quoted(Engine::Postgres, &self.names().group_role());
        self.run(&format!("DROP ROLE IF EXISTS {group}")).await
    }

    async fn has_role(&self, role: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM pg_roles WHERE rolname = ?";
        Ok(self.row(sql, [role.into()]).await?.is_some())
    }

    fn names_role(&self, role: &str) -> Result<()> {
        if self.names().tenant_of_role(role).is_some() {
            Ok(())
        } else {
            Err(Error::Internal(format!("{role} is not a tenant's role of ours")))
        }
    }
}

/// Grants row rights on all tables, present and to come, to the group role (PostgreSQL, run inside the
/// template or, after a migration, inside a tenant's database). What migrations record stays readable only.
///
/// # Errors
/// When the server refuses.
pub async fn grant_rows(connection: &DatabaseConnection, names: &Names) -> Result<()> {
    let group = quoted(Engine::Postgres, &names.group_role());
    for sql in [
        "REVOKE ALL ON SCHEMA public FROM PUBLIC".to_owned(),
        format!("GRANT USAGE ON SCHEMA public TO {group}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {group}"),
        format!("REVOKE INSERT, UPDATE, DELETE ON seaql_migrations FROM {group}"),
        format!(
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public \
             GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {group}"
        ),
    ] {
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// A MySQL account that may sign in from anywhere.
fn account(role: &str) -> Result<String> {
    Ok(format!("{}@'%'", literal(role)?))
}
