//! Shared account groups: added, renamed, retired.

use chrono::NaiveDate;
use daybook_domain::{chain::Canonical, id::AccountGroupId, text::fold};
use daybook_entity::master::{
    chart::{Nature, NormalSide, account_group},
    tenant::tenant_master,
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter,
};

use super::{Keeping, NAME_MAX, changed, of_the_product, read_code, taken};
use crate::{
    error::{Code, Error, Result},
    scope::PlatformScope,
    services::books::vouchers::Wrong,
};

/// A shared group to be made.
#[derive(Debug, Clone)]
pub struct CreateGroup {
    /// Its code, unique.
    pub code: String,
    /// Its name, unique whatever its case.
    pub name: String,
    /// The group above it; the inner `None` stands for an id that is not one.
    pub parent: Option<Option<AccountGroupId>>,
    /// What its ledgers are; needed for a primary group, inherited by the others.
    pub nature: Option<Nature>,
    /// The side on which balances are normal.
    pub normal_side: Option<NormalSide>,
    /// Whether it counts above gross profit.
    pub affects_gross_profit: Option<bool>,
    /// Its place among the others.
    pub sort_order: Option<i32>,
    /// Whether it is protected from being deleted or retired.
    pub is_system: bool,
}

/// What is changed of a shared group; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateGroup {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// Its place among the others.
    pub sort_order: Option<i32>,
}

/// Adds a shared group.
///
/// # Errors
/// No permission, or refusals: code or name taken, no such parent, another nature than the parent's.
pub async fn create(scope: &PlatformScope, command: CreateGroup) -> Result<account_group::Model> {
    let keeping = Keeping::begin(scope).await?;
    let mut wrong = Wrong::below("input");
    let code = read_code(&mut wrong, "code", &command.code, 16);
    let name = wrong.required("name", &command.name, NAME_MAX);
    let all = account_group::Entity::find().all(keeping.conn()).await?;
    let parent = match command.parent {
        None => None,
        Some(id) => {
            let found = id.and_then(|id| all.iter().find(|group| group.id == id));
            if found.is_none_or(|group| group.retired_on.is_some()) {
                let why = "there is no such shared group, or it is retired";
                wrong.add(Code::AccountGroupUnknown, "parentId", why);
            }
            found
        }
    };
    let nature = match (parent, command.nature) {
        (Some(parent), Some(nature)) if nature != parent.nature => {
            wrong.add(Code::Invalid, "nature", "a group is what the group above it is");
            nature
        }
        (Some(parent), _) => parent.nature,
        (None, Some(nature)) => nature,
        (None, None) => {
            wrong.add(Code::Required, "nature", "a primary group needs its nature");
            Nature::Asset
        }
    };
    wrong.finish()?;
    let row = account_group::Model {
        id: AccountGroupId::new(keeping.next_id()?),
        group_code: code,
        name_key: fold(&name),
        name,
        parent_id: parent.map(|parent| parent.id),
        nature,
        normal_side: command
            .normal_side
            .or(parent.map(|parent| parent.normal_side))
            .unwrap_or(nature.normal_side()),
        affects_gross_profit: command
            .affects_gross_profit
            .or(parent.map(|parent| parent.affects_gross_profit))
            .unwrap_or(false),
        statement: parent.map_or(nature.statement(), |parent| parent.statement),
        is_system: command.is_system,
        sort_order: command.sort_order.unwrap_or_else(|| {
            all.iter().map(|group| group.sort_order).max().unwrap_or(0).saturating_add(10)
        }),
        retired_on: None,
        version: 1,
        created_at: keeping.now,
        updated_at: keeping.now,
    };
    if all.iter().any(|group| group.group_code == row.group_code) {
        return Err(Error::refused(Code::Taken, "input.code", "this code is in use already"));
    }
    let stored = account_group::ActiveModel::from(row)
        .insert(keeping.conn())
        .await
        .map_err(taken("name"))?;
    keeping
        .finish(changed("MASTER_GROUP_CREATED", subject(&stored), None, Some(describe(&stored))))
        .await?;
    Ok(stored)
}

/// Renames a shared group or changes its place among the others.
///
/// # Errors
/// No permission, or refusals: no such group, a stale version, a taken name.
pub async fn update(
    scope: &PlatformScope,
    id: Option<AccountGroupId>,
    command: UpdateGroup,
) -> Result<account_group::Model> {
    let keeping = Keeping::begin(scope).await?;
    let before = keeping.find::<account_group::Entity>(id, "account group").await?;
    Error::unless_current(command.expected_version, before.version)?;
    let mut wrong = Wrong::below("input");
    let name = command.name.as_deref().map(|name| wrong.required("name", name, NAME_MAX));
    wrong.finish()?;
    let mut row = before.clone().into_active_model();
    if let Some(name) = name {
        row.name_key = Set(fold(&name));
        row.name = Set(name);
    }
    if let Some(order) = command.sort_order {
        row.sort_order = Set(order);
    }
    store(keeping, "MASTER_GROUP_UPDATED", before, row).await
}

/// Takes a shared group out of use from a day on; its ledgers stay below it.
///
/// # Errors
/// No permission, or refusals: no such group, one of the product's own, a stale version.
pub async fn retire(
    scope: &PlatformScope,
    id: Option<AccountGroupId>,
    expected_version: Option<i32>,
    retired_on: Option<NaiveDate>,
) -> Result<account_group::Model> {
    let keeping = Keeping::begin(scope).await?;
    let before = keeping.find::<account_group::Entity>(id, "account group").await?;
    if before.is_system {
        return Err(of_the_product("group"));
    }
    Error::unless_current(expected_version, before.version)?;
    let mut row = before.clone().into_active_model();
    row.retired_on = Set(retired_on);
    store(keeping, "MASTER_GROUP_RETIRED", before, row).await
}

/// Deletes a shared group that nobody can have used yet.
///
/// # Errors
/// No permission, or refusals: no such group, one of the product's own, groups below it, or tenants
/// that may hold ledgers below it.
pub async fn delete(scope: &PlatformScope, id: Option<AccountGroupId>) -> Result<AccountGroupId> {
    let keeping = Keeping::begin(scope).await?;
    let before = keeping.find::<account_group::Entity>(id, "account group").await?;
    if before.is_system {
        return Err(of_the_product("group"));
    }
    let below = account_group::Entity::find()
        .filter(account_group::Column::ParentId.eq(before.id))
        .count(keeping.conn())
        .await?;
    let tenants = tenant_master::Entity::find().count(keeping.conn()).await?;
    if below > 0 || tenants > 0 {
        let why = if below > 0 {
            "groups hang below it"
        } else {
            "tenants may hold ledgers below it; retire it instead"
        };
        return Err(Error::refused(Code::InUse, "id", why));
    }
    account_group::Entity::delete_by_id(before.id).exec(keeping.conn()).await?;
    keeping
        .finish(changed("MASTER_GROUP_DELETED", subject(&before), Some(describe(&before)), None))
        .await?;
    Ok(before.id)
}

async fn store(
    keeping: Keeping<'_>,
    action: &'static str,
    before: account_group::Model,
    mut row: account_group::ActiveModel,
) -> Result<account_group::Model> {
    row.version = Set(before.version.saturating_add(1));
    row.updated_at = Set(keeping.now);
    let stored = row.update(keeping.conn()).await.map_err(taken("name"))?;
    keeping
        .finish(changed(action, subject(&stored), Some(describe(&before)), Some(describe(&stored))))
        .await?;
    Ok(stored)
}

/// What the log calls such a row.
fn subject(row: &account_group::Model) -> (&'static str, i64) {
    ("AccountGroup", row.id.get())
}

/// A row as the log shows it.
fn describe(row: &account_group::Model) -> Canonical {
    Canonical::new()
        .text("code", &row.group_code)
        .text("name", &row.name)
        .int_if("parent", row.parent_id.map(AccountGroupId::get))
        .text("nature", &row.nature.to_value())
        .text("normalSide", &row.normal_side.to_value())
        .flag("affectsGrossProfit", row.affects_gross_profit)
        .flag("system", row.is_system)
        .int("sortOrder", i64::from(row.sort_order))
        .text_if("retiredOn", row.retired_on.map(|day| day.to_string()).as_deref())
        .int("version", i64::from(row.version))
}
