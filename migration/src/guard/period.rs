//! Guards of locked periods: what is dated in one is refused, and a hard lock stays.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::ddl::run;

/// What a database says when a row would enter a locked period.
pub const PERIOD_LOCKED: &str = "PERIOD_LOCKED";
/// What a database says when a hard lock would be lifted or moved back.
pub const HARD_LOCK_STAYS: &str = "HARD_LOCK_STAYS";

/// Refuses rows of `table` that are dated in a locked period.
///
/// The row carries `business_id`, `dated`, `areas`, `lock_exception_id` and `recorded_at`. A soft lock
/// yields to an exception that covers the areas and the date and has not expired when the row is
/// recorded; a hard lock never does. `only_kinds` limits the guard to rows of those kinds.
///
/// # Errors
/// What the database says of a statement.
pub async fn lock_periods(
    manager: &SchemaManager<'_>,
    table: &str,
    only_kinds: Option<&str>,
) -> Result<(), DbErr> {
    let kinds = only_kinds.map(|list| format!("NEW.kind IN ({list}) AND ")).unwrap_or_default();
    let locked = format!(
        "{kinds}EXISTS (SELECT 1 FROM period_locks AS held \
         WHERE held.business_id = NEW.business_id AND (held.area & NEW.areas) <> 0 \
         AND NEW.dated <= held.locked_through AND (held.kind = 'HARD' OR NOT EXISTS \
         (SELECT 1 FROM lock_exceptions AS pass WHERE pass.id = NEW.lock_exception_id \
         AND pass.business_id = NEW.business_id AND (pass.areas & NEW.areas) = NEW.areas \
         AND NEW.dated >= pass.from_date AND NEW.dated <= pass.to_date \
         AND pass.expires_at > NEW.recorded_at)))"
    );
    refuse(manager, table, &locked).await
}

/// As [`lock_periods`], in place of it: days of a closed year are locked too, and for good as long as
/// it is closed. An exception opens the locks of its own areas; one of everything (16) opens each, and
/// one that names all areas of the row (bits of 15) opens a lock of everything. A revoked exception
/// opens nothing. Who may use one is not judged here.
///
/// # Errors
/// What the database says of a statement.
pub async fn lock_periods_and_years(
    manager: &SchemaManager<'_>,
    table: &str,
    only_kinds: Option<&str>,
) -> Result<(), DbErr> {
    let kinds = only_kinds.map(|list| format!("NEW.kind IN ({list}) AND ")).unwrap_or_default();
    let locked = format!(
        "{kinds}(EXISTS (SELECT 1 FROM period_locks AS held \
         WHERE held.business_id = NEW.business_id AND (held.area & NEW.areas) <> 0 \
         AND NEW.dated <= held.locked_through AND (held.kind = 'HARD' OR NOT EXISTS \
         (SELECT 1 FROM lock_exceptions AS pass WHERE pass.id = NEW.lock_exception_id \
         AND pass.business_id = NEW.business_id AND pass.revoked_at IS NULL \
         AND ((pass.areas & held.area) <> 0 OR (pass.areas & 16) <> 0 OR (held.area = 16 \
         AND (NEW.areas & 15) <> 0 AND (pass.areas & NEW.areas & 15) = (NEW.areas & 15))) \
         AND NEW.dated >= pass.from_date AND NEW.dated <= pass.to_date \
         AND pass.expires_at > NEW.recorded_at))) \
         OR EXISTS (SELECT 1 FROM business_years AS shut \
         WHERE shut.business_id = NEW.business_id AND shut.closed_at IS NOT NULL \
         AND NEW.dated >= shut.starts_on AND NEW.dated <= shut.ends_on))"
    );
    refuse(manager, table, &locked).await
}

/// The trigger that refuses a new row of `table` where the condition holds; in place of one before.
async fn refuse(manager: &SchemaManager<'_>, table: &str, locked: &str) -> Result<(), DbErr> {
    match manager.get_database_backend() {
        DbBackend::Sqlite => {
            run(manager, &format!("DROP TRIGGER IF EXISTS {table}_locked")).await?;
            run(
                manager,
                &format!(
                    "CREATE TRIGGER {table}_locked BEFORE INSERT ON {table} \
                     WHEN {locked} BEGIN SELECT RAISE(ABORT, '{PERIOD_LOCKED}'); END"
                ),
            )
            .await
        }
        DbBackend::MySql => {
            run(manager, &format!("DROP TRIGGER IF EXISTS {table}_locked")).await?;
            run(
                manager,
                &format!(
                    "CREATE TRIGGER {table}_locked BEFORE INSERT ON {table} FOR EACH ROW \
                     BEGIN IF {locked} THEN SIGNAL SQLSTATE '45000' \
                     SET MESSAGE_TEXT = '{PERIOD_LOCKED}'; END IF; END"
                ),
            )
            .await
        }
        _ => {
            run(
                manager,
                &format!(
                    "CREATE OR REPLACE FUNCTION daybook_locked_{table}() RETURNS trigger \
                     LANGUAGE plpgsql AS $$ BEGIN IF {locked} THEN RAISE EXCEPTION \
                     '{PERIOD_LOCKED}' USING ERRCODE = 'DB002'; END IF; RETURN NEW; END $$"
                ),
            )
            .await?;
            run(manager, &format!("DROP TRIGGER IF EXISTS {table}_locked ON {table}")).await?;
            run(
                manager,
                &format!(
                    "CREATE TRIGGER {table}_locked BEFORE INSERT ON {table} \
                     FOR EACH ROW EXECUTE FUNCTION daybook_locked_{table}()"
                ),
            )
            .await
        }
    }
}

/// What would open days that a hard lock holds.
const OPENS: &str = "OLD.kind = 'HARD' AND (NEW.kind <> 'HARD' OR NEW.business_id <> OLD.business_id \
     OR NEW.area <> OLD.area OR NEW.locked_through < OLD.locked_through)";

/// Refuses to lift a hard lock or to move it back, whatever the way.
///
/// # Errors
/// What the database says of a statement.
pub async fn hard_locks_stay(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    hard_locks_yield(manager).await?;
    match manager.get_database_backend() {
        DbBackend::Sqlite => {
            let raise = format!("BEGIN SELECT RAISE(ABORT, '{HARD_LOCK_STAYS}'); END");
            // REPLACE deletes without a trigger, so what it would put in its place is looked at.
            let less = "NEW.kind = 'HARD' AND EXISTS (SELECT 1 FROM period_locks AS held \
                 WHERE held.business_id = NEW.business_id AND held.kind = 'HARD' \
                 AND held.area = NEW.area AND held.locked_through > NEW.locked_through)";
            for (event, when) in
                [("UPDATE", OPENS), ("DELETE", "OLD.kind = 'HARD'"), ("INSERT", less)]
            {
                let name = format!("period_locks_hard_{}", event.to_lowercase());
                run(
                    manager,
                    &format!(
                        "CREATE TRIGGER {name} BEFORE {event} ON period_locks WHEN {when} {raise}"
                    ),
                )
                .await?;
            }
            Ok(())
        }
        DbBackend::MySql => {
            for (event, when) in [("UPDATE", OPENS), ("DELETE", "OLD.kind = 'HARD'")] {
                let name = format!("period_locks_hard_{}", event.to_lowercase());
                run(
                    manager,
                    &format!(
                        "CREATE TRIGGER {name} BEFORE {event} ON period_locks FOR EACH ROW \
                         BEGIN IF {when} THEN SIGNAL SQLSTATE '45000' \
                         SET MESSAGE_TEXT = '{HARD_LOCK_STAYS}'; END IF; END"
                    ),
                )
                .await?;
            }
            Ok(())
        }
        _ => {
            run(
                manager,
                &format!(
                    "CREATE OR REPLACE FUNCTION daybook_hard_locks() RETURNS trigger \
                     LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{HARD_LOCK_STAYS}' \
                     USING ERRCODE = 'DB003'; END $$"
                ),
            )
            .await?;
            for (suffix, what) in [
                ("update", format!("UPDATE ON period_locks FOR EACH ROW WHEN ({OPENS})")),
                ("delete", "DELETE ON period_locks FOR EACH ROW WHEN (OLD.kind = 'HARD')".into()),
                ("truncate", "TRUNCATE ON period_locks FOR EACH STATEMENT".to_owned()),
            ] {
                run(
                    manager,
                    &format!(
                        "CREATE TRIGGER period_locks_hard_{suffix} BEFORE {what} \
                         EXECUTE FUNCTION daybook_hard_locks()"
                    ),
                )
                .await?;
            }
            Ok(())
        }
    }
}

/// Takes back what [`hard_locks_stay`] does.
///
/// # Errors
/// What the database says of a statement.
pub async fn hard_locks_yield(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let on = match manager.get_database_backend() {
        DbBackend::Postgres => " ON period_locks",
        _ => "",
    };
    for event in ["update", "delete", "insert", "truncate"] {
        run(manager, &format!("DROP TRIGGER IF EXISTS period_locks_hard_{event}{on}")).await?;
    }
    Ok(())
}
