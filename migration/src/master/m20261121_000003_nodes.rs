//! The processes that share the databases: their numbers, their share of sockets, the chain's anchors.

use crate::ddl::Table;

const NODES: Table = Table {
    name: "node_leases",
    columns: "node {pk} NOT NULL PRIMARY KEY, holder VARCHAR(64) NULL, purpose VARCHAR(16) NULL, \
        leased_until BIGINT NOT NULL, rests_until BIGINT NOT NULL, \
        CHECK (node >= 0 AND node <= 1023)",
};

const ANCHORS: Table = Table {
    name: "chain_anchors",
    columns: "tenant_id BIGINT NOT NULL, chain_seq BIGINT NOT NULL, \
        chain_hash VARCHAR(64) NOT NULL, anchored_at BIGINT NOT NULL, \
        PRIMARY KEY (tenant_id, chain_seq), FOREIGN KEY (tenant_id) REFERENCES tenant_master (id)",
};

crate::tables! {
    name: "m20261121_000003_nodes",
    tables: [NODES, ANCHORS],
    indexes: []
}
