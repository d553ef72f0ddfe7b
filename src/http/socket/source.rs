//! Who may listen, and to what: the gate and the schema, as a connection asks them.

use std::sync::Arc;

use async_graphql::{Response, ServerError, parser::types::OperationType};
use futures_util::{StreamExt, future::BoxFuture, stream::BoxStream};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::connection::server_error;
use crate::{
    auth::gate::{Admission, Recognised},
    error::Error,
    graphql::{
        context::{Caller, Listening},
        error::coded,
    },
    http::{
        credentials,
        graphql::{Endpoint, prepare, spenders_of},
        request::Asked,
    },
};

/// A connection's card with what `connection_init` shows: `authorization` as in HTTP, or `x-api-key`.
///
/// # Errors
/// [`Error::Unauthenticated`] for an authorization of another kind.
pub fn with(card: &Admission, payload: &Map<String, Value>) -> Result<Admission, Error> {
    let shown = |name: &str| {
        let found = payload.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        match found.map(|(_, value)| value) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(Error::Unauthenticated),
        }
    };
    credentials::with(card, shown("authorization")?, shown("x-api-key")?)
}

/// A connection that is known.
#[derive(Debug, Clone)]
pub struct Member {
    /// What it showed; each subscription and each event is judged by it anew.
    pub card: Admission,
    /// The user, by a name that no other has; none for strangers.
    pub user: Option<String>,
    /// The tenant, for the log.
    pub tenant: Option<String>,
    /// When its token ends, UTC milliseconds.
    pub ends_at: Option<i64>,
}

/// What a connection asks of the rest of the program.
pub trait Source: Send + Sync + 'static {
    /// Finds out who connects.
    fn admit(&self, card: Admission) -> BoxFuture<'_, Result<Member, Error>>;

    /// Whether a member's token has ended.
    fn has_ended(&self, member: &Member) -> bool;

    /// Begins to listen: a stream of events, or why there is none.
    fn open<'a>(
        &'a self,
        member: &'a Member,
        asked: Asked,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Response>, ServerError>>;

    /// Deepest nesting of a message.
    fn nesting(&self) -> usize;

    /// Whether errors may suggest names of the schema.
    fn suggests(&self) -> bool;
}

impl Source for Endpoint {
    fn admit(&self, card: Admission) -> BoxFuture<'_, Result<Member, Error>> {
        Box::pin(async move {
            let recognised = self.recognise(card.clone()).await?;
            let user = recognised.name();
            let tenant = recognised.tenant().map(|route| route.subdomain.clone());
            let bearer = card.bearer.as_ref();
            let ends_at = bearer.and_then(|token| self.desk.tokens.ends_at(token.expose_secret()));
            Ok(Member { card, user, tenant, ends_at })
        })
    }

    fn has_ended(&self, member: &Member) -> bool {
        let now = self.desk.office.clock.now_ms();
        member.ends_at.is_some_and(|ends_at| now >= ends_at)
    }

    fn open<'a>(
        &'a self,
        member: &'a Member,
        asked: Asked,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Response>, ServerError>> {
        Box::pin(async move {
            let ready = prepare(self, asked)?;
            if ready.facts.operation != OperationType::Subscription {
                let why = "ask queries and mutations at POST /graphql";
                return Err(coded(why, "BAD_USER_INPUT"));
            }
            if ready.facts.root_fields.len() != 1 {
                let why = "a subscription has one root field; send several subscriptions";
                return Err(coded(why, "BAD_USER_INPUT"));
            }
            let recognised = self.recognise(member.card.clone()).await.map_err(server_error)?;
            let request = ready.request.data(Arc::clone(&self.desk)).data(spenders_of(&recognised));
            let request = request.data(self.listener(&recognised, member.card.clone()));
            Ok(self.schema.execute_stream(request).boxed())
        })
    }

    fn nesting(&self) -> usize {
        self.bounds.nesting
    }

    fn suggests(&self) -> bool {
        self.introspection
    }
}

impl Endpoint {
    fn listener(&self, recognised: &Recognised, card: Admission) -> Caller {
        let Recognised::Tenant(scope) = recognised else { return recognised.into() };
        let endpoint = self.clone();
        let again = move || -> BoxFuture<'static, _> {
            let (endpoint, shown) = (endpoint.clone(), card.clone());
            Box::pin(async move {
                match endpoint.recognise(shown).await? {
                    Recognised::Tenant(scope) => Ok(scope),
                    Recognised::Nobody(_) | Recognised::Platform(_) => Err(Error::Unauthenticated),
                }
            })
        };
        Caller::Listening(Listening::new(Arc::clone(scope), Box::new(again)))
    }
}
