//! Cost centres and their categories in the API.

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject,
};
use daybook_domain::{
    cost,
    id::{BusinessId, CostCategoryId, CostCentreId},
    role::Permission,
};
use daybook_entity::tenant::costs::{cost_category, cost_centre};

use super::{
    businesses::{Business, asked},
    entries::money,
    ledgers::maybe,
    loaders,
};
use crate::{
    connection,
    error::Error,
    graphql::{
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::{DateTime, Decimal, Money},
    },
    payloads,
    services::books::{
        cost_centre_edit::{self as edit, ChangeCategory, ChangeCentre, CreateCentre},
        cost_centres::{self, CentreFilter},
        cost_parts::WrittenCost,
    },
    user_errors,
};

/// A set of cost centres by which each entry may be split once: departments, projects, shops.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct CostCategory {
    /// Opaque global id.
    pub id: ID,
    /// Its name, unique in the business whatever its case.
    pub name: String,
    /// When it was archived; nothing more is split over its centres since.
    pub archived_at: Option<DateTime>,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    #[graphql(skip)]
    in_books: BusinessId,
}

/// The kind of a category's global id.
pub const COST_CATEGORY: &str = "CostCategory";

impl From<cost_category::Model> for CostCategory {
    fn from(row: cost_category::Model) -> Self {
        Self {
            id: id::encode(COST_CATEGORY, row.id.get()),
            name: row.name,
            archived_at: row.archived_at.map(DateTime),
            version: row.version,
            in_books: row.business_id,
        }
    }
}

#[ComplexObject]
impl CostCategory {
    /// The business that it belongs to.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.in_books, |business| business.clone().into()).await
    }
}

/// Where a cost or an income belongs, beside its ledger.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct CostCentre {
    /// Opaque global id.
    pub id: ID,
    /// Its name, unique in the business whatever its case.
    pub name: String,
    /// When it was archived; nothing more is split over it since.
    pub archived_at: Option<DateTime>,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    #[graphql(skip)]
    row: cost_centre::Model,
}

/// The kind of a centre's global id.
pub const COST_CENTRE: &str = "CostCentre";

impl From<cost_centre::Model> for CostCentre {
    fn from(row: cost_centre::Model) -> Self {
        Self {
            id: id::encode(COST_CENTRE, row.id.get()),
            name: row.name.clone(),
            archived_at: row.archived_at.map(DateTime),
            version: row.version,
            row,
        }
    }
}

#[ComplexObject]
impl CostCentre {
    /// The business that it belongs to.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.row.business_id, |business| business.clone().into()).await
    }

    /// Its category, in which it stays.
    async fn category(&self, ctx: &Context<'_>) -> ApiResult<CostCategory> {
        let known = cost_centres::known(&*ctx.tenant()?).await?;
        let found = known.categories.get(&self.row.category_id).cloned();
        let found = found.ok_or_else(|| Error::Internal("a cost centre of no category".into()))?;
        Ok(found.into())
    }

    /// The centre that it hangs below.
    async fn parent(&self, ctx: &Context<'_>) -> ApiResult<Option<CostCentre>> {
        let Some(parent) = self.row.parent_id else { return Ok(None) };
        let known = cost_centres::known(&*ctx.tenant()?).await?;
        Ok(known.centres.get(&parent).cloned().map(Self::from))
    }
}

/// Whether entries of a ledger are split over cost centres.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "cost::CostUse")]
pub enum CostCentreUse {
    /// Never.
    None,
    /// As far as somebody wishes: what no centre bears stays unallocated.
    Allowed,
    /// Each of them, and of each category that is named all of it.
    Required,
}

/// A part of an entry that a cost centre bears.
#[derive(SimpleObject, Debug, Clone)]
pub struct VoucherCost {
    /// The centre.
    pub centre: CostCentre,
    /// How much of the entry, above zero.
    pub amount: Money,
}

/// Splits of an entry of a business's voucher, as the API shows them.
pub async fn costs_of(
    ctx: &Context<'_>,
    splits: Vec<cost::CostSplit>,
    business: BusinessId,
) -> ApiResult<Vec<VoucherCost>> {
    if splits.is_empty() {
        return Ok(Vec::new());
    }
    let known = cost_centres::known(&*ctx.tenant()?).await?;
    let mut shown = Vec::with_capacity(splits.len());
    for split in splits {
        let centre = known.centres.get(&split.centre).cloned();
        let centre = centre.ok_or_else(|| Error::Internal("a split over no centre".into()))?;
        let amount = loaders::business(ctx, business, |one| money(split.amount, one)).await?;
        shown.push(VoucherCost { centre: centre.into(), amount });
    }
    Ok(shown)
}

/// A part of an entry to be borne by a cost centre. Those of one category come to no more than the entry.
#[derive(InputObject, Debug, Clone)]
pub struct VoucherCostInput {
    /// The centre.
    pub centre_id: ID,
    /// How much of the entry, above zero, in the business's currency.
    pub amount: Decimal,
}

impl From<VoucherCostInput> for WrittenCost {
    fn from(input: VoucherCostInput) -> Self {
        Self { centre: centre_of(&input.centre_id), amount: input.amount.0 }
    }
}

connection!(
    /// Cost categories by name.
    CostCategoryConnection, CostCategoryEdge, CostCategory
);

connection!(
    /// Cost centres by name.
    CostCentreConnection, CostCentreEdge, CostCentre
);

user_errors!(
    /// Something wrong with a cost centre's or a cost category's input.
    CostCentreUserError,
    /// What can be wrong with a cost centre's or a cost category's input.
    CostCentreErrorCode {
        /// There is no such business, or several and none was named.
        BusinessUnknown,
        /// There is no such cost category, or it is archived.
        CostCategoryUnknown,
        /// There is no such cost centre in the category, or it is archived.
        CostCentreUnknown,
        /// A cost centre cannot hang below itself.
        Cycle,
        /// Cost centres in use hang below it.
        InUse,
        /// The cost centre above it is archived.
        NotAllowed,
        /// This cannot be empty.
        Required,
        /// Somebody changed it meanwhile.
        Stale,
        /// The name is in use already.
        Taken,
        /// The text is too long.
        TooLong,
        /// More than a business can have, or too deep.
        TooMany,
    }
);

/// A category to be made.
#[derive(InputObject, Debug)]
pub struct CostCategoryCreateInput {
    /// The business; may be left out by who sees only one.
    pub business_id: Option<ID>,
    /// Its name.
    pub name: String,
}

/// What to change of a category; what is left out stays.
#[derive(InputObject, Debug)]
pub struct CostCategoryUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// A new name; it cannot be null.
    pub name: MaybeUndefined<String>,
}

/// A cost centre to be made.
#[derive(InputObject, Debug)]
pub struct CostCentreCreateInput {
    /// Its category, whose business it belongs to.
    pub category_id: ID,
    /// The centre that it hangs below, of the same category.
    pub parent_id: Option<ID>,
    /// Its name.
    pub name: String,
}

/// What to change of a cost centre; what is left out stays.
#[derive(InputObject, Debug)]
pub struct CostCentreUpdateInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// A new name; it cannot be null.
    pub name: MaybeUndefined<String>,
    /// Another centre of the same category that it hangs below; null for none.
    pub parent_id: MaybeUndefined<ID>,
}

/// Archiving a cost centre or a category, or bringing it back.
#[derive(InputObject, Debug)]
pub struct CostCentreArchiveInput {
    /// The version you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
    /// True archives, false brings back.
    #[graphql(default = true)]
    pub archived: bool,
}

payloads! {
    /// The category as it stands now; null when something was wrong.
    cost_category: CostCategory, of cost_category::Model, or CostCentreUserError;
    /// What making a category did.
    CostCategoryCreatePayload
    /// What changing a category did.
    CostCategoryUpdatePayload
    /// What archiving a category did.
    CostCategoryArchivePayload
}

payloads! {
    /// The cost centre as it stands now; null when something was wrong.
    cost_centre: CostCentre, of cost_centre::Model, or CostCentreUserError;
    /// What making a cost centre did.
    CostCentreCreatePayload
    /// What changing a cost centre did.
    CostCentreUpdatePayload
    /// What archiving a cost centre did.
    CostCentreArchivePayload
}

/// Which cost centres to list; all conditions hold together.
#[derive(InputObject, Debug, Default)]
pub struct CostCentreFilter {
    /// Part of the name, whatever its case.
    pub text: Option<String>,
    /// Of this category.
    pub category_id: Option<ID>,
    /// Directly below this centre.
    pub parent_id: Option<ID>,
    /// Only archived ones (true) or only others (false).
    pub is_archived: Option<bool>,
}

/// The category that a global id names.
pub fn category_of(global: &ID) -> Option<CostCategoryId> {
    id::decode(COST_CATEGORY, global).map(CostCategoryId::new)
}

/// The centre that a global id names.
pub fn centre_of(global: &ID) -> Option<CostCentreId> {
    id::decode(COST_CENTRE, global).map(CostCentreId::new)
}

/// Queries of cost centres.
#[derive(Default, Debug)]
pub struct CostCentreQuery;

const CATEGORIES: &str = "costCategories:name";
const CENTRES: &str = "costCentres:name";

#[Object]
impl CostCentreQuery {
    /// Cost categories of a business by name. Requires: COST_CENTRE_READ.
    #[graphql(
        guard = "Requires(Permission::CostCentreRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn cost_categories(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Only archived ones (true) or only others (false).")] is_archived: Option<
            bool,
        >,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<CostCategoryConnection> {
        let ask = PageAsk::new(ctx, CATEGORIES, first, after.as_deref())?;
        let business = asked(business_id.as_ref());
        let scope = &*ctx.tenant()?;
        let page = cost_centres::list_categories(scope, business, is_archived, &ask).await?;
        Ok(CostCategoryConnection::of(CATEGORIES, &ask, page))
    }

    /// Cost centres of a business by name. Requires: COST_CENTRE_READ.
    #[graphql(
        guard = "Requires(Permission::CostCentreRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn cost_centres(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Which cost centres.")] filter: Option<CostCentreFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<CostCentreConnection> {
        let ask = PageAsk::new(ctx, CENTRES, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        // No category and no centre has the number 0.
        let filter = CentreFilter {
            text: filter.text,
            category: filter
                .category_id
                .map(|one| category_of(&one).unwrap_or(CostCategoryId::new(0))),
            parent: filter
                .parent_id
                .map(|one| Some(centre_of(&one).unwrap_or(CostCentreId::new(0)))),
            is_archived: filter.is_archived,
        };
        let business = asked(business_id.as_ref());
        let page = cost_centres::list_centres(&*ctx.tenant()?, business, &filter, &ask).await?;
        Ok(CostCentreConnection::of(CENTRES, &ask, page))
    }

    /// One cost category. Requires: COST_CENTRE_READ.
    #[graphql(guard = "Requires(Permission::CostCentreRead)")]
    async fn cost_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category's id.")] id: ID,
    ) -> ApiResult<Option<CostCategory>> {
        let Some(id) = category_of(&id) else { return Ok(None) };
        Ok(cost_centres::category(&*ctx.tenant()?, id).await?.map(CostCategory::from))
    }

    /// One cost centre. Requires: COST_CENTRE_READ.
    #[graphql(guard = "Requires(Permission::CostCentreRead)")]
    async fn cost_centre(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cost centre's id.")] id: ID,
    ) -> ApiResult<Option<CostCentre>> {
        let Some(id) = centre_of(&id) else { return Ok(None) };
        Ok(cost_centres::centre(&*ctx.tenant()?, id).await?.map(CostCentre::from))
    }
}

/// Mutations of cost centres.
#[derive(Default, Debug)]
pub struct CostCentreMutation;

#[Object]
impl CostCentreMutation {
    /// Makes a cost category. Requires: COST_CENTRE_UPDATE.
    #[graphql(guard = "Requires(Permission::CostCentreUpdate)")]
    async fn cost_category_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category.")] input: CostCategoryCreateInput,
    ) -> ApiResult<CostCategoryCreatePayload> {
        let business = asked(input.business_id.as_ref());
        let done = edit::create_category(&*ctx.tenant()?, business, &input.name).await;
        CostCategoryCreatePayload::of(done)
    }

    /// Renames a cost category. Requires: COST_CENTRE_UPDATE.
    #[graphql(guard = "Requires(Permission::CostCentreUpdate)")]
    async fn cost_category_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: CostCategoryUpdateInput,
    ) -> ApiResult<CostCategoryUpdatePayload> {
        let change = ChangeCategory {
            expected_version: input.expected_version,
            name: maybe(input.name),
            archived: None,
        };
        let done = edit::change_category(&*ctx.tenant()?, category_of(&id), change).await;
        CostCategoryUpdatePayload::of(done)
    }

    /// Archives a cost category, so that nothing more is split over its centres, or brings it back.
    /// Requires: COST_CENTRE_UPDATE.
    #[graphql(guard = "Requires(Permission::CostCentreUpdate)")]
    async fn cost_category_archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category's id.")] id: ID,
        #[graphql(desc = "Which way.")] input: CostCentreArchiveInput,
    ) -> ApiResult<CostCategoryArchivePayload> {
        let change = ChangeCategory {
            expected_version: input.expected_version,
            name: None,
            archived: Some(input.archived),
        };
        let done = edit::change_category(&*ctx.tenant()?, category_of(&id), change).await;
        CostCategoryArchivePayload::of(done)
    }

    /// Makes a cost centre. Requires: COST_CENTRE_UPDATE.
    #[graphql(guard = "Requires(Permission::CostCentreUpdate)")]
    async fn cost_centre_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cost centre.")] input: CostCentreCreateInput,
    ) -> ApiResult<CostCentreCreatePayload> {
        let command = CreateCentre {
            category: category_of(&input.category_id),
            parent: input.parent_id.as_ref().map(centre_of),
            name: input.name,
        };
        CostCentreCreatePayload::of(edit::create_centre(&*ctx.tenant()?, command).await)
    }

    /// Renames a cost centre, or hangs it, with all below it, elsewhere in its category.
    /// Requires: COST_CENTRE_UPDATE.
    #[graphql(guard = "Requires(Permission::CostCentreUpdate)")]
    async fn cost_centre_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cost centre's id.")] id: ID,
        #[graphql(desc = "What to change.")] input: CostCentreUpdateInput,
    ) -> ApiResult<CostCentreUpdatePayload> {
        let parent = maybe(input.parent_id);
        let change = ChangeCentre {
            expected_version: input.expected_version,
            name: maybe(input.name),
            parent: parent.map(|parent| parent.map(|one| centre_of(&one))),
            archived: None,
        };
        let done = edit::change_centre(&*ctx.tenant()?, centre_of(&id), change).await;
        CostCentreUpdatePayload::of(done)
    }

    /// Archives a cost centre, so that nothing more is split over it, or brings it back.
    /// Requires: COST_CENTRE_UPDATE.
    #[graphql(guard = "Requires(Permission::CostCentreUpdate)")]
    async fn cost_centre_archive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cost centre's id.")] id: ID,
        #[graphql(desc = "Which way.")] input: CostCentreArchiveInput,
    ) -> ApiResult<CostCentreArchivePayload> {
        let change = ChangeCentre {
            expected_version: input.expected_version,
            archived: Some(input.archived),
            ..ChangeCentre::default()
        };
        let done = edit::change_centre(&*ctx.tenant()?, centre_of(&id), change).await;
        CostCentreArchivePayload::of(done)
    }
}
