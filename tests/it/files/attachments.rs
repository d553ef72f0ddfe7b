//! Files beside vouchers.

use serde_json::{Value, json};

use super::uploads::{PDF, announce, pdf, send, upload};
use crate::{
    books::Shop,
    client::{Answer, Client},
    tenancy::invited,
};

async fn attach(client: &Client, voucher: &str, file: &str) -> Answer {
    client
        .ask(
            "mutation($input: VoucherAttachInput!) { voucherAttach(input: $input) {
                attachment { id note file { expiresAt } download { url fileName } }
                userErrors { code field message } } }",
            json!({ "input": { "voucherId": voucher, "fileId": file, "note": "the bill" } }),
        )
        .await
}

async fn detach(client: &Client, id: &str, reason: &str) -> Answer {
    client
        .ask(
            "mutation($input: VoucherDetachInput!) { voucherDetach(input: $input) {
                attachment { detachedAt detachReason detachedBy { name } }
                userErrors { code field message } } }",
            json!({ "input": { "id": id, "reason": reason } }),
        )
        .await
}

async fn listed(client: &Client, voucher: &str, all: bool) -> Value {
    let ask = format!(
        "{{ voucher(id: \"{voucher}\") {{ attachments(includeDetached: {all}) {{
            id note file {{ name }} attachedBy {{ name }} detachReason }} }} }}"
    );
    client.query(&ask).await.at("voucher.attachments").clone()
}

on_every_engine! {
    settings [("files.attachments_per_voucher", "2")];
    async fn a_file_lies_beside_its_voucher_until_it_is_taken_off(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let voucher = shop.posted(&shop.voucher("a", "PMT", "Rent", "Cash", "10")).await;
        let file = upload(app, &shop.client, pdf(PDF.len()), PDF).await;
        let done = attach(&shop.client, &voucher, &file).await;
        assert!(done.refusals("voucherAttach").is_empty(), "{}", done.body);
        assert!(done.data("voucherAttach.attachment.file.expiresAt").is_null());
        let id = done.text("voucherAttach.attachment.id");

        // It is fetched as it was sent, under its name, and no browser runs it.
        let url = done.text("voucherAttach.attachment.download.url");
        let fetched = reqwest::get(format!("http://{}{url}", app.address)).await.unwrap();
        assert_eq!(fetched.status(), 200);
        let header = |name: &str| fetched.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-disposition").ends_with("UTF-8''%E0%A4%AC%E0%A4%BF%E0%A4%B2%207.pdf"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "private, no-store");
        assert_eq!(header("content-type"), "application/pdf");
        assert_eq!(fetched.bytes().await.unwrap(), PDF);

        // One file lies in one place, and places are few.
        let twice = attach(&shop.client, &voucher, &file).await;
        assert_eq!(twice.refusals("voucherAttach"), ["IN_USE input.fileId"]);
        let second = upload(app, &shop.client, pdf(PDF.len()), PDF).await;
        assert!(attach(&shop.client, &voucher, &second).await.refusals("voucherAttach").is_empty());
        let third = upload(app, &shop.client, pdf(PDF.len()), PDF).await;
        let full = attach(&shop.client, &voucher, &third).await;
        assert_eq!(full.refusals("voucherAttach"), ["TOO_MANY input.voucherId"]);
        let wrong = attach(&shop.client, &shop.ledgers["Cash"], &third).await;
        assert_eq!(wrong.refusals("voucherAttach"), ["NOT_FOUND input.voucherId"]);
        let wrong = attach(&shop.client, &voucher, &voucher).await;
        assert_eq!(wrong.refusals("voucherAttach"), ["NOT_FOUND input.fileId"]);
        let awaited = announce(&shop.client, pdf(10)).await;
        let awaited = awaited.text("uploadCreate.file.id");
        let wrong = attach(&shop.client, &voucher, &awaited).await;
        assert_eq!(wrong.refusals("voucherAttach"), ["NOT_FOUND input.fileId"]);

        // Taken off with a reason, it stays to be seen.
        let refused = detach(&shop.client, &id, " ").await;
        assert_eq!(refused.refusals("voucherDetach"), ["REQUIRED input.reason"]);
        let done = detach(&shop.client, &id, "another customer's").await;
        assert_eq!(done.text("voucherDetach.attachment.detachedBy.name"), "Meera Shah");
        let again = detach(&shop.client, &id, "again").await;
        assert_eq!(again.refusals("voucherDetach"), ["ALREADY_DONE input.id"]);
        assert_eq!(listed(&shop.client, &voucher, false).await.as_array().unwrap().len(), 1);
        let all = listed(&shop.client, &voucher, true).await;
        assert_eq!(all[0]["detachReason"], "another customer's");
        assert_eq!((&all[0]["note"], &all[0]["attachedBy"]["name"]), (&json!("the bill"), &json!("Meera Shah")));
        let log = shop.client.query(&format!(
            "{{ auditLogs(subjectId: \"{id}\") {{ nodes {{ action }} }} auditVerify {{ ok }} }}")).await;
        let acts = json!([{ "action": "FILE_DETACHED" }, { "action": "FILE_ATTACHED" }]);
        assert_eq!(log.at("auditLogs.nodes"), &acts);
        assert_eq!(log.at("auditVerify.ok"), true);
    }

    async fn what_others_attach_stays_theirs(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let voucher = shop.posted(&shop.voucher("a", "PMT", "Rent", "Cash", "10")).await;
        let file = upload(app, &shop.client, pdf(PDF.len()), PDF).await;
        let done = attach(&shop.client, &voucher, &file).await;
        let id = done.text("voucherAttach.attachment.id");
        let url = done.text("voucherAttach.attachment.download.url");

        // A cashier sees neither the owner's voucher nor what lies beside it, and cannot use the file.
        let cashier = invited(app, &shop.client, "CASHIER", json!(null)).await;
        let ask = format!("{{ node(id: \"{id}\") {{ id }} }}");
        assert!(cashier.query(&ask).await.data("node").is_null());
        assert_eq!(detach(&cashier, &id, "no").await.refusals("voucherDetach"), ["NOT_FOUND input.id"]);
        let till = shop.seen_by(cashier.clone());
        let own = till.posted(&till.voucher("b", "PMT", "Rent", "Cash", "1")).await;
        let free = upload(app, &shop.client, pdf(PDF.len()), PDF).await;
        let taken = attach(&cashier, &own, &free).await;
        assert_eq!(taken.refusals("voucherAttach"), ["NOT_FOUND input.fileId"]);
        let viewer = invited(app, &shop.client, "VIEWER", json!(null)).await;
        assert_eq!(attach(&viewer, &voucher, &free).await.code(), "FORBIDDEN");
        assert_eq!(listed(&viewer, &voucher, false).await.as_array().unwrap().len(), 1);

        // Nor does another tenant, whose numbers may be the same.
        let other = Shop::open(app, "ravi").await;
        let wrong = attach(&other.client, &voucher, &file).await;
        assert_eq!(wrong.refusals("voucherAttach"), ["NOT_FOUND input.voucherId"]);
        assert!(other.client.query(&ask).await.data("node").is_null());
        let path = format!("http://{}{url}", app.address);
        let foreign = reqwest::Client::new().get(&path).header("x-tenant", "ravi");
        assert_eq!(foreign.send().await.unwrap().status(), 404);
        // An address for sending opens nothing to be fetched, nor the other way round.
        let token = url.rsplit('/').next().unwrap();
        assert_eq!(send(app, &format!("/files/{token}"), PDF.to_vec()).await.status(), 404);
    }
}
