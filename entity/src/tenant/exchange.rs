//! What other currencies are worth in the currency of a business, by day.

use crate::column::*;

pub mod exchange_rate {
    //! A rate that holds from its day until the next one.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "exchange_rates")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub business_id: BusinessId,
        /// ISO 4217.
        #[sea_orm(primary_key, auto_increment = false)]
        pub currency: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub valid_on: Date,
        /// Base units per foreign unit at 10^-10.
        pub rate: ExchangeRate,
        /// Where it comes from, in the words of who set it.
        pub source: Option<String>,
        pub set_by: Option<UserId>,
        pub set_at: i64,
    }

    no_relations!();
}
