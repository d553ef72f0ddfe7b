//! A tenant's own account groups, at any depth below the shared ones.

use std::sync::Arc;

use daybook_domain::{
    chain::Canonical,
    chart::would_cycle,
    id::{AccountGroupId, SubGroupId},
    role::Permission,
    text::fold,
};
use daybook_entity::tenant::chart::{account_subgroup, ledger};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter,
};

use crate::{
    error::{Code, Error, Result},
    lane::{Change, Writing},
    master::{Catalogue, catalogue::is_in_force},
    scope::TenantScope,
    services::books::{businesses::named_twice, groups::GroupRef, vouchers::Wrong},
};

/// Most characters of a group's name.
pub const NAME_MAX: usize = 100;
/// Most own groups of a tenant: they are held in memory.
pub const SUBGROUPS_MAX: usize = 2_000;
/// Most levels of own groups below a shared one.
pub const DEPTH_MAX: usize = 32;

/// An own group to be made.
#[derive(Debug, Clone)]
pub struct CreateSubgroup {
    /// Its name, unique among all groups that the tenant sees.
    pub name: String,
    /// The group above it; `None` when the id given is not one.
    pub parent: Option<GroupRef>,
}

/// What is changed of an own group; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateSubgroup {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<String>,
    /// Another group above it; the inner `None` stands for an id that is not one.
    pub parent: Option<Option<GroupRef>>,
}

/// Makes an own group. It is what the group above it is: asset, liability, income or expense.
///
/// # Errors
/// No permission, or refusals: unknown or retired parent, taken name, too many, too deep.
pub async fn create(scope: &TenantScope, command: CreateSubgroup) -> Result<SubGroupId> {
    scope.require(Permission::GroupUpdate)?;
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", &command.name, NAME_MAX);
    wrong.finish()?;
    let parent = command.parent.ok_or_else(no_parent)?;
    let catalogue = Offered::of(scope);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let own = Own::read(writing).await?;
                if own.0.len() >= SUBGROUPS_MAX {
                    let why = format!("an account has at most {SUBGROUPS_MAX} groups of its own");
                    return Err(Error::refused(Code::TooMany, "input", why));
                }
                own.check_name(&catalogue.catalogue, &name, None)?;
                own.check_parent(&catalogue, parent)?;
                let now = writing.recorded_at();
                let row = account_subgroup::Model {
                    id: SubGroupId::new(writing.next_id()?),
                    parent_group_id: parent.shared(),
                    parent_subgroup_id: parent.own(),
                    name_key: fold(&name),
                    name,
                    archived_at: None,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                };
                let stored = account_subgroup::ActiveModel::from(row)
                    .insert(writing.conn())
                    .await
                    .map_err(|error| named_twice(error, "input.name"))?;
                writing.settings_change();
                writing.audit(changed("GROUP_CREATED", None, &stored));
                Ok(stored.id)
            })
        })
        .await
}

/// Renames an own group or hangs it, with all below it, under another one.
///
/// # Errors
/// No permission, or refusals: no such group, a stale version, a taken name, a circle.
pub async fn update(
    scope: &TenantScope,
    id: Option<SubGroupId>,
    command: UpdateSubgroup,
) -> Result<SubGroupId> {
    scope.require(Permission::GroupUpdate)?;
    let mut wrong = Wrong::below("input");
    let name = command.name.as_deref().map(|name| wrong.required("name", name, NAME_MAX));
    wrong.finish()?;
    let parent = command.parent.map(|parent| parent.ok_or_else(no_parent)).transpose()?;
    let catalogue = Offered::of(scope);
    edit(scope, id, command.expected_version, "GROUP_UPDATED", move |own, _, row| {
        if let Some(name) = name {
            own.check_name(&catalogue.catalogue, &name, Some(row.id))?;
            row.name_key = fold(&name);
            row.name = name;
        }
        if let Some(parent) = parent
            && parent != parent_of(row)?
        {
            own.check_parent(&catalogue, parent)?;
            own.check_circle(row.id, parent)?;
            row.parent_group_id = parent.shared();
            row.parent_subgroup_id = parent.own();
        }
        Ok(())
    })
    .await
}

/// Archives an own group that holds nothing more, so that it takes no ledgers, or brings it back.
///
/// # Errors
/// No permission, or refusals: no such group, a stale version, ledgers or groups in use below it.
pub async fn archive(
    scope: &TenantScope,
    id: Option<SubGroupId>,
    expected_version: Option<i32>,
    archived: bool,
) -> Result<SubGroupId> {
    scope.require(Permission::GroupUpdate)?;
    let action = if archived { "GROUP_ARCHIVED" } else { "GROUP_RESTORED" };
    let now = scope.clock.now_ms();
    let catalogue = Offered::of(scope);
    edit(scope, id, expected_version, action, move |own, ledgers, row| {
        if row.archived_at.is_some() == archived {
            return Ok(());
        }
        if !archived {
            own.check_parent(&catalogue, parent_of(row)?).map_err(|_| {
                let why = "the group above it takes nothing more; bring that one back first";
                Error::refused(Code::NotAllowed, "id", why)
            })?;
        } else if ledgers > 0 || own.has_open_below(row.id) {
            let why = "ledgers or groups in use hang below it; archive or move them first";
            return Err(Error::refused(Code::InUse, "id", why));
        }
        row.archived_at = archived.then_some(now);
        Ok(())
    })
    .await
}

async fn edit<F>(
    scope: &TenantScope,
    id: Option<SubGroupId>,
    expected_version: Option<i32>,
    action: &'static str,
    change: F,
) -> Result<SubGroupId>
where
    F: FnOnce(&Own, u64, &mut account_subgroup::Model) -> Result<()> + Send + 'static,
{
    let unknown =
        || Error::refused(Code::NotFound, "id", "there is no such group among your own ones");
    let id = id.ok_or_else(unknown)?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let own = Own::read(writing).await?;
                let before = own.find(id).cloned().ok_or_else(unknown)?;
                Error::unless_current(expected_version, before.version)?;
                let ledgers = ledger::Entity::find()
                    .filter(ledger::Column::SubgroupId.eq(id))
                    .filter(ledger::Column::ArchivedAt.is_null())
                    .count(writing.conn())
                    .await?;
                let mut after = before.clone();
                change(&own, ledgers, &mut after)?;
                if after == before {
                    return Ok(id);
                }
                after.version += 1;
                after.updated_at = writing.recorded_at();
                let mut row = before.clone().into_active_model();
                row.name = Set(after.name);
                row.name_key = Set(after.name_key);
                row.parent_group_id = Set(after.parent_group_id);
                row.parent_subgroup_id = Set(after.parent_subgroup_id);
                row.archived_at = Set(after.archived_at);
                row.version = Set(after.version);
                row.updated_at = Set(after.updated_at);
                let stored = row
                    .update(writing.conn())
                    .await
                    .map_err(|error| named_twice(error, "input.name"))?;
                writing.settings_change();
                writing.audit(changed(action, Some(&before), &stored));
                Ok(id)
            })
        })
        .await
}

/// The shared groups and the day that tells which of them are still offered.
struct Offered {
    catalogue: Arc<Catalogue>,
    today: chrono::NaiveDate,
}

impl Offered {
    fn of(scope: &TenantScope) -> Self {
        let catalogue = Arc::clone(&scope.catalogue);
        let today = catalogue.today_in(&scope.clock, &scope.db.route().country);
        Self { catalogue, today }
    }

    fn takes_more(&self, id: AccountGroupId) -> bool {
        self.catalogue.group(id).is_some()
            && is_in_force(self.catalogue.group_retired_on(id), self.today)
    }
}

/// The own groups as the fence holds them still.
struct Own(Vec<account_subgroup::Model>);

impl Own {
    async fn read(writing: &Writing) -> Result<Self> {
        Ok(Self(account_subgroup::Entity::find().all(writing.conn()).await?))
    }

    fn find(&self, id: SubGroupId) -> Option<&account_subgroup::Model> {
        self.0.iter().find(|group| group.id == id)
    }

    fn has_open_below(&self, id: SubGroupId) -> bool {
        self.0
            .iter()
            .any(|group| group.parent_subgroup_id == Some(id) && group.archived_at.is_none())
    }

    fn check_name(
        &self,
        catalogue: &Catalogue,
        name: &str,
        except: Option<SubGroupId>,
    ) -> Result<()> {
        let key = fold(name);
        let is_shared = catalogue.groups.iter().any(|group| group.name_key == key);
        let is_own = self.0.iter().any(|group| group.name_key == key && Some(group.id) != except);
        if is_shared || is_own {
            let why = "a group of this name exists already";
            return Err(Error::refused(Code::Taken, "input.name", why));
        }
        Ok(())
    }

    fn check_parent(&self, offered: &Offered, parent: GroupRef) -> Result<()> {
        let mut at = parent;
        for _ in 1..DEPTH_MAX {
            match at {
                GroupRef::Shared(id) => {
                    return if offered.takes_more(id) { Ok(()) } else { Err(no_parent()) };
                }
                GroupRef::Own(id) => {
                    let group = self.find(id).ok_or_else(no_parent)?;
                    if group.archived_at.is_some() {
                        return Err(no_parent());
                    }
                    at = parent_of(group)?;
                }
            }
        }
        let why = format!("groups of your own stand at most {DEPTH_MAX} deep below a shared one");
        Err(Error::refused(Code::TooMany, "input.parentId", why))
    }

    fn check_circle(&self, group: SubGroupId, parent: GroupRef) -> Result<()> {
        let above = |id| self.find(id).and_then(|group| group.parent_subgroup_id);
        match parent {
            GroupRef::Own(parent) if would_cycle(group, parent, above, self.0.len()) => {
                let why = "a group cannot hang below itself";
                Err(Error::refused(Code::Cycle, "input.parentId", why))
            }
            _ => Ok(()),
        }
    }
}

fn parent_of(group: &account_subgroup::Model) -> Result<GroupRef> {
    let own = group.parent_subgroup_id.map(GroupRef::Own);
    own.or(group.parent_group_id.map(GroupRef::Shared))
        .ok_or_else(|| Error::Internal(format!("group {} hangs below none", group.id)))
}

fn no_parent() -> Error {
    let why = "there is no such account group, or it takes nothing more";
    Error::refused(Code::AccountGroupUnknown, "input.parentId", why)
}

fn changed(
    action: &'static str,
    before: Option<&account_subgroup::Model>,
    after: &account_subgroup::Model,
) -> Change {
    let describe = |row: &account_subgroup::Model| {
        Canonical::new()
            .text("name", &row.name)
            .int_if("group", row.parent_group_id.map(AccountGroupId::get))
            .int_if("subgroup", row.parent_subgroup_id.map(SubGroupId::get))
            .int_if("archivedAt", row.archived_at)
            .int("version", i64::from(row.version))
    };
    Change {
        action,
        subject_type: "AccountSubgroup",
        subject: Some(after.id.get()),
        business: None,
        canonical: Canonical::new()
            .object_if("before", before.map(describe))
            .object("after", describe(after))
            .finish(),
    }
}
