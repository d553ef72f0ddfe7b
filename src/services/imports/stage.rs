//! A file is staged, its names are given a meaning, it is given up.

use daybook_domain::{
    chain::Canonical,
    id::{ImportId, LedgerId, StoredFileId, VoucherTypeId},
    role::Permission,
    text::fold,
    voucher::BaseType,
};
use daybook_entity::tenant::{
    business::business,
    imports::{ImportState, import},
};
use sea_orm::{ActiveModelTrait, EntityTrait};
use sha2::{Digest, Sha256};

use super::{
    asked::{Format, Kind, LedgerChoice, Mapping, Numbers, Options, TypeChoice},
    check::{self, Checked, Source, keep_findings, still_staged, weigh},
    list,
};
use crate::{
    error::{Code, Error, Result},
    lane::{Change, Writing},
    scope::TenantScope,
    services::{
        books::{
            chart::{self, Asked},
            groups::{self, GroupRef},
            vouchers::Wrong,
        },
        files::{self, Purpose},
    },
};

/// A file to be staged.
#[derive(Debug, Clone)]
pub struct StageImport {
    /// Into whose books.
    pub business: Asked,
    /// The stored file; `None` when the id given is not one.
    pub file: Option<StoredFileId>,
    /// What it is.
    pub format: Format,
    /// What it holds, where the format does not say.
    pub kind: Option<Kind>,
    /// How its texts are to be read.
    pub options: Options,
}

/// Reads a stored file and keeps what was found in it. Nothing is posted.
///
/// # Errors
/// No permission, or refusals: no such file, a kind that its format has not, a bound that it is beyond.
pub async fn stage(scope: &TenantScope, command: StageImport) -> Result<import::Model> {
    scope.require(Permission::ImportRun)?;
    let chart = chart::chart(scope).await?;
    let business = chart.chosen(scope, command.business, "input")?.clone();
    let kind = kind_of(command.format, command.kind)?;
    let id = command.file.unwrap_or(StoredFileId::new(0));
    let file = files::read(scope, business.id, id, Purpose::Import).await?;
    let sha256 = hex::encode(Sha256::digest(&file.bytes));
    let mapping = Mapping::default();
    let source = Source {
        bytes: file.bytes,
        format: command.format,
        kind,
        options: command.options,
        mapping: mapping.clone(),
    };
    let checked = check::check(scope, &business, source).await?;
    let (errors, notes) = weigh(&checked.findings);
    let (options, mapping, summary) = (
        serde_json::to_string(&command.options)?,
        serde_json::to_string(&mapping)?,
        serde_json::to_string(&checked.summary)?,
    );
    let access = scope.access.clone();
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let purpose = Purpose::Import;
                let stored =
                    files::stored(writing.conn(), &access, business.id, id, purpose).await?;
                files::keep(writing, &stored).await?;
                let now = writing.recorded_at();
                let row = import::Model {
                    id: ImportId::new(writing.next_id()?),
                    business_id: business.id,
                    file_id: id,
                    file_name: stored.name.chars().take(255).collect(),
                    sha256,
                    format: command.format.word().to_owned(),
                    kind: kind.word().to_owned(),
                    state: ImportState::Staged,
                    options,
                    mapping,
                    summary,
                    errors,
                    notes,
                    version: 1,
                    created_by: access.user,
                    created_at: now,
                    updated_at: now,
                    applied_by: None,
                    applied_at: None,
                };
                let stored = import::ActiveModel::from(row).insert(writing.conn()).await?;
                keep_findings(writing, stored.id, &checked.findings).await?;
                writing.audit(changed("IMPORT_STAGED", &stored));
                Ok(stored)
            })
        })
        .await
}

/// What a file of this format holds.
fn kind_of(format: Format, kind: Option<Kind>) -> Result<Kind> {
    let refuse = |code, why: &str| Err(Error::refused(code, "input.part", why));
    match (format, kind) {
        (Format::Csv, None | Some(Kind::Books)) => refuse(
            Code::Required,
            "one sheet holds groups, ledgers, openings or vouchers; say which",
        ),
        (Format::Csv | Format::Xlsx, Some(kind)) => Ok(kind),
        (_, None | Some(Kind::Books)) => Ok(Kind::Books),
        _ => refuse(Code::Invalid, "a file of this format holds whole books; leave the part out"),
    }
}

/// What names of an import stand for from now on; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct MapImport {
    /// The import; `None` when the id given is not one.
    pub import: Option<ImportId>,
    /// The version that the caller saw.
    pub expected_version: Option<i32>,
    /// Groups by name; without one, what was said of it counts no more. The inner `None` is an id of none.
    pub groups: Vec<(String, Option<Option<GroupRef>>)>,
    /// Ledgers by name.
    pub ledgers: Vec<(String, Option<WrittenLedger>)>,
    /// Voucher types by name, and whether their vouchers close years.
    pub types: Vec<(String, Option<Option<VoucherTypeId>>, bool)>,
    /// Which numbers vouchers get.
    pub numbers: Option<Numbers>,
    /// Whether openings are taken.
    pub takes_openings: Option<bool>,
    /// Whether closing vouchers are looked for.
    pub finds_closing: Option<bool>,
}

/// What a ledger's name is to stand for; an inner `None` is an id of none.
#[derive(Debug, Clone, Copy)]
pub enum WrittenLedger {
    /// A ledger that is here.
    Existing(Option<LedgerId>),
    /// A new one below this group.
    New(Option<GroupRef>),
}

/// Most names of one kind that one call gives a meaning to.
pub const NAMES_MAX: usize = 2_000;

/// Gives names a meaning, and checks the file again.
///
/// # Errors
/// No permission, or refusals: no such import, a stale version, unknown groups, ledgers or types.
pub async fn map(scope: &TenantScope, command: MapImport) -> Result<import::Model> {
    scope.require(Permission::ImportRun)?;
    let (row, business) = list::of_caller(scope, command.import).await?;
    still_staged(&row)?;
    Error::unless_current(command.expected_version, row.version)?;
    let file = files::read(scope, row.business_id, row.file_id, Purpose::Import).await?;
    let mut source = check::source(&row, file.bytes)?;
    source.mapping = mapped(scope, &business, command, source.mapping).await?;
    let mapping = serde_json::to_string(&source.mapping)?;
    let checked = check::check(scope, &business, source).await?;
    store(scope, row, mapping, checked, "IMPORT_MAPPED").await
}

async fn mapped(
    scope: &TenantScope,
    business: &business::Model,
    command: MapImport,
    mut mapping: Mapping,
) -> Result<Mapping> {
    let chart = chart::chart(scope).await?;
    let groups = groups::groups(scope).await?;
    let today = scope.clock.today(&business.time_zone);
    let mut wrong = Wrong::below("input");
    let open = |group: Option<GroupRef>| group.filter(|one| groups.open_on(*one, today).is_some());
    let no_group = "there is no such account group, or it takes no more ledgers";
    for (field, count) in [
        ("groups", command.groups.len()),
        ("ledgers", command.ledgers.len()),
        ("voucherTypes", command.types.len()),
    ] {
        if count > NAMES_MAX {
            let why = format!("send at most {NAMES_MAX} names at once");
            wrong.add(Code::TooMany, field, &why);
            wrong.finish()?;
            return Ok(mapping);
        }
    }
    for (place, (name, choice)) in command.groups.into_iter().enumerate() {
        let Some(choice) = choice else {
            mapping.groups.remove(&fold(&name));
            continue;
        };
        match open(choice) {
            Some(group) => {
                mapping.groups.insert(fold(&name), group.into());
            }
            None => {
                let field = format!("groups.{place}.accountGroupId");
                wrong.add(Code::AccountGroupUnknown, &field, no_group);
            }
        }
    }
    for (place, (name, choice)) in command.ledgers.into_iter().enumerate() {
        let Some(choice) = choice else {
            mapping.ledgers.remove(&fold(&name));
            continue;
        };
        let choice = match choice {
            WrittenLedger::Existing(id) => {
                let found = id
                    .and_then(|id| chart.visible_ledger(scope, id))
                    .filter(|ledger| ledger.business_id == business.id);
                if found.is_none() {
                    let field = format!("ledgers.{place}.ledgerId");
                    wrong.add(Code::LedgerUnknown, &field, "there is no such ledger");
                }
                found.map(|ledger| LedgerChoice::Existing(ledger.id.get()))
            }
            WrittenLedger::New(group) => {
                let found = open(group);
                if found.is_none() {
                    let field = format!("ledgers.{place}.accountGroupId");
                    wrong.add(Code::AccountGroupUnknown, &field, no_group);
                }
                found.map(|group| LedgerChoice::New(group.into()))
            }
        };
        if let Some(choice) = choice {
            mapping.ledgers.insert(fold(&name), choice);
        }
    }
    for (place, (name, choice, is_closing)) in command.types.into_iter().enumerate() {
        let Some(choice) = choice else {
            mapping.types.remove(&fold(&name));
            continue;
        };
        let found = choice.and_then(|id| scope.catalogue.voucher_type(id));
        let found = found
            .filter(|one| BaseType::parse(&one.base_type).is_some_and(BaseType::affects_books));
        match found {
            Some(found) => {
                mapping.types.insert(fold(&name), TypeChoice::of(found.id, is_closing));
            }
            None => {
                let field = format!("voucherTypes.{place}.voucherTypeId");
                let why = "there is no such voucher type that counts in the books";
                wrong.add(Code::VoucherTypeUnknown, &field, why);
            }
        }
    }
    mapping.numbers = command.numbers.unwrap_or(mapping.numbers);
    mapping.takes_openings = command.takes_openings.unwrap_or(mapping.takes_openings);
    mapping.finds_closing = command.finds_closing.unwrap_or(mapping.finds_closing);
    wrong.finish()?;
    Ok(mapping)
}

/// Keeps what a check found.
///
/// # Errors
/// When the import was changed meanwhile, or the database cannot be written.
pub async fn store(
    scope: &TenantScope,
    row: import::Model,
    mapping: String,
    checked: Checked,
    action: &'static str,
) -> Result<import::Model> {
    let (errors, notes) = weigh(&checked.findings);
    let summary = serde_json::to_string(&checked.summary)?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let now = current(writing, &row).await?;
                let after = import::Model {
                    mapping,
                    summary,
                    errors,
                    notes,
                    version: now.version.saturating_add(1),
                    updated_at: writing.recorded_at(),
                    ..now
                };
                let row = import::ActiveModel::from(after).reset_all();
                let stored = row.update(writing.conn()).await?;
                keep_findings(writing, stored.id, &checked.findings).await?;
                writing.audit(changed(action, &stored));
                Ok(stored)
            })
        })
        .await
}

/// The import as it stands under the fence, when nobody changed it since it was read.
async fn current(writing: &Writing, row: &import::Model) -> Result<import::Model> {
    let now = import::Entity::find_by_id(row.id).one(writing.conn()).await?;
    let now = now.ok_or_else(list::unknown)?;
    still_staged(&now)?;
    Error::unless_current(Some(row.version), now.version)?;
    Ok(now)
}

/// Gives an import up; what was found in its file is forgotten.
///
/// # Errors
/// No permission, or refusals: no such import, one that is in the books.
pub async fn discard(scope: &TenantScope, id: Option<ImportId>) -> Result<import::Model> {
    scope.require(Permission::ImportRun)?;
    let (row, _) = list::of_caller(scope, id).await?;
    if row.state == ImportState::Discarded {
        return Ok(row);
    }
    still_staged(&row)?;
    scope
        .db
        .lane()
        .write(scope.actor(), move |writing| {
            Box::pin(async move {
                let now = current(writing, &row).await?;
                let after = import::Model {
                    state: ImportState::Discarded,
                    version: now.version.saturating_add(1),
                    updated_at: writing.recorded_at(),
                    ..now
                };
                let stored =
                    import::ActiveModel::from(after).reset_all().update(writing.conn()).await?;
                keep_findings(writing, stored.id, &crate::interchange::Findings::new(0)).await?;
                writing.audit(changed("IMPORT_DISCARDED", &stored));
                Ok(stored)
            })
        })
        .await
}

/// The line of the edit log.
pub fn changed(action: &'static str, row: &import::Model) -> Change {
    Change {
        action,
        subject_type: "Import",
        subject: Some(row.id.get()),
        business: Some(row.business_id),
        canonical: Canonical::new()
            .text("file", &row.file_name)
            .text("sha256", &row.sha256)
            .text("format", &row.format)
            .text("kind", &row.kind)
            .int("errors", row.errors)
            .int("notes", row.notes)
            .int("version", i64::from(row.version))
            .finish(),
    }
}
