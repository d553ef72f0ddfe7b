//! Cost centres and their categories: made, renamed, moved, archived.

use daybook_domain::{
    chain::Canonical,
    chart::would_cycle,
    id::{BusinessId, CostCategoryId, CostCentreId},
    role::Permission,
    text::fold,
};
use daybook_entity::tenant::costs::{cost_category, cost_centre};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter,
};

use super::{
    businesses::named_twice,
    chart::{self, Asked},
    cost_centres::DEPTH_MAX,
    vouchers::Wrong,
};
use crate::{
    error::{Code, Error, Result},
    lane::Change,
    scope::TenantScope,
};

/// Most characters of a name.
pub const NAME_MAX: usize = 100;
/// Most categories of a business.
pub const CATEGORIES_MAX: u64 = 100;
/// Most centres of a business: they are held in memory.
pub const CENTRES_MAX: u64 = 5_000;

/// Makes a category.
///
/// # Errors
/// No permission, or refusals: no such business, a taken name, too many.
pub async fn create_category(
    scope: &TenantScope,
    business: Asked,
    name: &str,
) -> Result<cost_category::Model> {
    scope.require(Permission::CostCentreUpdate)?;
    let business = chart::chart(scope).await?.chosen(scope, business, "input")?.id;
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", name, NAME_MAX);
    wrong.finish()?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let own = cost_category::Entity::find()
                    .filter(cost_category::Column::BusinessId.eq(business));
                too_many(own.count(writing.conn()).await?, CATEGORIES_MAX)?;
                let now = writing.recorded_at();
                let row = cost_category::Model {
                    id: CostCategoryId::new(writing.next_id()?),
                    business_id: business,
                    name_key: fold(&name),
                    name,
                    archived_at: None,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                };
                let stored = cost_category::ActiveModel::from(row)
                    .insert(writing.conn())
                    .await
                    .map_err(taken)?;
                writing.settings_change();
                writing.audit(category_changed("COST_CATEGORY_CREATED", None, &stored));
                Ok(stored)
            })
        })
        .await
}

/// What is changed of a category; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ChangeCategory {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<Option<String>>,
    /// Archived, or brought back.
    pub archived: Option<bool>,
}

/// Renames a category, archives it, or brings it back. Nothing more is split over the centres of an archived
/// one.
///
/// # Errors
/// No permission, or refusals: no such category, a stale version, a taken name.
pub async fn change_category(
    scope: &TenantScope,
    id: Option<CostCategoryId>,
    change: ChangeCategory,
) -> Result<cost_category::Model> {
    scope.require(Permission::CostCentreUpdate)?;
    let mut wrong = Wrong::below("input");
    let name = wrong.given("name", change.name);
    let name = name.map(|name| wrong.required("name", &name, NAME_MAX));
    wrong.finish()?;
    let unknown =
        || Error::refused(Code::CostCategoryUnknown, "id", "there is no such cost category");
    let (id, access) = (id.ok_or_else(unknown)?, scope.access.clone());
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let before = cost_category::Entity::find_by_id(id)
                    .one(writing.conn())
                    .await?
                    .filter(|row| access.businesses.includes(row.business_id))
                    .ok_or_else(unknown)?;
                Error::unless_current(change.expected_version, before.version)?;
                let now = writing.recorded_at();
                let mut after = before.clone();
                if let Some(name) = name {
                    after.name_key = fold(&name);
                    after.name = name;
                }
                after.archived_at = archived_at(before.archived_at, change.archived, now);
                if after == before {
                    return Ok(before);
                }
                let mut row = before.clone().into_active_model();
                row.name = Set(after.name);
                row.name_key = Set(after.name_key);
                row.archived_at = Set(after.archived_at);
                row.version = Set(before.version + 1);
                row.updated_at = Set(now);
                let stored = row.update(writing.conn()).await.map_err(taken)?;
                writing.settings_change();
                let words =
                    ["COST_CATEGORY_UPDATED", "COST_CATEGORY_ARCHIVED", "COST_CATEGORY_RESTORED"];
                let action = action(change.archived, words);
                writing.audit(category_changed(action, Some(&before), &stored));
                Ok(stored)
            })
        })
        .await
}

/// A centre to be made.
#[derive(Debug, Clone)]
pub struct CreateCentre {
    /// Its category; `None` when the id given is not one.
    pub category: Option<CostCategoryId>,
    /// The centre above it: absent, or the inner `None` for an id that is not one.
    pub parent: Option<Option<CostCentreId>>,
    /// Its name.
    pub name: String,
}

/// Makes a centre in a category's business.
///
/// # Errors
/// No permission, or refusals: no such category or parent, a taken name, too many, too deep.
pub async fn create_centre(
    scope: &TenantScope,
    command: CreateCentre,
) -> Result<cost_centre::Model> {
    scope.require(Permission::CostCentreUpdate)?;
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", &command.name, NAME_MAX);
    wrong.finish()?;
    let parent = command.parent.map(|parent| parent.ok_or_else(no_parent)).transpose()?;
    let unknown = || {
        let why = "there is no such cost category, or it is archived";
        Error::refused(Code::CostCategoryUnknown, "input.categoryId", why)
    };
    let (id, access) = (command.category.ok_or_else(unknown)?, scope.access.clone());
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let category = cost_category::Entity::find_by_id(id)
                    .one(writing.conn())
                    .await?
                    .filter(|row| access.businesses.includes(row.business_id))
                    .filter(|row| row.archived_at.is_none())
                    .ok_or_else(unknown)?;
                let own = Own::read(writing.conn(), category.business_id).await?;
                too_many(u64::try_from(own.0.len()).unwrap_or(u64::MAX), CENTRES_MAX)?;
                if let Some(parent) = parent {
                    own.check_parent(category.id, parent)?;
                }
                let now = writing.recorded_at();
                let row = cost_centre::Model {
                    id: CostCentreId::new(writing.next_id()?),
                    business_id: category.business_id,
                    category_id: category.id,
                    parent_id: parent,
                    name_key: fold(&name),
                    name,
                    archived_at: None,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                };
                let stored = cost_centre::ActiveModel::from(row)
                    .insert(writing.conn())
                    .await
                    .map_err(taken)?;
                writing.settings_change();
                writing.audit(centre_changed("COST_CENTRE_CREATED", None, &stored));
                Ok(stored)
            })
        })
        .await
}

/// What is changed of a centre; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ChangeCentre {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<Option<String>>,
    /// Another centre above it, or none; the innermost `None` stands for an id that is not one.
    pub parent: Option<Option<Option<CostCentreId>>>,
    /// Archived, or brought back.
    pub archived: Option<bool>,
}

/// Renames a centre, hangs it, with all below it, elsewhere in its category, archives it or brings it back.
///
/// # Errors
/// No permission, or refusals: no such centre, a stale version, a taken name, a circle, centres in use below.
pub async fn change_centre(
    scope: &TenantScope,
    id: Option<CostCentreId>,
    change: ChangeCentre,
) -> Result<cost_centre::Model> {
    scope.require(Permission::CostCentreUpdate)?;
    let mut wrong = Wrong::below("input");
    let name = wrong.given("name", change.name);
    let name = name.map(|name| wrong.required("name", &name, NAME_MAX));
    wrong.finish()?;
    let parent = match change.parent {
        None => None,
        Some(None) => Some(None),
        Some(Some(asked)) => Some(Some(asked.ok_or_else(no_parent)?)),
    };
    let unknown = || Error::refused(Code::CostCentreUnknown, "id", "there is no such cost centre");
    let (id, access) = (id.ok_or_else(unknown)?, scope.access.clone());
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let before = cost_centre::Entity::find_by_id(id)
                    .one(writing.conn())
                    .await?
                    .filter(|row| access.businesses.includes(row.business_id))
                    .ok_or_else(unknown)?;
                Error::unless_current(change.expected_version, before.version)?;
                let own = Own::read(writing.conn(), before.business_id).await?;
                let now = writing.recorded_at();
                let mut after = before.clone();
                if let Some(name) = name {
                    after.name_key = fold(&name);
                    after.name = name;
                }
                if let Some(parent) = parent.filter(|parent| *parent != before.parent_id) {
                    if let Some(parent) = parent {
                        own.check_circle(id, parent)?;
                        own.check_parent(before.category_id, parent)?;
                    }
                    after.parent_id = parent;
                }
                after.archived_at = archived_at(before.archived_at, change.archived, now);
                if after == before {
                    return Ok(before);
                }
                own.check_archive(&before, &after)?;
                let mut row = before.clone().into_active_model();
                row.name = Set(after.name);
                row.name_key = Set(after.name_key);
                row.parent_id = Set(after.parent_id);
                row.archived_at = Set(after.archived_at);
                row.version = Set(before.version + 1);
                row.updated_at = Set(now);
                let stored = row.update(writing.conn()).await.map_err(taken)?;
                writing.settings_change();
                let words = ["COST_CENTRE_UPDATED", "COST_CENTRE_ARCHIVED", "COST_CENTRE_RESTORED"];
                let action = action(change.archived, words);
                writing.audit(centre_changed(action, Some(&before), &stored));
                Ok(stored)
            })
        })
        .await
}

/// The centres of a business as the fence holds them still.
struct Own(Vec<cost_centre::Model>);

impl Own {
    async fn read(conn: &impl ConnectionTrait, business: BusinessId) -> Result<Self> {
        let own = cost_centre::Entity::find().filter(cost_centre::Column::BusinessId.eq(business));
        Ok(Self(own.all(conn).await?))
    }

    fn find(&self, id: CostCentreId) -> Option<&cost_centre::Model> {
        self.0.iter().find(|one| one.id == id)
    }

    fn parent(&self, id: CostCentreId) -> Option<CostCentreId> {
        self.find(id).and_then(|one| one.parent_id)
    }

    /// Whether something may hang below a centre: of the same category, open, not too deep.
    fn check_parent(&self, category: CostCategoryId, parent: CostCentreId) -> Result<()> {
        let found = self.find(parent).filter(|one| one.category_id == category);
        if found.is_none_or(|one| one.archived_at.is_some()) {
            return Err(no_parent());
        }
        let path = std::iter::successors(Some(parent), |id| self.parent(*id));
        if path.take(DEPTH_MAX).count() >= DEPTH_MAX {
            let why = format!("cost centres stand at most {DEPTH_MAX} deep");
            return Err(Error::refused(Code::TooMany, "input.parentId", why));
        }
        Ok(())
    }

    fn check_circle(&self, centre: CostCentreId, parent: CostCentreId) -> Result<()> {
        if would_cycle(centre, parent, |id| self.parent(id), self.0.len()) {
            let why = "a cost centre cannot hang below itself";
            return Err(Error::refused(Code::Cycle, "input.parentId", why));
        }
        Ok(())
    }

    fn check_archive(&self, before: &cost_centre::Model, after: &cost_centre::Model) -> Result<()> {
        let has_open_below = || {
            let mut below = self.0.iter().filter(|one| one.parent_id == Some(before.id));
            below.any(|one| one.archived_at.is_none())
        };
        let is_parent_shut = || {
            after
                .parent_id
                .and_then(|id| self.find(id))
                .is_some_and(|one| one.archived_at.is_some())
        };
        match (before.archived_at, after.archived_at) {
            (None, Some(_)) if has_open_below() => {
                let why = "cost centres in use hang below it; archive or move them first";
                Err(Error::refused(Code::InUse, "id", why))
            }
            (Some(_), None) if is_parent_shut() => {
                let why = "the cost centre above it is archived; bring that one back first";
                Err(Error::refused(Code::NotAllowed, "id", why))
            }
            _ => Ok(()),
        }
    }
}

fn archived_at(before: Option<i64>, archived: Option<bool>, now: i64) -> Option<i64> {
    match archived {
        Some(true) => before.or(Some(now)),
        Some(false) => None,
        None => before,
    }
}

fn action(archived: Option<bool>, [updated, shut, opened]: [&'static str; 3]) -> &'static str {
    match archived {
        None => updated,
        Some(true) => shut,
        Some(false) => opened,
    }
}

fn too_many(count: u64, most: u64) -> Result<()> {
    if count < most {
        return Ok(());
    }
    Err(Error::refused(Code::TooMany, "input", format!("a business has at most {most} of these")))
}

fn no_parent() -> Error {
    let why = "there is no such cost centre in this category, or it is archived";
    Error::refused(Code::CostCentreUnknown, "input.parentId", why)
}

fn taken(error: sea_orm::DbErr) -> Error {
    named_twice(error, "input.name")
}

fn category_changed(
    action: &'static str,
    before: Option<&cost_category::Model>,
    after: &cost_category::Model,
) -> Change {
    let describe = |row: &cost_category::Model| {
        Canonical::new()
            .text("name", &row.name)
            .int_if("archivedAt", row.archived_at)
            .int("version", i64::from(row.version))
    };
    Change {
        action,
        subject_type: "CostCategory",
        subject: Some(after.id.get()),
        business: Some(after.business_id),
        canonical: Canonical::new()
            .object_if("before", before.map(describe))
            .object("after", describe(after))
            .finish(),
    }
}

fn centre_changed(
    action: &'static str,
    before: Option<&cost_centre::Model>,
    after: &cost_centre::Model,
) -> Change {
    let describe = |row: &cost_centre::Model| {
        Canonical::new()
            .text("name", &row.name)
            .int("category", row.category_id.get())
            .int_if("parent", row.parent_id.map(CostCentreId::get))
            .int_if("archivedAt", row.archived_at)
            .int("version", i64::from(row.version))
    };
    Change {
        action,
        subject_type: "CostCentre",
        subject: Some(after.id.get()),
        business: Some(after.business_id),
        canonical: Canonical::new()
            .object_if("before", before.map(describe))
            .object("after", describe(after))
            .finish(),
    }
}
