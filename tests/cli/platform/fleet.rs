//! `daybook migrate tenants` over a fleet of an older release, in which one tenant is broken.

use daybook_migration::{MigratorTrait, TenantMigrator};

use super::{engine::Engine, instance::Instance, people::works};

const FLEET: [&str; 4] = ["one", "two", "three", "four"];

/// Takes a tenant one migration back, as the release before this had left it.
fn set_back(instance: &Instance, subdomain: &str) {
    let database = instance.database_of(subdomain);
    instance.wait(async {
        let connection = instance.open(&database).await;
        TenantMigrator::down(&connection, Some(1)).await.unwrap();
        connection.close().await.unwrap();
    });
    let migrations = TenantMigrator::migrations();
    let older = migrations[migrations.len() - 2].name();
    let sql = format!(
        "UPDATE tenant_master SET schema_version = '{older}' WHERE subdomain = '{subdomain}'"
    );
    instance.execute("master", &sql);
}

/// Breaks a tenant, or mends it again.
fn breaks(instance: &Instance, subdomain: &str, broken: bool) {
    let name = instance.database_of(subdomain);
    let away = format!("{}_away", instance.marker);
    match instance.engine {
        Engine::Sqlite => {
            let file = instance.tenants_folder().join(format!("{name}.sqlite"));
            let away = instance.tenants_folder().join(away);
            if broken {
                std::fs::rename(&file, &away).unwrap();
                std::fs::write(&file, "not a database at all, whatever its name says").unwrap();
            } else {
                std::fs::rename(&away, &file).unwrap();
            }
        }
        Engine::Postgres => {
            let (from, to) = if broken { (name, away) } else { (away, name) };
            let sql = format!("ALTER DATABASE \"{from}\" RENAME TO \"{to}\"");
            instance.execute("master", &sql);
        }
        Engine::MariaDb => {
            let (from, to) = if broken { ("lane", "lain") } else { ("lain", "lane") };
            instance.execute(&name, &format!("ALTER TABLE {from} RENAME TO {to}"));
        }
    }
}

on_every_engine! {
    fn one_broken_tenant_stops_no_other_and_a_second_run_resumes(instance: &mut Instance) {
        for subdomain in FLEET {
            instance.has_tenant(subdomain);
        }
        for subdomain in FLEET {
            set_back(instance, subdomain);
        }
        breaks(instance, "one", true);
        let older = instance.run(&["doctor"]).fails();
        assert!(older.out.contains("run `daybook migrate tenants`"), "{}", older.out);

        let first = instance.run(&["migrate", "tenants"]).fails();

        assert!(first.err.contains("1 of 4: one failed: "), "{first:#?}");
        assert!(!first.out.contains("one "), "{}", first.out);
        for other in &FLEET[1..] {
            assert!(first.out.contains(&format!(": {other} was migrated\n")), "{}", first.out);
            assert!(!first.err.contains(other), "{}", first.err);
        }
        let current = instance.texts(
            "master",
            "SELECT subdomain FROM tenant_master WHERE migration_state = 'CURRENT'",
        );
        assert_eq!(current, ["four", "three", "two"]);

        let still = instance.run(&["migrate", "tenants"]).fails();
        assert!(still.err.contains("1 of 1: one failed: "), "{still:#?}");

        breaks(instance, "one", false);
        let second = instance.run(&["migrate", "tenants"]).ok();
        assert_eq!(second.out, "1 of 1: one was migrated\n");
        let nothing = instance.run(&["migrate", "tenants"]).ok();
        assert!(nothing.out.contains("Nothing to do"), "{}", nothing.out);
        instance.run(&["doctor"]).ok();
        let serving = instance.serving();
        for subdomain in FLEET {
            works(instance, &serving, subdomain, 1);
        }
    }
}
