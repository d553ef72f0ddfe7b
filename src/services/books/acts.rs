//! What is done to posted vouchers later: cancelling, amending, reversing.

use std::collections::HashMap;

use chrono::NaiveDate;
use daybook_domain::{
    cost::CostSplit,
    id::{BillId, VoucherId},
    money::Money,
    role::Permission,
    text,
    voucher::{BaseType, Line, balance},
};
use daybook_entity::tenant::{
    books::{BillKind, VoucherKind},
    drafts::DraftAction,
};

use super::{
    chart::{self, Asked, Chart},
    drafts::{
        content::Content,
        pending::{self, Done},
    },
    groups::{self, Groups},
    numbering::numbering_of,
    registers, voucher_types,
    vouchers::{NARRATION_MAX, PostVoucher, check_key, prepare},
};
use crate::{
    error::{Code, Error, Result},
    lane::{
        Claim, Deed, PostedBill, PostedVoucher, Posting,
        posting::{Amend, BillPart, Cancel, EntryDetail, Excess, OnVoucher, Reverses},
    },
    scope::TenantScope,
};

/// Which voucher, as whom it was seen, and why.
#[derive(Debug, Clone)]
pub struct WrittenAct {
    /// The voucher; `None` when the id given is not one.
    pub voucher: Option<VoucherId>,
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// Why it is done.
    pub reason: Option<String>,
}

/// Most characters of a reason.
pub const REASON_MAX: usize = 500;

/// Takes a posted voucher back whole, on its own date; its number stays used.
///
/// # Errors
/// No permission, or refusals: no such voucher, cancelled already, a bill of it is settled, a lock.
pub async fn cancel(
    scope: &TenantScope,
    act: WrittenAct,
    claim: Claim,
    dry_run: bool,
) -> Result<Done> {
    scope.require(Permission::VoucherCancel)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let seen = act_on(scope, act).await?;
    let kept = pending::act(scope, &chart, DraftAction::Cancel, &seen, Content::default);
    let deed = seen.map(|(on, _)| Deed::Cancel(Cancel { on }));
    pending::perform(scope, deed, kept, claim, dry_run).await
}

/// Takes a posted voucher back and posts it anew under its number: `command` says all of it, but for
/// business and type, which it keeps.
///
/// # Errors
/// No permission, or refusals, of the act or of the new content.
pub async fn amend(
    scope: &TenantScope,
    act: WrittenAct,
    command: PostVoucher,
    claim: Claim,
    dry_run: bool,
) -> Result<Done> {
    scope.require(Permission::VoucherAmend)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let seen = act_on(scope, act).await?;
    let kept =
        pending::act(scope, &chart, DraftAction::Amend, &seen, || Content::of_voucher(&command));
    let deed =
        seen.and_then(|(on, voucher)| amended(scope, &chart, &groups, on, &voucher, command));
    pending::perform(scope, deed, kept, claim, dry_run).await
}

/// The amendment of a voucher that the caller sees.
///
/// # Errors
/// Refusals of the new content.
pub fn amended(
    scope: &TenantScope,
    chart: &Chart,
    groups: &Groups,
    on: OnVoucher,
    voucher: &PostedVoucher,
    mut command: PostVoucher,
) -> Result<Deed> {
    command.business = Asked::This(voucher.business);
    command.voucher_type = Some(voucher.voucher_type);
    let mut posting = prepare(scope, chart, groups, command, "input")?;
    posting.kind = voucher.kind;
    Ok(Deed::Amend(Amend { on, posting }))
}

/// The voucher that a reversal posts.
#[derive(Debug, Clone)]
pub struct WrittenReversal {
    /// Its date; the reversed voucher's own when left out.
    pub dated: Option<NaiveDate>,
    /// Words about it; those of the reversed voucher when left out.
    pub narration: Option<String>,
}

/// Undoes a posted voucher by another one, with a number and a date of its own.
///
/// # Errors
/// No permission, or refusals: no such voucher, one that does not stand, a lock or year of the new date.
pub async fn reverse(
    scope: &TenantScope,
    act: WrittenAct,
    reversal: WrittenReversal,
    claim: Claim,
    dry_run: bool,
) -> Result<Done> {
    scope.require(Permission::VoucherReverse)?;
    check_key(&claim.key, "input")?;
    let chart = chart::chart(scope).await?;
    let seen = act_on(scope, act).await?;
    let kept = pending::act(scope, &chart, DraftAction::Reverse, &seen, || {
        Content::of_reversal(&reversal)
    });
    let deed = match seen {
        Ok((on, voucher)) => {
            let undone = undone(scope, &voucher).await?;
            mirrored(scope, &chart, on, &voucher, reversal, undone).map(Deed::from)
        }
        Err(refused) => Err(refused),
    };
    pending::perform(scope, deed, kept, claim, dry_run).await
}

/// The voucher that an act is about, if the caller may see it. The inner error is a refusal, which an
/// earlier call with the same key outweighs.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn act_on(
    scope: &TenantScope,
    act: WrittenAct,
) -> Result<Result<(OnVoucher, PostedVoucher)>> {
    let ids: Vec<VoucherId> = act.voucher.into_iter().collect();
    let found = registers::find(scope, &ids, true).await?.into_iter().next();
    Ok(seen(act, found))
}

/// An act on a voucher that was looked for.
///
/// # Errors
/// Refusals: there is none, or the reason is out of form.
pub fn seen(act: WrittenAct, found: Option<PostedVoucher>) -> Result<(OnVoucher, PostedVoucher)> {
    let reason = match act.reason.as_deref().map(|reason| text::clean(reason, REASON_MAX)) {
        None => None,
        Some(Ok(reason)) => Some(reason).filter(|reason| !reason.is_empty()),
        Some(Err(why)) => {
            return Err(Error::refused(Code::TooLong, "input.reason", why.to_string()));
        }
    };
    let Some(voucher) = found else {
        return Err(Error::refused(Code::NotFound, "input.voucherId", "there is no such voucher"));
    };
    if voucher.kind == VoucherKind::System {
        let why = "the program made this voucher; undo what it was made for (billDeallocate, currencyRevalueCancel)";
        return Err(Error::refused(Code::NotAllowed, "input.voucherId", why));
    }
    let on = OnVoucher {
        path: "input".to_owned(),
        voucher: voucher.id,
        expected_version: act.expected_version,
        reason,
        lock_exception: None,
    };
    Ok((on, voucher))
}

/// What type reverses a type: the one whose side rules its mirror image keeps.
fn reversing(base: BaseType) -> Option<BaseType> {
    match base {
        BaseType::Journal => Some(BaseType::Journal),
        BaseType::Contra => Some(BaseType::Contra),
        BaseType::Payment => Some(BaseType::Receipt),
        BaseType::Receipt => Some(BaseType::Payment),
        _ => None,
    }
}

/// The mirror image of a voucher, with these bill parts and cost centres.
///
/// # Errors
/// Refusals: a type that is not reversed, a date before the voucher's, a narration out of form.
pub fn mirrored(
    scope: &TenantScope,
    chart: &Chart,
    on: OnVoucher,
    voucher: &PostedVoucher,
    reversal: WrittenReversal,
    mut undone: Undone,
) -> Result<Posting> {
    let refuse =
        |code, field: &str, why: &str| Error::refused(code, &format!("input.{field}"), why);
    let base = reversing(voucher.base_type).filter(|_| voucher.kind == VoucherKind::Ordinary);
    let found = base.and_then(|base| {
        let shared = scope.catalogue.voucher_type_coded(base.code())?;
        let own = base == voucher.base_type;
        let id = if own { voucher.voucher_type } else { shared.id };
        voucher_types::find(&scope.catalogue, chart, id)
    });
    let (Some(base), Some(found)) = (base, found) else {
        let why = "vouchers of this type are not reversed; cancel or amend it";
        return Err(refuse(Code::NotAllowed, "voucherId", why));
    };
    let dated = reversal.dated.unwrap_or(voucher.dated);
    if dated < voucher.dated {
        let why = "a reversal is not dated before its voucher";
        return Err(refuse(Code::Invalid, "date", why));
    }
    let narration = match reversal.narration.as_deref() {
        None => voucher.narration.clone(),
        Some(words) => {
            let clean = text::clean(words, NARRATION_MAX);
            let clean =
                clean.map_err(|why| refuse(Code::TooLong, "narration", &why.to_string()))?;
            Some(clean).filter(|words| !words.is_empty())
        }
    };
    let lines = voucher.entries.iter().map(|entry| Line {
        ledger: entry.ledger,
        debit: entry.credit,
        credit: entry.debit,
    });
    let entries = balance(lines.collect())
        .map_err(|why| Error::Internal(format!("a stored voucher does not balance: {why}")))?;
    let details: Vec<EntryDetail> = voucher
        .entries
        .iter()
        .map(|entry| EntryDetail {
            costs: undone.costs.remove(&entry.line).unwrap_or_default(),
            ..entry.detail.clone()
        })
        .collect();
    Ok(Posting {
        path: "input".to_owned(),
        business: voucher.business,
        voucher_type: found.id(),
        base_type: base,
        kind: VoucherKind::Ordinary,
        numbering: numbering_of(found),
        dated,
        entries,
        details,
        narration,
        reference: voucher.reference.clone(),
        reference_date: voucher.reference_date,
        party: voucher.party,
        occurred_at: None,
        areas: voucher.areas,
        lock_exception: None,
        reverses: Some(Reverses {
            voucher: voucher.id,
            version: on.expected_version.unwrap_or(voucher.version),
            reason: on.reason,
        }),
        bills: undone.bills,
        items: Vec::new(),
    })
}

/// A stored part's amount, as parts are written: in the ledger's currency where it moves that.
fn counted(row: &PostedBill) -> Money {
    let foreign = row.foreign.as_ref().map(|foreign| foreign.amount);
    let foreign = foreign.filter(|amount| !amount.is_zero());
    foreign.unwrap_or_else(|| row.debit.saturating_add(row.credit))
}

/// What a reversal undoes beside the entries.
#[derive(Debug, Clone, Default)]
pub struct Undone {
    /// Its bill parts.
    pub bills: Vec<BillPart>,
    /// Cost centres by entry line, each of which bears as much on the other side.
    pub costs: HashMap<i32, Vec<CostSplit>>,
}

/// What a reversal undoes: what the voucher settled is open again; what it opened is settled, as far as it
/// is still open, and the rest stays on account; what its cost centres bore they bear no more.
///
/// # Errors
/// When the database cannot be read.
pub async fn undone(scope: &TenantScope, voucher: &PostedVoucher) -> Result<Undone> {
    let mut parts = Vec::new();
    for row in registers::bills_of(scope, voucher.version_id).await? {
        let Some(entry) = row.entry_line.and_then(|line| usize::try_from(line - 1).ok()) else {
            continue;
        };
        let against = |bill: BillId, excess| BillPart {
            entry,
            field: format!("entries.{entry}.bills"),
            kind: BillKind::Against,
            bill: Some(bill),
            reference: None,
            due_on: None,
            amount: counted(&row),
            excess,
        };
        match (row.kind, row.bill) {
            (BillKind::Against, Some(bill)) => parts.push(against(bill, Excess::Restores)),
            (BillKind::New | BillKind::Advance, Some(bill)) => {
                parts.push(against(bill, Excess::OnAccount));
            }
            _ => {}
        }
    }
    parts.sort_by_key(|part| part.entry);
    let costs = registers::costs_of_all(scope, &[voucher.version_id]).await?;
    let costs = costs.into_iter().map(|((_, line), splits)| (line, splits)).collect();
    Ok(Undone { bills: parts, costs })
}
