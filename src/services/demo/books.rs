//! Writes a diary into a business's books, through the services that people use.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    chain::Canonical,
    cost::CostUse,
    id::{BusinessId, LedgerId},
    money::Money,
    text::fold,
};
use daybook_entity::tenant::business::business;
use sea_orm::ConnectionTrait;

use super::{
    cast::Shop,
    diary::{self, ASSETS, DEPRECIATION, Draft, OWNER},
};
use crate::{
    auth::secret::sha256_hex,
    db::sql::statement,
    error::{Error, Result},
    lane::Claim,
    scope::TenantScope,
    services::books::{
        chart::{self, Asked},
        groups::GroupRef,
        ledgers::{self, OpenLedger},
        openings::Opening,
        vouchers::{self, PostVoucher, WrittenEntry},
    },
};

/// A ledger that the example needs: group, name, opening balance in units (debit above zero).
type Needed = (&'static str, &'static str, i64);

/// The request in whose name the example posts.
pub const REQUEST: &str = "demo";

/// How many vouchers of the example each business got, as the edit log tells. They are posted in order,
/// so a run goes on after them.
///
/// # Errors
/// When the database cannot be read.
pub async fn posted(scope: &TenantScope) -> Result<HashMap<BusinessId, u64>> {
    let reader = scope.db.reader().await?;
    let conn = reader.conn();
    let sql = "SELECT a.business_id, COUNT(*) FROM audit_logs a \
         JOIN voucher_versions w ON w.voucher_id = a.subject_id AND w.version = 1 \
         WHERE a.subject_type = 'Voucher' AND a.action = 'VOUCHER_POSTED' AND a.request_id = ? \
         AND w.kind = 'ORDINARY' GROUP BY a.business_id";
    let ask = statement(conn.get_database_backend(), sql, [REQUEST.into()]);
    let mut posted = HashMap::new();
    for row in conn.query_all_raw(ask).await? {
        let (business, count): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        posted.insert(BusinessId::new(business), count.unsigned_abs());
    }
    Ok(posted)
}

/// Opens the ledgers that are missing and posts what is due by `today` after the `done` vouchers of
/// earlier runs; how many vouchers the business now has of the example.
pub async fn keep(
    scope: &TenantScope,
    shop: &'static Shop,
    row: &business::Model,
    today: NaiveDate,
    done: u64,
) -> Result<u64> {
    let known = ledger_ids(scope, row.id).await?;
    for (group, name, opening) in needed(shop) {
        if !known.contains_key(&fold(name)) {
            open(scope, row.id, group, name, opening).await?;
        }
    }
    let known = ledger_ids(scope, row.id).await?;
    let mut last = done;
    for (draft, number) in diary::due(shop, row.books_begin_on, today).zip(1_u64..) {
        if number > done {
            post(scope, row, &known, draft, number).await?;
            last = number;
        }
    }
    Ok(last)
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
        1.. => Some(Opening { debit: Some(amount), credit: None, currency_amount: None }),
        _ => Some(Opening { debit: None, credit: Some(amount), currency_amount: None }),
    };
    let command = OpenLedger {
        business: Asked::This(business),
        name: name.to_owned(),
        group,
        opening,
        currency: None,
        is_bill_wise: false,
        credit_days: is_party.then_some(30),
        description: None,
        cost_use: CostUse::default(),
    };
    ledgers::create(scope, command).await.map(|_| ())
}

async fn post(
    scope: &TenantScope,
    row: &business::Model,
    known: &HashMap<String, LedgerId>,
    draft: Draft,
    number: u64,
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
            bills: Vec::new(),
            oldest_first: false,
            costs: Vec::new(),
            bank: None,
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
        applies_until: None,
        lock_exception: None,
        entries: draft.lines.iter().map(entry).collect(),
        close_residue: false,
    };
    vouchers::post(scope, command, claim, false).await.map(|_| ())
}
