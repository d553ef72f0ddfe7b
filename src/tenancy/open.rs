//! One tenant's open database: its lane, its readers, and what the node remembers of it.

use std::{any::Any, path::Path, sync::Arc, time::Duration};

use daybook_entity::master::tenant::Engine;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    data_lock::FileLock,
    memory::Memory,
    pulse::{Beat, Pulse},
    readers::{Reader, Readers},
    route::Route,
    settings::Settings,
    sockets::{Permit, Place, Sockets},
};
use crate::{
    clock::Clock,
    db::{
        Target,
        connect::{self, Use},
    },
    error::{Error, Result},
    lane::{Connect, Expected, Fence, Ids, Lane, Observer, Setup},
};

/// An open tenant. Requests hold it through a [`super::Lease`].
#[derive(Debug)]
pub struct OpenTenant {
    /// The routing row by which it was opened; [`super::Lease::route`] is the newest.
    pub route: Arc<Route>,
    /// What layers above remember of it.
    pub memory: Memory,
    pub(super) lane: Lane,
    pub(super) readers: Readers,
    pub(super) pulse: Arc<Pulse>,
    /// Held by whoever reads the fence, so that many who ask at once need one reader.
    reading: Mutex<()>,
    reader_wait: Duration,
    pub(super) sockets: Option<Arc<Sockets>>,
    lane_socket: Option<Permit>,
    file_lock: Option<FileLock>,
}

/// What opening needs besides the route.
pub(super) struct Opening<'o> {
    pub settings: &'o Settings,
    pub clock: &'o Clock,
    pub ids: &'o Arc<Ids>,
    pub sockets: Option<Arc<Sockets>>,
    /// Makes the lane's observer.
    pub observe: Box<dyn FnOnce(Arc<Pulse>) -> Arc<dyn Observer> + Send + 'o>,
}

impl OpenTenant {
    /// Opens the database of a route and makes sure that it is that tenant's.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be reached, [`Error::Internal`] when it is another
    /// tenant's, [`Error::TenantUpgrading`] while its file is being replaced, [`Error::Throttled`]
    /// when its server has no socket left.
    pub(super) async fn open(route: Arc<Route>, opening: Opening<'_>) -> Result<Self> {
        let Opening { settings, clock, ids, sockets, observe } = opening;
        let file_lock = match &route.target {
            Target::Sqlite { path } => Some(lock(path)?),
            Target::Server(_) => None,
        };
        let lane_socket = match &sockets {
            Some(sockets) => Some(sockets.lane(settings.lease_wait).await?),
            None => None,
        };
        let readers = Readers::new(route.target.clone(), sockets.clone(), settings);
        let fresh_ms = i64::try_from(settings.access_fresh.as_millis()).unwrap_or(i64::MAX);
        let pulse = Arc::new(Pulse::new(clock.clone(), fresh_ms));
        let fence = match read_fence(&readers, &route, clock, &pulse).await {
            Ok(fence) => fence,
            Err(error) => {
                readers.close().await;
                return Err(error);
            }
        };
        let lane = Lane::start(Setup {
            connect: lane_connection(route.target.clone(), settings),
            engine: route.target.engine(),
            expected: Expected { tenant: route.id, epoch: Some(fence.epoch) },
            ids: Arc::clone(ids),
            observer: observe(Arc::clone(&pulse)),
            bounds: settings.lane,
        });
        let memory = Memory::default();
        let (reading, reader_wait) = (Mutex::default(), settings.reader_wait);
        Ok(Self {
            route,
            memory,
            lane,
            readers,
            pulse,
            reading,
            reader_wait,
            sockets,
            lane_socket,
            file_lock,
        })
    }

    /// The only way to write.
    pub fn lane(&self) -> &Lane {
        &self.lane
    }

    /// A connection for reading, given back when dropped.
    ///
    /// # Errors
    /// [`Error::Throttled`] when none is free in time, [`Error::Unavailable`] when the database
    /// cannot be reached.
    pub async fn reader(&self) -> Result<Reader> {
        self.readers.take().await
    }

    /// The counters of the fence, at most the freshness bound old; read anew when they are older.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn beat(&self) -> Result<Beat> {
        if let Some(beat) = self.pulse.known() {
            return Ok(beat);
        }
        let _turn = self.in_time(self.reading.lock()).await?;
        // Somebody may have read it meanwhile.
        if let Some(beat) = self.pulse.known() {
            return Ok(beat);
        }
        let reader = self.reader().await?;
        self.pulse.read(reader.conn()).await
    }

    /// Waits until nobody else reads a value of this type into the memory: those who wait find it there
    /// afterwards.
    ///
    /// # Errors
    /// [`Error::Throttled`] when that takes longer than a reader is waited for.
    pub async fn turn<T: Any>(&self) -> Result<OwnedMutexGuard<()>> {
        self.in_time(self.memory.turn::<T>()).await
    }

    async fn in_time<T>(&self, wait: impl Future<Output = T>) -> Result<T> {
        let waited = tokio::time::timeout(self.reader_wait, wait).await;
        waited.map_err(|_| Error::Throttled { retry_after_ms: 1_000 })
    }

    /// The counters as they were last seen: at least as new as when the request was recognised, and as
    /// every commit of this node since. What is already going on needs no more.
    pub fn last_beat(&self) -> Beat {
        self.pulse.last()
    }

    /// Another node says that events go up to this number: what is older is read anew.
    pub(super) fn told(&self, change_seq: i64) {
        self.pulse.told(change_seq);
    }

    /// Which engine serves it.
    pub fn engine(&self) -> Engine {
        self.route.target.engine()
    }

    /// Where its sockets are counted, if it lives on a server.
    pub(super) fn place(&self) -> Option<&Place> {
        self.sockets.as_ref().map(|sockets| &sockets.place)
    }

    /// Answers what waits in the lane, then closes everything. Readers go first, so that the lane's
    /// connection is the last and tidies a SQLite file up.
    pub(super) async fn close(self) {
        self.readers.close().await;
        self.lane.drain().await;
        drop(self.lane_socket);
        drop(self.file_lock);
    }
}

async fn read_fence(
    readers: &Readers,
    route: &Route,
    clock: &Clock,
    pulse: &Pulse,
) -> Result<Fence> {
    let reader = readers.take().await?;
    let began = clock.now_ms();
    let fence = Fence::read(reader.conn()).await?;
    if fence.tenant != route.id {
        return Err(Error::Internal(format!(
            "the route of tenant {} leads to the database of tenant {}",
            route.id, fence.tenant
        )));
    }
    pulse.learned(&fence, began);
    Ok(fence)
}

fn lock(path: &Path) -> Result<FileLock> {
    must_exist(path)?;
    FileLock::share(path)
}

/// Opening for writing would make a missing file, empty.
fn must_exist(path: &Path) -> Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Err(Error::Unavailable(format!("the database file {name} is missing")))
}

fn lane_connection(target: Target, settings: &Settings) -> Connect {
    let session = settings.session;
    Arc::new(move || {
        let target = target.clone();
        Box::pin(async move {
            if let Target::Sqlite { path } = &target {
                must_exist(path)?;
            }
            connect::open(&target, Use::Lane, 1, session).await
        })
    })
}
