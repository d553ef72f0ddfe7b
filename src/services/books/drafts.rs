//! Drafts: commands that are written down and not done yet, and the approval of what others wrote.
//!
//! A draft may be incomplete and wrong, and has no number. Once it is posted, it is judged like any other
//! posting, and what it becomes is stored in the transaction that says so of the draft. Nobody who wrote or
//! submitted a draft approves it.

pub mod content;
pub mod decide;
mod deed;
pub mod list;
pub mod pending;
pub mod write;

use daybook_domain::{
    chain::Canonical,
    id::{BusinessId, UserId, VoucherDraftId, VoucherId, VoucherTypeId},
    role::Permission,
};
use daybook_entity::tenant::{
    business::business,
    drafts::{DraftAction, DraftStatus, voucher_draft},
};
use sea_orm::{ActiveEnum, ActiveModelTrait, EntityTrait};

use self::content::Content;
use crate::{
    error::{Code, Error, Result},
    lane::{Change, Writing},
    scope::{Access, TenantScope},
    services::books::chart::Chart,
};

/// A draft as it is stored.
pub type Row = voucher_draft::Model;

/// What whoever writes or posts a draft needs, as for doing the same at once.
pub const fn permission_of(action: DraftAction) -> Permission {
    match action {
        DraftAction::Post => Permission::VoucherPost,
        DraftAction::Amend => Permission::VoucherAmend,
        DraftAction::Cancel => Permission::VoucherCancel,
        DraftAction::Reverse => Permission::VoucherReverse,
    }
}

/// A draft about to begin.
#[derive(Debug)]
pub struct NewDraft {
    business: BusinessId,
    action: DraftAction,
    voucher: Option<VoucherId>,
    content: Content,
    title: Title,
    /// Ids of users who wrote what it says besides whoever begins it, parted by one space.
    others: String,
}

impl NewDraft {
    /// A draft of a voucher to be posted that says this.
    pub fn of(
        scope: &TenantScope,
        (chart, business): (&Chart, &business::Model),
        content: Content,
    ) -> Self {
        let action = DraftAction::Post;
        let title = content.title(scope, (chart, business), action, None);
        let others = String::new();
        Self { business: business.id, action, voucher: None, content, title, others }
    }

    /// The same, of which others wrote a part: none of them approves it.
    #[must_use]
    pub fn written_by(self, others: &str) -> Self {
        Self { others: others.to_owned(), ..self }
    }

    /// Stores it, as far as it has come, as a draft of whoever acts.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin(self, writing: &mut Writing, status: DraftStatus) -> Result<Row> {
        let maker = writing.actor().user();
        let maker = maker.ok_or_else(|| Error::Internal("a draft of nobody".into()))?;
        self.begin_of(writing, status, maker).await
    }

    /// Stores it, as far as it has come, as somebody's draft.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin_of(
        self,
        writing: &mut Writing,
        status: DraftStatus,
        maker: UserId,
    ) -> Result<Row> {
        let now = writing.recorded_at();
        let is_submitted = status == DraftStatus::Submitted;
        let mut row = Row {
            id: VoucherDraftId::new(writing.next_id()?),
            business_id: self.business,
            action: self.action,
            voucher_id: self.voucher,
            content: self.content.to_text()?,
            dated: None,
            voucher_type_id: None,
            total: None,
            status,
            version: 1,
            makers: maker.to_string(),
            created_by: maker,
            created_at: now,
            updated_at: now,
            submitted_by: is_submitted.then_some(maker),
            submitted_at: is_submitted.then_some(now),
            decided_by: None,
            decided_at: None,
            reason: None,
            result_voucher_id: None,
        };
        for other in self.others.split_whitespace().filter_map(|id| id.parse().ok()) {
            add_maker(&mut row, UserId::new(other));
        }
        self.title.put(&mut row);
        let stored = voucher_draft::ActiveModel::from(row).insert(writing.conn()).await?;
        let action = if is_submitted { SUBMITTED } else { SAVED };
        writing.audit(changed(action, None, Some(&stored)));
        Ok(stored)
    }
}

/// The words of the edit log.
const SAVED: &str = "VOUCHER_DRAFT_SAVED";
const SUBMITTED: &str = "VOUCHER_DRAFT_SUBMITTED";

/// Whether the caller may see a draft: in a business that they see, and their own where they see no others'.
fn is_visible(access: &Access, row: &Row) -> bool {
    access.businesses.includes(row.business_id)
        && (!access.own_documents_only || row.created_by == access.user)
}

fn unknown() -> Error {
    Error::refused(Code::NotFound, "input.draftId", "there is no such draft")
}

fn not_now(why: &str) -> Error {
    Error::refused(Code::NotAllowed, "input.draftId", why)
}

/// Reads a draft that the caller may see, behind the fence.
async fn load(writing: &Writing, access: &Access, id: VoucherDraftId) -> Result<Row> {
    let found = voucher_draft::Entity::find_by_id(id).one(writing.conn()).await?;
    found.filter(|row| is_visible(access, row)).ok_or_else(unknown)
}

/// Changes a draft behind the fence, with its next version and a line in the edit log; an edit that changes
/// nothing leaves no trace.
async fn edit<F>(
    writing: &mut Writing,
    access: &Access,
    (id, expected_version): (VoucherDraftId, Option<i32>),
    action: &'static str,
    change: F,
) -> Result<Row>
where
    F: FnOnce(&mut Row, i64) -> Result<()>,
{
    let before = load(writing, access, id).await?;
    Error::unless_current(expected_version, before.version)?;
    let mut after = before.clone();
    change(&mut after, writing.recorded_at())?;
    if after == before {
        return Ok(before);
    }
    replace(writing, action, before, after).await
}

/// Stores a changed draft as its next version.
async fn replace(
    writing: &mut Writing,
    action: &'static str,
    before: Row,
    mut after: Row,
) -> Result<Row> {
    after.version = before.version.saturating_add(1);
    after.updated_at = writing.recorded_at();
    let stored = voucher_draft::ActiveModel::from(after).reset_all().update(writing.conn()).await?;
    writing.audit(changed(action, Some(&before), Some(&stored)));
    Ok(stored)
}

/// Whether somebody wrote or submitted a draft.
fn is_maker(row: &Row, user: UserId) -> bool {
    let own = user.to_string();
    row.makers.split(' ').any(|maker| maker == own)
}

/// Counts somebody among those who wrote or submitted a draft.
fn add_maker(row: &mut Row, user: UserId) {
    if !is_maker(row, user) {
        row.makers = format!("{} {user}", row.makers).trim_start().to_owned();
    }
}

/// The line of the edit log: how the draft was and how it is.
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
        subject_type: "VoucherDraft",
        subject: row.map(|row| row.id.get()),
        business: row.map(|row| row.business_id),
        canonical: content.finish(),
    }
}

/// What the edit log keeps of a draft; who did what to it, its rows say.
fn describe(row: &Row) -> Canonical {
    let head = Canonical::new()
        .text("action", &row.action.to_value())
        .text("status", &row.status.to_value())
        .int("version", i64::from(row.version))
        .int_if("voucher", row.voucher_id.map(VoucherId::get))
        .int_if("postedVoucher", row.result_voucher_id.map(VoucherId::get))
        .text_if("decisionReason", row.reason.as_deref());
    match Content::read(&row.content) {
        Ok(content) => content.describe(head),
        Err(_) => head.text("content", &row.content),
    }
}

/// A refusal of a draft's content names its fields below the draft, not below the caller's input.
fn told(error: Error) -> Error {
    let Error::Refused(mut refusals) = error else { return error };
    for refusal in &mut refusals {
        if let Some(first) = refusal.field.first_mut().filter(|first| *first == "input") {
            *first = "draft".to_owned();
        }
        if let [_, second] = refusal.field.as_mut_slice()
            && second == "expectedVersion"
        {
            *second = "voucherVersion".to_owned();
        }
    }
    Error::Refused(refusals)
}

/// What lists show of a draft.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Title {
    dated: Option<chrono::NaiveDate>,
    voucher_type: Option<VoucherTypeId>,
    total: Option<String>,
}

impl Title {
    fn put(self, row: &mut Row) {
        row.dated = self.dated;
        row.voucher_type_id = self.voucher_type;
        row.total = self.total;
    }
}

/// Takes a draft back to where it is being written.
fn reopen(row: &mut Row) {
    row.status = DraftStatus::Open;
    (row.submitted_by, row.submitted_at) = (None, None);
    (row.decided_by, row.decided_at, row.reason) = (None, None, None);
}
