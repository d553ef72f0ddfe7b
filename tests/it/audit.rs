//! A tenant's edit log, its vouchers and the anchors in master agree, until a hand reaches in.

use daybook::services::platform::verify::{
    self, Difference, Report, What,
    figures::{self, Check},
};
use daybook_domain::chain::{ChainHash, link};
use daybook_entity::{master::node::chain_anchor, tenant::record::audit_log};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QueryOrder, Statement};
use serde_json::json;

use crate::{
    app::TestApp,
    books::Shop,
    hand::{connection, row_of, run_sql, sql_number, sql_text},
};

pub async fn verified(app: &TestApp) -> Report {
    verified_of(app, "meera").await
}

/// What `audit verify` says of a tenant.
pub async fn verified_of(app: &TestApp, subdomain: &str) -> Report {
    let id = row_of(app, subdomain).await.id;
    let lease = app.app.tenancy.lease(id).await.unwrap();
    verify::verify(&app.app.office, &lease).await.unwrap()
}

/// Figures that are not what the entries say.
pub async fn recomputed(app: &TestApp) -> Vec<Check> {
    recomputed_of(app, "meera").await
}

/// Figures of a tenant that are not what the entries say.
pub async fn recomputed_of(app: &TestApp, subdomain: &str) -> Vec<Check> {
    let id = row_of(app, subdomain).await.id;
    let lease = app.app.tenancy.lease(id).await.unwrap();
    let figures = figures::recompute(&lease, &app.app.tenancy.catalogue()).await.unwrap();
    figures.into_iter().filter(|one| one.differing > 0).map(|one| one.what).collect()
}

pub async fn difference(app: &TestApp) -> Difference {
    verified(app).await.difference.expect("something differs")
}

/// Takes the guards of these tables away, as only an owner of the database can.
pub async fn unguard(app: &TestApp, tables: &[&str]) {
    let backend = connection(app, "meera").await.get_database_backend();
    for table in tables {
        let drops = match backend {
            DbBackend::Postgres => vec![format!("DROP TRIGGER {table}_no_change ON {table}")],
            _ => ["update", "delete"].map(|act| format!("DROP TRIGGER {table}_no_{act}")).to_vec(),
        };
        for drop in drops {
            run_sql(app, "meera", &[&drop]).await;
        }
    }
}

async fn end(app: &TestApp) -> i64 {
    sql_number(app, "meera", "SELECT chain_seq FROM lane").await
}

/// Changes a row's text, and every hash from there to the fence, so that the chain holds again.
async fn rewrite(app: &TestApp, seq: i64) {
    let connection = connection(app, "meera").await;
    let backend = connection.get_database_backend();
    let rows =
        audit_log::Entity::find().order_by_asc(audit_log::Column::Seq).all(&connection).await;
    let mut hash = ChainHash::GENESIS;
    let (update, close) = match backend {
        DbBackend::Postgres => (
            "UPDATE audit_logs SET canonical = $1, hash = $2 WHERE seq = $3",
            "UPDATE lane SET chain_hash = $1",
        ),
        _ => (
            "UPDATE audit_logs SET canonical = ?, hash = ? WHERE seq = ?",
            "UPDATE lane SET chain_hash = ?",
        ),
    };
    for mut row in rows.unwrap() {
        if row.seq == seq {
            row.canonical = row.canonical.replacen("Loom", "Gold", 1);
            assert!(row.canonical.contains("Gold"), "{}", row.canonical);
        }
        hash = link(hash, row.seq, &row.canonical);
        if row.seq >= seq {
            let values = [row.canonical.into(), hash.to_hex().into(), row.seq.into()];
            let change = Statement::from_sql_and_values(backend, update, values);
            connection.execute_raw(change).await.unwrap();
        }
    }
    let change = Statement::from_sql_and_values(backend, close, [hash.to_hex().into()]);
    connection.execute_raw(change).await.unwrap();
    connection.close().await.unwrap();
}

on_every_engine! {
    async fn acts_on_vouchers_and_bills_are_told_of_whole(app: &TestApp) {
        let shop = Shop::with_customer(app).await;
        let mut ids = Vec::new();
        for number in ["INV/1", "INV/2", "INV/3"] {
            ids.push(shop.posted(&shop.invoice(number, "100", 10)).await);
        }
        let part = json!([{ "kind": "ADVANCE", "amount": "5" }]);
        let receipt = shop.posted(&shop.receipt("r", "30", part)).await;
        let amended = {
            let mut input = shop.invoice("INV/2", "90", 11);
            input.as_object_mut().unwrap().remove("voucherTypeId");
            input["voucherId"] = json!(ids[1]);
            input
        };
        let settle = json!({ "idempotencyKey": "s", "voucherId": receipt, "date": shop.day(12),
            "ledgerId": shop.ledgers["Asha"],
            "allocations": [{ "billId": shop.bill("INV/3").await, "amount": "28" }] });
        let payment = shop.posted(&shop.voucher("p", "PMT", "Rent", "Cash", "7")).await;
        for (field, input) in [
            ("voucherCancel", json!({ "idempotencyKey": "c", "voucherId": ids[0] })),
            ("voucherAmend", amended),
            ("billAllocate", settle),
            ("voucherReverse", json!({ "idempotencyKey": "v", "voucherId": payment })),
        ] {
            let done = shop.act(field, input).await;
            assert!(done.refusals(field).is_empty(), "{}", done.body);
        }
        let ask = format!("{{ voucher(id: \"{receipt}\") {{ acts {{ id }} }} }}");
        let act = shop.client.query(&ask).await.text("voucher.acts.0.id");
        let undo = json!({ "idempotencyKey": "u", "voucherId": receipt, "allocationId": act });
        assert!(shop.act("billDeallocate", undo).await.refusals("billDeallocate").is_empty());
        assert!(recomputed(app).await.is_empty(), "{:?}", recomputed(app).await);
        let report = verified(app).await;
        assert_eq!((report.vouchers, &report.difference), (6, &None));

        // A row that takes a version back, changed by hand, is found, and so is an act that nobody did.
        unguard(app, &["bill_wise_details", "voucher_ledger_entries"]).await;
        for (change, undo) in [
            (
                "UPDATE voucher_ledger_entries SET narration = 'x' WHERE effect = -1 AND line = 1",
                "UPDATE voucher_ledger_entries SET narration = NULL WHERE effect = -1 AND line = 1",
            ),
            (
                "UPDATE bill_wise_details SET line = line + 10 WHERE act_id IS NOT NULL",
                "UPDATE bill_wise_details SET line = line - 10 WHERE act_id IS NOT NULL",
            ),
        ] {
            run_sql(app, "meera", &[change]).await;
            let what = difference(app).await.what;
            assert!(matches!(what, What::Voucher(_)), "{change}: {what:?}");
            run_sql(app, "meera", &[undo]).await;
        }
        assert_eq!(verified(app).await.difference, None);
    }

    async fn every_figure_is_recomputed_from_the_entries(app: &TestApp) {
        let shop = Shop::with_customer(app).await;
        shop.posted(&shop.invoice("INV/1", "100", 10)).await;
        let part = json!([{ "kind": "AGAINST", "billId": shop.bill("INV/1").await, "amount": "40" }]);
        shop.posted(&shop.receipt("r", "40", part)).await;
        assert_eq!(recomputed(app).await, []);
        let guarded = ["voucher_ledger_entries", "voucher_versions", "vouchers", "bill_wise_details"];
        unguard(app, &guarded).await;
        let cases = [
            (
                "UPDATE voucher_ledger_entries SET debit = debit + 1 WHERE debit = 10000",
                "UPDATE voucher_ledger_entries SET debit = debit - 1 WHERE debit = 10001",
                vec![Check::Balance, Check::Total, Check::MonthlySums, Check::BillParts],
            ),
            (
                "UPDATE voucher_versions SET total = total + 1 WHERE total = 10000",
                "UPDATE voucher_versions SET total = total - 1 WHERE total = 10001",
                vec![Check::Total],
            ),
            (
                "UPDATE ledger_period_totals SET credit = credit + 1 WHERE credit = 10000",
                "UPDATE ledger_period_totals SET credit = credit - 1 WHERE credit = 10001",
                vec![Check::MonthlySums],
            ),
            (
                "UPDATE voucher_series SET next_number = next_number + 1",
                "UPDATE voucher_series SET next_number = next_number - 1",
                vec![Check::Series],
            ),
            (
                "UPDATE vouchers SET voucher_type_id = voucher_type_id + 1000",
                "UPDATE vouchers SET voucher_type_id = voucher_type_id - 1000",
                vec![Check::Structure],
            ),
            (
                "UPDATE bill_wise_details SET credit = 10001 WHERE credit = 4000",
                "UPDATE bill_wise_details SET credit = 4000 WHERE credit = 10001",
                vec![Check::BillParts, Check::Bills],
            ),
            (
                "UPDATE business_years SET ends_on = starts_on WHERE NOT is_opening",
                "UPDATE business_years SET starts_on = starts_on",
                vec![Check::Years],
            ),
        ];
        for (change, undo, found) in cases {
            run_sql(app, "meera", &[change]).await;
            assert_eq!(recomputed(app).await, found, "{change}");
            run_sql(app, "meera", &[undo]).await;
        }
    }

    async fn a_hand_that_reaches_into_the_books_is_found(app: &TestApp) {
        let shop = Shop::open(app, "meera").await;
        let foreign = {
            let mut input = shop.voucher("d", "PMT", "Rent", "Cash", "830");
            input["entries"][0]["debit"] = "10".into();
            input["entries"][0]["currency"] = "USD".into();
            input["entries"][0]["exchangeRate"] = "83".into();
            input["narration"] = "Paid “in” dollars\\ — 10 \"net\"".into();
            input["reference"] = "A-17".into();
            input
        };
        shop.number(&foreign).await;
        shop.number(&shop.voucher("1", "PMT", "Rent", "Cash", "10.50")).await;
        app.app.tenancy.anchor().await.unwrap();
        let first_anchor = end(app).await;
        let voucher_row = first_anchor;
        shop.create_ledger("Loom", "FA", serde_json::Value::Null).await;
        let ledger_row = end(app).await;
        shop.number(&shop.voucher("2", "RCT", "Cash", "Rent", "2")).await;
        app.app.tenancy.anchor().await.unwrap();
        let second_anchor = end(app).await;

        let anchors = chain_anchor::Entity::find().all(app.app.office.master.reader()).await.unwrap();
        let seqs: Vec<i64> = anchors.iter().map(|anchor| anchor.chain_seq).collect();
        assert_eq!(seqs, [first_anchor, second_anchor]);
        let report = verified(app).await;
        let expected = Report { rows: second_anchor, vouchers: 3, anchors: 2, difference: None };
        assert_eq!(report, expected);

        // A row that nothing tells of may be added even under the guards.
        let entry = "INSERT INTO voucher_ledger_entries (id, version_id, line, effect, business_id, \
             ledger_id, dated, debit, credit, closing, recorded_at) SELECT id + 1000000, version_id, \
             line, -1, business_id, ledger_id, dated, debit, credit, closing, recorded_at \
             FROM voucher_ledger_entries WHERE line = 1";
        run_sql(app, "meera", &[entry]).await;
        let found = difference(app).await;
        let unrecorded =
            What::Unrecorded { table: "voucher_ledger_entries", stored: 9, recorded: 6 };
        assert_eq!((found.range, found.what), (None, unrecorded));

        unguard(app, &["audit_logs", "voucher_ledger_entries", "voucher_versions"]).await;
        run_sql(app, "meera", &["DELETE FROM voucher_ledger_entries WHERE effect = -1"]).await;
        assert_eq!(verified(app).await, expected);

        let version = "(SELECT id FROM voucher_versions WHERE total = 1050)";
        for (change, back) in [
            (
                format!("UPDATE voucher_ledger_entries SET debit = debit * 2, credit = credit * 2 \
                         WHERE version_id = {version}"),
                format!("UPDATE voucher_ledger_entries SET debit = debit / 2, credit = credit / 2 \
                         WHERE version_id = {version}"),
            ),
            (
                "UPDATE voucher_versions SET narration = 'never said' WHERE total = 1050".to_owned(),
                "UPDATE voucher_versions SET narration = NULL WHERE total = 1050".to_owned(),
            ),
            (
                format!("UPDATE voucher_ledger_entries SET closing = TRUE WHERE version_id = {version}"),
                format!("UPDATE voucher_ledger_entries SET closing = FALSE WHERE version_id = {version}"),
            ),
        ] {
            run_sql(app, "meera", &[&change]).await;
            let found = difference(app).await;
            assert_eq!(found.range, Some((voucher_row, voucher_row)), "{change}: {found}");
            assert!(matches!(found.what, What::Voucher(_)), "{found}");
            run_sql(app, "meera", &[&back]).await;
        }

        for (change, back, what) in [
            ("request_id = 'x'", "request_id = REQUEST", What::Columns),
            ("canonical = 'x'", "canonical = TEXT", What::Chain),
            ("hash = 'x'", "hash = HASH", What::Chain),
        ] {
            let read = async |column: &str| {
                let ask = format!("SELECT {column} FROM audit_logs WHERE seq = {ledger_row}");
                format!("'{}'", sql_text(app, "meera", &ask).await.replace('\\', "\\\\"))
            };
            let back = match what {
                What::Columns => back.replace("REQUEST", &read("request_id").await),
                _ if back.contains("TEXT") => back.replace("TEXT", &read("canonical").await),
                _ => back.replace("HASH", &read("hash").await),
            };
            // Only MySQL reads a backslash in a text as one that hides the next sign.
            let backend = connection(app, "meera").await.get_database_backend();
            let back =
                if backend == DbBackend::MySql { back } else { back.replace("\\\\", "\\") };
            let on = |set: &str| format!("UPDATE audit_logs SET {set} WHERE seq = {ledger_row}");
            run_sql(app, "meera", &[&on(change)]).await;
            let found = difference(app).await;
            assert_eq!((found.range, found.what), (Some((ledger_row, ledger_row)), what), "{change}");
            run_sql(app, "meera", &[&on(&back)]).await;
        }

        run_sql(app, "meera", &["UPDATE ledger_period_totals SET debit = debit + 1"]).await;
        assert!(matches!(difference(app).await.what, What::Totals { .. }));
        run_sql(app, "meera", &["UPDATE ledger_period_totals SET debit = debit - 1"]).await;
        assert_eq!(verified(app).await, expected);

        rewrite(app, ledger_row).await;
        let found = difference(app).await;
        let range = Some((first_anchor + 1, second_anchor));
        assert_eq!((found.range, found.what), (range, What::Rewritten));

        let hash = format!("SELECT hash FROM audit_logs WHERE seq = {first_anchor}");
        let hash = sql_text(app, "meera", &hash).await;
        let cut = format!("DELETE FROM audit_logs WHERE seq > {first_anchor}");
        let shorten = format!("UPDATE lane SET chain_seq = {first_anchor}, chain_hash = '{hash}'");
        run_sql(app, "meera", &[&cut]).await;
        assert_eq!(difference(app).await.what, What::Missing);
        run_sql(app, "meera", &[&shorten]).await;
        let found = difference(app).await;
        assert_eq!((found.range, found.what), (range, What::Cut));
    }
}
