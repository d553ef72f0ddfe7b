//! Downloads of reports in the API.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use daybook_domain::{role::Permission, voucher::BaseType};

use crate::{
    auth::links::Link,
    error::{Code, Error, Result},
    graphql::{
        books::{businesses::BUSINESS, ledgers::LEDGER},
        context::{Asks, Requires},
        error::{ApiResult, answer},
        id,
        master::{groups::group_of, words::BaseVoucherType},
        reports::ask::StatementDetail,
        scalar::{Date, DateTime},
    },
    office::Office,
    services::exports::{self, Ask, Form, Report},
    user_errors,
};

/// A file that can be fetched.
#[derive(SimpleObject, Debug, Clone)]
pub struct Download {
    /// The address to fetch it from, by GET and without a token; a path of this server where
    /// `server.public_url` is not set. It opens for you alone, with the rights that you have then.
    pub url: String,
    /// When that address ends.
    pub expires_at: DateTime,
    /// What the file is called.
    pub file_name: String,
}

impl Download {
    /// The download that a link opens.
    pub fn of(office: &Office, link: Link, file_name: String) -> Self {
        Self {
            url: office.rules.files.url(&format!("/downloads/{}", link.token)),
            expires_at: DateTime(link.expires_at),
            file_name,
        }
    }
}

/// A report that can be fetched as a file.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// What every ledger stood at and moved, by the tree of groups.
    TrialBalance,
    /// What was earned and spent.
    ProfitAndLoss,
    /// What is owned and owed at the end of a day.
    BalanceSheet,
    /// What cash came and went for, told directly.
    CashFlow,
    /// Every entry of a ledger; needs `ledgerId`.
    LedgerStatement,
    /// Every entry of a party's ledger; needs `ledgerId`.
    PartyStatement,
    /// Every voucher, of today when no days are named.
    DayBook,
    /// Every voucher of a type; needs `baseType`.
    VoucherRegister,
    /// Open bills that others owe, of one business.
    BillsReceivable,
    /// Open bills that are owed to others, of one business.
    BillsPayable,
    /// What stands directly below a group; needs `accountGroupId`.
    GroupSummary,
    /// Every line of the edit log, of one business or of the account. Needs AUDIT_READ besides.
    EditLog,
}

/// A form of file.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Form")]
pub enum ReportFormat {
    /// Text with a line a row and plain numbers, for programs.
    Csv,
    /// A spreadsheet with numbers as numbers.
    Xlsx,
    /// Pages of A4; of a bounded number of rows.
    Pdf,
}

user_errors!(
    /// Something wrong with what a report is asked for.
    ReportExportUserError,
    /// What can be wrong with what a report is asked for.
    ReportExportErrorCode {
        /// This report needs it.
        Required,
        /// More rows than this form holds.
        TooLarge,
    }
);

/// Which report, of whose books, over which days, in which form.
#[derive(InputObject, Debug)]
pub struct ReportExportInput {
    /// Which report.
    pub report: ReportKind,
    /// In which form.
    pub format: ReportFormat,
    /// Of these businesses together; may be left out by who sees only one. Bills and the edit log are of
    /// one; the edit log of the whole account when left out.
    pub business_ids: Option<Vec<ID>>,
    /// First day, as the report itself takes it.
    pub from: Option<Date>,
    /// Last day, as the report itself takes it; today when left out.
    pub to: Option<Date>,
    /// How much of the tree of groups a statement shows.
    #[graphql(default)]
    pub detail: StatementDetail,
    /// The ledger of a statement.
    pub ledger_id: Option<ID>,
    /// The group of a summary.
    pub account_group_id: Option<ID>,
    /// The type of a register.
    pub base_type: Option<BaseVoucherType>,
    /// Only what was recorded up to this instant, at least two seconds ago; all when left out.
    pub as_known_at: Option<DateTime>,
}

/// Where to fetch a report.
#[derive(SimpleObject, Debug)]
pub struct ReportExportPayload {
    /// The download; null when something was wrong.
    pub download: Option<Download>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<ReportExportUserError>,
}

fn report_of(input: &ReportExportInput) -> Result<Report> {
    let needs = |field: &str| {
        let why = "this report needs it";
        Error::refused(Code::Required, &format!("input.{field}"), why)
    };
    let ledger = || match &input.ledger_id {
        Some(global) => Ok(id::number(LEDGER, global)),
        None => Err(needs("ledgerId")),
    };
    Ok(match input.report {
        ReportKind::TrialBalance => Report::TrialBalance,
        ReportKind::ProfitAndLoss => Report::ProfitAndLoss,
        ReportKind::BalanceSheet => Report::BalanceSheet,
        ReportKind::CashFlow => Report::CashFlow,
        ReportKind::LedgerStatement => Report::LedgerStatement(ledger()?),
        ReportKind::PartyStatement => Report::PartyStatement(ledger()?),
        ReportKind::DayBook => Report::DayBook,
        ReportKind::VoucherRegister => {
            let base = input.base_type.ok_or_else(|| needs("baseType"))?;
            Report::VoucherRegister(BaseType::from(base).code().to_owned())
        }
        ReportKind::BillsReceivable => Report::Receivables,
        ReportKind::BillsPayable => Report::Payables,
        ReportKind::GroupSummary => {
            let global = input.account_group_id.as_ref().ok_or_else(|| needs("accountGroupId"))?;
            let group = group_of(global).ok_or_else(|| {
                let why = "there is no such account group";
                Error::refused(Code::Invalid, "input.accountGroupId", why)
            })?;
            Report::GroupSummary(group.into())
        }
        ReportKind::EditLog => Report::EditLog,
    })
}

fn ask_of(input: ReportExportInput) -> Result<Ask> {
    let business = |global: &ID| id::number(BUSINESS, global);
    Ok(Ask {
        report: report_of(&input)?,
        form: input.format.into(),
        businesses: input.business_ids.map(|ids| ids.iter().map(business).collect()),
        from: input.from.map(|day| day.0),
        to: input.to.map(|day| day.0),
        groups_only: input.detail == StatementDetail::Groups,
        known_at: input.as_known_at.map(|instant| instant.0),
    })
}

/// Mutations that make downloads.
#[derive(Default, Debug)]
pub struct DownloadMutation;

#[Object]
impl DownloadMutation {
    /// Answers where to fetch a report as a file. The file is made when it is fetched, from the books as
    /// they are then and with the rights that you have then; nothing is stored.
    /// Requires: REPORT_READ.
    #[graphql(
        guard = "Requires(Permission::ReportRead)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    async fn report_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which report, and how.")] input: ReportExportInput,
    ) -> ApiResult<ReportExportPayload> {
        let office = &ctx.desk()?.office;
        let outcome = match ask_of(input) {
            Ok(ask) => exports::prepare(office, &*ctx.tenant()?, ask).await,
            Err(why) => Err(why),
        };
        let (done, user_errors) = answer(outcome)?;
        let download = done.map(|(link, name)| Download::of(office, link, name));
        Ok(ReportExportPayload { download, user_errors })
    }
}
