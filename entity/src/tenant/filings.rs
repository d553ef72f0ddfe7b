//! Tax returns that a business filed.

use crate::column::*;

pub mod tax_filing {
    //! A return that was filed for a period. Its tax is locked through the period's last day.
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tax_filings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TaxFilingId,
        pub business_id: BusinessId,
        /// Such as `GSTR-3B`.
        pub form: String,
        /// The registration that filed it, where there is more than one.
        pub registration: Option<String>,
        pub period_from: Date,
        /// Last day.
        pub period_to: Date,
        pub filed_on: Date,
        /// The number that the State gave it.
        pub acknowledgement: Option<String>,
        pub recorded_by: Option<UserId>,
        pub recorded_at: i64,
        /// From when on it counts as never filed.
        pub withdrawn_at: Option<i64>,
        pub withdrawn_by: Option<UserId>,
        pub withdrawn_reason: Option<String>,
    }

    no_relations!();
}
