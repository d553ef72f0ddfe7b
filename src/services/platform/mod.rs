//! What the platform's office does: tenants, servers, people.
