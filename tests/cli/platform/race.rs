//! Two servers that start at the same moment, where nothing exists yet.

use std::{collections::HashSet, thread};

use daybook_migration::{MainMigrator, MasterMigrator, MigratorTrait};

use super::{
    engine::Engine,
    instance::Instance,
    people::{owner, register, works},
};
use crate::{place::Place, serving::Serving};

/// Groups that the platform comes with.
const GROUPS: usize = 28;

fn names<M: MigratorTrait>() -> Vec<String> {
    let mut names: Vec<String> = M::migrations().iter().map(|one| one.name().to_owned()).collect();
    names.sort();
    names
}

/// Does the same twice at once.
fn both<T: Send>(work: impl Fn(usize) -> T + Sync) -> [T; 2] {
    thread::scope(|scope| {
        let work = &work;
        [0, 1].map(|number| scope.spawn(move || work(number))).map(|one| one.join().unwrap())
    })
}

fn two_start_at_once(instance: &mut Instance) {
    let folders = [Place::new(), Place::new()];
    let nodes = both(|number| Serving::of(instance.elsewhere(&folders[number])));

    for node in &nodes {
        assert!(node.get("/readyz").starts_with("HTTP/1.1 200"));
    }
    let done = "SELECT version FROM seaql_migrations";
    assert_eq!(instance.texts("main", done), names::<MainMigrator>());
    assert_eq!(instance.texts("master", done), names::<MasterMigrator>());
    let groups = instance.texts("master", "SELECT group_code FROM account_groups");
    let distinct: HashSet<&String> = groups.iter().collect();
    assert_eq!((groups.len(), distinct.len()), (GROUPS, GROUPS));
    assert_eq!(instance.texts("master", "SELECT name FROM database_servers"), ["first"]);

    // The first tenants at once too: their template, and what roles share, are made once.
    let subdomains = ["meera", "ravi"];
    let made = both(|number| register(instance, &nodes[number], subdomains[number]));
    for answer in made {
        assert!(answer.refusals("register").is_empty(), "{}", answer.body);
    }
    for (node, (here, there)) in nodes.iter().zip([("meera", "ravi"), ("ravi", "meera")]) {
        works(instance, node, here, 1);
        let groups = instance.wait(async {
            let client = owner(node, there).await;
            client.query("{ accountGroups(first: 100) { nodes { code } } }").await
        });
        let groups = groups.at("accountGroups.nodes").as_array().unwrap().len();
        assert_eq!(groups, GROUPS);
    }
    for node in nodes {
        assert_eq!(node.terminate().0, Some(0));
    }
    instance.run(&["doctor"]).ok();
}

#[test]
fn two_servers_may_start_at_once_on_an_empty_postgres() {
    Instance::with(Engine::Postgres, two_start_at_once);
}

#[test]
fn two_servers_may_start_at_once_on_an_empty_mariadb() {
    Instance::with(Engine::MariaDb, two_start_at_once);
}
