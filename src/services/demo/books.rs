//! Writes a diary into a business's books, through the services that people use.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    id::{BusinessId, LedgerId},
    money::Money,
    text::fold,
};
use daybook_entity::tenant::business::business;

use super::{
    cast::Shop,
    diary::{self, ASSETS, DEPRECIATION, Draft, OWNER},
};
use crate::{
    auth::secret::sha256_hex,
    error::{Error, Result},
    lane::Claim,
    scope::TenantScope,
    services::books::{
        chart::{self, Asked},
        groups::GroupRef,
        ledgers::{self, OpenLedger, Opening},
        vouchers::{self, PostVoucher, WrittenEntry},
    },
};

/// A ledger that the example needs: group, name, opening balance in units (debit above zero).
type Needed = (&'static str, &'static str, i64);

/// Opens the ledgers that are missing and posts what is due by `today`; how many vouchers the
/// business now has of the example.
pub async fn keep(
    scope: &TenantScope,
    shop: &'static Shop,
    row: &business::Model,
    today: NaiveDate,
) -> Result<u64> {
    let known = ledger_ids(scope, row.id).await?;
    for (group, name, opening) in needed(shop) {
        if !known.contains_key(&fold(name)) {
            open(scope, row.id, group, name, opening).await?;
        }
    }
    let known = ledger_ids(scope, row.id).await?;
    let mut posted = 0_u64;
    for (draft, number) in diary::of(shop, row.books_begin_on).into_iter().zip(1_u32..) {
        if draft.day > today {
            break;
        }
        post(scope, row, &known, draft, number).await?;
        posted = posted.saturating_add(1);
    }
    Ok(posted)
}

fn needed(shop: &'static Shop) -> Vec<Needed> {
    let total = shop.bank_opening.saturating_add(shop.assets_opening);
    let mut needed = vec![
        ("BANK", shop.bank, shop.bank_opening),
        ("FA", ASSETS, shop.assets_opening),
        ("CAP", OWNER, total.saturating_neg()),
        ("IEXP", DEPRECIATION, 0),
    ];
    needed.extend(shop.customers.iter().map(|name| ("SD", *name, 0)));
    needed.extend(shop.suppliers.iter().map(|name| ("SC", *name, 0)));
    needed.extend(shop.running.iter().map(|(name, ..)| ("IEXP", *name, 0)));
    needed
}

async fn ledger_ids(
    scope: &TenantScope,
    business: BusinessId,
) -> Result<HashMap<String, LedgerId>> {
    let chart = chart::chart(scope).await?;
    let own = chart.ledgers.values().filter(|one| one.business_id == business);
    Ok(own.map(|one| (one.name_key.clone(), one.id)).collect())
}

async fn open(
    scope: &TenantScope,
    business: BusinessId,
    group: &str,
    name: &str,
    opening: i64,
) -> Result<()> {
    let is_party = matches!(group, "SD" | "SC");
    let group = scope.catalogue.group_coded(group).map(|group| GroupRef::Shared(group.id));
    let amount = opening.unsigned_abs().to_string();
    let opening = match opening {
        0 => None,
        1.. => Some(Opening { debit: Some(amount), credit: None }),
        _ => Some(Opening { debit: None, credit: Some(amount) }),
    };
    let command = OpenLedger {
        business: Asked::This(business),
        name: name.to_owned(),
        group,
        opening,
        is_bill_wise: false,
        credit_days: is_party.then_some(30),
        description: None,
    };
    ledgers::create(scope, command).await.map(|_| ())
}

async fn post(
    scope: &TenantScope,
    row: &business::Model,
    known: &HashMap<String, LedgerId>,
    draft: Draft,
    number: u32,
) -> Result<()> {
    let exponent = chart::exponent(row);
    let entry = |(name, amount): &(&str, i64)| {
        let text = Money::from_minor(*amount).size().format(exponent);
        let (debit, credit) = if *amount > 0 { (Some(text), None) } else { (None, Some(text)) };
        WrittenEntry {
            ledger: known.get(&fold(name)).copied(),
            debit,
            credit,
            currency: None,
            exchange_rate: None,
            narration: None,
        }
    };
    let lines = draft.lines.iter().map(|(name, amount)| Canonical::new().int(name, *amount));
    let said = Canonical::new()
        .text("day", &draft.day.to_string())
        .text("base", draft.base.code())
        .text("narration", &draft.narration)
        .list("lines", lines)
        .finish();
    let claim = Claim {
        field: "voucherPost",
        key: format!("demo-{}-{number}", row.id),
        input_hash: sha256_hex(&said),
    };
    let voucher_type = scope
        .catalogue
        .voucher_type_coded(draft.base.code())
        .ok_or_else(|| Error::Internal(format!("no voucher type {}", draft.base.code())))?;
    let command = PostVoucher {
        business: Asked::This(row.id),
        voucher_type: Some(voucher_type.id),
        dated: draft.day,
        narration: Some(draft.narration),
        reference: draft.reference,
        reference_date: None,
        occurred_at: None,
        lock_exception: None,
        entries: draft.lines.iter().map(entry).collect(),
    };
    vouchers::post(scope, command, claim, false).await.map(|_| ())
}
