//! Vouchers kept to be written again, those that come again by a rule of dates, and what became of each
//! date.
//!
//! `content` has the form of a draft's. `makers` are the ids of the users who wrote a row, parted by one
//! space: none of them approves what is made of it. A template that was thrown away has no `name_key` any
//! more, so that its name is free. `next_on` is the first date that was not dealt with; a date has one run.

use crate::ddl::{Index, Table};

const TEMPLATES: Table = Table {
    name: "voucher_templates",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, \
        name VARCHAR(200) NOT NULL, name_key VARCHAR(200) NULL, content {text} NOT NULL, \
        version INTEGER NOT NULL, makers {text} NOT NULL, created_by BIGINT NOT NULL, \
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, deleted_at BIGINT NULL, \
        UNIQUE (business_id, name_key), \
        FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (created_by) REFERENCES users (id)",
};

const RECURRING: Table = Table {
    name: "recurring_vouchers",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, \
        template_id BIGINT NOT NULL, unit VARCHAR(16) NOT NULL, every_units INTEGER NOT NULL, \
        day_of_month INTEGER NULL, short_month VARCHAR(16) NOT NULL, first_on DATE NOT NULL, \
        until_on DATE NULL, times INTEGER NULL, dealt_with INTEGER NOT NULL, last_on DATE NULL, \
        next_on DATE NULL, state VARCHAR(16) NOT NULL, makes VARCHAR(16) NOT NULL, \
        catch_up VARCHAR(16) NOT NULL, owner_id BIGINT NOT NULL, version INTEGER NOT NULL, \
        makers {text} NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, \
        FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (template_id) REFERENCES voucher_templates (id), \
        FOREIGN KEY (owner_id) REFERENCES users (id), \
        CHECK (unit IN ('DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR')), \
        CHECK (short_month IN ('LAST_DAY', 'NEXT_MONTH', 'SKIP')), \
        CHECK (state IN ('ACTIVE', 'PAUSED', 'ENDED')), \
        CHECK (makes IN ('VOUCHER', 'DRAFT')), \
        CHECK (catch_up IN ('ALL', 'LATEST', 'SKIP')), \
        CHECK (state = 'ENDED' OR next_on IS NOT NULL)",
};

const RUNS: Table = Table {
    name: "recurring_runs",
    columns: "id {pk} NOT NULL PRIMARY KEY, business_id BIGINT NOT NULL, \
        recurring_id BIGINT NOT NULL, due_on DATE NOT NULL, state VARCHAR(16) NOT NULL, \
        voucher_id BIGINT NULL, draft_id BIGINT NULL, reason VARCHAR(16) NULL, \
        errors {text} NOT NULL, left_out INTEGER NOT NULL, \
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, \
        UNIQUE (recurring_id, due_on), \
        FOREIGN KEY (business_id) REFERENCES businesses (id), \
        FOREIGN KEY (recurring_id) REFERENCES recurring_vouchers (id), \
        CHECK (state IN ('POSTED', 'DRAFTED', 'FAILED')), \
        CHECK (state <> 'POSTED' OR voucher_id IS NOT NULL), \
        CHECK (state <> 'DRAFTED' OR draft_id IS NOT NULL)",
};

crate::tables! {
    name: "m20261121_000025_recurring",
    tables: [TEMPLATES, RECURRING, RUNS],
    indexes: [
        Index {
            name: "recurring_due",
            table: "recurring_vouchers",
            columns: "state, business_id, next_on",
        },
        Index { name: "runs_business", table: "recurring_runs", columns: "business_id, id" },
    ]
}
