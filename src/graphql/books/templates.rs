//! Templates of vouchers in the API.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{
    id::{VoucherTemplateId, VoucherTypeId},
    role::Permission,
};

use super::{
    acts::claim,
    businesses::{Business, asked},
    draft_acts::VoucherDraftEntryInput,
    drafts::{Done, VoucherDraft, VoucherDraftEntry, type_number},
    loaders,
    vouchers::{Voucher, VoucherUserError},
};
use crate::{
    connection,
    graphql::{
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        master::VoucherType,
        page::PageAsk,
        retry::input_hash,
        scalar::{Date, DateTime},
        staff::User,
    },
    services::books::{
        drafts::content::Content,
        templates::{self, FromTemplate, Row, SaveTemplate},
    },
};

/// A voucher that is kept to be written again: a rent, a salary. Like a draft it may be incomplete; it has
/// no date.
#[derive(SimpleObject, Debug, Clone)]
#[graphql(complex)]
pub struct VoucherTemplate {
    /// Opaque global id.
    pub id: ID,
    /// Its name, unique in its business whatever its case.
    pub name: String,
    /// Rises with each change; send it back as `expectedVersion`.
    pub version: i32,
    /// Words about the voucher.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Its entries in order, as far as they are written.
    pub entries: Vec<VoucherDraftEntry>,
    /// When it was begun.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
    /// When it was thrown away; only what a recurring voucher once used is still shown then.
    pub deleted_at: Option<DateTime>,
    #[graphql(skip)]
    voucher_type: Option<i64>,
    #[graphql(skip)]
    row: Row,
}

/// The kind of a template's global id.
pub const VOUCHER_TEMPLATE: &str = "VoucherTemplate";

impl From<Row> for VoucherTemplate {
    fn from(row: Row) -> Self {
        // What was stored parses; if it did not, everything but the content is still shown.
        let content = Content::read(&row.content).unwrap_or_default();
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            id: id::encode(VOUCHER_TEMPLATE, row.id.get()),
            name: row.name.clone(),
            version: row.version,
            narration: said(content.narration),
            reference: said(content.reference),
            entries: content.entries.into_iter().map(VoucherDraftEntry::from).collect(),
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
            deleted_at: row.deleted_at.map(DateTime),
            voucher_type: content.voucher_type,
            row,
        }
    }
}

#[ComplexObject]
impl VoucherTemplate {
    /// The business in whose books vouchers are made from it.
    async fn business(&self, ctx: &Context<'_>) -> ApiResult<Business> {
        loaders::business(ctx, self.row.business_id, |one| one.clone().into()).await
    }

    /// Type of the vouchers made from it.
    async fn voucher_type(&self, ctx: &Context<'_>) -> ApiResult<Option<VoucherType>> {
        match self.voucher_type {
            Some(id) => VoucherType::find(&*ctx.tenant()?, VoucherTypeId::new(id)).await,
            None => Ok(None),
        }
    }

    /// What keeps a voucher of today from being posted from it, as far as that can be told now: empty when
    /// all is well. Fields are named from "template" on.
    async fn problems(&self, ctx: &Context<'_>) -> ApiResult<Vec<VoucherUserError>> {
        let problems = templates::problems(&*ctx.tenant()?, &self.row).await?;
        Ok(problems.into_iter().map(VoucherUserError::from).collect())
    }

    /// Who began it. Null for callers without USER_READ when it was somebody else.
    async fn created_by(&self, ctx: &Context<'_>) -> ApiResult<Option<User>> {
        Ok(loaders::user(ctx, self.row.created_by).await?.map(User::from))
    }
}

connection!(
    /// Templates, by name.
    VoucherTemplateConnection, VoucherTemplateEdge, VoucherTemplate
);

/// All of what a template says; whatever is not known yet is left out.
#[derive(InputObject, Debug)]
pub struct VoucherTemplateSaveInput {
    /// The template to be written anew; a new one when left out.
    pub id: Option<ID>,
    /// The version of the template that you saw; needed with `id`, and refused as STALE when somebody
    /// changed it meanwhile.
    pub expected_version: Option<i32>,
    /// In whose books vouchers are to be made from it; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// Its name, unique in its business.
    pub name: String,
    /// Type of the vouchers, one that counts in the books.
    pub voucher_type_id: Option<ID>,
    /// Words about the voucher.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Its entries, as far as they are known; they need not balance yet.
    pub entries: Option<Vec<VoucherDraftEntryInput>>,
}

/// Which template, as which it was seen.
#[derive(InputObject, Debug)]
pub struct VoucherTemplateDeleteInput {
    /// The template.
    pub template_id: ID,
    /// The version that you saw; refused as STALE when somebody changed it meanwhile.
    pub expected_version: Option<i32>,
}

/// What is made from a template.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateMakes {
    /// A posted voucher; where the business wants approval, a draft that waits for it.
    Voucher,
    /// A draft that is completed and posted later.
    Draft,
}

/// A voucher or draft to be made from a template.
#[derive(InputObject, Debug)]
pub struct VoucherFromTemplateInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again does nothing more.
    pub idempotency_key: String,
    /// The template.
    pub template_id: ID,
    /// Book date; today where the business is, when left out.
    pub date: Option<Date>,
    /// Words about the voucher; those of the template when left out.
    pub narration: Option<String>,
    /// The other side's number; that of the template when left out.
    pub reference: Option<String>,
    /// What is made.
    #[graphql(default_with = "TemplateMakes::Voucher")]
    pub makes: TemplateMakes,
    /// Shows what would be posted, and changes nothing.
    #[graphql(default)]
    pub dry_run: bool,
}

/// What writing a template did.
#[derive(SimpleObject, Debug)]
pub struct VoucherTemplatePayload {
    /// The template as it stands now; null when something was wrong.
    pub template: Option<VoucherTemplate>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<VoucherUserError>,
}

/// What throwing a template away did.
#[derive(SimpleObject, Debug)]
pub struct VoucherTemplateDeletePayload {
    /// Opaque global id of the template that is gone; null when something was wrong.
    pub deleted_template_id: Option<ID>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<VoucherUserError>,
}

/// What making something from a template did.
#[derive(SimpleObject, Debug)]
pub struct VoucherFromTemplatePayload {
    /// The voucher that was posted; null when something was wrong, or where a draft was made.
    pub voucher: Option<Voucher>,
    /// The draft that was made, or that waits for approval.
    pub draft: Option<VoucherDraft>,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
    /// Whether nothing was stored because only a preview was asked.
    pub dry_run: bool,
    /// What was wrong; empty when it was done. Fields of the template's content are named from "template"
    /// on.
    pub user_errors: Vec<VoucherUserError>,
}

/// The template that a global id names; no template has the number 0.
pub fn template_of(global: &ID) -> VoucherTemplateId {
    VoucherTemplateId::new(id::number(VOUCHER_TEMPLATE, global))
}

const BY_NAME: &str = "voucherTemplates:name";

/// Queries of templates.
#[derive(Default, Debug)]
pub struct TemplateQuery;

#[Object]
impl TemplateQuery {
    /// Templates of a business by name. Roles that see only their own documents see only those.
    /// Requires: VOUCHER_READ.
    #[graphql(
        guard = "Requires(Permission::VoucherRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn voucher_templates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
        #[graphql(desc = "Only those whose names hold this text, whatever its case.")] text: Option<
            String,
        >,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<VoucherTemplateConnection> {
        let ask = PageAsk::new(ctx, BY_NAME, first, after.as_deref())?;
        let business = asked(business_id.as_ref());
        let page = templates::list(&*ctx.tenant()?, business, text.as_deref(), &ask).await?;
        Ok(VoucherTemplateConnection::of(BY_NAME, &ask, page))
    }
}

/// Mutations of templates.
#[derive(Default, Debug)]
pub struct TemplateMutation;

#[Object]
impl TemplateMutation {
    /// Writes a template, or writes one anew. It may be incomplete and need not balance: only sizes and ids
    /// are checked, and `problems` tells what else is wrong. Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_template_save(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All of what the template says.")] input: VoucherTemplateSaveInput,
    ) -> ApiResult<VoucherTemplatePayload> {
        let command = SaveTemplate {
            template: input.id.as_ref().map(template_of),
            expected_version: input.expected_version,
            business: asked(input.business_id.as_ref()),
            name: input.name,
            content: Content {
                voucher_type: input.voucher_type_id.as_ref().map(type_number),
                narration: input.narration,
                reference: input.reference,
                entries: input.entries.into_iter().flatten().map(Into::into).collect(),
                ..Content::default()
            },
        };
        let (row, user_errors) = answer(templates::save(&*ctx.tenant()?, command).await)?;
        Ok(VoucherTemplatePayload { template: row.map(VoucherTemplate::from), user_errors })
    }

    /// Throws a template away. Refused while a recurring voucher uses it; what was made from it stays as it
    /// is. Requires: VOUCHER_POST.
    #[graphql(guard = "Requires(Permission::VoucherPost)")]
    async fn voucher_template_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which template.")] input: VoucherTemplateDeleteInput,
    ) -> ApiResult<VoucherTemplateDeletePayload> {
        let id = template_of(&input.template_id);
        let gone = templates::delete(&*ctx.tenant()?, id, input.expected_version).await;
        let (gone, user_errors) = answer(gone)?;
        let deleted_template_id = gone.map(|id| id::encode(VOUCHER_TEMPLATE, id.get()));
        Ok(VoucherTemplateDeletePayload { deleted_template_id, user_errors })
    }

    /// Posts a voucher as a template says, or keeps it as a draft. It is judged by everything that a posting
    /// is judged by. Requires: VOUCHER_POST.
    #[graphql(
        guard = "Requires(Permission::VoucherPost)",
        complexity = "crate::graphql::cost::of_many(1, child_complexity.saturating_add(15))"
    )]
    async fn voucher_from_template(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which template, and what to make.")] input: VoucherFromTemplateInput,
    ) -> ApiResult<VoucherFromTemplatePayload> {
        let dry_run = input.dry_run;
        let command = FromTemplate {
            claim: claim("voucherFromTemplate", &input.idempotency_key, input_hash(&input)),
            template: template_of(&input.template_id),
            dated: input.date.map(|day| day.0),
            narration: input.narration,
            reference: input.reference,
            as_draft: input.makes == TemplateMakes::Draft,
            dry_run,
        };
        let outcome = templates::make(&*ctx.tenant()?, command).await;
        let Done { voucher, draft, replayed, user_errors } = Done::of(ctx, outcome).await?;
        Ok(VoucherFromTemplatePayload { voucher, draft, replayed, dry_run, user_errors })
    }
}
