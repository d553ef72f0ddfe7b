//! Rules: what lines of a kind are, as somebody once said.

use daybook_domain::{
    chain::Canonical,
    id::{BankRuleId, BusinessId, LedgerId, VoucherTypeId},
    money::Money,
    role::Permission,
    text::fold,
};
use daybook_entity::tenant::bank::{RuleComparison, RuleSide, bank_line, bank_rule};
use regex::{Regex, RegexBuilder};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::account::{BankLedger, Banks};
use crate::{
    db::page::{Page, PageAsk},
    error::{Code, Error, Result},
    lane::Change,
    scope::TenantScope,
    services::books::{
        chart::{self, Asked},
        vouchers::Wrong,
    },
};

/// Most rules of a business.
pub const RULES_MAX: u64 = 500;
/// Most characters of a pattern.
pub const PATTERN_MAX: usize = 200;
/// Most bytes that a regular expression is compiled to.
const REGEX_BYTES_MAX: usize = 1 << 18;
/// Most groups inside one another.
const REGEX_NESTING_MAX: u32 = 20;

/// What a rule says of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The rule.
    pub rule: bank_rule::Model,
}

/// A rule ready to be asked.
struct Ready {
    row: bank_rule::Model,
    test: Test,
}

enum Test {
    Contains(String),
    Equals(String),
    Regex(Box<Regex>),
}

/// The rules of a ledger in the order in which they are asked.
pub struct InForce(Vec<Ready>);

impl InForce {
    /// The first rule that fits a line.
    pub fn first(&self, line: &bank_line::Model) -> Option<Suggestion> {
        let rule = self.0.iter().find(|rule| rule.fits(line))?;
        Some(Suggestion { rule: rule.row.clone() })
    }
}

impl Ready {
    fn of(row: bank_rule::Model) -> Option<Self> {
        let test = match row.comparison {
            RuleComparison::Contains => Test::Contains(fold(&row.pattern)),
            RuleComparison::Equals => Test::Equals(fold(&row.pattern)),
            RuleComparison::Regex => Test::Regex(Box::new(compiled(&row.pattern).ok()?)),
        };
        Some(Self { row, test })
    }

    fn fits(&self, line: &bank_line::Model) -> bool {
        let is_side = match self.row.side {
            RuleSide::Either => true,
            RuleSide::MoneyIn => !line.amount.is_negative(),
            RuleSide::MoneyOut => line.amount.is_negative(),
        };
        let size = line.amount.size();
        let is_amount = self.row.amount_min.is_none_or(|least| size >= least)
            && self.row.amount_max.is_none_or(|most| size <= most);
        let texts = [
            Some(line.description.as_str()),
            line.reference.as_deref(),
            line.counterpart.as_deref(),
        ];
        is_side
            && is_amount
            && texts.into_iter().flatten().any(|text| match &self.test {
                Test::Contains(part) => fold(text).contains(part.as_str()),
                Test::Equals(whole) => fold(text) == *whole,
                Test::Regex(regex) => regex.is_match(text),
            })
    }
}

/// A regular expression within bounds; case does not matter.
fn compiled(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .size_limit(REGEX_BYTES_MAX)
        .dfa_size_limit(REGEX_BYTES_MAX)
        .nest_limit(REGEX_NESTING_MAX)
        .build()
}

/// The rules that are asked of lines of a ledger. One whose ledger is archived proposes nothing.
///
/// # Errors
/// When the database cannot be read.
pub async fn in_force(
    scope: &TenantScope,
    conn: &impl ConnectionTrait,
    bank: &BankLedger,
) -> Result<InForce> {
    let chart = chart::known(scope).await?;
    let rows = bank_rule::Entity::find()
        .filter(bank_rule::Column::BusinessId.eq(bank.business))
        .filter(
            Condition::any()
                .add(bank_rule::Column::LedgerId.is_null())
                .add(bank_rule::Column::LedgerId.eq(bank.ledger)),
        )
        .order_by_asc(bank_rule::Column::Priority)
        .order_by_asc(bank_rule::Column::Id)
        .limit(RULES_MAX)
        .all(conn)
        .await?;
    let takes_entries = |row: &bank_rule::Model| {
        let ledger = chart.ledgers.get(&row.target_ledger_id);
        ledger.is_some_and(|ledger| ledger.archived_at.is_none())
    };
    Ok(InForce(rows.into_iter().filter(takes_entries).filter_map(Ready::of).collect()))
}

/// A rule as somebody writes it down.
#[derive(Debug, Clone)]
pub struct WrittenRule {
    /// In whose books.
    pub business: Asked,
    /// The bank ledger it is for: all of the business, one, or an id of something else.
    pub ledger: Option<Option<LedgerId>>,
    /// What it is called.
    pub name: String,
    /// The least goes first.
    pub priority: i32,
    /// How the pattern is compared.
    pub comparison: RuleComparison,
    /// The pattern.
    pub pattern: String,
    /// Which lines it is for.
    pub side: RuleSide,
    /// At least so much, whatever the side: a decimal number.
    pub amount_min: Option<String>,
    /// At most so much.
    pub amount_max: Option<String>,
    /// The ledger that it proposes; `None` when the id given is not one.
    pub target: Option<LedgerId>,
    /// The voucher type: by the side of the money, one, or an id of something else.
    pub voucher_type: Option<Option<VoucherTypeId>>,
    /// Words about the voucher.
    pub narration: Option<String>,
}

/// Rules of a business in the order in which they are asked.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    ask: &PageAsk,
) -> Result<Page<bank_rule::Model>> {
    scope.require(Permission::BankRead)?;
    let chart = chart::chart(scope).await?;
    let business = chart.asked(scope, business)?.id;
    let mut query = bank_rule::Entity::find().filter(bank_rule::Column::BusinessId.eq(business));
    let reader = scope.db.reader().await?;
    let total = if ask.wants_total { query.clone().count(reader.conn()).await? } else { 0 };
    if let Some(key) = ask.after.as_deref() {
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let [priority, id] = key else { return Err(bad()) };
        let priority: i32 = priority.parse().map_err(|_| bad())?;
        let id = BankRuleId::new(id.parse().map_err(|_| bad())?);
        let same = Condition::all()
            .add(bank_rule::Column::Priority.eq(priority))
            .add(bank_rule::Column::Id.gt(id));
        query =
            query.filter(Condition::any().add(bank_rule::Column::Priority.gt(priority)).add(same));
    }
    let rows = query
        .order_by_asc(bank_rule::Column::Priority)
        .order_by_asc(bank_rule::Column::Id)
        .limit(ask.first + 1)
        .all(reader.conn())
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.priority.to_string(), row.id.to_string()]))
}

/// One rule, if the caller may see it.
///
/// # Errors
/// No permission, or a database that cannot be read.
pub async fn find(scope: &TenantScope, id: BankRuleId) -> Result<Option<bank_rule::Model>> {
    scope.require(Permission::BankRead)?;
    let reader = scope.db.reader().await?;
    let row = bank_rule::Entity::find_by_id(id).one(reader.conn()).await?;
    Ok(row.filter(|row| scope.access.businesses.includes(row.business_id)))
}

/// Makes a rule.
///
/// # Errors
/// No permission, or refusals: no such ledger or voucher type, a pattern out of bounds, too many rules.
pub async fn create(scope: &TenantScope, written: WrittenRule) -> Result<bank_rule::Model> {
    scope.require(Permission::BankReconcile)?;
    let banks = Banks::of(scope).await?;
    let business = banks.chart.chosen(scope, written.business, "input")?.id;
    let read = checked(scope, &banks, business, written)?;
    let lane = scope.db.lane();
    lane.write(scope.actor(), move |writing| {
        Box::pin(async move {
            let there = bank_rule::Entity::find()
                .filter(bank_rule::Column::BusinessId.eq(business))
                .count(writing.conn())
                .await?;
            if there >= RULES_MAX {
                let why = format!("a business has at most {RULES_MAX} rules");
                return Err(Error::refused(Code::TooMany, "input", why));
            }
            let row = bank_rule::Model {
                id: BankRuleId::new(writing.next_id()?),
                version: 1,
                created_at: writing.recorded_at(),
                updated_at: writing.recorded_at(),
                ..read
            };
            let stored = row.clone().into_active_model().reset_all();
            bank_rule::Entity::insert(stored).exec_without_returning(writing.conn()).await?;
            writing.audit(changed("BANK_RULE_CREATED", None, Some(&row)));
            Ok(row)
        })
    })
    .await
}

/// Changes a rule: all of it, but for its business.
///
/// # Errors
/// As [`create`], and refusals: no such rule, somebody changed it meanwhile.
pub async fn update(
    scope: &TenantScope,
    id: Option<BankRuleId>,
    expected_version: Option<i32>,
    written: WrittenRule,
) -> Result<bank_rule::Model> {
    scope.require(Permission::BankReconcile)?;
    let id = id.ok_or_else(unknown)?;
    let before = find_for_change(scope, id).await?;
    let banks = Banks::of(scope).await?;
    let read = checked(scope, &banks, before.business_id, written)?;
    let lane = scope.db.lane();
    lane.write(scope.actor(), move |writing| {
        Box::pin(async move {
            let before = bank_rule::Entity::find_by_id(id).one(writing.conn()).await?;
            let before = before.ok_or_else(unknown)?;
            Error::unless_current(expected_version, before.version)?;
            let same = bank_rule::Model {
                id,
                version: before.version,
                created_at: before.created_at,
                updated_at: before.updated_at,
                ..read
            };
            if same == before {
                return Ok(before);
            }
            let after = bank_rule::Model {
                version: before.version.saturating_add(1),
                updated_at: writing.recorded_at(),
                ..same
            };
            let row = after.clone().into_active_model().reset_all();
            row.update(writing.conn()).await?;
            writing.audit(changed("BANK_RULE_UPDATED", Some(&before), Some(&after)));
            Ok(after)
        })
    })
    .await
}

/// Deletes a rule. What was posted by it stays.
///
/// # Errors
/// No permission, or refusals: no such rule, somebody changed it meanwhile.
pub async fn delete(
    scope: &TenantScope,
    id: Option<BankRuleId>,
    expected_version: Option<i32>,
) -> Result<BankRuleId> {
    scope.require(Permission::BankReconcile)?;
    let id = id.ok_or_else(unknown)?;
    find_for_change(scope, id).await?;
    let lane = scope.db.lane();
    lane.write(scope.actor(), move |writing| {
        Box::pin(async move {
            let before = bank_rule::Entity::find_by_id(id).one(writing.conn()).await?;
            let before = before.ok_or_else(unknown)?;
            Error::unless_current(expected_version, before.version)?;
            let gone = changed("BANK_RULE_DELETED", Some(&before), None);
            before.delete(writing.conn()).await?;
            writing.audit(gone);
            Ok(id)
        })
    })
    .await
}

async fn find_for_change(scope: &TenantScope, id: BankRuleId) -> Result<bank_rule::Model> {
    let reader = scope.db.reader().await?;
    let row = bank_rule::Entity::find_by_id(id).one(reader.conn()).await?;
    let row = row.filter(|row| scope.access.businesses.includes(row.business_id));
    row.ok_or_else(unknown)
}

fn unknown() -> Error {
    Error::refused(Code::NotFound, "id", "there is no such rule")
}

/// The row that a rule becomes; id, version and instants are still to come.
fn checked(
    scope: &TenantScope,
    banks: &Banks,
    business: BusinessId,
    written: WrittenRule,
) -> Result<bank_rule::Model> {
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", &written.name, 200);
    let pattern = wrong.text("pattern", Some(&written.pattern), PATTERN_MAX, true);
    match &pattern {
        None if written.pattern.trim().is_empty() => {
            wrong.add(Code::Required, "pattern", "say what the bank writes");
        }
        Some(pattern)
            if written.comparison == RuleComparison::Regex && compiled(pattern).is_err() =>
        {
            let why = "this is no regular expression, or one that is too large";
            wrong.add(Code::Invalid, "pattern", why);
        }
        _ => {}
    }
    let ledger = match written.ledger {
        None => None,
        Some(asked) => {
            let bank = asked.and_then(|id| banks.visible(scope, id));
            let bank = bank.filter(|bank| bank.business == business);
            if bank.is_none() {
                let why = "there is no such bank ledger in this business";
                wrong.add(Code::LedgerUnknown, "ledgerId", why);
            }
            bank
        }
    };
    let own = banks.chart.businesses.get(&business).map(chart::exponent).unwrap_or(2);
    let exponent = ledger.as_ref().map_or(own, |bank| bank.exponent);
    let mut amount = |field: &str, text: Option<String>| {
        let amount = wrong.money(field, text.as_deref()?, exponent)?;
        if amount.is_negative() {
            wrong.add(Code::Invalid, field, "amounts of a rule are not below zero");
        }
        Some(amount)
    };
    let amount_min = amount("amountMin", written.amount_min);
    let amount_max = amount("amountMax", written.amount_max);
    if let (Some(least), Some(most)) = (amount_min, amount_max)
        && least > most
    {
        wrong.add(Code::Invalid, "amountMax", "the most is not less than the least");
    }
    let target = written.target.and_then(|id| banks.chart.visible_ledger(scope, id));
    let target = target.filter(|ledger| ledger.business_id == business);
    match target {
        None => {
            let why = "there is no such ledger in this business";
            wrong.add(Code::LedgerUnknown, "targetLedgerId", why);
        }
        Some(target) if target.archived_at.is_some() => {
            let why = "this ledger is archived and takes no more entries";
            wrong.add(Code::LedgerArchived, "targetLedgerId", why);
        }
        Some(target) if ledger.as_ref().is_some_and(|bank| bank.ledger == target.id) => {
            let why = "the other side of a bank's line is another ledger";
            wrong.add(Code::Invalid, "targetLedgerId", why);
        }
        Some(_) => {}
    }
    let voucher_type = written.voucher_type.and_then(|asked| {
        let found = asked.filter(|id| scope.catalogue.voucher_type(*id).is_some());
        if found.is_none() {
            let why = "there is no such voucher type";
            wrong.add(Code::VoucherTypeUnknown, "voucherTypeId", why);
        }
        found
    });
    let narration = wrong.text("narration", written.narration.as_deref(), 500, true);
    let read = target.map(|target| bank_rule::Model {
        id: BankRuleId::new(0),
        business_id: business,
        ledger_id: ledger.map(|bank| bank.ledger),
        name,
        priority: written.priority,
        comparison: written.comparison,
        pattern: pattern.unwrap_or_default(),
        side: written.side,
        amount_min,
        amount_max,
        target_ledger_id: target.id,
        voucher_type_id: voucher_type,
        narration,
        version: 0,
        created_at: 0,
        updated_at: 0,
    });
    wrong.finish_with(read)
}

fn changed(
    action: &'static str,
    before: Option<&bank_rule::Model>,
    after: Option<&bank_rule::Model>,
) -> Change {
    let row = after.or(before);
    Change {
        action,
        subject_type: "BankRule",
        subject: row.map(|row| row.id.get()),
        business: row.map(|row| row.business_id),
        canonical: Canonical::new()
            .object_if("before", before.map(describe))
            .object_if("after", after.map(describe))
            .finish(),
    }
}

fn describe(row: &bank_rule::Model) -> Canonical {
    Canonical::new()
        .int_if("ledger", row.ledger_id.map(LedgerId::get))
        .text("name", &row.name)
        .int("priority", i64::from(row.priority))
        .text("comparison", &row.comparison.to_value())
        .text("pattern", &row.pattern)
        .text("side", &row.side.to_value())
        .int_if("amountMin", row.amount_min.map(Money::minor))
        .int_if("amountMax", row.amount_max.map(Money::minor))
        .int("targetLedger", row.target_ledger_id.get())
        .int_if("type", row.voucher_type_id.map(VoucherTypeId::get))
        .text_if("narration", row.narration.as_deref())
        .int("version", i64::from(row.version))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn rule(comparison: RuleComparison, pattern: &str) -> bank_rule::Model {
        bank_rule::Model {
            id: BankRuleId::new(1),
            business_id: BusinessId::new(1),
            ledger_id: None,
            name: "rule".to_owned(),
            priority: 1,
            comparison,
            pattern: pattern.to_owned(),
            side: RuleSide::MoneyOut,
            amount_min: Some(Money::from_minor(100)),
            amount_max: Some(Money::from_minor(200)),
            target_ledger_id: LedgerId::new(2),
            voucher_type_id: None,
            narration: None,
            version: 1,
            created_at: 0,
            updated_at: 0,
        }
    }

    fn line(amount: i64, description: &str) -> bank_line::Model {
        bank_line::Model {
            id: daybook_domain::id::BankLineId::new(1),
            business_id: BusinessId::new(1),
            ledger_id: LedgerId::new(1),
            statement_id: daybook_domain::id::BankStatementId::new(1),
            file_line: 1,
            dated: chrono::NaiveDate::from_ymd_opt(2026, 4, 1).unwrap(),
            value_date: None,
            amount: Money::from_minor(amount),
            description: description.to_owned(),
            reference: Some("MIR2509".to_owned()),
            counterpart: None,
            bank_reference: None,
            balance: None,
            fingerprint: String::new(),
            ignored_by: None,
            ignored_at: None,
            ignored_reason: None,
            created_at: 0,
        }
    }

    #[test]
    fn a_rule_is_asked_by_text_side_and_amount() {
        for (comparison, pattern, description, fits) in [
            (RuleComparison::Contains, "sms chrg", "CHQ BOOK/SMS CHRG INCL GST", true),
            (RuleComparison::Contains, "mir2509", "anything", true),
            (RuleComparison::Equals, "sms chrg", "CHQ BOOK/SMS CHRG", false),
            (RuleComparison::Equals, "sms chrg", "SMS CHRG", true),
            (RuleComparison::Regex, r"chrg.*\d{6}$", "SMS CHRG 250401", true),
            (RuleComparison::Regex, r"^\d{6}$", "SMS CHRG 250401", false),
        ] {
            let ready = Ready::of(rule(comparison, pattern)).unwrap();
            assert_eq!(ready.fits(&line(-150, description)), fits, "{pattern}");
        }
        let ready = Ready::of(rule(RuleComparison::Contains, "SMS")).unwrap();
        for (amount, fits) in
            [(150, false), (-99, false), (-100, true), (-200, true), (-201, false)]
        {
            assert_eq!(ready.fits(&line(amount, "sms")), fits, "{amount}");
        }
    }

    #[test]
    fn a_pattern_stays_within_bounds() {
        assert!(compiled("rent|lease").is_ok());
        assert!(compiled("(").is_err());
        assert!(compiled(r"(\w{1,1000}){1,1000}").is_err());
        assert!(compiled(&"(".repeat(100)).is_err());
    }
}
