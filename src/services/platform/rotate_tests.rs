//! A new key takes over while the old one still opens; afterwards the old one is not needed.

use std::sync::Arc;

use daybook_entity::master::tenant::Engine;

use super::*;
use crate::{
    office::{Rules, Servers},
    seal::{Key, KeyRing},
    services::platform::site::{Site, engines, meera, register, ring},
};

const NEW: &str = "a new key of thirty-two letters.";

fn with_keys(site: &Site, keys: KeyRing) -> Office {
    let (office, keys) = (&site.office, Arc::new(keys));
    let names = office.servers.names().clone();
    Office {
        main: office.main.clone(),
        master: office.master.clone(),
        ids: Arc::clone(&office.ids),
        clock: office.clock.clone(),
        servers: Servers::new(Arc::clone(&keys), names, site.folder.path().to_owned()),
        keys,
        rules: office.rules.clone(),
    }
}

#[tokio::test]
async fn after_a_rotation_the_old_key_is_not_needed() {
    for engine in engines().await {
        let site = Site::open(engine, Rules { separate_users: true, ..Rules::default() }).await;
        let account = register(&site, meera("meera")).await.unwrap();
        let both = with_keys(&site, ring(NEW, true));

        let done = rotate(&both, &|_, _| {}).await.unwrap();

        let on_server = u64::from(engine != Engine::Sqlite);
        let expected =
            Rotation { servers: on_server, tenants: on_server, entries: 1, failures: Vec::new() };
        assert_eq!(done, expected, "{engine:?}");
        assert_eq!(rotate(&both, &|_, _| {}).await.unwrap(), Rotation::default(), "again");

        let alone = with_keys(&site, KeyRing::new(Key::parse(NEW).unwrap(), None));
        let entries = login_directory::Entity::find().all(alone.master.reader()).await.unwrap();
        let hash = crate::auth::directory::email_hash(&alone.keys, "meera@meera.example");
        assert_eq!((entries.len(), &entries[0].email_hash), (1, &hash));
        let row = site.tenants().await.remove(0);
        if let Some(sealed) = row.sealed_connection {
            Credentials::open(&alone.keys, &sealed, &tenant_context(account.tenant)).unwrap();
        }
        let place = database_server::Entity::find().one(alone.master.reader()).await.unwrap();
        alone.servers.of(&place.unwrap()).await.unwrap();
        for office in [&both, &alone] {
            office.servers.close().await;
        }
        let site = Site { office: Arc::new(alone), ..site };
        site.close().await;
    }
}
