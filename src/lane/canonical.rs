//! What the edit log writes: canonical text, so that the same content always hashes alike.

use daybook_domain::{
    chain::Canonical,
    cost::CostSplit,
    id::{BillId, BusinessId, ItemId, LedgerId, VoucherActId, VoucherId},
};
use daybook_entity::tenant::books::ActKind;
use sea_orm::ActiveEnum;

use super::{
    actor::Actor,
    bank_details,
    judge::NewYear,
    posting::{ItemLine, PostedBill, PostedEntry, PostedItem, PostedVoucher},
    record::Act,
    writing::Change,
};

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

/// A new voucher, whole.
pub fn voucher_posted(voucher: &PostedVoucher) -> Change {
    Change {
        action: VOUCHER_POSTED,
        subject_type: "Voucher",
        subject: Some(voucher.id.get()),
        business: Some(voucher.business),
        canonical: version(voucher).finish(),
    }
}

/// The action of a new voucher's row.
pub const VOUCHER_POSTED: &str = "VOUCHER_POSTED";

/// The action of an act's row, and whether it writes a version anew or takes one back.
pub fn action_of(kind: ActKind) -> &'static str {
    match kind {
        ActKind::Cancelled => "VOUCHER_CANCELLED",
        ActKind::Amended => "VOUCHER_AMENDED",
        ActKind::Reversed => "VOUCHER_REVERSED",
        ActKind::Allocated => "BILLS_ALLOCATED",
        ActKind::Deallocated => "BILLS_DEALLOCATED",
    }
}

/// What was done to a voucher: the act, the bill rows that it made, and of an amendment the new version.
pub fn acted(act: &Act, rows: &[PostedBill], amended: Option<&PostedVoucher>) -> Change {
    let is_reversed = act.kind == ActKind::Reversed;
    let related = if is_reversed { "reversedBy" } else { "differenceBy" };
    let mut content = Canonical::new()
        .int("act", act.id.get())
        .int("voucher", act.voucher.get())
        .int("version", i64::from(act.version))
        .text("dated", &act.dated.to_string())
        .int("areas", i64::from(act.areas))
        .int_if("lockException", act.lock_exception)
        .text_if("reason", act.reason.as_deref())
        .int_if(related, act.related.map(VoucherId::get))
        .int_if("undoes", act.undoes.map(VoucherActId::get));
    if !rows.is_empty() {
        content = content.list("bills", rows.iter().map(bill));
    }
    if let Some(amended) = amended {
        content = content.object("amended", version(amended));
    }
    Change {
        action: action_of(act.kind),
        subject_type: "Voucher",
        subject: Some(act.voucher.get()),
        business: Some(act.business),
        canonical: content.finish(),
    }
}

/// The whole version of a voucher.
fn version(voucher: &PostedVoucher) -> Canonical {
    let entries = voucher.entries.iter().map(|entry| {
        let foreign = entry.detail.foreign.as_ref();
        let told = Canonical::new()
            .int("id", entry.id.get())
            .int("line", i64::from(entry.line))
            .int("ledger", entry.ledger.get())
            .int("debit", entry.debit.minor())
            .int("credit", entry.credit.minor())
            .text_if("currency", foreign.map(|foreign| foreign.currency.as_str()))
            .int_if("currencyAmount", foreign.map(|foreign| foreign.amount.minor()))
            .int_if("exchangeRate", foreign.map(|foreign| foreign.rate.raw()))
            .text_if("narration", entry.detail.narration.as_deref())
            .text_if("appliesUntil", day_text(entry.detail.applies_until).as_deref())
            .object_if("bank", entry.detail.bank.as_ref().map(bank_details::canonical));
        with_costs(told, entry)
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
        .text_if("referenceDate", day_text(voucher.reference_date).as_deref())
        .int_if("party", voucher.party.map(LedgerId::get))
        .int_if("occurredAt", voucher.occurred_at)
        .int("areas", i64::from(voucher.areas.bits()))
        .int_if("lockException", voucher.lock_exception)
        .list("entries", entries);
    let content = match voucher.bills.as_slice() {
        [] => content,
        bills => content.list("bills", bills.iter().map(bill)),
    };
    match voucher.items.as_slice() {
        [] => content,
        items => content.list("items", items.iter().map(item)),
    }
}

fn item(row: &PostedItem) -> Canonical {
    let ItemLine { item, description, quantity, unit, unit_price, amounts } = &row.detail;
    Canonical::new()
        .int("id", row.id)
        .int("line", i64::from(row.line))
        .int_if("item", item.map(ItemId::get))
        .text_if("description", description.as_deref())
        .int("quantity", quantity.raw())
        .text_if("unit", unit.as_deref())
        .int("unitPrice", unit_price.raw())
        .int("gross", amounts.gross.minor())
        .int("discount", amounts.discount.minor())
        .int("taxable", amounts.taxable.minor())
}

fn day_text(day: Option<chrono::NaiveDate>) -> Option<String> {
    day.map(|day| day.to_string())
}

/// An entry that is not split over cost centres is told as it was before there were any.
fn with_costs(told: Canonical, entry: &PostedEntry) -> Canonical {
    if entry.detail.costs.is_empty() {
        return told;
    }
    let split = |split: &CostSplit| {
        Canonical::new().int("centre", split.centre.get()).int("amount", split.amount.minor())
    };
    told.list("costs", entry.detail.costs.iter().map(split))
}

fn bill(row: &PostedBill) -> Canonical {
    let foreign = row.foreign.as_ref();
    Canonical::new()
        .int("id", row.id)
        .int("line", i64::from(row.line))
        .int_if("entry", row.entry_line.map(i64::from))
        .int("ledger", row.ledger.get())
        .int_if("bill", row.bill.map(BillId::get))
        .text("kind", &row.kind.to_value())
        .text_if("reference", row.reference.as_deref())
        .text_if("dueOn", day_text(row.due_on).as_deref())
        .int("debit", row.debit.minor())
        .int("credit", row.credit.minor())
        .text_if("currency", foreign.map(|foreign| foreign.currency.as_str()))
        .int_if("currencyAmount", foreign.map(|foreign| foreign.amount.minor()))
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
