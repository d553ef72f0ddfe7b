//! Writing drafts, handing them in, saying no to them, throwing them away.

use std::sync::Arc;

use daybook_domain::{
    id::{VoucherDraftId, VoucherId},
    role::Permission,
};
use daybook_entity::tenant::drafts::{DraftAction, DraftStatus, voucher_draft};
use sea_orm::EntityTrait;

use super::{
    NewDraft, Row, SAVED, SUBMITTED, add_maker, changed, content::Content, deed, edit,
    list::seen_by, load, not_now, permission_of, reopen, told, unknown,
};
use crate::{
    error::{Code, Error, Result},
    lane::Post,
    scope::TenantScope,
    services::books::{
        acts::REASON_MAX,
        chart::{self, Asked},
        registers,
        vouchers::Wrong,
    },
};

/// A draft to be written: a new one, or all of what an older one says from now on.
#[derive(Debug, Clone)]
pub struct SaveDraft {
    /// The draft; a new one where there is none.
    pub draft: Option<VoucherDraftId>,
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// What it does.
    pub action: DraftAction,
    /// In whose books; for a new voucher.
    pub business: Asked,
    /// The voucher that it acts on.
    pub voucher: Option<VoucherId>,
    /// What it says.
    pub content: Content,
}

/// Writes a draft. It may be incomplete and wrong: only sizes and ids are checked. One that was submitted or
/// rejected is open again.
///
/// # Errors
/// No permission, or refusals: no such draft, voucher, ledger or type, a stale version, a posted draft.
pub async fn save(scope: &TenantScope, command: SaveDraft) -> Result<Row> {
    scope.require(Permission::VoucherPost)?;
    scope.require(permission_of(command.action))?;
    let before = match command.draft {
        None => None,
        Some(id) => Some(same(scope, id, &command).await?),
    };
    let chart = chart::chart(scope).await?;
    let acted_on = before.as_ref().map_or(command.voucher, |row| row.voucher_id);
    let voucher = match (command.action, acted_on) {
        (DraftAction::Post, None) => None,
        (DraftAction::Post, Some(_)) => {
            let why = "a new voucher is about no other one";
            return Err(Error::refused(Code::Invalid, "input.voucherId", why));
        }
        (_, None) => {
            let why = "say which voucher this is about";
            return Err(Error::refused(Code::Required, "input.voucherId", why));
        }
        (_, Some(id)) => {
            let found = registers::find(scope, &[id], false).await?.into_iter().next();
            let why = "there is no such voucher";
            let unknown = || Error::refused(Code::NotFound, "input.voucherId", why);
            Some(found.ok_or_else(unknown)?)
        }
    };
    let asked = match (&before, &voucher) {
        (Some(row), _) => Asked::This(row.business_id),
        (None, Some(voucher)) => Asked::This(voucher.business),
        (None, None) => command.business,
    };
    let business = chart.chosen(scope, asked, "input")?;
    let content = Content {
        // A draft is about the version that was seen, or the one that stands now.
        voucher_version: voucher
            .as_ref()
            .map(|voucher| command.content.voucher_version.unwrap_or(voucher.version)),
        ..command.content
    };
    let content = content.checked(scope, &chart, business.id)?;
    let title = content.title(scope, (&chart, business), command.action, voucher.as_ref());
    let new = NewDraft {
        business: business.id,
        action: command.action,
        voucher: voucher.map(|voucher| voucher.id),
        content,
        title,
        others: String::new(),
    };
    let (access, draft, expected) =
        (Arc::clone(&scope.access), command.draft, command.expected_version);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let Some(id) = draft else { return new.begin(writing, DraftStatus::Open).await };
                edit(writing, &access, (id, expected), SAVED, |row, _| {
                    if row.status == DraftStatus::Posted {
                        let why = "this draft is posted; write another one";
                        return Err(Error::refused(Code::NotAllowed, "input.id", why));
                    }
                    let text = new.content.to_text()?;
                    if row.status != DraftStatus::Open || row.content != text {
                        row.content = text;
                        new.title.put(row);
                        reopen(row);
                        add_maker(row, access.user);
                    }
                    Ok(())
                })
                .await
            })
        })
        .await
}

/// The draft to be written anew: what it does, and to which voucher in whose books, stays.
async fn same(scope: &TenantScope, id: VoucherDraftId, command: &SaveDraft) -> Result<Row> {
    let refuse =
        |field: &str, why| Err(Error::refused(Code::NotAllowed, &format!("input.{field}"), why));
    let missing = || Error::refused(Code::NotFound, "input.id", "there is no such draft");
    let row = seen_by(scope, id).await?.ok_or_else(missing)?;
    if command.expected_version.is_none() {
        let why = "say which version of the draft you saw";
        return Err(Error::refused(Code::Required, "input.expectedVersion", why));
    }
    if row.action != command.action {
        return refuse("action", "a draft keeps what it does; write another one");
    }
    if command.voucher.is_some() && command.voucher != row.voucher_id {
        return refuse("voucherId", "a draft stays with its voucher; write another one");
    }
    if ![Asked::Nothing, Asked::This(row.business_id)].contains(&command.business) {
        return refuse("businessId", "a draft stays with its business; write another one");
    }
    Ok(row)
}

/// Which draft, as which it was seen.
#[derive(Debug, Clone, Copy)]
pub struct OnDraft {
    /// The draft.
    pub draft: VoucherDraftId,
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
}

/// Hands a draft in for approval. It must be such that it could be posted now.
///
/// # Errors
/// No permission, or refusals: no such draft, a stale version, and everything that a posting is refused for.
pub async fn submit(scope: &TenantScope, on: OnDraft) -> Result<Row> {
    scope.require(Permission::VoucherPost)?;
    let row = seen_by(scope, on.draft).await?.ok_or_else(unknown)?;
    scope.require(permission_of(row.action))?;
    match row.status {
        DraftStatus::Submitted => return Ok(row),
        DraftStatus::Posted => return Err(posted()),
        DraftStatus::Open | DraftStatus::Rejected => {}
    }
    Error::unless_current(on.expected_version, row.version)?;
    let deed = deed::of(scope, &row).await?;
    let post = Post { deeds: vec![deed], claim: None, actor: scope.actor() };
    scope.db.lane().dry_run(post).await.map_err(told)?;
    let access = Arc::clone(&scope.access);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                // The version that was judged, and no other.
                edit(writing, &access, (row.id, Some(row.version)), SUBMITTED, |row, now| {
                    reopen(row);
                    row.status = DraftStatus::Submitted;
                    (row.submitted_by, row.submitted_at) = (Some(access.user), Some(now));
                    add_maker(row, access.user);
                    Ok(())
                })
                .await
            })
        })
        .await
}

/// Says no to a submitted draft; whoever wrote it may change it and hand it in again.
///
/// # Errors
/// No permission, or refusals: no such draft, one that does not wait, a stale version, no reason.
pub async fn reject(scope: &TenantScope, on: OnDraft, reason: &str) -> Result<Row> {
    scope.require(Permission::VoucherApprove)?;
    let mut wrong = Wrong::below("input");
    let reason = wrong.text("reason", Some(reason), REASON_MAX, false);
    wrong.finish()?;
    let access = Arc::clone(&scope.access);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let on = (on.draft, on.expected_version);
                edit(writing, &access, on, "VOUCHER_DRAFT_REJECTED", |row, now| {
                    if row.status != DraftStatus::Submitted {
                        return Err(not_now("this draft does not wait for approval"));
                    }
                    if reason.is_none() {
                        let why = "say why, so that it can be mended";
                        return Err(Error::refused(Code::Required, "input.reason", why));
                    }
                    row.status = DraftStatus::Rejected;
                    (row.decided_by, row.decided_at) = (Some(access.user), Some(now));
                    row.reason = reason;
                    Ok(())
                })
                .await
            })
        })
        .await
}

/// Throws a draft away; the edit log keeps what it said. One that was posted stays.
///
/// # Errors
/// No permission, or refusals: no such draft, a stale version, a posted draft.
pub async fn delete(scope: &TenantScope, on: OnDraft) -> Result<VoucherDraftId> {
    scope.require(Permission::VoucherPost)?;
    let access = Arc::clone(&scope.access);
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let row = load(writing, &access, on.draft).await?;
                let needed = permission_of(row.action);
                if !access.permissions.contains(needed) {
                    return Err(Error::Forbidden(needed));
                }
                if row.status == DraftStatus::Posted {
                    return Err(posted());
                }
                Error::unless_current(on.expected_version, row.version)?;
                voucher_draft::Entity::delete_by_id(row.id).exec(writing.conn()).await?;
                writing.audit(changed("VOUCHER_DRAFT_DELETED", Some(&row), None));
                Ok(row.id)
            })
        })
        .await
}

fn posted() -> Error {
    not_now("this draft is posted; nothing changes it any more")
}
