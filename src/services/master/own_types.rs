//! A tenant's own voucher types: each behaves as the shared one that it is derived from, and has a name and
//! a series of its own.

use std::sync::Arc;

use daybook_domain::{chain::Canonical, id::VoucherTypeId, role::Permission, text::fold};
use daybook_entity::{master::chart::voucher_type, tenant::chart::own_voucher_type};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};

use super::adapt::check_numbering;
use crate::{
    error::{Code, Error, Result},
    lane::{Change, Writing},
    master::{Catalogue, catalogue::is_in_force},
    scope::TenantScope,
    services::books::vouchers::Wrong,
};

/// Most characters of a type's name.
pub const NAME_MAX: usize = 60;
/// Most characters of its code.
pub const CODE_MAX: usize = 8;
/// Most own types of a tenant: they are held in memory.
pub const TYPES_MAX: usize = 200;

/// An own voucher type to be made.
#[derive(Debug, Clone)]
pub struct CreateType {
    /// The shared type that it is derived from; `None` when the id given is not one.
    pub shared: Option<VoucherTypeId>,
    /// Its code, unique among all types that the tenant sees.
    pub code: String,
    /// Its name, unique among them whatever its case.
    pub name: String,
    /// What stands before its numbers; the shared type's when left out.
    pub numbering_prefix: Option<String>,
    /// What follows its numbers.
    pub number_suffix: Option<String>,
    /// Least number of digits; the shared type's when left out.
    pub number_width: Option<i32>,
}

/// What is changed of an own type; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateType {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// What stands before numbers given from now on.
    pub numbering_prefix: Option<String>,
    /// What follows numbers given from now on.
    pub number_suffix: Option<String>,
    /// Least number of digits.
    pub number_width: Option<i32>,
    /// Whether it takes no more vouchers.
    pub is_archived: Option<bool>,
}

/// Derives a voucher type from a shared one.
///
/// # Errors
/// No permission, or refusals: an unknown or retired shared type, a code or name in use, numbers that
/// cannot be, too many types.
pub async fn create(scope: &TenantScope, command: CreateType) -> Result<VoucherTypeId> {
    scope.require(Permission::GroupUpdate)?;
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", &command.name, NAME_MAX);
    let code = wrong.required("code", &command.code, CODE_MAX);
    if !code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        wrong.add(Code::Invalid, "code", "a code has capital letters and digits");
    }
    wrong.finish()?;
    let today = scope.catalogue.today_in(&scope.clock, &scope.db.route().country);
    let shared = command.shared.and_then(|id| scope.catalogue.voucher_type(id));
    let shared = shared.filter(|shared| is_in_force(shared.retired_on, today)).cloned();
    let shared = shared.ok_or_else(|| {
        let why = "there is no such shared voucher type";
        Error::refused(Code::VoucherTypeUnknown, "input.derivedFromId", why)
    })?;
    let catalogue = Arc::clone(&scope.catalogue);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let own = own_voucher_type::Entity::find().all(writing.conn()).await?;
                if own.len() >= TYPES_MAX {
                    let why =
                        format!("an account has at most {TYPES_MAX} voucher types of its own");
                    return Err(Error::refused(Code::TooMany, "input", why));
                }
                check_name(&catalogue, &own, &name, None)?;
                let is_taken = catalogue.voucher_types.iter().any(|one| one.code == code)
                    || own.iter().any(|one| one.code == code);
                if is_taken {
                    let why = "this code is in use already";
                    return Err(Error::refused(Code::Taken, "input.code", why));
                }
                let now = writing.recorded_at();
                let row = own_voucher_type::Model {
                    id: VoucherTypeId::new(writing.next_id()?),
                    shared_type_id: shared.id,
                    code,
                    name_key: fold(&name),
                    name,
                    numbering_prefix: command
                        .numbering_prefix
                        .unwrap_or_else(|| shared.numbering_prefix.clone()),
                    number_suffix: command.number_suffix.unwrap_or_default(),
                    number_width: command.number_width.unwrap_or(shared.number_width),
                    archived_at: None,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                };
                check(&shared, &row)?;
                let stored =
                    own_voucher_type::ActiveModel::from(row).insert(writing.conn()).await?;
                note(writing, "VOUCHER_TYPE_CREATED", None, &stored);
                Ok(stored.id)
            })
        })
        .await
}

/// Changes an own voucher type. Numbers that were given stay.
///
/// # Errors
/// No permission, or refusals: no such type, a stale version, a name in use, numbers that cannot be.
pub async fn update(
    scope: &TenantScope,
    id: Option<VoucherTypeId>,
    command: UpdateType,
) -> Result<VoucherTypeId> {
    scope.require(Permission::GroupUpdate)?;
    let unknown = || {
        Error::refused(Code::NotFound, "id", "there is no such voucher type among your own ones")
    };
    let id = id.ok_or_else(unknown)?;
    let mut wrong = Wrong::below("input");
    let name = command.name.as_deref().map(|name| wrong.required("name", name, NAME_MAX));
    wrong.finish()?;
    let catalogue = Arc::clone(&scope.catalogue);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let own = own_voucher_type::Entity::find().all(writing.conn()).await?;
                let before = own.iter().find(|one| one.id == id).cloned().ok_or_else(unknown)?;
                Error::unless_current(command.expected_version, before.version)?;
                let mut after = before.clone();
                if let Some(name) = name {
                    check_name(&catalogue, &own, &name, Some(id))?;
                    after.name_key = fold(&name);
                    after.name = name;
                }
                after.numbering_prefix = command.numbering_prefix.unwrap_or(after.numbering_prefix);
                after.number_suffix = command.number_suffix.unwrap_or(after.number_suffix);
                after.number_width = command.number_width.unwrap_or(after.number_width);
                if let Some(archived) = command.is_archived
                    && archived != after.archived_at.is_some()
                {
                    after.archived_at = archived.then_some(writing.recorded_at());
                }
                if let Some(shared) = catalogue.voucher_type(after.shared_type_id) {
                    check(shared, &after)?;
                }
                if after == before {
                    return Ok(id);
                }
                after.version += 1;
                after.updated_at = writing.recorded_at();
                let mut row = before.clone().into_active_model();
                row.name = Set(after.name);
                row.name_key = Set(after.name_key);
                row.numbering_prefix = Set(after.numbering_prefix);
                row.number_suffix = Set(after.number_suffix);
                row.number_width = Set(after.number_width);
                row.archived_at = Set(after.archived_at);
                row.version = Set(after.version);
                row.updated_at = Set(after.updated_at);
                let stored = row.update(writing.conn()).await?;
                note(writing, "VOUCHER_TYPE_UPDATED", Some(&before), &stored);
                Ok(id)
            })
        })
        .await
}

fn check(shared: &voucher_type::Model, own: &own_voucher_type::Model) -> Result<()> {
    let around = (own.numbering_prefix.as_str(), own.number_suffix.as_str());
    check_numbering(around, own.number_width, shared.is_tax_document)
}

fn check_name(
    catalogue: &Catalogue,
    own: &[own_voucher_type::Model],
    name: &str,
    except: Option<VoucherTypeId>,
) -> Result<()> {
    let key = fold(name);
    let is_shared = catalogue.voucher_types.iter().any(|one| one.name_key == key);
    let is_own = own.iter().any(|one| one.name_key == key && Some(one.id) != except);
    if is_shared || is_own {
        let why = "a voucher type of this name exists already";
        return Err(Error::refused(Code::Taken, "input.name", why));
    }
    Ok(())
}

fn note(
    writing: &mut Writing,
    action: &'static str,
    before: Option<&own_voucher_type::Model>,
    after: &own_voucher_type::Model,
) {
    let describe = |row: &own_voucher_type::Model| {
        Canonical::new()
            .text("code", &row.code)
            .text("name", &row.name)
            .int("derivedFrom", row.shared_type_id.get())
            .text("prefix", &row.numbering_prefix)
            .text("suffix", &row.number_suffix)
            .int("width", i64::from(row.number_width))
            .int_if("archivedAt", row.archived_at)
            .int("version", i64::from(row.version))
    };
    let canonical = Canonical::new()
        .object_if("before", before.map(describe))
        .object("after", describe(after))
        .finish();
    writing.settings_change();
    writing.audit(Change {
        action,
        subject_type: "VoucherType",
        subject: Some(after.id.get()),
        business: None,
        canonical,
    });
}
