//! The account as its own people see it: company, contact, plan, status, storage.
//!
//! Its row is in master, since the platform routes by it; only what the account decides for itself is
//! changed here.

use daybook_domain::{chain::Canonical, email::Email, phone::Phone, role::Permission};
use daybook_entity::master::tenant::{Engine, tenant_master};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};

use crate::{
    auth::desk::Desk,
    db::{Target, files, sql::statement},
    error::{Code, Error, Result},
    lane::Change,
    scope::TenantScope,
    services::{books::vouchers::Wrong, files::uploads::bytes_taken},
    tenancy,
};

/// Most characters of a name.
const NAME_CHARS_MAX: usize = 200;

/// What is changed of the account; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateAccount {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// The company.
    pub company_name: Option<String>,
    /// Whom the platform turns to.
    pub contact_name: Option<String>,
    /// Their address.
    pub contact_email: Option<String>,
    /// Their telephone number; `Some(None)` for none.
    pub contact_phone: Option<Option<String>>,
}

/// The account's row.
///
/// # Errors
/// [`Error::Forbidden`] without `TENANT_READ`, or a master that cannot be read.
pub async fn account(desk: &Desk, scope: &TenantScope) -> Result<tenant_master::Model> {
    scope.require(Permission::TenantRead)?;
    tenant_master::Entity::find_by_id(scope.db.route.id)
        .one(desk.office.master.reader())
        .await?
        .ok_or(Error::TenantNotFound)
}

/// Bytes that the account's database takes on disk, as its engine estimates.
///
/// # Errors
/// [`Error::Forbidden`] without `TENANT_READ`, or a database that cannot be asked.
pub async fn bytes_used(scope: &TenantScope) -> Result<i64> {
    scope.require(Permission::TenantRead)?;
    let place = match &scope.db.route.target {
        Target::Sqlite { path } => return Ok(files::size(path).await?.unwrap_or(0)),
        Target::Server(place) => place,
    };
    let sql = if place.engine == Engine::Postgres {
        "SELECT pg_database_size(current_database())"
    } else {
        "SELECT CAST(SUM(data_length + index_length) AS SIGNED) FROM information_schema.tables \
         WHERE table_schema = DATABASE()"
    };
    let reader = scope.db.reader().await?;
    let ask = statement(reader.conn().get_database_backend(), sql, []);
    let found: Option<i64> = match reader.conn().query_one_raw(ask).await? {
        Some(row) => row.try_get_by_index(0)?,
        None => None,
    };
    Ok(found.unwrap_or(0))
}

/// Bytes of all files of the account, which its storage limit bounds.
///
/// # Errors
/// [`Error::Forbidden`] without `TENANT_READ`, or a database that cannot be asked.
pub async fn file_bytes(scope: &TenantScope) -> Result<i64> {
    scope.require(Permission::TenantRead)?;
    let reader = scope.db.reader().await?;
    bytes_taken(reader.conn()).await
}

/// Changes company and contact. The account's edit log, in another database, goes first: it may hold a
/// change whose commit was lost, but no change is missing from it.
///
/// # Errors
/// [`Error::Forbidden`] without `TENANT_UPDATE`, or refusals: a stale version, values out of form.
pub async fn update(
    desk: &Desk,
    scope: &TenantScope,
    asked: UpdateAccount,
) -> Result<tenant_master::Model> {
    scope.require(Permission::TenantUpdate)?;
    let txn = desk.office.master.begin().await?;
    let before = tenant_master::Entity::find_by_id(scope.db.route.id).lock_exclusive();
    let before = before.one(txn.conn()).await?.ok_or(Error::TenantNotFound)?;
    Error::unless_current(asked.expected_version, before.version)?;
    let after = changed(&before, asked)?;
    if after == before {
        return Ok(before);
    }
    let change = Change {
        action: "ACCOUNT_UPDATED",
        subject_type: "Tenant",
        subject: Some(before.id.get()),
        business: None,
        canonical: Canonical::new()
            .object("before", describe(&before))
            .object("after", describe(&after))
            .finish(),
    };
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                writing.audit(change);
                Ok(())
            })
        })
        .await?;
    let mut row = before.clone().into_active_model();
    row.company_name = Set(after.company_name);
    row.contact_name = Set(after.contact_name);
    row.contact_email = Set(after.contact_email);
    row.contact_phone = Set(after.contact_phone);
    row.version = Set(before.version.saturating_add(1));
    row.updated_at = Set(desk.office.clock.now_ms());
    row.changed_in = Set(tenancy::touch(&txn).await?);
    let row = row.update(txn.conn()).await?;
    txn.commit().await?;
    desk.tenancy.poke().await;
    Ok(row)
}

/// The row with what was asked, or everything that is wrong with it.
fn changed(before: &tenant_master::Model, asked: UpdateAccount) -> Result<tenant_master::Model> {
    let mut wrong = Wrong::below("input");
    let mut after = before.clone();
    for (field, asked, place) in [
        ("companyName", asked.company_name, &mut after.company_name),
        ("contactName", asked.contact_name, &mut after.contact_name),
    ] {
        if let Some(name) = asked {
            *place = wrong.required(field, &name, NAME_CHARS_MAX);
        }
    }
    let email = asked.contact_email.as_deref().map(Email::parse);
    if let Some(email) = email.and_then(|read| wrong.take(Code::Invalid, "contactEmail", read)) {
        after.contact_email = email.as_str().to_owned();
    }
    if let Some(phone) = asked.contact_phone {
        let phone = phone.filter(|phone| !phone.trim().is_empty());
        let phone = phone.map(|phone| Phone::parse(&phone, &before.country));
        let phone = phone.and_then(|read| wrong.take(Code::Invalid, "contactPhone", read));
        after.contact_phone = phone.map(|phone| phone.as_str().to_owned());
    }
    wrong.finish_with(Some(after))
}

fn describe(row: &tenant_master::Model) -> Canonical {
    Canonical::new()
        .text("companyName", &row.company_name)
        .text("contactName", &row.contact_name)
        .text("contactEmail", &row.contact_email)
        .text_if("contactPhone", row.contact_phone.as_deref())
}
