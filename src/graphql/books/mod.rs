//! The tenant's books in the API.
