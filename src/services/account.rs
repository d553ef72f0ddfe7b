//! The account as its own people see it: company, contact, plan, status, storage.
//!
//! Its row is in master, since the platform routes by it; only what the account decides for itself is
//! changed here.

use daybook_domain::{
    chain::Canonical, email::Email, id::TenantId, phone::Phone, role::Permission,
    text::clean_single_line,
};
use daybook_entity::master::tenant::{Engine, tenant_master};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Set,
};

use crate::{
    auth::desk::Desk,
    db::{
        Target, files,
        sql::{for_update, statement},
    },
    error::{Code, Error, Refusal, Result},
    lane::Change,
    scope::TenantScope,
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
    let before = locked(txn.conn(), scope.db.route.id).await?;
    Error::unless_current(asked.expected_version, before.version)?;
    let after = changed(&before, asked)?;
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
    let mut wrong = Vec::new();
    let mut after = before.clone();
    let mut name = |field: &str, text: Option<String>, place: &mut String| match text
        .map(|text| clean_single_line(&text, NAME_CHARS_MAX))
    {
        None => {}
        Some(Ok(text)) if text.is_empty() => {
            wrong.push(Refusal::new(Code::Required, field, "this must not be empty"));
        }
        Some(Ok(text)) => *place = text,
        Some(Err(why)) => wrong.push(Refusal::new(Code::TooLong, field, why.to_string())),
    };
    name("input.companyName", asked.company_name, &mut after.company_name);
    name("input.contactName", asked.contact_name, &mut after.contact_name);
    match asked.contact_email.as_deref().map(Email::parse).transpose() {
        Ok(Some(email)) => after.contact_email = email.as_str().to_owned(),
        Ok(None) => {}
        Err(why) => {
            wrong.push(Refusal::new(Code::Invalid, "input.contactEmail", why.to_string()));
        }
    }
    if let Some(phone) = asked.contact_phone {
        let phone = phone.filter(|phone| !phone.trim().is_empty());
        match phone.map(|phone| Phone::parse(&phone, &before.country)).transpose() {
            Ok(phone) => after.contact_phone = phone.map(|phone| phone.as_str().to_owned()),
            Err(why) => {
                wrong.push(Refusal::new(Code::Invalid, "input.contactPhone", why.to_string()));
            }
        }
    }
    if wrong.is_empty() { Ok(after) } else { Err(Error::Refused(wrong)) }
}

fn describe(row: &tenant_master::Model) -> Canonical {
    Canonical::new()
        .text("companyName", &row.company_name)
        .text("contactName", &row.contact_name)
        .text("contactEmail", &row.contact_email)
        .text_if("contactPhone", row.contact_phone.as_deref())
}

async fn locked(txn: &DatabaseTransaction, id: TenantId) -> Result<tenant_master::Model> {
    let backend = txn.get_database_backend();
    let sql = format!("SELECT id FROM tenant_master WHERE id = ?{}", for_update(backend));
    txn.query_one_raw(statement(backend, &sql, [id.get().into()])).await?;
    tenant_master::Entity::find_by_id(id).one(txn).await?.ok_or(Error::TenantNotFound)
}
