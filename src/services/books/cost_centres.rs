//! Cost centres and their categories: listed, and remembered while no setting changes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use daybook_domain::{
    id::{CostCategoryId, CostCentreId},
    role::Permission,
    text::fold,
};
use daybook_entity::tenant::costs::{cost_category, cost_centre};
use sea_orm::{ConnectionTrait, EntityTrait};

use super::chart::{self, Asked};
use crate::{
    db::page::{Page, PageAsk},
    error::Result,
    scope::TenantScope,
    tenancy::Snapshot,
};

/// Most levels of centres.
pub const DEPTH_MAX: usize = 16;

/// All categories and centres of a tenant.
#[derive(Debug, Default)]
pub struct Centres {
    /// Categories by id.
    pub categories: HashMap<CostCategoryId, cost_category::Model>,
    /// Centres by id.
    pub centres: HashMap<CostCentreId, cost_centre::Model>,
    /// Ids of the centres by name.
    pub ordered: Vec<CostCentreId>,
}

/// The cost centres as they stand now.
///
/// # Errors
/// When the database cannot be read.
pub async fn centres(scope: &TenantScope) -> Result<Arc<Centres>> {
    let seq = scope.db.beat().await?.settings_seq;
    if let Some(known) = scope.db.memory.get::<Centres>(seq) {
        return Ok(known);
    }
    let _turn = scope.db.turn::<Centres>().await?;
    if let Some(known) = scope.db.memory.get::<Centres>(seq) {
        return Ok(known);
    }
    let reader = scope.db.reader().await?;
    let centres = Arc::new(read(reader.conn()).await?);
    scope.db.memory.put(seq, Arc::clone(&centres));
    Ok(centres)
}

/// The cost centres that every split of a snapshot is of.
///
/// # Errors
/// When the database cannot be read.
pub async fn at(scope: &TenantScope, snapshot: &Snapshot) -> Result<Arc<Centres>> {
    let seq = snapshot.fence().settings_seq;
    if let Some(known) = scope.db.memory.get::<Centres>(seq) {
        return Ok(known);
    }
    let centres = Arc::new(read(snapshot.conn()).await?);
    scope.db.memory.put(seq, Arc::clone(&centres));
    Ok(centres)
}

/// The cost centres as this request knows them; see [`super::chart::known`].
///
/// # Errors
/// When the database cannot be read.
pub async fn known(scope: &TenantScope) -> Result<Arc<Centres>> {
    match scope.db.memory.get::<Centres>(scope.db.last_beat().settings_seq) {
        Some(known) => Ok(known),
        None => centres(scope).await,
    }
}

async fn read(conn: &impl ConnectionTrait) -> Result<Centres> {
    let categories = cost_category::Entity::find().all(conn).await?;
    let mut centres = cost_centre::Entity::find().all(conn).await?;
    centres.sort_by(|one, other| (&one.name_key, one.id).cmp(&(&other.name_key, other.id)));
    Ok(Centres {
        categories: categories.into_iter().map(|one| (one.id, one)).collect(),
        ordered: centres.iter().map(|one| one.id).collect(),
        centres: centres.into_iter().map(|one| (one.id, one)).collect(),
    })
}

impl Centres {
    /// A category in a business that the caller may see.
    pub fn visible_category(
        &self,
        scope: &TenantScope,
        id: CostCategoryId,
    ) -> Option<&cost_category::Model> {
        let found = self.categories.get(&id)?;
        scope.access.businesses.includes(found.business_id).then_some(found)
    }

    /// A centre in a business that the caller may see.
    pub fn visible_centre(
        &self,
        scope: &TenantScope,
        id: CostCentreId,
    ) -> Option<&cost_centre::Model> {
        let found = self.centres.get(&id)?;
        scope.access.businesses.includes(found.business_id).then_some(found)
    }

    /// The centres by name.
    pub fn by_name(&self) -> impl Iterator<Item = &cost_centre::Model> {
        self.ordered.iter().filter_map(|id| self.centres.get(id))
    }

    /// Whether a centre is another one or hangs below it.
    pub fn is_within(&self, centre: CostCentreId, above: CostCentreId) -> bool {
        let parent = |id: &CostCentreId| self.centres.get(id).and_then(|one| one.parent_id);
        let path = std::iter::successors(Some(centre), parent).take(DEPTH_MAX + 1);
        path.into_iter().any(|one| one == above)
    }
}

/// One category, if the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn category(
    scope: &TenantScope,
    id: CostCategoryId,
) -> Result<Option<cost_category::Model>> {
    scope.require(Permission::CostCentreRead)?;
    Ok(centres(scope).await?.visible_category(scope, id).cloned())
}

/// One centre, if the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn centre(scope: &TenantScope, id: CostCentreId) -> Result<Option<cost_centre::Model>> {
    scope.require(Permission::CostCentreRead)?;
    Ok(centres(scope).await?.visible_centre(scope, id).cloned())
}

/// Which centres a list shows; all conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct CentreFilter {
    /// Part of the name, whatever its case.
    pub text: Option<String>,
    /// Of this category.
    pub category: Option<CostCategoryId>,
    /// Directly below this centre; the inner `None` for those below none.
    pub parent: Option<Option<CostCentreId>>,
    /// Only archived ones, or only others; both when absent.
    pub is_archived: Option<bool>,
}

/// Centres of a business by name.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list_centres(
    scope: &TenantScope,
    business: Asked,
    filter: &CentreFilter,
    ask: &PageAsk,
) -> Result<Page<cost_centre::Model>> {
    scope.require(Permission::CostCentreRead)?;
    let business = chart::chart(scope).await?.asked(scope, business)?.id;
    let all = centres(scope).await?;
    let text = filter.text.as_deref().map(fold);
    let rows = all.by_name().filter(|one| {
        one.business_id == business
            && text.as_ref().is_none_or(|text| one.name_key.contains(text.as_str()))
            && filter.category.is_none_or(|category| one.category_id == category)
            && filter.parent.is_none_or(|parent| one.parent_id == parent)
            && filter.is_archived.is_none_or(|archived| one.archived_at.is_some() == archived)
    });
    let rows: Vec<cost_centre::Model> = rows.cloned().collect();
    Page::of_all(&rows, ask, |one| (one.name_key.clone(), one.id.get()))
}

/// Categories of a business by name.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list_categories(
    scope: &TenantScope,
    business: Asked,
    is_archived: Option<bool>,
    ask: &PageAsk,
) -> Result<Page<cost_category::Model>> {
    scope.require(Permission::CostCentreRead)?;
    let business = chart::chart(scope).await?.asked(scope, business)?.id;
    let all = centres(scope).await?;
    let rows = all.categories.values().filter(|one| {
        one.business_id == business
            && is_archived.is_none_or(|archived| one.archived_at.is_some() == archived)
    });
    let sorted: BTreeMap<(String, i64), &cost_category::Model> =
        rows.map(|one| ((one.name_key.clone(), one.id.get()), one)).collect();
    let rows: Vec<cost_category::Model> = sorted.into_values().cloned().collect();
    Page::of_all(&rows, ask, |one| (one.name_key.clone(), one.id.get()))
}
