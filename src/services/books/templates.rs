//! Templates: vouchers that are kept to be written again, in the form of a draft and without a date.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    id::{BusinessId, UserId, VoucherId, VoucherTemplateId},
    role::Permission,
    text::fold,
};
use daybook_entity::tenant::{
    business::business,
    drafts::{DraftAction, DraftStatus},
    recurring::{RecurringState, recurring_voucher, voucher_template},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{
    chart::{self, Asked, Chart},
    drafts::{
        NewDraft,
        content::{Content, together},
        pending::{self, Done, replayed},
    },
    groups::{self, Groups},
    vouchers::{Wrong, check_key, prepare},
};
use crate::{
    db::{
        failure,
        page::{Page, PageAsk},
        sql::containing,
    },
    error::{Code, Error, Refusal, Result},
    lane::{Change, Claim, Deed, Posting, Writing},
    scope::{Access, TenantScope},
};

/// A template as it is stored.
pub type Row = voucher_template::Model;

/// Most characters of a template's name.
const NAME_MAX: usize = 200;
/// Most templates of a business.
const TEMPLATES_MAX: u64 = 1_000;

/// A template to be written: a new one, or all of what an older one says from now on.
#[derive(Debug, Clone)]
pub struct SaveTemplate {
    /// The template; a new one where there is none.
    pub template: Option<VoucherTemplateId>,
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// In whose books; for a new one.
    pub business: Asked,
    /// Its name, unique in the business whatever its case.
    pub name: String,
    /// What it says; dates are left out.
    pub content: Content,
}

/// Whether the caller may see a template: in a business that they see, and their own where they see no
/// others' documents.
fn is_visible(access: &Access, row: &Row) -> bool {
    row.deleted_at.is_none()
        && access.businesses.includes(row.business_id)
        && (!access.own_documents_only || row.created_by == access.user)
}

fn unknown(field: &str) -> Error {
    Error::refused(Code::NotFound, &format!("input.{field}"), "there is no such template")
}

/// Counts somebody among those who wrote something.
pub(super) fn with_maker(makers: &str, user: UserId) -> String {
    let own = user.to_string();
    if makers.split(' ').any(|maker| maker == own) {
        return makers.to_owned();
    }
    format!("{makers} {own}").trim_start().to_owned()
}

/// A template that the caller sees; nothing where there is none.
pub(super) async fn seen_by(scope: &TenantScope, id: VoucherTemplateId) -> Result<Option<Row>> {
    let reader = scope.db.reader().await?;
    let found = voucher_template::Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(found.filter(|row| is_visible(&scope.access, row)))
}

/// As [`seen_by`], where it must be there; `field` names it in the caller's input.
pub(super) async fn needed(scope: &TenantScope, id: VoucherTemplateId, field: &str) -> Result<Row> {
    seen_by(scope, id).await?.ok_or_else(|| unknown(field))
}

/// A template that the caller sees; nothing where there is none.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: VoucherTemplateId) -> Result<Option<Row>> {
    scope.require(Permission::VoucherRead)?;
    seen_by(scope, id).await
}

/// The templates of recurring vouchers that the caller sees, thrown away or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_recurring(
    scope: &TenantScope,
    ids: &[VoucherTemplateId],
) -> Result<HashMap<VoucherTemplateId, Row>> {
    let wanted = voucher_template::Column::Id.is_in(ids.iter().copied());
    let reader = scope.db.reader().await?;
    let rows = voucher_template::Entity::find().filter(wanted).all(reader.conn()).await?;
    let seen = rows.into_iter().filter(|row| scope.access.businesses.includes(row.business_id));
    Ok(seen.map(|row| (row.id, row)).collect())
}

/// A page of a business's templates by name; those whose names hold a text, where one is given.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    text: Option<&str>,
    ask: &PageAsk,
) -> Result<Page<Row>> {
    use voucher_template::Column;
    scope.require(Permission::VoucherRead)?;
    let business = chart::chart(scope).await?.asked(scope, business)?.id;
    let mut wanted = Condition::all()
        .add(Column::BusinessId.eq(business))
        .add(Column::DeletedAt.is_null())
        .add_option(text.map(|text| {
            let like = sea_orm::sea_query::LikeExpr::new(containing(&fold(text))).escape('!');
            Column::NameKey.like(like)
        }));
    if scope.access.own_documents_only {
        wanted = wanted.add(Column::CreatedBy.eq(scope.access.user));
    }
    let reader = scope.db.reader().await?;
    let mut rows = voucher_template::Entity::find().filter(wanted);
    let total = if ask.wants_total { rows.clone().count(reader.conn()).await? } else { 0 };
    if let Some(key) = &ask.after {
        let [name] = key.as_slice() else {
            return Err(Error::bad_input("after", "this is not a cursor of this list"));
        };
        rows = rows.filter(Column::NameKey.gt(name.as_str()));
    }
    let rows = rows
        .order_by_asc(Column::NameKey)
        .limit(ask.first.saturating_add(1))
        .all(reader.conn())
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.name_key.clone().unwrap_or_default()]))
}

/// Writes a template. Like a draft it may be incomplete: only sizes and ids are checked.
///
/// # Errors
/// No permission, or refusals: no such template, ledger or type, a name in use, a stale version.
pub async fn save(scope: &TenantScope, command: SaveTemplate) -> Result<Row> {
    scope.require(Permission::VoucherPost)?;
    let before = match command.template {
        None => None,
        Some(id) => Some(needed(scope, id, "id").await?),
    };
    if before.is_some() && command.expected_version.is_none() {
        let why = "say which version of the template you saw";
        return Err(Error::refused(Code::Required, "input.expectedVersion", why));
    }
    let asked = match &before {
        None => command.business,
        Some(row)
            if ![Asked::Nothing, Asked::This(row.business_id)].contains(&command.business) =>
        {
            let why = "a template stays with its business; write another one";
            return Err(Error::refused(Code::NotAllowed, "input.businessId", why));
        }
        Some(row) => Asked::This(row.business_id),
    };
    let chart = chart::chart(scope).await?;
    let business = chart.chosen(scope, asked, "input")?.id;
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", &command.name, NAME_MAX);
    let content = Content {
        voucher_version: None,
        reason: None,
        dated: None,
        reference_date: None,
        occurred_at: None,
        lock_exception: None,
        ..command.content
    };
    let content = together(
        wrong.finish().err().and_then(refusals).unwrap_or_default(),
        content.checked(scope, &chart, business),
    )?;
    let (access, expected) = (Arc::clone(&scope.access), command.expected_version);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let written = Written { name, content };
                match command.template {
                    None => written.begin(writing, business, access.user).await,
                    Some(id) => written.replace(writing, &access, (id, expected)).await,
                }
            })
        })
        .await
}

fn refusals(error: Error) -> Option<Vec<Refusal>> {
    match error {
        Error::Refused(refusals) => Some(refusals),
        _ => None,
    }
}

/// What a template says.
struct Written {
    name: String,
    content: Content,
}

impl Written {
    async fn begin(
        self,
        writing: &mut Writing,
        business: BusinessId,
        maker: UserId,
    ) -> Result<Row> {
        use voucher_template::Column;
        let kept = voucher_template::Entity::find()
            .filter(Column::BusinessId.eq(business))
            .filter(Column::DeletedAt.is_null())
            .count(writing.conn())
            .await?;
        if kept >= TEMPLATES_MAX {
            let why = format!("a business keeps at most {TEMPLATES_MAX} templates");
            return Err(Error::refused(Code::TooMany, "input", why));
        }
        let now = writing.recorded_at();
        let row = Row {
            id: VoucherTemplateId::new(writing.next_id()?),
            business_id: business,
            name_key: Some(fold(&self.name)),
            name: self.name,
            content: self.content.to_text()?,
            version: 1,
            makers: maker.to_string(),
            created_by: maker,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        let stored = voucher_template::ActiveModel::from(row)
            .insert(writing.conn())
            .await
            .map_err(named_twice)?;
        writing.audit(changed("VOUCHER_TEMPLATE_SAVED", None, Some(&stored)));
        Ok(stored)
    }

    async fn replace(
        self,
        writing: &mut Writing,
        access: &Access,
        (id, expected): (VoucherTemplateId, Option<i32>),
    ) -> Result<Row> {
        let before = load(writing, access, id, "id").await?;
        Error::unless_current(expected, before.version)?;
        let mut after = before.clone();
        after.name_key = Some(fold(&self.name));
        after.name = self.name;
        after.content = self.content.to_text()?;
        if after == before {
            return Ok(before);
        }
        after.makers = with_maker(&before.makers, access.user);
        after.version = before.version.saturating_add(1);
        after.updated_at = writing.recorded_at();
        let row = voucher_template::ActiveModel::from(after).reset_all();
        let stored = row.update(writing.conn()).await.map_err(named_twice)?;
        writing.audit(changed("VOUCHER_TEMPLATE_SAVED", Some(&before), Some(&stored)));
        Ok(stored)
    }
}

async fn load(
    writing: &Writing,
    access: &Access,
    id: VoucherTemplateId,
    field: &str,
) -> Result<Row> {
    let found = voucher_template::Entity::find_by_id(id).one(writing.conn()).await?;
    found.filter(|row| is_visible(access, row)).ok_or_else(|| unknown(field))
}

/// A template that the caller sees, behind the fence.
pub(super) async fn of_writing(
    writing: &Writing,
    access: &Access,
    id: VoucherTemplateId,
) -> Result<Row> {
    load(writing, access, id, "templateId").await
}

fn named_twice(error: sea_orm::DbErr) -> Error {
    if failure::is_taken(&error) {
        let why = "another template of this business has this name";
        return Error::refused(Code::Taken, "input.name", why);
    }
    error.into()
}

/// Throws a template away; vouchers made from it stay as they are.
///
/// # Errors
/// No permission, or refusals: no such template, a stale version, a recurring voucher that uses it.
pub async fn delete(
    scope: &TenantScope,
    id: VoucherTemplateId,
    expected: Option<i32>,
) -> Result<VoucherTemplateId> {
    scope.require(Permission::VoucherPost)?;
    let access = Arc::clone(&scope.access);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let before = load(writing, &access, id, "templateId").await?;
                Error::unless_current(expected, before.version)?;
                let uses = recurring_voucher::Entity::find()
                    .filter(recurring_voucher::Column::TemplateId.eq(id))
                    .filter(recurring_voucher::Column::State.ne(RecurringState::Ended))
                    .count(writing.conn())
                    .await?;
                if uses > 0 {
                    let why = "a recurring voucher uses this template; end that first";
                    return Err(Error::refused(Code::InUse, "input.templateId", why));
                }
                let mut after = before.clone();
                after.name_key = None;
                after.deleted_at = Some(writing.recorded_at());
                after.version = before.version.saturating_add(1);
                let row = voucher_template::ActiveModel::from(after).reset_all();
                row.update(writing.conn()).await?;
                writing.audit(changed("VOUCHER_TEMPLATE_DELETED", Some(&before), None));
                Ok(id)
            })
        })
        .await
}

/// The line of the edit log: how the template was and how it is.
fn changed(action: &'static str, before: Option<&Row>, after: Option<&Row>) -> Change {
    let mut content = Canonical::new();
    if let Some(before) = before {
        content = content.object("before", describe(before));
    }
    if let Some(after) = after {
        content = content.object("after", describe(after));
    }
    let row = after.or(before);
    Change {
        action,
        subject_type: "VoucherTemplate",
        subject: row.map(|row| row.id.get()),
        business: row.map(|row| row.business_id),
        canonical: content.finish(),
    }
}

fn describe(row: &Row) -> Canonical {
    let head = Canonical::new().text("name", &row.name).int("version", i64::from(row.version));
    match Content::read(&row.content) {
        Ok(content) => content.describe(head),
        Err(_) => head.text("content", &row.content),
    }
}

/// Judges what a template says as a voucher of a day, by everything that needs no lock.
///
/// # Errors
/// All that is wrong with it, below `template`; of the day, below `input`.
pub(super) fn judged(
    scope: &TenantScope,
    (chart, groups): (&Chart, &Groups),
    business: &business::Model,
    content: &Content,
    dated: NaiveDate,
) -> Result<Posting> {
    let content = Content { dated: Some(dated), ..content.clone() };
    let command = content.to_voucher(business.id, dated);
    let judged = prepare(scope, chart, groups, command, "input");
    together(content.missing(DraftAction::Post), judged).map_err(told)
}

/// A refusal of a template's content names its fields below the template, not below the caller's input.
pub(super) fn told(error: Error) -> Error {
    let Error::Refused(mut refusals) = error else { return error };
    for refusal in &mut refusals {
        let is_given = refusal.field.get(1).is_some_and(|second| second == "date");
        if !is_given && let Some(first) = refusal.field.first_mut().filter(|one| *one == "input") {
            *first = "template".to_owned();
        }
    }
    Error::Refused(refusals)
}

/// What keeps templates from being posted as vouchers of today, as far as it can be told without a lock.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn problems(scope: &TenantScope, row: &Row) -> Result<Vec<Refusal>> {
    scope.require(Permission::VoucherRead)?;
    let chart = chart::known(scope).await?;
    let groups = groups::groups(scope).await?;
    let Some(business) = chart.visible(scope, row.business_id) else { return Ok(Vec::new()) };
    let content = Content::read(&row.content)?;
    let today = scope.clock.today(&business.time_zone);
    match judged(scope, (&chart, &groups), business, &content, today) {
        Ok(_) => Ok(Vec::new()),
        Err(Error::Refused(refusals)) => Ok(refusals),
        Err(failure) => Err(failure),
    }
}

/// A voucher or draft to be made from a template.
#[derive(Debug, Clone)]
pub struct FromTemplate {
    /// Which template.
    pub template: VoucherTemplateId,
    /// Book date; today where it is left out.
    pub dated: Option<NaiveDate>,
    /// Other words about the voucher.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Whether a draft is made instead of a posted voucher.
    pub as_draft: bool,
    /// Retry key.
    pub claim: Claim,
    /// Shows what would be posted, and changes nothing.
    pub dry_run: bool,
}

/// Posts a voucher as a template says, or keeps it as a draft that the caller completes.
///
/// # Errors
/// No permission, or refusals: no such template, and everything that a posting is refused for.
pub async fn make(scope: &TenantScope, command: FromTemplate) -> Result<Done> {
    scope.require(Permission::VoucherPost)?;
    check_key(&command.claim.key, "input")?;
    let row = needed(scope, command.template, "templateId").await?;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let business = chart.chosen(scope, Asked::This(row.business_id), "input")?;
    let today = scope.clock.today(&business.time_zone);
    let dated = command.dated.unwrap_or(today);
    let template = Content::read(&row.content)?;
    let content = Content {
        dated: Some(dated),
        narration: command.narration.or(template.narration.clone()),
        reference: command.reference.or(template.reference.clone()),
        ..template
    };
    if command.as_draft {
        if command.dry_run {
            let why = "a draft is saved or not; there is nothing to be tried";
            return Err(Error::refused(Code::NotAllowed, "input.dryRun", why));
        }
        let content = content.checked(scope, &chart, business.id).map_err(told)?;
        let draft = NewDraft::of(scope, (&chart, business), content).written_by(&row.makers);
        return begin(scope, draft, command.claim).await;
    }
    let kept = pending::voucher(scope, &chart, &content.to_voucher(business.id, dated));
    let kept = kept.map(|kept| kept.written_by(&row.makers));
    let posting = judged(scope, (&chart, &groups), business, &content, dated);
    pending::perform(scope, posting.map(Deed::from), kept, command.claim, command.dry_run).await
}

/// Begins an open draft under a retry key.
async fn begin(scope: &TenantScope, draft: NewDraft, claim: Claim) -> Result<Done> {
    let made = scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                if let Some(ids) = writing.replay(&claim).await? {
                    return Ok(Err(ids));
                }
                let row = draft.begin(writing, DraftStatus::Open).await?;
                writing.remember(&claim, &[row.id.get()]);
                Ok(Ok(row))
            })
        })
        .await?;
    match made {
        Ok(row) => Ok(Done::kept(row)),
        Err(ids) => replayed(scope, ids.into_iter().map(VoucherId::new).collect()).await,
    }
}
