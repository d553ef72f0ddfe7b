//! What the log says of statements: their names when they are slow, and never their text.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use daybook_entity::master::tenant::Engine;
use sea_orm::{ConnectionTrait, Statement};
use tracing::Instrument;
use tracing_subscriber::{Layer, Registry, filter::LevelFilter, fmt, layer::SubscriberExt};

use super::{
    site::{Site, engines, meera, register},
    template,
};
use crate::office::Rules;

/// Everything that is logged while it stands, whatever the level; without the program's own filter.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let lines = fmt::layer().with_writer(move || log.clone()).with_ansi(false);
        let lines = lines.with_filter(LevelFilter::TRACE);
        tracing::subscriber::set_default(Registry::default().with(lines))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

#[tokio::test]
async fn no_password_of_a_tenant_is_logged_at_any_level() {
    for engine in engines().await {
        let log = Log::default();
        let listening = log.listen();
        tracing::trace!("listening");
        let site = Site::open(engine, Rules { separate_users: true, ..Rules::default() }).await;
        register(&site, meera("meera")).await.unwrap();
        site.close().await;
        drop(listening);
        let text = log.text();
        assert!(text.contains("listening"), "{engine:?}: nothing was captured");
        for word in ["PASSWORD", "IDENTIFIED BY", "CREATE ROLE", "CREATE USER", "argon2id"] {
            assert!(!text.contains(word), "{engine:?} logged {word}: {text}");
        }
    }
}

#[tokio::test]
async fn a_slow_statement_is_logged_by_its_name_with_what_stands_on_its_span() {
    for engine in engines().await.into_iter().filter(|engine| *engine != Engine::Sqlite) {
        let site = Site::open(engine, Rules::default()).await;
        register(&site, meera("meera")).await.unwrap();
        let row = site.tenants().await.remove(0);
        let connection = template::open(&site.server().await.database(&row.database_name)).await;
        let connection = connection.unwrap();
        let wait = match engine {
            Engine::Postgres => {
                "SELECT 1 FROM users WHERE pg_sleep(0.3) IS NOT NULL OR name = 'Meera Shah'"
            }
            _ => "SELECT 1 FROM users WHERE SLEEP(0.3) = 1 OR name = 'Meera Shah'",
        };
        let log = Log::default();
        let listening = log.listen();
        let ask = Statement::from_string(connection.get_database_backend(), wait);
        let span = tracing::info_span!("operation", request = "r-17", tenant = "meera");
        connection.query_all_raw(ask).instrument(span).await.unwrap();
        drop(listening);

        let text = log.text();
        let line = text.lines().find(|line| line.contains("daybook::slow")).unwrap_or(&text);
        for part in ["statement=\"select users\"", "elapsed_ms=", "r-17", "meera"] {
            assert!(line.contains(part), "{engine:?}: {part}: {line}");
        }
        assert!(!line.contains("Meera Shah"), "{line}");
        connection.close().await.unwrap();
        site.close().await;
    }
}

#[tokio::test]
async fn a_wait_for_the_fence_is_a_slow_statement() {
    for engine in engines().await.into_iter().filter(|engine| *engine != Engine::Sqlite) {
        let site = Site::open(engine, Rules::default()).await;
        register(&site, meera("meera")).await.unwrap();
        let row = site.tenants().await.remove(0);
        let target = site.server().await.database(&row.database_name);
        let (first, second) =
            (template::open(&target).await.unwrap(), template::open(&target).await.unwrap());
        let lock = |connection: &sea_orm::DatabaseConnection| {
            let sql = "SELECT epoch FROM lane WHERE id = 1 FOR UPDATE";
            Statement::from_string(connection.get_database_backend(), sql)
        };
        let held = crate::db::control::begin_write(&first, engine).await.unwrap();
        held.query_one_raw(lock(&first)).await.unwrap();
        let log = Log::default();
        let listening = log.listen();
        let waits = async {
            let txn = crate::db::control::begin_write(&second, engine).await.unwrap();
            txn.query_one_raw(lock(&second)).await.unwrap();
            txn.rollback().await.unwrap();
        };
        let holds = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            held.rollback().await.unwrap();
        };
        tokio::join!(waits, holds);
        drop(listening);
        assert!(log.text().contains("statement=\"select lane\""), "{engine:?}: {}", log.text());
        first.close().await.unwrap();
        second.close().await.unwrap();
        site.close().await;
    }
}
