//! Who may listen, and to what: the gate and the schema, as a connection asks them.

use std::sync::Arc;

use async_graphql::{Response, ServerError, parser::types::OperationType};
use futures_util::{StreamExt, future::BoxFuture, stream::BoxStream};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::connection::server_error;
use crate::{
    auth::gate::{Admission, Recognised, recognise},
    error::Error,
    graphql::context::{Caller, Listening},
    http::{
        answer::coded,
        graphql::{Endpoint, prepare, spenders_of},
        request::Asked,
    },
};

/// What a connection showed; each subscription and each event is judged by it anew.
#[derive(Debug, Clone)]
pub struct Card {
    /// The host that was asked for.
    pub host: Option<String>,
    /// The header `X-Tenant`.
    pub tenant: Option<String>,
    /// Where it comes from.
    pub address: std::net::IpAddr,
    /// The connection's id, in logs and errors.
    pub request_id: String,
    bearer: Option<SecretString>,
    api_key: Option<SecretString>,
}

impl Card {
    /// What the request to connect showed.
    pub fn new(
        host: Option<String>,
        tenant: Option<String>,
        address: std::net::IpAddr,
        request_id: String,
    ) -> Self {
        Self { host, tenant, address, request_id, bearer: None, api_key: None }
    }

    /// With what `connection_init` shows: `authorization` as in HTTP, or `x-api-key`.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for an authorization of another kind.
    pub fn with(&self, payload: &Map<String, Value>) -> Result<Self, Error> {
        let shown = |name: &str| {
            let found = payload.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            match found.map(|(_, value)| value) {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(text)) => Ok(Some(text.as_str())),
                Some(_) => Err(Error::Unauthenticated),
            }
        };
        let bearer = match shown("authorization")? {
            None => None,
            Some(text) => match text.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                    Some(token.trim().to_owned().into())
                }
                _ => return Err(Error::Unauthenticated),
            },
        };
        let api_key = shown("x-api-key")?.map(|key| key.to_owned().into());
        Ok(Self { bearer, api_key, ..self.clone() })
    }

    /// The key that was shown, for tests of the protocol.
    #[cfg(test)]
    pub fn api_key(&self) -> Option<String> {
        self.api_key.as_ref().map(|key| key.expose_secret().to_owned())
    }

    fn admission(&self) -> Admission {
        Admission {
            bearer: self.bearer.clone(),
            api_key: self.api_key.clone(),
            host: self.host.clone(),
            tenant: self.tenant.clone(),
            request_id: self.request_id.clone(),
            address: Some(self.address),
        }
    }
}

/// A connection that is known.
#[derive(Debug, Clone)]
pub struct Member {
    /// What it showed.
    pub card: Card,
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
    fn admit(&self, card: Card) -> BoxFuture<'_, Result<Member, Error>>;

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
    fn admit(&self, card: Card) -> BoxFuture<'_, Result<Member, Error>> {
        Box::pin(async move {
            let shown = recognise(&self.desk, card.admission());
            let recognised = tokio::time::timeout(self.timeout, shown).await;
            let recognised = recognised
                .map_err(|_| Error::Unavailable("an admission took too long".into()))??;
            let (user, tenant) = match &recognised {
                Recognised::Nobody(_) => (None, None),
                Recognised::Tenant(scope) => {
                    let tenant = scope.db.route.id;
                    let user = format!("{tenant}/{}", scope.access.user);
                    (Some(user), Some(scope.db.route.subdomain.clone()))
                }
                Recognised::Platform(scope) => {
                    (Some(format!("office/{}", scope.access.user)), None)
                }
            };
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
                return Err(coded(why.to_owned(), "BAD_USER_INPUT"));
            }
            if ready.facts.root_fields.len() != 1 {
                let why = "a subscription has one root field; send several subscriptions";
                return Err(coded(why.to_owned(), "BAD_USER_INPUT"));
            }
            let shown = recognise(&self.desk, member.card.admission());
            let recognised = match tokio::time::timeout(self.timeout, shown).await {
                Ok(recognised) => recognised.map_err(server_error)?,
                Err(_) => {
                    let error = Error::Unavailable("a subscription took too long".into());
                    return Err(server_error(error));
                }
            };
            let request = ready.request.data(Arc::clone(&self.desk)).data(spenders_of(&recognised));
            let request = request.data(self.listener(recognised, member.card.clone()));
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
    fn listener(&self, recognised: Recognised, card: Card) -> Caller {
        let scope = match recognised {
            Recognised::Nobody(info) => return Caller::Nobody(info),
            Recognised::Platform(scope) => return Caller::Platform(scope),
            Recognised::Tenant(scope) => *scope,
        };
        let desk = Arc::clone(&self.desk);
        let again = move || -> BoxFuture<'static, _> {
            let (desk, shown) = (Arc::clone(&desk), card.admission());
            Box::pin(async move {
                match recognise(&desk, shown).await? {
                    Recognised::Tenant(scope) => Ok(*scope),
                    Recognised::Nobody(_) | Recognised::Platform(_) => Err(Error::Unauthenticated),
                }
            })
        };
        Caller::Listening(Listening::new(scope, Box::new(again)))
    }
}
