//! Notices what other processes changed: routing, the catalogue, the clock, and tenants' new events.
//!
//! One short query, every few hundred milliseconds, on a connection of its own, so that a busy pool
//! cannot make a healthy node look stale.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tokio::sync::Mutex;

use super::{hub::Hub, routing::Routing, settings::Settings, standing::Standing, tenants::Tenants};
use crate::{
    clock::Clock,
    db::{
        ControlDb,
        connect::{self, SessionLimits, Use},
        sql, time,
    },
    error::{Error, Result},
    master::CatalogueCache,
};

/// Polls master, and main for marks of new events.
#[derive(Debug)]
pub(super) struct Watch {
    main: ControlDb,
    master: ControlDb,
    clock: Clock,
    session: SessionLimits,
    bound: Duration,
    every: Duration,
    standing: Arc<Standing>,
    routing: Arc<Routing>,
    catalogue: Arc<CatalogueCache>,
    tenants: Arc<Tenants>,
    hub: Hub,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    connection: Option<DatabaseConnection>,
    routing_version: i64,
}

struct Versions {
    routing: i64,
    catalogue: i64,
    /// How far this node's clock is ahead, the time of the question and answer taken off.
    skew_ms: i64,
}

/// How far back marks are read: what other clocks and a slow commit may hide. Reading a mark twice
/// wakes nobody twice.
const MARKS_BACK_MS: i64 = 5_000;

impl Watch {
    #[expect(clippy::too_many_arguments, reason = "it stands where all of them meet")]
    pub fn new(
        settings: &Settings,
        main: ControlDb,
        master: ControlDb,
        clock: Clock,
        standing: Arc<Standing>,
        routing: Arc<Routing>,
        catalogue: Arc<CatalogueCache>,
        tenants: Arc<Tenants>,
        hub: Hub,
    ) -> Self {
        Self {
            main,
            master,
            clock,
            session: settings.session,
            bound: settings.stale_after,
            every: settings.poll_every,
            standing,
            routing,
            catalogue,
            tenants,
            hub,
            seen: Mutex::default(),
        }
    }

    /// Polls master until it is dropped.
    pub async fn watch_master(&self) {
        let mut was_good = true;
        loop {
            match self.look().await {
                Ok(()) if !was_good => {
                    tracing::info!("the master database is read again");
                    was_good = true;
                }
                Err(error) if was_good => {
                    tracing::error!(cause = ?error.cause(), "the master database is not read");
                    was_good = false;
                }
                Ok(()) | Err(_) => {}
            }
            tokio::time::sleep(self.every).await;
        }
    }

    /// Polls main for marks until it is dropped; asks nothing while nobody listens.
    pub async fn watch_main(&self) {
        let mut was_good = true;
        loop {
            tokio::time::sleep(self.every).await;
            if !self.hub.is_heard() {
                continue;
            }
            let read = self.read_marks().await;
            if was_good && let Err(error) = &read {
                tracing::warn!(cause = ?error.cause(), "marks of new events are not read");
            }
            was_good = read.is_ok();
        }
    }

    /// Reads the versions now and follows what changed. When it returns well, this node knows all
    /// that was committed before the call.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when master cannot be read in time.
    pub async fn look(&self) -> Result<()> {
        let mut seen = self.seen.lock().await;
        let began = Instant::now();
        let looked = tokio::time::timeout(self.bound, self.follow(&mut seen)).await;
        let looked = looked.unwrap_or_else(|_| {
            Err(Error::Unavailable("the master database did not answer in time".into()))
        });
        match looked {
            Ok(skew_ms) => {
                self.standing.read(began, skew_ms);
                Ok(())
            }
            Err(error) => {
                seen.connection = None;
                self.standing.failed();
                metrics::counter!("daybook_routing_poll_failures_total").increment(1);
                Err(error)
            }
        }
    }

    /// As [`Watch::look`], unless what is known is fresh: then nothing is asked. While master is known
    /// not to answer, nobody waits for it but the watch itself.
    ///
    /// # Errors
    /// As [`Watch::look`].
    pub async fn freshen(&self) -> Result<()> {
        let refused = match self.standing.fresh() {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        if self.standing.failed_within(self.every) {
            return Err(refused);
        }
        let asked = async {
            // Whoever waits for a look that is under way is served by it.
            drop(self.seen.lock().await);
            match self.standing.fresh() {
                Err(_) if !self.standing.failed_within(self.every) => self.look().await,
                known => known,
            }
        };
        tokio::time::timeout(self.bound, asked).await.unwrap_or(Err(refused))
    }

    /// Closes the connection.
    pub async fn close(&self) {
        if let Some(connection) = self.seen.lock().await.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the watch's connection did not close cleanly");
        }
    }

    async fn follow(&self, seen: &mut Seen) -> Result<i64> {
        let connection = match &seen.connection {
            Some(connection) => connection.clone(),
            None => {
                let target = self.master.target();
                let opened = connect::open(target, Use::Read, 1, self.session).await?;
                seen.connection.insert(opened).clone()
            }
        };
        let versions = self.read_versions(&connection).await?;
        if versions.routing != seen.routing_version {
            // A master that was restored has a smaller number: then everything is read anew.
            let is_newer = versions.routing > seen.routing_version;
            let since = if is_newer { seen.routing_version } else { i64::MIN };
            let stale = self.routing.forget_since(since).await?;
            self.tenants.reconsider(&stale).await?;
            for tenant in &stale.tenants {
                self.hub.rouse(*tenant);
            }
            seen.routing_version = versions.routing;
        }
        self.catalogue.refresh(&self.master, versions.catalogue).await?;
        Ok(versions.skew_ms)
    }

    async fn read_versions(&self, connection: &DatabaseConnection) -> Result<Versions> {
        let backend = connection.get_database_backend();
        let now = time::now(backend).unwrap_or("0");
        let text = format!(
            "SELECT routing_version, catalogue_version, {now} FROM master_state WHERE id = 1"
        );
        let before = self.clock.now_ms();
        let row = connection.query_one_raw(Statement::from_string(backend, text)).await?;
        let after = self.clock.now_ms();
        let row =
            row.ok_or_else(|| Error::Internal("the row of master_state is missing".into()))?;
        let skew_ms = match time::now(backend) {
            None => 0,
            Some(_) => skew(before, row.try_get_by_index(2)?, after),
        };
        Ok(Versions {
            routing: row.try_get_by_index(0)?,
            catalogue: row.try_get_by_index(1)?,
            skew_ms,
        })
    }

    async fn read_marks(&self) -> Result<()> {
        let since = self.clock.now_ms().saturating_sub(MARKS_BACK_MS);
        let reader = self.main.reader();
        let text = "SELECT tenant_id, change_seq FROM tenant_changes WHERE marked_at >= ?";
        let ask = sql::statement(reader.get_database_backend(), text, [since.into()]);
        for row in reader.query_all_raw(ask).await? {
            let tenant = daybook_domain::id::TenantId::new(row.try_get_by_index(0)?);
            let change_seq = row.try_get_by_index(1)?;
            // Told before anybody wakes: who then asks must not be answered from before the event.
            self.tenants.told(tenant, change_seq);
            self.hub.wake(tenant, change_seq);
        }
        Ok(())
    }
}

/// The server told `server` at some instant between `before` and `after` by this node's clock: the
/// clocks differ by at least this much.
fn skew(before: i64, server: i64, after: i64) -> i64 {
    if server < before {
        before.saturating_sub(server)
    } else if server > after {
        after.saturating_sub(server)
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_clock_within_the_question_agrees() {
        assert_eq!(super::skew(100, 105, 110), 0);
        assert_eq!(super::skew(100, 90, 110), 10);
        assert_eq!(super::skew(100, 150, 110), -40);
    }
}
