//! The shared structure in the API.
