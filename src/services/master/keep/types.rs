//! Shared voucher types: added, renumbered, retired.

use chrono::NaiveDate;
use daybook_domain::{chain::Canonical, id::VoucherTypeId, text::fold, voucher::BaseType};
use daybook_entity::master::chart::voucher_type;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};

use super::{Keeping, NAME_MAX, changed, of_the_product, read_code, taken};
use crate::{
    error::{Code, Error, Result},
    scope::PlatformScope,
    services::{books::vouchers::Wrong, master::adapt::check_numbering},
};

/// A shared voucher type to be made.
#[derive(Debug, Clone)]
pub struct CreateType {
    /// Its code, unique.
    pub code: String,
    /// Its name, unique whatever its case.
    pub name: String,
    /// The built-in type that it behaves as.
    pub base_type: BaseType,
    /// What stands before its numbers.
    pub numbering_prefix: String,
    /// Least number of digits; the built-in type's when left out.
    pub number_width: Option<i32>,
    /// Its place among the others.
    pub sort_order: Option<i32>,
}

/// What is changed of a shared voucher type; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateType {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// What stands before numbers that are given from now on.
    pub numbering_prefix: Option<String>,
    /// Least number of digits.
    pub number_width: Option<i32>,
    /// Its place among the others.
    pub sort_order: Option<i32>,
}

/// Adds a shared voucher type, which behaves as a built-in one.
///
/// # Errors
/// No permission, or refusals: code or name taken, a prefix or width that cannot be used.
pub async fn create(scope: &PlatformScope, command: CreateType) -> Result<voucher_type::Model> {
    let keeping = Keeping::begin(scope).await?;
    let mut wrong = Wrong::below("input");
    let code = read_code(&mut wrong, "code", &command.code, 16);
    let name = wrong.required("name", &command.name, NAME_MAX);
    wrong.finish()?;
    let all = voucher_type::Entity::find().all(keeping.conn()).await?;
    if all.iter().any(|one| one.code == code) {
        return Err(Error::refused(Code::Taken, "input.code", "this code is in use already"));
    }
    let base = all.iter().find(|one| one.code == command.base_type.code()).ok_or_else(|| {
        let why = "the built-in type is not in the catalogue";
        Error::refused(Code::VoucherTypeUnknown, "input.baseType", why)
    })?;
    let number_width = command.number_width.unwrap_or(base.number_width);
    check_numbering((&command.numbering_prefix, ""), number_width, base.is_tax_document)?;
    let row = voucher_type::Model {
        id: VoucherTypeId::new(keeping.next_id()?),
        code,
        name_key: fold(&name),
        name,
        base_type: command.base_type.code().to_owned(),
        affects_books: base.affects_books,
        stock: base.stock.clone(),
        numbering: base.numbering.clone(),
        numbering_prefix: command.numbering_prefix,
        number_width,
        is_tax_document: base.is_tax_document,
        is_system: false,
        sort_order: command.sort_order.unwrap_or_else(|| {
            all.iter().map(|one| one.sort_order).max().unwrap_or(0).saturating_add(10)
        }),
        retired_on: None,
        version: 1,
        created_at: keeping.now,
        updated_at: keeping.now,
    };
    let stored =
        voucher_type::ActiveModel::from(row).insert(keeping.conn()).await.map_err(taken("name"))?;
    keeping
        .finish(changed(
            "MASTER_VOUCHER_TYPE_CREATED",
            subject(&stored),
            None,
            Some(describe(&stored)),
        ))
        .await?;
    Ok(stored)
}

/// Changes a shared voucher type. A new prefix reaches all tenants that have none of their own, for
/// numbers given from then on; posted numbers never change.
///
/// # Errors
/// No permission, or refusals: no such type, a stale version, a taken name, a prefix or width that
/// cannot be used.
pub async fn update(
    scope: &PlatformScope,
    id: Option<VoucherTypeId>,
    command: UpdateType,
) -> Result<voucher_type::Model> {
    let keeping = Keeping::begin(scope).await?;
    let before = keeping.find::<voucher_type::Entity>(id, "voucher type").await?;
    Error::unless_current(command.expected_version, before.version)?;
    let mut wrong = Wrong::below("input");
    let name = command.name.as_deref().map(|name| wrong.required("name", name, NAME_MAX));
    wrong.finish()?;
    let prefix = command.numbering_prefix.unwrap_or_else(|| before.numbering_prefix.clone());
    let width = command.number_width.unwrap_or(before.number_width);
    check_numbering((&prefix, ""), width, before.is_tax_document)?;
    let mut row = before.clone().into_active_model();
    if let Some(name) = name {
        row.name_key = Set(fold(&name));
        row.name = Set(name);
    }
    row.numbering_prefix = Set(prefix);
    row.number_width = Set(width);
    if let Some(order) = command.sort_order {
        row.sort_order = Set(order);
    }
    store(keeping, "MASTER_VOUCHER_TYPE_UPDATED", before, row).await
}

/// Takes a shared voucher type out of use: nothing dated on or after the day is posted with it.
///
/// # Errors
/// No permission, or refusals: no such type, one of the product's own, a stale version.
pub async fn retire(
    scope: &PlatformScope,
    id: Option<VoucherTypeId>,
    expected_version: Option<i32>,
    retired_on: Option<NaiveDate>,
) -> Result<voucher_type::Model> {
    let keeping = Keeping::begin(scope).await?;
    let before = keeping.find::<voucher_type::Entity>(id, "voucher type").await?;
    if before.is_system {
        return Err(of_the_product("voucher type"));
    }
    Error::unless_current(expected_version, before.version)?;
    let mut row = before.clone().into_active_model();
    row.retired_on = Set(retired_on);
    store(keeping, "MASTER_VOUCHER_TYPE_RETIRED", before, row).await
}

async fn store(
    keeping: Keeping<'_>,
    action: &'static str,
    before: voucher_type::Model,
    mut row: voucher_type::ActiveModel,
) -> Result<voucher_type::Model> {
    row.version = Set(before.version.saturating_add(1));
    row.updated_at = Set(keeping.now);
    let stored = row.update(keeping.conn()).await.map_err(taken("name"))?;
    keeping
        .finish(changed(action, subject(&stored), Some(describe(&before)), Some(describe(&stored))))
        .await?;
    Ok(stored)
}

/// What the log calls such a row.
fn subject(row: &voucher_type::Model) -> (&'static str, i64) {
    ("VoucherType", row.id.get())
}

/// A row as the log shows it.
fn describe(row: &voucher_type::Model) -> Canonical {
    Canonical::new()
        .text("code", &row.code)
        .text("name", &row.name)
        .text("base", &row.base_type)
        .text("prefix", &row.numbering_prefix)
        .int("width", i64::from(row.number_width))
        .int("sortOrder", i64::from(row.sort_order))
        .text_if("retiredOn", row.retired_on.map(|day| day.to_string()).as_deref())
        .int("version", i64::from(row.version))
}
