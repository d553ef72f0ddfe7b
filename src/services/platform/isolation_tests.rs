//! What a tenant's own database user cannot do, tried on each server.

use daybook_entity::master::tenant::Engine;
use sea_orm::ConnectionTrait;

use super::{
    bootstrap,
    site::{Site, engines, meera, register},
};
use crate::{
    db::{
        Server, Target,
        connect::{self, SessionLimits, Use},
        target::ServerTarget,
    },
    error::Result,
    office::Rules,
};

async fn open(target: &Target) -> Result<sea_orm::DatabaseConnection> {
    let limits = SessionLimits { lock_wait_ms: 1_000, ..SessionLimits::default() };
    connect::open(target, Use::Write, 1, limits).await
}

#[tokio::test]
async fn a_tenants_role_reaches_its_own_rows_and_nothing_else() {
    for engine in engines().await.into_iter().filter(|engine| *engine != Engine::Sqlite) {
        let site = Site::open(engine, Rules { separate_users: true, ..Rules::default() }).await;
        register(&site, meera("own")).await.unwrap();
        register(&site, meera("other")).await.unwrap();
        let rows = site.tenants().await;
        let row = |name: &str| rows.iter().find(|row| row.subdomain == name).unwrap().clone();
        let (own, other) = (row("own"), row("other"));
        let server = site.server().await;

        // A control database on the same server, kept from tenants as main and master are.
        let control = format!("{}master", server.names().prefix());
        server.create(&control).await.unwrap();
        let Target::Server(place) = server.database(&control) else { panic!() };
        let control_target = Target::Server(place);
        bootstrap::keep_tenants_out([&control_target, &control_target], server.names())
            .await
            .unwrap();

        let target = site.office.servers.tenant_target(&own, &site.place().await).unwrap();
        let db = open(&Target::Server(target.clone())).await.unwrap();
        for sql in [
            "UPDATE users SET name = 'Meera S' WHERE role = 'OWNER'",
            "SELECT id FROM vouchers",
            "INSERT INTO idempotency_keys VALUES ('f', 'k', 'h', '[]', 1)",
            "DELETE FROM idempotency_keys",
        ] {
            db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        let drop_trigger = if engine == Engine::Postgres {
            "DROP TRIGGER audit_logs_no_change ON audit_logs"
        } else {
            "DROP TRIGGER audit_logs_no_update"
        };
        for sql in [
            "ALTER TABLE users ADD COLUMN x INT",
            "CREATE TABLE mine (x INT)",
            "DROP TABLE users",
            "TRUNCATE TABLE audit_logs",
            "TRUNCATE TABLE sessions",
            drop_trigger,
            "UPDATE audit_logs SET action = 'x'",
            "DELETE FROM audit_logs",
            "CREATE USER somebody",
        ] {
            assert!(db.execute_unprepared(sql).await.is_err(), "{engine:?} allowed: {sql}");
        }
        if engine == Engine::Mysql {
            // An underscore in a grant stands for any character unless it is escaped.
            let alike = own.database_name.replace('_', "x");
            server.run(&format!("CREATE DATABASE `{alike}`")).await.unwrap();
            server.run(&format!("CREATE TABLE `{alike}`.users (x INT)")).await.unwrap();
            let sql = format!("SELECT * FROM `{alike}`.users");
            assert!(db.execute_unprepared(&sql).await.is_err(), "{sql}");
            server.run(&format!("DROP DATABASE `{alike}`")).await.unwrap();
            for foreign in [&other.database_name, &control] {
                let sql = format!("SELECT * FROM `{foreign}`.users");
                assert!(db.execute_unprepared(&sql).await.is_err(), "{sql}");
            }
        } else {
            for sql in [
                "ALTER TABLE users DISABLE TRIGGER ALL",
                "SET session_replication_role = replica",
                "DELETE FROM seaql_migrations",
                "CREATE TEMP TABLE mine (x INT)",
            ] {
                assert!(db.execute_unprepared(sql).await.is_err(), "allowed: {sql}");
            }
        }
        db.close().await.unwrap();

        let mut elsewhere = vec![other.database_name.clone(), control.clone()];
        if engine == Engine::Postgres {
            elsewhere.push(server.names().template(&super::template::hash()));
        }
        for database in elsewhere {
            let there =
                Target::Server(ServerTarget { database: database.clone(), ..target.clone() });
            let refused = open(&there).await.err();
            assert!(refused.is_some(), "{engine:?}: connected to {database}");
        }

        drop_control(&server, engine, &control).await;
        site.close().await;
    }
}

async fn drop_control(server: &Server, engine: Engine, name: &str) {
    let quote = if engine == Engine::Mysql { '`' } else { '"' };
    server.run(&format!("DROP DATABASE {quote}{name}{quote}")).await.unwrap();
}
