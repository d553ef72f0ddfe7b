//! Real files of other programs, brought in through the API and compared with what is known of them.
//!
//! They are looked for in the folder that `DAYBOOK_SAMPLES` names; without it they are skipped by name.

use std::{collections::BTreeMap, path::Path};

use serde_json::json;

use super::{bring, business, findings, import, stage, standing_at};
use crate::{
    app::{TestApp, run_on},
    books::Shop,
    engine::Engine,
};

#[expect(clippy::disallowed_methods, reason = "tests have no settings of their own")]
fn sample(name: &str) -> Option<Vec<u8>> {
    let Ok(folder) = std::env::var("DAYBOOK_SAMPLES") else {
        eprintln!("skipped: real files of other programs; DAYBOOK_SAMPLES names no folder");
        return None;
    };
    let path = Path::new(&folder).join(name);
    Some(std::fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display())))
}

fn minor(text: &str) -> i64 {
    text.replace([',', '.'], "").parse().unwrap()
}

/// What ledgers stand at in minor units, by name.
async fn closing(shop: &Shop, id: &str, day: &str) -> BTreeMap<String, i64> {
    let found = standing_at(&shop.client, Some(id), Some(day)).await;
    found.into_iter().map(|(name, amount)| (name, minor(&amount))).collect()
}

/// The sum of ledgers whose names begin so.
fn below(closing: &BTreeMap<String, i64>, start: &str) -> i64 {
    let within = closing.iter().filter(|(name, _)| name.starts_with(start));
    within.map(|(_, amount)| amount).sum()
}

async fn tally(app: &TestApp) {
    let (Some(masters), Some(day_book)) =
        (sample("tally/masters-native-utf16.xml"), sample("tally/daybook-native-fy2025-26.xml"))
    else {
        return;
    };
    let shop = Shop::open(app, "meera").await;
    let input = json!({ "name": "Kirana", "country": "IN", "booksBeginOn": "2025-04-01" });
    let id = business(&shop.client, input).await;
    let what = ("TALLY_XML", None);
    let done = bring(app, &shop.client, Some(&id), what, &masters).await;
    assert_eq!(done["totals"]["openingDebit"]["amount"], "998620.52");
    assert_eq!(done["totals"]["openingCredit"]["amount"], "1456324.52");
    assert_eq!(done["counts"]["groups"], 6);

    let faulty = sample("tally/daybook-native-faulty.xml").unwrap();
    let staged = stage(app, &shop.client, Some(&id), what, &faulty).await;
    let errors = findings(import(&staged, "importStage"), "ERROR");
    for (number, reason) in [
        ("F2", "UNBALANCED"),
        ("F3", "UNKNOWN_LEDGER"),
        ("F4", "BAD_DATE"),
        ("F5", "BAD_AMOUNT"),
        ("F6", "BILLS_DIFFER"),
        ("F7", "UNKNOWN_VOUCHER_TYPE"),
        ("F9", "CONFLICT"),
    ] {
        let of = |one: &&String| one.contains(reason) && one.ends_with(&format!(" {number}"));
        assert_eq!(errors.iter().filter(of).count(), 1, "{number} {errors:?}");
    }
    assert_eq!(errors.len(), 7, "{errors:?}");

    let done = bring(app, &shop.client, Some(&id), what, &day_book).await;
    assert_eq!(done["counts"]["vouchers"], 526, "{done}");
    assert_eq!(done["counts"]["leftOut"], 5);
    assert_eq!(done["totals"]["vouchers"]["amount"], "17913097.26");
    let closing = closing(&shop, &id, "2026-03-31").await;
    for (ledger, expected) in [
        ("Cash", "-3,19,772.62"),
        ("Sales GST 5%", "-28,98,413.93"),
        ("Sales Exempt", "-76,268.12"),
        ("Purchase GST 5%", "50,05,452.00"),
        ("Output CGST", "-76,196.16"),
        ("Input CGST", "79,308.83"),
        ("Round Off", "-0.24"),
        ("Shop Rent", "7,20,000.00"),
        ("जय भवानी किराणा", "1,16,716.16"),
        ("D'Souza Bakers & Sons", "2,59,462.62"),
        ("Difference in Opening Balances", "4,57,704.00"),
    ] {
        assert_eq!(closing.get(ledger), Some(&minor(expected)), "{ledger}");
    }
    assert_eq!(closing.values().sum::<i64>(), 0);
}

async fn beancount(app: &TestApp) {
    let Some(basic) = sample("beancount/basic.beancount") else { return };
    let shop = Shop::open(app, "meera").await;
    let input = json!({ "name": "Basic", "country": "US", "booksBeginOn": "2007-01-01" });
    let id = business(&shop.client, input).await;
    let done = bring(app, &shop.client, Some(&id), ("BEANCOUNT", None), &basic).await;
    assert_eq!(done["counts"]["vouchers"], 67, "{done}");
    let stands = closing(&shop, &id, "2016-12-31").await;
    assert_eq!(below(&stands, "Assets"), minor("45,484.85"), "{stands:?}");
    assert_eq!(below(&stands, "Liabilities"), minor("844.74"));
    assert_eq!(below(&stands, "Equity"), minor("-48,559.87"));
    // What income and expense came to stands in the result by then.
    assert_eq!(stands["Profit & Loss A/c"], minor("-8,427.33") + minor("10,657.61"));
}

async fn journals(app: &TestApp) {
    let Some(large) = sample("hledger/made-10k.journal") else { return };
    let shop = Shop::open(app, "meera").await;
    let input = json!({ "name": "Traders", "country": "IN", "booksBeginOn": "2023-04-01" });
    let id = business(&shop.client, input).await;
    let done = bring(app, &shop.client, Some(&id), ("HLEDGER", None), &large).await;
    assert_eq!(done["counts"]["vouchers"], 10_000, "{done}");
    let stands = closing(&shop, &id, "2026-03-31").await;
    for (account, expected) in [
        ("assets:bank:deccan", "5,44,20,373.61"),
        ("assets:cash", "-76,465.01"),
        ("assets:debtors", "6,43,00,787.11"),
        ("liabilities:creditors", "-3,09,66,311.82"),
    ] {
        assert_eq!(below(&stands, account), minor(expected), "{account}");
    }
    assert_eq!(stands.values().sum::<i64>(), 0);

    let input = json!({ "name": "Shares", "country": "US", "booksBeginOn": "2012-01-01" });
    let id = business(&shop.client, input).await;
    let shares = sample("hledger/bcexample.journal").unwrap();
    let done = bring(app, &shop.client, Some(&id), ("HLEDGER", None), &shares).await;
    assert_eq!(done["state"], "APPLIED");
    let stands = closing(&shop, &id, "2014-12-31").await;
    assert_eq!(below(&stands, "Liabilities"), minor("-2,891.85"));
    assert_eq!(below(&stands, "Equity"), minor("-3,077.70"));
    let input = json!({ "name": "Long", "country": "US", "booksBeginOn": "2000-01-01" });
    let id = business(&shop.client, input).await;
    let long = sample("beancount/long-example.beancount").unwrap();
    bring(app, &shop.client, Some(&id), ("BEANCOUNT", None), &long).await;
    let stands = closing(&shop, &id, "2020-12-31").await;
    assert_eq!(below(&stands, "Liabilities"), minor("-2,935.65"));
    assert_eq!(below(&stands, "Equity"), minor("-3,553.18"));
}

async fn connector(app: &TestApp) {
    let (Some(groups), Some(ledgers), Some(sales)) = (
        sample("tally/connector-groups.xml"),
        sample("tally/connector-ledgers.xml"),
        sample("tally/connector-vouchers-sales.xml"),
    ) else {
        return;
    };
    let shop = Shop::open(app, "meera").await;
    let input = json!({ "name": "Demo", "country": "IN", "booksBeginOn": "2009-04-01" });
    let id = business(&shop.client, input).await;
    let what = ("TALLY_XML", None);
    let done = bring(app, &shop.client, Some(&id), what, &groups).await;
    assert_eq!(done["counts"]["groups"], 61);
    let done = bring(app, &shop.client, Some(&id), what, &ledgers).await;
    assert_eq!(done["totals"]["openingDebit"]["amount"], "74705596.73", "{done}");
    assert_eq!(done["totals"]["openingCredit"]["amount"], "95724208.44");
    // Its numbering restarts within years: new numbers, and the old ones as references.
    let staged = stage(app, &shop.client, Some(&id), what, &sales).await;
    let found = import(&staged, "importStage").clone();
    let map = json!({ "importId": found["id"], "numbers": "NEW" });
    let mapped = super::act(&shop.client, "Map", map).await;
    let found = import(&mapped, "importMap").clone();
    assert_eq!(findings(&found, "ERROR"), [""; 0], "{found}");
    // One of the hundred comes to nothing.
    assert_eq!(super::apply(&shop.client, &found).await["counts"]["vouchers"], 99);
    assert_eq!(found["totals"]["vouchers"]["amount"], "67068248.03");
}

macro_rules! on_sqlite {
    ($($name:ident: $test:ident;)+) => {$(
        #[test]
        fn $name() {
            run_on(Engine::Sqlite, &[], |app| Box::pin($test(app)));
        }
    )+};
}

on_sqlite! {
    a_year_of_a_shop_in_tally: tally;
    large_journals: journals;
    a_company_as_a_connector_reports_it: connector;
}

on_every_engine! {
    async fn a_small_journal(app: &TestApp) {
        beancount(app).await;
    }
}
