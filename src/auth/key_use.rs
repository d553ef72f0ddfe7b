//! When machines' keys were last used: noted now and then, and nobody waits for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use daybook_domain::{
    chain::Canonical,
    id::{ApiKeyId, UserId},
};
use daybook_entity::tenant::people::api_key;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};

use crate::{
    error::Result,
    lane::{Actor, Change, Who},
    tenancy::Lease,
};

/// How often a key's use is written. Each time leaves a line in the edit log, which is kept for good.
const EVERY_MS: i64 = 3_600_000;

/// When this node last noted the keys of one open tenant.
#[derive(Debug, Default)]
struct Noted(Mutex<HashMap<ApiKeyId, i64>>);

/// Notes that a key was used at `now`, where that was not noted lately.
pub fn note(db: &Lease, user: UserId, key: ApiKeyId, now: i64) {
    if !is_due(db, key, now) {
        return;
    }
    let db = db.clone();
    tokio::spawn(async move {
        if let Err(error) = write(&db, user, key).await {
            let (tenant, cause) = (db.route().id, error.cause());
            tracing::warn!(%tenant, ?cause, "the use of a key was not noted");
        }
    });
}

fn is_due(db: &Lease, key: ApiKeyId, now: i64) -> bool {
    // It holds for any state of the fence, so it is kept under one number.
    let noted = db.memory.get::<Noted>(0).unwrap_or_else(|| {
        let fresh = Arc::new(Noted::default());
        db.memory.put(0, Arc::clone(&fresh));
        fresh
    });
    let mut noted = noted.0.lock().unwrap_or_else(PoisonError::into_inner);
    let last = noted.entry(key).or_insert(i64::MIN);
    if now.saturating_sub(*last) < EVERY_MS {
        return false;
    }
    *last = now;
    true
}

async fn write(db: &Lease, user: UserId, key: ApiKeyId) -> Result<()> {
    let actor = Actor::new(Who::ApiKey(user), None);
    db.lane()
        .write(actor, move |writing| {
            Box::pin(async move {
                let now = writing.recorded_at();
                let row = api_key::Entity::find_by_id(key).one(writing.conn()).await?;
                // Another node may have noted it.
                let is_old = |row: &api_key::Model| {
                    row.last_used_at.is_none_or(|last| now.saturating_sub(last) >= EVERY_MS)
                };
                let Some(row) = row.filter(is_old) else { return Ok(()) };
                let mut row = row.into_active_model();
                row.last_used_at = Set(Some(now));
                row.update(writing.conn()).await?;
                writing.audit(Change {
                    action: "API_KEY_USED",
                    subject_type: "ApiKey",
                    subject: Some(key.get()),
                    business: None,
                    canonical: Canonical::new().finish(),
                });
                Ok(())
            })
        })
        .await
}
