//! A tenant's database for the raw side: the same migrations, and the little that a posting needs.

use std::{fs, path::Path};

use chrono::NaiveDate;
use daybook::db::{
    Target,
    connect::{self, SessionLimits, Use},
};
use daybook_migration::{MigratorTrait, TenantMigrator};

use crate::{
    Outcome,
    engine::{self, Engine, MARKER, Place},
    options::Options,
    sql::{Cell, Connection, Script},
};

/// Ids of what was seeded.
pub const BUSINESS: i64 = 1;
/// The accounting year.
pub const YEAR: i64 = 2;
/// The number series.
pub const SERIES: i64 = 3;
/// The first of the ledgers; the others follow.
pub const FIRST_LEDGER: i64 = 100;
/// How many ledgers there are, as many as a new business has.
pub const LEDGERS: i64 = 40;
/// Shared voucher type that no key checks here.
pub const JOURNAL: i64 = 1;
/// Who posts.
pub const USER: i64 = 7;

/// Name of the raw side's database.
const NAME: &str = "raw";

/// Makes the raw side's database and seeds it.
///
/// # Errors
/// What the database says.
pub async fn raw_place(engine: Engine, options: &Options, folder: &Path) -> Outcome<Place> {
    let place = match engine::server(engine, options) {
        Some(server) => server.sibling(&format!("{MARKER}x_{NAME}")),
        None => {
            fs::create_dir_all(folder)?;
            Place::File(folder.join(format!("{NAME}.sqlite")))
        }
    };
    engine::create(&place).await?;
    migrate(&place).await?;
    plant(&place).await?;
    Ok(place)
}

/// Brings an empty database to the tables of a tenant.
///
/// # Errors
/// What the database says.
pub async fn migrate(place: &Place) -> Outcome<()> {
    let target = Target::parse(&place.url())?;
    let database = connect::open(&target, Use::Write, 1, SessionLimits::default()).await?;
    TenantMigrator::up(&database, None).await?;
    database.close().await?;
    Ok(())
}

async fn plant(place: &Place) -> Outcome<()> {
    let day = |year, month, day| {
        NaiveDate::from_ymd_opt(year, month, day).map(Cell::Date).ok_or("a date of the seed")
    };
    let mut connection = Connection::open(place).await?;
    let mut insert = Planting { connection: &mut connection, engine: place.engine() };
    insert
        .row(
            "businesses",
            "id, name, name_key, country, base_currency, currency_exponent, time_zone, \
             year_first_month, books_begin_on, settings, version, created_at, updated_at",
            [
                BUSINESS.into(),
                "Meera Textiles".into(),
                "meera textiles".into(),
                "IN".into(),
                "INR".into(),
                2.into(),
                "Asia/Kolkata".into(),
                4.into(),
                day(2026, 4, 1)?,
                "{}".into(),
                1.into(),
                0_i64.into(),
                0_i64.into(),
            ],
        )
        .await?;
    insert
        .row(
            "business_years",
            "id, business_id, label, starts_on, ends_on, is_opening, opened_at",
            [
                YEAR.into(),
                BUSINESS.into(),
                "2026-27".into(),
                day(2026, 4, 1)?,
                day(2027, 3, 31)?,
                false.into(),
                0_i64.into(),
            ],
        )
        .await?;
    insert
        .row(
            "voucher_series",
            "id, series_key, business_id, voucher_type_id, year_id, prefix, next_number, created_at",
            [
                SERIES.into(),
                format!("{BUSINESS}/{JOURNAL}/{YEAR}/JRN-").into(),
                BUSINESS.into(),
                JOURNAL.into(),
                YEAR.into(),
                "JRN-".into(),
                1_i64.into(),
                0_i64.into(),
            ],
        )
        .await?;
    for ledger in FIRST_LEDGER..FIRST_LEDGER + LEDGERS {
        insert
            .row(
                "ledgers",
                "id, business_id, name, name_key, group_id, is_bill_wise, version, created_at, \
                 updated_at",
                [
                    ledger.into(),
                    BUSINESS.into(),
                    format!("Ledger number {ledger}").into(),
                    format!("ledger number {ledger}").into(),
                    1_i64.into(),
                    false.into(),
                    1.into(),
                    0_i64.into(),
                    0_i64.into(),
                ],
            )
            .await?;
    }
    connection.close().await
}

struct Planting<'c> {
    connection: &'c mut Connection,
    engine: Engine,
}

impl Planting<'_> {
    async fn row<const N: usize>(
        &mut self,
        table: &str,
        columns: &str,
        cells: [Cell; N],
    ) -> Outcome<()> {
        let text = format!("INSERT INTO {table} ({columns}) VALUES ({})", marks(N));
        self.connection.execute(&Script::new(self.engine, &text), &cells).await.map(|_| ())
    }
}

/// `?, ?, …` for a row of `count` values.
pub fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}
