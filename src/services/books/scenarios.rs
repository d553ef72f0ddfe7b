//! Vouchers that count in scenarios alone: memoranda, which wait to become real ones, and reversing journals,
//! which count until a day.

use chrono::NaiveDate;
use daybook_domain::{
    id::{VoucherId, VoucherTypeId},
    role::Permission,
    voucher::BaseType,
};
use daybook_entity::tenant::business::business;

use super::{
    acts::{self, WrittenAct},
    chart::{self, Asked},
    drafts::pending,
    groups,
    vouchers::{PostVoucher, WrittenEntry, Wrong, check_key, perform_all, prepare},
};
use crate::{
    error::{Code, Error, Result},
    lane::{
        Claim, Deed, Posted, PostedEntry, PostedVoucher,
        posting::{Cancel, OnVoucher},
    },
    scope::TenantScope,
};

/// Checks what only a reversing journal says, and what no voucher outside the books can do.
pub fn check(base: BaseType, command: &PostVoucher, wrong: &mut Wrong<'_>) {
    match (base, command.applies_until) {
        (BaseType::ReversingJournal, None) => {
            let why = "say through which day scenarios count this journal";
            wrong.add(Code::Required, "appliesUntil", why);
        }
        (BaseType::ReversingJournal, Some(until)) if until < command.dated => {
            let why = "a reversing journal counts through its own date at least";
            wrong.add(Code::Invalid, "appliesUntil", why);
        }
        (BaseType::ReversingJournal, Some(_)) | (_, None) => {}
        (_, Some(_)) => {
            wrong.add(Code::NotAllowed, "appliesUntil", "only a reversing journal ends by itself");
        }
    }
    if !base.is_scenario() {
        return;
    }
    for (index, _) in command.entries.iter().enumerate().filter(|(_, one)| !one.bills.is_empty()) {
        let why = "what does not count in the books opens and settles no bills";
        wrong.add(Code::NotAllowed, &format!("entries.{index}.bills"), why);
    }
    for (index, _) in command.entries.iter().enumerate().filter(|(_, one)| !one.costs.is_empty()) {
        let why = "what does not count in the books is borne by no cost centres";
        wrong.add(Code::NotAllowed, &format!("entries.{index}.costs"), why);
    }
    for (index, _) in command.entries.iter().enumerate().filter(|(_, one)| one.bank.is_some()) {
        let why = "what does not count in the books is paid by nothing";
        wrong.add(Code::NotAllowed, &format!("entries.{index}.bank"), why);
    }
}

/// How a memorandum becomes a voucher that counts.
#[derive(Debug, Clone)]
pub struct ConvertMemorandum {
    /// The type of that voucher; `None` when the id given is not one.
    pub voucher_type: Option<VoucherTypeId>,
    /// Its date; the memorandum's when left out.
    pub dated: Option<NaiveDate>,
    /// Words about it; the memorandum's when left out.
    pub narration: Option<String>,
}

/// Posts what a memorandum says as a voucher of another type and takes the memorandum back, both in one
/// commit. The new voucher refers to the memorandum's number.
///
/// # Errors
/// No permission, or refusals: something that is no standing memorandum, whatever posting refuses.
pub async fn convert(
    scope: &TenantScope,
    act: WrittenAct,
    conversion: ConvertMemorandum,
    claim: Claim,
    dry_run: bool,
) -> Result<Posted> {
    scope.require(Permission::VoucherPost)?;
    scope.require(Permission::VoucherCancel)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let deeds = acts::act_on(scope, act).await?.and_then(|(on, memorandum)| {
        let business = chart.visible(scope, memorandum.business);
        let business = business.filter(|_| memorandum.base_type == BaseType::Memorandum);
        let Some(business) = business else {
            let why = "only a memorandum becomes another voucher";
            return Err(Error::refused(Code::NotAllowed, "input.voucherId", why));
        };
        let asked = Asked::This(memorandum.business);
        if !dry_run && pending::wants_approval(scope, &chart, asked) {
            let why = "this business wants vouchers approved; draft the voucher, and cancel the \
                       memorandum when it is posted";
            return Err(Error::refused(Code::ApprovalRequired, "input", why));
        }
        let command = written(scope, business, &memorandum, conversion);
        let posting = prepare(scope, &chart, &groups, command, "input")?;
        if posting.base_type.is_scenario() {
            let why = "choose a voucher type that counts in the books";
            return Err(Error::refused(Code::NotAllowed, "input.voucherTypeId", why));
        }
        let on = OnVoucher { reason: on.reason.or(Some("converted".to_owned())), ..on };
        Ok(vec![Deed::from(posting), Deed::Cancel(Cancel { on })])
    });
    let posted = perform_all(scope, deeds, claim, dry_run).await?;
    // The memorandum is the second of the two; the answer is the voucher.
    let first = |mut ids: Vec<VoucherId>| {
        ids.truncate(1);
        ids
    };
    let mut vouchers = posted.vouchers;
    vouchers.truncate(1);
    Ok(Posted { ids: first(posted.ids), vouchers, replayed: posted.replayed })
}

fn written(
    scope: &TenantScope,
    business: &business::Model,
    memorandum: &PostedVoucher,
    conversion: ConvertMemorandum,
) -> PostVoucher {
    let exponent = chart::exponent(business);
    let entry = |entry: &PostedEntry| {
        let is_debit = !entry.debit.is_zero();
        let base = if is_debit { entry.debit } else { entry.credit };
        let foreign = entry.detail.foreign.as_ref();
        let amount = match foreign {
            Some(foreign) => {
                let places = scope.catalogue.currency_exponent(foreign.currency.as_str());
                foreign.amount.format(places)
            }
            None => base.format(exponent),
        };
        let (debit, credit) = if is_debit { (Some(amount), None) } else { (None, Some(amount)) };
        WrittenEntry {
            ledger: Some(entry.ledger),
            debit,
            credit,
            currency: foreign.map(|foreign| foreign.currency.to_string()),
            exchange_rate: foreign.map(|foreign| foreign.rate.format()),
            narration: entry.detail.narration.clone(),
            bills: Vec::new(),
            oldest_first: false,
            costs: Vec::new(),
            bank: None,
        }
    };
    PostVoucher {
        business: Asked::This(memorandum.business),
        voucher_type: conversion.voucher_type,
        dated: conversion.dated.unwrap_or(memorandum.dated),
        narration: conversion.narration.or_else(|| memorandum.narration.clone()),
        reference: Some(memorandum.number.clone()),
        reference_date: Some(memorandum.dated),
        occurred_at: memorandum.occurred_at,
        applies_until: None,
        lock_exception: None,
        close_residue: false,
        entries: memorandum.entries.iter().map(entry).collect(),
    }
}
