//! Uploads in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::role::Permission;

use super::{FilePurpose, StoredFile};
use crate::{
    graphql::{
        books::businesses::asked,
        context::{Asks, Requires},
        error::{ApiResult, answer},
        scalar::DateTime,
    },
    services::files::uploads::{self, CreateUpload},
    user_errors,
};

user_errors!(
    /// Something wrong with an upload.
    UploadUserError,
    /// What can be wrong with an upload.
    UploadErrorCode {
        /// There is no such business, or several and none was named.
        BusinessUnknown,
        /// Files for this are not of this type.
        MediaTypeRefused,
        /// This cannot be left out or empty.
        Required,
        /// The account has no room left for files of this size.
        StorageLimit,
        /// Files for this are not as large.
        TooLarge,
        /// The text is too long.
        TooLong,
    }
);

/// A file that is to be uploaded.
#[derive(InputObject, Debug)]
pub struct UploadCreateInput {
    /// For whose books; may be left out by who sees only one business.
    pub business_id: Option<ID>,
    /// What it is for.
    pub purpose: FilePurpose,
    /// Its name, without folders, of at most 200 characters.
    pub file_name: String,
    /// Its media type, such as "application/pdf".
    pub media_type: String,
    /// How many bytes it has; the bytes sent must be as many.
    pub size: i32,
}

/// Where to send a file.
#[derive(SimpleObject, Debug)]
pub struct UploadCreatePayload {
    /// The file that is awaited; null when something was wrong.
    pub file: Option<StoredFile>,
    /// The address to send the bytes to, by PUT and without a token; a path of this server where
    /// `server.public_url` is not set. It opens once, for you alone.
    pub upload_url: Option<String>,
    /// When that address ends.
    pub expires_at: Option<DateTime>,
    /// What was wrong; empty when it was done.
    pub user_errors: Vec<UploadUserError>,
}

/// Mutations of uploads.
#[derive(Default, Debug)]
pub struct UploadMutation;

#[Object]
impl UploadMutation {
    /// Announces a file, and answers the address to send its bytes to: `PUT` with the bytes as the body.
    /// What is sent is checked against what was announced. A file that nothing uses goes after a day.
    /// Requires: FILE_UPLOAD.
    #[graphql(guard = "Requires(Permission::FileUpload)")]
    async fn upload_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to come.")] input: UploadCreateInput,
    ) -> ApiResult<UploadCreatePayload> {
        let office = &ctx.desk()?.office;
        let command = CreateUpload {
            business: asked(input.business_id.as_ref()),
            purpose: input.purpose.into(),
            name: input.file_name,
            media_type: input.media_type,
            size: input.size.into(),
        };
        let outcome = uploads::create(office, &*ctx.tenant()?, command).await;
        let (done, user_errors) = answer(outcome)?;
        let Some((row, link)) = done else {
            let (file, upload_url, expires_at) = (None, None, None);
            return Ok(UploadCreatePayload { file, upload_url, expires_at, user_errors });
        };
        let url = office.rules.files.url(&format!("/files/{}", link.token));
        Ok(UploadCreatePayload {
            file: Some(row.into()),
            upload_url: Some(url),
            expires_at: Some(DateTime(link.expires_at)),
            user_errors,
        })
    }
}
