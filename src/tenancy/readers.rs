//! Connections for reading one tenant's database.
//!
//! A [`Reader`] is one connection, held by one piece of work at a time. Whoever holds one should not
//! ask for another of the same tenant: with all of them held that way, everybody would wait.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::{DatabaseConnection, DatabaseTransaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    settings::Settings,
    sockets::{Permit, Sockets},
};
use crate::{
    db::{
        Target,
        connect::{self, SessionLimits, Use},
        snapshot,
    },
    error::{Error, Result},
    lane::Fence,
};

/// A tenant's readers: at most so many at once, opened when they are first needed. Clones share them.
#[derive(Clone)]
pub struct Readers(Arc<Inner>);

struct Inner {
    target: Target,
    session: SessionLimits,
    wait: Duration,
    most: u32,
    places: Arc<Semaphore>,
    /// Unused connections to a file; those to a server wait in its budget.
    idle: Mutex<Vec<(DatabaseConnection, Instant)>>,
    sockets: Option<Arc<Sockets>>,
    /// Tells this tenant's connections from others in the budget, and from those of an earlier opening.
    source: u64,
    is_closed: AtomicBool,
}

/// A connection for reading, given back when dropped.
pub struct Reader {
    connection: DatabaseConnection,
    socket: Option<Permit>,
    inner: Arc<Inner>,
    _place: OwnedSemaphorePermit,
}

/// A reader inside a transaction that sees one state of the database. It ends when dropped.
pub struct Snapshot {
    txn: DatabaseTransaction,
    fence: Fence,
    _reader: Reader,
}

static SOURCES: AtomicU64 = AtomicU64::new(1);

impl Readers {
    /// Readers of a database; those on a server share its budget.
    pub(super) fn new(target: Target, sockets: Option<Arc<Sockets>>, settings: &Settings) -> Self {
        let most =
            if sockets.is_some() { settings.readers_on_server } else { settings.readers_per_file };
        let most = u32::try_from(most).unwrap_or(u32::MAX).clamp(1, 1_000);
        let places = usize::try_from(most).unwrap_or(1);
        Self(Arc::new(Inner {
            target,
            session: settings.session,
            wait: settings.reader_wait,
            most,
            places: Arc::new(Semaphore::new(places)),
            idle: Mutex::default(),
            sockets,
            source: SOURCES.fetch_add(1, Ordering::Relaxed),
            is_closed: AtomicBool::new(false),
        }))
    }

    /// Takes a connection.
    ///
    /// # Errors
    /// [`Error::Throttled`] when none is free in time, [`Error::Unavailable`] when the database cannot
    /// be reached.
    pub async fn take(&self) -> Result<Reader> {
        let inner = &self.0;
        let places = Arc::clone(&inner.places);
        let place = match tokio::time::timeout(inner.wait, places.acquire_owned()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return Err(Error::Unavailable("the tenant is being closed".into())),
            Err(_) => return Err(Error::Throttled { retry_after_ms: 1_000 }),
        };
        let (connection, socket) = match &inner.sockets {
            None => (inner.idle().pop().map(|(connection, _)| connection), None),
            Some(sockets) => {
                let grant = sockets.reader(inner.source, inner.wait).await?;
                (grant.connection, Some(grant.permit))
            }
        };
        let connection = match connection {
            Some(connection) => connection,
            None => inner.open().await?,
        };
        Ok(Reader { connection, socket, inner: Arc::clone(inner), _place: place })
    }

    /// Closes connections to a file that were unused for longer than `idle_for`.
    pub(super) async fn prune(&self, idle_for: Duration) {
        let old: Vec<_> = {
            let mut idle = self.0.idle();
            idle.extract_if(.., |(_, since)| since.elapsed() >= idle_for).collect()
        };
        for (connection, _) in old {
            close(connection).await;
        }
    }

    /// Waits for readers that are out (no longer than a reader is waited for), then closes all.
    pub(super) async fn close(&self) {
        let inner = &self.0;
        inner.is_closed.store(true, Ordering::Release);
        let all = inner.places.acquire_many(inner.most);
        if tokio::time::timeout(inner.wait, all).await.is_err() {
            tracing::warn!(database = inner.target.label(), "readers are out while it is closed");
        }
        inner.places.close();
        let idle = std::mem::take(&mut *inner.idle());
        for (connection, _) in idle {
            close(connection).await;
        }
        if let Some(sockets) = &inner.sockets {
            for (connection, permit) in sockets.take_idle(inner.source) {
                close(connection).await;
                drop(permit);
            }
        }
    }
}

impl Inner {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(DatabaseConnection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open(&self) -> Result<DatabaseConnection> {
        let connection = connect::open(&self.target, Use::Read, 1, self.session).await?;
        if let Some(sockets) = &self.sockets
            && let Err(error) = sockets.ask_limit(&connection).await
        {
            tracing::warn!(cause = ?error.cause(), "the server did not tell its limit");
        }
        Ok(connection)
    }
}

impl Reader {
    /// The connection.
    pub fn conn(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Begins a transaction that sees one state of the database: all its queries agree.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn snapshot(self) -> Result<Snapshot> {
        let txn = snapshot::begin(&self.connection, self.inner.target.engine()).await?;
        let fence = Fence::read(&txn).await?;
        Ok(Snapshot { txn, fence, _reader: self })
    }
}

impl Snapshot {
    /// The connection.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.txn
    }

    /// The fence as it stood: which events the snapshot includes.
    pub fn fence(&self) -> &Fence {
        &self.fence
    }
}

impl AsRef<DatabaseConnection> for Reader {
    fn as_ref(&self) -> &DatabaseConnection {
        &self.connection
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.inner.is_closed.load(Ordering::Acquire) {
            // The last handle closes the connection, the permit gives its socket back.
            return;
        }
        let connection = self.connection.clone();
        match (&self.inner.sockets, self.socket.take()) {
            (Some(sockets), Some(socket)) => {
                sockets.give_back(self.inner.source, connection, socket);
            }
            _ => self.inner.idle().push((connection, Instant::now())),
        }
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Readers").field(&self.0.target.label()).finish()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Reader").field(&self.inner.target.label()).finish()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Snapshot").field("fence", &self.fence).finish_non_exhaustive()
    }
}

async fn close(connection: DatabaseConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "a reading connection did not close cleanly");
    }
}
