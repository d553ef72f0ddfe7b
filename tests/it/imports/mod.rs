//! Books brought along from other programs, and taken out again.

mod downloads;
mod flow;
mod numbers;
mod refusals;
mod round_trip;
mod samples;

use daybook::interchange::{
    BooksWriter, Currency, StagedBooks,
    staged::{BillKind, StagedBill, StagedEntry, StagedGroup, StagedLedger, StagedVoucher},
    tally,
};
use daybook_domain::{currency::CurrencyCode, money::Money};
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    books::Shop,
    client::{Answer, Client},
    files::uploads::upload,
};

/// What is asked of an import.
pub const IMPORT: &str = "id state errorCount noteCount version
    counts { groups newGroups ledgers newLedgers openings vouchers entries leftOut }
    totals { openingDebit { amount } openingCredit { amount } vouchers { amount } firstDay lastDay }
    unmappedGroups { names count } unmappedLedgers { names count }
    unmappedVoucherTypes { names count } duplicateOf { id }
    findings(first: 100) { nodes { line record severity code message } }";

/// Uploads a file of books.
pub async fn file(
    app: &TestApp,
    client: &Client,
    business: Option<&str>,
    format: &str,
    bytes: &[u8],
) -> String {
    let (name, media) = match format {
        "CSV" => ("books.csv", "text/csv"),
        "XLSX" => {
            ("books.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        }
        "TALLY_XML" => ("books.xml", "application/xml"),
        _ => ("books.journal", "text/plain"),
    };
    let input = json!({ "businessId": business, "purpose": "IMPORT", "fileName": name,
        "mediaType": media, "size": bytes.len() });
    upload(app, client, input, bytes).await
}

/// Uploads and stages a file.
pub async fn stage(
    app: &TestApp,
    client: &Client,
    business: Option<&str>,
    (format, part): (&str, Option<&str>),
    bytes: &[u8],
) -> Answer {
    let id = file(app, client, business, format, bytes).await;
    let input = json!({ "businessId": business, "fileId": id, "format": format, "part": part });
    act(client, "Stage", input).await
}

/// One of the mutations of imports.
pub async fn act(client: &Client, name: &str, input: Value) -> Answer {
    let more = match name {
        "Apply" => "replayed",
        "Try" => "judgedVouchers",
        _ => "",
    };
    let kind = if matches!(name, "Try" | "Discard") { "Act" } else { name };
    let ask = format!(
        "mutation($input: Import{kind}Input!) {{ import{name}(input: $input) {{
            import {{ {IMPORT} }} {more} userErrors {{ code field message }} }} }}"
    );
    client.ask(&ask, json!({ "input": input })).await
}

/// The import of an answer that must have no refusals.
pub fn import<'a>(answer: &'a Answer, field: &str) -> &'a Value {
    assert!(answer.refusals(field).is_empty(), "{}", answer.body);
    answer.at(&format!("{field}.import"))
}

/// Stages a file that has no errors, and applies it; the import.
pub async fn bring(
    app: &TestApp,
    client: &Client,
    business: Option<&str>,
    what: (&str, Option<&str>),
    bytes: &[u8],
) -> Value {
    let staged = stage(app, client, business, what, bytes).await;
    let found = import(&staged, "importStage").clone();
    assert_eq!(found["errorCount"], 0, "{found}");
    apply(client, &found).await
}

/// Applies an import; it must be done.
pub async fn apply(client: &Client, found: &Value) -> Value {
    let input = json!({ "idempotencyKey": found["id"], "importId": found["id"] });
    let applied = act(client, "Apply", input).await;
    let done = import(&applied, "importApply").clone();
    assert_eq!(done["state"], "APPLIED", "{done}");
    done
}

/// Findings as `line CODE record`.
pub fn findings(found: &Value, severity: &str) -> Vec<String> {
    let nodes = found["findings"]["nodes"].as_array().unwrap().iter();
    nodes
        .filter(|one| one["severity"] == severity)
        .map(|one| {
            let line = one["line"].as_i64().map(|line| line.to_string()).unwrap_or_default();
            let record = one["record"].as_str().unwrap_or_default();
            format!("{line} {} {record}", one["code"].as_str().unwrap())
        })
        .collect()
}

pub fn rupees() -> Currency {
    Currency { code: CurrencyCode::parse("INR").unwrap(), exponent: 2 }
}

pub fn paise(text: &str) -> Money {
    Money::parse(text, 2).unwrap()
}

pub fn bill(kind: BillKind, name: Option<&str>, amount: &str) -> StagedBill {
    let name = name.map(str::to_owned);
    StagedBill { line: 0, kind, name, date: None, due: None, amount: paise(amount) }
}

/// A voucher of a type; amounts are debits above zero.
pub fn voucher(
    kind: &str,
    number: Option<&str>,
    day: &str,
    entries: &[(&str, &str, &[StagedBill])],
) -> StagedVoucher {
    let mut voucher = StagedVoucher::dated(0, day.parse().unwrap());
    voucher.voucher_type = Some(kind.to_owned());
    voucher.number = number.map(str::to_owned);
    for (ledger, amount, bills) in entries {
        let mut entry = StagedEntry::of(0, (*ledger).to_owned(), paise(amount));
        entry.bills = bills.to_vec();
        voucher.entries.push(entry);
    }
    voucher
}

/// Books of a shop in another program: a customer with open bills, sales with numbers of their own, a
/// receipt that settles some of it.
pub fn old_books(shop: &Shop) -> StagedBooks {
    use BillKind::{Against, New, OnAccount};
    let mut books = StagedBooks::new(rupees());
    books.opened_on = shop.begins.pred_opt();
    books.groups.push(StagedGroup {
        line: 0,
        name: "Town Customers".into(),
        parent: Some("Sundry Debtors".into()),
        nature: None,
    });
    let mut asha = StagedLedger::named(0, "Asha & Sons".into());
    asha.group = Some("Town Customers".into());
    asha.is_bill_wise = true;
    asha.opening = paise("1500");
    asha.opening_bills = vec![bill(New, Some("OB/1"), "1000"), bill(New, Some("OB/2"), "500")];
    let mut bank = StagedLedger::named(0, "Deccan Bank".into());
    bank.group = Some("Bank Accounts".into());
    bank.opening = paise("800");
    let mut capital = StagedLedger::named(0, "Capital Account".into());
    capital.group = Some("Capital Account".into());
    capital.opening = paise("-2300");
    books.ledgers = vec![asha, bank, capital];
    let day = |days| shop.day(days);
    books.vouchers = vec![
        voucher(
            "Sales",
            Some("INV/0009"),
            &day(12),
            &[
                ("Asha & Sons", "236", &[bill(New, Some("INV/0009"), "236")]),
                ("Sales", "-236", &[]),
            ],
        ),
        voucher(
            "Sales",
            Some("INV/0007"),
            &day(9),
            &[
                ("Asha & Sons", "118", &[bill(New, Some("INV/0007"), "118")]),
                ("Sales", "-118", &[]),
            ],
        ),
        // It settles an opening bill, a bill of the year and one that comes only later.
        voucher(
            "Receipt",
            Some("7"),
            &day(10),
            &[
                ("Deccan Bank", "700", &[]),
                (
                    "Asha & Sons",
                    "-700",
                    &[
                        bill(Against, Some("OB/1"), "-400"),
                        bill(Against, Some("INV/0007"), "-118"),
                        bill(Against, Some("INV/0009"), "-100"),
                        bill(OnAccount, None, "-82"),
                    ],
                ),
            ],
        ),
        voucher(
            "Payment",
            Some("RENT-MAY"),
            &day(30),
            &[("Rent", "50.05", &[]), ("Deccan Bank", "-50.05", &[])],
        ),
        voucher("Journal", None, &day(31), &[("Bank Charges", "1", &[]), ("Rent", "-1", &[])]),
    ];
    books
}

/// Books as Tally's XML.
pub fn as_tally(books: &StagedBooks) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer: Box<dyn BooksWriter + '_> =
        Box::new(tally::TallyWriter::new(&mut out, &books.head()).unwrap());
    for group in &books.groups {
        writer.group(group).unwrap();
    }
    for ledger in &books.ledgers {
        writer.ledger(ledger).unwrap();
    }
    for voucher in &books.vouchers {
        writer.voucher(voucher).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    out
}

/// What every ledger of a business stands at, by name, where it is not nothing.
pub async fn standing(client: &Client, business: Option<&str>) -> Vec<(String, String)> {
    standing_at(client, business, None).await
}

/// As [`standing`], at the end of a day.
pub async fn standing_at(
    client: &Client,
    business: Option<&str>,
    day: Option<&str>,
) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut after = Value::Null;
    loop {
        let found = client
            .ask(
                "query($id: ID, $day: Date, $after: String) {
                    ledgers(businessId: $id, first: 100, after: $after) {
                        nodes { name balance(asAt: $day) { amount } }
                        pageInfo { hasNextPage endCursor } } }",
                json!({ "id": business, "day": day, "after": after }),
            )
            .await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let nodes = found.at("ledgers.nodes").as_array().unwrap().iter();
        all.extend(nodes.map(|one| (text(&one["name"]), text(&one["balance"]["amount"]))));
        if found.at("ledgers.pageInfo.hasNextPage") == false {
            all.retain(|(_, amount)| amount != "0.00");
            return all;
        }
        after = found.at("ledgers.pageInfo.endCursor").clone();
    }
}

/// Begins another business; its id.
pub async fn business(client: &Client, input: Value) -> String {
    let made = client
        .ask(
            "mutation($input: BusinessCreateInput!) { businessCreate(input: $input) {
                business { id } userErrors { code field message } } }",
            json!({ "input": input }),
        )
        .await;
    made.text("businessCreate.business.id")
}

/// Numbers of vouchers by their days, the earliest first.
pub async fn numbers(client: &Client, business: Option<&str>) -> Vec<String> {
    let found = client
        .ask(
            "query($id: ID) { vouchers(businessId: $id, first: 100) { nodes { number date } } }",
            json!({ "id": business }),
        )
        .await;
    let nodes = found.at("vouchers.nodes").as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut all: Vec<(String, String)> =
        nodes.map(|one| (text(&one["date"]), text(&one["number"]))).collect();
    all.sort();
    all.into_iter().map(|(_, number)| number).collect()
}
