//! Books brought along and taken out, in the API.

pub mod acts;
pub mod export;
pub mod import;
pub mod words;

use async_graphql::MergedObject;

/// Queries of imports.
#[derive(MergedObject, Default, Debug)]
pub struct ImportsQuery(import::ImportQuery);

/// Mutations of imports.
#[derive(MergedObject, Default, Debug)]
pub struct ImportsMutation(acts::ImportMutation, export::BookExportMutation);
