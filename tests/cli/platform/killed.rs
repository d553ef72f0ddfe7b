//! A set-up that dies at each of its steps, as in a power cut: whoever registers again gets their
//! tenant, whoever does not leaves nothing behind.

#![cfg(debug_assertions)]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use daybook::services::platform::provision::STEPS;

use super::{
    engine::Engine,
    instance::{Instance, LEASE_MS},
    people::{register, registration, stranger, works},
};
use crate::{place::Ran, serving::Serving};

const SWITCH: &str = "DAYBOOK_FAULT";

/// A registration over HTTP ends the server at this step.
fn server_dies(instance: &Instance, subdomain: &str, step: &str) {
    let mut command = instance.serve();
    command.env(SWITCH, format!("provision:{step}"));
    let serving = Serving::of(command);
    let sent = instance
        .wait(async { stranger(&serving).post().json(&registration(subdomain)).send().await });
    assert!(sent.is_err(), "{step}: answered");
    assert_eq!(serving.ended(), None, "{step}: not by a signal");
}

/// `tenant create` ends at this step.
fn command_dies(instance: &Instance, subdomain: &str, step: &str) {
    let mut command = instance.create_tenant(subdomain);
    let ran = Ran::of(&command.env(SWITCH, format!("provision:{step}")).output().unwrap());
    assert_eq!(ran.code, None, "{step}: {ran:#?}");
    assert!(ran.err.contains(&format!("after provision:{step}")), "{step}: {}", ran.err);
}

/// The same registration again, until the claim of the one that died has run out.
fn registers_again(instance: &Instance, serving: &Serving, subdomain: &str) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = register(instance, serving, subdomain);
        if answer.refusals("register").is_empty() {
            assert!(answer.at("register.session.accessToken").is_string());
            return;
        }
        assert_eq!(answer.refusals("register"), ["SUBDOMAIN_TAKEN input.subdomain"]);
        let why = answer.text("register.userErrors.0.message");
        assert!(why.contains("being set up") && Instant::now() < until, "{why}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Names of tenants' databases on the server, or of all that files in the folder stand for.
fn databases(instance: &Instance) -> BTreeSet<String> {
    let marker = &instance.marker;
    let sql = match instance.engine {
        Engine::Sqlite => {
            let files = std::fs::read_dir(instance.tenants_folder()).into_iter().flatten();
            let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            let names = names.filter(|name| name != "templates");
            return names.map(|name| name.split(".sqlite").next().unwrap().to_owned()).collect();
        }
        Engine::Postgres => "SELECT datname::text FROM pg_database",
        Engine::MariaDb => "SELECT schema_name FROM information_schema.schemata",
    };
    let platform = ["main", "master"].map(|name| format!("{marker}_{name}"));
    let names = instance.texts("master", sql).into_iter().filter(|name| {
        name.starts_with(&format!("{marker}_"))
            && !name.starts_with(&format!("{marker}_template_"))
            && !platform.contains(name)
    });
    names.collect()
}

/// Tenants' roles on the server.
fn roles(instance: &Instance) -> Vec<String> {
    let sql = match instance.engine {
        Engine::Sqlite => return Vec::new(),
        Engine::Postgres => "SELECT rolname::text FROM pg_roles",
        Engine::MariaDb => "SELECT User FROM mysql.user",
    };
    let begins = format!("{}_t", instance.marker);
    let mut roles = instance.texts("master", sql);
    roles.retain(|name| name.starts_with(&begins) && !name.ends_with("_tenant_rw"));
    roles
}

/// These tenants are active, each with one database, one role and one directory entry, and there is
/// nothing else.
fn assert_only(instance: &Instance, tenants: &[String]) {
    let mut expected: Vec<String> = tenants.iter().map(|name| format!("{name} ACTIVE")).collect();
    expected.sort();
    let rows = match instance.engine {
        Engine::MariaDb => "SELECT CONCAT(subdomain, ' ', status) FROM tenant_master",
        _ => "SELECT subdomain || ' ' || status FROM tenant_master",
    };
    assert_eq!(instance.texts("master", rows), expected, "rows");
    let named = instance.texts("master", "SELECT database_name FROM tenant_master");
    assert_eq!(databases(instance), named.into_iter().collect(), "databases");
    let count = if instance.engine == Engine::Sqlite { 0 } else { tenants.len() };
    assert_eq!(roles(instance).len(), count, "roles");
    let entries = "SELECT COALESCE(m.subdomain, 'nobody') FROM login_directory d \
        LEFT JOIN tenant_master m ON m.id = d.tenant_id";
    let mut tenants = tenants.to_vec();
    tenants.sort();
    assert_eq!(instance.texts("master", entries), tenants, "directory");
}

on_every_engine! {
    fn set_ups_that_die_at_any_step_are_done_again_or_cleared(instance: &mut Instance) {
        let last = *STEPS.last().unwrap();
        let (again, left) = (|step| format!("again-{step}"), |step| format!("left-{step}"));
        for step in STEPS {
            server_dies(instance, &again(step), step);
            command_dies(instance, &left(step), step);
        }
        let died = Instant::now();

        let serving = instance.serving();
        for step in STEPS {
            if step == last {
                // It was done but for the answer: who asks again with the same words gets it.
                let answer = register(instance, &serving, &again(step));
                assert!(answer.at("register.session.accessToken").is_string());
            } else {
                registers_again(instance, &serving, &again(step));
            }
            works(instance, &serving, &again(step), 1);
        }
        // Beside a server that has the tenants open, and before anything of the others is cleared.
        let well = instance.run(&["doctor"]).ok();
        for step in STEPS {
            assert!(well.out.contains(&format!("ok    tenant {}:", again(step))), "{}", well.out);
        }
        serving.terminate();

        std::thread::sleep(Duration::from_millis(LEASE_MS + 50).saturating_sub(died.elapsed()));
        let mut half_made: Vec<String> = STEPS.map(left).into();
        half_made.retain(|name| *name != left(last));
        let repaired = instance.run(&["doctor", "--repair"]).ok().out;
        let told = repaired.split("cleared: half-made tenants: ").nth(1).expect(&repaired);
        let mut told: Vec<&str> = told.lines().next().unwrap().split(", ").collect();
        told.sort_unstable();
        half_made.sort();
        assert_eq!(told, half_made);
        let mut standing: Vec<String> = STEPS.map(again).into();
        standing.push(left(last));
        assert_only(instance, &standing);
        let well = instance.run(&["doctor"]).ok();
        assert!(well.out.contains("left-overs: none"), "{}", well.out);
    }
}
