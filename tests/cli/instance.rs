//! An instance kept by real processes: databases of its own on one engine, and the same settings for
//! every node.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use tokio::runtime::{Handle, Runtime};

use super::{
    engine::{Engine, new_marker},
    place::Place,
};

/// Where an instance's databases are, and what its nodes share.
pub struct Instance {
    settings: String,
}

impl Instance {
    fn new(engine: Engine, marker: &str) -> Self {
        let mut settings = format!(
            "[tenants]\ndatabase_marker = \"{marker}\"\n{}
            [security]
            jwt_secret = \"only-for-tests-0123456789-0123456789\"
            encryption_key = \"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0\"
            argon2_memory_kib = 8192
            argon2_iterations = 1
            hashes_parallel = 4
            register_per_hour_per_address = 100000
            login_floor_ms = 0
            [limits]
            bucket_cost_max = 1000000000
            bucket_cost_per_second = 1000000000\n",
            engine.server().map(|at| format!("server_url = \"{at}\"")).unwrap_or_default(),
        );
        if let Some(server) = engine.server() {
            for part in ["main", "master"] {
                settings.push_str(&format!("[{part}]\nurl = \"{server}/{marker}_{part}\"\n"));
            }
        }
        Self { settings }
    }

    /// A folder for one node: the file of settings is in it.
    pub fn place(&self) -> Place {
        let place = Place::new();
        std::fs::write(place.path().join("daybook.toml"), &self.settings).unwrap();
        place
    }
}

/// Runs a test on one engine, when it is there, with a marker of its own, and drops what bears it
/// whatever became of the test.
pub fn with_databases(engine: Engine, test: impl FnOnce(&Handle, &str)) {
    let runtime = Runtime::new().unwrap();
    if !runtime.block_on(engine.is_there()) {
        return;
    }
    runtime.block_on(engine.clear(None));
    let marker = new_marker();
    let outcome = catch_unwind(AssertUnwindSafe(|| test(runtime.handle(), &marker)));
    runtime.block_on(engine.clear(Some(&marker)));
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Runs a test with an instance of real processes. One such test runs at a time: each keeps the machine
/// busy, and some of them take the time.
pub fn run_on<T>(engine: Engine, test: T)
where
    T: for<'a> FnOnce(&'a Instance) -> BoxFuture<'a, ()>,
{
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    with_databases(engine, |runtime, marker| {
        let instance = Instance::new(engine, marker);
        runtime.block_on(test(&instance));
    });
}
