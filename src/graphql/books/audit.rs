//! A tenant's edit log in the API.

use async_graphql::{Context, ID, Object, SimpleObject};
use daybook_domain::role::Permission;
use daybook_entity::tenant::record::audit_log;

use super::businesses::{BUSINESS, asked};
use crate::{
    connection,
    graphql::{
        audit::{AuditActorKind, AuditLogFilter, AuditVerification, VERIFY},
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::{self, PageAsk},
        scalar::DateTime,
        session::USER,
    },
    services::{
        books::audit::{self, AuditFilter},
        chain::read_cursor,
    },
};

/// A row of the account's edit log: who did what, when, and how it was before and after.
#[derive(SimpleObject, Debug, Clone)]
pub struct AuditLogEntry {
    /// Opaque global id.
    pub id: ID,
    /// Its number, from 1 without a gap.
    pub sequence: i64,
    /// When it was done.
    pub recorded_at: DateTime,
    /// Who did it.
    pub actor_kind: AuditActorKind,
    /// Id of who did it; null for the program itself.
    pub actor_id: Option<ID>,
    /// The request in which it was done.
    pub request_id: Option<String>,
    /// What was done, such as "LEDGER_CREATED".
    pub action: String,
    /// Kind of the thing it was done to.
    pub subject_type: String,
    /// Id of that thing.
    pub subject_id: Option<ID>,
    /// Id of the business in whose books it was done.
    pub business_id: Option<ID>,
    /// The text that the hash covers, a JSON object with the values before and after.
    pub content: String,
    /// SHA-256 of the previous row's hash, this row's number and its content, in hexadecimal.
    pub hash: String,
}

/// The kind of an entry's global id.
pub const AUDIT_LOG_ENTRY: &str = "AuditLogEntry";

impl From<audit_log::Model> for AuditLogEntry {
    fn from(row: audit_log::Model) -> Self {
        let actor_kind = AuditActorKind::of(&row.actor_kind);
        Self {
            id: id::encode(AUDIT_LOG_ENTRY, row.seq),
            sequence: row.seq,
            recorded_at: DateTime(row.recorded_at),
            actor_kind,
            actor_id: actor_kind.id(row.actor_id),
            request_id: row.request_id,
            action: row.action,
            subject_id: row.subject_id.map(|number| id::encode(&row.subject_type, number)),
            subject_type: row.subject_type,
            business_id: row.business_id.map(|business| id::encode(BUSINESS, business.get())),
            content: row.canonical,
            hash: row.hash,
        }
    }
}

connection!(
    /// Rows of the edit log, the newest first.
    AuditLogConnection, AuditLogEdge, AuditLogEntry
);

const NEWEST: &str = "auditLogs:sequence:desc";

/// Queries of the edit log.
#[derive(Default, Debug)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// The account's edit log, the newest first; it cannot be switched off or changed.
    /// Requires: AUDIT_READ.
    #[graphql(
        guard = "Requires(Permission::AuditRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn audit_logs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In whose books; everything you may see when left out.")]
        business_id: Option<ID>,
        #[graphql(desc = "About this thing.")] subject_id: Option<ID>,
        #[graphql(desc = "Which rows.")] filter: Option<AuditLogFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AuditLogConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let wanted = AuditFilter {
            subject: subject_id.map(|global| id::split(&global).unwrap_or_default()),
            actor: filter.actor(USER),
            action: filter.action,
            from: filter.from.map(|instant| instant.0),
            before: filter.before.map(|instant| instant.0),
        };
        let business = asked(business_id.as_ref());
        let page = audit::list(&*ctx.tenant()?, business, &wanted, &ask).await?;
        Ok(AuditLogConnection::of(NEWEST, &ask, page))
    }

    /// Computes the hashes of the edit log anew and tells the first row that was changed, moved or
    /// removed. A long log is verified in several calls. Requires: AUDIT_READ.
    #[graphql(guard = "Requires(Permission::AuditRead)", complexity = "500 + child_complexity")]
    async fn audit_verify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "End cursor of the call before; from the beginning when left out.")]
        after: Option<String>,
    ) -> ApiResult<AuditVerification> {
        let after = after.map(|cursor| read_cursor(&page::decode(VERIFY, &cursor)?)).transpose()?;
        Ok(audit::verify(&*ctx.tenant()?, after.unwrap_or(0)).await?.into())
    }
}
