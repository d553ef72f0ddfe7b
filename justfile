# Everything a developer needs; `just` lists it, and CI calls the same.

set shell := ["bash", "-euo", "pipefail", "-c"]

# Lists the recipes.
[private]
default:
    @just --list --unsorted

# Starts the server with its data in ./data.
run *args:
    cargo run --release -- serve {{args}}

# Loads three believable businesses; refuses where other data is.
demo *args:
    cargo run --release -- demo {{args}}

# All that must hold before a commit: format, lints, tests, the committed schema.
check: fmt-check lint test schema-check

# Formats the sources.
fmt:
    cargo fmt --all

[private]
fmt-check:
    cargo fmt --all -- --check

# Clippy over everything, warnings refused.
lint:
    cargo clippy --locked --workspace --all-targets -- -D warnings

# The rules alone: no database, no server, under a second.
rules:
    cargo test --locked -p daybook-domain

# Tests on the backends at hand (SQLite always).
test *args:
    cargo test --locked --workspace {{args}}

# Tests on SQLite, PostgreSQL and MariaDB; a missing one is a failure.
test-all *args:
    DAYBOOK_TEST_REQUIRE_ALL=1 cargo test --locked --workspace {{args}}

# Measures posting and reading beside the raw limit of each engine.
bench *args:
    cargo bench --locked --bench books -- {{args}}

# The books beside a plain ledger in memory, for one seed and many steps, on every engine at hand.
model seed steps="3000":
    DAYBOOK_MODEL_SEED={{seed}} DAYBOOK_MODEL_STEPS={{steps}} cargo test --locked --test it -- model::

# Kills the program at work, fifty times an engine, and looks what is left.
crash kills="50":
    DAYBOOK_CRASH_KILLS={{kills}} cargo test --locked --test cli -- --nocapture crash::

# Writes the public contract anew: the schema, and the page of permissions.
schema:
    cargo run --quiet --locked -- schema > schema.graphql.new
    cargo run --quiet --locked -- schema --permissions > docs/permissions.md.new
    mv schema.graphql.new schema.graphql
    mv docs/permissions.md.new docs/permissions.md

[private]
schema-check:
    cargo run --quiet --locked -- schema | diff -u schema.graphql -
    cargo run --quiet --locked -- schema --permissions | diff -u docs/permissions.md -

# Writes the generated documents anew: the settings file and the table in the README.
docs:
    DAYBOOK_WRITE_DOCUMENTS=1 cargo test --quiet --locked --test documents

# Starts PostgreSQL and MariaDB on this machine, for the tests.
db-up:
    .ci/databases

# Makes an empty migration: `just migration tenant add_party_notes`.
migration tier name:
    .ci/new-migration {{tier}} {{name}}

# The smoke run: an empty folder, a server, a voucher, figures, a clean end.
smoke:
    cargo build --locked --profile ci
    .ci/smoke

# The documentation, warnings refused.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

# Licences, bans and sources of all dependencies.
deny:
    cargo deny --locked check bans licenses sources

# Known weaknesses of dependencies; fetches the advisory database.
advisories:
    cargo deny --locked check advisories
