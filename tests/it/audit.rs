//! A tenant's edit log, its vouchers and the anchors in master agree, until a hand reaches in.

use daybook::services::platform::verify::{self, Difference, Report, What};
use daybook_domain::chain::{ChainHash, link};
use daybook_entity::{master::node::chain_anchor, tenant::record::audit_log};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QueryOrder, Statement};

use crate::{
    app::TestApp,
    books::Shop,
    hand::{connection, row_of, run_sql, sql_number, sql_text},
};

async fn verified(app: &TestApp) -> Report {
    let id = row_of(app, "meera").await.id;
    let lease = app.app.tenancy.lease(id).await.unwrap();
    verify::verify(&app.app.office, &lease).await.unwrap()
}

async fn difference(app: &TestApp) -> Difference {
    verified(app).await.difference.expect("something differs")
}

/// Takes the guards of these tables away, as only an owner of the database can.
async fn unguard(app: &TestApp, tables: &[&str]) {
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
