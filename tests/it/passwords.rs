//! One-time codes: who gets one, what it opens, and when it ends.

use daybook_entity::main::people::PlatformRole;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client, PASSWORD},
    office::office,
    tenancy::{invited, missing_like},
};

const ME: &str = "{ me { id email } }";
const NEW: &str = "a green kite over the river";

async fn reset_request(client: &Client, id: &str) -> Answer {
    client
        .ask(
            "mutation($id: ID!) { passwordResetRequest(id: $id) { user { id } code codeExpiresAt
                userErrors { code field message } } }",
            json!({ "id": id }),
        )
        .await
}

async fn reset(client: &Client, code: &str, password: &str) -> Answer {
    client
        .ask(
            "mutation($input: PasswordResetInput!) { passwordReset(input: $input) {
                session { accessToken refreshToken } userErrors { code field message } } }",
            json!({ "input": { "code": code, "password": password } }),
        )
        .await
}

async fn login(client: &Client, email: &str, password: &str) -> Answer {
    client
        .ask(
            "mutation($input: LoginInput!) { login(input: $input) {
                session { accessToken refreshToken } userErrors { code field message } } }",
            json!({ "input": { "email": email, "password": password, "subdomain": "meera" } }),
        )
        .await
}

async fn id_of(client: &Client) -> String {
    client.query(ME).await.text("me.id")
}

/// An answer without the id that each request has.
fn told(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    for error in body["errors"].as_array_mut().into_iter().flatten() {
        error["extensions"]["requestId"] = Value::Null;
    }
    body["extensions"] = Value::Null;
    body
}

on_every_engine! {
    async fn a_code_for_a_new_password_is_for_who_keeps_the_staff(app: &TestApp) {
        let owner = app.register("meera").await;
        let clerk = invited(app, &owner, "CASHIER", Value::Null).await;
        let viewer = invited(app, &owner, "VIEWER", Value::Null).await;
        let id = id_of(&clerk).await;
        let none = missing_like(&id);

        // Nobody else gets a code, nor learns who is there.
        for (client, code) in [(&app.stranger(), "UNAUTHENTICATED"), (&viewer, "FORBIDDEN")] {
            let asked = reset_request(client, &id).await;
            assert_eq!(asked.code(), code, "{}", asked.body);
            assert_eq!(told(&asked), told(&reset_request(client, &none).await));
        }
        let other = app.register("ravi").await;
        let foreign = reset_request(&other, &id).await;
        assert_eq!(foreign.refusals("passwordResetRequest"), ["NOT_FOUND id"]);
        assert_eq!(told(&foreign), told(&reset_request(&other, &none).await));

        let first = reset_request(&owner, &id).await;
        assert_eq!(first.text("passwordResetRequest.user.id"), id);
        first.at("passwordResetRequest.codeExpiresAt");
        let second = reset_request(&owner, &id).await.text("passwordResetRequest.code");
        // A newer code makes the older one void, and what is no code says no more than that.
        let first = first.text("passwordResetRequest.code");
        let foreign = first.replacen("dbc_", "dbc_1", 1);
        for code in [first.as_str(), &foreign, "dbc_0_x", "nonsense", ""] {
            let refused = reset(&app.stranger(), code, NEW).await;
            assert_eq!(refused.refusals("passwordReset"), ["CODE_EXPIRED input.code"], "{code}");
        }
        let weak = reset(&app.stranger(), &second, "password").await;
        assert_eq!(weak.refusals("passwordReset"), ["PASSWORD_WEAK input.password"]);
        // Until it is used, all stays as it was.
        assert_eq!(id_of(&clerk).await, id);

        let done = reset(&app.stranger(), &second, NEW).await;
        let mut again = app.stranger();
        again.take_session(done.at("passwordReset.session"));
        assert_eq!(id_of(&again).await, id);
        assert_eq!(clerk.query(ME).await.code(), "UNAUTHENTICATED");
        let used = reset(&app.stranger(), &second, "another kite over the sea").await;
        assert_eq!(used.refusals("passwordReset"), ["CODE_EXPIRED input.code"]);
        let email = "cashier@example.com";
        let before = login(&app.stranger(), email, PASSWORD).await;
        assert_eq!(before.refusals("login"), ["CREDENTIALS_WRONG input"], "{}", before.body);
        login(&app.stranger(), email, NEW).await.text("login.session.accessToken");
        assert_eq!(id_of(&owner).await.len(), id.len());
    }

    async fn a_code_opens_no_more_than_its_maker_could_touch(app: &TestApp) {
        let owner = app.register("meera").await;
        // One's own password needs the old one; an owner's is the operator's.
        let own = reset_request(&owner, &id_of(&owner).await).await;
        assert_eq!(own.refusals("passwordResetRequest"), ["NOT_ALLOWED id"]);
        let clerk = invited(app, &owner, "CASHIER", Value::Null).await;
        let id = id_of(&clerk).await;
        let code = reset_request(&owner, &id).await.text("passwordResetRequest.code");
        let raise = "mutation($id: ID!, $role: Role) { userUpdate(id: $id, input: { role: $role }) {
            user { role } userErrors { code field message } } }";
        let done = owner.ask(raise, json!({ "id": id, "role": "OWNER" })).await;
        assert_eq!(done.text("userUpdate.user.role"), "OWNER");
        let refused = reset(&app.stranger(), &code, NEW).await;
        assert_eq!(refused.refusals("passwordReset"), ["CODE_EXPIRED input.code"]);
        let second = reset_request(&owner, &id).await;
        assert_eq!(second.refusals("passwordResetRequest"), ["NOT_ALLOWED id"]);
        // A new name is no new right.
        let viewer = invited(app, &owner, "VIEWER", Value::Null).await;
        let id = id_of(&viewer).await;
        let code = reset_request(&owner, &id).await.text("passwordResetRequest.code");
        let rename = "mutation($id: ID!) { userUpdate(id: $id, input: { name: \"Vera\" }) {
            userErrors { code field message } } }";
        assert!(owner.ask(rename, json!({ "id": id })).await.refusals("userUpdate").is_empty());
        let done = reset(&app.stranger(), &code, NEW).await;
        assert!(done.refusals("passwordReset").is_empty(), "{}", done.body);
    }

    async fn a_code_tells_nothing_of_a_suspended_account(app: &TestApp) {
        let owner = app.register("meera").await;
        let clerk = invited(app, &owner, "CASHIER", Value::Null).await;
        let code = reset_request(&owner, &id_of(&clerk).await).await;
        let code = code.text("passwordResetRequest.code");
        let tenant = owner.query("{ me { tenant { id } } }").await.text("me.tenant.id");
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        let turn = async |mutation: &str, input: &str| {
            let query = format!(
                "mutation($id: ID!) {{ {mutation}(id: $id, input: {{ {input} }}) {{
                    tenant {{ status }} userErrors {{ code field message }} }} }}"
            );
            let done = admin.ask(&query, json!({ "id": tenant })).await;
            assert!(done.refusals(mutation).is_empty(), "{}", done.body);
        };
        turn("tenantSuspend", "reason: \"unpaid\"").await;
        let refused = reset(&app.stranger(), &code, NEW).await;
        assert_eq!(refused.refusals("passwordReset"), ["CODE_EXPIRED input.code"]);
        turn("tenantResume", "").await;
        let done = reset(&app.stranger(), &code, NEW).await;
        assert!(done.refusals("passwordReset").is_empty(), "{}", done.body);
    }

    async fn a_code_ends_after_a_day(app: &TestApp) {
        let owner = app.register("meera").await;
        let clerk = invited(app, &owner, "CASHIER", Value::Null).await;
        let made = reset_request(&owner, &id_of(&clerk).await).await;
        let code = made.text("passwordResetRequest.code");
        app.clock.advance_ms(24 * 3_600_000 + 1);
        let refused = reset(&app.stranger(), &code, NEW).await;
        assert_eq!(refused.refusals("passwordReset"), ["CODE_EXPIRED input.code"]);
    }

    async fn a_password_changes_to_another_one(app: &TestApp) {
        let owner = app.register("meera").await;
        let admin = office(app, "asha@office.example", PlatformRole::Admin).await;
        for client in [&owner, &admin] {
            let change = async |current: &str, new: &str| {
                let input = json!({ "currentPassword": current, "newPassword": new });
                client
                    .ask(
                        "mutation($input: PasswordChangeInput!) { passwordChange(input: $input) {
                            userErrors { code field message } } }",
                        json!({ "input": input }),
                    )
                    .await
                    .refusals("passwordChange")
            };
            assert_eq!(
                change(PASSWORD, PASSWORD).await,
                ["PASSWORD_UNCHANGED input.newPassword"]
            );
            // Whether it is the password is not told by this either.
            assert_eq!(change(NEW, NEW).await, ["CREDENTIALS_WRONG input.currentPassword"]);
            assert!(change(PASSWORD, NEW).await.is_empty());
        }
    }
}
