//! Where the databases are, how many are open, and how writing and nodes behave.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{NONE, fixed, ms, seconds, section};
use crate::config::{setting::Kind, value::SqliteSynchronous};

section! {
    /// The folder of this instance.
    Data in "data" {
        folder: PathBuf = Kind::Folder, fixed("data"),
            "Holds SQLite databases, generated secrets and lock files; one instance per folder.";
    }
}

section! {
    /// The main database: the platform's own business.
    Main in "main" {
        url: Option<SecretString> = Kind::Database, NONE,
            "The main database; empty keeps it as a SQLite file in the data folder.",
            .old(&["DATABASE_URL", "CONN_STR_LOCAL"]),
            .parts(&["DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "DB_PORT", "DB_DIALECT"]),
            .note(
                "DB_NAME names a database on a server, by default MySQL or MariaDB at 127.0.0.1:3306 \
                 as root: it is PostgreSQL only with DB_DIALECT=postgres or DB_PORT=5432, whatever \
                 other port is set.",
            );
    }
}

section! {
    /// The master database: shared structure, and which tenant is where.
    Master in "master" {
        url: Option<SecretString> = Kind::Database, NONE,
            "The master database; empty keeps it as a SQLite file in the data folder.",
            .old(&["MASTER_DATABASE_URL"]), .parts(&["MASTER_DB_NAME"]),
            .note("MASTER_DB_NAME names a database on the server of the main one.");
    }
}

section! {
    /// The tenants' databases.
    Tenants in "tenants" {
        server_url: Option<SecretString> = Kind::DatabaseServer, NONE,
            "Server on which new tenants get their databases; empty makes SQLite files in data.folder/tenants.";
        open_max: usize = Kind::Number(1, 100_000), fixed("50"),
            "Most tenants open at once on this node; the longest unused closes first.",
            .old(&["MAX_TENANT_CONNECTIONS"]);
        idle_close_ms: u64 = ms(1_000, 86_400_000), fixed("300000"),
            "A tenant unused for this long is closed.";
        lease_wait_ms: u64 = ms(0, 60_000), fixed("2000"),
            "Longest wait for a free place when all open tenants are in use, before THROTTLED.";
        sockets_percent: u32 = Kind::Number(1, 100), fixed("80"),
            "Share of a database server's connections that all nodes together may use.";
        readers_per_tenant: usize = Kind::Number(1, 100), fixed("2"),
            "Most connections for reading that one tenant may use at once on this node.";
        reader_idle_ms: u64 = ms(100, 3_600_000), fixed("30000"),
            "A connection for reading that is unused for this long is closed.";
        separate_users: bool = Kind::Flag, fixed("false"),
            "Whether each tenant signs in to its server as a user of its own that reaches no other database.",
            .old(&["USE_SEPARATE_DB_USERS"]);
        database_marker: String = Kind::Marker, fixed("daybook_tenant"),
            "Names of tenants' databases and users on a server begin with this.";
        provision_lease_ms: u64 = ms(1_000, 600_000), fixed("30000"),
            "A started set-up of a tenant that shows no life for this long is taken over by another node.";
        storage_limit_bytes: u64 = Kind::Size(1 << 20, 1 << 50), fixed("5368709120"),
            "Storage that a new tenant may use.";
        migrate_parallel: usize = Kind::Number(1, 64), fixed("4"),
            "How many tenants are brought to a new version at the same time.";
        swap_wait_ms: u64 = ms(100, 600_000), fixed("10000"),
            "Longest wait until every process has closed a SQLite tenant whose migrated copy takes its place.";
    }
}

section! {
    /// How a tenant's writes are gathered and bounded.
    Lane in "lane" {
        batch_max: usize = Kind::Number(1, 128), fixed("128"),
            "Most vouchers that share one commit.";
        queue_max: usize = Kind::Number(1, 100_000), fixed("1024"),
            "Most writes that wait for one tenant; more are answered with THROTTLED.";
        lock_wait_ms: u64 = ms(100, 60_000), fixed("8000"),
            "Longest wait for a lock in a database.";
        idle_transaction_ms: u64 = ms(100, 60_000), fixed("5000"),
            "A server ends a transaction that stands idle for this long, so that a lost node blocks nobody.";
        sqlite_synchronous: SqliteSynchronous = Kind::Word(&["FULL", "NORMAL"]), fixed("FULL"),
            "FULL keeps every acknowledged write through a power cut; NORMAL is faster and may lose the last ones.";
    }
}

section! {
    /// How nodes learn of each other's changes.
    Nodes in "nodes" {
        poll_ms: u64 = ms(10, 60_000), fixed("300"),
            "How often a node reads what others changed in routing and master data.";
        stale_after_ms: u64 = ms(20, 120_000), fixed("1000"),
            "Requests are refused when the last good poll began longer ago than this.";
        access_fresh_ms: u64 = ms(0, 60_000), fixed("800"),
            "Cached users and permissions are used only when they were checked this recently.";
        clock_skew_max_ms: u64 = ms(10, 60_000), fixed("1000"),
            "A node whose clock is further than this from the master server's refuses writes.";
        anchor_seconds: u64 = seconds(1, 86_400), fixed("60"),
            "How often the ends of edit logs that grew are noted in master, where rewriting a tenant's log cannot reach.";
        lease_seconds: u64 = seconds(5, 3_600), fixed("60"),
            "How long a node's number and share of connections stay its own without renewal.";
    }
}
