//! The tables that the lane writes set-wise, column by column.

use super::rows::{Kind::*, OnKey, Shape, col, opt};

/// Numbering: the lane inserts a series with its next number, or moves the number on.
pub static SERIES: Shape = Shape {
    table: "voucher_series",
    columns: &[
        col("id", Big),
        col("series_key", Text),
        col("business_id", Big),
        col("voucher_type_id", Big),
        opt("year_id", Big),
        col("prefix", Text),
        col("next_number", Big),
        col("created_at", Big),
    ],
    on_key: OnKey::Replace { key: "id", columns: &["next_number"] },
};

/// Years of a business that a posting opens.
pub static YEARS: Shape = Shape {
    table: "business_years",
    columns: &[
        col("id", Big),
        col("business_id", Big),
        col("label", Text),
        col("starts_on", Date),
        col("ends_on", Date),
        col("is_opening", Bool),
        col("opened_at", Big),
    ],
    on_key: OnKey::Refuse,
};

/// Identity of vouchers.
pub static VOUCHERS: Shape = Shape {
    table: "vouchers",
    columns: &[
        col("id", Big),
        col("business_id", Big),
        col("voucher_type_id", Big),
        col("base_type", Text),
        col("year_id", Big),
        col("series_id", Big),
        col("sequence", Big),
        col("number", Text),
        opt("reverses_id", Big),
        opt("created_by", Big),
        col("recorded_at", Big),
    ],
    on_key: OnKey::Refuse,
};

/// Their versions.
pub static VERSIONS: Shape = Shape {
    table: "voucher_versions",
    columns: &[
        col("id", Big),
        col("voucher_id", Big),
        col("version", Int),
        col("business_id", Big),
        col("kind", Text),
        col("dated", Date),
        col("total", Big),
        opt("narration", Text),
        opt("reference", Text),
        opt("reference_date", Date),
        opt("party_ledger_id", Big),
        opt("occurred_at", Big),
        col("areas", Int),
        opt("lock_exception_id", Big),
        opt("created_by", Big),
        col("change_seq", Big),
        col("recorded_at", Big),
    ],
    on_key: OnKey::Refuse,
};

/// Entries: the only truth about balances.
pub static ENTRIES: Shape = Shape {
    table: "voucher_ledger_entries",
    columns: &[
        col("id", Big),
        col("version_id", Big),
        col("line", Int),
        col("effect", Small),
        col("business_id", Big),
        col("ledger_id", Big),
        col("dated", Date),
        col("debit", Big),
        col("credit", Big),
        opt("currency", Text),
        opt("currency_amount", Big),
        opt("exchange_rate", Big),
        opt("narration", Text),
        col("closing", Bool),
        col("recorded_at", Big),
    ],
    on_key: OnKey::Refuse,
};

/// Entries of memoranda and reversing journals, which count in scenarios alone.
pub static SCENARIO: Shape = Shape {
    table: "scenario_entries",
    columns: &[
        col("id", Big),
        col("version_id", Big),
        col("line", Int),
        col("effect", Small),
        col("business_id", Big),
        col("ledger_id", Big),
        col("dated", Date),
        opt("applies_until", Date),
        col("debit", Big),
        col("credit", Big),
        opt("currency", Text),
        opt("currency_amount", Big),
        opt("exchange_rate", Big),
        opt("narration", Text),
        col("recorded_at", Big),
    ],
    on_key: OnKey::Refuse,
};

/// Goods and services on vouchers.
pub static ITEMS: Shape = Shape {
    table: "voucher_items",
    columns: &[
        col("id", Big),
        col("version_id", Big),
        col("line", Int),
        col("effect", Small),
        col("business_id", Big),
        opt("item_id", Big),
        opt("warehouse_id", Big),
        col("dated", Date),
        opt("description", Text),
        col("quantity", Big),
        opt("unit", Text),
        col("unit_price", Big),
        col("gross", Big),
        col("discount", Big),
        col("taxable", Big),
        col("recorded_at", Big),
    ],
    on_key: OnKey::Refuse,
};

/// What was done to vouchers later.
pub static ACTS: Shape = Shape {
    table: "voucher_acts",
    columns: &[
        col("id", Big),
        col("voucher_id", Big),
        col("version", Int),
        col("business_id", Big),
        col("kind", Text),
        col("dated", Date),
        col("areas", Int),
        opt("lock_exception_id", Big),
        opt("reason", Text),
        opt("related_voucher_id", Big),
        opt("undoes_id", Big),
        opt("acted_by", Big),
        col("change_seq", Big),
        col("recorded_at", Big),
    ],
    on_key: OnKey::Refuse,
};

/// Which bills entries open and settle.
pub static BILLS: Shape = Shape {
    table: "bill_wise_details",
    columns: &[
        col("id", Big),
        opt("version_id", Big),
        opt("act_id", Big),
        col("line", Int),
        opt("entry_line", Int),
        col("effect", Small),
        col("business_id", Big),
        col("ledger_id", Big),
        opt("bill_id", Big),
        col("kind", Text),
        opt("reference", Text),
        col("dated", Date),
        opt("due_on", Date),
        col("debit", Big),
        col("credit", Big),
        col("recorded_at", Big),
        opt("currency", Text),
        opt("currency_amount", Big),
    ],
    on_key: OnKey::Refuse,
};

/// Which cost centres bear entries.
pub static COSTS: Shape = Shape {
    table: "cost_centre_splits",
    columns: &[
        col("id", Big),
        col("version_id", Big),
        col("line", Int),
        col("entry_line", Int),
        col("effect", Small),
        col("business_id", Big),
        col("ledger_id", Big),
        col("centre_id", Big),
        col("dated", Date),
        col("debit", Big),
        col("credit", Big),
        col("recorded_at", Big),
    ],
    on_key: OnKey::Refuse,
};

/// Sums per ledger and month.
pub static TOTALS: Shape = Shape {
    table: "ledger_period_totals",
    columns: &[
        col("ledger_id", Big),
        col("month", Int),
        col("closing", Bool),
        col("business_id", Big),
        col("debit", Big),
        col("credit", Big),
    ],
    on_key: OnKey::Add { key: "ledger_id, month, closing", columns: &["debit", "credit"] },
};

/// The hash-chained edit log.
pub static AUDIT: Shape = Shape {
    table: "audit_logs",
    columns: &[
        col("seq", Big),
        col("recorded_at", Big),
        col("actor_kind", Text),
        opt("actor_id", Big),
        opt("request_id", Text),
        col("action", Text),
        col("subject_type", Text),
        opt("subject_id", Big),
        opt("business_id", Big),
        col("canonical", Text),
        col("hash", Text),
    ],
    on_key: OnKey::Refuse,
};

/// Retry keys with what they made.
pub static KEYS: Shape = Shape {
    table: "idempotency_keys",
    columns: &[
        col("field", Text),
        col("retry_key", Text),
        col("input_hash", Text),
        col("result_ids", Text),
        col("recorded_at", Big),
    ],
    on_key: OnKey::Refuse,
};

/// Events for subscribers, sync and deliveries.
pub static OUTBOX: Shape = Shape {
    table: "outbox",
    columns: &[
        col("change_seq", Big),
        col("recorded_at", Big),
        col("kind", Text),
        opt("business_id", Big),
        opt("subject_id", Big),
        opt("author_id", Big),
        col("payload", Text),
    ],
    on_key: OnKey::Refuse,
};

/// The statement that moves the fence on; it ends every transaction that writes.
pub const MOVE_FENCE: &str = "UPDATE lane SET access_seq = ?, settings_seq = ?, change_seq = ?, \
     last_recorded_at = ?, chain_seq = ?, chain_hash = ? WHERE id = 1";
