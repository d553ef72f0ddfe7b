//! Where a business wants approval: a command becomes a draft that waits for it, instead of being done.

use daybook_domain::id::{VoucherDraftId, VoucherId};
use daybook_entity::tenant::drafts::{DraftAction, DraftStatus};

use super::{NewDraft, Row, content::Content, list::seen_by};
use crate::{
    error::Result,
    lane::{Claim, Deed, Post, Posted, PostedVoucher, earlier, posting::OnVoucher},
    scope::TenantScope,
    services::books::{
        chart::{self, Asked, Chart},
        vouchers::{self, PostVoucher},
    },
};

/// What a mutation that posts did.
#[derive(Debug)]
pub struct Done {
    /// What it posted; nothing where the draft still waits.
    pub posted: Posted,
    /// The draft that it was kept as, or posted from.
    pub draft: Option<Row>,
}

impl Done {
    /// Nothing was posted: it was kept as this draft.
    pub fn kept(draft: Row) -> Self {
        Self { posted: nothing(false), draft: Some(draft) }
    }
}

impl From<Posted> for Done {
    fn from(posted: Posted) -> Self {
        Self { posted, draft: None }
    }
}

/// Whether the business wants what is posted to it approved. One that cannot be told wants nothing.
pub fn wants_approval(scope: &TenantScope, chart: &Chart, business: Asked) -> bool {
    let business = chart.chosen(scope, business, "input");
    business.is_ok_and(|business| chart::settings(business).approval_required)
}

/// The draft of a voucher to be posted, where its business wants approval.
pub fn voucher(scope: &TenantScope, chart: &Chart, command: &PostVoucher) -> Option<NewDraft> {
    if !wants_approval(scope, chart, command.business) {
        return None;
    }
    let business = chart.chosen(scope, command.business, "input").ok()?;
    Some(NewDraft::of(scope, (chart, business), Content::of_voucher(command)))
}

/// The draft of an act on a voucher, where its business wants approval. It is about the version that was
/// seen, or the one that stands now: what comes between makes it stale.
pub fn act(
    scope: &TenantScope,
    chart: &Chart,
    action: DraftAction,
    seen: &Result<(OnVoucher, PostedVoucher)>,
    content: impl FnOnce() -> Content,
) -> Option<NewDraft> {
    let Ok((on, voucher)) = seen else { return None };
    let business = chart.visible(scope, voucher.business)?;
    if !chart::settings(business).approval_required {
        return None;
    }
    let content = Content {
        voucher_version: Some(on.expected_version.unwrap_or(voucher.version)),
        reason: on.reason.clone(),
        ..content()
    };
    let title = content.title(scope, (chart, business), action, Some(voucher));
    let (voucher, others) = (Some(voucher.id), String::new());
    Some(NewDraft { business: business.id, action, voucher, content, title, others })
}

/// Does a deed, or keeps its command as a draft that waits for approval. An input that was sent before is
/// answered by what it made then, whatever the business wants by now.
///
/// # Errors
/// What doing it at once would be refused for, also where it is only kept.
pub async fn perform(
    scope: &TenantScope,
    deed: Result<Deed>,
    kept: Option<NewDraft>,
    claim: Claim,
    dry_run: bool,
) -> Result<Done> {
    match (kept, deed) {
        (Some(kept), Ok(deed)) if !dry_run => keep(scope, kept, deed, claim).await,
        (_, deed) => {
            let posted = vouchers::perform(scope, deed, claim, dry_run).await?;
            if posted.replayed { replayed(scope, posted.ids).await } else { Ok(posted.into()) }
        }
    }
}

async fn keep(scope: &TenantScope, kept: NewDraft, deed: Deed, claim: Claim) -> Result<Done> {
    let made = {
        let reader = scope.db.reader().await?;
        earlier(reader.conn(), &claim).await?
    };
    if let Some(ids) = made {
        return replayed(scope, ids.into_iter().map(VoucherId::new).collect()).await;
    }
    // Judged as if it were done now: nobody is asked to approve what cannot be.
    let post = Post { deeds: vec![deed], claim: None, actor: scope.actor() };
    scope.db.lane().dry_run(post).await?;
    let made = scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                if let Some(ids) = writing.replay(&claim).await? {
                    return Ok(Err(ids));
                }
                let row = kept.begin(writing, DraftStatus::Submitted).await?;
                writing.remember(&claim, &[row.id.get()]);
                Ok(Ok(row))
            })
        })
        .await?;
    match made {
        Ok(row) => Ok(Done { posted: nothing(false), draft: Some(row) }),
        Err(ids) => replayed(scope, ids.into_iter().map(VoucherId::new).collect()).await,
    }
}

fn nothing(replayed: bool) -> Posted {
    Posted { ids: Vec::new(), vouchers: Vec::new(), replayed }
}

/// What an earlier call made, as it stands now: vouchers, or a draft with the voucher that it became.
///
/// # Errors
/// When the database cannot be read.
pub async fn replayed(scope: &TenantScope, ids: Vec<VoucherId>) -> Result<Done> {
    // No draft has the id of a voucher: all ids of a tenant's rows come from one clock.
    let draft = match ids.as_slice() {
        [only] => seen_by(scope, VoucherDraftId::new(only.get())).await?,
        _ => None,
    };
    Ok(match draft {
        Some(row) => {
            let ids = row.result_voucher_id.into_iter().collect();
            Done { posted: Posted { ids, ..nothing(true) }, draft: Some(row) }
        }
        None => Done { posted: Posted { ids, ..nothing(true) }, draft: None },
    })
}
