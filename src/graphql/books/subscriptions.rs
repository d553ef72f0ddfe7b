//! Events of the books, as they happen.

use async_graphql::{Context, ID, Subscription};
use daybook_domain::{
    id::{BusinessId, VoucherId},
    role::Permission,
};
use futures_util::Stream;
use sea_orm::{ConnectionTrait, Value};

use super::{businesses::asked, vouchers::Voucher};
use crate::{
    auth::desk::Desk,
    db::sql::statement,
    error::{Error, Result},
    graphql::{
        context::{Asks, Caller, Listening, Requires},
        error::ApiError,
    },
    lane::writing::VOUCHER_POSTED,
    scope::TenantScope,
    services::books::{chart, registers},
};

/// Subscriptions of the books.
#[derive(Default, Debug)]
pub struct BooksSubscription;

/// Most events that are read at once after a wake-up.
const EVENTS_MAX: u64 = 100;

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
        let mut sent = newest_event(&scope).await.map_err(ApiError::from)?;
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
        let events = events_after(&scope, after).await?;
        let Some((last, _, _)) = events.last() else { return Ok(found) };
        after = *last;
        let ids: Vec<VoucherId> = events
            .iter()
            .filter(|(_, of, _)| *of == Some(business.get()))
            .filter_map(|(_, _, subject)| subject.map(VoucherId::new))
            .collect();
        let mut vouchers = registers::find(&scope, &ids, true).await?;
        for (change_seq, _, subject) in events {
            let at = vouchers.iter().position(|one| Some(one.id.get()) == subject);
            found.push((change_seq, at.map(|at| Voucher::from(vouchers.swap_remove(at)))));
        }
    }
}

type Event = (i64, Option<i64>, Option<i64>);

async fn events_after(scope: &TenantScope, after: i64) -> Result<Vec<Event>> {
    let reader = scope.db.reader().await?;
    let sql = format!(
        "SELECT change_seq, business_id, subject_id FROM outbox \
         WHERE change_seq > ? AND kind = ? ORDER BY change_seq LIMIT {EVENTS_MAX}"
    );
    let conn = reader.conn();
    let binds = [Value::from(after), Value::from(VOUCHER_POSTED)];
    let rows = conn.query_all_raw(statement(conn.get_database_backend(), &sql, binds)).await?;
    rows.iter()
        .map(|row| {
            Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?))
        })
        .collect()
}

async fn newest_event(scope: &TenantScope) -> Result<i64> {
    let reader = scope.db.reader().await?;
    Ok(crate::lane::Fence::read(reader.conn()).await?.change_seq)
}
