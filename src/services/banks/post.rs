//! Posts what a bank's line is, where the books do not have it yet, and sets the two against each other.

use chrono::NaiveDate;
use daybook_domain::{
    id::{BankLineId, BankMatchId, BankRuleId, LedgerId, VoucherId, VoucherTypeId},
    instrument::Instrument,
    role::Permission,
    voucher::BaseType,
};
use daybook_entity::tenant::bank::{MatchKind, bank_line, bank_match_line};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::{
    account::{BankLedger, Banks},
    lines,
    matches::{self, Made, Match},
    rules,
};
use crate::{
    error::{Code, Error, Result},
    lane::{Claim, Deed, Post, Posted, Posting, Writing, earlier},
    scope::TenantScope,
    services::books::{
        bank_parts::WrittenBank,
        chart::Asked,
        drafts::pending,
        groups::{self, GroupRef, Groups},
        vouchers::{PostVoucher, WrittenEntry, check_key, prepare},
    },
};

/// What a line is, as somebody writes it down.
#[derive(Debug, Clone)]
pub struct PostLine {
    /// The line; `None` when the id given is not one.
    pub line: Option<BankLineId>,
    /// The rule that says it: absent, a rule, or an id of something else.
    pub rule: Option<Option<BankRuleId>>,
    /// The voucher type; by the side of the money when left out.
    pub voucher_type: Option<Option<VoucherTypeId>>,
    /// Book date; the line's when left out.
    pub dated: Option<NaiveDate>,
    /// Words about the voucher; the bank's when left out.
    pub narration: Option<String>,
    /// Base units per unit of the account's currency, where that is not the business's.
    pub exchange_rate: Option<String>,
    /// By which instrument it was paid; as the bank's words tell when left out.
    pub bank: Option<WrittenBank>,
    /// The entries on the other side.
    pub entries: Vec<WrittenEntry>,
}

/// What posting a line did.
#[derive(Debug, Clone)]
pub struct Done {
    /// The voucher.
    pub posted: Posted,
    /// The match; none of a preview.
    pub matched: Option<Match>,
}

/// Posts a voucher for a line and matches both, or shows what would be posted.
///
/// # Errors
/// No permission, or refusals: no such line, one that is matched or ignored, and those of a posting.
pub async fn post(
    scope: &TenantScope,
    command: PostLine,
    claim: Claim,
    dry_run: bool,
) -> Result<Done> {
    scope.require(Permission::BankReconcile)?;
    scope.require(Permission::VoucherPost)?;
    check_key(&claim.key, "input")?;
    if !dry_run {
        let made = {
            let reader = scope.db.reader().await?;
            earlier(reader.conn(), &claim).await?
        };
        if let Some(ids) = made {
            return replayed(scope, &ids).await;
        }
    }
    let (bank, line) = waiting(scope, command.line).await?;
    let posting = prepared(scope, &bank, &line, command).await?;
    let post = Post { deeds: vec![Deed::from(posting)], claim: None, actor: scope.actor() };
    let lane = scope.db.lane();
    if dry_run {
        return Ok(Done { posted: lane.dry_run(post).await?, matched: None });
    }
    let done = lane
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                if let Some(ids) = writing.replay(&claim).await? {
                    return Ok(Err(ids));
                }
                let (posted, matched) = carry_out(writing, &bank, line.id, &post).await?;
                let voucher = posted.ids.first().map_or(0, |id| id.get());
                writing.remember(&claim, &[voucher, matched.row.id.get()]);
                Ok(Ok(Done { posted, matched: Some(matched) }))
            })
        })
        .await?;
    match done {
        Ok(done) => Ok(done),
        Err(ids) => replayed(scope, &ids).await,
    }
}

/// What an earlier call made, as it stands now.
async fn replayed(scope: &TenantScope, ids: &[i64]) -> Result<Done> {
    let (voucher, matched) = match ids {
        [voucher, matched] => (VoucherId::new(*voucher), BankMatchId::new(*matched)),
        _ => return Err(Error::Internal("a line was posted as something else".into())),
    };
    let posted = Posted { ids: vec![voucher], vouchers: Vec::new(), replayed: true };
    Ok(Done { posted, matched: matches::find(scope, matched).await? })
}

/// A line that the caller sees and that waits.
async fn waiting(
    scope: &TenantScope,
    id: Option<BankLineId>,
) -> Result<(BankLedger, bank_line::Model)> {
    let banks = Banks::of(scope).await?;
    let reader = scope.db.reader().await?;
    let row = match id {
        Some(id) => bank_line::Entity::find_by_id(id).one(reader.conn()).await?,
        None => None,
    };
    let row = row.ok_or_else(lines::unknown)?;
    let bank = banks.visible(scope, row.ledger_id).ok_or_else(lines::unknown)?;
    if row.amount.is_zero() {
        let why = "a line of nothing is not posted";
        return Err(Error::refused(Code::NotAllowed, "input.lineId", why));
    }
    Ok((bank, row))
}

async fn prepared(
    scope: &TenantScope,
    bank: &BankLedger,
    line: &bank_line::Model,
    command: PostLine,
) -> Result<Posting> {
    let groups = groups::groups(scope).await?;
    let chart = crate::services::books::chart::chart(scope).await?;
    let business = Asked::This(bank.business);
    if pending::wants_approval(scope, &chart, business) {
        let why = "this business wants vouchers approved; post it as a voucher and match it then";
        return Err(Error::refused(Code::ApprovalRequired, "input", why));
    }
    let told = read_rule(scope, bank, line, &command).await?;
    let mut entries = told.entries;
    let voucher_type = match command.voucher_type {
        Some(asked) => asked,
        None => told.voucher_type.or_else(|| {
            let others = entries.iter().filter_map(|entry| entry.ledger);
            let code = usual_type(&groups, others, &chart.ledgers, line).code();
            scope.catalogue.voucher_type_coded(code).map(|found| found.id)
        }),
    };
    // The bank's own entry stands last, so that the others keep the places of the input.
    let text = line.amount.size().format(bank.exponent);
    let (debit, credit) =
        if line.amount.is_negative() { (None, Some(text)) } else { (Some(text), None) };
    entries.push(WrittenEntry {
        ledger: Some(bank.ledger),
        debit,
        credit,
        currency: bank.is_foreign.then(|| bank.currency.to_string()),
        exchange_rate: command.exchange_rate,
        narration: None,
        bills: Vec::new(),
        oldest_first: false,
        costs: Vec::new(),
        bank: command.bank.or_else(|| told_by_bank(line)),
    });
    let narration = command.narration.or(told.narration).or_else(|| {
        Some(line.description.chars().take(500).collect()).filter(|text: &String| !text.is_empty())
    });
    let voucher = PostVoucher {
        business,
        voucher_type,
        dated: command.dated.unwrap_or(line.dated),
        narration,
        reference: line.reference.as_ref().map(|text| text.chars().take(100).collect()),
        reference_date: None,
        occurred_at: None,
        applies_until: None,
        lock_exception: None,
        close_residue: false,
        entries,
    };
    prepare(scope, &chart, &groups, voucher, "input")
}

/// What the voucher says besides the bank's own entry.
struct Told {
    entries: Vec<WrittenEntry>,
    voucher_type: Option<VoucherTypeId>,
    narration: Option<String>,
}

async fn read_rule(
    scope: &TenantScope,
    bank: &BankLedger,
    line: &bank_line::Model,
    command: &PostLine,
) -> Result<Told> {
    let refuse =
        |code, field: &str, why: &str| Err(Error::refused(code, &format!("input.{field}"), why));
    let Some(asked) = command.rule else {
        if command.entries.is_empty() {
            return refuse(
                Code::Required,
                "entries",
                "name a rule or the entries of the other side",
            );
        }
        let entries = command.entries.clone();
        return Ok(Told { entries, voucher_type: None, narration: None });
    };
    if !command.entries.is_empty() {
        return refuse(Code::Invalid, "entries", "name a rule or entries, not both");
    }
    let rule = match asked {
        Some(id) => rules::find(scope, id).await?,
        None => None,
    };
    let Some(rule) = rule.filter(|rule| rule.business_id == bank.business) else {
        return refuse(Code::NotFound, "ruleId", "there is no such rule");
    };
    let text = line.amount.size().format(bank.exponent);
    let (debit, credit) =
        if line.amount.is_negative() { (Some(text), None) } else { (None, Some(text)) };
    let entry = WrittenEntry {
        ledger: Some(rule.target_ledger_id),
        debit,
        credit,
        currency: bank.is_foreign.then(|| bank.currency.to_string()),
        exchange_rate: command.exchange_rate.clone(),
        narration: None,
        bills: Vec::new(),
        oldest_first: false,
        costs: Vec::new(),
        bank: None,
    };
    Ok(Told { entries: vec![entry], voucher_type: rule.voucher_type_id, narration: rule.narration })
}

/// Between own accounts a contra, else by the side of the money.
fn usual_type(
    groups: &Groups,
    others: impl Iterator<Item = LedgerId>,
    ledgers: &std::collections::HashMap<LedgerId, daybook_entity::tenant::chart::ledger::Model>,
    line: &bank_line::Model,
) -> BaseType {
    let mut others = others.peekable();
    let is_there = others.peek().is_some();
    let all_own = others.all(|id| {
        let group = ledgers.get(&id).and_then(GroupRef::of).and_then(|group| groups.resolve(group));
        group.is_some_and(|group| group.is_cash_or_bank)
    });
    match (is_there && all_own, line.amount.is_negative()) {
        (true, _) => BaseType::Contra,
        (false, true) => BaseType::Payment,
        (false, false) => BaseType::Receipt,
    }
}

/// What the bank's own words tell of the instrument.
fn told_by_bank(line: &bank_line::Model) -> Option<WrittenBank> {
    let told = Instrument::told_by(&line.description);
    let number = line.reference.as_ref().map(|text| text.chars().take(100).collect::<String>());
    if told.is_none() && number.is_none() {
        return None;
    }
    Some(WrittenBank {
        instrument: told.unwrap_or(Instrument::Other).as_str().to_owned(),
        number,
        dated: None,
        payee: line.counterpart.clone(),
        bank: None,
    })
}

/// Posts and matches within one transaction.
async fn carry_out(
    writing: &mut Writing,
    bank: &BankLedger,
    id: BankLineId,
    post: &Post,
) -> Result<(Posted, Match)> {
    let line = bank_line::Entity::find_by_id(id).one(writing.conn()).await?;
    let line = line.ok_or_else(lines::unknown)?;
    let live = bank_match_line::Entity::find()
        .filter(bank_match_line::Column::LiveLineId.eq(id))
        .count(writing.conn())
        .await?;
    if live > 0 || line.ignored_at.is_some() {
        let (code, why) = match live {
            0 => (Code::NotAllowed, "this line is ignored; take that back first"),
            _ => (Code::AlreadyDone, "this line is matched already"),
        };
        return Err(Error::refused(code, "input.lineId", why));
    }
    let posted = writing.post(post).await?;
    let voucher = posted.vouchers.first();
    let entry = voucher
        .and_then(|voucher| voucher.entries.iter().rfind(|entry| entry.ledger == bank.ledger));
    let (Some(voucher), Some(entry)) = (voucher, entry) else {
        return Err(Error::Internal("a line was posted without its bank".into()));
    };
    let made = Made {
        kind: MatchKind::Statement,
        bank_date: line.dated,
        settled_on: line.dated.max(voucher.dated),
        amount: line.amount,
        score: None,
        lines: vec![line.id],
        entries: vec![(entry.id, voucher.id, line.amount)],
    };
    let mut matched = matches::record(writing, bank, vec![made]).await?;
    let matched = matched.pop().ok_or_else(|| Error::Internal("nothing was matched".into()))?;
    Ok((posted, matched))
}
