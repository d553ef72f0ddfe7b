//! An import is tried and applied: new groups and ledgers, openings and vouchers, all or none of them.

use daybook_domain::{
    chain::Canonical,
    cost::CostUse,
    id::{BusinessYearId, ImportId},
    role::Permission,
    text::fold,
};
use daybook_entity::tenant::{
    business::{business, business_year},
    chart::{account_subgroup, ledger},
    imports::{ImportState, import},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};

use super::{
    check::{self, Checked, opened, still_staged},
    list,
    plan::Plan,
    stage::{changed, store},
};
use crate::{
    error::{Code, Error, Refusal, Result},
    lane::{Change, Claim, Deed, Post, Writing, earlier},
    scope::TenantScope,
    services::{
        books::{
            chart::{self, calendar},
            openings::OpeningBooks,
            vouchers::check_key,
        },
        files::{self, Purpose},
    },
};

/// Vouchers that a trial really judges.
pub const TRIED_MAX: usize = 128;

/// How often a plan is made anew because settings changed under it.
const TRIES_MAX: usize = 4;

/// An import to be applied.
#[derive(Debug, Clone)]
pub struct ApplyImport {
    /// The import; `None` when the id given is not one.
    pub import: Option<ImportId>,
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// Whether a file that is in the books already may come in once more.
    pub allows_duplicate: bool,
    /// The caller's key for the request.
    pub claim: Claim,
}

/// What applying left.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The import as it stands now.
    pub import: import::Model,
    /// Whether an earlier call had done it.
    pub replayed: bool,
}

/// What a trial found.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The import as it stands now.
    pub import: import::Model,
    /// Vouchers that were judged, beside all ledgers and openings.
    pub vouchers: usize,
}

/// Checks the whole file, and judges what it would post, with its first vouchers, in a transaction that
/// always ends in ROLLBACK.
///
/// # Errors
/// No permission, or refusals: no such import, errors among its findings, what the books refuse.
pub async fn try_out(scope: &TenantScope, id: Option<ImportId>) -> Result<Tried> {
    scope.require(Permission::ImportRun)?;
    for _ in 0..TRIES_MAX {
        let (row, business) = list::of_caller(scope, id).await?;
        still_staged(&row)?;
        let (row, mut checked) = checked_again(scope, row, &business).await?;
        refuse_faulty(&row)?;
        checked.plan.vouchers.truncate(TRIED_MAX);
        let vouchers = checked.plan.vouchers.len();
        let work = Work::of(scope, &business, checked).await?;
        let outcome = scope
            .db
            .lane()
            .write_trial(scope.actor(), move |writing| {
                Box::pin(async move { work.carry_out(writing).await })
            })
            .await?;
        if outcome == Outcome::Done {
            return Ok(Tried { import: row, vouchers });
        }
    }
    Err(busy())
}

/// Posts everything that an import holds in one transaction, or nothing.
///
/// # Errors
/// No permission, [`Error::Conflict`] of a retry key, or refusals: no such import, errors among its
/// findings, a file that is in the books already, what the books refuse.
pub async fn apply(scope: &TenantScope, command: ApplyImport) -> Result<Applied> {
    scope.require(Permission::ImportRun)?;
    check_key(&command.claim.key, "input")?;
    for _ in 0..TRIES_MAX {
        {
            let reader = scope.db.reader().await?;
            earlier(reader.conn(), &command.claim).await?;
        }
        let (row, business) = list::of_caller(scope, command.import).await?;
        if row.state == ImportState::Applied {
            return Ok(Applied { import: row, replayed: true });
        }
        still_staged(&row)?;
        Error::unless_current(command.expected_version, row.version)?;
        if chart::settings(&business).approval_required {
            let why =
                "this business wants vouchers approved one by one; turn that off for the import";
            return Err(Error::refused(Code::ApprovalRequired, "input.importId", why));
        }
        let (row, checked) = match checked_again(scope, row, &business).await {
            Err(refused @ Error::Refused(_)) => {
                // The same call beside this one may have applied it meanwhile; then it is answered alike.
                let (now, _) = list::of_caller(scope, command.import).await?;
                if now.state == ImportState::Applied {
                    continue;
                }
                return Err(refused);
            }
            checked => checked?,
        };
        refuse_faulty(&row)?;
        let work = Work::of(scope, &business, checked).await?;
        let claim = command.claim.clone();
        let allows_duplicate = command.allows_duplicate;
        let done = scope
            .db
            .lane()
            .write(scope.actor(), move |writing| {
                Box::pin(async move { enact(writing, row, work, &claim, allows_duplicate).await })
            })
            .await?;
        if let Some(applied) = done {
            return Ok(applied);
        }
    }
    Err(busy())
}

fn busy() -> Error {
    Error::Throttled { retry_after_ms: 1_000 }
}

/// The import, checked against the books as they stand; what was found is kept where it is new.
async fn checked_again(
    scope: &TenantScope,
    row: import::Model,
    business: &business::Model,
) -> Result<(import::Model, Checked)> {
    let file = files::read(scope, row.business_id, row.file_id, Purpose::Import).await?;
    let source = check::source(&row, file.bytes)?;
    let checked = check::check(scope, business, source).await?;
    let (errors, notes) = check::weigh(&checked.findings);
    let summary = serde_json::to_string(&checked.summary)?;
    if (errors, notes) == (row.errors, row.notes) && summary == row.summary {
        return Ok((row, checked));
    }
    let Checked { plan, summary, findings, settings_seq } = checked;
    let kept = Checked {
        plan: Plan::default(),
        summary: summary.clone(),
        findings: findings.clone(),
        settings_seq,
    };
    let mapping = row.mapping.clone();
    let row = store(scope, row, mapping, kept, "IMPORT_CHECKED").await?;
    Ok((row, Checked { plan, summary, findings, settings_seq }))
}

fn refuse_faulty(row: &import::Model) -> Result<()> {
    if row.errors == 0 {
        return Ok(());
    }
    let why = format!("{} errors are among its findings; mend them first", row.errors);
    Err(Error::refused(Code::ImportFaulty, "input.importId", why))
}

/// Whether the plan still held under the fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Moved,
}

/// The import is applied; nothing is answered when the plan no longer held.
async fn enact(
    writing: &mut Writing,
    row: import::Model,
    work: Work,
    claim: &Claim,
    allows_duplicate: bool,
) -> Result<Option<Applied>> {
    let now = import::Entity::find_by_id(row.id).one(writing.conn()).await?;
    let now = now.ok_or_else(list::unknown)?;
    writing.replay(claim).await?;
    if now.state == ImportState::Applied {
        return Ok(Some(Applied { import: now, replayed: true }));
    }
    still_staged(&now)?;
    if now.version != row.version {
        return Ok(None);
    }
    let same = list::of_file(now.business_id, &now.sha256)
        .filter(import::Column::State.eq(ImportState::Applied))
        .one(writing.conn())
        .await?;
    if same.is_some() && !allows_duplicate {
        let why = "this file is in these books already; say so, if it shall come in once more";
        return Err(Error::refused(Code::ImportDuplicate, "input.importId", why));
    }
    if work.carry_out(writing).await? == Outcome::Moved {
        return Ok(None);
    }
    let at = writing.recorded_at();
    let after = import::Model {
        state: ImportState::Applied,
        version: now.version.saturating_add(1),
        updated_at: at,
        applied_by: writing.actor().user(),
        applied_at: Some(at),
        ..now
    };
    let stored = import::ActiveModel::from(after).reset_all().update(writing.conn()).await?;
    writing.remember(claim, &[stored.id.get()]);
    writing.audit(changed("IMPORT_APPLIED", &stored));
    Ok(Some(Applied { import: stored, replayed: false }))
}

/// A plan with what is needed to carry it out.
struct Work {
    plan: Plan,
    settings_seq: i64,
    business: business::Model,
    openings: OpeningBooks,
}

impl Work {
    async fn of(scope: &TenantScope, business: &business::Model, checked: Checked) -> Result<Self> {
        let chart = chart::chart(scope).await?;
        Ok(Self {
            plan: checked.plan,
            settings_seq: checked.settings_seq,
            business: business.clone(),
            openings: OpeningBooks::of(scope, &chart, business)?,
        })
    }

    async fn carry_out(self, writing: &mut Writing) -> Result<Outcome> {
        if writing.settings_seq() != self.settings_seq || self.opens_twice(writing).await? {
            return Ok(Outcome::Moved);
        }
        self.make_groups(writing).await?;
        self.open_ledgers(writing).await?;
        self.open_years(writing).await?;
        let Self { plan, openings, .. } = self;
        let mut deeds = Vec::with_capacity(plan.openings.len() + plan.vouchers.len());
        let mut opened = Vec::with_capacity(plan.openings.len());
        if !plan.openings.is_empty() {
            let day = openings.day(writing).await?;
            for opening in plan.openings {
                let ledger = opening.target.id;
                let mut posting =
                    openings.posting_on(day, ledger, (opening.amount, None), opening.bills)?;
                posting.path = format!("opening.{}", opened.len());
                opened.push((opening.line, format!("the opening of {}", opening.name)));
                deeds.push(Deed::from(posting));
            }
        }
        deeds.extend(plan.vouchers.into_iter().map(Deed::from));
        if deeds.is_empty() {
            return Ok(Outcome::Done);
        }
        let actor = writing.actor().clone();
        let done = writing.post(&Post { deeds, claim: None, actor }).await;
        match done {
            Ok(_) => Ok(Outcome::Done),
            Err(error) => Err(told(error, &opened, &plan.labels)),
        }
    }

    /// Whether a ledger got an opening since the plan was made.
    async fn opens_twice(&self, writing: &Writing) -> Result<bool> {
        let openings = self.plan.openings.iter();
        let ledgers: Vec<_> = openings
            .filter(|opening| !opening.target.is_new)
            .map(|opening| opening.target.id)
            .collect();
        if ledgers.is_empty() {
            return Ok(false);
        }
        let day = self.openings.day(writing).await?;
        Ok(!opened(writing.conn(), &ledgers, day).await?.is_empty())
    }

    async fn make_groups(&self, writing: &mut Writing) -> Result<()> {
        let now = writing.recorded_at();
        for chunk in self.plan.names.new_groups.chunks(CHUNK) {
            let rows = chunk.iter().map(|group| {
                account_subgroup::ActiveModel::from(account_subgroup::Model {
                    id: group.id,
                    parent_group_id: group.parent.shared(),
                    parent_subgroup_id: group.parent.own(),
                    name_key: fold(&group.name),
                    name: group.name.clone(),
                    archived_at: None,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                })
            });
            account_subgroup::Entity::insert_many(rows)
                .exec_without_returning(writing.conn())
                .await?;
            let listed = chunk.iter().map(|group| {
                Canonical::new()
                    .int("id", group.id.get())
                    .text("name", &group.name)
                    .int_if("group", group.parent.shared().map(|id| id.get()))
                    .int_if("subgroup", group.parent.own().map(|id| id.get()))
            });
            self.log(writing, "GROUPS_MADE", "groups", listed);
        }
        Ok(())
    }

    async fn open_ledgers(&self, writing: &mut Writing) -> Result<()> {
        let now = writing.recorded_at();
        for chunk in self.plan.names.new_ledgers.chunks(CHUNK) {
            let rows = chunk.iter().map(|ledger| {
                ledger::ActiveModel::from(ledger::Model {
                    id: ledger.id,
                    business_id: self.business.id,
                    name_key: fold(&ledger.name),
                    name: ledger.name.clone(),
                    group_id: ledger.group.shared(),
                    subgroup_id: ledger.group.own(),
                    system_code: None,
                    tax_head: None,
                    tax_direction: None,
                    currency: None,
                    is_bill_wise: ledger.is_bill_wise,
                    credit_days: None,
                    cost_use: CostUse::default(),
                    description: None,
                    archived_at: None,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                })
            });
            ledger::Entity::insert_many(rows).exec_without_returning(writing.conn()).await?;
            let listed = chunk.iter().map(|ledger| {
                Canonical::new()
                    .int("id", ledger.id.get())
                    .text("name", &ledger.name)
                    .int_if("group", ledger.group.shared().map(|id| id.get()))
                    .int_if("subgroup", ledger.group.own().map(|id| id.get()))
                    .flag("billWise", ledger.is_bill_wise)
            });
            self.log(writing, "LEDGERS_OPENED", "ledgers", listed);
        }
        Ok(())
    }

    async fn open_years(&self, writing: &mut Writing) -> Result<()> {
        let now = writing.recorded_at();
        for span in &self.plan.years {
            let row = business_year::Model {
                id: BusinessYearId::new(writing.next_id()?),
                business_id: self.business.id,
                label: calendar(&self.business).label(*span),
                starts_on: span.starts_on,
                ends_on: span.ends_on,
                is_opening: false,
                opened_at: now,
                closed_at: None,
            };
            let row = business_year::ActiveModel::from(row).insert(writing.conn()).await?;
            writing.settings_change();
            writing.audit(Change {
                action: "YEAR_OPENED",
                subject_type: "BusinessYear",
                subject: Some(row.id.get()),
                business: Some(self.business.id),
                canonical: Canonical::new()
                    .text("label", &row.label)
                    .text("startsOn", &row.starts_on.to_string())
                    .text("endsOn", &row.ends_on.to_string())
                    .finish(),
            });
        }
        Ok(())
    }

    fn log(
        &self,
        writing: &mut Writing,
        action: &'static str,
        list: &'static str,
        rows: impl Iterator<Item = Canonical>,
    ) {
        writing.settings_change();
        writing.audit(Change {
            action,
            subject_type: "Business",
            subject: Some(self.business.id.get()),
            business: Some(self.business.id),
            canonical: Canonical::new().list(list, rows).finish(),
        });
    }
}

/// Rows that one statement inserts, and one line of the edit log tells of.
const CHUNK: usize = 200;

/// A refusal of one of the vouchers, said of the import: which voucher, and where it stands in the file.
fn told(error: Error, openings: &[(u64, String)], vouchers: &[(u64, String)]) -> Error {
    let Error::Refused(refusals) = error else { return error };
    let refusals = refusals
        .into_iter()
        .map(|refusal| {
            let place = |step: usize| refusal.field.get(step).map(String::as_str);
            let number = place(1).and_then(|text| text.parse::<usize>().ok());
            let label = match (place(0), number) {
                (Some("opening"), Some(number)) => openings.get(number),
                (Some("import"), Some(number)) => vouchers.get(number),
                _ => None,
            };
            let message = match label {
                Some((line, label)) => format!("line {line}, {label}: {}", refusal.message),
                None => refusal.message,
            };
            Refusal::new(refusal.code, "input.importId", message)
        })
        .collect();
    Error::Refused(refusals)
}
