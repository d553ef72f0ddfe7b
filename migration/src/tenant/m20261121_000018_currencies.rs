//! Several currencies: rates by day, and what a bill is open by in the currency of its ledger.
//!
//! A bill row on a ledger with a currency of its own has that currency and the amount in it; where it
//! moves the value in base currency alone, that amount is zero. Its side is that of debit and credit.

use crate::{
    ddl::{Index, Table, add_column, create, drop_all, drop_column, index},
    migration,
};

const RATES: Table = Table {
    name: "exchange_rates",
    columns: "business_id BIGINT NOT NULL, currency VARCHAR(3) NOT NULL, valid_on DATE NOT NULL, \
        rate BIGINT NOT NULL, source VARCHAR(100) NULL, set_by BIGINT NULL, set_at BIGINT NOT NULL, \
        PRIMARY KEY (business_id, currency, valid_on), \
        FOREIGN KEY (business_id) REFERENCES businesses (id), CHECK (rate > 0)",
};

const BY_DAY: Index =
    Index { name: "exchange_rates_day", table: "exchange_rates", columns: "business_id, valid_on" };

/// Columns that bill rows get.
const COLUMNS: [(&str, &str); 2] =
    [("currency", "VARCHAR(3) NULL"), ("currency_amount", "BIGINT NULL")];

migration! {
    name: "m20261121_000018_currencies",
    up: |manager| {
        create(manager, RATES).await?;
        index(manager, BY_DAY).await?;
        for (column, definition) in COLUMNS {
            add_column(manager, "bill_wise_details", column, definition).await?;
        }
        Ok(())
    },
    down: |manager| {
        for (column, _) in COLUMNS {
            drop_column(manager, "bill_wise_details", column).await?;
        }
        drop_all(manager, &[RATES]).await
    }
}
