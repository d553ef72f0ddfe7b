//! Receiving a file's bytes: checked as they come, stored in parts, counted only once all are here.
//!
//! Bytes are written in blocks, each in a transaction of its own behind the fence, so that postings pass in
//! between; what fits one block is stored in one. An upload that broke off begins again: `attempt` rises,
//! and whoever still sends for an older attempt is refused.

use daybook_domain::{
    chain::Canonical,
    file::{HEAD_BYTES, Media},
    id::StoredFileId,
    role::Permission,
};
use daybook_entity::tenant::files::{FileState, stored_file, stored_file_chunk};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use sha2::{Digest, Sha256};

use super::{PART_BYTES, find, uploads::change};
use crate::{
    error::{Code, Error, Result},
    lane::Writing,
    scope::TenantScope,
};

/// Bytes that one transaction stores.
const BLOCK_BYTES: usize = 4 * PART_BYTES;

/// A file that is coming in.
#[derive(Debug)]
pub struct Receiving<'s> {
    scope: &'s TenantScope,
    file: stored_file::Model,
    media: Media,
    /// How long the file is kept that nothing uses, in milliseconds.
    unused_ms: i64,
    hash: Sha256,
    /// Bytes taken so far, those in the block included.
    taken: i64,
    /// Parts stored so far.
    parts: i32,
    block: Vec<u8>,
    is_checked: bool,
}

impl<'s> Receiving<'s> {
    /// Begins to receive a file that the caller announced.
    ///
    /// # Errors
    /// No permission, or a refusal: no such file, or one that is here already.
    pub async fn begin(
        scope: &'s TenantScope,
        id: StoredFileId,
        unused: std::time::Duration,
    ) -> Result<Self> {
        scope.require(Permission::FileUpload)?;
        let file = find(scope, id).await?.filter(|row| row.created_by == scope.access.user);
        let file = file.ok_or_else(gone)?;
        if file.state == FileState::Stored {
            return Err(Error::refused(Code::AlreadyDone, "", "this file is here already"));
        }
        let media = Media::parse(&file.media_type);
        let media = media.ok_or_else(|| Error::Internal("a file of no type".into()))?;
        let unused_ms = i64::try_from(unused.as_millis()).unwrap_or(i64::MAX / 2);
        Ok(Self {
            scope,
            file,
            media,
            unused_ms,
            hash: Sha256::new(),
            taken: 0,
            parts: 0,
            block: Vec::new(),
            is_checked: false,
        })
    }

    /// What was announced.
    pub fn announced(&self) -> &stored_file::Model {
        &self.file
    }

    /// The type that was announced.
    pub fn media(&self) -> Media {
        self.media
    }

    /// Takes further bytes.
    ///
    /// # Errors
    /// A refusal: more bytes than announced, or not of the type; or a database that cannot be written.
    pub async fn take(&mut self, mut bytes: &[u8]) -> Result<()> {
        let count = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.taken = self.taken.saturating_add(count);
        if self.taken > self.file.size {
            let why = format!("the file has more than the {} bytes announced", self.file.size);
            return Err(Error::refused(Code::TooLarge, "", why));
        }
        self.hash.update(bytes);
        while !bytes.is_empty() {
            // A full block is stored only when more follows: the last one goes with the file's own row.
            if self.block.len() == BLOCK_BYTES {
                self.store(None).await?;
            }
            let room = BLOCK_BYTES.saturating_sub(self.block.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() >= HEAD_BYTES {
                self.check()?;
            }
        }
        Ok(())
    }

    /// Ends the file: all bytes are here.
    ///
    /// # Errors
    /// A refusal: fewer bytes than announced, or not of the type; or a database that cannot be written.
    pub async fn end(mut self) -> Result<stored_file::Model> {
        if self.taken != self.file.size {
            let why = format!("the file has {} of {} bytes announced", self.taken, self.file.size);
            return Err(Error::refused(Code::Invalid, "", why));
        }
        self.check()?;
        let hash = hex::encode(std::mem::take(&mut self.hash).finalize());
        self.store(Some(hash)).await
    }

    /// Whether the first bytes can be of the type.
    fn check(&mut self) -> Result<()> {
        if self.is_checked {
            return Ok(());
        }
        let head = self.block.get(..HEAD_BYTES).unwrap_or(&self.block);
        if !self.media.fits(head) {
            let why = format!("these bytes are not {}", self.media.as_str());
            return Err(Error::refused(Code::MediaTypeRefused, "", why));
        }
        self.is_checked = true;
        Ok(())
    }

    /// Stores the block; with the hash of all bytes, it is the last one.
    async fn store(&mut self, hash: Option<String>) -> Result<stored_file::Model> {
        let block = Block {
            bytes: std::mem::take(&mut self.block),
            first: self.parts,
            // The first block begins an attempt, the others go on with it.
            attempt: self.file.attempt,
            hash,
            unused_ms: self.unused_ms,
        };
        let id = self.file.id;
        let parts = block.bytes.len().div_ceil(PART_BYTES);
        let lane = self.scope.db.lane();
        let row = lane
            .write(self.scope.actor(), move |writing| Box::pin(block.store_to(id, writing)))
            .await?;
        self.parts = self.parts.saturating_add(i32::try_from(parts).unwrap_or(i32::MAX));
        self.file = row.clone();
        Ok(row)
    }
}

/// Some bytes of a file, to be stored together.
struct Block {
    bytes: Vec<u8>,
    first: i32,
    attempt: i32,
    hash: Option<String>,
    unused_ms: i64,
}

impl Block {
    async fn store_to(self, id: StoredFileId, writing: &mut Writing) -> Result<stored_file::Model> {
        let found = stored_file::Entity::find_by_id(id).one(writing.conn()).await?;
        let before = found.ok_or_else(gone)?;
        if before.attempt != self.attempt || before.state != FileState::Awaited {
            let why = "this file is being sent from somewhere else";
            return Err(Error::Conflict(why.into()));
        }
        let mut after = before.clone();
        if self.first == 0 {
            after.attempt = before.attempt.saturating_add(1);
            stored_file_chunk::Entity::delete_many()
                .filter(stored_file_chunk::Column::FileId.eq(id))
                .exec(writing.conn())
                .await?;
        }
        for (part, bytes) in (self.first..).zip(self.bytes.chunks(PART_BYTES)) {
            let row = stored_file_chunk::Model { file_id: id, part, bytes: bytes.to_vec() };
            stored_file_chunk::Entity::insert(stored_file_chunk::ActiveModel::from(row))
                .exec_without_returning(writing.conn())
                .await?;
        }
        let count = i64::try_from(self.bytes.len()).unwrap_or(i64::MAX);
        let (action, said) = match &self.hash {
            Some(hash) => {
                after.state = FileState::Stored;
                after.sha256 = Some(hash.clone());
                after.expires_at = Some(writing.recorded_at().saturating_add(self.unused_ms));
                ("FILE_STORED", Canonical::new().int("size", after.size).text("sha256", hash))
            }
            None => {
                let said = Canonical::new().int("firstPart", self.first.into());
                ("FILE_PARTS_STORED", said.int("bytes", count))
            }
        };
        let mut row = before.into_active_model();
        row.attempt = Set(after.attempt);
        row.state = Set(after.state);
        row.sha256 = Set(after.sha256.clone());
        row.expires_at = Set(after.expires_at);
        stored_file::Entity::update(row).exec(writing.conn()).await?;
        writing.audit(change(action, &after, said));
        Ok(after)
    }
}

fn gone() -> Error {
    Error::refused(Code::NotFound, "", "there is no such upload")
}
