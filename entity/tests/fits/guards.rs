//! Posted is posted: no statement that a hand could type changes a posted row, on any engine.

use std::fmt::Debug;

use daybook_entity::{
    main::record::admin_audit_log,
    tenant::{
        bank::entry_bank_detail,
        books::{
            bill_wise_detail, voucher, voucher_act, voucher_item, voucher_ledger_entry,
            voucher_tax_line, voucher_version,
        },
        business::year_act,
        costs::cost_centre_split,
        record::audit_log,
    },
};
use daybook_migration::{MainMigrator, TenantMigrator, guard::POSTED_IS_POSTED};
use sea_orm::{EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn};

use crate::{
    engine::{Books, Engine, on_each_engine},
    round_trip::{main_rows, tenant_rows},
    rows::tell,
};

/// Statements that would change rows of `table`; `key` is its primary key, `columns` all columns.
///
/// `twin` is the column list with another primary key, where the table has a second unique key
/// that such a row would repeat.
fn attacks(
    engine: Engine,
    table: &str,
    key: &str,
    columns: &[&str],
    twin: Option<&str>,
) -> Vec<String> {
    let all = columns.join(", ");
    let mut attacks = vec![
        format!("UPDATE {table} SET recorded_at = recorded_at + 1"),
        format!("UPDATE {table} SET {key} = {key} + 7"),
        format!("DELETE FROM {table}"),
        format!("DELETE FROM {table} WHERE {key} > 0"),
    ];
    let replacing: &[&str] = match engine {
        Engine::Sqlite => &["REPLACE", "INSERT OR REPLACE"],
        Engine::Mysql => &["REPLACE"],
        Engine::Postgres => &[],
    };
    for replace in replacing {
        attacks.push(format!("{replace} INTO {table} ({all}) SELECT {all} FROM {table}"));
        if let Some(twin) = twin {
            attacks.push(format!("{replace} INTO {table} ({all}) SELECT {twin} FROM {table}"));
        }
    }
    let again = format!("INSERT INTO {table} ({all}) SELECT {all} FROM {table} WHERE {key} > 0");
    match engine {
        Engine::Sqlite => attacks.extend([
            format!("{again} ON CONFLICT DO UPDATE SET recorded_at = 0"),
            format!("{again} ON CONFLICT ({key}) DO UPDATE SET recorded_at = 0"),
            format!("UPDATE OR REPLACE {table} SET {key} = {key} + 2"),
            format!("UPDATE OR IGNORE {table} SET recorded_at = 0"),
            format!("WITH some AS (SELECT 1) DELETE FROM {table}"),
        ]),
        Engine::Postgres => attacks.extend([
            format!("{again} ON CONFLICT ({key}) DO UPDATE SET recorded_at = 0"),
            format!("TRUNCATE {table}"),
            format!("TRUNCATE {table} CASCADE"),
            format!(
                "MERGE INTO {table} USING (SELECT 1) AS one ON TRUE \
                 WHEN MATCHED THEN UPDATE SET recorded_at = 0"
            ),
            format!("MERGE INTO {table} USING (SELECT 1) AS one ON TRUE WHEN MATCHED THEN DELETE"),
            format!("WITH gone AS (DELETE FROM {table} RETURNING 1) SELECT count(*) FROM gone"),
        ]),
        Engine::Mysql => attacks.extend([
            format!("{again} ON DUPLICATE KEY UPDATE recorded_at = 0"),
            format!("TRUNCATE TABLE {table}"),
            format!("DELETE posted FROM {table} AS posted"),
            format!("UPDATE IGNORE {table} SET recorded_at = 0"),
        ]),
    }
    attacks
}

/// Tries every attack on an entity's table; `second_key` says that it has another unique key.
async fn stands_fast<E>(books: &Books, second_key: bool)
where
    E: EntityTrait,
    E::Model: PartialEq + Debug,
{
    let table = E::default().table_name().to_owned();
    let columns: Vec<&str> = E::Column::iter().map(|column| column.as_str()).collect();
    let key = E::PrimaryKey::iter().next().unwrap().into_column().as_str();
    let twin = columns.join(", ").replacen(key, &format!("{key} + 1000"), 1);
    let before = E::find().all(&books.db).await.unwrap();
    assert_eq!(before.len(), 2, "{table} has rows to lose");

    for attack in attacks(books.engine, &table, key, &columns, second_key.then_some(&twin)) {
        let refusal = tell(&books.db, &attack).await.expect_err(&attack).to_string();
        // A table that others refer to (on MariaDB at least its guard table) is not truncated
        // for their sake, before any trigger is asked.
        let referred = attack.starts_with("TRUNCATE") && refusal.contains("foreign key");
        assert!(referred || refusal.contains(POSTED_IS_POSTED), "{attack}: {refusal}");
        assert_eq!(E::find().all(&books.db).await.unwrap(), before, "after {attack}");
    }
}

async fn tenant_stands_fast(books: &Books) {
    stands_fast::<voucher::Entity>(books, true).await;
    stands_fast::<voucher_version::Entity>(books, true).await;
    stands_fast::<voucher_ledger_entry::Entity>(books, true).await;
    stands_fast::<voucher_item::Entity>(books, true).await;
    stands_fast::<voucher_tax_line::Entity>(books, true).await;
    stands_fast::<voucher_act::Entity>(books, false).await;
    stands_fast::<bill_wise_detail::Entity>(books, false).await;
    stands_fast::<cost_centre_split::Entity>(books, true).await;
    stands_fast::<entry_bank_detail::Entity>(books, true).await;
    stands_fast::<audit_log::Entity>(books, false).await;
    stands_fast::<year_act::Entity>(books, false).await;
}

#[tokio::test]
async fn posted_rows_of_a_tenant_cannot_be_changed_deleted_replaced_or_truncated() {
    on_each_engine::<TenantMigrator, _>(|books| async move {
        tenant_rows(&books.db).await;
        tenant_stands_fast(&books).await;
        if books.engine == Engine::Sqlite {
            // A hand that opens the file need not set what our connections set.
            tell(&books.db, "PRAGMA recursive_triggers = OFF").await.unwrap();
            tell(&books.db, "PRAGMA foreign_keys = OFF").await.unwrap();
            tenant_stands_fast(&books).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_of_the_platform_cannot_be_changed_deleted_replaced_or_truncated() {
    on_each_engine::<MainMigrator, _>(|books| async move {
        main_rows(&books.db).await;
        stands_fast::<admin_audit_log::Entity>(&books, false).await;
    })
    .await;
}
