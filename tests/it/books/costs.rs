//! Cost centres: made and archived, entries split over them, acts on those, and what the log tells of it.

use daybook::services::platform::verify::{What, figures::Check};
use serde_json::{Value, json};

use super::shop::Shop;
use crate::{
    app::TestApp,
    audit::{recomputed, unguard, verified},
    client::Answer,
    hand::{run_sql, sql_number},
    tenancy::invited,
};

/// What a payload of cost centres is asked for.
const SHOWN: &str = "userErrors { code field message }";

impl Shop {
    /// Asks a mutation of this area for the thing it answers.
    pub async fn keep(&self, field: &str, thing: &str, id: Option<&str>, input: Value) -> Answer {
        let kind = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let kind = kind.replace("CostCategoryArchive", "CostCentreArchive");
        let shown = format!("{thing} {{ id version }} {SHOWN}");
        let text = match id {
            Some(_) => format!(
                "mutation($id: ID!, $input: {kind}!) {{ {field}(id: $id, input: $input) {{ {shown} }} }}"
            ),
            None => {
                format!("mutation($input: {kind}!) {{ {field}(input: $input) {{ {shown} }} }}")
            }
        };
        self.client.ask(&text, json!({ "id": id, "input": input })).await
    }

    /// Makes a cost category; its id.
    pub async fn category(&self, name: &str) -> String {
        let made =
            self.keep("costCategoryCreate", "costCategory", None, json!({ "name": name })).await;
        made.text("costCategoryCreate.costCategory.id")
    }

    /// Makes a cost centre; its id.
    pub async fn centre(&self, category: &str, parent: Option<&str>, name: &str) -> String {
        let input = json!({ "categoryId": category, "parentId": parent, "name": name });
        let made = self.keep("costCentreCreate", "costCentre", None, input).await;
        made.text("costCentreCreate.costCentre.id")
    }

    /// The input of a payment of rent on a day, split over cost centres.
    pub fn rent(&self, key: &str, amount: &str, day: u64, costs: &[(&str, &str)]) -> Value {
        let mut input = self.voucher(key, "PMT", "Rent", "Cash", amount);
        input["date"] = json!(self.day(day));
        input["entries"][0]["costs"] = costs
            .iter()
            .map(|(centre, amount)| json!({ "centreId": centre, "amount": amount }))
            .collect();
        input
    }

    /// Says whether entries of a ledger are split.
    async fn usage(&self, ledger: &str, usage: &str) {
        let update = "mutation($id: ID!, $input: LedgerUpdateInput!) {
            ledgerUpdate(id: $id, input: $input) { ledger { costCentreUse }
                userErrors { code field message } } }";
        let input = json!({ "id": self.ledgers[ledger], "input": { "costCentreUse": usage } });
        let done = self.client.ask(update, input).await;
        assert_eq!(done.text("ledgerUpdate.ledger.costCentreUse"), usage);
    }
}

/// What a centre bears by all rows there are, in paise.
async fn borne(app: &TestApp, centre: &str) -> i64 {
    let text = format!(
        "SELECT COALESCE(SUM(s.effect * (s.debit - s.credit)), 0) FROM cost_centre_splits s \
         JOIN cost_centres c ON c.id = s.centre_id WHERE c.name = '{centre}'"
    );
    sql_number(app, "meera", &text).await
}

on_every_engine! {
    async fn an_entry_is_split_and_acts_take_that_along(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let (shops, projects) = (shop.category("Shops").await, shop.category("Projects").await);
        let north = shop.centre(&shops, None, "North").await;
        let south = shop.centre(&shops, None, "South").await;
        let loom = shop.centre(&projects, None, "Loom").await;
        let whole = [(north.as_str(), "60"), (south.as_str(), "40"), (loom.as_str(), "99.50")];

        // A preview shows the splits and keeps nothing.
        let mut preview = shop.rent("1", "100", 10, &whole);
        preview["dryRun"] = json!(true);
        let ask = "mutation($input: VoucherPostInput!) { voucherPost(input: $input) { voucher {
            entries { costs { centre { name } amount { amount } } } } userErrors { code field message } } }";
        let tried = shop.client.ask(ask, json!({ "input": preview })).await;
        assert_eq!(tried.text("voucherPost.voucher.entries.0.costs.2.amount.amount"), "99.50");
        assert_eq!(borne(app, "Loom").await, 0);

        let first = shop.posted(&shop.rent("1", "100", 10, &whole)).await;
        let ask = format!("{{ voucher(id: \"{first}\") {{ entries {{ costs {{
            centre {{ name category {{ name }} }} amount {{ amount }} }} }} }} }}");
        let read = shop.client.query(&ask).await;
        let part = |centre: &str, category: &str, amount: &str| json!({
            "centre": { "name": centre, "category": { "name": category } }, "amount": { "amount": amount } });
        let right = json!([
            { "costs": [part("North", "Shops", "60.00"), part("South", "Shops", "40.00"),
                part("Loom", "Projects", "99.50")] },
            { "costs": [] },
        ]);
        assert_eq!(read.at("voucher.entries"), &right);

        // Amended, the old splits are taken back and the new ones stand; the reversal bears the other way.
        let mut amended = shop.rent("a", "100", 12, &[(&north, "100")]);
        amended.as_object_mut().unwrap().remove("voucherTypeId");
        amended["voucherId"] = json!(first);
        let done = shop.act("voucherAmend", amended).await;
        assert!(done.refusals("voucherAmend").is_empty(), "{}", done.body);
        let bears = [borne(app, "North").await, borne(app, "South").await, borne(app, "Loom").await];
        assert_eq!(bears, [10_000, 0, 0]);
        let second = shop.posted(&shop.rent("2", "30", 10, &[(&south, "30")])).await;
        let done = shop.act("voucherCancel", json!({ "idempotencyKey": "c", "voucherId": second })).await;
        assert!(done.refusals("voucherCancel").is_empty(), "{}", done.body);
        let done = shop.act("voucherReverse", json!({ "idempotencyKey": "r", "voucherId": first })).await;
        assert!(done.refusals("voucherReverse").is_empty(), "{}", done.body);
        assert_eq!([borne(app, "North").await, borne(app, "South").await], [0, 0]);
        let rows = "SELECT COUNT(*) FROM cost_centre_splits";
        assert_eq!(sql_number(app, "meera", rows).await, 3 + 3 + 1 + 2 + 1);

        // What the log tells of is what is stored, until a hand changes it.
        assert_eq!(verified(app).await.difference, None);
        assert_eq!(recomputed(app).await, []);
        unguard(app, &["cost_centre_splits"]).await;
        run_sql(app, "meera", &["UPDATE cost_centre_splits SET debit = 10001 WHERE debit = 10000"]).await;
        let what = verified(app).await.difference.unwrap().what;
        assert!(matches!(what, What::Voucher(_)), "{what:?}");
        assert_eq!(recomputed(app).await, [Check::Costs]);
        run_sql(app, "meera", &["UPDATE cost_centre_splits SET debit = 10000 WHERE debit = 10001"]).await;
        run_sql(app, "meera", &["DELETE FROM cost_centre_splits WHERE effect = -1 AND debit = 3000"]).await;
        let what = verified(app).await.difference.unwrap().what;
        assert!(matches!(what, What::Voucher(_)), "{what:?}");
    }

    async fn a_ledger_says_whether_its_entries_are_split(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let ravi = Shop::open(app, "ravi").await;
        let foreign = ravi.centre(&ravi.category("Shops").await, None, "North").await;
        let (shops, projects) = (shop.category("Shops").await, shop.category("Projects").await);
        let north = shop.centre(&shops, None, "North").await;
        let gate = shop.centre(&shops, Some(&north), "Gate").await;
        let loom = shop.centre(&projects, None, "Loom").await;
        let refused = async |costs: &[(&str, &str)], why: &[&str]| {
            let found = shop.post(&shop.rent("x", "100", 10, costs)).await;
            assert_eq!(found.refusals("voucherPost"), why, "{}", found.body);
        };
        let place = "input.entries.0.costs";
        refused(&[(&north, "60"), (&gate, "40.01")], &[&format!("COSTS_UNEQUAL {place}")]).await;
        refused(&[(&foreign, "1")], &[&format!("COST_CENTRE_UNKNOWN {place}.0.centreId")]).await;
        refused(&[(&shops, "1")], &[&format!("COST_CENTRE_UNKNOWN {place}.0.centreId")]).await;
        refused(&[(&north, "0")], &[&format!("INVALID {place}.0.amount")]).await;
        refused(&[(&north, "0.001")], &[&format!("TOO_PRECISE {place}.0.amount")]).await;
        shop.usage("Rent", "REQUIRED").await;
        refused(&[], &[&format!("REQUIRED {place}")]).await;
        refused(&[(&north, "60"), (&gate, "40"), (&loom, "99")], &[&format!("COSTS_UNEQUAL {place}")]).await;
        shop.number(&shop.rent("1", "100", 10, &[(&north, "60"), (&gate, "40")])).await;
        shop.usage("Rent", "NONE").await;
        refused(&[(&north, "1")], &[&format!("NOT_ALLOWED {place}")]).await;
        shop.usage("Rent", "ALLOWED").await;

        // What is archived takes nothing more; what has something in use below it is not archived.
        let archive = json!({});
        let kept = shop.keep("costCentreArchive", "costCentre", Some(&north), archive.clone()).await;
        assert_eq!(kept.refusals("costCentreArchive"), ["IN_USE id"]);
        let done = shop.keep("costCentreArchive", "costCentre", Some(&gate), archive.clone()).await;
        assert_eq!(done.at("costCentreArchive.costCentre.version"), 2);
        refused(&[(&gate, "1")], &[&format!("COST_CENTRE_ARCHIVED {place}.0.centreId")]).await;
        shop.keep("costCategoryArchive", "costCategory", Some(&projects), archive).await;
        refused(&[(&loom, "1")], &[&format!("COST_CENTRE_ARCHIVED {place}.0.centreId")]).await;

        // A draft keeps the splits as they are written, until it is posted.
        let mut entries = shop.rent("d", "9", 10, &[(&north, "9")])["entries"].clone();
        entries[1]["costs"] = Value::Null;
        let input = json!({ "action": "POST", "voucherTypeId": shop.types["PMT"], "date": shop.day(10),
            "entries": entries });
        let save = "mutation($input: VoucherDraftSaveInput!) { voucherDraftSave(input: $input) {
            draft { id entries { costs { centreId amount } } } userErrors { code field message } } }";
        let saved = shop.client.ask(save, json!({ "input": input })).await;
        let written = json!([{ "centreId": north, "amount": "9" }]);
        assert_eq!(saved.at("voucherDraftSave.draft.entries.0.costs"), &written);
        let post = "mutation($id: ID!) { voucherDraftPost(input: { idempotencyKey: \"p\", draftId: $id }) {
            voucher { entries { costs { amount { amount } } } } userErrors { code field message } } }";
        let id = json!({ "id": saved.text("voucherDraftSave.draft.id") });
        let posted = shop.client.ask(post, id).await;
        assert_eq!(posted.text("voucherDraftPost.voucher.entries.0.costs.0.amount.amount"), "9.00");
    }

    async fn centres_are_kept_in_a_tree(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let (shops, projects) = (shop.category("Shops").await, shop.category("Projects").await);
        let north = shop.centre(&shops, None, "North").await;
        let gate = shop.centre(&shops, Some(&north), "Gate").await;
        let update = async |id: &str, input: Value| {
            shop.keep("costCentreUpdate", "costCentre", Some(id), input).await
        };
        let why = |answer: Answer| answer.refusals("costCentreUpdate");
        assert_eq!(why(update(&north, json!({ "parentId": gate })).await), ["CYCLE input.parentId"]);
        assert_eq!(why(update(&north, json!({ "name": "gate" })).await), ["TAKEN input.name"]);
        assert_eq!(why(update(&north, json!({ "name": null })).await), ["REQUIRED input.name"]);
        let stale = json!({ "name": "N", "expectedVersion": 7 });
        assert_eq!(why(update(&north, stale).await), ["STALE input.expectedVersion"]);
        let other = json!({ "categoryId": projects, "parentId": north, "name": "Loom" });
        let made = shop.keep("costCentreCreate", "costCentre", None, other).await;
        assert_eq!(made.refusals("costCentreCreate"), ["COST_CENTRE_UNKNOWN input.parentId"]);
        let moved = update(&gate, json!({ "parentId": null, "name": "Gate 2" })).await;
        assert_eq!(moved.at("costCentreUpdate.costCentre.version"), 2);
        // An edit that changes nothing leaves no trace.
        let same = update(&gate, json!({ "name": "Gate 2" })).await;
        assert_eq!(same.at("costCentreUpdate.costCentre.version"), 2);
        let list = "query($category: ID) { costCentres(filter: { categoryId: $category }, first: 1) {
            totalCount pageInfo { endCursor } nodes { name parent { name } business { name } } } }";
        let found = shop.client.ask(list, json!({ "category": shops })).await;
        assert_eq!(found.at("costCentres.totalCount"), 2);
        assert_eq!(found.text("costCentres.nodes.0.name"), "Gate 2");
        assert!(found.at("costCentres.nodes.0")["parent"].is_null());
        let log = "query($id: ID!) { auditLogs(subjectId: $id) { nodes { action subjectType } } }";
        let log = shop.client.ask(log, json!({ "id": gate })).await;
        let right = json!([
            { "action": "COST_CENTRE_UPDATED", "subjectType": "COST_CENTRE" },
            { "action": "COST_CENTRE_CREATED", "subjectType": "COST_CENTRE" },
        ]);
        assert_eq!(log.at("auditLogs.nodes"), &right);

        // Nobody reaches another's, and who only looks changes nothing.
        let ravi = Shop::open(app, "ravi").await;
        let theirs = ravi.keep("costCentreUpdate", "costCentre", Some(&gate), json!({ "name": "X" })).await;
        assert_eq!(theirs.refusals("costCentreUpdate"), ["COST_CENTRE_UNKNOWN id"]);
        let node = ravi.client.ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": gate })).await;
        assert!(node.data("node").is_null() && node.code().is_empty(), "{}", node.body);
        let viewer = shop.seen_by(invited(app, &shop.client, "VIEWER", Value::Null).await);
        let refused = viewer.keep("costCategoryCreate", "costCategory", None, json!({ "name": "X" })).await;
        assert_eq!(refused.code(), "FORBIDDEN");
        let node = viewer.client.ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": gate })).await;
        assert_eq!(node.text("node.id"), gate);
    }
}
