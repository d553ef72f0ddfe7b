//! Servers that are away, and connections that must be encrypted.

use std::time::{Duration, Instant};

use daybook_entity::master::tenant::Engine;
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel, Set, Statement};

use super::{
    servers::{NewServer, add_of},
    site::{Site, engines, meera, register, server_target},
};
use crate::{
    config::{Tls, TlsMode},
    db::{
        Target,
        connect::{self, SessionLimits, Use},
        credentials::Credentials,
        target::ServerTarget,
    },
    error::Error,
    lane::Actor,
    office::Rules,
};

/// A port that was bound and never listened to, as long as this stands: whoever connects is refused.
fn closed_port() -> (tokio::net::TcpSocket, u16) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

#[tokio::test]
async fn a_server_that_refuses_or_is_misnamed_is_refused_by_its_field() {
    let site = Site::open(Engine::Sqlite, Rules::default()).await;
    let (_held, port) = closed_port();
    for engine in [Engine::Postgres, Engine::Mysql] {
        for (address, port) in [("127.0.0.1", port), ("127.0.0.1?sslmode=bogus", 5432)] {
            let new = NewServer {
                name: "second".into(),
                engine,
                address: address.into(),
                port: Some(port),
                admin: Credentials { user: "u".into(), password: "p".to_owned().into() },
                capacity: 10,
                is_default: false,
                replica: None,
            };
            let began = Instant::now();
            let refused = add_of(&site.office, new, Actor::system()).await.unwrap_err();
            let Error::Refused(refusals) = refused else { panic!("{refused:?}") };
            assert_eq!(refusals[0].field, ["input", "address"], "{refusals:?}");
            assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        }
    }
    site.close().await;
}

#[tokio::test]
async fn a_registration_whose_server_went_away_fails_soon_and_leaves_nothing() {
    for engine in engines().await.into_iter().filter(|engine| *engine != Engine::Sqlite) {
        let site = Site::open(engine, Rules::default()).await;
        register(&site, meera("first")).await.unwrap();
        let (_held, port) = closed_port();
        let place = site.place().await;
        let mut row = place.clone().into_active_model();
        row.port = Set(Some(i32::from(port)));
        row.version = Set(place.version + 1);
        row.update(site.office.master.writer()).await.unwrap();

        let began = Instant::now();
        let failed = register(&site, meera("second")).await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let why = failed.cause().unwrap_or_default();
        assert!(matches!(failed, Error::Unavailable(_)), "{failed:?}");
        assert_eq!(why, format!("connection refused at 127.0.0.1:{port}"));
        assert_eq!(site.tenants().await.len(), 1);
        place.into_active_model().reset_all().update(site.office.master.writer()).await.unwrap();
        site.close().await;
    }
}

/// Whether the connection that a mode makes is encrypted; nothing where it makes none.
async fn encrypted(server: &ServerTarget, mode: TlsMode) -> Result<bool, String> {
    let target = ServerTarget {
        tls: Tls { mode: Some(mode), root: None },
        database: if server.engine == Engine::Postgres { "postgres" } else { "" }.into(),
        ..server.clone()
    };
    let limits = SessionLimits::default();
    let opened = connect::open(&Target::Server(target), Use::Read, 1, limits).await;
    let connection = opened.map_err(|error| error.cause().unwrap_or_default())?;
    let sql = match server.engine {
        Engine::Postgres => "SELECT CAST(ssl AS INT) FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        _ => {
            "SELECT CAST(variable_value <> '' AS INT) FROM information_schema.session_status \
              WHERE variable_name = 'Ssl_cipher'"
        }
    };
    let ask = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(ask).await.unwrap().unwrap();
    let is_encrypted: i32 = row.try_get_by_index(0).unwrap();
    connection.close().await.unwrap();
    Ok(is_encrypted == 1)
}

#[tokio::test]
async fn a_connection_is_as_protected_as_its_url_says_or_there_is_none() {
    for engine in engines().await {
        let Some(server) = server_target(engine) else { continue };
        assert_eq!(encrypted(&server, TlsMode::Disable).await, Ok(false), "{engine:?}");
        let can = encrypted(&server, TlsMode::Prefer).await.unwrap();
        match encrypted(&server, TlsMode::Require).await {
            Ok(is_encrypted) => assert!(is_encrypted && can, "{engine:?}"),
            Err(why) => assert!(!can && why.contains("TLS"), "{engine:?}: {why}"),
        }
        // Nobody known has signed what a test's server shows, if it shows anything.
        let why = encrypted(&server, TlsMode::VerifyFull).await.unwrap_err();
        assert!(why.starts_with("no connection to"), "{engine:?}: {why}");
    }
}
