//! What an entity writes, it reads back, on each engine.

use daybook_domain::instrument::Instrument;
use daybook_entity::{
    main::{people::*, record::*, work::*},
    master::{chart::*, node::*, tenant::*},
    tenant::{
        bank::*, books::*, budgets::*, business::*, chart as own, chart::ledger, costs::*,
        drafts::*, exchange::exchange_rate, files::*, filings::*, imports::*, lane::lane,
        people as staff, record::*, recurring::*,
    },
};
use daybook_migration::{MainMigrator, MasterMigrator, MigratorTrait, TenantMigrator};
use sea_orm::DatabaseConnection;

use crate::{
    engine::on_each_engine,
    rows::{Fill, both_fit, day, fits, none, number, one_fits},
};

/// Every table of the main database.
pub async fn main_rows(db: &DatabaseConnection) {
    both_fit::<platform_user::Entity>(
        db,
        &[("role", PlatformRole::Distributor.into()), ("status", PlatformStatus::Invited.into())],
    )
    .await;
    both_fit::<platform_session::Entity>(db, &[]).await;
    both_fit::<platform_refresh_token::Entity>(db, &[]).await;
    both_fit::<platform_one_time_code::Entity>(
        db,
        &[("purpose", PlatformCodePurpose::PasswordReset.into())],
    )
    .await;
    one_fits::<admin_chain::Entity>(db).await;
    both_fit::<admin_audit_log::Entity>(db, &[]).await;
    both_fit::<job::Entity>(db, &[("state", JobState::Leased.into())]).await;
    both_fit::<tenant_change::Entity>(db, &[]).await;
    both_fit::<outbox_pending::Entity>(db, &[("pending", false.into())]).await;
    both_fit::<tenant_due::Entity>(db, &[]).await;
}

/// Every table of the master database.
pub async fn master_rows(db: &DatabaseConnection) {
    one_fits::<master_state::Entity>(db).await;
    both_fit::<database_server::Entity>(
        db,
        &[("engine", Engine::Mysql.into()), ("status", ServerStatus::Retired.into())],
    )
    .await;
    both_fit::<tenant_master::Entity>(
        db,
        &[
            ("status", TenantStatus::Provisioning.into()),
            ("subscription_status", SubscriptionStatus::PastDue.into()),
            ("migration_state", MigrationState::Swapping.into()),
        ],
    )
    .await;
    both_fit::<login_directory::Entity>(db, &[]).await;
    both_fit::<login_throttle::Entity>(db, &[]).await;
    both_fit::<account_group::Entity>(
        db,
        &[
            ("nature", Nature::Expense.into()),
            ("normal_side", NormalSide::Either.into()),
            ("statement", Statement::ProfitAndLoss.into()),
        ],
    )
    .await;
    both_fit::<voucher_type::Entity>(db, &[]).await;
    both_fit::<gst_rate::Entity>(db, &[]).await;
    both_fit::<tds_section::Entity>(db, &[("kind", "TCS".into()), ("act", "2025".into())]).await;
    for (n, fill) in [(1, Fill::Full), (2, Fill::Sparse)] {
        let month = i32::try_from(n).unwrap();
        let given = [("first_month", month.into()), ("ends_on", day(2024, 12, 31).into())];
        fits::<accounting_year::Entity>(db, n, fill, &given).await;
        fits::<node_lease::Entity>(db, n, fill, &[("node", (1021 + n).into())]).await;
    }
    both_fit::<state::Entity>(db, &[]).await;
    both_fit::<currency::Entity>(db, &[("exponent", 4.into())]).await;
    both_fit::<country::Entity>(db, &[]).await;
    both_fit::<chain_anchor::Entity>(db, &[]).await;
}

/// Every table of a tenant's database.
pub async fn tenant_rows(db: &DatabaseConnection) {
    one_fits::<lane::Entity>(db).await;
    both_fit::<staff::user::Entity>(
        db,
        &[("role", staff::UserRole::Agent.into()), ("status", staff::UserStatus::Disabled.into())],
    )
    .await;
    both_fit::<staff::user_business::Entity>(db, &[]).await;
    both_fit::<staff::session::Entity>(db, &[]).await;
    both_fit::<staff::refresh_token::Entity>(db, &[]).await;
    both_fit::<staff::api_key::Entity>(db, &[]).await;
    both_fit::<staff::one_time_code::Entity>(
        db,
        &[("purpose", staff::CodePurpose::Invitation.into())],
    )
    .await;
    both_fit::<business::Entity>(db, &[]).await;
    // A closed one lies before the vouchers below, which would otherwise be refused.
    let shut = [("starts_on", day(1999, 1, 1).into()), ("ends_on", day(1999, 12, 31).into())];
    fits::<business_year::Entity>(db, 1, Fill::Full, &shut).await;
    fits::<business_year::Entity>(db, 2, Fill::Sparse, &[]).await;
    both_fit::<year_act::Entity>(db, &[("kind", YearActKind::Reopened.into())]).await;
    // Before the day of the vouchers below, which would otherwise be refused.
    let early = ("locked_through", day(2000, 1, 1).into());
    both_fit::<period_lock::Entity>(db, &[("kind", LockKind::Hard.into()), early]).await;
    fits::<lock_exception::Entity>(
        db,
        1,
        Fill::Full,
        &[("role", staff::UserRole::Accountant.into())],
    )
    .await;
    fits::<lock_exception::Entity>(db, 2, Fill::Sparse, &[]).await;
    both_fit::<gstin::Entity>(db, &[]).await;
    both_fit::<exchange_rate::Entity>(db, &[]).await;
    let days = [
        ("period_from", day(2026, 1, 1).into()),
        ("period_to", day(2026, 1, 31).into()),
        ("filed_on", day(2026, 2, 10).into()),
    ];
    both_fit::<tax_filing::Entity>(db, &days).await;

    let below_group = [("parent_subgroup_id", none::<i64>())];
    fits::<own::account_subgroup::Entity>(db, 1, Fill::Full, &below_group).await;
    let below_own = [("parent_subgroup_id", number(1).into())];
    fits::<own::account_subgroup::Entity>(db, 2, Fill::Sparse, &below_own).await;
    both_fit::<own::account_group_override::Entity>(db, &[]).await;
    both_fit::<own::voucher_type_override::Entity>(db, &[]).await;
    both_fit::<own::own_voucher_type::Entity>(db, &[]).await;
    let usage = ("cost_use", CostUse::Required.into());
    let given = [("group_id", none::<i64>()), usage.clone()];
    fits::<ledger::Entity>(db, 1, Fill::Full, &given).await;
    fits::<ledger::Entity>(db, 2, Fill::Sparse, &[usage]).await;
    both_fit::<cost_category::Entity>(db, &[]).await;
    both_fit::<cost_centre::Entity>(db, &[]).await;
    book_rows(db).await;
    both_fit::<audit_log::Entity>(db, &[]).await;
    both_fit::<idempotency_key::Entity>(db, &[]).await;
    both_fit::<outbox::Entity>(db, &[]).await;
}

async fn book_rows(db: &DatabaseConnection) {
    both_fit::<voucher_series::Entity>(db, &[]).await;
    both_fit::<voucher::Entity>(db, &[]).await;
    both_fit::<voucher_version::Entity>(db, &[("kind", VoucherKind::Opening.into())]).await;
    let taken_back = ("effect", (-1i16).into());
    let given = [taken_back.clone(), ("credit", 0i64.into()), ("closing", false.into())];
    both_fit::<voucher_ledger_entry::Entity>(db, &given).await;
    let given = [
        taken_back.clone(),
        ("credit", 0i64.into()),
        ("applies_until", none::<sea_orm::prelude::Date>()),
    ];
    both_fit::<scenario_entry::Entity>(db, &given).await;
    both_fit::<voucher_item::Entity>(db, std::slice::from_ref(&taken_back)).await;
    both_fit::<voucher_tax_line::Entity>(db, std::slice::from_ref(&taken_back)).await;
    both_fit::<voucher_act::Entity>(db, &[("kind", ActKind::Deallocated.into())]).await;
    let by_version =
        [("kind", BillKind::OnAccount.into()), ("debit", 0i64.into()), ("act_id", none::<i64>())];
    fits::<bill_wise_detail::Entity>(db, 1, Fill::Full, &by_version).await;
    let by_act =
        [("kind", BillKind::Against.into()), ("credit", 0i64.into()), ("act_id", number(2).into())];
    fits::<bill_wise_detail::Entity>(db, 2, Fill::Sparse, &by_act).await;
    both_fit::<ledger_period_total::Entity>(db, &[]).await;
    let given = [taken_back, ("credit", 0i64.into())];
    both_fit::<cost_centre_split::Entity>(db, &given).await;
    both_fit::<budget::Entity>(db, &[]).await;
    let closing = ("basis", BudgetBasis::ClosingBalance.into());
    let of_ledger = [closing.clone(), ("group_id", none::<i64>()), ("subgroup_id", none::<i64>())];
    fits::<budget_line::Entity>(db, 1, Fill::Full, &of_ledger).await;
    let of_group = [closing, ("group_id", number(2).into())];
    fits::<budget_line::Entity>(db, 2, Fill::Sparse, &of_group).await;
    both_fit::<budget_amount::Entity>(db, &[]).await;
    bank_rows(db).await;
    fits::<import::Entity>(db, 1, Fill::Full, &[("state", ImportState::Applied.into())]).await;
    fits::<import::Entity>(db, 2, Fill::Sparse, &[("state", ImportState::Staged.into())]).await;
    both_fit::<import_finding::Entity>(db, &[("severity", FindingSeverity::Note.into())]).await;
    let rejected = ("status", DraftStatus::Rejected.into());
    let given = [("action", DraftAction::Reverse.into()), rejected.clone()];
    fits::<voucher_draft::Entity>(db, 1, Fill::Full, &given).await;
    let given = [("action", DraftAction::Post.into()), rejected];
    fits::<voucher_draft::Entity>(db, 2, Fill::Sparse, &given).await;
    both_fit::<voucher_template::Entity>(db, &[]).await;
    let given = [
        ("unit", RecurrenceUnit::Quarter.into()),
        ("short_month", ShortMonthRule::NextMonth.into()),
        ("state", RecurringState::Ended.into()),
        ("makes", RecurringMakes::Voucher.into()),
        ("catch_up", CatchUpRule::Latest.into()),
    ];
    both_fit::<recurring_voucher::Entity>(db, &given).await;
    let given = [("state", RunState::Failed.into()), ("reason", DraftReason::Approval.into())];
    both_fit::<recurring_run::Entity>(db, &given).await;
    let given =
        [("purpose", FilePurpose::BankStatement.into()), ("state", FileState::Stored.into())];
    fits::<stored_file::Entity>(db, 1, Fill::Full, &given).await;
    let given = [
        ("purpose", FilePurpose::Import.into()),
        ("state", FileState::Awaited.into()),
        ("expires_at", number(2).into()),
    ];
    fits::<stored_file::Entity>(db, 2, Fill::Sparse, &given).await;
    both_fit::<stored_file_chunk::Entity>(db, &[]).await;
    both_fit::<voucher_attachment::Entity>(db, &[]).await;
}

async fn bank_rows(db: &DatabaseConnection) {
    let given = [("instrument", Instrument::DemandDraft.into()), ("effect", (-1i16).into())];
    both_fit::<entry_bank_detail::Entity>(db, &given).await;
    both_fit::<bank_account::Entity>(db, &[]).await;
    both_fit::<bank_statement::Entity>(db, &[("format", StatementFormat::Mt940.into())]).await;
    both_fit::<bank_line::Entity>(db, &[]).await;
    both_fit::<bank_match::Entity>(db, &[("kind", MatchKind::ByHand.into())]).await;
    both_fit::<bank_match_line::Entity>(db, &[]).await;
    both_fit::<bank_match_entry::Entity>(db, &[]).await;
    let given =
        [("comparison", RuleComparison::Equals.into()), ("side", RuleSide::MoneyOut.into())];
    both_fit::<bank_rule::Entity>(db, &given).await;
}

#[tokio::test]
async fn the_main_tables_take_and_give_back_every_row_before_and_after_the_way_back() {
    on_each_engine::<MainMigrator, _>(|books| async move {
        main_rows(&books.db).await;
        MainMigrator::down(&books.db, None).await.unwrap();
        MainMigrator::up(&books.db, None).await.unwrap();
        main_rows(&books.db).await;
    })
    .await;
}

#[tokio::test]
async fn the_master_tables_take_and_give_back_every_row_before_and_after_the_way_back() {
    on_each_engine::<MasterMigrator, _>(|books| async move {
        master_rows(&books.db).await;
        MasterMigrator::down(&books.db, None).await.unwrap();
        MasterMigrator::up(&books.db, None).await.unwrap();
        master_rows(&books.db).await;
    })
    .await;
}

#[tokio::test]
async fn the_tenant_tables_take_and_give_back_every_row_before_and_after_the_way_back() {
    on_each_engine::<TenantMigrator, _>(|books| async move {
        tenant_rows(&books.db).await;
        TenantMigrator::down(&books.db, None).await.unwrap();
        TenantMigrator::up(&books.db, None).await.unwrap();
        tenant_rows(&books.db).await;
    })
    .await;
}
