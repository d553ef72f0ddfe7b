//! What the edit log writes: canonical text, so that the same content always hashes alike.

use daybook_domain::{
    chain::Canonical,
    id::{BusinessId, LedgerId, VoucherId},
};
use sea_orm::ActiveEnum;

use super::{actor::Actor, judge::NewYear, posting::PostedVoucher, writing::Change};

/// The text of an audit row: who, when, what was done to what, and the content.
pub fn audit(actor: &Actor, recorded_at: i64, change: &Change) -> String {
    Canonical::new()
        .int("at", recorded_at)
        .text("actor", actor.kind())
        .int_if("actorId", actor.id())
        .text_if("request", actor.request_id.as_deref())
        .text("action", change.action)
        .text("subject", change.subject_type)
        .int_if("subjectId", change.subject)
        .int_if("businessId", change.business.map(BusinessId::get))
        .text("content", &change.canonical)
        .finish()
}

/// The whole version of a voucher.
pub fn voucher_posted(voucher: &PostedVoucher) -> Change {
    let entries = voucher.entries.iter().map(|entry| {
        let foreign = entry.detail.foreign.as_ref();
        Canonical::new()
            .int("id", entry.id.get())
            .int("line", i64::from(entry.line))
            .int("ledger", entry.ledger.get())
            .int("debit", entry.debit.minor())
            .int("credit", entry.credit.minor())
            .text_if("currency", foreign.map(|foreign| foreign.currency.as_str()))
            .int_if("currencyAmount", foreign.map(|foreign| foreign.amount.minor()))
            .int_if("exchangeRate", foreign.map(|foreign| foreign.rate.raw()))
            .text_if("narration", entry.detail.narration.as_deref())
    });
    let content = Canonical::new()
        .int("voucher", voucher.id.get())
        .int("versionId", voucher.version_id.get())
        .int("version", i64::from(voucher.version))
        .int("type", voucher.voucher_type.get())
        .text("base", voucher.base_type.code())
        .text("kind", &voucher.kind.to_value())
        .int("year", voucher.year)
        .int("series", voucher.series.get())
        .int("sequence", voucher.sequence)
        .text("number", &voucher.number)
        .int_if("reverses", voucher.reverses.map(VoucherId::get))
        .text("dated", &voucher.dated.to_string())
        .int("total", voucher.total.minor())
        .text_if("narration", voucher.narration.as_deref())
        .text_if("reference", voucher.reference.as_deref())
        .text_if("referenceDate", voucher.reference_date.map(|day| day.to_string()).as_deref())
        .int_if("party", voucher.party.map(LedgerId::get))
        .int_if("occurredAt", voucher.occurred_at)
        .int("areas", i64::from(voucher.areas.bits()))
        .int_if("lockException", voucher.lock_exception)
        .list("entries", entries)
        .finish();
    Change {
        action: "VOUCHER_POSTED",
        subject_type: "Voucher",
        subject: Some(voucher.id.get()),
        business: Some(voucher.business),
        canonical: content,
    }
}

/// A year that a posting opened.
pub fn year_opened(year: &NewYear) -> Change {
    Change {
        action: "YEAR_OPENED",
        subject_type: "BusinessYear",
        subject: Some(year.id),
        business: Some(year.business),
        canonical: Canonical::new()
            .text("label", &year.label)
            .text("startsOn", &year.span.starts_on.to_string())
            .text("endsOn", &year.span.ends_on.to_string())
            .finish(),
    }
}
