//! The platform's office: tenants, servers, people, sizes, and the log of what it did.

use daybook::{
    lane::Actor,
    services::platform::admins::{self, NewAdmin},
};
use daybook_entity::main::people::PlatformRole;
use serde_json::json;

use crate::{
    app::TestApp,
    client::{Client, PASSWORD},
};

/// Somebody of the office, signed in.
pub async fn office(app: &TestApp, email: &str, role: PlatformRole) -> Client {
    let hash = app.app.desk.passwords.hash(PASSWORD.to_owned().into()).await.unwrap();
    let new = NewAdmin {
        email: email.to_owned(),
        name: "Asha Rao".to_owned(),
        role,
        password_hash: Some(hash),
    };
    admins::create_of(&app.app.office, new, Actor::system()).await.unwrap();
    sign_in(app, email).await
}

async fn sign_in(app: &TestApp, email: &str) -> Client {
    let mut client = app.stranger();
    let answer = client
        .ask(
            "mutation($input: AdminLoginInput!) { adminLogin(input: $input) {
                session { accessToken refreshToken } userErrors { code field message } } }",
            json!({ "input": { "email": email, "password": PASSWORD } }),
        )
        .await;
    client.take_session(answer.at("adminLogin.session"));
    client
}

on_every_engine! {
    async fn the_office_finds_suspends_and_resumes_tenants(app: &TestApp) {
        let owner = app.register("loom").await;
        app.register("spindle").await;
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;

        let list = "query($text: String) { adminTenants(filter: { text: $text, status: [ACTIVE] },
            orderBy: { field: SUBDOMAIN, direction: ASC }, first: 1) {
            totalCount pageInfo { hasNextPage endCursor }
            nodes { id subdomain country status migrationState storageLimitBytes
                server { name engine capacity } } }
            adminTenantCounts { total active suspended provisioning closed } }";
        let answer = admin.query(&list.replace("($text: String)", "").replace("text: $text,", ""))
            .await;
        assert_eq!(answer.at("adminTenants.totalCount"), 2);
        assert_eq!(answer.text("adminTenants.nodes.0.subdomain"), "loom");
        assert_eq!(answer.at("adminTenants.pageInfo.hasNextPage"), true);
        assert_eq!(answer.text("adminTenants.nodes.0.migrationState"), "CURRENT");
        answer.at("adminTenants.nodes.0.server.name");
        assert_eq!(answer.at("adminTenantCounts.active"), 2);
        let found = admin.ask(list, json!({ "text": "SPIN" })).await;
        assert_eq!(found.at("adminTenants.totalCount"), 1);

        let id = answer.text("adminTenants.nodes.0.id");
        let suspend = "mutation($id: ID!, $version: Int) { tenantSuspend(id: $id,
            input: { reason: \"unpaid\", expectedVersion: $version }) {
            tenant { status statusReason version } userErrors { code field message } } }";
        let stale = admin.ask(suspend, json!({ "id": id, "version": 99 })).await;
        assert_eq!(stale.refusals("tenantSuspend"), ["STALE input.expectedVersion"]);
        let done = admin.ask(suspend, json!({ "id": id })).await;
        assert_eq!(done.text("tenantSuspend.tenant.status"), "SUSPENDED");
        assert_eq!(done.text("tenantSuspend.tenant.statusReason"), "unpaid");
        assert_eq!(owner.query("{ me { name } }").await.code(), "TENANT_SUSPENDED");
        let again = admin.ask(suspend, json!({ "id": id })).await;
        assert_eq!(again.refusals("tenantSuspend"), ["NOT_ALLOWED id"]);
        let resume = "mutation($id: ID!) { tenantResume(id: $id, input: {}) {
            tenant { status } userErrors { code field message } } }";
        let done = admin.ask(resume, json!({ "id": id })).await;
        assert_eq!(done.text("tenantResume.tenant.status"), "ACTIVE");
        assert_eq!(owner.query("{ me { name } }").await.text("me.name"), "Meera Shah");

        // No token of a tenant opens the office, and none of the office a tenant.
        assert_eq!(owner.query("{ adminTenantCounts { total } }").await.code(), "FORBIDDEN");
        assert_eq!(admin.query("{ me { name } }").await.code(), "FORBIDDEN");
        assert_eq!(
            app.stranger().query("{ adminTenantCounts { total } }").await.code(),
            "UNAUTHENTICATED"
        );

        let log = admin
            .ask(
                "query($id: ID!) { adminAuditLogs(subjectId: $id) { totalCount
                    nodes { action actorKind subjectId } }
                    adminAuditVerify { ok isComplete firstBroken checkedRows } }",
                json!({ "id": id }),
            )
            .await;
        assert_eq!(log.text("adminAuditLogs.nodes.0.action"), "TENANT_RESUMED");
        assert_eq!(log.text("adminAuditLogs.nodes.1.action"), "TENANT_SUSPENDED");
        assert_eq!(log.text("adminAuditLogs.nodes.1.actorKind"), "PLATFORM");
        assert_eq!(log.text("adminAuditLogs.nodes.1.subjectId"), id);
        assert_eq!(log.at("adminAuditVerify.ok"), true);
        assert_eq!(log.at("adminAuditVerify.isComplete"), true);
    }

    async fn the_office_sets_up_a_tenant_and_sees_its_database(app: &TestApp) {
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let create = "mutation($input: TenantCreateInput!) { tenantCreate(input: $input) {
            tenant { id subdomain status } userErrors { code field message } } }";
        let input = json!({
            "companyName": "Nairobi Corner Shop", "subdomain": "duka", "ownerName": "Wanjiru Kamau",
            "email": "owner@duka.example", "password": PASSWORD, "country": "KE",
        });
        let made = admin.ask(create, json!({ "input": input })).await;
        assert_eq!(made.text("tenantCreate.tenant.status"), "ACTIVE");
        let mut bad = input.clone();
        bad["password"] = json!("password");
        bad["country"] = json!("ZZ");
        let refused = admin.ask(create, json!({ "input": bad })).await.refusals("tenantCreate");
        assert!(refused.contains(&"PASSWORD_WEAK input.password".to_owned()), "{refused:?}");
        assert!(refused.contains(&"COUNTRY_UNKNOWN input.country".to_owned()), "{refused:?}");
        let twice = admin.ask(create, json!({ "input": input })).await;
        assert_eq!(twice.refusals("tenantCreate"), ["SUBDOMAIN_TAKEN input.subdomain"]);

        let system = admin
            .query(
                "{ systemDatabases { totalSizeMb programVersion
                    mainDb { name engine sizeMb status engineVersion schemaVersion }
                    masterDb { name engine sizeMb status tenantsCount }
                    tenantDbs { total totalSizeMb avgSizeMb
                        byEngine { engine total totalSizeMb engineVersions }
                        databases { totalCount nodes { name status tenantId sizeMb } } } } }",
            )
            .await;
        assert_eq!(system.text("systemDatabases.mainDb.status"), "CURRENT");
        assert_eq!(system.at("systemDatabases.masterDb.tenantsCount"), 1);
        assert_eq!(system.at("systemDatabases.tenantDbs.total"), 1);
        system.at("systemDatabases.tenantDbs.avgSizeMb");
        let database = "systemDatabases.tenantDbs.databases.nodes.0";
        assert_eq!(system.text(&format!("{database}.status")), "CURRENT");
        assert_eq!(
            system.text(&format!("{database}.tenantId")),
            made.text("tenantCreate.tenant.id")
        );

        let servers = admin
            .query("{ adminServers { totalCount nodes { id name engine tenantCount isDefault version } } }")
            .await;
        let counts = servers.at("adminServers.nodes").as_array().unwrap();
        assert!(counts.iter().any(|server| server["tenantCount"] == 1), "{counts:?}");
        let rename = "mutation($id: ID!, $name: String) { serverUpdate(id: $id,
            input: { name: $name }) { server { name } userErrors { code field message } } }";
        let id = servers.text("adminServers.nodes.0.id");
        let done = admin.ask(rename, json!({ "id": id, "name": "first" })).await;
        assert_eq!(done.text("serverUpdate.server.name"), "first");
        let foreign = made.text("tenantCreate.tenant.id");
        let unknown = admin.ask(rename, json!({ "id": foreign, "name": "x" })).await;
        assert_eq!(unknown.refusals("serverUpdate"), ["NOT_FOUND id"]);
    }

    async fn people_of_the_office_come_and_go(app: &TestApp) {
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let create = "mutation($input: AdminCreateInput!) { adminCreate(input: $input) {
            admin { id role status version } userErrors { code field message } } }";
        let input = json!({ "email": "Ravi@office.example", "name": "Ravi", "role": "SUPPORT",
            "password": PASSWORD });
        let made = admin.ask(create, json!({ "input": input })).await;
        assert_eq!(made.text("adminCreate.admin.status"), "ACTIVE");
        let twice = admin.ask(create, json!({ "input": input })).await;
        assert_eq!(twice.refusals("adminCreate"), ["EMAIL_TAKEN input.email"]);

        let ravi = sign_in(app, "ravi@office.example").await;
        assert_eq!(ravi.ask(create, json!({ "input": input })).await.code(), "FORBIDDEN");
        let disable = "mutation($id: ID!) { adminDisable(id: $id, input: {}) {
            admin { status } userErrors { code field message } } }";
        let id = made.text("adminCreate.admin.id");
        let done = admin.ask(disable, json!({ "id": id })).await;
        assert_eq!(done.text("adminDisable.admin.status"), "DISABLED");
        assert_eq!(ravi.query("{ adminMe { name } }").await.code(), "UNAUTHENTICATED");

        let people = admin.query("{ admins { totalCount nodes { id role } } }").await;
        assert_eq!(people.at("admins.totalCount"), 2);
        let own = people.text("admins.nodes.0.id");
        let last = admin.ask(disable, json!({ "id": own })).await;
        assert_eq!(last.refusals("adminDisable"), ["LAST_OWNER id"]);
        let node = admin.ask("query($id: ID!) { node(id: $id) { id __typename } }",
            json!({ "id": own })).await;
        assert_eq!(node.text("node.__typename"), "Admin");
    }
}
