//! Documents without entries: what was ordered, sent or taken in. They are numbered, amended and cancelled
//! like vouchers and count in no balance.

use chrono::NaiveDate;
use daybook_domain::{
    id::{LedgerId, VoucherTypeId},
    item_line::line_amounts,
    lock::areas_of,
    money::{AMOUNT_MAX, Money, Quantity, UnitPrice},
    role::Permission,
    voucher::Balanced,
};
use daybook_entity::tenant::{books::VoucherKind, business::business};

use super::{
    acts::{self, WrittenAct},
    chart::{self, Asked, Chart},
    numbering::numbering_of,
    voucher_types,
    vouchers::{
        ENTRY_NARRATION_MAX, NARRATION_MAX, REFERENCE_MAX, Wrong, check_key, code_of, perform,
    },
};
use crate::{
    error::{Code, Error, Result},
    lane::{
        Claim, Deed, Posted, Posting,
        posting::{Amend, ItemLine},
    },
    scope::TenantScope,
};

/// Most lines of one document.
pub const ITEMS_MAX: usize = 1_000;
/// Most characters of a unit.
pub const UNIT_MAX: usize = 16;

/// A document as somebody writes it down.
#[derive(Debug, Clone)]
pub struct WriteDocument {
    /// In whose books.
    pub business: Asked,
    /// Its type; `None` when the id given is not one.
    pub voucher_type: Option<VoucherTypeId>,
    /// Its date.
    pub dated: NaiveDate,
    /// The customer or supplier; the inner `None` stands for an id that is none.
    pub party: Option<Option<LedgerId>>,
    /// Words about it.
    pub narration: Option<String>,
    /// The other side's number.
    pub reference: Option<String>,
    /// Its date.
    pub reference_date: Option<NaiveDate>,
    /// Its lines.
    pub items: Vec<WrittenItem>,
}

/// A line of a document as somebody writes it down.
#[derive(Debug, Clone)]
pub struct WrittenItem {
    /// What it is.
    pub description: String,
    /// How much, as a decimal number.
    pub quantity: String,
    /// Of which unit.
    pub unit: Option<String>,
    /// What a unit costs, as a decimal number of major units; nothing when left out.
    pub unit_price: Option<String>,
    /// What is taken off the line, as a decimal number.
    pub discount: Option<String>,
}

/// Posts a document, or shows what would be posted.
///
/// # Errors
/// No permission, or refusals of the document; then those of the lane.
pub async fn post(
    scope: &TenantScope,
    document: WriteDocument,
    claim: Claim,
    dry_run: bool,
) -> Result<Posted> {
    scope.require(Permission::VoucherPost)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let posting = prepare(scope, &chart, document);
    perform(scope, posting.map(Deed::from), claim, dry_run).await
}

/// Takes a document back and posts it anew under its number. Business and type stay.
///
/// # Errors
/// No permission, or refusals of the act or of the new content.
pub async fn amend(
    scope: &TenantScope,
    act: WrittenAct,
    document: WriteDocument,
    claim: Claim,
    dry_run: bool,
) -> Result<Posted> {
    scope.require(Permission::VoucherAmend)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let deed = acts::act_on(scope, act).await?.and_then(|(on, voucher)| {
        if !voucher.base_type.is_document() {
            let why = "this voucher has entries; amend it as a voucher";
            return Err(Error::refused(Code::NotAllowed, "input.voucherId", why));
        }
        let document = WriteDocument {
            business: Asked::This(voucher.business),
            voucher_type: Some(voucher.voucher_type),
            ..document
        };
        let posting = prepare(scope, &chart, document)?;
        Ok(Deed::Amend(Amend { on, posting }))
    });
    perform(scope, deed, claim, dry_run).await
}

fn prepare(scope: &TenantScope, chart: &Chart, document: WriteDocument) -> Result<Posting> {
    let business = chart.chosen(scope, document.business, "input")?;
    let mut wrong = Wrong::below("input");
    let found =
        document.voucher_type.and_then(|id| voucher_types::find(&scope.catalogue, chart, id));
    let found = found.filter(|found| found.is_offered(document.dated));
    let base = found.and_then(|found| found.base());
    match (found, base) {
        (None, _) => {
            wrong.add(Code::VoucherTypeUnknown, "voucherTypeId", "there is no such voucher type");
        }
        (_, Some(base)) if base.is_document() => {}
        _ => {
            let why = "this is no type of document without entries; post it as a voucher";
            wrong.add(Code::NotAllowed, "voucherTypeId", why);
        }
    }
    let narration = wrong.text("narration", document.narration.as_deref(), NARRATION_MAX, false);
    let reference = wrong.text("reference", document.reference.as_deref(), REFERENCE_MAX, true);
    let party = document.party.and_then(|party| {
        let ledger = party.and_then(|id| chart.visible_ledger(scope, id));
        let ledger = ledger.filter(|ledger| ledger.business_id == business.id);
        if ledger.is_none_or(|ledger| ledger.archived_at.is_some()) {
            let why = "there is no such ledger in this business, or it is archived";
            wrong.add(Code::LedgerUnknown, "partyId", why);
        }
        ledger.map(|ledger| ledger.id)
    });
    let items = read_items(business, &document.items, &mut wrong);
    wrong.finish()?;
    let (Some(found), Some(base)) = (found, base) else {
        return Err(Error::Internal("a document of no type".into()));
    };
    let total = items
        .iter()
        .try_fold(Money::ZERO, |sum, item| sum.checked_add(item.amounts.taxable))
        .filter(|total| total.minor() <= AMOUNT_MAX);
    let total = total.ok_or_else(|| {
        Error::refused(Code::TooLarge, "input.items", "the document comes to too much")
    })?;
    Ok(Posting {
        path: "input".to_owned(),
        business: business.id,
        voucher_type: found.id(),
        base_type: base,
        kind: VoucherKind::Ordinary,
        numbering: numbering_of(found),
        dated: document.dated,
        entries: Balanced::document(total),
        details: Vec::new(),
        narration,
        reference,
        reference_date: document.reference_date,
        party,
        occurred_at: None,
        areas: areas_of(base, false, false),
        lock_exception: None,
        reverses: None,
        bills: Vec::new(),
        items,
    })
}

fn read_items(
    business: &business::Model,
    items: &[WrittenItem],
    wrong: &mut Wrong<'_>,
) -> Vec<ItemLine> {
    if items.is_empty() || items.len() > ITEMS_MAX {
        let why = format!("a document has 1 to {ITEMS_MAX} lines");
        let code = if items.is_empty() { Code::Required } else { Code::TooMany };
        wrong.add(code, "items", &why);
        return Vec::new();
    }
    let exponent = chart::exponent(business);
    let read = items.iter().enumerate().filter_map(|(index, item)| {
        let place = |field: &str| format!("items.{index}.{field}");
        let description = &item.description;
        let description = wrong.required(&place("description"), description, ENTRY_NARRATION_MAX);
        let unit = wrong.text(&place("unit"), item.unit.as_deref(), UNIT_MAX, true);
        let mut scaled = |field: &str, read: Result<i64, _>| {
            read.map_err(|why| wrong.add(code_of(why), &place(field), &why.to_string())).ok()
        };
        let quantity = scaled("quantity", Quantity::parse(&item.quantity).map(Quantity::raw));
        let price = item.unit_price.as_deref().unwrap_or("0");
        let price = scaled("unitPrice", UnitPrice::parse(price).map(UnitPrice::raw));
        let discount = match item.discount.as_deref() {
            Some(text) => wrong.money(&place("discount"), text, exponent)?,
            None => Money::ZERO,
        };
        let (quantity, unit_price) = (Quantity::from_raw(quantity?), UnitPrice::from_raw(price?));
        match line_amounts(quantity, unit_price, discount, exponent) {
            Ok(amounts) => Some(ItemLine {
                item: None,
                description: Some(description),
                quantity,
                unit,
                unit_price,
                amounts,
            }),
            Err(why) => {
                use daybook_domain::item_line::BadLine;
                let (code, field) = match why {
                    BadLine::NoQuantity => (Code::Invalid, "quantity"),
                    BadLine::NegativePrice => (Code::Invalid, "unitPrice"),
                    BadLine::Discount => (Code::Invalid, "discount"),
                    BadLine::TooLarge => (Code::TooLarge, "quantity"),
                };
                wrong.add(code, &place(field), &why.to_string());
                None
            }
        }
    });
    read.collect()
}
