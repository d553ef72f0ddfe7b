//! Events of the books, as they happen.

use async_graphql::{Context, ID, Subscription};
use daybook_domain::{
    id::{BusinessId, VoucherId},
    role::Permission,
};
use futures_util::Stream;

use super::{businesses::asked, vouchers::Voucher};
use crate::{
    auth::desk::Desk,
    error::{Error, Result},
    graphql::{
        context::{Asks, Caller, Listening, Requires},
        error::ApiError,
    },
    services::books::{
        chart,
        events::{newest, vouchers_posted_after},
        registers,
    },
};

/// Subscriptions of the books.
#[derive(Default, Debug)]
pub struct BooksSubscription;

#[Subscription]
impl BooksSubscription {
    /// Every voucher of a business as it is posted from now on, on whichever server. Roles that see
    /// only their own documents hear only of those. Requires: VOUCHER_READ.
    #[graphql(guard = "Requires(Permission::VoucherRead)")]
    async fn voucher_posted<'c>(
        &'c self,
        ctx: &'c Context<'_>,
        #[graphql(desc = "The business; may be left out by who sees only one.")]
        business_id: Option<ID>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Voucher>> + 'c> {
        let desk = ctx.data::<std::sync::Arc<Desk>>()?;
        let Caller::Listening(listening) = ctx.caller()? else {
            return Err(ApiError::from(Error::Unauthenticated).into());
        };
        let scope = ctx.tenant()?;
        let chart = chart::chart(&scope).await.map_err(ApiError::from)?;
        let asked = asked(business_id.as_ref());
        let business = chart.asked(&scope, asked).map_err(ApiError::from)?.id;
        let mut subscription = desk.tenancy.hub().subscribe(scope.db.route.id);
        // Subscribed first, read after: what is posted between the two is not missed.
        let mut sent = newest(&scope).await.map_err(ApiError::from)?;
        drop((scope, chart));
        listening.end();
        Ok(async_stream::stream! {
            loop {
                let woken = subscription.woken().await;
                if woken <= sent {
                    continue;
                }
                let vouchers = match fresh(listening, business, sent).await {
                    Ok(read) => read,
                    Err(error) => {
                        yield Err(ApiError::from(error).into());
                        return;
                    }
                };
                for (change_seq, voucher) in vouchers {
                    sent = sent.max(change_seq);
                    if let Some(voucher) = voucher {
                        yield Ok(voucher);
                    }
                }
                listening.end();
            }
        })
    }
}

/// The events after `sent`, in order; those that the listener may not see are passed over. The
/// listener is recognised anew, so that a revoked session hears nothing more.
async fn fresh(
    listening: &Listening,
    business: BusinessId,
    sent: i64,
) -> Result<Vec<(i64, Option<Voucher>)>> {
    let scope = listening.begin().await?;
    scope.require(Permission::VoucherRead)?;
    let mut found = Vec::new();
    let mut after = sent;
    loop {
        let events = vouchers_posted_after(&scope, after).await?;
        let Some(last) = events.last() else { return Ok(found) };
        after = last.change_seq;
        let ids: Vec<VoucherId> = events
            .iter()
            .filter(|event| event.business == Some(business))
            .filter_map(|event| event.voucher)
            .collect();
        let mut vouchers = registers::find(&scope, &ids, true).await?;
        for event in events {
            let at = vouchers.iter().position(|one| Some(one.id) == event.voucher);
            let voucher = at.map(|at| Voucher::from(vouchers.swap_remove(at)));
            found.push((event.change_seq, voucher));
        }
    }
}
