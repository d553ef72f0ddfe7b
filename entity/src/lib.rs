//! The tables of the three tiers as types; a file is one aggregate, written together.
//!
//! An entity is a picture of its table, and no query lives here. What a name cannot say holds for all:
//! a column that ends in `_at` or `_until` is an instant in UTC milliseconds, one that ends in `_on`
//! or `_date`, or is called `dated`, is a day; [`Money`](daybook_domain::money::Money) is in minor
//! units. Ids are made by the application, never by the database. The migrations decide about keys,
//! lengths and checks; a test holds the entities against them on each engine.

#![allow(
    missing_docs,
    reason = "a column is described where its name cannot say it all; the rest is derived"
)]
#![expect(
    clippy::module_inception,
    reason = "an aggregate may bear the name of its first table: lane, business"
)]

mod column;

pub mod main {
    //! The main database: the platform's own office.
    pub mod people;
    pub mod record;
    pub mod work;
}
pub mod master {
    //! The master database: routing and shared structure.
    pub mod chart;
    pub mod node;
    pub mod tenant;
}
pub mod tenant {
    //! One tenant's database.
    pub mod bank;
    pub mod books;
    pub mod budgets;
    pub mod business;
    pub mod chart;
    pub mod costs;
    pub mod drafts;
    pub mod exchange;
    pub mod files;
    pub mod filings;
    pub mod imports;
    pub mod lane;
    pub mod people;
    pub mod record;
    pub mod recurring;
}
