//! The platform's office in the API.
