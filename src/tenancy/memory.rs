//! What a node remembers of one open tenant, each thing valid for one state of the fence.
//!
//! Layers above put their own types here (who may do what, the chart of ledgers), so that this layer
//! knows none of them. A value is found again only under the sequence number it was read at.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

type Slot = (i64, Arc<dyn Any + Send + Sync>);

/// Typed values, at most one of each type.
#[derive(Debug, Default)]
pub struct Memory {
    slots: Mutex<HashMap<TypeId, Slot>>,
    turns: Mutex<HashMap<TypeId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Memory {
    /// Held by whoever reads a value of this type anew: those who wait find it afterwards.
    pub(super) async fn turn<T: Any>(&self) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(TypeId::of::<T>()).or_default())
        };
        turn.lock_owned().await
    }

    /// The value of this type, if it was stored under the same sequence number.
    pub fn get<T: Any + Send + Sync>(&self, seq: i64) -> Option<Arc<T>> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let (stored_at, value) = slots.get(&TypeId::of::<T>())?;
        if *stored_at != seq {
            return None;
        }
        Arc::clone(value).downcast().ok()
    }

    /// Stores a value in place of an older one; a value of a newer state is kept.
    pub fn put<T: Any + Send + Sync>(&self, seq: i64, value: Arc<T>) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        match slots.get(&TypeId::of::<T>()) {
            Some((stored_at, _)) if *stored_at > seq => {}
            _ => {
                slots.insert(TypeId::of::<T>(), (seq, value));
            }
        }
    }
}
