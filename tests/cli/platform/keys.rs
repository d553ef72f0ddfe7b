//! A new encryption key takes over while the server serves; afterwards nobody needs the old one.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::{
    client::Client,
    engine::Engine,
    instance::{Instance, KEY},
    people::{owner, post, register, stranger, works},
};
use crate::serving::Serving;

const NEW: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90";

/// Signs in and posts until told to stop; how often.
fn keeps_posting(instance: &Instance, serving: &Serving, stop: &AtomicBool) -> i64 {
    let mut posted = 0;
    while posted == 0 || !stop.load(Ordering::Relaxed) {
        posted += 1;
        instance.wait(async {
            let client = owner(serving, "meera").await;
            post(&client, &format!("meanwhile-{posted}")).await
        });
    }
    posted
}

fn vouchers_by(instance: &Instance, client: &Client, serving: &Serving) -> i64 {
    let token = client.token.clone().unwrap();
    let client = stranger(serving).with_token(&token);
    let found = instance.wait(client.query("{ vouchers(first: 1) { totalCount } }"));
    found.at("vouchers.totalCount").as_i64().unwrap()
}

fn a_new_key_takes_over(instance: &mut Instance) {
    for subdomain in ["meera", "ravi", "asha"] {
        instance.has_tenant(subdomain);
    }
    instance.run(&["tenant", "suspend", "ravi", "--reason", "unpaid"]).ok();
    let serving = instance.serving();
    works(instance, &serving, "meera", 1);
    let early = instance.wait(owner(&serving, "meera"));
    serving.terminate();

    // The new key alone opens nothing, and breaks nothing.
    instance.set("ENCRYPTION_KEY", NEW);
    for command in [["keys", "rotate"].as_slice(), &["serve"]] {
        let refused = instance.run(command).fails();
        assert!(refused.err.contains("ENCRYPTION_KEY is not the key"), "{}", refused.err);
    }

    instance.set("ENCRYPTION_KEY_PREVIOUS", KEY);
    let serving = instance.serving();
    works(instance, &serving, "meera", 2);
    let (here, stop) = (&*instance, AtomicBool::new(false));
    let meanwhile = thread::scope(|scope| {
        let posting = scope.spawn(|| keeps_posting(here, &serving, &stop));
        let rotated = here.run(&["keys", "rotate"]);
        let late = register(here, &serving, "late");
        let again = here.run(&["keys", "rotate"]);
        stop.store(true, Ordering::Relaxed);
        let meanwhile = posting.join().unwrap();
        let on_server = here.engine != Engine::Sqlite;
        let sealed = if on_server { "1 servers, 3 tenants" } else { "0 servers, 0 tenants" };
        let rotated = rotated.ok();
        let said = format!("Sealed anew: {sealed}, 3 entries of the login directory.\n");
        assert!(rotated.out.starts_with(&said), "{}", rotated.out);
        assert!(rotated.out.contains("take it out of the settings"), "{}", rotated.out);
        assert!(late.refusals("register").is_empty(), "{}", late.body);
        let nothing = "Sealed anew: 0 servers, 0 tenants, 0 entries";
        assert!(again.ok().out.starts_with(nothing));
        meanwhile
    });
    works(instance, &serving, "asha", 1);
    assert_eq!(vouchers_by(instance, &early, &serving), 2 + meanwhile);
    serving.terminate();

    instance.set("ENCRYPTION_KEY_PREVIOUS", "");
    let serving = instance.serving();
    // Who was signed in before the change still is.
    assert_eq!(vouchers_by(instance, &early, &serving), 2 + meanwhile);
    works(instance, &serving, "meera", 3 + meanwhile);
    works(instance, &serving, "late", 1);
    instance.run(&["tenant", "resume", "ravi"]).ok();
    serving.terminate();
    let serving = instance.serving();
    works(instance, &serving, "ravi", 1);
    serving.terminate();
    instance.run(&["doctor"]).ok();

    instance.set("ENCRYPTION_KEY", KEY);
    let old = instance.run(&["doctor"]).fails();
    assert!(old.out.contains("ENCRYPTION_KEY is not the key"), "{}", old.out);
}

#[test]
fn a_key_is_changed_under_a_server_with_files() {
    Instance::with(Engine::Sqlite, a_new_key_takes_over);
}

#[test]
fn a_key_is_changed_under_a_server_on_postgres() {
    Instance::with(Engine::Postgres, a_new_key_takes_over);
}
