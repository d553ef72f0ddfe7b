//! Whole books taken out, in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::role::Permission;

use super::words::{BookFormat, BookPart};
use crate::{
    graphql::{
        books::businesses::asked,
        context::{Asks, Requires},
        error::{ApiResult, answer},
        files::downloads::Download,
        scalar::Date,
    },
    services::{exports, imports::export::ExportBooks},
    user_errors,
};

user_errors!(
    /// Something wrong with what is to be taken out.
    BookExportUserError,
    /// What can be wrong with what is to be taken out.
    BookExportErrorCode {
        /// There is no such business, or it was not said which one.
        BusinessUnknown,
        /// A CSV holds one sheet; say which part.
        Required,
    }
);

/// Which books are taken out, and as what.
#[derive(InputObject, Debug)]
pub struct BookExportInput {
    /// Whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// As what.
    pub format: BookFormat,
    /// Which part. A CSV holds one sheet, and needs this; the other formats hold everything.
    pub part: Option<BookPart>,
    /// First day of the vouchers; what was before stands in the openings. The first day of the books when
    /// left out.
    pub from: Option<Date>,
    /// Last day of the vouchers; all of them when left out.
    pub to: Option<Date>,
}

/// Where to fetch books.
#[derive(SimpleObject, Debug)]
pub struct BookExportPayload {
    /// The download; null when something was wrong.
    pub download: Option<Download>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<BookExportUserError>,
}

/// Mutations that take books out.
#[derive(Default, Debug)]
pub struct BookExportMutation;

#[Object]
impl BookExportMutation {
    /// Answers where to fetch the books of a business as a file that `importStage` and other programs
    /// read. The file is made when it is fetched, from the books as they are then and with the rights that
    /// you have then; nothing is stored.
    /// Requires: BOOK_EXPORT.
    #[graphql(
        guard = "Requires(Permission::BookExport)",
        complexity = "crate::graphql::cost::of_many(20, child_complexity)"
    )]
    async fn book_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which books, and as what.")] input: BookExportInput,
    ) -> ApiResult<BookExportPayload> {
        let office = &ctx.desk()?.office;
        let command = ExportBooks {
            business: asked(input.business_id.as_ref()),
            format: input.format.into(),
            kind: input.part.map(Into::into),
            from: input.from.map(|day| day.0),
            to: input.to.map(|day| day.0),
        };
        let outcome = exports::prepare_books(office, &*ctx.tenant()?, command).await;
        let (done, user_errors) = answer(outcome)?;
        let download = done.map(|(link, name)| Download::of(office, link, name));
        Ok(BookExportPayload { download, user_errors })
    }
}
