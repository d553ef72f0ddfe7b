//! Reports fetched as files, compared with what the API says.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use reqwest::Response;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    books::Shop,
    client::{Answer, Client},
    tenancy::invited,
};

async fn export(client: &Client, input: Value) -> Answer {
    client
        .ask(
            "mutation($input: ReportExportInput!) { reportExport(input: $input) {
                download { url expiresAt fileName } userErrors { code field message } } }",
            json!({ "input": input }),
        )
        .await
}

async fn fetch(app: &TestApp, url: &str) -> Response {
    reqwest::get(format!("http://{}{url}", app.address)).await.unwrap()
}

/// The bytes of a report.
async fn bytes(app: &TestApp, client: &Client, input: Value) -> Vec<u8> {
    let made = export(client, input).await;
    assert!(made.refusals("reportExport").is_empty(), "{}", made.body);
    let fetched = fetch(app, &made.text("reportExport.download.url")).await;
    let status = fetched.status();
    let bytes = fetched.bytes().await.unwrap().to_vec();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    bytes
}

/// Rows of a report as CSV, without the names of columns.
async fn rows(app: &TestApp, client: &Client, mut input: Value) -> Vec<Vec<String>> {
    input["format"] = json!("CSV");
    let bytes = bytes(app, client, input).await;
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes.as_slice());
    let text = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
    reader.records().map(|row| text(row.unwrap())).collect()
}

/// A shop with some vouchers, one of them with a name that a spreadsheet would take for a formula.
async fn busy(app: &TestApp) -> Shop {
    let mut shop = Shop::open(app, "meera").await;
    let made = shop.create_ledger("=किराया, \"old\"", "IEXP", Value::Null).await;
    shop.keep_ledger(&made);
    for (key, kind, debit, credit, amount) in [
        ("1", "RCT", "Cash", "Sales", "1234567.89"),
        ("2", "PMT", "Rent", "Cash", "2500.50"),
        ("3", "PMT", "=किराया, \"old\"", "Cash", "100"),
        ("4", "CTR", "State Bank", "Cash", "1000000"),
    ] {
        let mut input = shop.voucher(key, kind, debit, credit, amount);
        input["narration"] = json!(format!("+{key}"));
        shop.posted(&input).await;
    }
    shop
}

/// What the API says of the trial balance: level, name and six amounts of each line, then the sums.
async fn balances(shop: &Shop, from: &str, to: &str) -> Vec<Vec<String>> {
    let six = ["openingDebit", "openingCredit", "debit", "credit", "closingDebit", "closingCredit"];
    let amounts: Vec<String> = six.iter().map(|one| format!("{one} {{ amount }}")).collect();
    let amounts = amounts.join(" ");
    let found = shop
        .client
        .query(&format!(
            "{{ trialBalance(from: \"{from}\", asAt: \"{to}\") {{
                lines {{ level name {amounts} }} totals {{ {amounts} }} }} }}"
        ))
        .await;
    let row = |level: String, name: &str, of: &Value| {
        let mut row = vec![level, name.to_owned()];
        row.extend(six.iter().map(|one| of[one]["amount"].as_str().unwrap().to_owned()));
        row
    };
    let lines = found.at("trialBalance.lines").as_array().unwrap();
    let mut rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| row(line["level"].to_string(), line["name"].as_str().unwrap(), line))
        .collect();
    rows.push(row("0".into(), "Total", found.at("trialBalance.totals")));
    rows
}

fn disarmed(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    for cell in rows.iter_mut().flatten() {
        if let Some(plain) = cell.strip_prefix("'=") {
            *cell = format!("={plain}");
        }
    }
    rows
}

on_every_engine! {
    async fn a_report_says_as_a_file_what_the_api_says(app: &TestApp) {
        let shop = busy(app).await;
        let (from, to) = (shop.day(0), shop.day(30));
        let right = balances(&shop, &from, &to).await;
        assert!(right.len() > 6, "{right:?}");
        let input = json!({ "report": "TRIAL_BALANCE", "format": "CSV", "from": from, "to": to });
        let read = rows(app, &shop.client, input.clone()).await;
        assert!(read.iter().any(|row| row[1].starts_with("'=")), "{read:?}");
        assert_eq!(disarmed(read), right);

        // The same in a spreadsheet, with numbers as numbers.
        let made = export(&shop.client, { let mut input = input.clone(); input["format"] = json!("XLSX"); input }).await;
        assert_eq!(made.text("reportExport.download.fileName"), "Trial balance - meera Textiles.xlsx");
        let fetched = fetch(app, &made.text("reportExport.download.url")).await;
        let book = fetched.bytes().await.unwrap().to_vec();
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book)).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let read: Vec<Vec<String>> = sheet
            .rows()
            .skip_while(|row| row[0] != Data::String("Level".into()))
            .skip(1)
            .map(|row| {
                let (words, amounts) = row.split_at(2);
                let number = |cell: &Data| match cell {
                    Data::Float(number) => format!("{number:.2}"),
                    Data::Int(number) => format!("{number}.00"),
                    other => panic!("{other:?} is no number"),
                };
                let mut cells = vec![words[0].to_string(), words[1].to_string()];
                cells.extend(amounts.iter().map(number));
                cells
            })
            .collect();
        assert_eq!(read, right);

        // And on paper.
        let paper = bytes(app, &shop.client, { let mut input = input; input["format"] = json!("PDF"); input }).await;
        let paper = lopdf::Document::load_mem(&paper).unwrap();
        assert_eq!(paper.get_pages().len(), 1);
        let text = paper.extract_text(&[1]).unwrap();
        for said in ["Trial balance", "meera Textiles", "Page 1 of 1", "12,34,567.89", "Rent", "2,500.50"] {
            assert!(text.contains(said), "{said}: {text}");
        }
    }

    async fn every_report_has_its_file(app: &TestApp) {
        let shop = busy(app).await;
        let days = |report: &str| json!({ "report": report, "from": shop.day(0), "to": shop.day(30) });
        let last = |rows: &[Vec<String>], place: usize| rows.last().unwrap()[place].clone();
        let one = |report: &str, field: &str, value: Value| {
            let mut input = days(report);
            input[field] = value;
            input
        };
        let cash = one("LEDGER_STATEMENT", "ledgerId", json!(shop.ledgers["Cash"]));
        let read = rows(app, &shop.client, cash).await;
        assert_eq!(read.len(), 6, "{read:?}");
        assert_eq!((read[0][3].as_str(), read[0][6].as_str()), ("Opening balance", "0.00"));
        assert_eq!(read[1][3], "Sales: +1");
        assert_eq!(read[5][4..7], ["1234567.89", "1002600.50", "231967.39"].map(str::to_owned));

        let read = rows(app, &shop.client, days("DAY_BOOK")).await;
        assert_eq!((read.len(), last(&read, 5).as_str()), (5, "2237168.39"), "{read:?}");
        assert!(read[0][4].starts_with("'+1"));
        let read = rows(app, &shop.client, one("VOUCHER_REGISTER", "baseType", json!("PAYMENT"))).await;
        assert_eq!((read.len(), last(&read, 5).as_str()), (3, "2600.50"));
        let read = rows(app, &shop.client, days("PROFIT_AND_LOSS")).await;
        assert_eq!((last(&read, 1).as_str(), last(&read, 2).as_str()), ("Net profit", "1231967.39"));
        let read = rows(app, &shop.client, days("BALANCE_SHEET")).await;
        assert_eq!((last(&read, 1).as_str(), last(&read, 2).as_str()), ("Total assets", "1231967.39"));
        let read = rows(app, &shop.client, days("CASH_FLOW")).await;
        assert_eq!((last(&read, 1).as_str(), last(&read, 4).as_str()), ("Cash after", "1231967.39"));
        let group = shop.groups["CASH"].clone();
        let read = rows(app, &shop.client, one("GROUP_SUMMARY", "accountGroupId", json!(group))).await;
        assert_eq!((read.len(), last(&read, 4).as_str()), (2, "231967.39"));

        let made = shop.try_ledger(json!({ "name": "Asha", "accountGroupId": shop.groups["SD"], "isBillWise": true })).await;
        let mut shop = shop;
        shop.keep_ledger(&made);
        shop.posted(&shop.invoice("INV/1", "100", 10)).await;
        let read = rows(app, &shop.client, json!({ "report": "BILLS_RECEIVABLE", "to": shop.day(30) })).await;
        assert_eq!((read.len(), read[0][1].as_str(), last(&read, 5).as_str()), (2, "INV/1", "100.00"));
        let read = rows(app, &shop.client, json!({ "report": "BILLS_PAYABLE", "to": shop.day(30) })).await;
        assert_eq!((read.len(), last(&read, 5).as_str()), (1, "0.00"));
        let asha = json!({ "report": "PARTY_STATEMENT", "ledgerId": shop.ledgers["Asha"],
            "from": shop.day(0), "to": shop.day(30) });
        assert_eq!(last(&rows(app, &shop.client, asha).await, 6), "100.00");
        let read = rows(app, &shop.client, json!({ "report": "EDIT_LOG" })).await;
        assert!(read.iter().any(|row| row[3] == "VOUCHER_POSTED"), "{read:?}");
        assert_eq!(last(&read, 0), "1");
        for report in ["PROFIT_AND_LOSS", "DAY_BOOK", "EDIT_LOG", "BILLS_RECEIVABLE"] {
            let mut input = json!({ "report": report, "format": "PDF", "to": shop.day(30) });
            if report != "BILLS_RECEIVABLE" {
                input["from"] = json!(shop.day(0));
            }
            let paper = bytes(app, &shop.client, input).await;
            assert!(!lopdf::Document::load_mem(&paper).unwrap().get_pages().is_empty(), "{report}");
        }
    }

    async fn a_download_is_for_who_asked_and_for_minutes(app: &TestApp) {
        let shop = busy(app).await;
        let input = json!({ "report": "TRIAL_BALANCE", "format": "CSV" });
        for (wrong, why) in [
            (json!({ "report": "LEDGER_STATEMENT", "format": "CSV" }), "REQUIRED input.ledgerId"),
            (json!({ "report": "LEDGER_STATEMENT", "format": "CSV", "ledgerId": shop.groups["CASH"] }),
                "INVALID input.ledgerId"),
            (json!({ "report": "PARTY_STATEMENT", "format": "CSV", "ledgerId": shop.ledgers["Cash"] }),
                "INVALID input.ledgerId"),
            (json!({ "report": "VOUCHER_REGISTER", "format": "CSV" }), "REQUIRED input.baseType"),
            (json!({ "report": "TRIAL_BALANCE", "format": "CSV", "businessIds": [shop.ledgers["Cash"]] }),
                "INVALID input.businessIds"),
            (json!({ "report": "DAY_BOOK", "format": "CSV", "from": shop.day(9), "to": shop.day(8) }),
                "INVALID input.from"),
        ] {
            let refused = export(&shop.client, wrong).await;
            assert_eq!(refused.refusals("reportExport"), [why], "{}", refused.body);
        }
        let cashier = invited(app, &shop.client, "CASHIER", json!(null)).await;
        assert_eq!(export(&cashier, input.clone()).await.code(), "FORBIDDEN");
        let viewer = invited(app, &shop.client, "VIEWER", json!(null)).await;
        let log = json!({ "report": "EDIT_LOG", "format": "CSV" });
        assert_eq!(export(&viewer, log).await.code(), "FORBIDDEN");

        // A link is sealed, and opens for its own tenant alone.
        let url = export(&viewer, input.clone()).await.text("reportExport.download.url");
        assert_eq!(fetch(app, &url).await.status(), 200);
        let last = if url.ends_with('A') { 'B' } else { 'A' };
        let changed = format!("{}{last}", &url[..url.len() - 1]);
        assert_eq!(fetch(app, &changed).await.status(), 404);
        Shop::open(app, "ravi").await;
        let path = format!("http://{}{url}", app.address);
        let foreign = reqwest::Client::new().get(&path).header("x-tenant", "ravi");
        assert_eq!(foreign.send().await.unwrap().status(), 404);
        let posted = reqwest::Client::new().post(&path).send().await.unwrap();
        assert_eq!(posted.status(), 405);

        // Whoever lost the right, or was disabled, fetches nothing.
        let id = viewer.query("{ me { id } }").await.text("me.id");
        let update = |input: Value| {
            let ask = "mutation($id: ID!, $input: UserUpdateInput!) { userUpdate(id: $id, input: $input) {
                userErrors { code field message } } }";
            shop.client.ask(ask, json!({ "id": id, "input": input }))
        };
        let done = update(json!({ "role": "CASHIER" })).await;
        assert!(done.refusals("userUpdate").is_empty(), "{}", done.body);
        let lost = fetch(app, &url).await.status();
        assert!(lost == 403 || lost == 401, "{lost}");

        // Its time is bounded, and that is told in plain words.
        let url = export(&shop.client, input).await.text("reportExport.download.url");
        app.clock.advance_ms(601_000);
        let late = fetch(app, &url).await;
        assert_eq!(late.status(), 410);
        assert!(late.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        assert!(late.text().await.unwrap().contains("expired"));
    }
}

on_every_engine! {
    settings [("files.pdf_rows_max", "100")];
    async fn a_long_report_is_read_in_pages(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        for batch in 0..9 {
            let mut item = shop.voucher("", "RCT", "Cash", "Sales", "1.01");
            item.as_object_mut().unwrap().remove("idempotencyKey");
            let items = vec![item; 250];
            let done = shop.client.ask(
                "mutation($input: VoucherBulkPostInput!) { voucherBulkPost(input: $input) {
                    userErrors { code field message } } }",
                json!({ "input": { "idempotencyKey": format!("bulk {batch}"), "vouchers": items } }),
            ).await;
            assert!(done.refusals("voucherBulkPost").is_empty(), "{}", done.body);
        }
        // More than one page of 2,000.
        let days = json!({ "from": shop.day(0), "to": shop.day(30) });
        let mut input = days.clone();
        input["report"] = json!("LEDGER_STATEMENT");
        input["ledgerId"] = json!(shop.ledgers["Cash"]);
        let read = rows(app, &shop.client, input.clone()).await;
        assert_eq!(read.len(), 2_252);
        assert_eq!(read[2_250][6], "2272.50");
        let mut book = days;
        book["report"] = json!("DAY_BOOK");
        assert_eq!(rows(app, &shop.client, book.clone()).await.len(), 2_251);
        for input in [&mut input, &mut book] {
            input["format"] = json!("PDF");
            let refused = export(&shop.client, input.clone()).await;
            assert_eq!(refused.refusals("reportExport"), ["TOO_LARGE input.format"]);
        }
    }
}
