//! Refusals and failures on the wire.

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, ServerError};

use crate::error::{Error, Refusal};

/// What resolvers return.
pub type ApiResult<T> = Result<T, ApiError>;

/// A service's error leaving through GraphQL.
///
/// It must not implement `Display`: the library turns every printable error into a GraphQL error by
/// itself, without our code, and `?` would pick that conversion.
#[derive(Debug, Clone)]
pub struct ApiError(Arc<Error>);

impl ApiError {
    /// The error itself.
    pub fn inner(&self) -> &Error {
        &self.0
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(ApiError(error): ApiError) -> Self {
        if let Some(cause) = error.cause() {
            // The request id is on the span of the operation.
            tracing::error!(code = error.code(), %cause, "a field failed");
        }
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.code());
        match error.as_ref() {
            Error::Throttled { retry_after_ms } => {
                extensions.set("retryAfterSeconds", retry_after_ms.div_ceil(1_000));
            }
            Error::BadInput { argument, .. } => extensions.set("argument", argument.clone()),
            Error::Forbidden(permission) => extensions.set("permission", permission.as_str()),
            _ => {}
        }
        async_graphql::Error {
            message: error.to_string(),
            source: None,
            extensions: Some(extensions),
        }
    }
}

/// An error that no service made, with a code of the closed list.
pub fn coded(message: impl Into<String>, code: &str) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// Parts what a mutation did from why it refused; a failure stays an error.
///
/// # Errors
/// Everything that is not a refusal of the input.
pub fn answer<T, U: From<Refusal>>(
    outcome: crate::error::Result<T>,
) -> ApiResult<(Option<T>, Vec<U>)> {
    match outcome {
        Ok(done) => Ok((Some(done), Vec::new())),
        Err(Error::Refused(why)) => Ok((None, why.into_iter().map(U::from).collect())),
        Err(failure) => Err(failure.into()),
    }
}

/// Declares an area's user errors: the enum of its codes and the object that carries one.
///
/// A refusal whose code the area does not list is shown as `INVALID`, which every area has.
#[macro_export]
macro_rules! user_errors {
    (
        $(#[$doc:meta])* $error:ident,
        $(#[$code_doc:meta])* $code:ident {
            $($(#[$variant_doc:meta])* $variant:ident),* $(,)?
        }
    ) => {
        $(#[$code_doc])*
        #[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $code {
            /// A value that cannot be used; the message says what is allowed.
            Invalid,
            $($(#[$variant_doc])* $variant,)*
        }

        $(#[$doc])*
        #[derive(async_graphql::SimpleObject, Debug, Clone)]
        pub struct $error {
            /// What kind of thing is wrong, for programs.
            pub code: $code,
            /// Path to the field of the arguments that it is about, from the argument's name on.
            pub field: Option<Vec<String>>,
            /// What is wrong and what to do, for people.
            pub message: String,
        }

        impl From<$crate::error::Refusal> for $error {
            fn from(why: $crate::error::Refusal) -> Self {
                let code = match why.code {
                    $($crate::error::Code::$variant => $code::$variant,)*
                    _ => $code::Invalid,
                };
                let field = (!why.field.is_empty()).then_some(why.field);
                Self { code, field, message: why.message }
            }
        }
    };
}

/// Declares what changes of one kind of thing answer: the thing, and what was wrong.
#[macro_export]
macro_rules! payloads {
    (
        #[$thing_doc:meta]
        $field:ident: $thing:ty, of $row:ty, or $error:ty;
        $($(#[$doc:meta])* $name:ident)+
    ) => {$(
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject, Debug)]
        pub struct $name {
            #[$thing_doc]
            pub $field: Option<$thing>,
            /// What was wrong; empty when it was done.
            pub user_errors: Vec<$error>,
        }

        impl $name {
            fn of(outcome: $crate::error::Result<$row>) -> $crate::graphql::error::ApiResult<Self> {
                let (done, user_errors) = $crate::graphql::error::answer(outcome)?;
                Ok(Self { $field: done.map(<$thing>::from), user_errors })
            }
        }
    )+};
}
