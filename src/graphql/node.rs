//! Any object by its global id, within what the caller may see.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, ID, Interface, Object};
use daybook_domain::id::{
    BankLineId, BankMatchId, BankRuleId, BankStatementId, BillId, BudgetId, BusinessId,
    BusinessYearId, CostCategoryId, CostCentreId, LedgerId, LockExceptionId, TaxFilingId,
    VoucherAttachmentId, VoucherDraftId, VoucherId,
};

use super::{
    banks::{
        lines::{BANK_LINE, BankLine},
        matches::{BANK_MATCH, BankMatch},
        rules::{BANK_RULE, BankRule},
        statements::{BANK_STATEMENT, BankStatement},
    },
    books::{
        audit::{self, AuditLogEntry},
        bills::{BILL, Bill},
        budgets::{BUDGET, Budget},
        businesses::{self, BUSINESS, Business},
        cost_centres::{COST_CATEGORY, COST_CENTRE, CostCategory, CostCentre},
        drafts::{VOUCHER_DRAFT, VoucherDraft},
        filings::{TAX_FILING, TaxFiling},
        ledgers::{self, LEDGER, Ledger},
        lock_exceptions::{LOCK_EXCEPTION, LockException},
        recurring::{
            RECURRING_RUN, RECURRING_VOUCHER, RecurringRun, RecurringVoucher, recurring_of, run_of,
        },
        templates::{VOUCHER_TEMPLATE, VoucherTemplate, template_of},
        vouchers::{self, VOUCHER, Voucher},
        years::{BUSINESS_YEAR, BusinessYear},
    },
    context::{Asks, Caller, SignedIn},
    error::ApiResult,
    files::{
        self, STORED_FILE, StoredFile,
        attachments::{VOUCHER_ATTACHMENT, VoucherAttachment},
    },
    id,
    imports::import::{self, IMPORT, Import},
    master::{
        AccountGroup, VoucherType,
        node::{self as shared, MasterNode},
        places::{AccountingYear, Country, Currency, State},
        rates::{GstRate, TdsSection},
    },
    platform::{
        admins::Admin,
        audit::{ADMIN_AUDIT_LOG_ENTRY, AdminAuditLogEntry},
        jobs::{JOB, Job},
        node as office,
        servers::{DATABASE_SERVER, DatabaseServer},
        sessions::{AdminSession, PLATFORM_SESSION},
        tenants::Tenant,
    },
    session::{ADMIN, Account, TENANT},
    staff::{self, ApiKey, User, UserSession},
};
use crate::{
    error::Error,
    services::{
        banks,
        books::{
            bills, budgets, cost_centres, drafts, filings, lock_exceptions, recurring, templates,
            years,
        },
        files::attachments,
    },
};

/// Something with a global id.
#[derive(Interface, Debug, Clone)]
#[graphql(field(name = "id", ty = "&ID", desc = "Opaque global id."))]
pub enum Node {
    /// A business.
    Business(Box<Business>),
    /// An accounting year of a business.
    BusinessYear(Box<BusinessYear>),
    /// A ledger.
    Ledger(Box<Ledger>),
    /// An exception from period locks.
    LockException(Box<LockException>),
    /// A voucher.
    Voucher(Box<Voucher>),
    /// A tax return that was filed.
    TaxFiling(Box<TaxFiling>),
    /// A voucher, or an act on one, that is not posted yet.
    VoucherDraft(Box<VoucherDraft>),
    /// A file that somebody uploaded.
    StoredFile(Box<StoredFile>),
    /// A voucher that is kept to be written again.
    VoucherTemplate(Box<VoucherTemplate>),
    /// A voucher that comes again by a rule of dates.
    RecurringVoucher(Box<RecurringVoucher>),
    /// What became of one date of a recurring voucher.
    RecurringRun(Box<RecurringRun>),
    /// A file of books that was read in.
    Import(Box<Import>),
    /// A file beside a voucher.
    VoucherAttachment(Box<VoucherAttachment>),
    /// A bill of a party.
    Bill(Box<Bill>),
    /// A budget.
    Budget(Box<Budget>),
    /// A cost category.
    CostCategory(Box<CostCategory>),
    /// A cost centre.
    CostCentre(Box<CostCentre>),
    /// A statement of a bank.
    BankStatement(Box<BankStatement>),
    /// A line of a bank's statement.
    BankLine(Box<BankLine>),
    /// Lines of a bank set against entries.
    BankMatch(Box<BankMatch>),
    /// A rule of what bank lines are.
    BankRule(Box<BankRule>),
    /// An account group.
    AccountGroup(Box<AccountGroup>),
    /// A voucher type.
    VoucherType(Box<VoucherType>),
    /// A dated rate of goods and services tax.
    GstRate(Box<GstRate>),
    /// A dated section of tax at source.
    TdsSection(Box<TdsSection>),
    /// A shared accounting year.
    AccountingYear(Box<AccountingYear>),
    /// A State or county.
    State(Box<State>),
    /// A currency.
    Currency(Box<Currency>),
    /// A country.
    Country(Box<Country>),
    /// Somebody who works here.
    User(Box<User>),
    /// A machine's key.
    ApiKey(Box<ApiKey>),
    /// A place where somebody is signed in.
    UserSession(Box<UserSession>),
    /// A row of the account's edit log.
    AuditLogEntry(Box<AuditLogEntry>),
    /// The account that the caller is signed in to.
    Account(Box<Account>),
    /// A customer of the platform.
    Tenant(Box<Tenant>),
    /// A place where tenants' databases may live.
    DatabaseServer(Box<DatabaseServer>),
    /// A piece of work in the background.
    Job(Box<Job>),
    /// Somebody who works for the platform.
    Admin(Box<Admin>),
    /// A row of the office's log.
    AdminAuditLogEntry(Box<AdminAuditLogEntry>),
    /// A place where somebody of the office is signed in.
    AdminSession(Box<AdminSession>),
}

impl From<Voucher> for Node {
    fn from(voucher: Voucher) -> Self {
        Self::Voucher(Box::new(voucher))
    }
}

impl From<MasterNode> for Node {
    fn from(node: MasterNode) -> Self {
        match node {
            MasterNode::AccountGroup(one) => Self::AccountGroup(one),
            MasterNode::VoucherType(one) => Self::VoucherType(one),
            MasterNode::GstRate(one) => Self::GstRate(one),
            MasterNode::TdsSection(one) => Self::TdsSection(one),
            MasterNode::AccountingYear(one) => Self::AccountingYear(Box::new(one)),
            MasterNode::State(one) => Self::State(Box::new(one)),
            MasterNode::Currency(one) => Self::Currency(Box::new(one)),
            MasterNode::Country(one) => Self::Country(Box::new(one)),
        }
    }
}

/// Most ids of one `nodes` call.
const IDS_MAX: usize = 100;

/// Queries by global id.
#[derive(Default, Debug)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The object with this id; null when there is none that you may see.
    /// Requires: the permission of the object's type.
    #[graphql(guard = "SignedIn")]
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id.")] id: ID,
    ) -> ApiResult<Option<Node>> {
        find(ctx, &id).await
    }

    /// The objects with these ids, in their order; null for each that you may not see, beside an error
    /// where a permission is missing.
    /// Requires: the permission of the object's type.
    #[graphql(
        guard = "SignedIn",
        complexity = "crate::graphql::cost::of_many(ids.len(), child_complexity)"
    )]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 global ids.")] ids: Vec<ID>,
    ) -> ApiResult<Vec<Option<ApiResult<Node>>>> {
        if ids.len() > IDS_MAX {
            let message = format!("{} ids are too many; ask for at most {IDS_MAX}", ids.len());
            return Err(Error::bad_input("ids", message).into());
        }
        // What a caller asks many of is read at once.
        let of_vouchers: Vec<VoucherId> = ids.iter().filter_map(vouchers::voucher_of).collect();
        let vouchers = match (of_vouchers.is_empty(), ctx.tenant()) {
            (true, _) => Ok(HashMap::new()),
            (false, Ok(scope)) => {
                vouchers::find_all(&scope, &of_vouchers).await.map_err(Into::into)
            }
            (false, Err(error)) => Err(error),
        };
        let mut found = Vec::with_capacity(ids.len());
        for id in &ids {
            // An error of one id takes nothing from the others.
            let one = match (vouchers::voucher_of(id), &vouchers) {
                (Some(id), Ok(vouchers)) => Ok(vouchers.get(&id).cloned().map(Node::from)),
                (Some(_), Err(error)) => Err(error.clone()),
                (None, _) => find(ctx, id).await,
            };
            found.push(one.transpose());
        }
        Ok(found)
    }
}

async fn find(ctx: &Context<'_>, global: &ID) -> ApiResult<Option<Node>> {
    // Rows of edit logs are numbered in each tenant from one: their ids name the tenant too.
    if let Some(row) = audit::find(ctx, global).await? {
        return Ok(Some(Node::AuditLogEntry(Box::new(row))));
    }
    let Some((kind, number)) = id::split(global) else { return Ok(None) };
    Ok(match kind.as_str() {
        BUSINESS => {
            let found = businesses::find(ctx, Some(BusinessId::new(number))).await?;
            found.map(|one| Node::Business(Box::new(one)))
        }
        BUSINESS_YEAR => {
            let found = years::find(&*ctx.tenant()?, BusinessYearId::new(number)).await?;
            found.map(|row| Node::BusinessYear(Box::new(row.into())))
        }
        LEDGER => {
            let found = ledgers::find(ctx, Some(LedgerId::new(number))).await?;
            found.map(|one| Node::Ledger(Box::new(one)))
        }
        TAX_FILING => {
            let found = filings::find(&*ctx.tenant()?, TaxFilingId::new(number)).await?;
            found.map(|row| Node::TaxFiling(Box::new(row.into())))
        }
        LOCK_EXCEPTION => {
            let id = LockExceptionId::new(number);
            let found = lock_exceptions::find(&*ctx.tenant()?, id).await?;
            found.map(|row| Node::LockException(Box::new(row.into())))
        }
        VOUCHER => {
            let found = vouchers::find(ctx, Some(VoucherId::new(number))).await?;
            found.map(Node::from)
        }
        VOUCHER_DRAFT => {
            let found = drafts::list::find(&*ctx.tenant()?, VoucherDraftId::new(number)).await?;
            found.map(|one| Node::VoucherDraft(Box::new(one.into())))
        }
        BUDGET => {
            let found = budgets::find(&*ctx.tenant()?, BudgetId::new(number)).await?;
            found.map(|row| Node::Budget(Box::new(row.into())))
        }
        COST_CATEGORY => {
            let id = CostCategoryId::new(number);
            let found = cost_centres::category(&*ctx.tenant()?, id).await?;
            found.map(|row| Node::CostCategory(Box::new(row.into())))
        }
        COST_CENTRE => {
            let id = CostCentreId::new(number);
            let found = cost_centres::centre(&*ctx.tenant()?, id).await?;
            found.map(|row| Node::CostCentre(Box::new(row.into())))
        }
        STORED_FILE => {
            let found = files::find(ctx, number).await?;
            found.map(|one| Node::StoredFile(Box::new(one)))
        }
        VOUCHER_TEMPLATE => {
            let found = templates::find(&*ctx.tenant()?, template_of(global)).await?;
            found.map(|row| Node::VoucherTemplate(Box::new(row.into())))
        }
        RECURRING_VOUCHER => {
            let found = recurring::list::find(&*ctx.tenant()?, recurring_of(global)).await?;
            found.map(|row| Node::RecurringVoucher(Box::new(row.into())))
        }
        RECURRING_RUN => {
            let found = recurring::list::find_run(&*ctx.tenant()?, run_of(global)).await?;
            found.map(|row| Node::RecurringRun(Box::new(row.into())))
        }
        IMPORT => {
            let found = import::find(ctx, number).await?;
            found.map(|one| Node::Import(Box::new(one)))
        }
        VOUCHER_ATTACHMENT => {
            let id = VoucherAttachmentId::new(number);
            let found = attachments::find(&*ctx.tenant()?, id).await?;
            found.map(|one| Node::VoucherAttachment(Box::new(one.into())))
        }
        BILL => {
            let found = bills::find(&*ctx.tenant()?, BillId::new(number)).await?;
            found.map(|one| Node::Bill(Box::new(one.into())))
        }
        BANK_STATEMENT => {
            let id = BankStatementId::new(number);
            let found = banks::statements::find(&*ctx.tenant()?, id).await?;
            found.map(|row| Node::BankStatement(Box::new(row.into())))
        }
        BANK_LINE => {
            let found = banks::lines::find(&*ctx.tenant()?, BankLineId::new(number)).await?;
            found.map(|line| Node::BankLine(Box::new(line.into())))
        }
        BANK_MATCH => {
            let found = banks::matches::find(&*ctx.tenant()?, BankMatchId::new(number)).await?;
            found.map(|one| Node::BankMatch(Box::new(one.into())))
        }
        BANK_RULE => {
            let found = banks::rules::find(&*ctx.tenant()?, BankRuleId::new(number)).await?;
            found.map(|row| Node::BankRule(Box::new(row.into())))
        }
        // The office and the tenant itself know one thing by one id, each from its side.
        TENANT if !matches!(ctx.caller()?, Caller::Platform(_)) => {
            let route = Arc::clone(ctx.tenant()?.db.route());
            (route.id.get() == number).then(|| Node::Account(Box::new(route.as_ref().into())))
        }
        TENANT | DATABASE_SERVER | JOB | ADMIN | ADMIN_AUDIT_LOG_ENTRY | PLATFORM_SESSION => {
            office::node(ctx.platform()?, &kind, number).await?
        }
        _ => match staff::node(ctx, global).await? {
            Some(found) => Some(found),
            None => shared::node(&kind, number, ctx).await?.map(Node::from),
        },
    })
}
