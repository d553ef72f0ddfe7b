//! What a draft does once it is posted: its command, judged by everything that needs no lock.

use daybook_entity::tenant::{business::business, drafts::DraftAction};

use super::{
    Row,
    content::{Content, together},
    told,
};
use crate::{
    error::{Error, Result},
    lane::{Deed, PostedVoucher, posting::Cancel},
    scope::TenantScope,
    services::books::{
        acts::{Undone, amended, mirrored, seen, undone},
        chart::{self, Chart},
        groups::{self, Groups},
        registers,
        vouchers::prepare,
    },
};

/// The deed of a draft.
///
/// # Errors
/// Everything that is wrong with its content, below `draft`; or a database that cannot be read.
pub async fn of(scope: &TenantScope, row: &Row) -> Result<Deed> {
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let voucher = match row.voucher_id {
        Some(id) => registers::find(scope, &[id], true).await?.into_iter().next(),
        None => None,
    };
    let undone = match &voucher {
        Some(voucher) if row.action == DraftAction::Reverse => undone(scope, voucher).await?,
        _ => Undone::default(),
    };
    let business = chart.visible(scope, row.business_id);
    let business = business.ok_or_else(|| Error::Internal("a draft of no business".into()))?;
    prepared(scope, (&chart, &groups, business), row, voucher, undone)
}

/// As [`of`], with the voucher that the draft acts on already looked for.
///
/// # Errors
/// As there.
pub fn prepared(
    scope: &TenantScope,
    (chart, groups, business): (&Chart, &Groups, &business::Model),
    row: &Row,
    voucher: Option<PostedVoucher>,
    undone: Undone,
) -> Result<Deed> {
    let content = Content::read(&row.content)?;
    // Until it has a date, today stands in, so that the rest can be judged.
    let today = scope.clock.today(&business.time_zone);
    let command = || content.to_voucher(business.id, today);
    let act = || seen(content.to_act(row), voucher);
    let deed = match row.action {
        DraftAction::Post => prepare(scope, chart, groups, command(), "input").map(Deed::from),
        DraftAction::Cancel => act().map(|(on, _)| Deed::Cancel(Cancel { on })),
        DraftAction::Amend => {
            act().and_then(|(on, voucher)| amended(scope, chart, groups, on, &voucher, command()))
        }
        DraftAction::Reverse => act().and_then(|(on, voucher)| {
            let reversal = content.to_reversal();
            mirrored(scope, chart, on, &voucher, reversal, undone).map(Deed::from)
        }),
    };
    together(content.missing(row.action), deed).map_err(told)
}
