//! Keys with which machines act for a user.

use daybook_domain::{
    chain::Canonical,
    id::ApiKeyId,
    role::{Permission, PermissionSet},
};
use daybook_entity::tenant::people::api_key;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use crate::{
    auth::secret::{self, Made},
    db::page::{Page, PageAsk},
    error::{Code, Error, Result},
    lane::Change,
    scope::TenantScope,
    services::books::vouchers::Wrong,
};

/// Most characters of a key's name.
const NAME_MAX: usize = 100;

/// A key to be made for the caller.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it may do; the user's own permissions bound it at every use.
    pub scopes: PermissionSet,
    /// When it ends, UTC milliseconds; `None` lasts until it is revoked.
    pub expires_at: Option<i64>,
}

/// Makes a key that acts for the caller. Its secret is in the answer and nowhere else.
///
/// # Errors
/// [`Error::Forbidden`], or everything that is wrong with the input at once.
pub async fn api_key_create(scope: &TenantScope, new: NewKey) -> Result<(api_key::Model, Made)> {
    scope.require(Permission::ApiKeyCreate)?;
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", &new.name, NAME_MAX);
    let lacking = new.scopes.without(scope.access.permissions);
    if new.scopes == PermissionSet::default() {
        wrong.add(Code::Required, "scopes", "name at least one permission");
    } else if lacking != PermissionSet::default() {
        let why = format!("you cannot grant what you do not hold: {}", lacking.to_text());
        wrong.add(Code::NotAllowed, "scopes", &why);
    }
    if new.expires_at.is_some_and(|end| end <= scope.clock.now_ms()) {
        wrong.add(Code::Invalid, "expiresAt", "a key ends in the future");
    }
    wrong.finish()?;
    let (user_id, tenant) = (scope.access.user, scope.db.route.id);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let id = ApiKeyId::new(writing.next_id()?);
                let made = secret::api_key(tenant, id)?;
                let row = api_key::Model {
                    id,
                    user_id,
                    name,
                    secret_hash: made.hash.clone(),
                    scopes: new.scopes.to_text(),
                    created_at: writing.recorded_at(),
                    expires_at: new.expires_at,
                    revoked_at: None,
                    last_used_at: None,
                };
                row.clone().into_active_model().insert(writing.conn()).await?;
                writing.access_changes();
                writing.audit(change("API_KEY_CREATED", &row));
                Ok((row, made))
            })
        })
        .await
}

/// Takes a key back. It works no more from the next request on.
///
/// # Errors
/// [`Error::Forbidden`], or a refusal on `id`.
pub async fn api_key_revoke(scope: &TenantScope, id: ApiKeyId) -> Result<api_key::Model> {
    scope.require(Permission::ApiKeyRevoke)?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let row = api_key::Entity::find_by_id(id).one(writing.conn()).await?;
                let row = row
                    .ok_or_else(|| Error::refused(Code::NotFound, "id", "there is no such key"))?;
                if row.revoked_at.is_some() {
                    let why = "this key is revoked";
                    return Err(Error::refused(Code::AlreadyDone, "id", why));
                }
                let mut changed = row.into_active_model();
                changed.revoked_at = Set(Some(writing.recorded_at()));
                let row = changed.update(writing.conn()).await?;
                writing.access_changes();
                writing.audit(change("API_KEY_REVOKED", &row));
                Ok(row)
            })
        })
        .await
}

fn change(action: &'static str, row: &api_key::Model) -> Change {
    Change {
        action,
        subject_type: "ApiKey",
        subject: Some(row.id.get()),
        business: None,
        canonical: Canonical::new()
            .int("user", row.user_id.get())
            .text("name", &row.name)
            .text("scopes", &row.scopes)
            .int_if("expiresAt", row.expires_at)
            .int_if("revokedAt", row.revoked_at)
            .finish(),
    }
}

/// A key.
///
/// # Errors
/// [`Error::Forbidden`] without `API_KEY_READ`.
pub async fn api_key(scope: &TenantScope, id: ApiKeyId) -> Result<Option<api_key::Model>> {
    scope.require(Permission::ApiKeyRead)?;
    let reader = scope.db.reader().await?;
    Ok(api_key::Entity::find_by_id(id).one(reader.conn()).await?)
}

/// Keys in the order in which they were made, those revoked included.
///
/// # Errors
/// [`Error::Forbidden`] without `API_KEY_READ`; a bad cursor.
pub async fn api_keys(scope: &TenantScope, ask: &PageAsk) -> Result<Page<api_key::Model>> {
    scope.require(Permission::ApiKeyRead)?;
    let reader = scope.db.reader().await?;
    let mut query = api_key::Entity::find().order_by_asc(api_key::Column::Id).limit(ask.first + 1);
    if let Some(after) = ask.after_number()? {
        query = query.filter(api_key::Column::Id.gt(after));
    }
    let rows = query.all(reader.conn()).await?;
    let total =
        if ask.wants_total { api_key::Entity::find().count(reader.conn()).await? } else { 0 };
    Ok(Page::cut(rows, ask, total, |row| vec![row.id.to_string()]))
}
