//! Drafts: written in part, posted whole, approved by somebody else.

use daybook::services::platform::verify;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::shop::Shop;
use crate::{
    app::TestApp,
    client::Answer,
    hand::{row_of, run_sql, sql_number},
    tenancy::invited,
};

const DRAFT: &str = "draft { id action status version date total { amount } voucherVersion
    problems { code field } postedVoucher { id } voucherType { code } decisionReason
    createdBy { name } submittedBy { name } decidedBy { name }
    entries { ledger { name } debit credit } }";
const ERRORS: &str = "userErrors { code field message }";

/// Problems as `CODE path.to.field`.
fn problems(draft: &Value) -> Vec<String> {
    let problems = draft["problems"].as_array().unwrap();
    let path = |one: &Value| {
        let steps = one["field"].as_array().unwrap().iter();
        steps.map(|step| step.as_str().unwrap().to_owned()).collect::<Vec<_>>().join(".")
    };
    problems.iter().map(|one| format!("{} {}", one["code"].as_str().unwrap(), path(one))).collect()
}

/// A draft's id with the version that was seen.
fn seen(draft: &Value) -> Value {
    json!({ "draftId": draft["id"], "expectedVersion": draft["version"] })
}

impl Shop {
    async fn draft(&self, field: &str, kind: &str, shown: &str, input: Value) -> Answer {
        let text = format!(
            "mutation($input: {kind}!) {{ {field}(input: $input) {{ {shown} {ERRORS} }} }}"
        );
        self.client.ask(&text, json!({ "input": input })).await
    }

    async fn try_save(&self, input: Value) -> Answer {
        self.draft("voucherDraftSave", "VoucherDraftSaveInput", DRAFT, input).await
    }

    /// Saves what must be accepted; the draft.
    pub async fn saved(&self, input: Value) -> Value {
        let answer = self.try_save(input).await;
        assert!(answer.refusals("voucherDraftSave").is_empty(), "{}", answer.body);
        answer.at("voucherDraftSave.draft").clone()
    }

    /// The content of a draft that moves an amount from one ledger to another.
    pub fn content(&self, kind: &str, debit: &str, credit: &str, amount: &str) -> Value {
        let mut input = self.voucher("", kind, debit, credit, amount);
        input.as_object_mut().unwrap().remove("idempotencyKey");
        input["action"] = json!("POST");
        input
    }

    async fn submit(&self, draft: &Value) -> Answer {
        self.draft("voucherDraftSubmit", "VoucherDraftInput", DRAFT, seen(draft)).await
    }

    /// Submits what must be accepted; the draft.
    async fn submitted(&self, draft: &Value) -> Value {
        let answer = self.submit(draft).await;
        assert!(answer.refusals("voucherDraftSubmit").is_empty(), "{}", answer.body);
        answer.at("voucherDraftSubmit.draft").clone()
    }

    async fn reject(&self, draft: &Value, reason: &str) -> Answer {
        let mut input = seen(draft);
        input["reason"] = json!(reason);
        self.draft("voucherDraftReject", "VoucherDraftRejectInput", DRAFT, input).await
    }

    async fn delete(&self, draft: &Value) -> Answer {
        let input = json!({ "draftId": draft["id"] });
        self.draft("voucherDraftDelete", "VoucherDraftInput", "deletedDraftId", input).await
    }

    /// Posts or approves a draft.
    async fn decide(&self, field: &str, key: &str, draft: &Value, dry_run: bool) -> Answer {
        let mut input = seen(draft);
        input["idempotencyKey"] = json!(key);
        input["dryRun"] = json!(dry_run);
        let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let shown = format!(
            "voucher {{ id number version status createdBy {{ name }} }} replayed dryRun {DRAFT}"
        );
        self.draft(field, &kind, &shown, input).await
    }

    async fn approve(&self, key: &str, draft: &Value) -> Answer {
        self.decide("voucherDraftApprove", key, draft, false).await
    }

    /// Approves what must be accepted; the voucher's id.
    async fn approved(&self, key: &str, draft: &Value) -> String {
        let answer = self.approve(key, draft).await;
        assert!(answer.refusals("voucherDraftApprove").is_empty(), "{}", answer.body);
        assert_eq!(answer.text("voucherDraftApprove.draft.status"), "POSTED");
        let voucher = answer.text("voucherDraftApprove.voucher.id");
        assert_eq!(answer.text("voucherDraftApprove.draft.postedVoucher.id"), voucher);
        voucher
    }

    /// The draft as it stands now.
    async fn read(&self, draft: &Value) -> Value {
        let ask = format!("query($id: ID!) {{ draft: voucherDraft(id: $id) {} }}", &DRAFT[6..]);
        self.client.ask(&ask, json!({ "id": draft["id"] })).await.data("draft").clone()
    }

    /// Calls a mutation of vouchers that may leave a draft.
    async fn kept(&self, field: &str, input: &Value) -> Answer {
        let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let shown = format!("voucher {{ id version status }} replayed dryRun {DRAFT}");
        self.draft(field, &kind, &shown, input.clone()).await
    }

    async fn want_approval(&self, wanted: bool) {
        let id = self.client.query("{ businesses { nodes { id } } }").await;
        let id = id.text("businesses.nodes.0.id");
        let ask = "mutation($id: ID!, $wanted: Boolean) {
            businessUpdate(id: $id, input: { approvalRequired: $wanted }) {
                business { settings { approvalRequired } } userErrors { code field message } } }";
        let answer = self.client.ask(ask, json!({ "id": id, "wanted": wanted })).await;
        assert_eq!(answer.at("businessUpdate.business.settings.approvalRequired"), wanted);
    }

    /// What was done to a draft, oldest first, as the edit log says.
    async fn trail(&self, draft: &Value) -> Vec<String> {
        let log = "query($id: ID!) { auditLogs(subjectId: $id) { nodes { action subjectType } } }";
        let found = self.client.ask(log, json!({ "id": draft["id"] })).await;
        let rows = found.at("auditLogs.nodes").as_array().unwrap().clone();
        assert!(rows.iter().all(|row| row["subjectType"] == "VOUCHER_DRAFT"), "{rows:?}");
        rows.iter().rev().map(|row| row["action"].as_str().unwrap().to_owned()).collect()
    }
}

/// Locks all days through one, behind the program's back.
async fn lock(app: &TestApp, through: &str) {
    let lock = format!(
        "INSERT INTO period_locks (business_id, kind, area, locked_through, set_at) \
         SELECT id, 'SOFT', 16, '{through}', 0 FROM businesses"
    );
    run_sql(app, "meera", &[&lock, "UPDATE lane SET settings_seq = settings_seq + 1"]).await;
}

async fn unlock(app: &TestApp) {
    let sql = ["DELETE FROM period_locks", "UPDATE lane SET settings_seq = settings_seq + 1"];
    run_sql(app, "meera", &sql).await;
}

/// The edit log and the posted rows agree.
async fn assert_verified(app: &TestApp) {
    let id = row_of(app, "meera").await.id;
    let lease = app.app.tenancy.lease(id).await.unwrap();
    let report = verify::verify(&app.app.office, &lease).await.unwrap();
    assert!(report.difference.is_none(), "{:?}", report.difference);
}

on_every_engine! {
    async fn a_draft_is_written_in_part_and_posted_whole(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let draft = shop.saved(json!({ "action": "POST" })).await;
        assert_eq!((&draft["status"], &draft["version"]), (&json!("OPEN"), &json!(1)));
        let all_missing = ["REQUIRED draft.date", "REQUIRED draft.voucherTypeId"];
        assert_eq!(problems(&draft), all_missing);
        let wrong = json!({ "id": draft["id"], "action": "POST" });
        let refused = shop.try_save(wrong).await;
        assert_eq!(refused.refusals("voucherDraftSave"), ["REQUIRED input.expectedVersion"]);

        // Whatever is there is judged, and stored as it was written.
        let mut content = shop.content("PMT", "Rent", "Cash", "70");
        content["id"] = draft["id"].clone();
        content["expectedVersion"] = json!(1);
        content["entries"] = json!([
            shop.entry("Rent", "debit", "70"), { "credit": "60.005" },
            { "ledgerId": shop.ledgers["Cash"] },
        ]);
        let draft = shop.saved(content.clone()).await;
        assert_eq!(draft["total"]["amount"], "70.00");
        assert_eq!(draft["voucherType"]["code"], "PMT");
        assert_eq!(draft["entries"], json!([
            { "ledger": { "name": "Rent" }, "debit": "70", "credit": null },
            { "ledger": null, "debit": null, "credit": "60.005" },
            { "ledger": { "name": "Cash" }, "debit": null, "credit": null },
        ]));
        let found = ["REQUIRED draft.entries.1.ledgerId", "NOT_ONE_SIDED draft.entries.2"];
        assert_eq!(problems(&draft), found);
        let refused = shop.decide("voucherDraftPost", "p", &draft, false).await;
        assert_eq!(refused.refusals("voucherDraftPost"), found);
        content["entries"] =
            json!([shop.entry("Rent", "debit", "70"), shop.entry("Cash", "credit", "60")]);
        let stale = shop.try_save(content.clone()).await;
        assert_eq!(stale.refusals("voucherDraftSave"), ["STALE input.expectedVersion"]);
        content["expectedVersion"] = json!(2);
        let draft = shop.saved(content.clone()).await;
        assert_eq!(problems(&draft), ["UNBALANCED draft.entries"]);
        let refused = shop.decide("voucherDraftPost", "p", &draft, false).await;
        assert_eq!(refused.refusals("voucherDraftPost"), ["UNBALANCED draft.entries"]);
        assert_eq!(shop.read(&draft).await["status"], "OPEN");
        content["expectedVersion"] = json!(3);
        content["entries"][1]["credit"] = json!("70");
        let draft = shop.saved(content.clone()).await;
        assert_eq!(problems(&draft), [""; 0]);
        // An edit that changes nothing is none.
        content["expectedVersion"] = json!(4);
        assert_eq!(shop.saved(content.clone()).await["version"], 4);

        // Tried, then posted, once whatever the key.
        let tried = shop.decide("voucherDraftPost", "p", &draft, true).await;
        let number = tried.text("voucherDraftPost.voucher.number");
        assert_eq!(tried.at("voucherDraftPost.draft.status"), "OPEN");
        assert_eq!(shop.count().await, 0);
        let posted = shop.decide("voucherDraftPost", "p", &draft, false).await;
        assert!(posted.refusals("voucherDraftPost").is_empty(), "{}", posted.body);
        assert_eq!(posted.text("voucherDraftPost.voucher.number"), number);
        assert_eq!(posted.at("voucherDraftPost.replayed"), false);
        assert_eq!(posted.text("voucherDraftPost.draft.status"), "POSTED");
        let voucher = posted.text("voucherDraftPost.voucher.id");
        for key in ["p", "q"] {
            let again = shop.decide("voucherDraftPost", key, &draft, false).await;
            assert_eq!(again.at("voucherDraftPost.replayed"), true, "{}", again.body);
            assert_eq!(again.text("voucherDraftPost.voucher.id"), voucher);
            assert_eq!(again.text("voucherDraftPost.draft.postedVoucher.id"), voucher);
        }
        let mut other = draft.clone();
        other["version"] = json!(1);
        let conflict = shop.decide("voucherDraftPost", "p", &other, false).await;
        assert_eq!(conflict.code(), "CONFLICT", "{}", conflict.body);
        assert_eq!(shop.count().await, 1);
        assert_eq!(shop.balance("Rent").await, "70.00");

        // What is posted stays, and who wrote it stays with it.
        content["expectedVersion"] = json!(5);
        let refused = shop.try_save(content).await;
        assert_eq!(refused.refusals("voucherDraftSave"), ["NOT_ALLOWED input.id"]);
        let refused = shop.delete(&draft).await;
        assert_eq!(refused.refusals("voucherDraftDelete"), ["NOT_ALLOWED input.draftId"]);
        let saved = ["VOUCHER_DRAFT_SAVED"; 4].to_vec();
        assert_eq!(shop.trail(&draft).await, [saved, vec!["VOUCHER_DRAFT_POSTED"]].concat());
        assert_verified(app).await;
    }

    async fn only_sizes_and_ids_are_checked_when_a_draft_is_saved(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let other = Shop::open(app, "ravi").await;
        let entry = |ledger: &str| json!([{ "ledgerId": ledger }]);
        for (field, value, refusal) in [
            ("voucherTypeId", json!("?"), "VOUCHER_TYPE_UNKNOWN input.voucherTypeId"),
            ("businessId", json!("?"), "BUSINESS_UNKNOWN input.businessId"),
            ("entries", entry("?"), "LEDGER_UNKNOWN input.entries.0.ledgerId"),
            ("entries", entry(&other.ledgers["Cash"]), "LEDGER_UNKNOWN input.entries.0.ledgerId"),
            ("entries", json!([{ "bills": [{ "billId": "?" }] }]),
                "BILL_UNKNOWN input.entries.0.bills.0.billId"),
            ("entries", json!(vec![json!({}); 1_001]), "TOO_MANY input.entries"),
            ("narration", json!("x".repeat(2_001)), "TOO_LONG input.narration"),
            ("reference", json!("x".repeat(101)), "TOO_LONG input.reference"),
            ("voucherId", json!("?"), "INVALID input.voucherId"),
            ("id", json!("?"), "NOT_FOUND input.id"),
            ("action", json!("CANCEL"), "REQUIRED input.voucherId"),
        ] {
            let mut input = json!({ "action": "POST" });
            input[field] = value;
            let refused = shop.try_save(input).await;
            assert_eq!(refused.refusals("voucherDraftSave"), [refusal], "{}", refused.body);
        }
        let unknown = json!({ "action": "AMEND", "voucherId": other.ledgers["Cash"] });
        let refused = shop.try_save(unknown).await;
        assert_eq!(refused.refusals("voucherDraftSave"), ["NOT_FOUND input.voucherId"]);
        let drafts = "{ voucherDrafts { totalCount } }";
        assert_eq!(shop.client.query(drafts).await.at("voucherDrafts.totalCount"), 0);
    }

    async fn a_draft_is_approved_by_who_did_not_write_it(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.want_approval(true).await;
        let clerk = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        let keeper = shop.seen_by(invited(app, &shop.client, "ACCOUNTANT", Value::Null).await);
        let mut content = clerk.content("PMT", "Rent", "Cash", "70");
        let draft = clerk.saved(content.clone()).await;
        let waits = keeper.approve("a", &draft).await;
        assert_eq!(waits.refusals("voucherDraftApprove"), ["NOT_ALLOWED input.draftId"]);
        let refused = clerk.decide("voucherDraftPost", "p", &draft, false).await;
        assert_eq!(refused.refusals("voucherDraftPost"), ["APPROVAL_REQUIRED input.draftId"]);
        let refused = shop.reject(&draft, "no").await;
        assert_eq!(refused.refusals("voucherDraftReject"), ["NOT_ALLOWED input.draftId"]);
        let draft = clerk.submitted(&draft).await;
        assert_eq!((&draft["status"], &draft["version"]), (&json!("SUBMITTED"), &json!(2)));
        let refused = clerk.approve("a", &draft).await;
        assert_eq!(refused.code(), "FORBIDDEN", "{}", refused.body);

        // Whoever mends it has written it too; it is then to be submitted again.
        content["id"] = draft["id"].clone();
        content["expectedVersion"] = json!(2);
        content["narration"] = json!("rent of may");
        let draft = keeper.saved(content.clone()).await;
        assert_eq!(draft["status"], "OPEN");
        let draft = clerk.submitted(&draft).await;
        let refused = keeper.approve("a", &draft).await;
        assert_eq!(refused.refusals("voucherDraftApprove"), ["SELF_APPROVAL input.draftId"]);
        let tried = keeper.decide("voucherDraftApprove", "a", &draft, true).await;
        assert_eq!(tried.refusals("voucherDraftApprove"), ["SELF_APPROVAL input.draftId"]);

        let refused = shop.reject(&draft, " ").await;
        assert_eq!(refused.refusals("voucherDraftReject"), ["REQUIRED input.reason"]);
        let rejected = shop.reject(&draft, "which shop?").await;
        assert_eq!(rejected.text("voucherDraftReject.draft.status"), "REJECTED");
        assert_eq!(rejected.text("voucherDraftReject.draft.decisionReason"), "which shop?");
        assert_eq!(rejected.text("voucherDraftReject.draft.decidedBy.name"), "Meera Shah");
        let refused = shop.approve("a", &draft).await;
        assert_eq!(refused.refusals("voucherDraftApprove"), ["NOT_ALLOWED input.draftId"]);
        content["expectedVersion"] = json!(5);
        content["narration"] = json!("rent of may, for the shop");
        let draft = clerk.saved(content).await;
        assert!(draft["decisionReason"].is_null(), "{draft}");
        let draft = clerk.submitted(&draft).await;
        let mut older = draft.clone();
        older["version"] = json!(4);
        let stale = shop.approve("a", &older).await;
        assert_eq!(stale.refusals("voucherDraftApprove"), ["STALE input.expectedVersion"]);

        // Once approved, it is the voucher of who began it.
        let tried = shop.decide("voucherDraftApprove", "a", &draft, true).await;
        assert!(!tried.data("voucherDraftApprove.voucher").is_null(), "{}", tried.body);
        assert_eq!(shop.count().await, 0);
        let voucher = shop.approved("a", &draft).await;
        assert_eq!(shop.count().await, 1);
        let again = shop.approve("b", &draft).await;
        assert_eq!(again.at("voucherDraftApprove.replayed"), true, "{}", again.body);
        assert_eq!(again.text("voucherDraftApprove.voucher.id"), voucher);
        assert_eq!(again.text("voucherDraftApprove.draft.decidedBy.name"), "Meera Shah");
        let late = keeper.approve("c", &draft).await;
        assert_eq!(late.refusals("voucherDraftApprove"), ["ALREADY_DONE input.draftId"]);
        let own = clerk.client.query("{ vouchers { nodes { id createdBy { name } } } }").await;
        assert_eq!(own.at("vouchers.nodes"), &json!([{ "id": voucher,
            "createdBy": { "name": "Somebody" } }]));
        assert_eq!(clerk.read(&draft).await["postedVoucher"]["id"], json!(voucher));
        let did = ["SAVED", "SUBMITTED", "SAVED", "SUBMITTED", "REJECTED", "SAVED", "SUBMITTED",
            "APPROVED"].map(|did| format!("VOUCHER_DRAFT_{did}"));
        assert_eq!(shop.trail(&draft).await, did);
        assert_verified(app).await;
    }

    async fn where_approval_is_wanted_every_act_waits_for_it(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let keeper = shop.seen_by(invited(app, &shop.client, "ACCOUNTANT", Value::Null).await);
        shop.want_approval(true).await;
        let input = keeper.voucher("1", "JRN", "Rent", "Sales", "70");
        let mut preview = input.clone();
        preview["dryRun"] = json!(true);
        let tried = keeper.kept("voucherPost", &preview).await;
        assert!(!tried.data("voucherPost.voucher").is_null(), "{}", tried.body);
        assert!(tried.data("voucherPost.draft").is_null());
        let answers = join_all((0..8).map(|_| keeper.kept("voucherPost", &input))).await;
        let made = answers.iter().filter(|one| one.at("voucherPost.replayed") == false).count();
        assert_eq!(made, 1);
        let draft = answers[0].at("voucherPost.draft").clone();
        for answer in &answers {
            assert!(answer.data("voucherPost.voucher").is_null(), "{}", answer.body);
            assert_eq!(answer.at("voucherPost.draft"), &draft);
        }
        assert_eq!((&draft["action"], &draft["status"]), (&json!("POST"), &json!("SUBMITTED")));
        assert_eq!(draft["total"]["amount"], "70.00");
        assert_eq!(draft["submittedBy"]["name"], "Somebody");
        assert_eq!(shop.count().await, 0);
        // What would be refused at once is refused now, and leaves neither draft nor key.
        let mut wrong = keeper.voucher("2", "JRN", "Rent", "Sales", "70");
        wrong["entries"][0]["debit"] = json!("71");
        let refused = keeper.kept("voucherPost", &wrong).await;
        assert_eq!(refused.refusals("voucherPost"), ["UNBALANCED input.entries"]);
        wrong["entries"][0]["debit"] = json!("70");
        wrong["date"] = json!(shop.day(4_000));
        let refused = keeper.kept("voucherPost", &wrong).await;
        assert_eq!(refused.refusals("voucherPost"), ["YEAR_NOT_OPEN input.date"]);
        let mut other = input.clone();
        other["narration"] = json!("another");
        assert_eq!(keeper.kept("voucherPost", &other).await.code(), "CONFLICT");
        let items = json!({ "idempotencyKey": "b", "vouchers": [shop.content("JRN", "Rent", "Sales", "1")] });
        let mut items = items;
        items["vouchers"][0].as_object_mut().unwrap().remove("action");
        let bulk = "mutation($input: VoucherBulkPostInput!) { voucherBulkPost(input: $input) {
            vouchers { id } userErrors { code field message } } }";
        let refused = keeper.client.ask(bulk, json!({ "input": items })).await;
        assert_eq!(refused.refusals("voucherBulkPost"), ["APPROVAL_REQUIRED input.vouchers.0"]);
        let count = "SELECT COUNT(*) FROM voucher_drafts";
        assert_eq!(sql_number(app, "meera", count).await, 1);

        let id = shop.approved("a1", &draft).await;
        let again = keeper.kept("voucherPost", &input).await;
        assert_eq!(again.at("voucherPost.replayed"), true);
        assert_eq!(again.text("voucherPost.voucher.id"), id);
        assert_eq!(again.text("voucherPost.draft.status"), "POSTED");

        // Acts wait with the version that they are about.
        let cancel = json!({ "idempotencyKey": "c", "voucherId": id, "reason": "twice" });
        let kept = keeper.kept("voucherCancel", &cancel).await;
        let cancel = kept.at("voucherCancel.draft").clone();
        assert_eq!((&cancel["action"], &cancel["voucherVersion"]), (&json!("CANCEL"), &json!(1)));
        assert_eq!(problems(&cancel), [""; 0]);
        let amend = json!({ "idempotencyKey": "m", "voucherId": id, "date": shop.day(20), "entries":
            [shop.entry("Rent", "debit", "60"), shop.entry("Sales", "credit", "60")] });
        let amend = keeper.kept("voucherAmend", &amend).await.at("voucherAmend.draft").clone();
        assert_eq!((&amend["date"], &amend["total"]["amount"]), (&json!(shop.day(20)), &json!("60.00")));
        assert_eq!(shop.balance("Rent").await, "70.00");
        assert_eq!(shop.approved("a2", &amend).await, id);
        assert_eq!(shop.balance("Rent").await, "60.00");
        let stale = ["STALE draft.voucherVersion"];
        assert_eq!(problems(&keeper.read(&cancel).await), stale);
        let refused = shop.approve("a3", &cancel).await;
        assert_eq!(refused.refusals("voucherDraftApprove"), stale);
        assert_eq!(keeper.read(&cancel).await["status"], "SUBMITTED");
        // Written again, it is about what stands now.
        let anew = json!({ "id": cancel["id"], "expectedVersion": 1, "action": "CANCEL", "reason": "twice" });
        let cancel = keeper.saved(anew).await;
        assert_eq!(cancel["voucherVersion"], 2);
        let cancel = keeper.submitted(&cancel).await;
        assert_eq!(shop.approved("a3", &cancel).await, id);
        assert_eq!(shop.balance("Rent").await, "0.00");
        let dead = json!({ "idempotencyKey": "d", "voucherId": id });
        let refused = keeper.kept("voucherReverse", &dead).await;
        assert_eq!(refused.refusals("voucherReverse"), ["VOUCHER_CANCELLED input.voucherId"]);

        let paid = keeper.kept("voucherPost", &keeper.voucher("3", "PMT", "Rent", "Cash", "5")).await;
        let paid = shop.approved("a4", paid.at("voucherPost.draft")).await;
        let reverse = json!({ "idempotencyKey": "r", "voucherId": paid, "date": shop.day(12) });
        let reverse = keeper.kept("voucherReverse", &reverse).await.at("voucherReverse.draft").clone();
        assert_eq!(reverse["date"], json!(shop.day(12)));
        assert_eq!(shop.balance("Rent").await, "5.00");
        assert_ne!(shop.approved("a5", &reverse).await, paid);
        assert_eq!(shop.balance("Rent").await, "0.00");
        assert_verified(app).await;
    }

    async fn two_approvers_at_once_make_one_voucher(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.want_approval(true).await;
        let clerk = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        let keeper = shop.seen_by(invited(app, &shop.client, "ACCOUNTANT", Value::Null).await);
        let kept = clerk.kept("voucherPost", &clerk.voucher("1", "PMT", "Rent", "Cash", "70")).await;
        let draft = kept.at("voucherPost.draft");
        let calls = (0..12).map(|index| {
            let who = if index % 2 == 0 { &shop } else { &keeper };
            async move { who.approve(&format!("k{index}"), draft).await }
        });
        let answers = join_all(calls).await;
        let mut made = 0;
        for answer in &answers {
            match answer.refusals("voucherDraftApprove").as_slice() {
                [] if answer.at("voucherDraftApprove.replayed") == false => made += 1,
                [] => {}
                [only] => assert_eq!(only, "ALREADY_DONE input.draftId"),
                more => panic!("{more:?}"),
            }
        }
        assert_eq!(made, 1);
        assert_eq!(shop.count().await, 1);
        assert_eq!(shop.balance("Rent").await, "70.00");
    }

    async fn a_period_locked_meanwhile_refuses_and_the_draft_waits(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.want_approval(true).await;
        let clerk = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        let draft = clerk.saved(clerk.content("PMT", "Rent", "Cash", "70")).await;
        lock(app, &shop.day(10)).await;
        let refused = clerk.submit(&draft).await;
        assert_eq!(refused.refusals("voucherDraftSubmit"), ["PERIOD_LOCKED draft.date"]);
        unlock(app).await;
        let draft = clerk.submitted(&draft).await;
        lock(app, &shop.day(10)).await;
        for dry_run in [true, false] {
            let refused = shop.decide("voucherDraftApprove", "a", &draft, dry_run).await;
            assert_eq!(refused.refusals("voucherDraftApprove"), ["PERIOD_LOCKED draft.date"]);
        }
        assert_eq!(shop.read(&draft).await, draft);
        assert_eq!(shop.count().await, 0);
        unlock(app).await;
        shop.approved("a", &draft).await;
        assert_eq!(shop.balance("Rent").await, "70.00");
    }

    async fn who_sees_own_documents_sees_own_drafts(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let clerk = shop.seen_by(invited(app, &shop.client, "CASHIER", Value::Null).await);
        let staff = shop.seen_by(invited(app, &shop.client, "STAFF", Value::Null).await);
        let mine = clerk.saved(clerk.content("PMT", "Rent", "Cash", "1")).await;
        let theirs = staff.saved(staff.content("PMT", "Rent", "Cash", "2")).await;
        let owners = shop.saved(json!({ "action": "POST" })).await;
        let list = "query($filter: VoucherDraftFilter) { voucherDrafts(filter: $filter) {
            totalCount nodes { id problems { code } } } }";
        let ids = async |who: &Shop, filter: Value| {
            let found = who.client.ask(list, json!({ "filter": filter })).await;
            let nodes = found.at("voucherDrafts.nodes").as_array().unwrap();
            assert_eq!(found.at("voucherDrafts.totalCount"), nodes.len());
            nodes.iter().map(|node| node["id"].clone()).collect::<Vec<_>>()
        };
        let id = |draft: &Value| draft["id"].clone();
        assert_eq!(ids(&clerk, json!({})).await, [id(&mine)]);
        assert_eq!(ids(&staff, json!({})).await, [id(&theirs)]);
        assert_eq!(ids(&staff, json!({ "isOwn": false })).await, [Value::Null; 0]);
        assert_eq!(ids(&shop, json!({})).await, [id(&owners), id(&theirs), id(&mine)]);
        assert_eq!(ids(&shop, json!({ "isOwn": true })).await, [id(&owners)]);
        assert_eq!(ids(&shop, json!({ "isOwn": false })).await, [id(&theirs), id(&mine)]);
        let waiting = clerk.submitted(&mine).await;
        let submitted = json!({ "status": ["SUBMITTED"], "action": "POST" });
        assert_eq!(ids(&shop, submitted).await, [id(&mine)]);
        assert_eq!(ids(&shop, json!({ "action": "AMEND" })).await, [Value::Null; 0]);
        let page = "query($after: String) { voucherDrafts(first: 2, after: $after) {
            nodes { id } pageInfo { endCursor hasNextPage } } }";
        let first = shop.client.ask(page, json!({})).await;
        let after = first.text("voucherDrafts.pageInfo.endCursor");
        let rest = shop.client.ask(page, json!({ "after": after })).await;
        assert_eq!(rest.at("voucherDrafts.nodes"), &json!([{ "id": id(&mine) }]));

        // Another's draft is as one that is not there.
        assert_eq!(staff.read(&mine).await, Value::Null);
        let node = "query($id: ID!) { node(id: $id) { id } }";
        let own = clerk.client.ask(node, json!({ "id": mine["id"] })).await;
        assert_eq!(own.at("node.id"), &mine["id"]);
        assert!(staff.client.ask(node, json!({ "id": mine["id"] })).await.data("node").is_null());
        let mut other = staff.content("PMT", "Rent", "Cash", "3");
        other["id"] = mine["id"].clone();
        other["expectedVersion"] = waiting["version"].clone();
        let refused = staff.try_save(other).await;
        assert_eq!(refused.refusals("voucherDraftSave"), ["NOT_FOUND input.id"]);
        let unknown = ["NOT_FOUND input.draftId"];
        assert_eq!(staff.submit(&mine).await.refusals("voucherDraftSubmit"), unknown);
        assert_eq!(staff.delete(&mine).await.refusals("voucherDraftDelete"), unknown);
        let posted = staff.decide("voucherDraftPost", "p", &waiting, false).await;
        assert_eq!(posted.refusals("voucherDraftPost"), unknown);
        assert_eq!(clerk.read(&mine).await, waiting);
        // A role that may not take back may not draft that either.
        let draft = json!({ "action": "CANCEL" });
        assert_eq!(clerk.try_save(draft).await.code(), "FORBIDDEN");
    }

    async fn a_draft_is_thrown_away_or_freed(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        shop.want_approval(true).await;
        let first = shop.voucher("1", "PMT", "Rent", "Cash", "70");
        let draft = shop.kept("voucherPost", &first).await.at("voucherPost.draft").clone();
        let gone = shop.delete(&draft).await;
        assert_eq!(gone.at("voucherDraftDelete.deletedDraftId"), &draft["id"]);
        assert_eq!(shop.read(&draft).await, Value::Null);
        assert_eq!(
            shop.trail(&draft).await,
            ["VOUCHER_DRAFT_SUBMITTED", "VOUCHER_DRAFT_DELETED"]
        );
        let refused = shop.delete(&draft).await;
        assert_eq!(refused.refusals("voucherDraftDelete"), ["NOT_FOUND input.draftId"]);
        // The call that made it was made: its key answers that nothing of it stands any more.
        let again = shop.kept("voucherPost", &first).await;
        assert_eq!(again.at("voucherPost.replayed"), true);
        assert!(again.data("voucherPost.draft").is_null(), "{}", again.body);

        // What waited is posted by its writer once the business wants no approval any more.
        let second = shop.voucher("2", "PMT", "Rent", "Cash", "7");
        let draft = shop.kept("voucherPost", &second).await.at("voucherPost.draft").clone();
        let refused = shop.decide("voucherDraftPost", "p", &draft, false).await;
        assert_eq!(refused.refusals("voucherDraftPost"), ["APPROVAL_REQUIRED input.draftId"]);
        shop.want_approval(false).await;
        let posted = shop.decide("voucherDraftPost", "p", &draft, false).await;
        assert!(posted.refusals("voucherDraftPost").is_empty(), "{}", posted.body);
        let again = shop.kept("voucherPost", &second).await;
        assert_eq!(again.at("voucherPost.replayed"), true);
        assert_eq!(again.at("voucherPost.voucher.id"), posted.at("voucherDraftPost.voucher.id"));
        assert_eq!(shop.count().await, 1);
        shop.number(&shop.voucher("3", "PMT", "Rent", "Cash", "1")).await;
        assert_eq!(shop.count().await, 2);
    }
}
