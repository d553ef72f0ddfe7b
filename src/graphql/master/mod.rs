//! The shared structure in the API.

pub mod adapt;
pub mod filters;
pub mod groups;
pub mod keep;
pub mod node;
pub mod own_types;
pub mod places;
pub mod queries;
pub mod rates;
pub mod types;
pub mod words;

use async_graphql::MergedObject;

pub use groups::AccountGroup;
pub use node::{MasterNode, node};
pub use types::VoucherType;

/// Queries of the shared structure.
#[derive(MergedObject, Default, Debug)]
pub struct MasterQuery(queries::SharedQuery, queries::KeeperQuery);

/// Mutations of the shared structure, and of what a tenant adapts of it.
#[derive(MergedObject, Default, Debug)]
pub struct MasterMutation(adapt::AdaptMutation, own_types::OwnTypeMutation, keep::KeepMutation);
