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

pub mod banks;
pub mod books;
pub mod files;
pub mod imports;
pub mod master;
pub mod platform;
pub mod reports;
pub mod session;
pub mod staff;

use std::sync::Arc;

use async_graphql::{
    MergedObject, MergedSubscription, Request, Response, SDLExportOptions, Schema, ValidationMode,
    futures_util::stream::BoxStream,
};
use futures_util::StreamExt;

/// What can be asked.
#[derive(MergedObject, Default, Debug)]
pub struct Query(
    node::NodeQuery,
    session::SessionQuery,
    staff::StaffQuery,
    books::BooksQuery,
    banks::BanksQuery,
    reports::ReportsQuery,
    imports::ImportsQuery,
    master::MasterQuery,
    platform::PlatformQuery,
);

/// What can be done.
#[derive(MergedObject, Default, Debug)]
pub struct Mutation(
    session::SessionMutation,
    staff::StaffMutation,
    books::BooksMutation,
    banks::BanksMutation,
    files::FilesMutation,
    imports::ImportsMutation,
    master::MasterMutation,
    platform::PlatformMutation,
);

/// What can be listened to, over a WebSocket at `/graphql/ws` (graphql-transport-ws).
#[derive(MergedSubscription, Default, Debug)]
pub struct Subscription(books::subscriptions::BooksSubscription);

/// The schema.
type Built = Schema<Query, Mutation, Subscription>;

/// The schema behind its bounds of cost.
///
/// It is built twice, since an extension of the library costs every field of every answer: one copy
/// validates and weighs, the other has no extension and runs what passed.
#[derive(Clone)]
pub struct ApiSchema {
    scales: Built,
    books: Built,
    buckets: Arc<cost::Buckets>,
}

impl std::fmt::Debug for ApiSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiSchema")
    }
}

impl ApiSchema {
    /// The schema over these buckets and pages. It suggests names in errors only where it may be asked
    /// for.
    pub fn new(buckets: Arc<cost::Buckets>, rows: page::PageRows, suggests: bool) -> Self {
        let scales = build().extension(cost::Scales(Arc::clone(&buckets))).extension(rows);
        let scales = if suggests { scales } else { scales.disable_suggestions() };
        let books = build().data(rows).validation_mode(ValidationMode::Fast).disable_suggestions();
        Self { scales: scales.finish(), books: books.finish(), buckets }
    }

    /// Validates, charges and runs an operation; what it did not use is given back, what it used beyond
    /// is charged.
    pub async fn execute(&self, request: impl Into<Request>) -> Response {
        let mut request = request.into();
        let bill = cost::Bill::of(&request);
        if let Err(refused) = self.weigh(&mut request, bill.clone()).await {
            return refused;
        }
        let response = self.books.execute(request).await;
        self.buckets.settle(&bill, &response.data);
        response
    }

    /// Validates, charges and runs a subscription; it is charged once, not for each event.
    pub fn execute_stream(&self, mut request: Request) -> BoxStream<'static, Response> {
        let schema = self.clone();
        Box::pin(async_stream::stream! {
            let bill = cost::Bill::of(&request);
            if let Err(refused) = schema.weigh(&mut request, bill).await {
                yield refused;
                return;
            }
            let mut answers = schema.books.execute_stream(request);
            while let Some(answer) = answers.next().await {
                yield answer;
            }
        })
    }

    /// Lets an operation pass, or answers why not.
    async fn weigh(&self, request: &mut Request, bill: cost::Bill) -> Result<(), Response> {
        let document = match request.parsed_query() {
            Ok(document) => document.clone(),
            Err(error) => return Err(Response::from_errors(vec![error])),
        };
        let mut weighed = Request::new("").variables(request.variables.clone());
        weighed.operation_name.clone_from(&request.operation_name);
        weighed.introspection_mode = request.introspection_mode;
        weighed.set_parsed_query(document);
        let response = self.scales.execute(bill.attach(weighed)).await;
        if response.errors.is_empty() { Ok(()) } else { Err(response) }
    }
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
