//! The API: thin resolvers over services.

pub mod audit;
pub mod context;
pub mod cost;
pub mod error;
pub mod id;
pub mod limits;
pub mod node;
pub mod page;
pub mod permission;
pub mod retry;
pub mod scalar;

pub mod books;
pub mod master;
pub mod platform;
pub mod session;
pub mod staff;

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, Schema};

/// What can be asked.
#[derive(MergedObject, Default, Debug)]
pub struct Query(
    node::NodeQuery,
    session::SessionQuery,
    staff::StaffQuery,
    books::BooksQuery,
    master::MasterQuery,
    platform::PlatformQuery,
);

/// What can be done.
#[derive(MergedObject, Default, Debug)]
pub struct Mutation(
    session::SessionMutation,
    staff::StaffMutation,
    books::BooksMutation,
    master::MasterMutation,
    platform::PlatformMutation,
);

/// What can be listened to.
#[derive(MergedSubscription, Default, Debug)]
pub struct Subscription(books::subscriptions::BooksSubscription);

/// The schema.
pub type ApiSchema = Schema<Query, Mutation, Subscription>;

/// The schema behind its bounds of cost and of pages. It suggests names in errors only where it may be
/// asked for.
pub fn schema(buckets: Arc<cost::Buckets>, rows: page::PageRows, suggests: bool) -> ApiSchema {
    let schema = build().data(rows).extension(cost::CostGuard(buckets)).extension(rows);
    if suggests { schema.finish() } else { schema.disable_suggestions().finish() }
}

/// The schema as text, in a stable order: what `schema.graphql` holds.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    let mut text = build().finish().sdl_with_options(options);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn build() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .limit_recursive_depth(64)
}
