//! The whole application, running for one test.

use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use daybook::{
    app::{App, Purpose},
    clock::Clock,
    config::{Config, Sources},
    http::serve::{Edge, serve},
};
use futures_util::{FutureExt, future::LocalBoxFuture};
use serde_json::json;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    client::{Client, PASSWORD},
    durability::proxy::{Mood, Proxy},
    engine::{Engine, new_marker},
};

/// Signs tokens in tests.
pub const JWT_SECRET: &str = "only-for-tests-0123456789-0123456789";
const ENCRYPTION_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// A running server with databases of its own.
pub struct TestApp {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its time.
    pub clock: Clock,
    /// The application behind the socket.
    pub app: App,
    engine: Engine,
    marker: String,
    stop: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
    folder: TempDir,
}

impl TestApp {
    /// Starts it with the settings of tests, changed by `settings`.
    async fn start(engine: Engine, settings: &[(&str, &str)]) -> Self {
        engine.clear(None).await;
        let folder = TempDir::new().unwrap();
        let marker = new_marker();
        let mut sources = Sources::default()
            .with("data.folder", folder.path().to_str().unwrap())
            .with("security.jwt_secret", JWT_SECRET)
            .with("security.encryption_key", ENCRYPTION_KEY)
            .with("security.argon2_memory_kib", "8192")
            .with("security.argon2_iterations", "1")
            .with("security.register_per_hour_per_address", "100000")
            .with("security.login_failures_max", "1000")
            .with("security.login_floor_ms", "0")
            .with("limits.bucket_cost_max", "1000000000")
            .with("limits.bucket_cost_per_second", "1000000000")
            .with("nodes.stale_after_ms", "30000")
            .with("tenants.database_marker", &marker);
        if let Some(server) = engine.server() {
            for part in ["main", "master"] {
                let name = format!("{marker}_{part}");
                engine.create(&name).await;
                sources = sources.with(&format!("{part}.url"), &format!("{server}/{name}"));
            }
            sources = sources.with("tenants.server_url", &server);
        }
        for (key, value) in settings {
            sources = sources.with(key, value);
        }
        let config = Config::load(&sources).unwrap();
        let clock = Clock::default();
        let app = App::open(config, Purpose::Serve, clock.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = app.router(Arc::new(String::new));
        let edge = Edge { grace: Duration::from_secs(2), ..app.edge() };
        let serving = tokio::spawn(serve(listener, router, edge, stop.clone()));
        Self { address, clock, app, engine, marker, stop, serving, folder }
    }

    async fn end(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
        tokio::time::timeout(Duration::from_secs(30), self.app.close()).await.ok();
        self.engine.clear(Some(&self.marker)).await;
        self.folder.close().unwrap();
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Client {
        Client::new(self.address)
    }

    /// Registers a textile trader in India; the client is signed in as its owner.
    pub async fn register(&self, subdomain: &str) -> Client {
        let mut client = self.stranger();
        let input = json!({
            "companyName": format!("{subdomain} Textiles"), "subdomain": subdomain,
            "ownerName": "Meera Shah", "email": format!("owner@{subdomain}.example"),
            "password": PASSWORD, "country": "IN",
        });
        let answer = client
            .ask(
                "mutation($input: RegisterInput!) { register(input: $input) {
                    session { accessToken refreshToken } userErrors { code field message } } }",
                json!({ "input": input }),
            )
            .await;
        client.take_session(answer.at("register.session"));
        client
    }
}

/// Runs a test on one engine, when it is there, and clears up whatever became of it.
pub fn run_on<T>(engine: Engine, settings: &'static [(&'static str, &'static str)], test: T)
where
    T: for<'a> FnOnce(&'a TestApp) -> LocalBoxFuture<'a, ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(4 * 1024 * 1024)
        .enable_all()
        .build()
        .unwrap();
    let outcome = runtime.block_on(async {
        if !engine.is_there().await {
            return Ok(());
        }
        let app = TestApp::start(engine, settings).await;
        let outcome = AssertUnwindSafe(test(&app)).catch_unwind().await;
        app.end().await;
        outcome
    });
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// As [`run_on`], with a proxy between the program and its tenants' databases.
pub fn run_behind<T>(engine: Engine, test: T)
where
    T: for<'a> FnOnce(&'a TestApp, &'a Proxy) -> LocalBoxFuture<'a, ()>,
{
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outcome = runtime.block_on(async {
        if !engine.is_there().await {
            return Ok(());
        }
        let proxy = Proxy::before(engine).await;
        let app = TestApp::start(engine, &[("tenants.server_url", &proxy.url)]).await;
        let outcome = AssertUnwindSafe(test(&app, &proxy)).catch_unwind().await;
        proxy.is(Mood::Calm);
        app.end().await;
        outcome
    });
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// Makes one test per engine of a function that takes a running application.
macro_rules! on_every_engine {
    ($(async fn $name:ident($app:ident: &TestApp) $body:block)+) => {
        on_every_engine! { settings []; $(async fn $name($app: &TestApp) $body)+ }
    };
    (settings $settings:tt; $(async fn $name:ident($app:ident: &TestApp) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, reason = "some tests need nothing of their file")]
            use super::*;

            async fn run($app: &$crate::app::TestApp) $body

            #[test]
            fn sqlite() {
                $crate::app::run_on($crate::engine::Engine::Sqlite, &$settings, |app| Box::pin(run(app)));
            }

            #[test]
            fn postgres() {
                $crate::app::run_on($crate::engine::Engine::Postgres, &$settings, |app| Box::pin(run(app)));
            }

            #[test]
            fn mariadb() {
                $crate::app::run_on($crate::engine::Engine::MariaDb, &$settings, |app| Box::pin(run(app)));
            }
        }
    )+};
}
