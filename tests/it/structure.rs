//! The shared structure: read by tenants, adapted by each, kept by the platform's office.

use daybook_entity::main::people::PlatformRole;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client},
    office::office,
};

/// Id of the row of a list whose `code` is this.
async fn id_of(client: &Client, list: &str, code: &str) -> String {
    let found = client.query(&format!("{{ {list}(first: 100) {{ nodes {{ id code }} }} }}")).await;
    let nodes = found.at(&format!("{list}.nodes")).as_array().unwrap().clone();
    let row = nodes.iter().find(|row| row["code"] == code).unwrap_or_else(|| panic!("no {code}"));
    row["id"].as_str().unwrap().to_owned()
}

async fn subgroup(client: &Client, name: &str, parent: &str) -> Answer {
    let create = "mutation($input: AccountSubgroupCreateInput!) {
        accountSubgroupCreate(input: $input) {
            accountGroup { id name nature level origin parent { name } version }
            userErrors { code field message } } }";
    client.ask(create, json!({ "input": { "name": name, "parentId": parent } })).await
}

async fn ledger(client: &Client, name: &str, group: &str) -> Answer {
    let create = "mutation($input: LedgerCreateInput!) { ledgerCreate(input: $input) {
        ledger { id accountGroup { name nature } } userErrors { code field message } } }";
    client.ask(create, json!({ "input": { "name": name, "accountGroupId": group } })).await
}

/// Posts a journal between two ledgers and returns its number.
async fn journal(client: &Client, kind: &str, ledgers: [&str; 2], key: &str) -> String {
    let post = "mutation($input: VoucherPostInput!) { voucherPost(input: $input) {
        voucher { number } userErrors { code field message } } }";
    let today = daybook::clock::Clock::default().now().date_naive().to_string();
    let input = json!({ "idempotencyKey": key, "voucherTypeId": kind, "date": today, "entries": [
        { "ledgerId": ledgers[0], "debit": "5.00" }, { "ledgerId": ledgers[1], "credit": "5.00" },
    ] });
    client.ask(post, json!({ "input": input })).await.text("voucherPost.voucher.number")
}

on_every_engine! {
    async fn tenants_read_the_shared_structure(app: &TestApp) {
        let client = app.register("loom").await;
        let mut names = Vec::new();
        let mut after = Value::Null;
        loop {
            let page = client
                .ask(
                    "query($after: String) { accountGroups(first: 9, after: $after) { totalCount
                        pageInfo { hasNextPage endCursor } nodes { code name level parent { code } } } }",
                    json!({ "after": after }),
                )
                .await;
            assert_eq!(page.at("accountGroups.totalCount"), 28);
            for node in page.at("accountGroups.nodes").as_array().unwrap() {
                let parent = &node["parent"]["code"];
                assert!(parent.is_null() || names.contains(parent), "{node} comes before its parent");
                names.push(node["code"].clone());
            }
            if page.at("accountGroups.pageInfo.hasNextPage") == false {
                break;
            }
            after = page.at("accountGroups.pageInfo.endCursor").clone();
        }
        assert_eq!(names.len(), 28);

        let answer = client
            .query(
                "{ voucherTypes { totalCount nodes { code baseType stock numbering } }
                gstRates(filter: { country: \"IN\", code: \"GST18\", validOn: \"2026-01-15\" }) {
                    nodes { igstRate cgstRate sgstRate isActive validFrom } }
                tdsSections(filter: { act: ACT_2025, kind: DEDUCTED }) { totalCount
                    nodes { code rate isActive singleLimit { amount currency } } }
                accountingYears(filter: { firstMonth: 4, validOn: \"2026-11-21\" }) {
                    nodes { label startsOn endsOn } }
                states(filter: { country: \"IN\", text: \"kerala\" }) { nodes { code usedFor } }
                currencies(text: \"inr\") { nodes { code exponent } }
                countries(first: 1) { nodes { code timeZone } } }",
            )
            .await;
        assert_eq!(answer.at("voucherTypes.totalCount"), 24);
        assert_eq!(answer.text("gstRates.nodes.0.igstRate"), "18");
        assert_eq!(answer.text("gstRates.nodes.0.cgstRate"), "9");
        assert_eq!(answer.at("gstRates.nodes.0.isActive"), true);
        assert!(answer.at("tdsSections.totalCount").as_i64().unwrap() > 0);
        assert_eq!(answer.text("accountingYears.nodes.0.label"), "2026-27");
        assert_eq!(answer.text("states.nodes.0.code"), "32");
        assert_eq!(answer.at("currencies.nodes.0.exponent"), 2);
        let wrong = client.query("{ currencies(first: 0) { nodes { code } } }").await;
        assert_eq!(wrong.code(), "BAD_USER_INPUT");
        let other = client.query("{ currencies(first: 1) { pageInfo { endCursor } } }").await;
        let foreign = client
            .ask(
                "query($after: String) { countries(after: $after) { nodes { code } } }",
                json!({ "after": other.at("currencies.pageInfo.endCursor") }),
            )
            .await;
        assert_eq!(foreign.code(), "BAD_USER_INPUT");
    }

    async fn a_tenant_adds_groups_of_its_own(app: &TestApp) {
        let client = app.register("loom").await;
        let debtors = id_of(&client, "accountGroups", "SD").await;
        let made = subgroup(&client, "North Customers", &debtors).await;
        let group = "accountSubgroupCreate.accountGroup";
        assert_eq!(made.text(&format!("{group}.nature")), "ASSET");
        assert_eq!(made.text(&format!("{group}.origin")), "OWN");
        assert_eq!(made.at(&format!("{group}.level")), 3);
        let north = made.text(&format!("{group}.id"));
        let made = subgroup(&client, "Delhi Customers", &north).await;
        assert_eq!(made.text(&format!("{group}.parent.name")), "North Customers");
        let delhi = made.text(&format!("{group}.id"));

        let taken = ["TAKEN input.name"];
        let field = "accountSubgroupCreate";
        assert_eq!(subgroup(&client, "bank  ACCOUNTS", &debtors).await.refusals(field), taken);
        assert_eq!(subgroup(&client, "north customers", &debtors).await.refusals(field), taken);
        assert_eq!(
            subgroup(&client, "X", "nonsense").await.refusals(field),
            ["ACCOUNT_GROUP_UNKNOWN input.parentId"]
        );
        let stranger = app.register("spindle").await;
        assert_eq!(
            subgroup(&stranger, "X", &north).await.refusals(field),
            ["ACCOUNT_GROUP_UNKNOWN input.parentId"]
        );

        let update = "mutation($id: ID!, $input: AccountSubgroupUpdateInput!) {
            accountSubgroupUpdate(id: $id, input: $input) { accountGroup { name version }
            userErrors { code field message } } }";
        let circle = json!({ "id": north, "input": { "parentId": delhi } });
        let circle = client.ask(update, circle).await;
        assert_eq!(circle.refusals("accountSubgroupUpdate"), ["CYCLE input.parentId"]);
        let stale = json!({ "id": north, "input": { "name": "N", "expectedVersion": 7 } });
        let stale = client.ask(update, stale).await;
        assert_eq!(stale.refusals("accountSubgroupUpdate"), ["STALE input.expectedVersion"]);
        let renamed = json!({ "id": north, "input": { "name": "Northern", "expectedVersion": 1 } });
        let renamed = client.ask(update, renamed).await;
        assert_eq!(renamed.at("accountSubgroupUpdate.accountGroup.version"), 2);

        let opened = ledger(&client, "Kapoor & Sons", &delhi).await;
        assert_eq!(opened.text("ledgerCreate.ledger.accountGroup.nature"), "ASSET");
        let archive = "mutation($id: ID!, $to: Boolean!) { accountSubgroupArchive(id: $id,
            input: { archived: $to }) { accountGroup { isArchived }
            userErrors { code field message } } }";
        let held = client.ask(archive, json!({ "id": delhi, "to": true })).await;
        assert_eq!(held.refusals("accountSubgroupArchive"), ["IN_USE id"]);
        let empty = subgroup(&client, "Empty", &debtors).await.text(&format!("{group}.id"));
        let done = client.ask(archive, json!({ "id": empty, "to": true })).await;
        assert_eq!(done.at("accountSubgroupArchive.accountGroup.isArchived"), true);
        assert_eq!(
            ledger(&client, "Late", &empty).await.refusals("ledgerCreate"),
            ["ACCOUNT_GROUP_UNKNOWN input.accountGroupId"]
        );

        let log = client
            .ask(
                "query($id: ID!) { auditLogs(subjectId: $id) { nodes { action content } }
                    auditVerify { ok isComplete checkedRows } }",
                json!({ "id": north }),
            )
            .await;
        assert_eq!(log.text("auditLogs.nodes.0.action"), "GROUP_UPDATED");
        assert!(log.text("auditLogs.nodes.0.content").contains("North Customers"));
        assert_eq!(log.at("auditVerify.ok"), true);
        assert_eq!(log.at("auditVerify.isComplete"), true);
    }

    async fn a_prefix_counts_from_then_on(app: &TestApp) {
        let client = app.register("loom").await;
        let group = id_of(&client, "accountGroups", "IEXP").await;
        let one = ledger(&client, "Shed Rent", &group).await.text("ledgerCreate.ledger.id");
        let two = ledger(&client, "Shed Power", &group).await.text("ledgerCreate.ledger.id");
        let kind = id_of(&client, "voucherTypes", "JRN").await;
        assert_eq!(journal(&client, &kind, [&one, &two], "a").await, "JV/0001");

        let own = "mutation($input: VoucherTypeOverrideInput!) { voucherTypeOverride(input: $input) {
            voucherType { numberingPrefix sharedPrefix numberWidth } userErrors { code field message } } }";
        let input = json!({ "voucherTypeId": kind, "numberingPrefix": "LOOM-", "numberWidth": 2 });
        let done = client.ask(own, json!({ "input": input })).await;
        assert_eq!(done.text("voucherTypeOverride.voucherType.sharedPrefix"), "JV/");
        assert_eq!(journal(&client, &kind, [&one, &two], "b").await, "LOOM-01");
        let bad = json!({ "voucherTypeId": kind, "numberingPrefix": "no spaces" });
        let bad = client.ask(own, json!({ "input": bad })).await;
        assert_eq!(bad.refusals("voucherTypeOverride"), ["INVALID input.numberingPrefix"]);
        let sales = id_of(&client, "voucherTypes", "SAL").await;
        let long = json!({ "voucherTypeId": sales, "numberingPrefix": "INVOICE/{FY}/" });
        let long = client.ask(own, json!({ "input": long })).await;
        assert_eq!(long.refusals("voucherTypeOverride"), ["NUMBER_TOO_LONG input.numberingPrefix"]);

        // The keeper changes the prefix for all; who has one of their own keeps it.
        let other = app.register("spindle").await;
        let keeper = office(app, "asha@office.example", PlatformRole::Admin).await;
        let update = "mutation($id: ID!) { adminVoucherTypeUpdate(id: $id,
            input: { numberingPrefix: \"JRN/\" }) { voucherType { numberingPrefix }
            userErrors { code field message } } }";
        let done = keeper.ask(update, json!({ "id": kind })).await;
        assert_eq!(done.text("adminVoucherTypeUpdate.voucherType.numberingPrefix"), "JRN/");
        assert_eq!(journal(&client, &kind, [&one, &two], "c").await, "LOOM-02");
        let back = json!({ "voucherTypeId": kind, "numberingPrefix": null, "numberWidth": null });
        client.ask(own, json!({ "input": back })).await.at("voucherTypeOverride.voucherType");
        assert_eq!(journal(&client, &kind, [&one, &two], "d").await, "JRN/0001");
        let one = ledger(&other, "Shed Rent", &group).await.text("ledgerCreate.ledger.id");
        let two = ledger(&other, "Shed Power", &group).await.text("ledgerCreate.ledger.id");
        assert_eq!(journal(&other, &kind, [&one, &two], "a").await, "JRN/0001");
        let numbers = client.query("{ vouchers { nodes { number } } }").await;
        let numbers = numbers.at("vouchers.nodes").to_string();
        assert!(numbers.contains("JV/0001") && numbers.contains("LOOM-01"), "{numbers}");
    }

    async fn what_the_keeper_changes_all_tenants_see(app: &TestApp) {
        let tenants = [app.register("loom").await, app.register("spindle").await];
        let keeper = office(app, "asha@office.example", PlatformRole::Admin).await;
        let create = "mutation($input: AdminAccountGroupCreateInput!) {
            adminAccountGroupCreate(input: $input) { accountGroup { id nature level version isSystem }
            userErrors { code field message } } }";
        let assets = id_of(&keeper, "adminAccountGroups", "CA").await;
        let input = json!({ "code": "CRYPTO", "name": "Digital Assets", "parentId": assets });
        assert_eq!(tenants[0].ask(create, json!({ "input": input })).await.code(), "FORBIDDEN");
        let made = keeper.ask(create, json!({ "input": input })).await;
        assert_eq!(made.text("adminAccountGroupCreate.accountGroup.nature"), "ASSET");
        let id = made.text("adminAccountGroupCreate.accountGroup.id");
        for tenant in &tenants {
            assert_eq!(id_of(tenant, "accountGroups", "CRYPTO").await, id);
        }
        let twice = keeper.ask(create, json!({ "input": input })).await;
        assert_eq!(twice.refusals("adminAccountGroupCreate"), ["TAKEN input.code"]);
        let named = json!({ "code": "DA2", "name": "digital assets", "nature": "ASSET" });
        let named = keeper.ask(create, json!({ "input": named })).await;
        assert_eq!(named.refusals("adminAccountGroupCreate"), ["TAKEN input.name"]);

        let delete = "mutation($id: ID!) { adminAccountGroupDelete(id: $id) { deletedId
            userErrors { code field message } } }";
        let system = keeper.ask(delete, json!({ "id": assets })).await;
        assert_eq!(system.refusals("adminAccountGroupDelete"), ["SYSTEM id"]);
        let used = keeper.ask(delete, json!({ "id": id })).await;
        assert_eq!(used.refusals("adminAccountGroupDelete"), ["IN_USE id"]);
        let retire = "mutation($id: ID!) { adminAccountGroupRetire(id: $id,
            input: { retiredOn: \"2020-01-01\" }) { accountGroup { retiredOn }
            userErrors { code field message } } }";
        let system = keeper.ask(retire, json!({ "id": assets })).await;
        assert_eq!(system.refusals("adminAccountGroupRetire"), ["SYSTEM id"]);
        let done = keeper.ask(retire, json!({ "id": id })).await;
        assert_eq!(done.text("adminAccountGroupRetire.accountGroup.retiredOn"), "2020-01-01");
        assert_eq!(
            ledger(&tenants[0], "Coins", &id).await.refusals("ledgerCreate"),
            ["ACCOUNT_GROUP_UNKNOWN input.accountGroupId"]
        );

        let rate = "mutation($input: AdminGstRateCreateInput!) { adminGstRateCreate(input: $input) {
            gstRate { id igstRate cgstRate sgstRate isActive version }
            userErrors { code field message } } }";
        let from = |from: &str, igst: &str| json!({ "input": { "code": "GST_X", "name": "GST X",
            "igstRate": igst, "validFrom": from } });
        let made = keeper.ask(rate, from("2020-01-01", "7")).await;
        assert_eq!(made.text("adminGstRateCreate.gstRate.cgstRate"), "3.5");
        let overlap = keeper.ask(rate, from("2026-12-01", "8")).await;
        assert_eq!(overlap.refusals("adminGstRateCreate"), ["OVERLAP input.validFrom"]);
        let odd = keeper.ask(rate, from("2019-01-01", "0.0001")).await;
        assert_eq!(odd.refusals("adminGstRateCreate"), ["TOO_PRECISE input.igstRate"]);
        let id = made.text("adminGstRateCreate.gstRate.id");
        let end = "mutation($id: ID!) { adminGstRateRetire(id: $id,
            input: { validTo: \"2026-11-30\", expectedVersion: 1 }) { gstRate { validTo version }
            userErrors { code field message } } }";
        assert_eq!(
            keeper.ask(end, json!({ "id": id })).await.text("adminGstRateRetire.gstRate.validTo"),
            "2026-11-30"
        );
        keeper.ask(rate, from("2026-12-01", "8")).await.at("adminGstRateCreate.gstRate");
        for tenant in &tenants {
            let seen = tenant
                .query("{ gstRates(filter: { code: \"GST_X\" }) { nodes { igstRate validTo } } }")
                .await;
            assert_eq!(seen.text("gstRates.nodes.0.validTo"), "2026-11-30");
            assert_eq!(seen.text("gstRates.nodes.1.igstRate"), "8");
        }

        let others = keeper
            .query(
                "mutation {
                    section: adminTdsSectionCreate(input: { kind: DEDUCTED, act: ACT_2025,
                        code: \"9999\", section: \"393\", nature: \"Trial\", rate: \"2.5\",
                        aggregateLimit: \"5000\", limitPeriod: YEAR, validFrom: \"2026-04-01\" }) {
                        tdsSection { rate aggregateLimit { amount } } userErrors { code field message } }
                    kind: adminVoucherTypeCreate(input: { code: \"JRN_ADJ\", name: \"Adjustment\",
                        baseType: JOURNAL, numberingPrefix: \"AD/\" }) {
                        voucherType { code affectsBooks numberWidth } userErrors { code field message } }
                    currency: adminCurrencyCreate(input: { code: \"XTS\", numericCode: \"963\",
                        name: \"Testing\", exponent: 2 }) {
                        currency { code } userErrors { code field message } }
                    state: adminStateCreate(input: { country: \"IN\", code: \"40\", name: \"New State\" }) {
                        state { code usedFor } userErrors { code field message } }
                    gap: adminAccountingYearCreate(input: { firstMonth: 4, startsOn: \"2190-04-01\" }) {
                        accountingYear { label } userErrors { code field message } }
                    day: adminAccountingYearCreate(input: { firstMonth: 4, startsOn: \"2190-04-02\" }) {
                        accountingYear { label } userErrors { code field message } } }",
            )
            .await;
        assert_eq!(others.text("section.tdsSection.aggregateLimit.amount"), "5000.00");
        assert_eq!(others.at("kind.voucherType.affectsBooks"), true);
        assert_eq!(others.text("currency.currency.code"), "XTS");
        assert_eq!(others.text("state.state.usedFor"), "SUPPLY");
        assert_eq!(others.refusals("gap"), ["NOT_ALLOWED input.startsOn"]);
        assert_eq!(others.refusals("day"), ["INVALID input.startsOn"]);

        // A type made by the keeper is of use at once.
        let client = &tenants[1];
        let group = id_of(client, "accountGroups", "IEXP").await;
        let one = ledger(client, "Shed Rent", &group).await.text("ledgerCreate.ledger.id");
        let two = ledger(client, "Shed Power", &group).await.text("ledgerCreate.ledger.id");
        let kind = id_of(client, "voucherTypes", "JRN_ADJ").await;
        assert_eq!(journal(client, &kind, [&one, &two], "a").await, "AD/0001");

        let log = keeper.query("{ adminAuditLogs(first: 3) { nodes { action } }
            adminAuditVerify { ok } }").await;
        assert_eq!(log.text("adminAuditLogs.nodes.0.action"), "MASTER_STATE_CREATED");
        assert_eq!(log.at("adminAuditVerify.ok"), true);
    }

    async fn a_rate_is_a_share_of_the_value(app: &TestApp) {
        let keeper = office(app, "asha@office.example", PlatformRole::Admin).await;
        let gst = async |igst: &str, cess: &str| {
            let input = json!({ "code": "GST_Y", "name": "GST Y", "igstRate": igst, "cessRate": cess,
                "validFrom": "2020-01-01" });
            let create = "mutation($input: AdminGstRateCreateInput!) {
                adminGstRateCreate(input: $input) { gstRate { cessRate }
                userErrors { code field message } } }";
            keeper.ask(create, json!({ "input": input })).await.refusals("adminGstRateCreate")
        };
        assert_eq!(gst("-1", "0").await, ["INVALID input.igstRate"]);
        assert_eq!(gst("101", "0").await, ["TOO_LARGE input.igstRate"]);
        assert_eq!(gst("100.0002", "0").await, ["TOO_LARGE input.igstRate"]);
        assert_eq!(gst("28", "-0.5").await, ["INVALID input.cessRate"]);
        assert_eq!(gst("28", "1001").await, ["TOO_LARGE input.cessRate"]);
        // A cess on tobacco is more than the value.
        assert!(gst("28", "290").await.is_empty());

        let tds = async |rate: &str, no_pan: &str| {
            let input = json!({ "kind": "DEDUCTED", "act": "ACT_2025", "code": "9998",
                "section": "393", "nature": "Trial", "rate": rate, "noPanRate": no_pan,
                "limitPeriod": "YEAR", "validFrom": "2026-04-01" });
            let create = "mutation($input: AdminTdsSectionCreateInput!) {
                adminTdsSectionCreate(input: $input) { tdsSection { rate }
                userErrors { code field message } } }";
            keeper.ask(create, json!({ "input": input })).await.refusals("adminTdsSectionCreate")
        };
        assert_eq!(tds("-1", "101").await, ["INVALID input.rate", "TOO_LARGE input.noPanRate"]);
        assert_eq!(tds("0.00001", "20").await, ["TOO_PRECISE input.rate"]);
        assert!(tds("100", "0").await.is_empty());
    }

    async fn places_say_where_they_come_from(app: &TestApp) {
        let keeper = office(app, "asha@office.example", PlatformRole::Admin).await;
        let made = keeper
            .query(
                "mutation { adminStateCreate(input: { country: \"IN\", code: \"40\",
                    name: \"New State\" }) { state { id isSystem version }
                    userErrors { code field message } } }",
            )
            .await;
        assert_eq!(made.at("adminStateCreate.state.isSystem"), false);
        assert_eq!(made.at("adminStateCreate.state.version"), 1);
        let id = made.text("adminStateCreate.state.id");
        let retire = "mutation($id: ID!, $version: Int) { adminStateRetire(id: $id,
            input: { validTo: \"2026-11-30\", expectedVersion: $version }) {
            state { validTo version } userErrors { code field message } } }";
        let done = keeper.ask(retire, json!({ "id": id, "version": 1 })).await;
        assert_eq!(done.at("adminStateRetire.state.version"), 2);
        let stale = keeper.ask(retire, json!({ "id": id, "version": 1 })).await;
        assert_eq!(stale.refusals("adminStateRetire"), ["STALE input.expectedVersion"]);

        let client = app.register("loom").await;
        let found = client
            .query(
                "{ currencies(text: \"INR\") { nodes { code isSystem } }
                   countries(first: 1) { nodes { code currency isSystem } } }",
            )
            .await;
        assert_eq!(found.text("currencies.nodes.0.code"), "INR");
        assert_eq!(found.at("currencies.nodes.0.isSystem"), true);
        assert_eq!(found.at("countries.nodes.0.isSystem"), true);
        assert_eq!(found.text("countries.nodes.0.currency").len(), 3);
    }

    async fn a_value_that_does_not_fit_is_named_by_its_place(app: &TestApp) {
        let client = app.register("loom").await;
        let field = |answer: &Answer| answer.body["errors"][0]["extensions"]["field"].clone();
        let post = "mutation($input: VoucherPostInput!) { voucherPost(input: $input) {
            voucher { number } userErrors { code field message } } }";
        let input = |date: &str, debit: &str, currency: &str| json!({ "input": {
            "idempotencyKey": "a", "voucherTypeId": "x", "date": date, "entries": [
                { "ledgerId": "x", "debit": "1" },
                { "ledgerId": "y", "credit": debit, "currency": currency }] } });
        for (variables, place) in [
            (input("2026-02-30", "1", "INR"), json!(["input", "date"])),
            (input("2026-02-28", "1e3", "INR"), json!(["input", "entries", "1", "credit"])),
            (input("2026-02-28", "1", "inr"), json!(["input", "entries", "1", "currency"])),
        ] {
            let answer = client.ask(post, variables).await;
            assert_eq!(answer.code(), "BAD_USER_INPUT");
            assert_eq!(field(&answer), place, "{}", answer.body);
            let message = answer.body["errors"][0]["message"].as_str().unwrap();
            let path: Vec<_> =
                place.as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
            assert!(message.contains(&path.join(".")), "{message}");
        }
        let literal = client
            .query("{ gstRates(filter: { validOn: \"yesterday\" }) { nodes { id } } }")
            .await;
        assert_eq!(literal.code(), "BAD_USER_INPUT");
        assert_eq!(field(&literal), json!(["filter", "validOn"]), "{}", literal.body);
        let missing = client.ask(post, json!({ "input": { "date": "2026-02-28" } })).await;
        assert_eq!(field(&missing)[0], "input", "{}", missing.body);
    }
}
