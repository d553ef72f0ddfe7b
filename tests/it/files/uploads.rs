//! Uploads from their announcement to their end, and everything that is refused on the way.

use async_graphql::ID;
use daybook::{
    graphql::{files::STORED_FILE, id},
    services::files::part_of,
};
use daybook_domain::id::StoredFileId;
use reqwest::Response;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    app::TestApp,
    books::Shop,
    client::{Answer, Client},
    hand::{row_of, run_sql},
    tenancy::invited,
};

/// The smallest beginning of a PDF.
pub const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n% the rest is not looked at\n";

/// Announces a file.
pub async fn announce(client: &Client, input: Value) -> Answer {
    client
        .ask(
            "mutation($input: UploadCreateInput!) { uploadCreate(input: $input) {
                file { id name mediaType size state sha256 expiresAt } uploadUrl expiresAt
                userErrors { code field message } } }",
            json!({ "input": input }),
        )
        .await
}

/// The input of an attachment.
pub fn pdf(size: usize) -> Value {
    json!({ "purpose": "ATTACHMENT", "fileName": "बिल 7.pdf", "mediaType": "application/pdf",
        "size": size })
}

/// Sends bytes to an address that was announced.
pub async fn send(app: &TestApp, url: &str, bytes: Vec<u8>) -> Response {
    let url = format!("http://{}{url}", app.address);
    reqwest::Client::new().put(url).body(bytes).send().await.unwrap()
}

/// Uploads a file for a purpose; its id.
pub async fn upload(app: &TestApp, client: &Client, input: Value, bytes: &[u8]) -> String {
    let made = announce(client, input).await;
    let sent = send(app, &made.text("uploadCreate.uploadUrl"), bytes.to_vec()).await;
    assert_eq!(sent.status(), 200, "{}", sent.text().await.unwrap());
    made.text("uploadCreate.file.id")
}

/// Bytes that begin as a PDF does.
fn large(size: usize) -> Vec<u8> {
    let mut bytes = PDF.to_vec();
    bytes.extend((bytes.len()..size).map(|at| u8::try_from(at % 251).unwrap()));
    bytes
}

on_every_engine! {
    async fn a_file_is_stored_as_it_was_sent(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        // More than two blocks, and no whole number of parts.
        let bytes = large((2 << 20) + 300_001);
        let made = announce(&shop.client, pdf(bytes.len())).await;
        assert!(made.refusals("uploadCreate").is_empty(), "{}", made.body);
        assert_eq!(made.at("uploadCreate.file.state"), "AWAITED");
        let url = made.text("uploadCreate.uploadUrl");

        // One that breaks off leaves nothing that counts, and may begin again.
        let short = send(app, &url, bytes[..bytes.len() - 1].to_vec()).await;
        assert_eq!(short.status(), 400);
        let sent = send(app, &url, bytes.clone()).await;
        let (status, body) = (sent.status(), sent.text().await.unwrap());
        assert_eq!(status, 200, "{body}");
        let told: Value = serde_json::from_str(&body).unwrap();
        let hash = hex::encode(Sha256::digest(&bytes));
        assert_eq!(told["file"]["sha256"], json!(hash));
        let id = made.text("uploadCreate.file.id");
        let ask = format!("{{ node(id: \"{id}\") {{ ... on StoredFile {{ name state sha256 size
            business {{ name }} createdBy {{ name }} }} }} }}");
        let found = shop.client.query(&ask).await;
        assert_eq!(found.at("node.state"), "STORED");
        assert_eq!(found.at("node.sha256"), &json!(hash));
        assert_eq!(found.at("node.name"), "बिल 7.pdf");
        assert_eq!(found.at("node.createdBy.name"), "Meera Shah");

        // What lies in the database is what was sent.
        let lease = app.app.tenancy.lease(row_of(app, "meera").await.id).await.unwrap();
        let reader = lease.reader().await.unwrap();
        let (mut stored, mut part) = (Vec::new(), 0);
        let number = StoredFileId::new(id::number(STORED_FILE, &ID(id.clone())));
        while let Some(bytes) = part_of(reader.conn(), number, part).await.unwrap() {
            stored.extend(bytes);
            part += 1;
        }
        assert!(stored == bytes, "{} of {} bytes in {part} parts", stored.len(), bytes.len());
        drop((reader, lease));

        // The address is good once.
        let again = send(app, &url, bytes).await;
        assert_eq!(again.status(), 409);
        // The edit log tells of it, and still holds.
        let log = shop.client.query(&format!(
            "{{ auditLogs(subjectId: \"{id}\") {{ nodes {{ action subjectType }} }}
                auditVerify {{ ok }} }}")).await;
        assert_eq!(log.at("auditVerify.ok"), true);
        assert_eq!(log.at("auditLogs.nodes.0"), &json!({ "action": "FILE_STORED", "subjectType": "STORED_FILE" }));
    }

    async fn what_is_not_as_announced_is_refused(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        for (changed, why) in [
            (json!({ "size": 0 }), "INVALID input.size"),
            (json!({ "size": 10_485_761 }), "TOO_LARGE input.size"),
            (json!({ "mediaType": "text/html" }), "MEDIA_TYPE_REFUSED input.mediaType"),
            (json!({ "mediaType": "application/xml" }), "MEDIA_TYPE_REFUSED input.mediaType"),
            (json!({ "fileName": "../etc/passwd" }), "INVALID input.fileName"),
            (json!({ "fileName": "  " }), "REQUIRED input.fileName"),
            (json!({ "businessId": shop.ledgers["Cash"] }), "BUSINESS_UNKNOWN input.businessId"),
        ] {
            let mut input = pdf(100);
            input.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            let refused = announce(&shop.client, input).await;
            assert_eq!(refused.refusals("uploadCreate"), [why], "{}", refused.body);
        }
        let made = announce(&shop.client, pdf(PDF.len())).await;
        let url = made.text("uploadCreate.uploadUrl");
        let mut more = PDF.to_vec();
        more.push(b'\n');
        assert_eq!(send(app, &url, more).await.status(), 413);
        let html = format!("<html>{}", " ".repeat(PDF.len() - 6));
        assert_eq!(send(app, &url, html.into_bytes()).await.status(), 415);
        let path = format!("http://{}{url}", app.address);
        let typed = reqwest::Client::new().put(&path).header("content-type", "image/png");
        assert_eq!(typed.body(PDF.to_vec()).send().await.unwrap().status(), 415);
        let get = reqwest::get(&path).await.unwrap();
        assert_eq!((get.status().as_u16(), get.headers()["allow"].to_str().unwrap()), (405, "PUT"));

        // A token that was changed, and one for another thing, open nothing.
        let mut changed = url.clone().into_bytes();
        let last = changed.last_mut().unwrap();
        *last = if *last == b'A' { b'B' } else { b'A' };
        for wrong in [String::from_utf8(changed).unwrap(), "/files/x".into(), format!("{url}.x")] {
            assert_eq!(send(app, &wrong, PDF.to_vec()).await.status(), 404, "{wrong}");
        }
        // Nor does it open another tenant.
        app.register("ravi").await;
        let other = reqwest::Client::new().put(&path).header("x-tenant", "ravi");
        assert_eq!(other.body(PDF.to_vec()).send().await.unwrap().status(), 404);
        assert_eq!(send(app, &url, PDF.to_vec()).await.status(), 200);

        // Its time is bounded.
        let made = announce(&shop.client, pdf(PDF.len())).await;
        app.clock.advance_ms(901_000);
        let late = send(app, &made.text("uploadCreate.uploadUrl"), PDF.to_vec()).await;
        assert_eq!(late.status(), 410);
    }

    async fn a_link_is_worth_what_its_user_is(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let viewer = invited(app, &shop.client, "VIEWER", json!(null)).await;
        assert_eq!(announce(&viewer, pdf(10)).await.code(), "FORBIDDEN");
        assert_eq!(announce(&app.stranger(), pdf(10)).await.code(), "UNAUTHENTICATED");
        let cashier = invited(app, &shop.client, "CASHIER", json!(null)).await;
        let made = announce(&cashier, pdf(PDF.len())).await;
        let url = made.text("uploadCreate.uploadUrl");
        // The owner's own file is not the cashier's to see.
        let own = upload(app, &shop.client, pdf(PDF.len()), PDF).await;
        let found = cashier.query(&format!("{{ node(id: \"{own}\") {{ id }} }}")).await;
        assert!(found.data("node").is_null(), "{}", found.body);
        let id = cashier.query("{ me { id } }").await.text("me.id");
        let done = shop.client.ask(
            "mutation($id: ID!) { userDisable(id: $id) { userErrors { code field message } } }",
            json!({ "id": id }),
        ).await;
        assert!(done.refusals("userDisable").is_empty(), "{}", done.body);
        assert_eq!(send(app, &url, PDF.to_vec()).await.status(), 401);
    }
}

on_every_engine! {
    settings [("tenants.storage_limit_bytes", "1048576")];
    async fn room_is_bounded_and_comes_back(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let made = announce(&shop.client, pdf(1_000_000)).await;
        assert!(made.refusals("uploadCreate").is_empty(), "{}", made.body);
        let told = shop.client.query("{ account { storedFilesBytes storageLimitBytes } }").await;
        let right = json!({ "storedFilesBytes": "1000000", "storageLimitBytes": "1048576" });
        assert_eq!(told.at("account"), &right);
        let full = announce(&shop.client, pdf(100_000)).await;
        assert_eq!(full.refusals("uploadCreate"), ["STORAGE_LIMIT input.size"]);
        // What never came makes room.
        run_sql(app, "meera", &["UPDATE stored_files SET expires_at = 1"]).await;
        let made = announce(&shop.client, pdf(100_000)).await;
        assert!(made.refusals("uploadCreate").is_empty(), "{}", made.body);
    }
}
