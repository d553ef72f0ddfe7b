//! The log of the office's own acts in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use daybook_domain::role::Permission;
use daybook_entity::main::record::admin_audit_log;

use crate::{
    connection,
    graphql::{
        audit::{AuditActorKind, AuditVerification, actor, verified_until},
        context::{Asks, Requires},
        error::ApiResult,
        id,
        page::PageAsk,
        scalar::DateTime,
        session::ADMIN,
    },
    services::platform::audit::{self, AuditFilter},
};

/// A row of the office's log: who did what, when, and how it was before and after.
#[derive(SimpleObject, Debug, Clone)]
pub struct AdminAuditLogEntry {
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
    /// What was done, such as "TENANT_SUSPENDED".
    pub action: String,
    /// Kind of the thing it was done to.
    pub subject_type: String,
    /// Id of that thing.
    pub subject_id: Option<ID>,
    /// The text that the hash covers, a JSON object with the values before and after.
    pub content: String,
    /// SHA-256 of the previous row's hash, this row's number and its content, in hexadecimal.
    pub hash: String,
}

/// The kind of an entry's global id.
pub const ADMIN_AUDIT_LOG_ENTRY: &str = "AdminAuditLogEntry";

/// How the log names people of the office, and how the API does.
const PLATFORM_USER: &str = "PlatformUser";

impl From<admin_audit_log::Model> for AdminAuditLogEntry {
    fn from(row: admin_audit_log::Model) -> Self {
        let actor_kind = AuditActorKind::of(&row.actor_kind);
        let kind = if row.subject_type == PLATFORM_USER { ADMIN } else { &row.subject_type };
        Self {
            id: id::encode(ADMIN_AUDIT_LOG_ENTRY, row.seq),
            sequence: row.seq,
            recorded_at: DateTime(row.recorded_at),
            actor_kind,
            actor_id: actor_kind.id(row.actor_id),
            request_id: row.request_id,
            action: row.action,
            subject_id: row.subject_id.map(|number| id::encode(kind, number)),
            subject_type: row.subject_type,
            content: row.canonical,
            hash: row.hash,
        }
    }
}

connection!(
    /// Rows of the office's log, the newest first.
    AdminAuditLogConnection, AdminAuditLogEdge, AdminAuditLogEntry
);

/// Which rows of the office's log to list.
#[derive(InputObject, Debug, Default)]
pub struct AdminAuditLogFilter {
    /// What was done, such as "TENANT_SUSPENDED".
    pub action: Option<String>,
    /// By this person.
    pub actor_id: Option<ID>,
    /// At this instant or later.
    pub from: Option<DateTime>,
    /// Before this instant.
    pub before: Option<DateTime>,
}

const NEWEST: &str = "adminAuditLogs:sequence:desc";

/// Queries of the office's log.
#[derive(Default, Debug)]
pub struct AdminAuditQuery;

#[Object]
impl AdminAuditQuery {
    /// What the office did, the newest first. Requires: ADMIN_AUDIT_READ.
    #[graphql(
        guard = "Requires(Permission::AdminAuditRead)",
        complexity = "crate::graphql::page::cost(first, child_complexity)"
    )]
    async fn admin_audit_logs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "About this thing.")] subject_id: Option<ID>,
        #[graphql(desc = "Which rows.")] filter: Option<AdminAuditLogFilter>,
        #[graphql(desc = "How many; unless set otherwise 1 to 100, and 20 when left out.")]
        first: Option<i32>,
        #[graphql(desc = "Cursor after which the page begins.")] after: Option<String>,
    ) -> ApiResult<AdminAuditLogConnection> {
        let ask = PageAsk::new(ctx, NEWEST, first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let subject = subject_id.map(|global| {
            let (kind, number) = id::split(&global).unwrap_or_default();
            (if kind == ADMIN { PLATFORM_USER.to_owned() } else { kind }, number)
        });
        let wanted = AuditFilter {
            subject,
            actor: actor(ADMIN, filter.actor_id.as_ref()),
            action: filter.action,
            from: filter.from.map(|instant| instant.0),
            before: filter.before.map(|instant| instant.0),
        };
        let page = audit::list(ctx.platform()?, &wanted, &ask).await?;
        Ok(AdminAuditLogConnection::of(NEWEST, &ask, page))
    }

    /// Computes the hashes of the office's log anew and tells the first row that was changed, moved or
    /// removed. A long log is verified in several calls. Requires: ADMIN_AUDIT_READ.
    #[graphql(
        guard = "Requires(Permission::AdminAuditRead)",
        complexity = "500 + child_complexity"
    )]
    async fn admin_audit_verify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "End cursor of the call before; from the beginning when left out.")]
        after: Option<String>,
    ) -> ApiResult<AuditVerification> {
        let after = verified_until(after.as_deref())?;
        Ok(audit::verify(ctx.platform()?, after).await?.into())
    }
}
