//! One transaction behind the fence: reads what decisions rest on, writes, and moves the fence on.

use std::sync::Arc;

use daybook_domain::{
    chain::{ChainHash, link},
    id::{BusinessId, UserId, VoucherActId, VoucherId},
};
use daybook_entity::{master::tenant::Engine, tenant::books::ActKind};
use sea_orm::{DatabaseConnection, DatabaseTransaction};

use super::{
    actor::Actor,
    canonical,
    fence::Fence,
    ids::Ids,
    judge::{self, Changes, Place, Verdict},
    judge_acts::Judged,
    locks::By,
    numbers,
    posting::{Claim, Deed, Post, Posted, PostedVoucher, Posting, THE_ONE_BEFORE},
    record,
    rows::{self, Rows},
    state::State,
    tables,
    targets::Named,
};
use crate::{
    db::{control::begin_write, slow::timed},
    error::{Error, Result},
};

/// A change to the tenant's data, for the edit log: what before, what after.
#[derive(Debug, Clone)]
pub struct Change {
    /// What was done, as a word (`LEDGER_CREATED`).
    pub action: &'static str,
    /// Kind of the thing (`Ledger`).
    pub subject_type: &'static str,
    /// Its id.
    pub subject: Option<i64>,
    /// In whose books.
    pub business: Option<BusinessId>,
    /// Canonical text: for changes, the values before and after.
    pub canonical: String,
}

/// The event of a posted voucher; its subject is the voucher's id.
pub const VOUCHER_POSTED: &str = "voucherPosted";

/// The event of a cancelled voucher; its subject is the voucher's id.
pub const VOUCHER_CANCELLED: &str = "voucherCancelled";

/// The event of an amended voucher; its subject is the voucher's id.
pub const VOUCHER_AMENDED: &str = "voucherAmended";

/// The event that bills of a party were settled by an act, or that undone; its subject is the id of the
/// voucher whose amount was set against them.
pub const BILLS_ALLOCATED: &str = "billsAllocated";

/// The event that somebody's access changed. It says no more: whoever listens is recognised anew.
pub const ACCESS_CHANGED: &str = "accessChanged";

/// The event that a business's recurring vouchers changed.
pub const SCHEDULES_CHANGED: &str = "schedulesChanged";

/// Events that workers wait for: main is told of them at once. Others are found, too, but later.
pub const FOR_WORKERS: [&str; 1] = [SCHEDULES_CHANGED];

/// What a transaction left behind, for caches, subscribers and other nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// Number of the newest event.
    pub change_seq: i64,
    /// Counts changes of access.
    pub access_seq: i64,
    /// Counts changes of settings.
    pub settings_seq: i64,
    /// Number of the newest audit row.
    pub chain_seq: i64,
    /// Its hash.
    pub chain_hash: ChainHash,
    /// Whether an event is among what it left that workers wait for.
    pub is_for_workers: bool,
}

impl Note {
    pub(super) fn of(fence: &Fence, is_for_workers: bool) -> Self {
        Self {
            is_for_workers,
            change_seq: fence.change_seq,
            access_seq: fence.access_seq,
            settings_seq: fence.settings_seq,
            chain_seq: fence.chain_seq,
            chain_hash: fence.chain_hash,
        }
    }
}

/// A transaction that holds the fence.
#[derive(Debug)]
pub struct Writing {
    txn: DatabaseTransaction,
    fence: Fence,
    found: Fence,
    recorded_at: i64,
    actor: Actor,
    ids: Arc<Ids>,
    is_for_workers: bool,
    pub(super) state: State,
    audit: Rows,
    keys: Rows,
    events: Rows,
    posted: Vec<Rows>,
}

/// The mark by which a commit whose answer was lost is recognised: the newest audit row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub(super) chain_seq: i64,
    pub(super) chain_hash: ChainHash,
}

impl Writing {
    /// Begins a transaction, locks the fence and checks that writes are accepted here.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the lock is not to be had, or the database moved or is being copied.
    pub async fn begin(
        connection: &DatabaseConnection,
        engine: Engine,
        ids: &Arc<Ids>,
        actor: Actor,
        expected: Expected,
        mut state: State,
    ) -> Result<Self> {
        let txn = begin_write(connection, engine).await?;
        let fence = Fence::lock(&txn).await?;
        expected.check(&fence)?;
        state.follow(&fence);
        let recorded_at = ids.clock().now_ms().max(fence.last_recorded_at);
        Ok(Self {
            txn,
            fence,
            found: fence,
            recorded_at,
            actor,
            ids: Arc::clone(ids),
            is_for_workers: false,
            state,
            audit: Rows::of(&tables::AUDIT),
            keys: Rows::of(&tables::KEYS),
            events: Rows::of(&tables::OUTBOX),
            posted: Vec::new(),
        })
    }

    /// The connection, for reading and for writing rows other than posted ones.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.txn
    }

    /// The one instant of this transaction, UTC milliseconds.
    pub fn recorded_at(&self) -> i64 {
        self.recorded_at
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// What settings stood at when the transaction began: the same number, the same ledgers and years.
    pub fn settings_seq(&self) -> i64 {
        self.found.settings_seq
    }

    /// A fresh id.
    ///
    /// # Errors
    /// When the node's number is no longer leased.
    pub fn next_id(&self) -> Result<i64> {
        self.ids.next()
    }

    /// Writes a row of the edit log. Every transaction writes at least one.
    pub fn audit(&mut self, change: Change) {
        let actor = self.actor.clone();
        self.audit_of(&actor, change);
    }

    fn audit_of(&mut self, actor: &Actor, change: Change) {
        let seq = self.fence.chain_seq + 1;
        let text = canonical::audit(actor, self.recorded_at, &change);
        let hash = link(self.fence.chain_hash, seq, &text);
        self.audit.push([
            seq.into(),
            self.recorded_at.into(),
            actor.kind().into(),
            actor.id().into(),
            actor.request_id.clone().into(),
            change.action.into(),
            change.subject_type.into(),
            change.subject.into(),
            change.business.map(BusinessId::get).into(),
            text.into(),
            hash.to_hex().into(),
        ]);
        self.fence.chain_seq = seq;
        self.fence.chain_hash = hash;
    }

    /// Tells that a user, role, key or session changes: cached access is read anew everywhere, and
    /// whoever listens to events is recognised anew.
    pub fn access_changes(&mut self) {
        if self.fence.access_seq == self.found.access_seq {
            self.fence.access_seq = self.found.access_seq + 1;
            self.emit(ACCESS_CHANGED, None, None, String::new());
        }
    }

    /// Tells that what postings are judged by changes (ledgers, years, locks, series, businesses).
    pub fn settings_change(&mut self) {
        self.fence.settings_seq = self.found.settings_seq + 1;
        self.state.forget_settings();
    }

    /// Adds an event to the outbox and returns its number.
    pub fn emit(
        &mut self,
        kind: &'static str,
        business: Option<BusinessId>,
        subject: Option<i64>,
        payload: String,
    ) -> i64 {
        let author = self.actor.id();
        self.emit_of(author, kind, business, subject, payload)
    }

    fn emit_of(
        &mut self,
        author: Option<i64>,
        kind: &'static str,
        business: Option<BusinessId>,
        subject: Option<i64>,
        payload: String,
    ) -> i64 {
        self.fence.change_seq += 1;
        self.is_for_workers |= FOR_WORKERS.contains(&kind);
        self.events.push([
            self.fence.change_seq.into(),
            self.recorded_at.into(),
            kind.into(),
            business.map(BusinessId::get).into(),
            subject.into(),
            author.into(),
            payload.into(),
        ]);
        self.fence.change_seq
    }

    /// What an earlier call with this key made, if there was one.
    ///
    /// # Errors
    /// [`Error::Conflict`] when that call had another input.
    pub async fn replay(&mut self, claim: &Claim) -> Result<Option<Vec<i64>>> {
        let found = record::find_claims(&self.txn, &[claim]).await?;
        record::replay_of(&found, claim)
    }

    /// Remembers what a call with this key made.
    pub fn remember(&mut self, claim: &Claim, ids: &[i64]) {
        self.keys.push([
            claim.field.into(),
            claim.key.as_str().into(),
            claim.input_hash.as_str().into(),
            record::ids_text(ids).into(),
            self.recorded_at.into(),
        ]);
    }

    /// Posts vouchers within this transaction, all or none of them.
    ///
    /// # Errors
    /// Why one of them is refused; the transaction should then be given up.
    pub async fn post(&mut self, post: &Post) -> Result<Posted> {
        let mut answers = self.post_all(&[post]).await?;
        answers.pop().unwrap_or_else(|| Err(Error::Internal("a posting had no answer".into())))
    }

    /// Judges the members in order and stages the rows of those accepted; nothing of a refused member
    /// is staged.
    ///
    /// # Errors
    /// Only failures of the database; refusals are in the answers.
    pub(super) async fn post_all(&mut self, members: &[&Post]) -> Result<Vec<Result<Posted>>> {
        let claims: Vec<&Claim> = members.iter().filter_map(|post| post.claim.as_ref()).collect();
        let mut known = record::find_claims(&self.txn, &claims).await?;
        let mut named = Named::default();
        members.iter().flat_map(|post| post.deeds.iter()).for_each(|deed| named.add(deed));
        named.load(&self.txn, &mut self.state).await?;
        let postings = members.iter().flat_map(|post| post.postings());
        self.state.load(&self.txn, self.recorded_at, postings.clone()).await?;
        let keys = postings.clone();
        let keys = keys.filter_map(|posting| judge::series_key(&self.state, posting)).collect();
        self.state.load_series(&self.txn, keys).await?;
        numbers::load(&mut self.state, &self.txn, postings).await?;

        let mut changes = Changes::default();
        let mut staged = record::Staged::default();
        let mut answers = Vec::with_capacity(members.len());
        for post in members {
            let answer = self.judge_one(post, &mut known, &mut changes, &mut staged);
            match answer {
                Ok(_) | Err(Error::Refused(_) | Error::Conflict(_)) => answers.push(answer),
                Err(failure) => return Err(failure),
            }
        }
        if !changes.years.is_empty() {
            self.fence.settings_seq = self.found.settings_seq + 1;
            for year in &changes.years {
                self.audit(canonical::year_opened(year));
            }
        }
        self.posted.extend(staged.into_rows(&changes, &self.state, self.recorded_at));
        Ok(answers)
    }

    fn judge_one(
        &mut self,
        post: &Post,
        known: &mut record::Known,
        changes: &mut Changes,
        staged: &mut record::Staged,
    ) -> Result<Posted> {
        if let Some(claim) = &post.claim
            && let Some(ids) = record::replay_of(known, claim)?
        {
            let ids = ids.into_iter().map(VoucherId::new).collect();
            return Ok(Posted { ids, vouchers: Vec::new(), replayed: true });
        }
        let by = By::of(&post.actor, self.recorded_at);
        let verdicts = judge::judge_member(&mut self.state, changes, &self.ids, by, &post.deeds)?;
        let mut vouchers: Vec<PostedVoucher> = Vec::with_capacity(verdicts.len());
        for (deed, verdict) in post.deeds.iter().zip(verdicts) {
            vouchers.push(match (deed, verdict) {
                (Deed::Post(posting), Verdict::Posted(place)) => {
                    self.stage_voucher(&post.actor, posting, *place, vouchers.last(), staged)?
                }
                (Deed::Amend(amend), Verdict::Done(judged)) => {
                    self.stage_act(&post.actor, *judged, Some(&amend.posting), staged)?
                }
                (_, Verdict::Done(judged)) => self.stage_act(&post.actor, *judged, None, staged)?,
                (_, Verdict::Posted(_)) => {
                    return Err(Error::Internal("an act was judged as a voucher".into()));
                }
            });
        }
        let ids: Vec<VoucherId> = vouchers.iter().map(|voucher| voucher.id).collect();
        if let Some(claim) = &post.claim {
            let made: Vec<i64> = ids.iter().map(|id| id.get()).collect();
            self.remember(claim, &made);
            known.add(
                claim.field.to_owned(),
                claim.key.clone(),
                claim.input_hash.clone(),
                record::ids_text(&made),
            );
        }
        Ok(Posted { ids, vouchers, replayed: false })
    }

    /// Stages a new voucher; one that reverses another stages that act as well.
    fn stage_voucher(
        &mut self,
        actor: &Actor,
        posting: &Posting,
        mut place: Place,
        before: Option<&PostedVoucher>,
        staged: &mut record::Staged,
    ) -> Result<PostedVoucher> {
        let id = VoucherId::new(self.ids.next()?);
        let names_before =
            posting.reverses.as_ref().is_some_and(|one| one.voucher == THE_ONE_BEFORE);
        let before = before.filter(|_| names_before).cloned();
        let reversed = place.reversed.take().or(before);
        let stamp = self.stamp(actor, VOUCHER_POSTED, posting.business, id, 1);
        let mut voucher = record::voucher(posting, place, stamp, &self.ids)?;
        voucher.reverses = reversed.as_ref().map(|old| old.id);
        staged.add(&voucher, &self.ids)?;
        self.audit_of(actor, canonical::voucher_posted(&voucher));
        if let Some(old) = reversed {
            let reason = posting.reverses.as_ref().and_then(|reverses| reverses.reason.clone());
            let act = record::Act {
                id: VoucherActId::new(self.ids.next()?),
                voucher: old.id,
                version: old.version,
                business: old.business,
                kind: ActKind::Reversed,
                dated: voucher.dated,
                areas: old.areas.bits(),
                lock_exception: None,
                reason,
                related: Some(id),
                undoes: None,
                acted_by: stamp.created_by,
                change_seq: stamp.change_seq,
                recorded_at: self.recorded_at,
            };
            staged.act(&act, &old, &[]);
            self.audit_of(actor, canonical::acted(&act, &[], None));
        }
        Ok(voucher)
    }

    /// Stages an act on a posted voucher, and answers the voucher as it stands then.
    fn stage_act(
        &mut self,
        actor: &Actor,
        mut judged: Judged,
        posting: Option<&Posting>,
        staged: &mut record::Staged,
    ) -> Result<PostedVoucher> {
        let Judged { difference, cancels, .. } = &mut judged;
        let cancels = cancels.take();
        let related = match difference.take() {
            Some(made) => {
                let (posting, place) = *made;
                Some(self.stage_voucher(actor, &posting, place, None, staged)?.id)
            }
            None => None,
        };
        let Judged { old, kind, dated, lock_exception, reason, amended, parts, undoes, .. } =
            judged;
        let event = match kind {
            ActKind::Cancelled => VOUCHER_CANCELLED,
            ActKind::Amended => VOUCHER_AMENDED,
            _ => BILLS_ALLOCATED,
        };
        let version = old.version.saturating_add(1);
        let stamp = self.stamp(actor, event, old.business, old.id, version);
        let act = record::Act {
            id: VoucherActId::new(self.ids.next()?),
            voucher: old.id,
            version: old.version,
            business: old.business,
            kind,
            dated,
            areas: old.areas.bits(),
            lock_exception,
            reason,
            related,
            undoes,
            acted_by: stamp.created_by,
            change_seq: stamp.change_seq,
            recorded_at: self.recorded_at,
        };
        let rows = record::bills(parts, &self.ids)?;
        if matches!(kind, ActKind::Cancelled | ActKind::Amended) {
            staged.take_back(&old, self.recorded_at, &self.ids)?;
        }
        staged.act(&act, &old, &rows);
        let new = match (amended, posting) {
            (Some(amended), Some(posting)) => {
                let place = Place { bills: amended.bills, ..amended.place };
                let mut new = record::voucher(posting, place, stamp, &self.ids)?;
                (new.reverses, new.kind) = (old.reverses, old.kind);
                staged.add_version(&new, &self.ids)?;
                Some(new)
            }
            _ => None,
        };
        self.audit_of(actor, canonical::acted(&act, &rows, new.as_ref()));
        if let Some(goes) = cancels {
            self.stage_act(actor, *goes, None, staged)?;
        }
        Ok(new.unwrap_or(old))
    }

    fn stamp(
        &mut self,
        actor: &Actor,
        event: &'static str,
        business: BusinessId,
        id: VoucherId,
        version: i32,
    ) -> record::Stamp {
        let subject = Some(id.get());
        let event = self.emit_of(actor.id(), event, Some(business), subject, String::new());
        record::Stamp {
            id,
            version,
            created_by: actor.user().map(UserId::get),
            change_seq: event,
            recorded_at: self.recorded_at,
        }
    }

    /// Whether anything is to be written.
    pub(super) fn is_idle(&self) -> bool {
        self.fence == self.found && self.posted.iter().all(Rows::is_empty)
    }

    /// Writes everything staged and moves the fence, without committing.
    ///
    /// # Errors
    /// What the database says; the transaction is then to be given up.
    pub(super) async fn flush(&mut self) -> Result<Mark> {
        if self.fence.chain_seq == self.found.chain_seq {
            return Err(Error::Internal("a transaction wrote nothing to the edit log".into()));
        }
        self.fence.last_recorded_at = self.recorded_at;
        let mut tables = std::mem::take(&mut self.posted);
        tables.push(std::mem::replace(&mut self.audit, Rows::of(&tables::AUDIT)));
        tables.push(std::mem::replace(&mut self.keys, Rows::of(&tables::KEYS)));
        tables.push(std::mem::replace(&mut self.events, Rows::of(&tables::OUTBOX)));
        let Fence { access_seq, settings_seq, change_seq, last_recorded_at, chain_seq, .. } =
            self.fence;
        let values = vec![
            access_seq.into(),
            settings_seq.into(),
            change_seq.into(),
            last_recorded_at.into(),
            chain_seq.into(),
            self.fence.chain_hash.to_hex().into(),
        ];
        rows::write(&self.txn, tables, (tables::MOVE_FENCE, values)).await?;
        Ok(Mark { chain_seq, chain_hash: self.fence.chain_hash })
    }

    /// Commits what [`Writing::flush`] wrote. The state comes back only when the commit is certain.
    ///
    /// # Errors
    /// When the commit failed or its answer was lost.
    pub(super) async fn commit(self) -> Result<(Note, State)> {
        let Self { txn, fence, mut state, is_for_workers, .. } = self;
        timed("commit lane", txn.commit()).await?;
        state.committed(&fence);
        Ok((Note::of(&fence, is_for_workers), state))
    }

    /// Gives everything up.
    pub(super) async fn give_up(self) {
        if let Err(error) = self.txn.rollback().await {
            tracing::warn!(%error, "a transaction did not roll back cleanly; its connection will");
        }
    }
}

/// Which database a lane believes to write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Whose database it is.
    pub tenant: daybook_domain::id::TenantId,
    /// The epoch found when it was opened; `None` accepts any.
    pub epoch: Option<i64>,
}

impl Expected {
    fn check(self, fence: &Fence) -> Result<()> {
        if fence.tenant != self.tenant {
            return Err(Error::Internal(format!(
                "the route of tenant {} leads to the database of tenant {}",
                self.tenant, fence.tenant
            )));
        }
        if self.epoch.is_some_and(|epoch| epoch != fence.epoch) {
            return Err(Error::Unavailable(MOVED.to_owned()));
        }
        if !fence.accepts_writes {
            return Err(Error::Unavailable("this tenant's database is being copied".into()));
        }
        Ok(())
    }
}

/// What the lane says when its database was moved or restored under it.
pub(super) const MOVED: &str = "this tenant's database was moved; the route is stale";
