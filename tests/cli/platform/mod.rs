//! What operators rely on: set-ups that die on their way, starts side by side, fleets, keys; with real
//! processes, and with everything on one engine at a time.

use super::{client, engine};

#[macro_use]
mod instance;
mod people;

mod commands;
mod fleet;
mod keys;
mod killed;
mod race;
