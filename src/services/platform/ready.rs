//! Whether tenants' databases can be reached: what `/readyz` tells of the places where they live.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use daybook_domain::id::DatabaseServerId;
use daybook_entity::master::tenant::{Engine, ServerStatus, database_server, tenant_master};
use futures_util::future::join_all;
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};
use tokio::{sync::Mutex, time::timeout};

use crate::{
    db::{Server, files},
    error::Result,
    office::Office,
};

/// How long an answer counts: whoever asks more often asks no server.
const REMEMBERED: Duration = Duration::from_secs(3);
/// Longest wait for one server; all are asked side by side.
const PING_WAIT: Duration = Duration::from_secs(1);
/// With less left on its disk, a folder of databases is out of room.
const ROOM_BYTES: u64 = 16 << 20;

/// Asks the places where tenants live, each over a connection of its own: the others may all be at work.
#[derive(Debug, Default)]
pub struct Lookout(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    places: Option<(Instant, Vec<(String, bool)>)>,
    links: HashMap<DatabaseServerId, (i32, Server)>,
}

impl Lookout {
    /// Names of servers that hold tenants, and of the tenants' folder, and whether each can be used.
    /// Names only: an address is nobody's business here. None while master cannot be read.
    pub async fn look(&self, office: &Office) -> Vec<(String, bool)> {
        let mut seen = self.0.lock().await;
        if let Some((at, places)) = &seen.places
            && at.elapsed() < REMEMBERED
        {
            return places.clone();
        }
        let Ok(Ok(rows)) = timeout(PING_WAIT, rows(office)).await else { return Vec::new() };
        let links = &mut seen.links;
        let asked: Vec<_> = rows
            .into_iter()
            .map(|row| {
                let link = links.remove(&row.id);
                let link = link.filter(|(version, _)| *version == row.version);
                ask(office, row, link.map(|(_, server)| server))
            })
            .collect();
        let mut places = Vec::new();
        let mut kept = HashMap::new();
        for (row, link) in join_all(asked).await {
            places.push((format!("tenants:{}", row.name), link.is_some()));
            if let Some(server) = link {
                kept.insert(row.id, (row.version, server));
            }
        }
        seen.links = kept;
        seen.places = Some((Instant::now(), places.clone()));
        places
    }

    /// Closes the connections.
    pub async fn close(&self) {
        for (_, (_, server)) in self.0.lock().await.links.drain() {
            server.close().await;
        }
    }
}

/// Servers with tenants; the folder also before there is the first.
async fn rows(office: &Office) -> Result<Vec<database_server::Model>> {
    let reader = office.master.reader();
    let used: Vec<DatabaseServerId> = tenant_master::Entity::find()
        .select_only()
        .column(tenant_master::Column::ServerId)
        .distinct()
        .into_tuple()
        .all(reader)
        .await?;
    let used: HashSet<DatabaseServerId> = used.into_iter().collect();
    let rows = database_server::Entity::find().order_by_asc(database_server::Column::Id);
    let mut rows = rows.all(reader).await?;
    rows.retain(|row| {
        let is_open_folder = row.engine == Engine::Sqlite && row.status == ServerStatus::Open;
        is_open_folder || used.contains(&row.id)
    });
    Ok(rows)
}

/// The row, and its server where it can be used.
async fn ask(
    office: &Office,
    row: database_server::Model,
    link: Option<Server>,
) -> (database_server::Model, Option<Server>) {
    let asked = async {
        let server = match link {
            Some(server) => server,
            None => office.servers.connect(&row).await?,
        };
        let is_well = match server.path() {
            Some(folder) => files::has_room(folder, ROOM_BYTES).await?,
            None => server.answers().await.map(|()| true)?,
        };
        Ok::<_, crate::error::Error>((server, is_well))
    };
    let link = match timeout(PING_WAIT, asked).await {
        Ok(Ok((server, true))) => Some(server),
        Ok(Ok((_, false))) => {
            tracing::warn!(server = %row.name, "cannot be written to, or its disk is full");
            None
        }
        Ok(Err(error)) => {
            let cause = error.cause().unwrap_or_default();
            tracing::warn!(server = %row.name, cause, "a tenants' server does not answer");
            None
        }
        Err(_) => {
            tracing::warn!(server = %row.name, "a tenants' server does not answer in time");
            None
        }
    };
    (row, link)
}

#[cfg(test)]
#[path = "ready_tests.rs"]
mod tests;
