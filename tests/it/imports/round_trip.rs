//! Books go out and come in again as they were, in every format; hledger counts them as we do.

use std::{
    io::{self, Write},
    process::Command,
    sync::{Arc, Mutex},
};

use daybook::{
    auth::access,
    interchange::staged::BillKind,
    scope::{RequestInfo, TenantScope},
    services::{
        books::chart::Asked,
        demo::{self, Watcher, Whole},
        imports::{
            asked::{Format, Kind},
            export::{self, ExportBooks},
        },
    },
};
use daybook_domain::{
    id::{BusinessId, TenantId},
    role::Permission,
};
use serde_json::{Value, json};

use super::{as_tally, bill, bring, business, numbers, old_books, standing, voucher};
use crate::{
    app::{TestApp, run_on},
    books::Shop,
    client::{Client, PASSWORD},
    engine::Engine,
    hand::{connection, row_of},
};

/// Keeps what is written to it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The owner of a tenant.
async fn owner(app: &TestApp, tenant: TenantId) -> TenantScope {
    let db = app.app.tenancy.lease(tenant).await.unwrap();
    let access = access::of_owner(&db).await.unwrap();
    let request = RequestInfo { id: "a test".to_owned(), address: None, subdomain: None };
    let catalogue = app.app.tenancy.catalogue();
    TenantScope { db, access, catalogue, clock: app.clock.clone(), request }
}

/// The books of a business as a file.
async fn taken_out(
    scope: &TenantScope,
    business: BusinessId,
    format: Format,
    kind: Option<Kind>,
) -> Vec<u8> {
    let command =
        ExportBooks { business: Asked::This(business), format, kind, from: None, to: None };
    let export = export::prepare(scope, command).await.unwrap();
    let kept = Kept::default();
    export::write(scope, &export, kept.clone()).await.unwrap();
    kept.0.lock().unwrap().clone()
}

fn business_of(global: &str) -> BusinessId {
    let id = async_graphql::ID(global.to_owned());
    BusinessId::new(daybook::graphql::id::decode("Business", &id).unwrap())
}

/// Everything that is to be the same: vouchers, balances, open bills.
async fn told(client: &Client, business: &str) -> Value {
    let found = client
        .ask(
            "query($id: ID) {
                vouchers(businessId: $id, first: 100) { nodes { number date kind status
                    narration reference referenceDate total { amount } voucherType { code }
                    party { name } entries { line narration ledger { name } debit { amount }
                        credit { amount } currencyAmount { amount currency } } } }
                bills(businessId: $id, first: 100) { nodes { reference dueOn date isAdvance
                    open { amount } ledger { name } } } }",
            json!({ "id": business }),
        )
        .await;
    let list = |path: &str| {
        let mut rows = found.at(path).as_array().unwrap().clone();
        rows.retain(|one| one["kind"] != "OPENING" && one["status"] != "CANCELLED");
        rows.sort_by_key(Value::to_string);
        rows
    };
    json!([list("vouchers.nodes"), list("bills.nodes"), standing(client, Some(business)).await])
}

on_every_engine! {
    async fn books_come_back_as_they_went(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let mut books = old_books(&shop);
        let advance = &[bill(BillKind::Advance, Some("ADV/1"), "-40")];
        books.vouchers.push(voucher("Receipt", Some("8"), &shop.day(33), &[
            ("Cash", "40", &[]), ("Asha & Sons", "-40", advance),
        ]));
        for (voucher, text) in books.vouchers.iter_mut().zip(["=1+1; a, b: \"c\"\nnext", "जय"]) {
            voucher.narration = Some(text.to_owned());
            voucher.reference = Some("PO 7/24".to_owned());
        }
        bring(app, &shop.client, None, ("TALLY_XML", None), &as_tally(&books)).await;
        let found = shop.client.query("{ me { businesses { nodes { id } } } vouchers(first: 100) {
            nodes { id number } } }").await;
        let own = found.text("me.businesses.nodes.0.id");
        let id_of = |number: &str| {
            let nodes = found.at("vouchers.nodes").as_array().unwrap();
            nodes.iter().find(|one| one["number"] == number).unwrap()["id"].clone()
        };
        // Later acts: an amount that waited, and a part of the advance, met a bill; a sale was cancelled.
        let open = shop.bill("INV/0009").await;
        for (number, amount) in [("7", "36"), ("8", "15")] {
            let input = json!({ "idempotencyKey": number, "voucherId": id_of(number),
                "date": shop.day(40), "ledgerId": shop.ledger("Asha & Sons").await,
                "allocations": [{ "billId": open, "amount": amount }] });
            let done = shop.act("billAllocate", input).await;
            assert!(done.refusals("billAllocate").is_empty(), "{}", done.body);
        }
        shop.number(&shop.voucher("gone", "SAL", "Cash", "Sales", "9")).await;
        let gone = shop.client.query("{ vouchers(first: 100) { nodes { id number } } }").await;
        let nodes = gone.at("vouchers.nodes").as_array().unwrap();
        let gone = nodes.iter().find(|one| one["number"] == "INV/0010").unwrap();
        let input = json!({ "idempotencyKey": "c", "voucherId": gone["id"] });
        assert!(shop.act("voucherCancel", input).await.refusals("voucherCancel").is_empty());
        let before = told(&shop.client, &own).await;
        assert_eq!(before[1].as_array().unwrap().len(), 4, "{}", before[1]);

        let scope = owner(app, row_of(app, "meera").await.id).await;
        let begins = shop.begins.to_string();
        let begin = |name: String| json!({ "name": name, "country": "IN", "booksBeginOn": begins });
        for (word, format) in [
            ("TALLY_XML", Format::TallyXml),
            ("XLSX", Format::Xlsx),
            ("HLEDGER", Format::Hledger),
            ("BEANCOUNT", Format::Beancount),
        ] {
            let file = taken_out(&scope, business_of(&own), format, None).await;
            let id = business(&shop.client, begin(word.to_owned())).await;
            bring(app, &shop.client, Some(&id), (word, None), &file).await;
            assert_eq!(told(&shop.client, &id).await, before, "{word}");
        }
        let id = business(&shop.client, begin("CSV".to_owned())).await;
        for (part, kind) in [
            ("GROUPS", Kind::Groups),
            ("LEDGERS", Kind::Ledgers),
            ("OPENINGS", Kind::Openings),
            ("VOUCHERS", Kind::Vouchers),
        ] {
            let file = taken_out(&scope, business_of(&own), Format::Csv, Some(kind)).await;
            bring(app, &shop.client, Some(&id), ("CSV", Some(part)), &file).await;
        }
        assert_eq!(told(&shop.client, &id).await, before, "CSV");
        assert_eq!(numbers(&shop.client, Some(&id)).await.len(), 9);

        // Who lacks the permission gets nothing.
        let mut less = scope.clone();
        let mut access = (*less.access).clone();
        access.permissions = access.permissions.without(
            daybook_domain::role::PermissionSet::of([Permission::BookExport]));
        less.access = Arc::new(access);
        let command = ExportBooks { business: Asked::This(business_of(&own)),
            format: Format::Hledger, kind: None, from: None, to: None };
        assert!(export::prepare(&less, command).await.is_err());
    }
}

impl Shop {
    /// The id of a ledger that something else than this shop opened.
    async fn ledger(&self, name: &str) -> String {
        let found = self.client.query("{ ledgers(first: 100) { nodes { id name } } }").await;
        let nodes = found.at("ledgers.nodes").as_array().unwrap();
        let one = nodes.iter().find(|one| one["name"] == name).unwrap();
        one["id"].as_str().unwrap().to_owned()
    }
}

/// Nobody listens.
struct Quiet;

impl Watcher for Quiet {
    fn begins(&self, _: &str) -> daybook::error::Result<()> {
        Ok(())
    }

    fn writes(&self, _: &str) {}
}

/// Balances as hledger counts them, in minor units; none where it is not installed.
fn by_hledger(journal: &[u8]) -> Option<Vec<i64>> {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("books.journal");
    std::fs::write(&path, journal).unwrap();
    let output = Command::new("hledger")
        .arg("-f")
        .arg(&path)
        .args(["balance", "--flat", "--no-total", "--output-format", "csv"])
        .env("LC_ALL", "C.UTF-8")
        .output();
    let Ok(output) = output else {
        eprintln!("skipped what hledger says of a business's books: it is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut rows = csv::Reader::from_reader(output.stdout.as_slice());
    let mut amounts: Vec<i64> = rows
        .records()
        .map(|row| row.unwrap()[1].split(' ').next().unwrap().replace([',', '.'], "").parse())
        .map(Result::unwrap)
        .filter(|amount| *amount != 0)
        .collect();
    amounts.sort_unstable();
    Some(amounts)
}

async fn the_example(app: &TestApp) {
    use sea_orm::{ConnectionTrait, Statement};
    let password = secrecy::SecretString::from(PASSWORD);
    Box::pin(demo::load(&app.app.desk, &password, &Quiet, Whole::GoesOn)).await.unwrap();
    let scope = owner(app, row_of(app, "asha-traders").await.id).await;
    let chart = daybook::services::books::chart::chart(&scope).await.unwrap();
    let first = chart.businesses.values().next().unwrap().id;
    let journal = taken_out(&scope, first, Format::Hledger, None).await;
    let db = connection(app, "asha-traders").await;
    let sql = format!(
        "SELECT SUM(debit) - SUM(credit) FROM ledger_period_totals WHERE business_id = {first} \
         GROUP BY ledger_id"
    );
    let ask = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(ask).await.unwrap();
    let mut ours: Vec<i64> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    ours.retain(|amount| *amount != 0);
    ours.sort_unstable();
    assert!(ours.len() > 5);
    if let Some(theirs) = by_hledger(&journal) {
        assert_eq!(theirs, ours);
    }
}

#[test]
fn hledger_counts_the_example_as_we_do() {
    run_on(Engine::Sqlite, &[], |app| Box::pin(the_example(app)));
}
