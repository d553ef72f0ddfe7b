//! What must hold of ledgers and bills in other currencies.

/// Bills of which nothing is open in the currency of their ledger, and something in base currency.
pub const CURRENCY_BILLS: &str = "SELECT COUNT(*) FROM (SELECT bill_id FROM bill_wise_details \
     WHERE bill_id IS NOT NULL AND currency IS NOT NULL GROUP BY bill_id \
     HAVING SUM(effect * CASE WHEN debit > 0 THEN currency_amount ELSE -currency_amount END) = 0 \
     AND SUM(effect * (debit - credit)) <> 0) q";

/// Entries whose bill rows do not come to the entry's amount in its currency, or are in another one.
pub const CURRENCY_PARTS: &str = "SELECT COUNT(*) FROM voucher_ledger_entries e \
     JOIN (SELECT version_id, entry_line, effect, MIN(COALESCE(currency, '')) AS least, \
     MAX(COALESCE(currency, '')) AS most, SUM(COALESCE(currency_amount, 0)) AS parts \
     FROM bill_wise_details WHERE version_id IS NOT NULL \
     GROUP BY version_id, entry_line, effect) b ON e.version_id = b.version_id \
     AND e.line = b.entry_line AND e.effect = b.effect JOIN ledgers l ON l.id = e.ledger_id \
     WHERE b.least <> b.most OR b.most <> COALESCE(l.currency, '') \
     OR (l.currency IS NOT NULL AND COALESCE(e.currency_amount, 0) <> b.parts)";

/// Entries in another currency than the one that their ledger is kept in.
pub const LEDGER_CURRENCIES: &str = "SELECT COUNT(*) FROM voucher_ledger_entries e \
     JOIN ledgers l ON l.id = e.ledger_id WHERE l.currency IS NOT NULL \
     AND (e.currency IS NULL OR e.currency <> l.currency)";
