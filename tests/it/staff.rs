//! Staff: what may be granted, who sees whom, and where they are signed in.

use serde_json::{Value, json};

use crate::{
    client::{Client, PASSWORD},
    tenancy::{invited, missing_like},
};

const INVITE: &str = "mutation($input: UserInviteInput!) { userInvite(input: $input) {
    user { id permissionsAdded } userErrors { code field message } } }";
const UPDATE: &str =
    "mutation($id: ID!, $input: UserUpdateInput!) { userUpdate(id: $id, input: $input) {
    user { permissionsAdded permissionsRemoved } userErrors { code field message } } }";

async fn sign_in(client: &Client, email: &str) -> Client {
    let login = "mutation($input: LoginInput!) { login(input: $input) {
        session { accessToken refreshToken expiresAt refreshTokenExpiresAt }
        userErrors { code field message } } }";
    let input = json!({ "email": email, "password": PASSWORD, "subdomain": "meera" });
    let answer = client.ask(login, json!({ "input": input })).await;
    let session = answer.at("login.session");
    let ends = |name: &str| session[name].as_str().unwrap().to_owned();
    assert!(ends("refreshTokenExpiresAt") > ends("expiresAt"), "{session}");
    let mut client = client.clone();
    client.take_session(session);
    client
}

const SESSIONS: &str = "query($user: ID) { sessions(userId: $user) { totalCount
    nodes { id isCurrent createdAt renewedAt expiresAt endedAt user { id } } } }";
const END: &str = "mutation($id: ID!) { sessionEnd(id: $id) { session { id endedAt }
    userErrors { code field message } } }";
const ME: &str = "{ me { id email } }";

on_every_engine! {
    async fn no_tenant_grants_what_is_the_platform_s(app: &TestApp) {
        let owner = app.register("meera").await;
        let mut input = json!({ "name": "Vera", "email": "vera@meera.example", "role": "VIEWER",
            "permissionsAdded": ["TENANT_SUSPEND", "MASTER_UPDATE"] });
        let refused = owner.ask(INVITE, json!({ "input": input })).await;
        assert_eq!(refused.refusals("userInvite"), ["NOT_ALLOWED input.permissionsAdded"]);
        input["permissionsAdded"] = json!(["VOUCHER_POST"]);
        let made = owner.ask(INVITE, json!({ "input": input })).await;
        let id = made.text("userInvite.user.id");
        for field in ["permissionsAdded", "permissionsRemoved"] {
            let change = json!({ "id": id, "input": { field: ["VOUCHER_POST", "ADMIN_CREATE"] } });
            let refused = owner.ask(UPDATE, change).await;
            assert_eq!(refused.refusals("userUpdate"), [format!("NOT_ALLOWED input.{field}")]);
        }
        let found = owner.ask("query($id: ID!) { user(id: $id) { permissionsAdded } }", json!({ "id": id }));
        assert_eq!(found.await.at("user.permissionsAdded"), &json!(["VOUCHER_POST"]));
    }

    async fn users_are_found_by_text_role_and_status(app: &TestApp) {
        let owner = app.register("meera").await;
        invited(app, &owner, "CASHIER", Value::Null).await;
        let input = json!({ "name": "Vera_Nair", "email": "vera@meera.example", "role": "VIEWER" });
        owner.ask(INVITE, json!({ "input": input })).await.at("userInvite.user");
        let find = async |filter: Value| {
            let users = "query($filter: UserFilter) { users(filter: $filter, first: 1) { totalCount
                nodes { name role lastLoginAt businesses { id } } } }";
            owner.ask(users, json!({ "filter": filter })).await
        };
        for (filter, count) in [
            (Value::Null, 3),
            (json!({}), 3),
            (json!({ "text": " vera_n" }), 1),
            (json!({ "text": "VERA@MEERA" }), 1),
            (json!({ "text": "%" }), 0),
            (json!({ "role": ["OWNER", "CASHIER"] }), 2),
            (json!({ "role": [] }), 0),
            (json!({ "status": ["INVITED"] }), 1),
            (json!({ "status": ["ACTIVE"], "role": ["CASHIER"] }), 1),
            (json!({ "status": ["DISABLED"] }), 0),
        ] {
            let found = find(filter.clone()).await;
            assert_eq!(found.at("users.totalCount"), count, "{filter}");
        }
        let waiting = find(json!({ "status": ["INVITED"] })).await;
        assert!(waiting.at("users.nodes.0")["lastLoginAt"].is_null(), "{}", waiting.body);
        let signed_in = find(json!({ "role": ["CASHIER"] })).await;
        signed_in.text("users.nodes.0.lastLoginAt");
    }

    async fn nobody_learns_of_businesses_that_they_do_not_see(app: &TestApp) {
        let owner = app.register("meera").await;
        let begin = "mutation { businessCreate(input: { name: \"Second\", country: \"IN\" }) {
            business { id } userErrors { code field message } } }";
        let second = owner.query(begin).await.text("businessCreate.business.id");
        let all = owner.query("{ businesses { nodes { id } } }").await;
        let first = all.text("businesses.nodes.0.id");
        assert_ne!(first, second);
        let here = invited(app, &owner, "VIEWER", json!([first])).await;
        invited(app, &owner, "CASHIER", json!([second])).await;
        let users = "{ users { nodes { role allBusinesses businesses { id } } } }";
        let seen = async |client: &Client| -> Vec<(String, Vec<String>)> {
            let found = client.query(users).await;
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let nodes = found.at("users.nodes").as_array().unwrap().iter();
            let ids = |one: &Value| {
                one["businesses"].as_array().unwrap().iter().map(|one| text(&one["id"])).collect()
            };
            nodes.map(|one| (text(&one["role"]), ids(one))).collect()
        };
        let of = |role: &str, ids: &[&String]| {
            (role.to_owned(), ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>())
        };
        assert_eq!(
            seen(&owner).await,
            [of("OWNER", &[&first, &second]), of("VIEWER", &[&first]), of("CASHIER", &[&second])]
        );
        assert_eq!(
            seen(&here).await,
            [of("OWNER", &[&first]), of("VIEWER", &[&first]), of("CASHIER", &[])]
        );
    }

    async fn sessions_are_seen_and_ended(app: &TestApp) {
        let owner = app.register("meera").await;
        let clerk = invited(app, &owner, "CASHIER", Value::Null).await;
        let me = clerk.query(ME).await;
        let other = sign_in(&app.stranger(), &me.text("me.email")).await;
        let own = clerk.ask(SESSIONS, json!({})).await;
        assert_eq!(own.at("sessions.totalCount"), 2, "{}", own.body);
        assert_eq!(own.at("sessions.nodes.0.isCurrent"), false);
        assert_eq!(own.at("sessions.nodes.1.isCurrent"), true);
        assert_eq!(own.text("sessions.nodes.0.user.id"), me.text("me.id"));
        let newest = own.text("sessions.nodes.0.id");
        let node = "query($id: ID!) { node(id: $id) { __typename id } }";
        let found = clerk.ask(node, json!({ "id": newest })).await;
        assert_eq!(found.text("node.__typename"), "UserSession");

        let done = clerk.ask(END, json!({ "id": newest })).await;
        done.text("sessionEnd.session.endedAt");
        assert_eq!(other.query(ME).await.code(), "UNAUTHENTICATED");
        let again = clerk.ask(END, json!({ "id": newest })).await;
        assert_eq!(again.refusals("sessionEnd"), ["ALREADY_DONE id"]);

        // Others' are for who keeps the staff, and nobody touches who holds more.
        let id = owner.query(ME).await.text("me.id");
        let asked = json!({ "user": id });
        assert_eq!(clerk.ask(SESSIONS, asked.clone()).await.code(), "FORBIDDEN");
        let owners = owner.ask(SESSIONS, asked).await.text("sessions.nodes.0.id");
        for foreign in [&owners, &missing_like(&owners)] {
            let refused = clerk.ask(END, json!({ "id": foreign })).await;
            assert_eq!(refused.refusals("sessionEnd"), ["NOT_FOUND id"]);
            assert!(clerk.ask(node, json!({ "id": foreign })).await.data("node").is_null());
        }
        let input = json!({ "permissionsAdded": ["USER_UPDATE"] });
        let raise = json!({ "id": me.text("me.id"), "input": input });
        assert!(owner.ask(UPDATE, raise).await.refusals("userUpdate").is_empty());
        let refused = clerk.ask(END, json!({ "id": owners })).await;
        assert_eq!(refused.refusals("sessionEnd"), ["NOT_ALLOWED id"]);
        let theirs = owner.ask(SESSIONS, json!({ "user": me.text("me.id") })).await;
        assert_eq!(theirs.at("sessions.totalCount"), 1);
        let last = theirs.text("sessions.nodes.0.id");
        assert!(owner.ask(END, json!({ "id": last })).await.refusals("sessionEnd").is_empty());
        assert_eq!(clerk.query(ME).await.code(), "UNAUTHENTICATED");
    }

    async fn a_key_shows_when_it_was_used(app: &TestApp) {
        let owner = app.register("meera").await;
        let made = owner
            .query(
                "mutation { apiKeyCreate(input: { name: \"till\", scopes: [LEDGER_READ] }) {
                    apiKey { lastUsedAt } secret userErrors { code field message } } }",
            )
            .await;
        assert!(made.at("apiKeyCreate.apiKey")["lastUsedAt"].is_null());
        let machine =
            app.stranger().with_header("x-api-key", &made.text("apiKeyCreate.secret"));
        let used = async || {
            let found = owner.query("{ apiKeys { nodes { lastUsedAt } } }").await;
            found.at("apiKeys.nodes.0")["lastUsedAt"].as_str().map(str::to_owned)
        };
        // It is noted while nobody waits for it.
        let noted = async |before: Option<String>| {
            for _ in 0..500 {
                machine.query("{ ledgers(first: 1) { totalCount } }").await.at("ledgers");
                match used().await {
                    now if now == before => {
                        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                    }
                    now => return now,
                }
            }
            panic!("no use was noted");
        };
        let first = noted(None).await;
        // A key has no session, and others' are not in its scopes.
        assert_eq!(machine.ask(SESSIONS, json!({})).await.code(), "FORBIDDEN");
        let lines = "{ auditLogs(first: 1) { nodes { action } } }";
        let log = owner.query(lines).await;
        assert_eq!(log.text("auditLogs.nodes.0.action"), "API_KEY_USED");
        app.clock.advance_ms(10 * 60_000);
        machine.query("{ ledgers(first: 1) { totalCount } }").await.at("ledgers");
        assert_eq!(used().await, first);
    }

    async fn the_account_knows_itself(app: &TestApp) {
        let owner = app.register("meera").await;
        let viewer = invited(app, &owner, "VIEWER", Value::Null).await;
        let clerk = invited(app, &owner, "CASHIER", Value::Null).await;
        let account = "{ account { account { subdomain companyName country } contactName contactEmail
            contactPhone status subscriptionStatus planCode storageLimitBytes storageUsedBytes
            version } }";
        assert_eq!(clerk.query(account).await.code(), "FORBIDDEN");
        let found = viewer.query(account).await;
        assert_eq!(found.text("account.account.companyName"), "meera Textiles");
        assert_eq!(found.text("account.contactEmail"), "owner@meera.example");
        assert_eq!(found.text("account.status"), "ACTIVE");
        assert!(found.text("account.storageUsedBytes").parse::<i64>().unwrap() > 0);
        let version = found.at("account.version").clone();

        let update = "mutation($input: AccountUpdateInput!) { accountUpdate(input: $input) {
            account { account { companyName } contactName contactPhone version }
            userErrors { code field message } } }";
        let change = async |client: &Client, input: Value| {
            client.ask(update, json!({ "input": input })).await
        };
        assert_eq!(change(&viewer, json!({})).await.code(), "FORBIDDEN");
        let wrong = json!({ "companyName": " ", "contactEmail": "nobody", "contactPhone": "12" });
        assert_eq!(
            change(&owner, wrong).await.refusals("accountUpdate"),
            ["REQUIRED input.companyName", "INVALID input.contactEmail", "INVALID input.contactPhone"]
        );
        let input = json!({ "companyName": "Meera & Daughters", "contactName": "Ravi Shah",
            "contactPhone": "+91 98200 12345", "expectedVersion": version });
        let done = change(&owner, input.clone()).await;
        assert_eq!(done.text("accountUpdate.account.contactName"), "Ravi Shah", "{}", done.body);
        let stale = change(&owner, input.clone()).await;
        assert_eq!(stale.refusals("accountUpdate"), ["STALE input.expectedVersion"]);
        let unseen = json!({ "companyName": "Meera\u{200b} Textiles" });
        assert_eq!(change(&owner, unseen).await.refusals("accountUpdate"), ["INVALID input.companyName"]);
        // What is there already is no change.
        let same = change(&owner, json!({ "companyName": input["companyName"] })).await;
        let version = done.at("accountUpdate.account.version");
        assert_eq!(same.at("accountUpdate.account.version"), version, "{}", same.body);
        // It is seen wherever the account is named.
        let me = viewer.query("{ me { tenant { companyName } } }").await;
        assert_eq!(me.text("me.tenant.companyName"), "Meera & Daughters");
        let log = owner
            .query("{ auditLogs(first: 1) { nodes { action content } } auditVerify { ok } }")
            .await;
        assert_eq!(log.text("auditLogs.nodes.0.action"), "ACCOUNT_UPDATED");
        assert_eq!(log.at("auditVerify.ok"), true);
    }
}
