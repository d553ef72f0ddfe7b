//! The platform's office: tenants, servers, people, sizes, and the log of what it did.

use daybook::{
    lane::Actor,
    services::platform::admins::{self, NewAdmin},
};
use daybook_entity::main::people::PlatformRole;
use serde_json::json;

use crate::{
    app::TestApp,
    client::{Answer, Client, PASSWORD},
    tenancy::missing_like,
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

const INVITE: &str = "mutation($input: AdminCreateInput!) { adminCreate(input: $input) {
    admin { id status } code codeExpiresAt userErrors { code field message } } }";

/// Shows a one-time code to one of the mutations that take one.
async fn use_code(app: &TestApp, mutation: &str, code: &str, password: &str) -> Answer {
    let input = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let query = format!(
        "mutation($input: {input}!) {{ {mutation}(input: $input) {{
            session {{ accessToken refreshToken }} userErrors {{ code field message }} }} }}"
    );
    let input = json!({ "input": { "code": code, "password": password } });
    app.stranger().ask(&query, input).await
}

async fn reset_request(client: &Client, id: &str) -> Answer {
    client
        .ask(
            "mutation($id: ID!) { adminPasswordResetRequest(id: $id) { admin { id } code
                userErrors { code field message } } }",
            json!({ "id": id }),
        )
        .await
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
        for blank in ["", " \\t "] {
            let blank = suspend.replace("unpaid", blank);
            let refused = admin.ask(&blank, json!({ "id": id })).await;
            assert_eq!(refused.refusals("tenantSuspend"), ["REQUIRED input.reason"]);
        }
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
                        databases { totalCount nodes { name status sizeMb tenant { id subdomain server { name } } } } } } }",
            )
            .await;
        assert_eq!(system.text("systemDatabases.mainDb.status"), "CURRENT");
        assert_eq!(system.at("systemDatabases.masterDb.tenantsCount"), 1);
        assert_eq!(system.at("systemDatabases.tenantDbs.total"), 1);
        system.at("systemDatabases.tenantDbs.avgSizeMb");
        let database = "systemDatabases.tenantDbs.databases.nodes.0";
        assert_eq!(system.text(&format!("{database}.status")), "CURRENT");
        assert_eq!(
            system.text(&format!("{database}.tenant.id")),
            made.text("tenantCreate.tenant.id")
        );
        system.text(&format!("{database}.tenant.server.name"));

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

    async fn an_owner_of_a_tenant_that_the_office_made_chooses_the_password(app: &TestApp) {
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let create = "mutation($input: TenantCreateInput!) { tenantCreate(input: $input) {
            tenant { id status } code codeExpiresAt userErrors { code field message } } }";
        let mut input = json!({
            "companyName": "Nairobi Corner Shop", "subdomain": "duka", "ownerName": "Wanjiru Kamau",
            "email": "owner@duka.example", "country": "KE",
        });
        let made = admin.ask(create, json!({ "input": input })).await;
        assert_eq!(made.text("tenantCreate.tenant.status"), "ACTIVE");
        made.at("tenantCreate.codeExpiresAt");
        let code = made.text("tenantCreate.code");
        // It is a code of the tenant's, not of the office's.
        let refused = use_code(app, "adminInvitationAccept", &code, PASSWORD).await;
        assert_eq!(refused.refusals("adminInvitationAccept"), ["CODE_EXPIRED input.code"]);
        let taken = use_code(app, "invitationAccept", &code, PASSWORD).await;
        let mut owner = app.stranger();
        owner.take_session(taken.at("invitationAccept.session"));
        let me = owner.query("{ me { role email } businesses { totalCount } }").await;
        assert_eq!(me.text("me.role"), "OWNER");
        assert_eq!(me.at("businesses.totalCount"), 1);
        let again = use_code(app, "invitationAccept", &code, PASSWORD).await;
        assert_eq!(again.refusals("invitationAccept"), ["CODE_EXPIRED input.code"]);
        // With a password there is no code.
        input["subdomain"] = json!("soko");
        input["password"] = json!(PASSWORD);
        let made = admin.ask(create, json!({ "input": input })).await;
        assert!(made.data("tenantCreate.code").is_null());
        made.at("tenantCreate.tenant.id");
    }

    async fn people_of_the_office_choose_their_passwords(app: &TestApp) {
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let input = json!({ "email": "ravi@office.example", "name": "Ravi", "role": "SUPPORT" });
        let made = admin.ask(INVITE, json!({ "input": input })).await;
        assert_eq!(made.text("adminCreate.admin.status"), "INVITED");
        made.at("adminCreate.codeExpiresAt");
        let id = made.text("adminCreate.admin.id");
        let code = made.text("adminCreate.code");
        for wrong in [code.replacen("dbc_0", "dbc_1", 1).as_str(), "nonsense", ""] {
            let refused = use_code(app, "adminInvitationAccept", wrong, PASSWORD).await;
            assert_eq!(refused.refusals("adminInvitationAccept"), ["CODE_EXPIRED input.code"]);
        }
        for other in ["adminPasswordReset", "invitationAccept", "passwordReset"] {
            let refused = use_code(app, other, &code, PASSWORD).await;
            assert_eq!(refused.refusals(other), ["CODE_EXPIRED input.code"], "{other}");
        }
        let weak = use_code(app, "adminInvitationAccept", &code, "ravi@office.example").await;
        assert_eq!(weak.refusals("adminInvitationAccept"), ["PASSWORD_WEAK input.password"]);
        // A lost invitation is repeated; the first is void then.
        let repeated = reset_request(&admin, &id).await.text("adminPasswordResetRequest.code");
        let refused = use_code(app, "adminInvitationAccept", &code, PASSWORD).await;
        assert_eq!(refused.refusals("adminInvitationAccept"), ["CODE_EXPIRED input.code"]);
        let taken = use_code(app, "adminInvitationAccept", &repeated, PASSWORD).await;
        let mut ravi = app.stranger();
        ravi.take_session(taken.at("adminInvitationAccept.session"));
        assert_eq!(ravi.query("{ adminMe { role } }").await.text("adminMe.role"), "SUPPORT");

        // A new password: by who keeps the office's people, for others than themselves.
        for (client, code) in [(&ravi, "FORBIDDEN"), (&app.stranger(), "UNAUTHENTICATED")] {
            assert_eq!(reset_request(client, &id).await.code(), code);
        }
        let own = admin.query("{ adminMe { id } }").await.text("adminMe.id");
        let own = reset_request(&admin, &own).await;
        assert_eq!(own.refusals("adminPasswordResetRequest"), ["NOT_ALLOWED id"]);
        let nobody = reset_request(&admin, &missing_like(&id)).await;
        assert_eq!(nobody.refusals("adminPasswordResetRequest"), ["NOT_FOUND id"]);
        let code = reset_request(&admin, &id).await.text("adminPasswordResetRequest.code");
        ravi.query("{ adminMe { id } }").await.text("adminMe.id");
        let new = "a green kite over the river";
        let done = use_code(app, "adminPasswordReset", &code, new).await;
        let mut again = app.stranger();
        again.take_session(done.at("adminPasswordReset.session"));
        again.query("{ adminMe { id } }").await.text("adminMe.id");
        assert_eq!(ravi.query("{ adminMe { id } }").await.code(), "UNAUTHENTICATED");
        let used = use_code(app, "adminPasswordReset", &code, new).await;
        assert_eq!(used.refusals("adminPasswordReset"), ["CODE_EXPIRED input.code"]);

        // Another role, and being shut out, make codes void; so does a day.
        let code = reset_request(&admin, &id).await.text("adminPasswordResetRequest.code");
        let raise = "mutation($id: ID!) { adminUpdate(id: $id, input: { role: ADMIN }) {
            admin { role } userErrors { code field message } } }";
        admin.ask(raise, json!({ "id": id })).await.text("adminUpdate.admin.role");
        let refused = use_code(app, "adminPasswordReset", &code, new).await;
        assert_eq!(refused.refusals("adminPasswordReset"), ["CODE_EXPIRED input.code"]);
        let code = reset_request(&admin, &id).await.text("adminPasswordResetRequest.code");
        for turn in ["adminDisable", "adminEnable"] {
            let set = format!(
                "mutation($id: ID!) {{ {turn}(id: $id) {{
                    admin {{ status }} userErrors {{ code field message }} }} }}"
            );
            admin.ask(&set, json!({ "id": id })).await.text(&format!("{turn}.admin.status"));
            let twice = admin.ask(&set, json!({ "id": id })).await;
            assert_eq!(twice.refusals(turn), ["ALREADY_DONE id"]);
            let refused = use_code(app, "adminPasswordReset", &code, new).await;
            assert_eq!(refused.refusals("adminPasswordReset"), ["CODE_EXPIRED input.code"]);
        }
        let log = admin.query("{ adminAuditLogs(first: 100) { nodes { action } } adminAuditVerify { ok } }").await;
        assert_eq!(log.at("adminAuditVerify.ok"), true);
        let actions = log.at("adminAuditLogs.nodes").to_string();
        for action in ["INVITATION_REPEATED", "INVITATION_ACCEPTED", "PASSWORD_RESET_REQUESTED"] {
            assert!(actions.contains(action), "{action}: {actions}");
        }
        assert!(!actions.contains("dbc_"));
        let code = reset_request(&admin, &id).await.text("adminPasswordResetRequest.code");
        app.clock.advance_ms(24 * 3_600_000 + 1);
        let refused = use_code(app, "adminPasswordReset", &code, new).await;
        assert_eq!(refused.refusals("adminPasswordReset"), ["CODE_EXPIRED input.code"]);
    }

    async fn people_of_the_office_see_and_end_their_own_sessions(app: &TestApp) {
        let sessions = "{ adminSessions { totalCount nodes { id isCurrent createdAt renewedAt expiresAt
            endedAt } } }";
        let end = "mutation($id: ID!) { adminSessionEnd(id: $id) { session { id endedAt }
            userErrors { code field message } } }";
        let node = "query($id: ID!) { node(id: $id) { __typename id } }";
        let me = "{ adminMe { email } }";
        let asha = office(app, "asha@office.example", PlatformRole::Support).await;
        let ravi = office(app, "ravi@office.example", PlatformRole::Admin).await;
        let other = sign_in(app, "asha@office.example").await;

        let own = asha.query(sessions).await;
        assert_eq!(own.at("adminSessions.totalCount"), 2, "{}", own.body);
        assert_eq!(own.at("adminSessions.nodes.0.isCurrent"), false);
        assert_eq!(own.at("adminSessions.nodes.1.isCurrent"), true);
        let newest = own.text("adminSessions.nodes.0.id");
        let found = asha.ask(node, json!({ "id": newest })).await;
        assert_eq!(found.text("node.__typename"), "AdminSession");

        // Others' are nobody's, not even an administrator's.
        for foreign in [&newest, &missing_like(&newest)] {
            let refused = ravi.ask(end, json!({ "id": foreign })).await;
            assert_eq!(refused.refusals("adminSessionEnd"), ["NOT_FOUND id"]);
            assert!(ravi.ask(node, json!({ "id": foreign })).await.data("node").is_null());
        }
        other.query(me).await.text("adminMe.email");
        let done = asha.ask(end, json!({ "id": newest })).await;
        done.text("adminSessionEnd.session.endedAt");
        assert_eq!(other.query(me).await.code(), "UNAUTHENTICATED");
        let again = asha.ask(end, json!({ "id": newest })).await;
        assert_eq!(again.refusals("adminSessionEnd"), ["ALREADY_DONE id"]);
        assert_eq!(asha.query(sessions).await.at("adminSessions.totalCount"), 1);
        // A tenant's users have none there.
        let owner = app.register("meera").await;
        assert_eq!(owner.query(sessions).await.code(), "FORBIDDEN");
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
        assert_eq!(last.refusals("adminDisable"), ["LAST_ADMIN id"]);
        let node = admin.ask("query($id: ID!) { node(id: $id) { id __typename } }",
            json!({ "id": own })).await;
        assert_eq!(node.text("node.__typename"), "Admin");
    }
}
