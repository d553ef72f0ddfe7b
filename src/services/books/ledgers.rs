//! Ledgers: opened with their balance, renamed, moved, archived; found and summed.

use daybook_domain::{
    chain::Canonical, cost::CostUse, currency::CurrencyCode, id::LedgerId, role::Permission,
    text::fold,
};
use daybook_entity::{
    master::chart::Statement,
    tenant::{books::voucher_ledger_entry, chart::ledger},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LikeExpr,
};

use super::{
    chart::{self, Asked},
    exchange_ledgers::{self, read_currency},
    groups::{self, GroupRef},
    openings::{self, Opening, OpeningBooks, read_opening},
    vouchers::Wrong,
};
use crate::{
    db::{
        page::{Page, PageAsk},
        sql::containing,
    },
    error::{Code, Error, Result},
    lane::{Change, Deed, Writing},
    scope::TenantScope,
};

/// Most characters of a ledger's name.
pub const NAME_MAX: usize = 200;

/// A ledger to be opened.
#[derive(Debug, Clone)]
pub struct OpenLedger {
    /// In whose books.
    pub business: Asked,
    /// Its name, unique in the business whatever its case.
    pub name: String,
    /// The group it hangs below; `None` when the id given is not one.
    pub group: Option<GroupRef>,
    /// Its balance when the books begin: debit or credit, as decimal numbers.
    pub opening: Option<Opening>,
    /// Its own currency, where that is not the business's.
    pub currency: Option<String>,
    /// Whether its entries carry bills.
    pub is_bill_wise: bool,
    /// Days until a bill is due.
    pub credit_days: Option<i32>,
    /// Words about it.
    pub description: Option<String>,
    /// Whether its entries are split over cost centres.
    pub cost_use: CostUse,
}

/// What is changed of a ledger; what is `None` stays, and `Some(None)` is an explicit null.
#[derive(Debug, Clone, Default)]
pub struct ChangeLedger {
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// A new name.
    pub name: Option<Option<String>>,
    /// Another group; the innermost `None` stands for an id that is not one.
    pub group: Option<Option<Option<GroupRef>>>,
    /// Its own currency; null for the business's. Only while it has no entries.
    pub currency: Option<Option<String>>,
    /// Whether its entries carry bills.
    pub is_bill_wise: Option<Option<bool>>,
    /// Days until a bill is due.
    pub credit_days: Option<Option<i32>>,
    /// Words about it.
    pub description: Option<Option<String>>,
    /// Whether its entries are split over cost centres.
    pub cost_use: Option<Option<CostUse>>,
}

/// Opens a ledger. An opening balance is posted with it as an opening voucher, both or neither.
///
/// # Errors
/// No permission, or refusals: unknown group, taken name, amounts that cannot be read.
pub async fn create(scope: &TenantScope, command: OpenLedger) -> Result<ledger::Model> {
    scope.require(Permission::LedgerCreate)?;
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let business = chart.chosen(scope, command.business, "input")?.clone();
    let mut wrong = Wrong::below("input");
    let name = wrong.required("name", &command.name, NAME_MAX);
    let description = wrong.text("description", command.description.as_deref(), 500, false);
    let today = scope.clock.today(&business.time_zone);
    let group = command.group.filter(|group| groups.open_on(*group, today).is_some());
    if group.is_none() {
        wrong.add(
            Code::AccountGroupUnknown,
            "accountGroupId",
            "there is no such account group, or it takes no more ledgers",
        );
    }
    check_credit_days(&mut wrong, command.credit_days);
    let exponent = chart::exponent(&business);
    let opening = read_opening(&mut wrong, command.opening.as_ref(), exponent);
    let is_of_the_year = is_of_the_year(&groups, group);
    let written = command.currency.as_deref();
    let currency = read_currency(scope, &business, is_of_the_year, written, &mut wrong);
    let foreign = exchange_ledgers::read_opening(
        scope,
        currency.as_ref().map(CurrencyCode::as_str),
        command.opening.as_ref(),
        (opening, exponent),
        &mut wrong,
    );
    let gains_group = exchange_ledgers::group(&scope.catalogue)?;
    wrong.finish()?;
    let Some(group) = group else { return Err(Error::Internal("no group".into())) };

    let books = OpeningBooks::of(scope, &chart, &business)?;
    let actor = scope.actor();
    scope
        .db
        .lane()
        .write(actor, move |writing| {
            Box::pin(async move {
                let id = LedgerId::new(writing.next_id()?);
                let now = writing.recorded_at();
                let row = ledger::Model {
                    id,
                    business_id: business.id,
                    name_key: fold(&name),
                    name,
                    group_id: group.shared(),
                    subgroup_id: group.own(),
                    system_code: None,
                    tax_head: None,
                    tax_direction: None,
                    currency: currency.map(|code| code.to_string()),
                    is_bill_wise: command.is_bill_wise,
                    credit_days: command.credit_days,
                    description,
                    archived_at: None,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                    cost_use: command.cost_use,
                };
                let stored = ledger::ActiveModel::from(row)
                    .insert(writing.conn())
                    .await
                    .map_err(named_twice)?;
                writing.settings_change();
                writing.audit(changed("LEDGER_CREATED", None, &stored));
                if stored.currency.is_some() {
                    exchange_ledgers::ensure(writing, business.id, gains_group).await?;
                }
                if let Some(opening) = opening {
                    let posting =
                        books.posting(writing, id, (opening, foreign), Vec::new()).await?;
                    let deed = Deed::Post(posting);
                    openings::store(writing, deed).await?;
                }
                Ok(stored)
            })
        })
        .await
}

/// Changes a ledger.
///
/// # Errors
/// No permission, or refusals: no such ledger, a stale version, a taken name, an unknown group.
pub async fn update(
    scope: &TenantScope,
    id: Option<LedgerId>,
    command: ChangeLedger,
) -> Result<ledger::Model> {
    scope.require(Permission::LedgerUpdate)?;
    let groups = groups::groups(scope).await?;
    let mut wrong = Wrong::below("input");
    let name = wrong.given("name", command.name);
    let name = name.map(|name| wrong.required("name", &name, NAME_MAX));
    let is_bill_wise = wrong.given("isBillWise", command.is_bill_wise);
    let cost_use = wrong.given("costCentreUse", command.cost_use);
    let description =
        command.description.map(|text| wrong.text("description", text.as_deref(), 500, false));
    if let Some(days) = command.credit_days {
        check_credit_days(&mut wrong, days);
    }
    let group = match wrong.given("accountGroupId", command.group) {
        None => None,
        Some(asked) => {
            let today = scope.catalogue.today_in(&scope.clock, &scope.db.route().country);
            let found = asked.filter(|group| groups.open_on(*group, today).is_some());
            if found.is_none() {
                let why = "there is no such account group, or it takes no more ledgers";
                wrong.add(Code::AccountGroupUnknown, "accountGroupId", why);
            }
            found
        }
    };
    let currency = match command.currency {
        None => None,
        Some(written) => {
            let chart = chart::chart(scope).await?;
            let row = id.and_then(|id| chart.visible_ledger(scope, id)).ok_or_else(unknown)?;
            let business = chart.businesses.get(&row.business_id).ok_or_else(unknown)?;
            let group = group.or(GroupRef::of(row));
            let is_of_the_year = is_of_the_year(&groups, group);
            let written = written.as_deref();
            Some(read_currency(scope, business, is_of_the_year, written, &mut wrong))
        }
    };
    wrong.finish()?;
    let is_of_the_year = is_of_the_year(&groups, group);
    edit(scope, id, command.expected_version, "LEDGER_UPDATED", move |row| {
        if row.system_code.is_some() && group.is_some_and(|group| GroupRef::of(row) != Some(group))
        {
            let why = "the program posts to this ledger; it stays in its group";
            return Err(Error::refused(Code::System, "input.accountGroupId", why));
        }
        if let Some(currency) = currency {
            if row.system_code.is_some() {
                let why = "the program posts to this ledger; it stays in the business's currency";
                return Err(Error::refused(Code::System, "input.currency", why));
            }
            row.currency = currency.map(|code| code.to_string());
        }
        if row.currency.is_some() && is_of_the_year {
            let why = "income and expense are kept in the business's currency";
            return Err(Error::refused(Code::NotAllowed, "input.accountGroupId", why));
        }
        if let Some(name) = name {
            row.name_key = fold(&name);
            row.name = name;
        }
        if let Some(group) = group {
            row.group_id = group.shared();
            row.subgroup_id = group.own();
        }
        if let Some(is_bill_wise) = is_bill_wise {
            row.is_bill_wise = is_bill_wise;
        }
        if let Some(usage) = cost_use {
            row.cost_use = usage;
        }
        if let Some(days) = command.credit_days {
            row.credit_days = days;
        }
        if let Some(text) = description {
            row.description = text;
        }
        Ok(())
    })
    .await
}

/// Archives a ledger, so that it takes no more entries, or brings it back.
///
/// # Errors
/// No permission, or refusals: no such ledger, a stale version, a ledger of the program's own.
pub async fn archive(
    scope: &TenantScope,
    id: Option<LedgerId>,
    expected_version: Option<i32>,
    archived: bool,
) -> Result<ledger::Model> {
    scope.require(Permission::LedgerArchive)?;
    let action = if archived { "LEDGER_ARCHIVED" } else { "LEDGER_RESTORED" };
    let now = scope.clock.now_ms();
    edit(scope, id, expected_version, action, move |row| {
        if row.system_code.is_some() {
            let why = "the program posts to this ledger; it cannot be archived";
            return Err(Error::refused(Code::System, "id", why));
        }
        if row.archived_at.is_some() != archived {
            row.archived_at = archived.then_some(now);
        }
        Ok(())
    })
    .await
}

async fn edit<F>(
    scope: &TenantScope,
    id: Option<LedgerId>,
    expected_version: Option<i32>,
    action: &'static str,
    change: F,
) -> Result<ledger::Model>
where
    F: FnOnce(&mut ledger::Model) -> Result<()> + Send + 'static,
{
    let access = scope.access.clone();
    let id = id.ok_or_else(unknown)?;
    let gains_group = exchange_ledgers::group(&scope.catalogue)?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let before = ledger::Entity::find_by_id(id)
                    .one(writing.conn())
                    .await?
                    .filter(|row| access.businesses.includes(row.business_id))
                    .ok_or_else(unknown)?;
                Error::unless_current(expected_version, before.version)?;
                let mut after = before.clone();
                change(&mut after)?;
                if after == before {
                    return Ok(before);
                }
                if after.currency != before.currency {
                    unless_used(writing, id).await?;
                    exchange_ledgers::ensure(writing, before.business_id, gains_group).await?;
                }
                after.version += 1;
                after.updated_at = writing.recorded_at();
                let mut row = before.clone().into_active_model();
                row.name = Set(after.name);
                row.name_key = Set(after.name_key);
                row.group_id = Set(after.group_id);
                row.subgroup_id = Set(after.subgroup_id);
                row.currency = Set(after.currency);
                row.is_bill_wise = Set(after.is_bill_wise);
                row.credit_days = Set(after.credit_days);
                row.description = Set(after.description);
                row.cost_use = Set(after.cost_use);
                row.archived_at = Set(after.archived_at);
                row.version = Set(after.version);
                row.updated_at = Set(after.updated_at);
                let stored = row.update(writing.conn()).await.map_err(named_twice)?;
                writing.settings_change();
                writing.audit(changed(action, Some(&before), &stored));
                Ok(stored)
            })
        })
        .await
}

/// Whether what entries of a group add up to begins anew each year.
fn is_of_the_year(groups: &groups::Groups, group: Option<GroupRef>) -> bool {
    let group = group.and_then(|group| groups.resolve(group));
    group.is_some_and(|group| group.statement == Statement::ProfitAndLoss)
}

/// Refuses another currency for a ledger that has entries.
async fn unless_used(writing: &Writing, id: LedgerId) -> Result<()> {
    use voucher_ledger_entry::{Column, Entity};
    let entries = Entity::find().filter(Column::LedgerId.eq(id));
    if entries.one(writing.conn()).await?.is_some() {
        let why = "this ledger has entries, and they stay in its currency; open another ledger";
        return Err(Error::refused(Code::InUse, "input.currency", why));
    }
    Ok(())
}

fn unknown() -> Error {
    Error::refused(Code::LedgerUnknown, "id", "there is no such ledger")
}

fn named_twice(error: sea_orm::DbErr) -> Error {
    super::businesses::named_twice(error, "input.name")
}

fn check_credit_days(wrong: &mut Wrong<'_>, days: Option<i32>) {
    if days.is_some_and(|days| !(0..=3_650).contains(&days)) {
        wrong.add(Code::Invalid, "creditDays", "credit days are 0 to 3650");
    }
}

fn describe(row: &ledger::Model) -> Canonical {
    // What most ledgers have is not told, as it was not before there were cost centres.
    let usage = (row.cost_use != CostUse::Allowed).then(|| row.cost_use.as_str());
    Canonical::new()
        .text("name", &row.name)
        .int_if("group", row.group_id.map(|group| group.get()))
        .int_if("subgroup", row.subgroup_id.map(|group| group.get()))
        .text_if("currency", row.currency.as_deref())
        .flag("billWise", row.is_bill_wise)
        .int_if("creditDays", row.credit_days.map(i64::from))
        .text_if("description", row.description.as_deref())
        .text_if("costCentreUse", usage)
        .int_if("archivedAt", row.archived_at)
        .int("version", i64::from(row.version))
}

fn changed(action: &'static str, before: Option<&ledger::Model>, after: &ledger::Model) -> Change {
    Change {
        action,
        subject_type: "Ledger",
        subject: Some(after.id.get()),
        business: Some(after.business_id),
        canonical: Canonical::new()
            .object_if("before", before.map(describe))
            .object("after", describe(after))
            .finish(),
    }
}

/// Which ledgers a list shows.
#[derive(Debug, Clone, Default)]
pub struct LedgerFilter {
    /// Part of the name, whatever its case.
    pub text: Option<String>,
    /// Directly below this group.
    pub group: Option<GroupRef>,
    /// Only archived ones, or only others; both when absent.
    pub is_archived: Option<bool>,
}

/// Ledgers of a business by name.
///
/// # Errors
/// No permission, no such business, or a database that cannot be read.
pub async fn list(
    scope: &TenantScope,
    business: Asked,
    filter: &LedgerFilter,
    ask: &PageAsk,
) -> Result<Page<ledger::Model>> {
    scope.require(Permission::LedgerRead)?;
    let chart = chart::chart(scope).await?;
    let business = chart.asked(scope, business)?.id;
    let mut query = ledger::Entity::find().filter(ledger::Column::BusinessId.eq(business));
    if let Some(text) = &filter.text {
        let pattern = LikeExpr::new(containing(&fold(text))).escape('!');
        query = query.filter(ledger::Column::NameKey.like(pattern));
    }
    if let Some(group) = filter.group {
        query = query.filter(
            Condition::any()
                .add_option(group.shared().map(|id| ledger::Column::GroupId.eq(id)))
                .add_option(group.own().map(|id| ledger::Column::SubgroupId.eq(id))),
        );
    }
    query = match filter.is_archived {
        Some(true) => query.filter(ledger::Column::ArchivedAt.is_not_null()),
        Some(false) => query.filter(ledger::Column::ArchivedAt.is_null()),
        None => query,
    };
    let reader = scope.db.reader().await?;
    let total = if ask.wants_total { query.clone().count(reader.conn()).await? } else { 0 };
    if let Some(key) = ask.after.as_deref() {
        let bad = || Error::bad_input("after", "this is not a cursor of this list");
        let [name, id] = key else { return Err(bad()) };
        let id = id.parse().map_err(|_| bad())?;
        query = query.filter(
            Condition::any().add(ledger::Column::NameKey.gt(name.as_str())).add(
                Condition::all()
                    .add(ledger::Column::NameKey.eq(name.as_str()))
                    .add(ledger::Column::Id.gt(LedgerId::new(id))),
            ),
        );
    }
    let rows = query
        .order_by_asc(ledger::Column::NameKey)
        .order_by_asc(ledger::Column::Id)
        .limit(ask.first + 1)
        .all(reader.conn())
        .await?;
    Ok(Page::cut(rows, ask, total, |row| vec![row.name_key.clone(), row.id.to_string()]))
}
