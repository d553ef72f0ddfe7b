//! What is done with imports.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::{id::StoredFileId, role::Permission};

use super::{
    import::{Import, import_of},
    words::{BookFormat, BookPart, ImportNumbers},
};
use crate::{
    graphql::{
        books::{businesses::asked, ledgers::ledger_of},
        context::{Asks, Requires},
        error::{ApiResult, answer},
        files::STORED_FILE,
        id,
        master::{groups::group_of, types::type_of},
        retry::input_hash,
    },
    lane::Claim,
    payloads,
    services::imports::{
        apply::{self, ApplyImport},
        asked::Options,
        stage::{self, MapImport, StageImport, WrittenLedger},
    },
    user_errors,
};

user_errors!(
    /// Something wrong with an import.
    ImportUserError,
    /// What can be wrong with an import.
    ImportErrorCode {
        /// There is no such account group, or it takes no more ledgers.
        AccountGroupUnknown,
        /// The business wants vouchers approved one by one.
        ApprovalRequired,
        /// A bill has less open than a voucher settles.
        BillOverAllocated,
        /// There is no such business, or it was not said which one.
        BusinessUnknown,
        /// The file is in these books already.
        ImportDuplicate,
        /// Errors are among the findings.
        ImportFaulty,
        /// A ledger takes no more entries.
        LedgerArchived,
        /// There is no such ledger in the business.
        LedgerUnknown,
        /// It cannot be done with this import any more.
        NotAllowed,
        /// There is no such import or file.
        NotFound,
        /// Another voucher of the series has the number.
        NumberTaken,
        /// A number is too long or has a character that is not allowed.
        NumberTooLong,
        /// A day of a voucher is locked.
        PeriodLocked,
        /// It must be said.
        Required,
        /// Somebody else changed it meanwhile.
        Stale,
        /// The file, or something in it, is beyond a bound; the message says which.
        TooLarge,
        /// Too many at once.
        TooMany,
        /// There is no such voucher type that counts in the books.
        VoucherTypeUnknown,
        /// A voucher's accounting year is closed.
        YearClosed,
        /// A voucher's accounting year is not open.
        YearNotOpen,
    }
);

/// A file of books to be read.
#[derive(InputObject, Debug, Clone)]
pub struct ImportStageInput {
    /// Into whose books; may be left out by who sees only one.
    pub business_id: Option<ID>,
    /// The file: uploaded for the purpose IMPORT.
    pub file_id: ID,
    /// What it is.
    pub format: BookFormat,
    /// What it holds. A CSV holds one sheet, and needs this.
    pub part: Option<BookPart>,
    /// Whether months stand before days, as in 03/31/2026; only for sheets.
    #[graphql(default)]
    pub month_first: bool,
    /// Whether a comma stands between units and their parts, as in 1.000,50; only for sheets.
    #[graphql(default)]
    pub decimal_comma: bool,
}

/// What a group of the file stands for.
#[derive(InputObject, Debug, Clone)]
pub struct ImportGroupInput {
    /// Its name in the file, whatever its case.
    pub name: String,
    /// The group here; null takes back what was said of it.
    pub account_group_id: Option<ID>,
}

/// What a ledger of the file stands for: one that is here, or a new one. Neither takes back what was said.
#[derive(InputObject, Debug, Clone)]
pub struct ImportLedgerInput {
    /// Its name in the file, whatever its case.
    pub name: String,
    /// The ledger here.
    pub ledger_id: Option<ID>,
    /// The group below which it is opened under its own name.
    pub account_group_id: Option<ID>,
}

/// What a voucher type of the file stands for.
#[derive(InputObject, Debug, Clone)]
pub struct ImportVoucherTypeInput {
    /// Its name in the file, whatever its case.
    pub name: String,
    /// The type here; null takes back what was said of it.
    pub voucher_type_id: Option<ID>,
    /// Whether its vouchers close years: profit and loss leaves them out.
    #[graphql(default)]
    pub is_closing: bool,
}

/// What names of an import stand for from now on; what is left out stays as it is.
#[derive(InputObject, Debug, Clone)]
pub struct ImportMapInput {
    /// The import.
    pub import_id: ID,
    /// The version that you saw; it is refused when another one came between.
    pub expected_version: Option<i32>,
    /// Groups, at most 2,000 at once. Ledgers and groups below them follow.
    #[graphql(default)]
    pub groups: Vec<ImportGroupInput>,
    /// Ledgers, at most 2,000 at once.
    #[graphql(default)]
    pub ledgers: Vec<ImportLedgerInput>,
    /// Voucher types.
    #[graphql(default)]
    pub voucher_types: Vec<ImportVoucherTypeInput>,
    /// Which numbers vouchers get.
    pub numbers: Option<ImportNumbers>,
    /// Whether openings are taken.
    pub takes_openings: Option<bool>,
    /// Whether journals on the last day of a year, between income, expense and capital alone, are marked
    /// as closing.
    pub finds_closing: Option<bool>,
}

/// Which import.
#[derive(InputObject, Debug, Clone)]
pub struct ImportActInput {
    /// The import.
    pub import_id: ID,
}

/// An import to be applied.
#[derive(InputObject, Debug, Clone)]
pub struct ImportApplyInput {
    /// Your own key for this request, 1 to 255 characters; the same key and input again posts nothing more.
    pub idempotency_key: String,
    /// The import.
    pub import_id: ID,
    /// The version that you saw; it is refused when another one came between.
    pub expected_version: Option<i32>,
    /// Whether a file that is in these books already may come in once more.
    #[graphql(default)]
    pub allow_duplicate: bool,
}

payloads! {
    /// The import as it stands now; null when something was wrong.
    import: Import, of daybook_entity::tenant::imports::import::Model, or ImportUserError;
    /// What staging a file did.
    ImportStagePayload
    /// What giving names a meaning did.
    ImportMapPayload
    /// What discarding an import did.
    ImportDiscardPayload
}

/// What trying an import found.
#[derive(SimpleObject, Debug)]
pub struct ImportTryPayload {
    /// The import as it stands now; null when something was wrong.
    pub import: Option<Import>,
    /// How many of its vouchers were really judged, beside all ledgers and openings; at most 128.
    pub judged_vouchers: i32,
    /// What was wrong; empty when all of it can be posted as far as was judged.
    pub user_errors: Vec<ImportUserError>,
}

/// What applying an import did.
#[derive(SimpleObject, Debug)]
pub struct ImportApplyPayload {
    /// The import as it stands now; null when something was wrong: nothing is posted then.
    pub import: Option<Import>,
    /// Whether an earlier call had applied it.
    pub replayed: bool,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<ImportUserError>,
}

/// Mutations of imports.
#[derive(Default, Debug)]
pub struct ImportMutation;

#[Object]
impl ImportMutation {
    /// Reads an uploaded file of books and tells what is in it. Nothing is posted. Requires: IMPORT_RUN.
    #[graphql(guard = "Requires(Permission::ImportRun)", complexity = "100 + child_complexity")]
    async fn import_stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file, and what it is.")] input: ImportStageInput,
    ) -> ApiResult<ImportStagePayload> {
        let command = StageImport {
            business: asked(input.business_id.as_ref()),
            file: id::decode(STORED_FILE, &input.file_id).map(StoredFileId::new),
            format: input.format.into(),
            kind: input.part.map(Into::into),
            options: Options { month_first: input.month_first, decimal_comma: input.decimal_comma },
        };
        ImportStagePayload::of(stage::stage(&*ctx.tenant()?, command).await)
    }

    /// Says what names of an import stand for, and checks its file again. Nothing is posted.
    /// Requires: IMPORT_RUN.
    #[graphql(guard = "Requires(Permission::ImportRun)", complexity = "100 + child_complexity")]
    async fn import_map(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What stands for what.")] input: ImportMapInput,
    ) -> ApiResult<ImportMapPayload> {
        let command = MapImport {
            import: import_of(&input.import_id),
            expected_version: input.expected_version,
            groups: input
                .groups
                .into_iter()
                .map(|one| (one.name, one.account_group_id.map(|id| group_of(&id))))
                .collect(),
            ledgers: input
                .ledgers
                .into_iter()
                .map(|one| {
                    let existing = one.ledger_id.map(|id| WrittenLedger::Existing(ledger_of(&id)));
                    let new = one.account_group_id.map(|id| WrittenLedger::New(group_of(&id)));
                    (one.name, existing.or(new))
                })
                .collect(),
            types: input
                .voucher_types
                .into_iter()
                .map(|one| (one.name, one.voucher_type_id.map(|id| type_of(&id)), one.is_closing))
                .collect(),
            numbers: input.numbers.map(Into::into),
            takes_openings: input.takes_openings,
            finds_closing: input.finds_closing,
        };
        ImportMapPayload::of(stage::map(&*ctx.tenant()?, command).await)
    }

    /// Checks the whole file against the books as they stand, and judges its ledgers, openings and first
    /// 128 vouchers as posting would, without leaving a trace. Requires: IMPORT_RUN.
    #[graphql(guard = "Requires(Permission::ImportRun)", complexity = "200 + child_complexity")]
    async fn import_try(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which import.")] input: ImportActInput,
    ) -> ApiResult<ImportTryPayload> {
        let outcome = apply::try_out(&*ctx.tenant()?, import_of(&input.import_id)).await;
        let (done, user_errors) = answer(outcome)?;
        let judged = done.as_ref().map_or(0, |done| done.vouchers);
        Ok(ImportTryPayload {
            import: done.map(|done| done.import.into()),
            judged_vouchers: i32::try_from(judged).unwrap_or(i32::MAX),
            user_errors,
        })
    }

    /// Posts everything that an import holds, in one transaction: new groups and ledgers, openings and up
    /// to 20,000 vouchers. All of it or nothing. Requires: IMPORT_RUN.
    #[graphql(guard = "Requires(Permission::ImportRun)", complexity = "500 + child_complexity")]
    async fn import_apply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which import.")] input: ImportApplyInput,
    ) -> ApiResult<ImportApplyPayload> {
        let claim = Claim {
            field: "importApply",
            key: input.idempotency_key.clone(),
            input_hash: input_hash(&input),
        };
        let command = ApplyImport {
            import: import_of(&input.import_id),
            expected_version: input.expected_version,
            allows_duplicate: input.allow_duplicate,
            claim,
        };
        let (done, user_errors) = answer(apply::apply(&*ctx.tenant()?, command).await)?;
        let replayed = done.as_ref().is_some_and(|done| done.replayed);
        let import = done.map(|done| done.import.into());
        Ok(ImportApplyPayload { import, replayed, user_errors })
    }

    /// Gives an import up. What it would have posted is not posted. Requires: IMPORT_RUN.
    #[graphql(guard = "Requires(Permission::ImportRun)")]
    async fn import_discard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which import.")] input: ImportActInput,
    ) -> ApiResult<ImportDiscardPayload> {
        let id = import_of(&input.import_id);
        ImportDiscardPayload::of(stage::discard(&*ctx.tenant()?, id).await)
    }
}
