//! Whole books fetched over HTTP, by those who may.

use reqwest::Response;
use serde_json::{Value, json};

use super::business;
use crate::{
    app::TestApp,
    books::Shop,
    client::{Answer, Client},
    tenancy::invited,
};

async fn export(client: &Client, input: Value) -> Answer {
    client
        .ask(
            "mutation($input: BookExportInput!) { bookExport(input: $input) {
                download { url expiresAt fileName } userErrors { code field message } } }",
            json!({ "input": input }),
        )
        .await
}

/// Where books can be fetched, and what the file is called.
async fn link(client: &Client, input: Value) -> (String, String) {
    let made = export(client, input).await;
    assert!(made.refusals("bookExport").is_empty(), "{}", made.body);
    (made.text("bookExport.download.url"), made.text("bookExport.download.fileName"))
}

async fn fetch(app: &TestApp, url: &str) -> Response {
    reqwest::get(format!("http://{}{url}", app.address)).await.unwrap()
}

/// The bytes of books.
async fn bytes(app: &TestApp, client: &Client, input: Value) -> Vec<u8> {
    let (url, _) = link(client, input).await;
    let fetched = fetch(app, &url).await;
    let status = fetched.status();
    let bytes = fetched.bytes().await.unwrap().to_vec();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    bytes
}

/// Number, ledger, debit and credit of each row of vouchers as CSV.
async fn rows(app: &TestApp, client: &Client, mut input: Value) -> Vec<[String; 4]> {
    input["format"] = json!("CSV");
    input["part"] = json!("VOUCHERS");
    let bytes = bytes(app, client, input).await;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let headings = reader.headers().unwrap().clone();
    let places = ["Number", "Ledger", "Debit", "Credit"]
        .map(|name| headings.iter().position(|heading| heading == name).unwrap());
    let cells = |row: csv::StringRecord| places.map(|place| row[place].to_owned());
    reader.records().map(|row| cells(row.unwrap())).collect()
}

/// A shop with two vouchers; their numbers.
async fn busy(app: &TestApp) -> (Shop, [String; 2]) {
    let shop = Shop::open(app, "meera").await;
    let mut sale = shop.voucher("1", "RCT", "Cash", "Sales", "1180");
    sale["narration"] = json!("Counter sales");
    let mut rent = shop.voucher("2", "PMT", "Rent", "Cash", "50.05");
    rent["date"] = json!(shop.day(20));
    let numbers = [shop.number(&sale).await, shop.number(&rent).await];
    (shop, numbers)
}

on_every_engine! {
    async fn books_are_fetched_as_files(app: &TestApp) {
        let (shop, [sale, rent]) = busy(app).await;
        let (url, name) = link(&shop.client, json!({ "format": "HLEDGER" })).await;
        assert_eq!(name, "meera Textiles books.journal");
        let fetched = fetch(app, &url).await;
        assert_eq!(fetched.status(), 200);
        let header = |name: &str| fetched.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "text/plain; charset=utf-8");
        assert!(header("content-disposition").contains(&format!("filename=\"{name}\"")));
        let length = header("content-length");
        let journal = fetched.text().await.unwrap();
        assert_eq!(length, journal.len().to_string());
        let (first, second) = (shop.day(10), shop.day(20));
        for said in [
            format!("{first} * Receipt {sale}"),
            format!("{second} * Payment {rent}"),
            "Counter sales".to_owned(),
            ":Cash  1180.00 INR".to_owned(),
            ":Sales  -1180.00 INR".to_owned(),
            ":Rent  50.05 INR".to_owned(),
        ] {
            assert!(journal.contains(&said), "{said}: {journal}");
        }

        let row = |number: &str, ledger: &str, debit: &str, credit: &str| {
            [number, ledger, debit, credit].map(str::to_owned)
        };
        let later = [row(&rent, "Rent", "50.05", ""), row("", "Cash", "", "50.05")];
        let mut all = vec![row(&sale, "Cash", "1180.00", ""), row("", "Sales", "", "1180.00")];
        all.extend(later.clone());
        assert_eq!(rows(app, &shop.client, json!({})).await, all);
        let some = json!({ "from": shop.day(15), "to": shop.day(20) });
        assert_eq!(rows(app, &shop.client, some).await, later);
        let some = json!({ "from": shop.day(15), "to": shop.day(19) });
        assert!(rows(app, &shop.client, some).await.is_empty());

        let ledgers = json!({ "format": "CSV", "part": "LEDGERS" });
        let (_, name) = link(&shop.client, ledgers.clone()).await;
        assert_eq!(name, "meera Textiles ledgers.csv");
        let ledgers = String::from_utf8(bytes(app, &shop.client, ledgers).await).unwrap();
        assert!(ledgers.contains("State Bank,Bank Accounts"), "{ledgers}");
        for format in ["TALLY_XML", "BEANCOUNT"] {
            let file = bytes(app, &shop.client, json!({ "format": format })).await;
            let file = String::from_utf8(file).unwrap();
            assert!(file.contains("Counter sales"), "{format}: {file}");
        }
        let file = bytes(app, &shop.client, json!({ "format": "XLSX" })).await;
        assert!(file.starts_with(b"PK"));

        for (wrong, why) in [
            (json!({ "format": "CSV" }), "REQUIRED input.part"),
            (json!({ "format": "CSV", "part": "BOOKS" }), "REQUIRED input.part"),
            (json!({ "format": "HLEDGER", "part": "LEDGERS" }), "INVALID input.part"),
            (json!({ "format": "HLEDGER", "from": shop.day(9), "to": shop.day(8) }), "INVALID input.to"),
            (json!({ "format": "HLEDGER", "businessId": shop.ledgers["Cash"] }),
                "BUSINESS_UNKNOWN input.businessId"),
        ] {
            let refused = export(&shop.client, wrong).await;
            assert_eq!(refused.refusals("bookExport"), [why], "{}", refused.body);
            assert!(refused.data("bookExport.download").is_null(), "{}", refused.body);
        }
    }

    async fn books_are_for_those_who_may(app: &TestApp) {
        let (shop, _) = busy(app).await;
        let found = shop.client.query("{ me { businesses { nodes { id } } } }").await;
        let first = found.text("me.businesses.nodes.0.id");
        let second = business(&shop.client, json!({ "name": "Second", "country": "IN" })).await;
        let unknown = ["BUSINESS_UNKNOWN input.businessId"];
        let some = json!({ "format": "HLEDGER" });
        let own = json!({ "format": "HLEDGER", "businessId": first });
        for role in ["VIEWER", "CASHIER"] {
            let other = invited(app, &shop.client, role, json!(null)).await;
            assert_eq!(export(&other, own.clone()).await.code(), "FORBIDDEN", "{role}");
        }

        // Two businesses: one must be named; who sees one of them has nothing of the other.
        assert_eq!(export(&shop.client, some.clone()).await.refusals("bookExport"), unknown);
        let accountant = invited(app, &shop.client, "ACCOUNTANT", json!([second])).await;
        assert_eq!(export(&accountant, own.clone()).await.refusals("bookExport"), unknown);
        let (url, name) = link(&accountant, some).await;
        assert_eq!(name, "Second books.journal");
        let fetched = fetch(app, &url).await;
        assert_eq!(fetched.status(), 200);
        let journal = fetched.text().await.unwrap();
        assert!(!journal.contains(" * Receipt") && !journal.contains("Counter"), "{journal}");

        // Another tenant's people cannot ask for these books, nor does a link open there.
        let ravi = Shop::open(app, "ravi").await;
        let refused = export(&ravi.client, own.clone()).await;
        assert_eq!(refused.refusals("bookExport"), unknown);
        assert!(refused.data("bookExport.download").is_null(), "{}", refused.body);
        let path = format!("http://{}{url}", app.address);
        let foreign = reqwest::Client::new().get(&path).header("x-tenant", "ravi");
        assert_eq!(foreign.send().await.unwrap().status(), 404);
        let last = if url.ends_with('A') { 'B' } else { 'A' };
        let changed = format!("{}{last}", &url[..url.len() - 1]);
        assert_eq!(fetch(app, &changed).await.status(), 404);

        // Whoever lost the right fetches nothing with a link of before.
        let id = accountant.query("{ me { id } }").await.text("me.id");
        let ask = "mutation($id: ID!, $input: UserUpdateInput!) { userUpdate(id: $id, input: $input) {
            userErrors { code field message } } }";
        let input = json!({ "id": id, "input": { "role": "VIEWER" } });
        let done = shop.client.ask(ask, input).await;
        assert!(done.refusals("userUpdate").is_empty(), "{}", done.body);
        let lost = fetch(app, &url).await;
        assert!(lost.status() == 403 || lost.status() == 401, "{}", lost.status());

        let (url, _) = link(&shop.client, own).await;
        app.clock.advance_ms(601_000);
        assert_eq!(fetch(app, &url).await.status(), 410);
    }
}
