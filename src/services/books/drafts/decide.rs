//! Posting drafts: by their writers where no approval is wanted, by somebody else where it is.

use std::sync::Arc;

use daybook_domain::{id::VoucherDraftId, role::Permission};
use daybook_entity::tenant::{business::business, drafts::DraftStatus};
use sea_orm::EntityTrait;

use super::{
    Row, deed, is_maker,
    list::seen_by,
    load, not_now,
    pending::{Done, replayed},
    permission_of, replace, told, unknown,
};
use crate::{
    error::{Code, Error, Result},
    lane::{Actor, Claim, Deed, Post, Posted, Who, Writing, earlier},
    scope::{Access, TenantScope},
    services::books::{businesses::Settings, chart, vouchers::check_key},
};

/// A draft to be posted.
#[derive(Debug, Clone)]
pub struct PostDraft {
    /// Which.
    pub draft: VoucherDraftId,
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// Retry key.
    pub claim: Claim,
    /// Shows what would be posted, and changes nothing.
    pub dry_run: bool,
}

/// On what ground a draft is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// The business wants no approval.
    Free,
    /// Somebody who neither wrote nor submitted it approves it.
    Approved,
}

/// Posts a draft, judged anew by everything that a posting is judged by. What it becomes is stored in the
/// transaction that says so of the draft.
///
/// # Errors
/// No permission, or refusals: no such draft, one that may not be posted so, a stale version, and everything
/// that a posting is refused for. The draft then stays as it was.
pub async fn post(scope: &TenantScope, command: PostDraft, ground: Ground) -> Result<Done> {
    scope.require(match ground {
        Ground::Free => Permission::VoucherPost,
        Ground::Approved => Permission::VoucherApprove,
    })?;
    check_key(&command.claim.key, "input")?;
    if !command.dry_run {
        let reader = scope.db.reader().await?;
        let made = earlier(reader.conn(), &command.claim).await?;
        drop(reader);
        if let Some(ids) = made {
            return again(scope, ids).await;
        }
    }
    let row = seen_by(scope, command.draft).await?.ok_or_else(unknown)?;
    scope.require(permission_of(row.action))?;
    // What is wrong with it counts only once it is known that it may be posted at all.
    let deed = match deed::of(scope, &row).await {
        deed @ (Ok(_) | Err(Error::Refused(_))) => deed,
        Err(failure) => return Err(failure),
    };
    if command.dry_run {
        return preview(scope, row, deed, &command, ground).await;
    }
    let (access, claim) = (Arc::clone(&scope.access), command.claim);
    let expected = command.expected_version;
    let outcome = scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                if let Some(ids) = writing.replay(&claim).await? {
                    return Ok(Outcome::Known(ids));
                }
                let before = load(writing, &access, row.id).await?;
                let asked = Question {
                    access: &access,
                    ground,
                    expected,
                    wants_approval: wants_approval(writing, &before).await?,
                };
                if asked.judge(&before)? == Verdict::Done {
                    return Ok(Outcome::Known(vec![before.id.get()]));
                }
                // The deed was made of the version that was read, and of no other.
                Error::unless_current(Some(row.version), before.version)?;
                let (posted, after) = carry_out(writing, before, deed?, ground, &access).await?;
                writing.remember(&claim, &[after.id.get()]);
                Ok(Outcome::Made(posted, Box::new(after)))
            })
        })
        .await?;
    match outcome {
        Outcome::Made(posted, row) => Ok(Done { posted, draft: Some(*row) }),
        Outcome::Known(ids) => again(scope, ids).await,
    }
}

enum Outcome {
    Made(Posted, Box<Row>),
    Known(Vec<i64>),
}

async fn again(scope: &TenantScope, ids: Vec<i64>) -> Result<Done> {
    use daybook_domain::id::VoucherId;
    replayed(scope, ids.into_iter().map(VoucherId::new).collect()).await
}

async fn preview(
    scope: &TenantScope,
    row: Row,
    deed: Result<Deed>,
    command: &PostDraft,
    ground: Ground,
) -> Result<Done> {
    let chart = chart::chart(scope).await?;
    let business = chart.visible(scope, row.business_id).ok_or_else(unknown)?;
    let asked = Question {
        access: &scope.access,
        ground,
        expected: command.expected_version,
        wants_approval: chart::settings(business).approval_required,
    };
    if asked.judge(&row)? == Verdict::Done {
        return Err(done_already());
    }
    let post = Post { deeds: vec![deed?], claim: None, actor: scope.actor() };
    let posted = scope.db.lane().dry_run(post).await.map_err(told)?;
    Ok(Done { posted, draft: Some(row) })
}

/// Whether a draft may be posted now by somebody.
struct Question<'q> {
    access: &'q Access,
    ground: Ground,
    expected: Option<i32>,
    wants_approval: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It may be posted.
    May,
    /// The caller has done so already.
    Done,
}

impl Question<'_> {
    fn judge(&self, row: &Row) -> Result<Verdict> {
        let user = self.access.user;
        match (row.status, self.ground) {
            (DraftStatus::Posted, Ground::Free) => return Ok(Verdict::Done),
            (DraftStatus::Posted, Ground::Approved) if row.decided_by == Some(user) => {
                return Ok(Verdict::Done);
            }
            (DraftStatus::Posted, Ground::Approved) => return Err(done_already()),
            (DraftStatus::Rejected, _) => {
                return Err(not_now("this draft was rejected; it is to be changed first"));
            }
            (DraftStatus::Open, Ground::Approved) => {
                return Err(not_now("this draft is not submitted yet"));
            }
            (DraftStatus::Open | DraftStatus::Submitted, _) => {}
        }
        if self.ground == Ground::Free && self.wants_approval {
            let why = "this business wants vouchers approved; submit the draft";
            return Err(Error::refused(Code::ApprovalRequired, "input.draftId", why));
        }
        if self.ground == Ground::Approved && is_maker(row, user) {
            let why = "you wrote or submitted this draft; somebody else approves it";
            return Err(Error::refused(Code::SelfApproval, "input.draftId", why));
        }
        Error::unless_current(self.expected, row.version)?;
        Ok(Verdict::May)
    }
}

fn done_already() -> Error {
    Error::refused(Code::AlreadyDone, "input.draftId", "this draft is posted already")
}

/// Whether its business wants approval, as the fence holds it still.
async fn wants_approval(writing: &Writing, row: &Row) -> Result<bool> {
    let found = business::Entity::find_by_id(row.business_id).one(writing.conn()).await?;
    Ok(found.is_some_and(|business| Settings::read(&business.settings).approval_required))
}

async fn carry_out(
    writing: &mut Writing,
    before: Row,
    deed: Deed,
    ground: Ground,
    access: &Access,
) -> Result<(Posted, Row)> {
    // An approved voucher is the voucher of who began it; who approved it, the draft says. Of what role that
    // user is now is not asked: an exception from a lock must be the user's own.
    let author = match ground {
        Ground::Free => writing.actor().clone(),
        Ground::Approved => Actor {
            who: Who::User(before.created_by),
            role: None,
            request_id: writing.actor().request_id.clone(),
        },
    };
    let post = Post { deeds: vec![deed], claim: None, actor: author };
    let posted = writing.post(&post).await.map_err(told)?;
    let mut after = before.clone();
    after.status = DraftStatus::Posted;
    after.decided_by = Some(access.user);
    after.decided_at = Some(writing.recorded_at());
    after.result_voucher_id = posted.ids.first().copied();
    let action = match ground {
        Ground::Free => "VOUCHER_DRAFT_POSTED",
        Ground::Approved => "VOUCHER_DRAFT_APPROVED",
    };
    let after = replace(writing, action, before, after).await?;
    Ok((posted, after))
}
