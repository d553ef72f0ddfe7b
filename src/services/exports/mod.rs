//! Reports, books and files that go out: a link first, then, when it is opened, the file, made anew.
//!
//! A link says what is asked for, not what was found: whoever opens it is looked up again, with the rights
//! of that moment. Rows go page by page from one state of the database to a file without a name on disk, so
//! that neither the number of rows nor a slow client holds memory or a connection.

pub mod ask;
mod lists;
mod names;
mod registers;
mod rows;
mod spool;
mod statements;

use daybook_domain::{id::VoucherAttachmentId, role::Permission};
use serde::{Deserialize, Serialize};

pub use ask::{Ask, AskBooks, Form, Report};
pub use spool::Spooled;

use crate::{
    auth::links::{self, Link},
    error::{Code, Error, Refusal, Result},
    office::{FileRules, Office},
    scope::TenantScope,
    services::imports::export::{self, ExportBooks},
};
use rows::Table;

/// The kind of the links by which files are fetched.
pub const DOWNLOAD: &str = "download";

/// What a download opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Opens {
    /// A report.
    Report(Box<Ask>),
    /// Whole books.
    Books(AskBooks),
    /// A file beside a voucher, by its number.
    Attachment(i64),
}

/// A link for a download.
///
/// # Errors
/// When nothing can be sealed.
pub fn link(office: &Office, scope: &TenantScope, opens: Opens) -> Result<Link> {
    links::make(&office.keys, scope, DOWNLOAD, office.rules.files.download_link, opens)
}

/// Looks whether a report can be made, and answers its link and the name of its file.
///
/// # Errors
/// No permission, or refusals: something that cannot be asked, more rows than a PDF holds.
pub async fn prepare(office: &Office, scope: &TenantScope, ask: Ask) -> Result<(Link, String)> {
    scope.require(Permission::ReportRead)?;
    let table = open(scope, &ask).await.map_err(as_refusal)?;
    let most = office.rules.files.pdf_rows_max;
    if ask.form == Form::Pdf && table.count.is_some_and(|count| count > most) {
        let why = format!("this has more than {most} rows, which is too many for a PDF");
        return Err(Error::refused(Code::TooLarge, "input.format", why));
    }
    let name = table.file_name(ask.form);
    drop(table);
    Ok((link(office, scope, Opens::Report(Box::new(ask)))?, name))
}

/// Makes the file of a report.
///
/// # Errors
/// No permission (any more), or a database or disk that cannot serve.
pub async fn report(rules: &FileRules, scope: &TenantScope, ask: &Ask) -> Result<Spooled> {
    scope.require(Permission::ReportRead)?;
    let table = open(scope, ask).await?;
    spool::table(rules, table, ask.form).await
}

/// Looks whether books can be taken out, and answers their link and the name of their file.
///
/// # Errors
/// No permission, or refusals: no such business, a part that the format has not, days the wrong way round.
pub async fn prepare_books(
    office: &Office,
    scope: &TenantScope,
    command: ExportBooks,
) -> Result<(Link, String)> {
    let export = export::prepare(scope, command).await?;
    let opens = Opens::Books(AskBooks::of(export.business().id, command));
    Ok((link(office, scope, opens)?, export.file_name()))
}

/// Makes the file of a business's books.
///
/// # Errors
/// No permission (any more), a business that is not seen (any more), what the format cannot say, or a
/// database or disk that cannot serve.
pub async fn books(rules: &FileRules, scope: &TenantScope, ask: &AskBooks) -> Result<Spooled> {
    let export = export::prepare(scope, ask.command()).await?;
    spool::books(rules, scope, &export).await
}

/// Copies a file beside a voucher, which the caller sees, to where it is sent from.
///
/// # Errors
/// [`Error::NotFound`], no permission, or a database or disk that cannot serve.
pub async fn attachment(rules: &FileRules, scope: &TenantScope, id: i64) -> Result<Spooled> {
    let missing = || Error::NotFound("the file");
    let id = VoucherAttachmentId::new(id);
    let found = crate::services::files::attachments::find(scope, id).await?.ok_or_else(missing)?;
    spool::attachment(rules, scope, &found).await
}

async fn open(scope: &TenantScope, ask: &Ask) -> Result<Table> {
    match &ask.report {
        Report::TrialBalance => statements::trial_balance(scope, ask).await,
        Report::ProfitAndLoss => statements::profit_and_loss(scope, ask).await,
        Report::BalanceSheet => statements::balance_sheet(scope, ask).await,
        Report::CashFlow => statements::cash_flow(scope, ask).await,
        Report::LedgerStatement(ledger) => registers::ledger(scope, ask, *ledger).await,
        Report::PartyStatement(ledger) => registers::party(scope, ask, *ledger).await,
        Report::DayBook => registers::vouchers(scope, ask, None).await,
        Report::VoucherRegister(base) => registers::vouchers(scope, ask, Some(base)).await,
        Report::GroupSummary(group) => registers::group_summary(scope, ask, *group).await,
        Report::Receivables => lists::bills(scope, ask, lists::Side::Receivable).await,
        Report::Payables => lists::bills(scope, ask, lists::Side::Payable).await,
        Report::EditLog => lists::edit_log(scope, ask).await,
    }
}

/// An argument of a report that cannot be used is a field of the export's input.
fn as_refusal(error: Error) -> Error {
    match error {
        Error::BadInput { argument, message } => {
            let field = match argument.as_str() {
                "businessId" => "businessIds",
                "asAt" => "to",
                other => other,
            };
            Error::Refused(vec![Refusal::new(Code::Invalid, &format!("input.{field}"), message)])
        }
        other => other,
    }
}
