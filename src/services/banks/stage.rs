//! Brings a statement in: each line once, however many files hold it.

use std::collections::HashSet;

use daybook_domain::{
    chain::Canonical,
    id::{BankLineId, BankStatementId, LedgerId, StoredFileId},
    role::Permission,
};
use daybook_entity::tenant::bank::{StatementFormat, bank_account, bank_line, bank_statement};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};
use sha2::{Digest, Sha256};

use super::{
    account::{BankLedger, Banks},
    reading::{self, HEADING_MAX, MAPPED_MAX, Read, SheetMapping},
};
use crate::{
    error::{Code, Error, Result},
    interchange::{Currency, bank::BankLine},
    lane::{Change, Writing},
    scope::TenantScope,
    services::{
        books::vouchers::Wrong,
        files::{self, Purpose},
    },
};

/// A file that is to be brought in.
#[derive(Debug)]
pub struct StageStatement {
    /// The bank ledger; `None` when the id given is not one.
    pub ledger: Option<LedgerId>,
    /// The stored file, where it is one.
    pub file: Option<i64>,
    /// The file's name.
    pub file_name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its form.
    pub format: StatementFormat,
    /// How its columns are understood; as they were the last time when left out.
    pub mapping: Option<SheetMapping>,
    /// The account whose statement is wanted; the ledger's own when left out.
    pub account: Option<String>,
}

/// An uploaded file that is to be brought in.
#[derive(Debug)]
pub struct StageFile {
    /// The bank ledger; `None` when the id given is not one.
    pub ledger: Option<LedgerId>,
    /// The stored file.
    pub file: StoredFileId,
    /// Its form.
    pub format: StatementFormat,
    /// How its columns are understood; as they were the last time when left out.
    pub mapping: Option<SheetMapping>,
    /// The account whose statement is wanted; the ledger's own when left out.
    pub account: Option<String>,
}

/// Brings an uploaded statement in.
///
/// # Errors
/// As [`stage`], and a refusal where there is no such file for this.
pub async fn stage_file(scope: &TenantScope, command: StageFile) -> Result<bank_statement::Model> {
    scope.require(Permission::BankReconcile)?;
    let bank = Banks::of(scope).await?.chosen(scope, command.ledger)?;
    let (business, file) = (bank.business, command.file);
    let stored = files::read(scope, business, file, Purpose::BankStatement).await?;
    let command = StageStatement {
        ledger: command.ledger,
        file: Some(file.get()),
        file_name: stored.name,
        bytes: stored.bytes,
        format: command.format,
        mapping: command.mapping,
        account: command.account,
    };
    stage(scope, command).await
}

/// Brings a statement in.
///
/// # Errors
/// No permission, or refusals: no such bank ledger, a file that cannot be read, one of another account or
/// currency.
pub async fn stage(scope: &TenantScope, command: StageStatement) -> Result<bank_statement::Model> {
    scope.require(Permission::BankReconcile)?;
    let bank = Banks::of(scope).await?.chosen(scope, command.ledger)?;
    let (account, mapping) = checked(&command)?;
    let known = {
        let reader = scope.db.reader().await?;
        bank_account::Entity::find_by_id(bank.ledger).one(reader.conn()).await?
    };
    let kept = known.as_ref().and_then(|known| known.mapping.as_deref());
    let kept = kept.map(serde_json::from_str::<SheetMapping>).transpose()?;
    let asked = reading::Asked {
        format: command.format,
        mapping: mapping.clone().or(kept).unwrap_or_default(),
        account: account.or(known.and_then(|known| known.account)),
        currency: Currency { code: bank.currency.clone(), exponent: bank.exponent },
    };
    let bytes = command.bytes;
    // A large file keeps a processor busy for a while.
    let (read, sha256) = tokio::task::spawn_blocking(move || {
        let sha256 = hex::encode(Sha256::digest(&bytes));
        reading::read(&bytes, &asked).map(|read| (read, sha256))
    })
    .await
    .map_err(|why| Error::Internal(format!("a statement's reader ended: {why}")))??;
    let head = Head {
        file: command.file,
        file_name: command.file_name.chars().take(255).collect(),
        format: command.format,
        sha256,
        mapping,
    };
    let lane = scope.db.lane();
    lane.write(scope.actor(), move |writing| {
        Box::pin(async move { store(writing, &bank, head, read).await })
    })
    .await
}

/// What is known of the file besides its lines.
struct Head {
    file: Option<i64>,
    file_name: String,
    format: StatementFormat,
    sha256: String,
    mapping: Option<SheetMapping>,
}

fn checked(command: &StageStatement) -> Result<(Option<String>, Option<SheetMapping>)> {
    let mut wrong = Wrong::below("input");
    let account = wrong.text("account", command.account.as_deref(), 100, true);
    let mut mapping = command.mapping.clone();
    if let Some(mapping) = &mut mapping {
        if mapping.columns.len() > MAPPED_MAX || mapping.took_place.len() > MAPPED_MAX {
            let why = format!("a mapping names at most {MAPPED_MAX} columns and words");
            wrong.add(Code::TooMany, "mapping", &why);
        }
        for (index, (_, heading)) in mapping.columns.iter_mut().enumerate() {
            let place = format!("mapping.columns.{index}.heading");
            *heading = wrong.required(&place, heading, HEADING_MAX);
        }
        for (index, word) in mapping.took_place.iter_mut().enumerate() {
            *word = wrong.required(&format!("mapping.tookPlace.{index}"), word, HEADING_MAX);
        }
    }
    wrong.finish_with(Some((account, mapping)))
}

/// How many fingerprints are looked for, and how many lines written, at once.
const CHUNK: usize = 200;

async fn store(
    writing: &mut Writing,
    bank: &BankLedger,
    head: Head,
    read: Read,
) -> Result<bank_statement::Model> {
    keep_account(writing, bank, &head, read.account.as_deref()).await?;
    let id = BankStatementId::new(writing.next_id()?);
    let known = known(writing, bank.ledger, &read.lines).await?;
    let lines: Vec<&BankLine> =
        read.lines.iter().filter(|line| !known.contains(&line.fingerprint)).collect();
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let dates = read.lines.iter().map(|line| line.date);
    let statement = bank_statement::Model {
        id,
        business_id: bank.business,
        ledger_id: bank.ledger,
        file_id: head.file,
        file_name: head.file_name,
        format: head.format,
        sha256: head.sha256,
        account: read.account.map(|account| account.chars().take(100).collect()),
        from_date: dates.clone().min(),
        to_date: dates.max(),
        opening: read.opening,
        closing: read.closing,
        difference: read.difference,
        lines_new: count(lines.len()),
        lines_known: count(read.lines.len().saturating_sub(lines.len())),
        lines_refused: i32::try_from(read.refused).unwrap_or(i32::MAX),
        findings: serde_json::to_string(&read.findings)?,
        created_by: writing.actor().user(),
        created_at: writing.recorded_at(),
    };
    let row = statement.clone().into_active_model().reset_all();
    bank_statement::Entity::insert(row).exec_without_returning(writing.conn()).await?;
    for chunk in lines.chunks(CHUNK) {
        let mut rows = Vec::with_capacity(chunk.len());
        for line in chunk {
            rows.push(row_of(writing, &statement, line)?.into_active_model().reset_all());
        }
        bank_line::Entity::insert_many(rows).exec_without_returning(writing.conn()).await?;
    }
    writing.audit(Change {
        action: "BANK_STATEMENT_STAGED",
        subject_type: "BankStatement",
        subject: Some(id.get()),
        business: Some(bank.business),
        canonical: Canonical::new()
            .int("ledger", bank.ledger.get())
            .text("fileName", &statement.file_name)
            .text("sha256", &statement.sha256)
            .text_if("account", statement.account.as_deref())
            .text_if("from", statement.from_date.map(|day| day.to_string()).as_deref())
            .text_if("to", statement.to_date.map(|day| day.to_string()).as_deref())
            .int("linesNew", i64::from(statement.lines_new))
            .int("linesKnown", i64::from(statement.lines_known))
            .int("linesRefused", i64::from(statement.lines_refused))
            .finish(),
    });
    Ok(statement)
}

/// Fingerprints of lines that came in before.
async fn known(writing: &Writing, ledger: LedgerId, lines: &[BankLine]) -> Result<HashSet<String>> {
    let mut known = HashSet::new();
    for chunk in lines.chunks(CHUNK) {
        let wanted = chunk.iter().map(|line| line.fingerprint.as_str());
        let found: Vec<String> = bank_line::Entity::find()
            .select_only()
            .column(bank_line::Column::Fingerprint)
            .filter(bank_line::Column::LedgerId.eq(ledger))
            .filter(bank_line::Column::Fingerprint.is_in(wanted))
            .into_tuple()
            .all(writing.conn())
            .await?;
        known.extend(found);
    }
    Ok(known)
}

fn row_of(
    writing: &Writing,
    statement: &bank_statement::Model,
    line: &BankLine,
) -> Result<bank_line::Model> {
    let short = |text: &Option<String>| {
        text.as_ref().map(|text| text.chars().take(200).collect::<String>())
    };
    Ok(bank_line::Model {
        id: BankLineId::new(writing.next_id()?),
        business_id: statement.business_id,
        ledger_id: statement.ledger_id,
        statement_id: statement.id,
        file_line: i32::try_from(line.line).unwrap_or(i32::MAX),
        dated: line.date,
        value_date: line.value_date,
        amount: line.amount,
        description: line.description.clone(),
        reference: short(&line.reference),
        counterpart: short(&line.counterpart),
        bank_reference: short(&line.bank_id),
        balance: line.balance,
        fingerprint: line.fingerprint.clone(),
        ignored_by: None,
        ignored_at: None,
        ignored_reason: None,
        created_at: statement.created_at,
    })
}

/// Keeps the account's name and how its sheets are read. A statement of another account is refused: its lines
/// would be taken for this one's for good.
async fn keep_account(
    writing: &Writing,
    bank: &BankLedger,
    head: &Head,
    account: Option<&str>,
) -> Result<()> {
    let known = bank_account::Entity::find_by_id(bank.ledger).one(writing.conn()).await?;
    let named = known.as_ref().and_then(|known| known.account.as_deref());
    if let (Some(named), Some(account)) = (named, account)
        && named != account
    {
        let why = format!("this ledger's statements are of the account {named}, not of {account}");
        return Err(Error::refused(Code::AccountDiffers, "input.account", why));
    }
    let mapping = head.mapping.as_ref().map(serde_json::to_string).transpose()?;
    let account = account.map(|account| account.chars().take(100).collect::<String>());
    match known {
        Some(known) => {
            let mut row = known.clone().into_active_model();
            row.account = Set(known.account.or(account));
            row.mapping = Set(mapping.or(known.mapping));
            row.updated_at = Set(writing.recorded_at());
            row.update(writing.conn()).await?;
        }
        None => {
            let row = bank_account::Model {
                ledger_id: bank.ledger,
                business_id: bank.business,
                account,
                mapping,
                updated_at: writing.recorded_at(),
            };
            let row = row.into_active_model().reset_all();
            bank_account::Entity::insert(row).exec_without_returning(writing.conn()).await?;
        }
    }
    Ok(())
}
