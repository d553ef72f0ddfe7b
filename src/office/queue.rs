//! The queue of work in the background: put in, claimed by one worker at a time, done or put back.
//!
//! Nothing here waits or loops: a claim is one comparison of the row's version, which holds on each engine
//! and with any number of processes. A worker that dies keeps its claim until its lease runs out.

use daybook_domain::id::{JobId, TenantId};
use daybook_entity::main::work::{JobState, job};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Value,
};

use super::Office;
use crate::{
    db::{failure, sql::statement},
    error::Result,
};

/// A piece of work to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Who does it: the word of a handler.
    pub kind: &'static str,
    /// For which tenant.
    pub tenant: Option<TenantId>,
    /// What it is about, in the words of its kind: no two jobs of a kind and tenant are about the same. At
    /// most 100 bytes.
    pub key: String,
    /// What the handler needs besides, as JSON.
    pub payload: String,
    /// Not before this instant, UTC milliseconds.
    pub due_at: i64,
}

impl NewJob {
    fn unique_key(&self) -> String {
        let tenant = self.tenant.map_or_else(|| "-".to_owned(), |tenant| tenant.to_string());
        format!("{}/{tenant}/{}", self.kind, self.key)
    }
}

/// Most characters kept of what went wrong.
const ERROR_MAX: usize = 500;
/// Keys that are looked up in one statement.
const KEYS_MAX: usize = 200;

impl Office {
    /// Puts work in. What is about the same and not done yet stays as it is; what was done is to be done
    /// again.
    ///
    /// # Errors
    /// When main cannot be written.
    pub async fn enqueue(&self, jobs: &[NewJob]) -> Result<()> {
        for chunk in jobs.chunks(KEYS_MAX) {
            let keys = chunk.iter().map(NewJob::unique_key);
            let known = job::Entity::find()
                .filter(job::Column::UniqueKey.is_in(keys))
                .all(self.main.writer())
                .await?;
            for new in chunk {
                let key = new.unique_key();
                match known.iter().find(|row| row.unique_key == key) {
                    None => self.insert(new, key).await?,
                    Some(row) if row.state == JobState::Done => {
                        let set = "state = 'READY', attempts = 0, last_error = NULL, payload = ?, \
                                   due_at = ?";
                        let values = [new.payload.as_str().into(), new.due_at.into()];
                        self.change_job(row, set, values).await?;
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    async fn insert(&self, new: &NewJob, unique_key: String) -> Result<()> {
        let now = self.clock.now_ms();
        let row = job::Model {
            id: JobId::new(self.ids.next()?),
            kind: new.kind.to_owned(),
            tenant_id: new.tenant,
            job_key: new.key.clone(),
            unique_key,
            payload: new.payload.clone(),
            state: JobState::Ready,
            attempts: 0,
            version: 1,
            due_at: new.due_at,
            lease_until: None,
            leased_by: None,
            last_error: None,
            created_at: now,
            updated_at: now,
        };
        let insert = job::Entity::insert(job::ActiveModel::from(row));
        match insert.exec_without_returning(self.main.writer()).await {
            // Another process put it in meanwhile.
            Err(error) if failure::is_taken(&error) => Ok(()),
            outcome => outcome.map(|_| ()).map_err(Into::into),
        }
    }

    /// Claims work of these kinds that is due, or whose worker's lease has run out: at most `most`, the
    /// longest due first.
    ///
    /// # Errors
    /// When main cannot be written.
    pub async fn claim(
        &self,
        kinds: &[&'static str],
        holder: &str,
        lease_ms: i64,
        most: u64,
    ) -> Result<Vec<job::Model>> {
        use job::Column;
        let now = self.clock.now_ms();
        let waits =
            Condition::all().add(Column::State.eq(JobState::Ready)).add(Column::DueAt.lte(now));
        let is_left = Condition::all()
            .add(Column::State.eq(JobState::Leased))
            .add(Column::LeaseUntil.lte(now));
        let found = job::Entity::find()
            .filter(Condition::any().add(waits).add(is_left))
            .filter(Column::Kind.is_in(kinds.iter().copied()))
            .order_by_asc(Column::DueAt)
            .order_by_asc(Column::Id)
            .limit(most)
            .all(self.main.writer())
            .await?;
        let mut claimed = Vec::with_capacity(found.len());
        for mut row in found {
            let until = now.saturating_add(lease_ms);
            let set = "state = 'LEASED', attempts = attempts + 1, lease_until = ?, leased_by = ?";
            if self.change_job(&row, set, [until.into(), holder.into()]).await? {
                row.state = JobState::Leased;
                row.attempts = row.attempts.saturating_add(1);
                row.version += 1;
                row.lease_until = Some(until);
                row.leased_by = Some(holder.to_owned());
                claimed.push(row);
            }
        }
        Ok(claimed)
    }

    /// Keeps a claim for longer; false when another worker has it by now.
    ///
    /// # Errors
    /// When main cannot be written.
    pub async fn keep_claim(&self, claimed: &job::Model, lease_ms: i64) -> Result<bool> {
        let sql =
            "UPDATE jobs SET lease_until = ? WHERE id = ? AND version = ? AND state = 'LEASED'";
        let until = self.clock.now_ms().saturating_add(lease_ms);
        let values = [until.into(), claimed.id.get().into(), claimed.version.into()];
        let writer = self.main.writer();
        let ask = statement(writer.get_database_backend(), sql, values);
        Ok(writer.execute_raw(ask).await?.rows_affected() == 1)
    }

    /// Says that claimed work is done; false when another worker has it by now.
    ///
    /// # Errors
    /// When main cannot be written.
    pub async fn done(&self, claimed: &job::Model) -> Result<bool> {
        let set = "state = 'DONE', last_error = NULL, lease_until = NULL, leased_by = NULL";
        self.change_job(claimed, set, []).await
    }

    /// Puts claimed work back, to be done at an instant. With `counts` the attempt counts as one.
    ///
    /// # Errors
    /// When main cannot be written.
    pub async fn put_back(
        &self,
        claimed: &job::Model,
        due_at: i64,
        error: Option<&str>,
        counts: bool,
    ) -> Result<bool> {
        let set = "state = 'READY', attempts = ?, due_at = ?, last_error = ?, lease_until = NULL, \
                   leased_by = NULL";
        let attempts = if counts { claimed.attempts } else { claimed.attempts.saturating_sub(1) };
        let values = [attempts.into(), due_at.into(), cut(error).into()];
        self.change_job(claimed, set, values).await
    }

    /// Gives claimed work up until somebody looks at it.
    ///
    /// # Errors
    /// When main cannot be written.
    pub async fn give_up(&self, claimed: &job::Model, error: &str) -> Result<bool> {
        let set = "state = 'DEAD', last_error = ?, lease_until = NULL, leased_by = NULL";
        self.change_job(claimed, set, [cut(Some(error)).into()]).await
    }

    /// Removes work that was done before an instant.
    ///
    /// # Errors
    /// When main cannot be written.
    pub async fn forget_done(&self, before: i64) -> Result<u64> {
        let gone = job::Entity::delete_many()
            .filter(job::Column::State.eq(JobState::Done))
            .filter(job::Column::UpdatedAt.lt(before))
            .exec(self.main.writer())
            .await?;
        Ok(gone.rows_affected)
    }

    /// Changes a job unless somebody else changed it since it was read.
    async fn change_job(
        &self,
        row: &job::Model,
        set: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<bool> {
        let sql = format!(
            "UPDATE jobs SET {set}, version = version + 1, updated_at = ? WHERE id = ? AND version = ?"
        );
        let own = [self.clock.now_ms().into(), row.id.get().into(), row.version.into()];
        let writer = self.main.writer();
        let values = values.into_iter().chain(own);
        let ask = statement(writer.get_database_backend(), &sql, values);
        Ok(writer.execute_raw(ask).await?.rows_affected() == 1)
    }
}

fn cut(error: Option<&str>) -> Option<String> {
    error.map(|error| error.chars().take(ERROR_MAX).collect())
}
