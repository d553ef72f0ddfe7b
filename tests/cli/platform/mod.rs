//! What operators rely on: set-ups that die on their way, starts side by side, fleets, keys; with real
//! processes, and with everything on one engine at a time.

#[path = "../../it/client.rs"]
#[allow(dead_code, reason = "shared with the tests over HTTP")]
mod client;
#[path = "../../it/engine.rs"]
#[allow(dead_code, reason = "shared with the tests over HTTP")]
mod engine;
#[macro_use]
mod instance;
mod people;

mod commands;
mod fleet;
mod keys;
mod killed;
mod race;
