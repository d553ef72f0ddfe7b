//! Two servers on one set of databases: what is done at one counts at the other in time.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt, future::join_all};
use serde_json::{Value, json};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::{
    books::Books,
    client::{Answer, Client, PASSWORD},
    engine::Engine,
    instance::{Instance, run_on},
    place::Place,
    serving::Serving,
};

/// A change elsewhere counts within a second; the rest is for a machine that is busy with other tests.
const PROMISED: Duration = Duration::from_millis(1_000 + 500);
/// A subscriber hears of a voucher within two seconds.
const HEARD: Duration = Duration::from_millis(2_000 + 500);
const EVERY: Duration = Duration::from_millis(50);
/// How long a test waits before it calls something lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Two nodes of one instance, started at the same moment where nothing is yet.
fn two_nodes(instance: &Instance) -> ([Place; 2], [Serving; 2]) {
    let places = [instance.place(), instance.place()];
    let nodes = std::thread::scope(|scope| {
        let [a, b] = places.each_ref().map(|place| scope.spawn(|| Serving::start(place, &[])));
        [a.join().unwrap(), b.join().unwrap()]
    });
    (places, nodes)
}

/// Asks each 50 ms until the answer is new. Neither a refusal for want of a fresh look at master nor
/// one that asks for patience is an old answer.
///
/// The change was acknowledged just before. Asserts that no question put later than promised got an
/// old answer; says after how long the new one was there.
async fn counts(what: &str, asker: &Client, query: &str, is_new: impl Fn(&Answer) -> bool) {
    let changed = Instant::now();
    let mut last_old = Duration::ZERO;
    loop {
        let asked = changed.elapsed();
        assert!(asked < PATIENCE, "{what}: never seen");
        let answer = asker.query(query).await;
        if is_new(&answer) {
            break;
        }
        if !["UNAVAILABLE", "THROTTLED"].contains(&answer.code()) {
            last_old = asked;
        }
        tokio::time::sleep(EVERY).await;
    }
    let seen = changed.elapsed();
    println!("{what}: seen after {seen:?}, last old answer to a question after {last_old:?}");
    assert!(last_old <= PROMISED, "{what}: old after {last_old:?}");
}

/// A mutation that must be accepted.
async fn done(client: &Client, field: &str, query: &str, variables: Value) -> Answer {
    let answer = client.ask(query, variables).await;
    assert!(answer.refusals(field).is_empty(), "{}", answer.body);
    answer
}

/// Somebody of the office, made by the operator and signed in at this node.
async fn administrator(place: &Place, node: &Serving) -> Client {
    let create = ["admin", "create", "--email", "ops@example.com", "--name", "Olive Ops"];
    place.run_with_input(&create, PASSWORD).ok();
    let mut admin = node.client();
    let answer = done(
        &admin,
        "adminLogin",
        "mutation($input: AdminLoginInput!) { adminLogin(input: $input) {
            session { accessToken refreshToken } userErrors { code field message } } }",
        json!({ "input": { "email": "ops@example.com", "password": PASSWORD } }),
    )
    .await;
    admin.take_session(answer.at("adminLogin.session"));
    admin
}

/// An accountant of the tenant: their id, and them signed in at this node.
async fn accountant(owner: &Client, node: &Serving) -> (String, Client) {
    let invited = done(
        owner,
        "userInvite",
        "mutation($input: UserInviteInput!) { userInvite(input: $input) {
            code user { id } userErrors { code field message } } }",
        json!({ "input": { "email": "ravi@meera.example", "name": "Ravi", "role": "ACCOUNTANT" } }),
    )
    .await;
    let mut client = node.client().with_header("x-tenant", "meera");
    let accepted = done(
        &client,
        "invitationAccept",
        "mutation($input: InvitationAcceptInput!) { invitationAccept(input: $input) {
            session { accessToken refreshToken } userErrors { code field message } } }",
        json!({ "input": { "code": invited.text("userInvite.code"), "password": PASSWORD } }),
    )
    .await;
    client.take_session(accepted.at("invitationAccept.session"));
    (invited.text("userInvite.user.id"), client)
}

async fn changes_count_at_the_other_node(instance: &Instance) {
    let (places, nodes) = two_nodes(instance);
    let [a, b] = &nodes;
    let at_a = Books::register(a, "meera", "Meera Textiles").await;
    let at_b = at_a.at(b);
    let admin = administrator(&places[1], a).await;

    rights(&at_a, &at_b, b).await;
    standing(&admin, &at_b).await;
    structure(&admin, &at_b).await;
    listening(&at_a, &at_b, b).await;
    for node in nodes {
        assert_eq!(node.terminate().0, Some(0));
    }
}

/// A role, a right, a session and a user, changed at A while B is asked.
async fn rights(at_a: &Books, at_b: &Books, b: &Serving) {
    let owner = &at_a.client;
    let (id, ravi) = accountant(owner, b).await;
    assert_eq!(ravi.query("{ me { role } }").await.text("me.role"), "ACCOUNTANT");
    let update =
        "mutation($id: ID!, $input: UserUpdateInput!) { userUpdate(id: $id, input: $input) {
        user { role } userErrors { code field message } } }";
    let viewer = json!({ "id": id, "input": { "role": "VIEWER" } });
    done(owner, "userUpdate", update, viewer).await;
    counts("a role", &ravi, "{ me { role } }", |answer| answer.data("me.role") == "VIEWER").await;
    let theirs = Books::of(ravi.clone(), "meera").await;
    assert_eq!(theirs.try_post("by a viewer").await.unwrap().code(), "FORBIDDEN");

    let more = json!({ "id": id, "input": { "permissionsAdded": ["AUDIT_READ"] } });
    let ask = "{ auditVerify { ok } }";
    assert_eq!(ravi.query(ask).await.code(), "FORBIDDEN");
    done(owner, "userUpdate", update, more).await;
    counts("a right", &ravi, ask, |answer| answer.data("auditVerify.ok") == true).await;

    let disable = "mutation($id: ID!) { userDisable(id: $id) {
        user { status } userErrors { code field message } } }";
    done(owner, "userDisable", disable, json!({ "id": id })).await;
    counts("a disabled user", &ravi, "{ me { role } }", |answer| {
        answer.code() == "UNAUTHENTICATED"
    })
    .await;

    let mut second = owner.clone();
    let login = "mutation($input: LoginInput!) { login(input: $input) {
        session { accessToken refreshToken } userErrors { code field message } } }";
    let input = json!({ "input": { "email": "owner@meera.example", "password": PASSWORD,
        "subdomain": "meera" } });
    let answer = done(owner, "login", login, input).await;
    second.take_session(answer.at("login.session"));
    let second_at_b = at_b.client.with_token(second.token.as_ref().unwrap());
    second_at_b.query("{ me { role } }").await.text("me.role");
    done(&second, "logout", "mutation { logout { userErrors { code field message } } }", json!({}))
        .await;
    counts("a session's end", &second_at_b, "{ me { role } }", |answer| {
        answer.code() == "UNAUTHENTICATED"
    })
    .await;
    at_b.client.query("{ me { role } }").await.text("me.role");
}

/// A tenant, suspended and resumed by the office at A while B is asked.
async fn standing(admin: &Client, at_b: &Books) {
    let tenants = admin.query("{ adminTenants(first: 1) { nodes { id } } }").await;
    let id = json!({ "id": tenants.text("adminTenants.nodes.0.id") });
    let suspend = "mutation($id: ID!) { tenantSuspend(id: $id, input: { reason: \"unpaid\" }) {
        tenant { status } userErrors { code field message } } }";
    let resume = "mutation($id: ID!) { tenantResume(id: $id, input: {}) {
        tenant { status } userErrors { code field message } } }";
    let me = "{ me { role } }";
    done(admin, "tenantSuspend", suspend, id.clone()).await;
    counts("a suspension", &at_b.client, me, |answer| answer.code() == "TENANT_SUSPENDED").await;
    assert_eq!(at_b.try_post("while suspended").await.unwrap().code(), "TENANT_SUSPENDED");
    done(admin, "tenantResume", resume, id).await;
    counts("a resumption", &at_b.client, me, |answer| answer.data("me.role") == "OWNER").await;
    assert!(at_b.stored().await.is_empty());
}

/// The structure that all tenants share, changed by the office at A while B is asked.
async fn structure(admin: &Client, at_b: &Books) {
    let groups = "{ accountGroups(first: 100) { nodes { id name } } }";
    let types = "{ voucherTypes(first: 100) { nodes { id code numberingPrefix } } }";
    let group = at_b.client.query(groups).await.at("accountGroups.nodes.0").clone();
    let journal = {
        let answer = at_b.client.query(types).await;
        let nodes = answer.at("voucherTypes.nodes").as_array().unwrap();
        nodes.iter().find(|one| one["code"] == "JRN").unwrap()["id"].clone()
    };
    let rename = "mutation($id: ID!) {
        adminAccountGroupUpdate(id: $id, input: { name: \"Renamed at A\" }) {
            accountGroup { name } userErrors { code field message } } }";
    let prefix = "mutation($id: ID!) {
        adminVoucherTypeUpdate(id: $id, input: { numberingPrefix: \"NEW/\" }) {
            voucherType { numberingPrefix } userErrors { code field message } } }";
    let has = |answer: &Answer, path: &str, id: &Value, key: &str, value: &str| {
        let nodes = answer.data(path).as_array();
        nodes.is_some_and(|all| all.iter().any(|one| one["id"] == *id && one[key] == value))
    };

    done(admin, "adminAccountGroupUpdate", rename, json!({ "id": group["id"] })).await;
    counts("a group's name", &at_b.client, groups, |answer| {
        has(answer, "accountGroups.nodes", &group["id"], "name", "Renamed at A")
    })
    .await;
    done(admin, "adminVoucherTypeUpdate", prefix, json!({ "id": journal })).await;
    counts("a prefix", &at_b.client, types, |answer| {
        has(answer, "voucherTypes.nodes", &journal, "numberingPrefix", "NEW/")
    })
    .await;
    let posted = at_b.post("after the new prefix").await.unwrap();
    assert!(posted.number.starts_with("NEW/"), "{}", posted.number);
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// Subscribes to vouchers at a node.
async fn subscribe(node: &Serving, token: &str) -> Socket {
    let address = format!("ws://{}/graphql/ws", node.address);
    let mut request = address.into_client_request().unwrap();
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = connect_async(request).await.unwrap();
    let init = json!({ "type": "connection_init",
        "payload": { "authorization": format!("Bearer {token}") } });
    socket.send(Message::text(init.to_string())).await.unwrap();
    assert_eq!(next(&mut socket).await["type"], "connection_ack");
    let ask = json!({ "type": "subscribe", "id": "1",
        "payload": { "query": "subscription { voucherPosted { id number } }" } });
    socket.send(Message::text(ask.to_string())).await.unwrap();
    socket
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await;
        let message = message.expect("nothing was heard").unwrap().unwrap();
        if let Message::Text(text) = message {
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["type"] != "ping" {
                return message;
            }
        }
    }
}

/// Waits until the socket tells of a voucher.
async fn hear(socket: &mut Socket, id: &str) {
    loop {
        let message = next(socket).await;
        assert_eq!(message["type"], "next", "{message}");
        let voucher = &message["payload"]["data"]["voucherPosted"];
        assert!(voucher["number"].is_string(), "{message}");
        if voucher["id"] == id {
            return;
        }
    }
}

/// A voucher posted at A: read at B at once, and heard there.
async fn listening(at_a: &Books, at_b: &Books, b: &Serving) {
    let mut socket = subscribe(b, at_b.client.token.as_ref().unwrap()).await;
    // Nothing tells when the subscription stands; before that, vouchers of the past are not told.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let own = at_b.post("at the listener's node").await.unwrap();
    hear(&mut socket, &own.id).await;
    for round in 0..3 {
        let posted = at_a.post(&format!("heard {round}")).await.unwrap();
        let begun = Instant::now();
        let ask = json!({ "id": posted.id });
        let read = at_b.client.ask("query($id: ID!) { voucher(id: $id) { number } }", ask).await;
        assert_eq!(read.text("voucher.number"), posted.number);
        let read_after = begun.elapsed();
        hear(&mut socket, &posted.id).await;
        let heard = begun.elapsed();
        println!("a voucher: read within {read_after:?}, heard after {heard:?}");
        assert!(heard <= HEARD, "{heard:?}");
    }
}

const CLIENTS: usize = 8;
const EACH: usize = 25;

async fn both_nodes_post_to_one_tenant(instance: &Instance) {
    let (places, nodes) = two_nodes(instance);
    let at_a = Books::register(&nodes[0], "meera", "Meera Textiles").await;
    let sides = [&at_a, &at_a.at(&nodes[1])];

    let begun = Instant::now();
    let clients = sides.iter().enumerate().flat_map(|(side, books)| {
        (0..CLIENTS).map(move |client| async move {
            let mut ids = Vec::new();
            for count in 0..EACH {
                let posted = books.post(&format!("{side}-{client}-{count}")).await.unwrap();
                ids.push(posted.id);
            }
            ids
        })
    });
    let ids: BTreeSet<String> = join_all(clients).await.into_iter().flatten().collect();
    let all = sides.len() * CLIENTS * EACH;
    println!("{all} vouchers by two nodes in {:?}", begun.elapsed());
    assert_eq!(ids.len(), all);
    let stored = sides[0].are_whole().await;
    assert_eq!(stored.keys().cloned().collect::<BTreeSet<_>>(), ids);
    assert_eq!(sides[1].are_whole().await, stored);

    // One key, asked for thrice at each node at once.
    for round in 0..10 {
        let key = format!("the same {round}");
        let askers = (0..6).map(|index| sides[index % 2].post(&key));
        let answers: Vec<_> =
            join_all(askers).await.into_iter().map(|answer| answer.unwrap()).collect();
        let (first, made) = (&answers[0], answers.iter().filter(|one| !one.replayed));
        assert!(answers.iter().all(|one| one.id == first.id && one.number == first.number));
        assert!(made.count() <= 1, "{answers:?}");
        assert_eq!(sides[round % 2].stored().await.len(), all + round + 1);
    }
    sides[1].are_whole().await;
    places[0].run(&["doctor"]).ok();
}

#[test]
fn changes_count_at_the_other_node_on_postgres() {
    run_on(Engine::Postgres, |instance| Box::pin(changes_count_at_the_other_node(instance)));
}

#[test]
fn changes_count_at_the_other_node_on_mariadb() {
    run_on(Engine::MariaDb, |instance| Box::pin(changes_count_at_the_other_node(instance)));
}

#[test]
fn both_nodes_post_to_one_tenant_on_postgres() {
    run_on(Engine::Postgres, |instance| Box::pin(both_nodes_post_to_one_tenant(instance)));
}

#[test]
fn both_nodes_post_to_one_tenant_on_mariadb() {
    run_on(Engine::MariaDb, |instance| Box::pin(both_nodes_post_to_one_tenant(instance)));
}
