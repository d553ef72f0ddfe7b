//! Commands against database servers, and the example at a first start.

use serde_json::json;

use super::{
    engine::Engine,
    instance::Instance,
    people::{stranger, works},
};
use crate::{place::PASSWORD, serving::Serving};

fn commands_work(instance: &mut Instance) {
    let before = instance.run(&["doctor"]).fails();
    assert!(before.out.contains("FAIL  main: not made yet"), "{}", before.out);
    let look = instance.run(&["migrate", "main", "--dry-run"]).ok();
    assert!(look.out.contains("main: the database would be made"), "{}", look.out);
    instance.run(&["doctor"]).fails();
    let made = instance.run(&["migrate", "main"]).ok();
    assert!(made.out.contains("main: the database was made"), "{}", made.out);
    assert!(instance.run(&["migrate", "master"]).ok().out.contains("at this release"));
    instance.run(&["doctor"]).ok();

    let admin = ["admin", "create", "--email", "ops@example.com", "--name", "Olive Ops"];
    let mut command = instance.daybook(&admin);
    assert!(command.env("DAYBOOK_ADMIN_PASSWORD", PASSWORD).status().unwrap().success());

    instance.run(&["admin", "reset-password", "nobody@example.com"]).fails();
    let reset = instance.run(&["admin", "reset-password", "Ops@example.com"]).ok().out;
    assert!(reset.contains("`adminPasswordReset`"), "{reset}");
    let code = reset.lines().next().unwrap().to_owned();

    instance.has_tenant("meera");
    let taken = instance.create_tenant("meera").output().unwrap();
    let said = String::from_utf8_lossy(&taken.stderr).into_owned();
    assert!(!taken.status.success() && said.contains("subdomain is taken"), "{said}");
    assert!(!said.contains(PASSWORD));
    instance.has_tenant("ravi");
    let list = instance.run(&["tenant", "list"]).ok().out;
    let states = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split('\t').take(2).collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(states(&list), ["meera ACTIVE", "ravi ACTIVE"]);
    instance.run(&["tenant", "suspend", "ravi", "--reason", "unpaid"]).ok();
    instance.run(&["tenant", "suspend", "ravi", "--reason", "unpaid"]).fails();
    let list = instance.run(&["tenant", "list"]).ok().out;
    assert_eq!(states(&list), ["meera ACTIVE", "ravi SUSPENDED"]);
    let refused = instance.run(&["demo"]).fails();
    assert!(refused.err.contains("holds other data"), "{}", refused.err);

    let serving = instance.serving();
    works(instance, &serving, "meera", 1);
    // Beside the server, which learns of it.
    instance.run(&["tenant", "resume", "ravi"]).ok();
    instance.run(&["tenant", "resume", "ravi"]).fails();
    instance.run(&["tenant", "resume", "nobody"]).fails();
    std::thread::sleep(std::time::Duration::from_secs(1));
    works(instance, &serving, "ravi", 1);
    let query = "mutation($input: AdminLoginInput!) { adminLogin(input: $input) {
        session { accessToken } userErrors { code field message } } }";
    let input = json!({ "input": { "email": "ops@example.com", "password": PASSWORD } });
    let reset = "mutation($input: AdminPasswordResetInput!) { adminPasswordReset(input: $input) {
        session { accessToken } userErrors { code field message } } }";
    let new = json!({ "input": { "code": code, "password": "a green kite over the river" } });
    let office = instance.wait(async {
        let mut client = stranger(&serving);
        client.take_session(client.ask(query, input).await.at("adminLogin.session"));
        client.query("{ adminMe { id } }").await.at("adminMe.id");
        let set = stranger(&serving).ask(reset, new).await;
        assert_eq!(client.query("{ adminMe { id } }").await.code(), "UNAUTHENTICATED");
        client.take_session(set.at("adminPasswordReset.session"));
        client.query("{ adminTenants(first: 10) { nodes { subdomain } } }").await
    });
    assert_eq!(office.at("adminTenants.nodes").as_array().unwrap().len(), 2);

    assert!(instance.run(&["migrate", "tenants"]).ok().out.contains("Nothing to do"));
    instance.run(&["migrate", "tenant", "meera"]).ok();
    let well = instance.run(&["doctor"]).ok();
    for line in ["ok    tenant meera:", "ok    tenant ravi:", "ok    left-overs: none"] {
        assert!(well.out.contains(line), "{line}: {}", well.out);
    }
    assert_eq!(serving.terminate().0, Some(0));

    // A first start that should bring the example finds that it is none.
    instance.set("RUN_SEED", "true");
    let serving = instance.serving();
    works(instance, &serving, "meera", 2);
    serving.terminate();
    assert_eq!(instance.run(&["tenant", "list"]).ok().out.lines().count(), 2);
}

#[test]
fn commands_work_on_postgres() {
    Instance::with(Engine::Postgres, commands_work);
}

#[test]
fn commands_work_on_mariadb() {
    Instance::with(Engine::MariaDb, commands_work);
}

#[test]
fn a_first_start_brings_the_example_and_a_second_finds_it() {
    Instance::with(Engine::Postgres, |instance| {
        instance.set("RUN_SEED", "true");
        instance.set("DAYBOOK_DEMO_PASSWORD", PASSWORD);
        let vouchers = |instance: &Instance, serving: &Serving| {
            let input = json!({ "email": "asha@asha-traders.example", "password": PASSWORD,
                "subdomain": "asha-traders" });
            let query = "mutation($input: LoginInput!) { login(input: $input) {
                session { accessToken } userErrors { code field message } } }";
            let found = instance.wait(async {
                let mut client = stranger(serving);
                let answer = client.ask(query, json!({ "input": input })).await;
                client.take_session(answer.at("login.session"));
                client.query("{ vouchers(first: 1) { totalCount } }").await
            });
            found.at("vouchers.totalCount").as_i64().unwrap()
        };
        let serving = instance.serving();
        let first = vouchers(instance, &serving);
        assert!(first > 100, "{first}");
        serving.terminate();
        let serving = instance.serving();
        assert_eq!(vouchers(instance, &serving), first);
        serving.terminate();
        assert_eq!(instance.run(&["tenant", "list"]).ok().out.lines().count(), 3);
        instance.run(&["doctor"]).ok();
    });
}
