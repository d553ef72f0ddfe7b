//! Events of the books, as they happen.

use std::time::{Duration, Instant};

use async_graphql::{Context, ID, Subscription};
use daybook_domain::{
    id::{BusinessId, VoucherId},
    role::Permission,
};
use futures_util::Stream;

use super::{
    businesses::asked,
    vouchers::{Voucher, find_all},
};
use crate::{
    error::{Error, Result},
    graphql::{
        context::{Asks, Caller, Listening, Requires},
        error::ApiError,
    },
    services::books::{
        chart::{self, Asked},
        events::{EVENTS_MAX, newest, vouchers_posted_after},
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
        let desk = ctx.desk()?;
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
            // The first look asks at once whether the listener is still who was admitted: before the
            // subscription nobody would have woken it.
            loop {
                let page = match fresh(listening, business, sent).await {
                    Ok(page) => page,
                    Err(error) => {
                        yield Err(ApiError::from(error).into());
                        return;
                    }
                };
                sent = page.until;
                for voucher in page.vouchers {
                    yield Ok(voucher);
                }
                listening.end();
                if page.is_last {
                    loop {
                        let woken = subscription.woken().await;
                        if woken.is_roused || woken.change_seq > sent {
                            break;
                        }
                    }
                }
            }
        })
    }
}

/// Vouchers of the events up to a number.
struct Page {
    vouchers: Vec<Voucher>,
    until: i64,
    is_last: bool,
}

/// How long a listener waits while its tenant cannot be reached, before it is told.
const PATIENCE: Duration = Duration::from_secs(30);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// As [`page`], and tries again for a while what may pass: nothing is lost meanwhile, since events
/// stand in the tenant's database.
async fn fresh(listening: &Listening, business: BusinessId, sent: i64) -> Result<Page> {
    let began = Instant::now();
    loop {
        let read = page(listening, business, sent).await;
        let may_pass = matches!(
            &read,
            Err(Error::Unavailable(_) | Error::Throttled { .. } | Error::TenantUpgrading)
        );
        if !may_pass || began.elapsed() >= PATIENCE {
            return read;
        }
        listening.end();
        tokio::time::sleep(TRY_AGAIN_AFTER).await;
    }
}

/// The next events after `sent`, in order; those that the listener may not see are passed over. The
/// listener is recognised anew, so that a revoked session hears nothing more.
async fn page(listening: &Listening, business: BusinessId, sent: i64) -> Result<Page> {
    let scope = listening.begin().await?;
    scope.require(Permission::VoucherRead)?;
    chart::chart(&scope).await?.asked(&scope, Asked::This(business))?;
    let events = vouchers_posted_after(&scope, sent).await?;
    let ids: Vec<VoucherId> = events
        .iter()
        .filter(|event| event.business == Some(business))
        .filter_map(|event| event.voucher)
        .collect();
    let mut found = find_all(&scope, &ids).await?;
    Ok(Page {
        vouchers: ids.iter().filter_map(|id| found.remove(id)).collect(),
        until: events.last().map_or(sent, |event| event.change_seq),
        is_last: events.len() < EVENTS_MAX,
    })
}
