//! Makes what has come due: for each date one voucher, draft or refusal, in one transaction with the note
//! that it was dealt with. So a date is dealt with once, whoever asks for it, how often and where.

use std::sync::Arc;

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    id::{RecurringRunId, RecurringVoucherId, UserId, VoucherDraftId, VoucherId},
    recurrence::Due,
    role::Permission,
};
use daybook_entity::tenant::{
    business::business,
    drafts::DraftStatus,
    recurring::{
        DraftReason, RecurringMakes, RecurringState, RunState, recurring_run, recurring_voucher,
        voucher_template,
    },
};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};

use super::{
    Row, Run, catch_up_of, changed, list::run_seen_by, list::seen_by, schedule_of, write::move_on,
    write::unknown,
};
use crate::{
    auth::access,
    clock::{Clock, day_begins},
    error::{Code, Error, Refusal, Result},
    lane::{Actor, Change, Claim, Deed, Post, Who, Writing},
    master::Catalogue,
    scope::{Access, RequestInfo, TenantScope},
    services::books::{
        chart,
        drafts::{NewDraft, content::Content},
        groups, templates,
        vouchers::check_key,
    },
    services::platform::fault,
    tenancy::Lease,
};

/// A tenant's books, and on whose behalf something is made in them.
#[derive(Debug, Clone)]
pub struct Books {
    /// The tenant's open database.
    pub db: Lease,
    /// The shared structure as it stands now.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Clock,
    /// What the edit log and the log call this.
    pub request: RequestInfo,
}

impl Books {
    fn scope(&self, access: Access) -> TenantScope {
        TenantScope {
            db: self.db.clone(),
            access: Arc::new(access),
            catalogue: Arc::clone(&self.catalogue),
            clock: self.clock.clone(),
            request: self.request.clone(),
        }
    }
}

impl From<&TenantScope> for Books {
    fn from(scope: &TenantScope) -> Self {
        Self {
            db: scope.db.clone(),
            catalogue: Arc::clone(&scope.catalogue),
            clock: scope.clock.clone(),
            request: scope.request.clone(),
        }
    }
}

/// Why a date was refused, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The word of its kind, as the API has it.
    pub code: String,
    /// Where, by steps.
    pub field: Vec<String>,
    /// A sentence for a person.
    pub message: String,
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        let mut code = String::new();
        for letter in format!("{:?}", refusal.code).chars() {
            if letter.is_ascii_uppercase() && !code.is_empty() {
                code.push('_');
            }
            code.push(letter.to_ascii_uppercase());
        }
        Self { code, field: refusal.field, message: refusal.message }
    }
}

/// Why a date was refused; empty of one that was not.
pub fn whys(run: &Run) -> Vec<Why> {
    serde_json::from_str(&run.errors).unwrap_or_default()
}

/// The retry key's field, under which each date's voucher is posted.
const FIELD: &str = "recurringVoucher";

/// Makes what has come due in a tenant's books, at most so many dates; how many those were.
///
/// # Errors
/// When the database cannot be read or written. What a rule refuses is kept as a failed run.
pub async fn all_due(books: &Books, most: usize) -> Result<usize> {
    let mut done = 0;
    loop {
        let left = most.saturating_sub(done);
        let due = due_rows(books, None, left).await?;
        if due.is_empty() || left == 0 {
            return Ok(done);
        }
        let mut failed = None;
        for (row, today) in due {
            // Others may have dealt with it meanwhile; then the next reading shows what is left.
            match deal(books, &row, today).await {
                Ok(_) => done += 1,
                Err(passing @ (Error::Unavailable(_) | Error::Throttled { .. })) => {
                    return Err(passing);
                }
                // One that cannot be dealt with keeps no other back.
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
}

/// Makes now what has come due of one recurring voucher, at most so many dates; what became of them.
///
/// # Errors
/// No permission, a refusal where there is no such recurring voucher or it does not run, or a database that
/// cannot be written.
pub async fn one_due(
    scope: &TenantScope,
    id: RecurringVoucherId,
    most: usize,
) -> Result<(Row, Vec<Run>)> {
    scope.require(Permission::VoucherPost)?;
    let row = seen_by(scope, id).await?.ok_or_else(unknown)?;
    if row.state == RecurringState::Paused {
        let why = "this recurring voucher is paused; resume it first";
        return Err(Error::refused(Code::NotAllowed, "input.recurringVoucherId", why));
    }
    let books = Books::from(scope);
    let mut runs = Vec::new();
    for _ in 0..most {
        let Some((row, today)) = due_rows(&books, Some(id), 1).await?.into_iter().next() else {
            break;
        };
        runs.extend(deal(&books, &row, today).await?);
    }
    let row = seen_by(scope, id).await?.ok_or_else(unknown)?;
    Ok((row, runs))
}

/// Recurring vouchers with a date that has come where their business is, each with today's date there.
async fn due_rows(
    books: &Books,
    only: Option<RecurringVoucherId>,
    most: usize,
) -> Result<Vec<(Row, NaiveDate)>> {
    use recurring_voucher::Column;
    let reader = books.db.reader().await?;
    let mut found = Vec::new();
    for business in working(reader.conn()).await? {
        let today = books.clock.today(&business.time_zone);
        let mut rows = recurring_voucher::Entity::find()
            .filter(Column::State.eq(RecurringState::Active))
            .filter(Column::BusinessId.eq(business.id))
            .filter(Column::NextOn.lte(today));
        if let Some(only) = only {
            rows = rows.filter(Column::Id.eq(only));
        }
        let left = most.saturating_sub(found.len());
        let rows = rows
            .order_by_asc(Column::NextOn)
            .order_by_asc(Column::Id)
            .limit(u64::try_from(left).unwrap_or(0))
            .all(reader.conn())
            .await?;
        found.extend(rows.into_iter().map(|row| (row, today)));
    }
    Ok(found)
}

/// Businesses that still keep books.
async fn working(conn: &impl ConnectionTrait) -> Result<Vec<business::Model>> {
    let rows = business::Entity::find().filter(business::Column::ArchivedAt.is_null());
    Ok(rows.all(conn).await?)
}

/// When the next date of any recurring voucher comes, UTC milliseconds; none where none is left.
///
/// # Errors
/// When the database cannot be read.
pub async fn next_due_at(conn: &impl ConnectionTrait) -> Result<Option<i64>> {
    use recurring_voucher::Column;
    let mut next: Option<i64> = None;
    for business in working(conn).await? {
        let first = recurring_voucher::Entity::find()
            .filter(Column::State.eq(RecurringState::Active))
            .filter(Column::BusinessId.eq(business.id))
            .order_by_asc(Column::NextOn)
            .one(conn)
            .await?;
        let begins =
            first.and_then(|row| row.next_on).map(|day| day_begins(&business.time_zone, day));
        next = next.into_iter().chain(begins).min();
    }
    Ok(next)
}

/// Deals with the next date of a recurring voucher; nothing where others have.
async fn deal(books: &Books, row: &Row, today: NaiveDate) -> Result<Option<Run>> {
    let schedule = schedule_of(row).ok();
    let due = row
        .next_on
        .zip(schedule)
        .and_then(|(next, schedule)| schedule.due(next, today, catch_up_of(row)));
    // One that came by its own row, and not by its rule, would come for ever.
    let due = due.ok_or_else(|| Error::Internal("a recurring voucher has no such date".into()))?;
    let actor = Actor::new(Who::System, Some(books.request.id.clone()));
    let Some(on) = due.on else {
        store(books, actor, row, due, today, None).await?;
        return Ok(None);
    };
    let (plan, template) = plan(books, row, on).await?;
    fault::point("recurring", "planned")?;
    let begun = Begun { plan, template };
    match store(books, actor.clone(), row, due, today, Some(begun)).await {
        Err(Error::Refused(why)) => {
            let begun = Begun { plan: Plan::Refused(why), template };
            store(books, actor, row, due, today, Some(begun)).await
        }
        stored => stored,
    }
}

/// What is to be made on a date.
enum Plan {
    Post(Box<Deed>, UserId),
    Draft { draft: Box<NewDraft>, status: DraftStatus, owner: UserId, reason: Option<DraftReason> },
    Refused(Vec<Refusal>),
}

/// A plan, and the version of the template that it was made of.
struct Begun {
    plan: Plan,
    template: i32,
}

/// What is to be made on a date, by what can be told without a lock, and by which version of the template.
async fn plan(books: &Books, row: &Row, on: NaiveDate) -> Result<(Plan, i32)> {
    let template = {
        let reader = books.db.reader().await?;
        voucher_template::Entity::find_by_id(row.template_id).one(reader.conn()).await?
    };
    let template = template.ok_or_else(|| Error::Internal("a template is missing".into()))?;
    let member = access::of_member(&books.db, row.owner_id).await?;
    let member = member.ok_or_else(|| Error::Internal("an owner is missing".into()))?;
    let may_post = member.is_active
        && member.access.permissions.contains(Permission::VoucherPost)
        && member.access.businesses.includes(row.business_id);
    let mut access = member.access;
    if !may_post {
        // What is only kept needs no rights; somebody else looks at it.
        access.businesses = crate::scope::Visible::Only([row.business_id].into());
    }
    let owner = access.user;
    let scope = books.scope(access);
    let chart = chart::chart(&scope).await?;
    let groups = groups::groups(&scope).await?;
    let business = chart.visible(&scope, row.business_id);
    let business = business.ok_or_else(|| Error::Internal("a business is missing".into()))?;
    let content = Content { dated: Some(on), ..Content::read(&template.content)? };
    let draft = |status, reason| Plan::Draft {
        draft: Box::new(
            NewDraft::of(&scope, (&chart, business), content.clone())
                .written_by(&format!("{} {}", row.makers, template.makers)),
        ),
        status,
        owner,
        reason,
    };
    if row.makes == RecurringMakes::Draft {
        return Ok((draft(DraftStatus::Open, None), template.version));
    }
    if !may_post {
        return Ok((draft(DraftStatus::Open, Some(DraftReason::Owner)), template.version));
    }
    let posting = templates::judged(&scope, (&chart, &groups), business, &content, on);
    let deed = match posting {
        Ok(posting) => Deed::from(posting),
        Err(Error::Refused(why)) => return Ok((Plan::Refused(why), template.version)),
        Err(failure) => return Err(failure),
    };
    if !chart::settings(business).approval_required {
        return Ok((Plan::Post(Box::new(deed), owner), template.version));
    }
    // Nobody is asked to approve what cannot be posted.
    let post = Post { deeds: vec![deed], claim: None, actor: author(owner, &books.request.id) };
    let plan = match books.db.lane().dry_run(post).await {
        Ok(_) => draft(DraftStatus::Submitted, Some(DraftReason::Approval)),
        Err(Error::Refused(why)) => Plan::Refused(why),
        Err(failure) => return Err(failure),
    };
    Ok((plan, template.version))
}

/// In whose name it is posted. Of what role the owner is by then is not asked: an exception from a lock must
/// be the owner's own.
fn author(owner: UserId, request: &str) -> Actor {
    Actor::new(Who::User(owner), Some(request.to_owned()))
}

fn claim_of(row: &Row, on: NaiveDate) -> Claim {
    Claim { field: FIELD, key: format!("{}/{on}", row.id), input_hash: String::new() }
}

/// What was made on a date.
#[derive(Default)]
struct Made {
    voucher: Option<VoucherId>,
    draft: Option<VoucherDraftId>,
    reason: Option<DraftReason>,
    whys: Vec<Why>,
}

impl Made {
    fn state(&self) -> RunState {
        match (self.voucher, self.draft) {
            (Some(_), _) => RunState::Posted,
            (None, Some(_)) => RunState::Drafted,
            (None, None) => RunState::Failed,
        }
    }
}

impl Plan {
    /// Does it within a transaction.
    async fn carry_out(self, writing: &mut Writing, claim: Claim) -> Result<Made> {
        match self {
            Self::Post(deed, owner) => {
                let request = writing.actor().request_id.clone().unwrap_or_default();
                let actor = author(owner, &request);
                let post = Post { deeds: vec![*deed], claim: Some(claim), actor };
                let posted = writing.post(&post).await.map_err(templates::told)?;
                Ok(Made { voucher: posted.ids.first().copied(), ..Made::default() })
            }
            Self::Draft { draft, status, owner, reason } => {
                let row = draft.begin_of(writing, status, owner).await?;
                Ok(Made { draft: Some(row.id), reason, ..Made::default() })
            }
            Self::Refused(why) => {
                Ok(Made { whys: why.into_iter().map(Why::from).collect(), ..Made::default() })
            }
        }
    }
}

/// Makes what is planned and notes that the date was dealt with. Nothing where somebody else has dealt with
/// it or changed what is to be made: the next reading tells.
async fn store(
    books: &Books,
    actor: Actor,
    row: &Row,
    due: Due,
    today: NaiveDate,
    begun: Option<Begun>,
) -> Result<Option<Run>> {
    let (seen, row) = (row.clone(), row.id);
    books
        .db
        .lane()
        .write(actor, move |writing| {
            Box::pin(async move {
                let before = recurring_voucher::Entity::find_by_id(row).one(writing.conn()).await?;
                // Equal in all, so that what was planned is what is wanted.
                let Some(before) = before.filter(|before| *before == seen) else { return Ok(None) };
                let run = match begun {
                    None => None,
                    Some(begun) => {
                        let template = voucher_template::Entity::find_by_id(before.template_id);
                        let template = template.one(writing.conn()).await?;
                        if template.is_none_or(|row| row.version != begun.template) {
                            return Ok(None);
                        }
                        let on = due.on.unwrap_or(today);
                        let made = begun.plan.carry_out(writing, claim_of(&before, on)).await?;
                        Some(note(writing, &before, on, due.left_out, made).await?)
                    }
                };
                go_on(writing, before, due, today, run.as_ref()).await?;
                Ok(run)
            })
        })
        .await
}

/// Writes down what became of a date.
async fn note(
    writing: &Writing,
    of: &Row,
    on: NaiveDate,
    left_out: u32,
    made: Made,
) -> Result<Run> {
    let now = writing.recorded_at();
    let row = Run {
        id: RecurringRunId::new(writing.next_id()?),
        business_id: of.business_id,
        recurring_id: of.id,
        due_on: on,
        state: made.state(),
        voucher_id: made.voucher,
        draft_id: made.draft,
        reason: made.reason,
        errors: serde_json::to_string(&made.whys)?,
        left_out: i32::try_from(left_out).unwrap_or(i32::MAX),
        created_at: now,
        updated_at: now,
    };
    Ok(recurring_run::ActiveModel::from(row).insert(writing.conn()).await?)
}

/// Moves a recurring voucher on to its next date. Its version stays: nobody changed what it says.
async fn go_on(
    writing: &mut Writing,
    before: Row,
    due: Due,
    today: NaiveDate,
    run: Option<&Run>,
) -> Result<()> {
    let dealt_with = due.left_out.saturating_add(u32::from(due.on.is_some()));
    let dealt_with = i32::try_from(dealt_with).unwrap_or(i32::MAX);
    let mut after = before.clone();
    after.dealt_with = before.dealt_with.saturating_add(dealt_with);
    after.last_on = before.last_on.max(due.on.or(today.pred_opt()));
    move_on(&mut after, due.next);
    after.updated_at = writing.recorded_at();
    let stored = recurring_voucher::ActiveModel::from(after).reset_all();
    let stored = stored.update(writing.conn()).await?;
    writing.audit(match run {
        Some(run) => told(run, &stored),
        None => changed("RECURRING_VOUCHER_DATES_LEFT_OUT", Some(&before), &stored),
    });
    Ok(())
}

/// The line of the edit log: what became of a date.
fn told(run: &Run, row: &Row) -> Change {
    let whys = whys(run)
        .into_iter()
        .map(|why| Canonical::new().text("code", &why.code).text("field", &why.field.join(".")));
    let after = Canonical::new()
        .text("dueOn", &run.due_on.to_string())
        .text("outcome", &run.state.to_value())
        .int_if("voucher", run.voucher_id.map(VoucherId::get))
        .int_if("draft", run.draft_id.map(VoucherDraftId::get))
        .text_if("draftReason", run.reason.map(|reason| reason.to_value()).as_deref())
        .list("errors", whys)
        .int("leftOut", i64::from(run.left_out))
        .text_if("nextOn", row.next_on.map(|day| day.to_string()).as_deref())
        .text("state", &row.state.to_value());
    Change {
        action: "RECURRING_VOUCHER_RAN",
        subject_type: "RecurringVoucher",
        subject: Some(row.id.get()),
        business: Some(row.business_id),
        canonical: Canonical::new().object("after", after).finish(),
    }
}

/// A date that was refused, once it was tried again.
#[derive(Debug, Clone)]
pub struct Retried {
    /// What became of it.
    pub run: Run,
    /// Whether an earlier call with the same key had tried it.
    pub replayed: bool,
}

/// Tries a date again that was refused, in the name of the recurring voucher's owner.
///
/// # Errors
/// No permission, or refusals: no such run, one that did not fail, and everything that a posting is refused
/// for. The run then stays as it was.
pub async fn retry(scope: &TenantScope, id: RecurringRunId, claim: Claim) -> Result<Retried> {
    scope.require(Permission::VoucherPost)?;
    check_key(&claim.key, "input")?;
    let none = || Error::refused(Code::NotFound, "input.runId", "there is no such run");
    let (run, row) = run_seen_by(scope, id).await?.ok_or_else(none)?;
    let books = Books::from(scope);
    let on = run.due_on;
    let (plan, _) = match run.state {
        RunState::Failed => plan(&books, &row, on).await?,
        // Whether it was this key that made it, the fence knows.
        RunState::Posted | RunState::Drafted => (Plan::Refused(Vec::new()), 0),
    };
    let (run, replayed) = scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let found = recurring_run::Entity::find_by_id(id).one(writing.conn()).await?;
                let before = found.ok_or_else(none)?;
                if writing.replay(&claim).await?.is_some() {
                    return Ok((before, true));
                }
                if before.state != RunState::Failed {
                    let why = "this date was made up for already";
                    return Err(Error::refused(Code::AlreadyDone, "input.runId", why));
                }
                if let Plan::Refused(why) = plan {
                    return Err(Error::Refused(why));
                }
                let made = plan.carry_out(writing, claim_of(&row, on)).await?;
                let after = Run {
                    state: made.state(),
                    voucher_id: made.voucher,
                    draft_id: made.draft,
                    reason: made.reason,
                    errors: serde_json::to_string(&made.whys)?,
                    updated_at: writing.recorded_at(),
                    ..before
                };
                let stored = recurring_run::ActiveModel::from(after).reset_all();
                let stored = stored.update(writing.conn()).await?;
                writing.audit(told(&stored, &row));
                writing.remember(&claim, &[id.get()]);
                Ok((stored, false))
            })
        })
        .await?;
    Ok(Retried { run, replayed })
}
