//! The groups that a tenant's ledgers hang below: the shared ones and its own below them.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use daybook_domain::{
    chart::{DUTIES_AND_TAXES, is_bank, is_cash_or_bank},
    id::{AccountGroupId, SubGroupId},
};
use daybook_entity::{
    master::chart::{Nature, NormalSide, Statement},
    tenant::chart::{account_group_override, account_subgroup, ledger},
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};

use crate::{
    error::Result,
    master::{Catalogue, catalogue::is_in_force},
    scope::TenantScope,
    tenancy::Snapshot,
};

/// A group by its id, in the master database or in the tenant's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupRef {
    /// A shared group.
    Shared(AccountGroupId),
    /// A tenant's own sub-group.
    Own(SubGroupId),
}

impl GroupRef {
    /// The group of a ledger; only Profit & Loss A/c has none.
    pub fn of(ledger: &ledger::Model) -> Option<Self> {
        ledger.subgroup_id.map(Self::Own).or(ledger.group_id.map(Self::Shared))
    }

    /// The shared group's id, if it is one.
    pub fn shared(self) -> Option<AccountGroupId> {
        match self {
            Self::Shared(id) => Some(id),
            Self::Own(_) => None,
        }
    }

    /// The own sub-group's id, if it is one.
    pub fn own(self) -> Option<SubGroupId> {
        match self {
            Self::Own(id) => Some(id),
            Self::Shared(_) => None,
        }
    }
}

/// What a group is, with all that it inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Which group.
    pub reference: GroupRef,
    /// Its name.
    pub name: String,
    /// Code of the shared group that it is or hangs below.
    pub code: String,
    /// The group above it.
    pub parent: Option<GroupRef>,
    /// 1 for a primary group.
    pub level: i32,
    /// Asset, liability, income or expense.
    pub nature: Nature,
    /// The side on which its balances are normal.
    pub normal_side: NormalSide,
    /// Where it is reported.
    pub statement: Statement,
    /// Whether it counts above gross profit.
    pub affects_gross_profit: bool,
    /// Whether it came with the product.
    pub is_system: bool,
    /// Whether the tenant hides it from choosing.
    pub is_hidden: bool,
    /// Archived: an own sub-group that takes no more ledgers.
    pub is_archived: bool,
    /// The day from which it, or one above it, takes no more ledgers.
    pub retired_on: Option<NaiveDate>,
    /// Rises with each change of an own sub-group.
    pub version: i32,
    /// Whether its ledgers are money at hand.
    pub is_cash_or_bank: bool,
    /// Whether its ledgers are accounts at a bank.
    pub is_bank: bool,
    /// Whether its ledgers are duties and taxes.
    pub is_duties_and_taxes: bool,
}

/// All groups that a tenant sees.
#[derive(Debug, Default)]
pub struct Groups {
    /// Shared ones in sort order, then own ones by name; parents before children.
    pub ordered: Vec<Group>,
    at: HashMap<GroupRef, usize>,
    catalogue_version: i64,
}

/// The groups as the tenant sees them now.
///
/// # Errors
/// When the database cannot be read.
pub async fn groups(scope: &TenantScope) -> Result<Arc<Groups>> {
    let seq = scope.db.beat().await?.settings_seq;
    if let Some(known) = scope.db.memory.get::<Groups>(seq)
        && known.catalogue_version == scope.catalogue.version
    {
        return Ok(known);
    }
    let _turn = scope.db.turn::<Groups>().await?;
    if let Some(known) = scope.db.memory.get::<Groups>(seq)
        && known.catalogue_version == scope.catalogue.version
    {
        return Ok(known);
    }
    let reader = scope.db.reader().await?;
    let groups = Arc::new(read(scope, reader.conn()).await?);
    scope.db.memory.put(seq, Arc::clone(&groups));
    Ok(groups)
}

/// The groups that every ledger of a snapshot hangs below.
///
/// # Errors
/// When the database cannot be read.
pub async fn at(scope: &TenantScope, snapshot: &Snapshot) -> Result<Arc<Groups>> {
    let seq = snapshot.fence().settings_seq;
    if let Some(known) = scope.db.memory.get::<Groups>(seq)
        && known.catalogue_version == scope.catalogue.version
    {
        return Ok(known);
    }
    let groups = Arc::new(read(scope, snapshot.conn()).await?);
    scope.db.memory.put(seq, Arc::clone(&groups));
    Ok(groups)
}

async fn read(scope: &TenantScope, conn: &impl ConnectionTrait) -> Result<Groups> {
    let own = account_subgroup::Entity::find()
        .order_by_asc(account_subgroup::Column::NameKey)
        .all(conn)
        .await?;
    let overrides = account_group_override::Entity::find().all(conn).await?;
    let hidden: Vec<AccountGroupId> =
        overrides.into_iter().filter(|one| one.is_hidden).map(|one| one.group_id).collect();
    Ok(Groups::of(&scope.catalogue, &own, &hidden))
}

/// The groups as this request knows them; see [`super::chart::known`].
///
/// # Errors
/// When the database cannot be read.
pub async fn known(scope: &TenantScope) -> Result<Arc<Groups>> {
    match scope.db.memory.get::<Groups>(scope.db.last_beat().settings_seq) {
        Some(known) if known.catalogue_version == scope.catalogue.version => Ok(known),
        _ => groups(scope).await,
    }
}

impl Groups {
    /// The groups of a catalogue with a tenant's own below them.
    pub fn of(
        catalogue: &Catalogue,
        own: &[account_subgroup::Model],
        hidden: &[AccountGroupId],
    ) -> Self {
        let mut groups = Self { catalogue_version: catalogue.version, ..Self::default() };
        for shared in &catalogue.groups {
            let path = catalogue.group_path(shared.id);
            let codes: Vec<&str> = path.iter().map(|group| group.group_code.as_str()).collect();
            groups.add(Group {
                reference: GroupRef::Shared(shared.id),
                name: shared.name.clone(),
                code: shared.group_code.clone(),
                parent: shared.parent_id.map(GroupRef::Shared),
                level: i32::try_from(path.len()).unwrap_or(i32::MAX),
                nature: shared.nature,
                normal_side: shared.normal_side,
                statement: shared.statement,
                affects_gross_profit: shared.affects_gross_profit,
                is_system: shared.is_system,
                is_hidden: hidden.contains(&shared.id),
                is_archived: false,
                retired_on: catalogue.group_retired_on(shared.id),
                version: shared.version,
                is_cash_or_bank: is_cash_or_bank(codes.iter().copied()),
                is_bank: is_bank(codes.iter().copied()),
                is_duties_and_taxes: codes.contains(&DUTIES_AND_TAXES),
            });
        }
        let mut waiting: Vec<&account_subgroup::Model> = own.iter().collect();
        loop {
            let before = waiting.len();
            waiting.retain(|group| !groups.add_own(group));
            if waiting.is_empty() || waiting.len() == before {
                return groups;
            }
        }
    }

    /// Adds an own group whose parent is there; false when it is not yet.
    fn add_own(&mut self, group: &account_subgroup::Model) -> bool {
        let parent = match (group.parent_subgroup_id, group.parent_group_id) {
            (Some(own), _) => GroupRef::Own(own),
            (None, Some(shared)) => GroupRef::Shared(shared),
            (None, None) => return false,
        };
        let Some(above) = self.resolve(parent).cloned() else { return false };
        self.add(Group {
            reference: GroupRef::Own(group.id),
            name: group.name.clone(),
            parent: Some(parent),
            level: above.level + 1,
            is_system: false,
            is_hidden: false,
            is_archived: group.archived_at.is_some(),
            version: group.version,
            ..above
        });
        true
    }

    fn add(&mut self, group: Group) {
        self.at.insert(group.reference, self.ordered.len());
        self.ordered.push(group);
    }

    /// A group below which ledgers may be hung on a day.
    pub fn open_on(&self, group: GroupRef, day: NaiveDate) -> Option<&Group> {
        self.resolve(group).filter(|group| !group.is_archived && is_in_force(group.retired_on, day))
    }

    /// A group that the tenant sees.
    pub fn resolve(&self, group: GroupRef) -> Option<&Group> {
        self.ordered.get(*self.at.get(&group)?)
    }

    /// The groups directly below one.
    pub fn below(&self, group: GroupRef) -> impl Iterator<Item = &Group> {
        self.ordered.iter().filter(move |one| one.parent == Some(group))
    }
}
