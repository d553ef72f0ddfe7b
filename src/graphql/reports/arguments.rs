//! What reports are asked with.

use async_graphql::ID;

use crate::{
    graphql::{
        books::businesses::asked,
        scalar::{Date, DateTime},
    },
    services::reports::registers::frame::Asking,
};

/// The arguments of a report as its service takes them.
pub fn asking(
    businesses: Option<Vec<ID>>,
    from: Option<Date>,
    to: Option<Date>,
    as_known_at: Option<DateTime>,
) -> Asking {
    Asking {
        businesses: businesses.map(|ids| ids.iter().map(|id| asked(Some(id))).collect()),
        from: from.map(|day| day.0),
        to: to.map(|day| day.0),
        known_at: as_known_at.map(|instant| instant.0),
    }
}
