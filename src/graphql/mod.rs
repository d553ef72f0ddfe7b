//! The API: thin resolvers over services.

pub mod context;
pub mod cost;
pub mod error;
pub mod id;
pub mod limits;
pub mod page;
pub mod permission;
pub mod retry;
pub mod scalar;

pub mod books;
pub mod master;
pub mod platform;
pub mod session;
pub mod staff;

use async_graphql::{MergedObject, MergedSubscription, Schema};

/// What can be asked.
#[derive(MergedObject, Default, Debug)]
pub struct Query(session::SessionQuery, staff::StaffQuery, books::BooksQuery);

/// What can be done.
#[derive(MergedObject, Default, Debug)]
pub struct Mutation(session::SessionMutation, staff::StaffMutation, books::BooksMutation);

/// What can be listened to.
#[derive(MergedSubscription, Default, Debug)]
pub struct Subscription(books::subscriptions::BooksSubscription);

/// The schema.
pub type ApiSchema = Schema<Query, Mutation, Subscription>;
