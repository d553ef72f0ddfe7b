//! A locked period refuses versions and acts; a soft lock yields to a fitting exception alone.

use daybook_entity::tenant::{
    books::{ActKind, VoucherKind, voucher, voucher_act, voucher_series, voucher_version},
    business::{LockKind, business, business_year, lock_exception, period_lock},
};
use daybook_migration::{
    TenantMigrator,
    guard::{HARD_LOCK_STAYS, PERIOD_LOCKED},
};
use sea_orm::{DatabaseConnection, DbErr, EntityTrait, Value, prelude::Date};

use crate::{
    engine::{Engine, on_each_engine},
    rows::{Fill, day, insert, none, number, tell},
};

const SALES: i32 = 1;
const BANK: i32 = 4;
const ALL: i32 = 16;
const RECORDED_AT: i64 = 1_800_000_000_000;

/// What enters the books: by default a row in the area of sales, on the last day of the soft lock.
#[derive(Clone)]
struct Entering {
    business: i64,
    areas: i32,
    dated: Date,
    exception: Option<i64>,
}

fn entering() -> Entering {
    let dated = day(2026, 3, 31);
    Entering { business: number(1), areas: SALES, dated, exception: None }
}

/// Opens two businesses, one voucher and the locks of sales: soft to the end of March, hard to
/// February's.
async fn open(db: &DatabaseConnection) {
    for n in [1, 2] {
        insert::<business::Entity>(db, n, Fill::Sparse, &[]).await.unwrap();
    }
    let year = [("starts_on", day(2026, 1, 1).into()), ("ends_on", day(2026, 12, 31).into())];
    insert::<business_year::Entity>(db, 1, Fill::Sparse, &year).await.unwrap();
    insert::<voucher_series::Entity>(db, 1, Fill::Sparse, &[]).await.unwrap();
    insert::<voucher::Entity>(db, 1, Fill::Sparse, &[]).await.unwrap();
    lock(db, LockKind::Soft, SALES, day(2026, 3, 31)).await;
    lock(db, LockKind::Hard, SALES, day(2026, 2, 28)).await;
}

async fn lock(db: &DatabaseConnection, kind: LockKind, area: i32, through: Date) {
    let given = [("kind", kind.into()), ("area", area.into()), ("locked_through", through.into())];
    insert::<period_lock::Entity>(db, 1, Fill::Sparse, &given).await.unwrap();
}

/// Grants exception `n` for March and all but the last millisecond, changed by `otherwise`.
async fn grant(db: &DatabaseConnection, n: i64, otherwise: &[(&'static str, Value)]) -> i64 {
    let usual: [(&str, Value); 5] = [
        ("business_id", number(1).into()),
        ("areas", SALES.into()),
        ("from_date", day(2026, 3, 1).into()),
        ("to_date", day(2026, 3, 31).into()),
        ("expires_at", (RECORDED_AT + 1).into()),
    ];
    let given: Vec<_> = otherwise.iter().cloned().chain(usual).collect();
    insert::<lock_exception::Entity>(db, n, Fill::Sparse, &given).await.unwrap();
    number(n)
}

fn common(what: &Entering, n: i64) -> Vec<(&'static str, Value)> {
    vec![
        ("voucher_id", number(1).into()),
        ("version", i32::try_from(n).unwrap().into()),
        ("business_id", what.business.into()),
        ("areas", what.areas.into()),
        ("dated", what.dated.into()),
        ("lock_exception_id", what.exception.map_or_else(none::<i64>, Into::into)),
        ("recorded_at", RECORDED_AT.into()),
    ]
}

/// Lets versions and acts in under numbers of their own.
struct Door<'a> {
    db: &'a DatabaseConnection,
    n: i64,
}

impl Door<'_> {
    async fn version(&mut self, what: &Entering) -> Result<(), DbErr> {
        self.n += 1;
        let mut given = common(what, self.n);
        given.push(("kind", VoucherKind::Ordinary.into()));
        let row = insert::<voucher_version::Entity>(self.db, self.n, Fill::Sparse, &given).await;
        row.map(|_| ())
    }

    async fn act(&mut self, kind: ActKind, what: &Entering) -> Result<(), DbErr> {
        self.n += 1;
        let mut given = common(what, self.n);
        given.push(("kind", kind.into()));
        insert::<voucher_act::Entity>(self.db, self.n, Fill::Sparse, &given).await.map(|_| ())
    }

    /// Versions and the acts that touch an old date are judged alike.
    async fn expect(&mut self, enters: bool, case: &str, what: &Entering) {
        let mut outcomes = vec![self.version(what).await];
        for kind in [ActKind::Cancelled, ActKind::Amended, ActKind::Allocated, ActKind::Deallocated]
        {
            outcomes.push(self.act(kind, what).await);
        }
        for outcome in outcomes {
            match outcome {
                Ok(()) => assert!(enters, "{case}: let in"),
                Err(why) => {
                    assert!(!enters, "{case}: refused, {why}");
                    assert!(why.to_string().contains(PERIOD_LOCKED), "{case}: {why}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_locked_period_refuses_and_only_a_soft_lock_yields_to_a_fitting_exception() {
    on_each_engine::<TenantMigrator, _>(|books| async move {
        let db = &books.db;
        open(db).await;
        let mut door = Door { db, n: 0 };
        let usual = entering();

        door.expect(false, "last locked day", &usual).await;
        door.expect(true, "next day", &Entering { dated: day(2026, 4, 1), ..usual.clone() }).await;
        door.expect(true, "other area", &Entering { areas: BANK, ..usual.clone() }).await;
        door.expect(false, "both areas", &Entering { areas: SALES | BANK, ..usual.clone() }).await;
        door.expect(true, "other business", &Entering { business: number(2), ..usual.clone() })
            .await;
        door.act(ActKind::Reversed, &usual).await.expect("a reversal has a voucher of its own");

        let with = |exception| Entering { exception: Some(exception), ..usual.clone() };
        let fitting = grant(db, 1, &[]).await;
        door.expect(true, "fitting exception", &with(fitting)).await;
        let both = Entering { areas: SALES | BANK, ..with(fitting) };
        door.expect(true, "only what is locked needs to be opened", &both).await;
        door.expect(false, "no such exception", &with(number(99))).await;
        let expired = grant(db, 2, &[("expires_at", RECORDED_AT.into())]).await;
        door.expect(false, "expired exception", &with(expired)).await;
        let later = grant(db, 3, &[("to_date", day(2026, 3, 30).into())]).await;
        door.expect(false, "exception to earlier days", &with(later)).await;
        let other = grant(db, 4, &[("business_id", number(2).into())]).await;
        door.expect(false, "exception of another business", &with(other)).await;
        let revoked = grant(db, 6, &[("revoked_at", (RECORDED_AT - 1).into())]).await;
        door.expect(false, "revoked exception", &with(revoked)).await;
        let elsewhere = grant(db, 7, &[("areas", BANK.into())]).await;
        door.expect(false, "exception to another area", &with(elsewhere)).await;
        let everything = grant(db, 8, &[("areas", ALL.into())]).await;
        door.expect(true, "exception to everything", &with(everything)).await;

        let wide = grant(
            db,
            5,
            &[("from_date", day(2020, 1, 1).into()), ("areas", (SALES | BANK).into())],
        )
        .await;
        door.expect(true, "wide exception", &Entering { areas: SALES | BANK, ..with(wide) }).await;
        door.expect(
            true,
            "day after the hard lock",
            &Entering { dated: day(2026, 3, 1), ..with(wide) },
        )
        .await;
        door.expect(false, "hard lock", &Entering { dated: day(2026, 2, 28), ..with(wide) }).await;

        lock(db, LockKind::Soft, BANK, day(2026, 3, 31)).await;
        door.expect(false, "exception to fewer areas", &both).await;
        door.expect(true, "exception to both", &Entering { areas: SALES | BANK, ..with(wide) })
            .await;
        tell(db, &format!("DELETE FROM period_locks WHERE area = {BANK}")).await.unwrap();
        lock(db, LockKind::Soft, ALL, day(2026, 3, 31)).await;
        let voucher = Entering { areas: ALL | SALES, ..with(fitting) };
        door.expect(true, "all areas of the row are opened", &voucher).await;
        let more = Entering { areas: ALL | SALES | BANK, ..voucher.clone() };
        door.expect(false, "not all areas of the row are opened", &more).await;
        door.expect(false, "a row of no area", &Entering { areas: ALL, ..voucher.clone() }).await;
        let any = Entering { areas: ALL, ..with(everything) };
        door.expect(true, "a row of no area, by an exception to everything", &any).await;

        // A closed year locks all its days, whatever else is set.
        tell(db, &format!("DELETE FROM period_locks WHERE area = {ALL}")).await.unwrap();
        let june = Entering { dated: day(2026, 6, 30), exception: Some(wide), ..usual.clone() };
        door.expect(true, "open year", &june).await;
        tell(db, "UPDATE business_years SET closed_at = 1").await.unwrap();
        door.expect(false, "closed year", &june).await;
        door.expect(
            false,
            "closed year of a row of no area",
            &Entering { areas: ALL, ..june.clone() },
        )
        .await;
        let after = Entering { dated: day(2027, 1, 1), ..june.clone() };
        door.expect(true, "day after the closed year", &after).await;
        door.expect(true, "other books", &Entering { business: number(2), ..june.clone() }).await;
        tell(db, "UPDATE business_years SET closed_at = NULL").await.unwrap();
        door.expect(true, "year opened again", &june).await;
    })
    .await;
}

#[tokio::test]
async fn a_hard_lock_only_moves_on_whatever_is_typed() {
    on_each_engine::<TenantMigrator, _>(|books| async move {
        let db = &books.db;
        open(db).await;
        let row = "business_id, kind, area, locked_through, set_at";
        let values = |through: &str| format!("VALUES ({}, 'HARD', 1, '{through}', 1)", number(1));
        let mut attacks = vec![
            "DELETE FROM period_locks".to_owned(),
            "DELETE FROM period_locks WHERE kind = 'HARD'".to_owned(),
            "UPDATE period_locks SET locked_through = '2026-02-27'".to_owned(),
            "UPDATE period_locks SET kind = 'SOFT', area = 8 WHERE kind = 'HARD'".to_owned(),
            "UPDATE period_locks SET area = 2 WHERE kind = 'HARD'".to_owned(),
            format!("UPDATE period_locks SET business_id = {} WHERE kind = 'HARD'", number(2)),
        ];
        let back = values("2026-02-27");
        match books.engine {
            Engine::Sqlite => attacks.extend([
                format!("REPLACE INTO period_locks ({row}) {back}"),
                format!(
                    "INSERT INTO period_locks ({row}) {back} ON CONFLICT DO UPDATE \
                     SET locked_through = excluded.locked_through"
                ),
            ]),
            Engine::Postgres => attacks.extend([
                "TRUNCATE period_locks".to_owned(),
                format!(
                    "INSERT INTO period_locks ({row}) {back} ON CONFLICT (business_id, kind, area) \
                     DO UPDATE SET locked_through = excluded.locked_through"
                ),
            ]),
            Engine::Mysql => attacks.extend([
                format!("REPLACE INTO period_locks ({row}) {back}"),
                format!(
                    "INSERT INTO period_locks ({row}) {back} ON DUPLICATE KEY UPDATE \
                     locked_through = VALUES(locked_through)"
                ),
            ]),
        }
        let before = period_lock::Entity::find().all(db).await.unwrap();
        for attack in attacks {
            let why = tell(db, &attack).await.expect_err(&attack).to_string();
            assert!(why.contains(HARD_LOCK_STAYS), "{attack}: {why}");
            let found = period_lock::Entity::find().all(db).await.unwrap();
            assert_eq!(found, before, "{attack}");
        }
        for allowed in [
            "UPDATE period_locks SET locked_through = '2026-03-01' WHERE kind = 'HARD'",
            "UPDATE period_locks SET locked_through = '2020-01-01' WHERE kind = 'SOFT'",
            "DELETE FROM period_locks WHERE kind = 'SOFT'",
        ] {
            tell(db, allowed).await.unwrap();
        }
    })
    .await;
}
