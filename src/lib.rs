//! Daybook: the books and the sales of many small businesses in one running instance.
//!
//! Modules in order of dependency: a file uses only what stands above its own module here.

pub mod clock;
pub mod error;

pub mod interchange;

pub mod documents;

pub mod seal;

pub mod config;

pub mod telemetry;

pub mod db;
pub mod lane;
pub mod master;
pub mod office;
pub mod tenancy;

pub mod scope;

pub mod auth;

pub mod services;

pub mod jobs;

pub mod graphql;

pub mod http;

pub mod app;
pub mod cli;
