//! After a change of the encryption key: seals everything anew, row by row, while the platform works.
//!
//! Every node holds the new key as current and the old one as previous before this runs. A row that
//! somebody changes meanwhile is left to them: they seal with the new key. It may be run again at any
//! time; once it finds nothing, the old key can go.

use daybook_entity::{
    master::tenant::{TenantStatus, database_server, login_directory, master_state, tenant_master},
    tenant::people::user,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

use super::{bootstrap::seal_check, template};
use crate::{
    db::{
        credentials::{Credentials, DIRECTORY_LABEL, server_context, tenant_context},
        failure,
    },
    error::{Error, Result},
    office::Office,
    tenancy::FileLock,
};

/// What was sealed or hashed anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Servers' credentials.
    pub servers: u64,
    /// Tenants' credentials.
    pub tenants: u64,
    /// Entries of the login directory.
    pub entries: u64,
    /// What could not be done, and why; the old key is still needed then.
    pub failures: Vec<String>,
}

/// Seals everything with the current key; `progress` hears how many tenants of how many are done.
///
/// # Errors
/// When master cannot be read or written; a single row's failure is in the answer.
pub async fn rotate(office: &Office, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Rotation> {
    let mut done = Rotation::default();
    seal_servers(office, &mut done).await?;
    let rows = tenant_master::Entity::find().order_by_asc(tenant_master::Column::Id);
    let rows = rows.all(office.master.reader()).await?;
    let total = rows.len();
    for (row, number) in rows.into_iter().zip(1..) {
        if let Err(error) = seal_tenant(office, &row, &mut done).await {
            let why = error.cause().unwrap_or_else(|| error.to_string());
            done.failures.push(format!("{}: {why}", row.subdomain));
        }
        progress(number, total);
    }
    if done.failures.is_empty() {
        // Last: an interrupted rotation still needs both keys, and the start notices it.
        master_state::Entity::update_many()
            .col_expr(master_state::Column::SealingCheck, Expr::value(seal_check(&office.keys)?))
            .filter(master_state::Column::Id.eq(1))
            .exec(office.master.writer())
            .await?;
    }
    Ok(done)
}

async fn seal_servers(office: &Office, done: &mut Rotation) -> Result<()> {
    use database_server::Column;
    let current = office.keys.current_key_id();
    let rows = database_server::Entity::find()
        .filter(Condition::all().add(Column::SealedAdmin.is_not_null()))
        .filter(Column::KeyId.ne(current))
        .all(office.master.writer())
        .await?;
    for row in rows {
        let Some(sealed) = row.sealed_admin else { continue };
        let context = server_context(row.id);
        let anew = Credentials::open(&office.keys, &sealed, &context)
            .and_then(|credentials| credentials.seal(&office.keys, &context));
        match anew {
            Ok(anew) => {
                let changed = database_server::Entity::update_many()
                    .col_expr(Column::SealedAdmin, Expr::value(anew.text))
                    .col_expr(Column::KeyId, Expr::value(anew.key_id))
                    .filter(Column::Id.eq(row.id))
                    .filter(Column::SealedAdmin.eq(sealed))
                    .exec(office.master.writer())
                    .await?;
                done.servers = done.servers.saturating_add(changed.rows_affected);
            }
            Err(error) => done.failures.push(format!("{}: {:?}", row.name, error.cause())),
        }
    }
    Ok(())
}

async fn seal_tenant(
    office: &Office,
    row: &tenant_master::Model,
    done: &mut Rotation,
) -> Result<()> {
    use tenant_master::Column;
    let keys = &office.keys;
    if let (Some(sealed), Some(key_id)) = (&row.sealed_connection, &row.key_id)
        && key_id != keys.current_key_id()
    {
        let context = tenant_context(row.id);
        let anew = Credentials::open(keys, sealed, &context)?.seal(keys, &context)?;
        let changed = tenant_master::Entity::update_many()
            .col_expr(Column::SealedConnection, Expr::value(anew.text))
            .col_expr(Column::KeyId, Expr::value(anew.key_id))
            .filter(Column::Id.eq(row.id))
            .filter(Column::SealedConnection.eq(sealed.as_str()))
            .exec(office.master.writer())
            .await?;
        done.tenants = done.tenants.saturating_add(changed.rows_affected);
    }
    if matches!(row.status, TenantStatus::Active | TenantStatus::Suspended) {
        done.entries = done.entries.saturating_add(mend_directory(office, row).await?);
    }
    Ok(())
}

/// Enters every user of a tenant who is missing in the login directory under the current key, and
/// removes what stood there under the previous one; how many entries were made.
///
/// # Errors
/// When the tenant or master cannot be reached.
pub async fn mend_directory(office: &Office, row: &tenant_master::Model) -> Result<u64> {
    let server = office.servers.by_id(&office.master, row.server_id).await?;
    if !server.exists(&row.database_name).await? {
        return Err(Error::Unavailable(format!("the database {} is missing", row.database_name)));
    }
    let target = server.database(&row.database_name);
    let lock = FileLock::share_of(&target)?;
    let connection = template::open(&target).await?;
    let users: std::result::Result<Vec<String>, _> = user::Entity::find()
        .select_only()
        .column(user::Column::EmailKey)
        .into_tuple()
        .all(&connection)
        .await;
    connection.close().await.ok();
    drop(lock);
    let mut made = 0_u64;
    for email_key in users? {
        let mut hashes = office.keys.keyed_hashes(DIRECTORY_LABEL, &email_key).into_iter();
        let Some(current) = hashes.next() else { continue };
        let entry = login_directory::Model {
            email_hash: current,
            tenant_id: row.id,
            created_at: office.clock.now_ms(),
        };
        let insert = login_directory::Entity::insert(entry.into_active_model());
        match insert.exec_without_returning(office.master.writer()).await {
            Ok(_) => made = made.saturating_add(1),
            Err(error) if failure::is_taken(&error) => {}
            Err(error) => return Err(error.into()),
        }
        login_directory::Entity::delete_many()
            .filter(login_directory::Column::TenantId.eq(row.id))
            .filter(login_directory::Column::EmailHash.is_in(hashes))
            .exec(office.master.writer())
            .await?;
    }
    Ok(made)
}

#[cfg(test)]
#[path = "rotate_tests.rs"]
mod tests;
