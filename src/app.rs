//! Puts the whole together: from settings to an instance that can be served or worked with.

use std::{sync::Arc, time::Duration};

use axum::Router;
use futures_util::future::BoxFuture;
use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;

use crate::{
    auth::{
        desk::{Desk, DeskSettings, token_lifetimes},
        token::Tokens,
    },
    clock::Clock,
    config::{Config, SqliteSynchronous},
    db::{ControlDb, Names, Target, connect::SessionLimits, files},
    error::{Error, Result},
    graphql::{
        self, ApiSchema,
        cost::{Buckets, CostSettings},
        limits::Bounds,
        page::PageRows,
    },
    http::{
        self, Parts,
        body::BodyBounds,
        downloads::DownloadSettings,
        graphql::Endpoint,
        health::{Place, Readiness},
        pages::PagesSettings,
        serve::Edge,
        socket::SocketSettings,
        uploads::UploadSettings,
    },
    jobs::{Runner, RunnerSettings},
    lane,
    office::{FileRules, Office, Rules, Servers},
    seal::{Key, KeyRing},
    services::platform::{
        bootstrap::{self, Start},
        ready::Lookout,
    },
    tenancy::{DataLock, Node, NodeSettings, Settings, Tenancy, TenancySetup, Unseal},
};

/// What a process opens the instance for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Serves requests; alone on its data folder.
    Serve,
    /// Does work in the background, beside servers or alone.
    Work,
    /// A command that works beside a server or without one.
    Tool,
}

/// An instance: its databases, its tenancy, the desk where people sign in, and the API.
pub struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// The platform's databases.
    pub office: Arc<Office>,
    /// This process among the others.
    pub node: Arc<Node>,
    /// The way to tenants.
    pub tenancy: Arc<Tenancy>,
    /// Where people sign in.
    pub desk: Arc<Desk>,
    /// The API.
    pub schema: ApiSchema,
    connections: usize,
    lookout: Arc<Lookout>,
    _data: Option<DataLock>,
}

impl App {
    /// Opens the instance: creates what is missing, migrates and seeds main and master, and joins the
    /// other processes. The settings have their secrets already.
    ///
    /// # Errors
    /// When a database cannot be reached, the data folder is in use, or a key is wrong.
    pub async fn open(config: Config, purpose: Purpose, clock: Clock) -> Result<Self> {
        let settings = tenancy_settings(&config);
        let connections = room_for(config.server.connections_max, settings.descriptors_needed());
        let folder = config.data.folder.clone();
        files::make_folder(&folder).map_err(|error| {
            Error::Unavailable(format!("data.folder {}: {error}", folder.display()))
        })?;
        let data = match purpose {
            Purpose::Serve if !config.is_shared() => Some(DataLock::take(&folder)?),
            Purpose::Serve | Purpose::Work | Purpose::Tool => None,
        };
        let keys = Arc::new(key_ring(&config)?);
        let names = Names::new(&config.tenants.database_marker)
            .map_err(|error| Error::Internal(error.to_string()))?;
        let start = Start {
            data: folder.clone(),
            tenants: match &config.tenants.server_url {
                Some(url) => Some(target_of("tenants.server_url", url)?),
                None => None,
            },
            names: names.clone(),
            keys: &keys,
            clock: clock.clone(),
            sessions: settings.session,
        };
        let (main, master) = (
            target_of("main.url", &config.main_url())?,
            target_of("master.url", &config.master_url())?,
        );
        let (main_place, master_place) = (main.clone(), master.clone());
        let (main, master) = bootstrap::prepare(&main, &master, &start).await?;
        if config.tenants.separate_users {
            bootstrap::keep_tenants_out([&main_place, &master_place], &names).await?;
        }
        let word = match purpose {
            Purpose::Serve => "SERVE",
            Purpose::Work => "WORKER",
            Purpose::Tool => "TOOL",
        };
        let lease = Duration::from_secs(config.nodes.lease_seconds);
        let node_settings = NodeSettings { lease, ..NodeSettings::default() };
        let node = Node::join(master.clone(), clock.clone(), node_settings, word).await?;
        let office = Arc::new(Office {
            main: main.clone(),
            master: master.clone(),
            ids: Arc::clone(node.ids()),
            clock: clock.clone(),
            keys: Arc::clone(&keys),
            servers: Servers::new(Arc::clone(&keys), names, folder),
            rules: rules(&config, settings.session),
        });
        let tenancy = Tenancy::start(TenancySetup {
            settings,
            main,
            master,
            node: Arc::clone(&node),
            clock: clock.clone(),
            unseal: unseal(&office),
        })
        .await?;
        let desk = Arc::new(desk(&config, &office, &tenancy, &keys, &clock)?);
        let sharing = Arc::clone(&node);
        let buckets = Buckets::new(clock.clone(), cost(&config), Arc::new(move || sharing.live()));
        let (rows, suggests) = (page_rows(&config), config.server.introspection);
        let schema = ApiSchema::new(Arc::new(buckets), rows, suggests);
        let config = Arc::new(config);
        let lookout = Arc::default();
        Ok(Self {
            config,
            clock,
            office,
            node,
            tenancy,
            desk,
            schema,
            connections,
            lookout,
            _data: data,
        })
    }

    /// Everything that is served; `render` writes the figures.
    pub fn router(&self, render: http::health::Render) -> Router {
        let config = &self.config;
        let tenancy = Arc::clone(&self.tenancy);
        let render: http::health::Render = Arc::new(move || {
            tenancy.stats().export();
            render()
        });
        let shown = config.server.introspection.then(|| graphql::sdl().into());
        let endpoint = Endpoint {
            schema: self.schema.clone(),
            desk: Arc::clone(&self.desk),
            bounds: bounds(config),
            batch_max: config.limits.batch,
            body: BodyBounds {
                bytes_max: config.server.body_bytes_max,
                timeout: Duration::from_millis(config.server.body_timeout_ms),
            },
            timeout: Duration::from_millis(config.server.request_timeout_ms),
            introspection: config.server.introspection,
        };
        http::router(Parts {
            endpoint,
            sockets: socket_settings(config),
            uploads: UploadSettings {
                timeout: Duration::from_millis(config.files.upload_timeout_ms),
                parallel: config.files.uploads_parallel,
            },
            downloads: DownloadSettings {
                timeout: Duration::from_millis(config.files.download_timeout_ms),
                parallel: config.files.downloads_parallel,
            },
            pages: PagesSettings { playground: config.server.playground, schema: shown },
            readiness: Arc::new(Databases {
                office: Arc::clone(&self.office),
                lookout: Arc::clone(&self.lookout),
            }),
            render,
            trusted_proxies: config.server.trusted_proxies.clone(),
            allowed_origins: config.server.allowed_origins.clone(),
        })
    }

    /// Does the work in the background of this process.
    pub fn runner(&self) -> Arc<Runner> {
        let name = format!("node-{}", self.node.number());
        Runner::new(Arc::clone(&self.office), &self.tenancy, runner_settings(&self.config), name)
    }

    /// Bounds of the connections over which it is served.
    pub fn edge(&self) -> Edge {
        let server = &self.config.server;
        Edge {
            grace: Duration::from_millis(server.shutdown_grace_ms),
            connections: self.connections,
            head: Duration::from_millis(server.header_timeout_ms),
            idle: Duration::from_millis(server.idle_timeout_ms),
            streams: server.streams_max,
        }
    }

    /// Drains lanes, closes all databases and gives this process's number back.
    pub async fn close(self) {
        self.tenancy.close(Duration::from_millis(self.config.server.shutdown_grace_ms)).await;
        self.lookout.close().await;
        self.node.leave().await;
        self.office.servers.close().await;
        self.office.main.close().await;
        self.office.master.close().await;
    }
}

struct Databases {
    office: Arc<Office>,
    lookout: Arc<Lookout>,
}

/// Longest time to look at the places of tenants: what main and master say does not wait for them.
const LOOK_WAIT: Duration = Duration::from_millis(1_500);

impl Readiness for Databases {
    fn check(&self) -> BoxFuture<'_, Vec<Place>> {
        Box::pin(async move {
            let (main, master, tenants) = tokio::join!(
                answers(&self.office.main),
                answers(&self.office.master),
                tokio::time::timeout(LOOK_WAIT, self.lookout.look(&self.office)),
            );
            let tenants = tenants.unwrap_or_else(|_| vec![("tenants".to_owned(), false)]);
            let place =
                |is_vital| move |(name, is_well): (String, bool)| Place { name, is_well, is_vital };
            let vital = [("main".to_owned(), main), ("master".to_owned(), master)];
            let vital = vital.into_iter().map(place(true));
            vital.chain(tenants.into_iter().map(place(false))).collect()
        })
    }
}

async fn answers(database: &ControlDb) -> bool {
    let ask = database.reader().execute_unprepared("SELECT 1");
    matches!(tokio::time::timeout(Duration::from_secs(1), ask).await, Ok(Ok(_)))
}

fn target_of(setting: &str, url: &secrecy::SecretString) -> Result<Target> {
    Target::parse(url.expose_secret())
        .map_err(|error| Error::Internal(format!("{setting}: {error}")))
}

fn key_ring(config: &Config) -> Result<KeyRing> {
    let parse = |text: &secrecy::SecretString| {
        Key::parse(text.expose_secret()).map_err(|error| Error::Internal(error.to_string()))
    };
    let current = config.security.encryption_key.as_ref().map(parse).transpose()?;
    let previous = config.security.encryption_key_previous.as_ref().map(parse).transpose()?;
    let current = current.ok_or_else(|| Error::Internal("there is no encryption key".into()))?;
    Ok(KeyRing::new(current, previous))
}

/// How a tenant on a server is reached: with its own role's credentials, or the server's.
fn unseal(office: &Arc<Office>) -> Unseal {
    let office = Arc::clone(office);
    Arc::new(move |tenant, server| office.servers.tenant_target(tenant, server))
}

fn desk(
    config: &Config,
    office: &Arc<Office>,
    tenancy: &Arc<Tenancy>,
    keys: &Arc<KeyRing>,
    clock: &Clock,
) -> Result<Desk> {
    let secret = config.security.jwt_secret.as_ref();
    let secret = secret.ok_or_else(|| Error::Internal("there is no token secret".into()))?;
    let tokens = Tokens::new(
        secret,
        config.security.jwt_secret_previous.as_ref(),
        "daybook",
        token_lifetimes(&config.security),
        clock.clone(),
    );
    let base_domain = Some(config.server.base_domain.clone());
    let settings = DeskSettings::of(&config.security, base_domain);
    Desk::new(Arc::clone(office), Arc::clone(tenancy), keys, tokens, settings)
}

fn sessions(config: &Config) -> SessionLimits {
    SessionLimits {
        lock_wait_ms: config.lane.lock_wait_ms,
        idle_transaction_ms: config.lane.idle_transaction_ms,
        sqlite_full: config.lane.sqlite_synchronous == SqliteSynchronous::Full,
    }
}

/// How tenants are opened under these settings.
pub fn tenancy_settings(config: &Config) -> Settings {
    let tenants = &config.tenants;
    let nodes = &config.nodes;
    let ms = Duration::from_millis;
    Settings {
        data_dir: config.data.folder.clone(),
        open_max: tenants.open_max,
        lease_wait: ms(tenants.lease_wait_ms),
        idle_close: ms(tenants.idle_close_ms),
        readers_per_file: tenants.readers_per_tenant,
        readers_on_server: tenants.readers_per_tenant.saturating_mul(4),
        reader_idle: ms(tenants.reader_idle_ms),
        socket_share_percent: tenants.sockets_percent,
        poll_every: ms(nodes.poll_ms),
        stale_after: ms(nodes.stale_after_ms),
        clock_skew_max: ms(nodes.clock_skew_max_ms),
        access_fresh: ms(nodes.access_fresh_ms),
        anchor_every: Duration::from_secs(nodes.anchor_seconds),
        lane: lane::Bounds { batch_max: config.lane.batch_max, queue_max: config.lane.queue_max },
        session: sessions(config),
        ..Settings::default()
    }
}

fn rules(config: &Config, sessions: SessionLimits) -> Rules {
    let tenants = &config.tenants;
    Rules {
        separate_users: tenants.separate_users,
        provision_lease_ms: i64::try_from(tenants.provision_lease_ms).unwrap_or(i64::MAX),
        storage_limit_bytes: i64::try_from(tenants.storage_limit_bytes).unwrap_or(i64::MAX),
        migrate_parallel: tenants.migrate_parallel,
        swap_wait: Duration::from_millis(tenants.swap_wait_ms),
        sessions,
        files: file_rules(config),
    }
}

fn file_rules(config: &Config) -> FileRules {
    let files = &config.files;
    let bytes = |most: u64| i64::try_from(most).unwrap_or(i64::MAX);
    let public_url = config.server.public_url.as_ref();
    FileRules {
        public_url: public_url.map(|url| url.as_str().trim_end_matches('/').to_owned()),
        upload_link: Duration::from_secs(files.upload_link_seconds),
        attachment_bytes_max: bytes(files.attachment_bytes_max),
        import_bytes_max: bytes(files.import_bytes_max),
        unused: Duration::from_secs(files.unused_hours.saturating_mul(3_600)),
        attachments_max: files.attachments_per_voucher,
        download_link: Duration::from_secs(files.download_link_seconds),
        pdf_rows_max: files.pdf_rows_max,
        spool: config.data.folder.join("spool"),
    }
}

fn runner_settings(config: &Config) -> RunnerSettings {
    let jobs = &config.jobs;
    let days = |days: u64| Duration::from_secs(days.saturating_mul(86_400));
    RunnerSettings {
        workers: jobs.workers,
        poll: Duration::from_millis(jobs.poll_ms),
        lease: Duration::from_secs(jobs.lease_seconds),
        attempts_max: jobs.attempts_max,
        backoff_max: Duration::from_secs(jobs.backoff_max_seconds),
        keep: days(jobs.keep_days),
        outbox_keep: days(jobs.outbox_keep_days),
        grace: Duration::from_millis(config.server.shutdown_grace_ms),
    }
}

fn cost(config: &Config) -> CostSettings {
    CostSettings {
        query_max: u64::try_from(config.limits.query_cost).unwrap_or(u64::MAX),
        bucket_max: config.limits.bucket_cost_max,
        per_second: config.limits.bucket_cost_per_second,
    }
}

fn page_rows(config: &Config) -> PageRows {
    let whole = |rows: usize| i32::try_from(rows).unwrap_or(i32::MAX);
    PageRows {
        default: whole(config.limits.page_rows_default),
        max: whole(config.limits.page_rows_max),
    }
}

fn socket_settings(config: &Config) -> SocketSettings {
    let subscriptions = &config.subscriptions;
    SocketSettings {
        per_address: subscriptions.connections_per_address,
        per_user: subscriptions.connections_per_user,
        subscriptions_per_user: subscriptions.per_user,
        subscriptions_per_connection: subscriptions.per_connection,
        message_bytes_max: subscriptions.message_bytes_max,
        queue_bytes_max: subscriptions.queue_bytes_max,
        init_timeout: Duration::from_millis(subscriptions.init_ms),
        ping_every: Duration::from_millis(subscriptions.ping_ms),
    }
}

fn bounds(config: &Config) -> Bounds {
    let limits = &config.limits;
    Bounds {
        depth: limits.query_depth,
        aliases: limits.aliases,
        root_fields: limits.root_fields,
        directives: limits.directives,
        tokens: limits.tokens,
        selections: limits.selections_expanded,
        nesting: limits.nesting,
        ..Bounds::default()
    }
}

/// Raises the limit of open files to what tenants and clients need, and says how many connections of
/// clients it has room for.
fn room_for(connections: usize, needed: usize) -> usize {
    let needed = needed.saturating_add(500);
    let wanted = u64::try_from(needed.saturating_add(connections)).unwrap_or(u64::MAX);
    let raised = match rlimit::increase_nofile_limit(wanted.max(4_096)) {
        Ok(raised) => raised,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            1_024
        }
    };
    let room = room_within(usize::try_from(raised).unwrap_or(usize::MAX), connections, needed);
    if room < connections {
        tracing::warn!(
            raised,
            wanted,
            connections = room,
            "the limit of open files is low for this many open tenants and connections; raise it \
             (ulimit -n) or lower tenants.open_max or server.connections_max"
        );
    }
    room
}

/// What is left beside the files needed, and a quarter of all where even those are too many.
fn room_within(files: usize, connections: usize, needed: usize) -> usize {
    connections.min(files.saturating_sub(needed).max(files / 4)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_stay_below_the_limit_of_open_files() {
        assert_eq!(room_within(100_000, 10_000, 700), 10_000);
        assert_eq!(room_within(4_096, 10_000, 700), 3_396);
        assert_eq!(room_within(1_024, 10_000, 900), 256);
        assert_eq!(room_within(1_024, 20, 900), 20);
        assert_eq!(room_within(0, 10, 900), 1);
    }
}
