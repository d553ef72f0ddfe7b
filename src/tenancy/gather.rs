//! One write for all who wait for one of the same kind.

#[cfg(test)]
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::{Mutex as Turns, oneshot};

use crate::error::{Error, Result};

/// What somebody waits for: the write's outcome, with the cause where it failed.
type Answer = std::result::Result<(), String>;

/// Gathers those who wait while a write runs; the next one is for all of them.
#[derive(Debug)]
pub(super) struct Gather<K> {
    waiting: Mutex<BTreeMap<K, Vec<oneshot::Sender<Answer>>>>,
    turn: Turns<()>,
    #[cfg(test)]
    rounds: AtomicUsize,
}

impl<K> Default for Gather<K> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            turn: Turns::default(),
            #[cfg(test)]
            rounds: AtomicUsize::new(0),
        }
    }
}

impl<K: Ord + Copy> Gather<K> {
    /// Returns once a write that holds `key` has ended, and began after this was called. Whoever comes
    /// to an idle gathering writes at once; `write` gets its keys in order, each once.
    ///
    /// # Errors
    /// The write's own for the one who did it, its cause for everybody else.
    pub async fn join<F>(&self, key: K, write: impl Fn(Vec<K>) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        loop {
            let mut answer = self.enter(key);
            let _turn = tokio::select! {
                biased;
                answer = &mut answer => match answer {
                    Ok(answer) => return answer.map_err(Error::Unavailable),
                    // Whoever wrote for this one went away in the middle of it.
                    Err(_) => continue,
                },
                turn = self.turn.lock() => turn,
            };
            match answer.try_recv() {
                Ok(answer) => return answer.map_err(Error::Unavailable),
                Err(oneshot::error::TryRecvError::Closed) => continue,
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            let taken =
                std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            #[cfg(test)]
            self.rounds.fetch_add(1, Ordering::Relaxed);
            let outcome = write(taken.keys().copied().collect()).await;
            let said = match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(error.cause().unwrap_or_else(|| error.to_string())),
            };
            for waiter in taken.into_values().flatten() {
                // One who has gone away needs no answer.
                let _ = waiter.send(said.clone());
            }
            return outcome;
        }
    }

    fn enter(&self, key: K) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.entry(key).or_default().push(sender);
        receiver
    }

    /// How many writes there were.
    #[cfg(test)]
    pub fn rounds(&self) -> usize {
        self.rounds.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::{sync::Arc, time::Duration};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn all_who_wait_share_the_next_write_and_its_failure() {
        let gather = Gather::<u8>::default();
        let seen = Mutex::new(Vec::new());
        let write = |keys: Vec<u8>| {
            let is_first = seen.lock().unwrap().is_empty();
            seen.lock().unwrap().push(keys);
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if is_first { Ok(()) } else { Err(Error::Unavailable("the disk is full".into())) }
            }
        };
        let mut answers = join_all([9, 5, 7, 5].map(|key| gather.join(key, write))).await;
        assert_eq!(*seen.lock().unwrap(), [vec![9], vec![5, 7]]);
        assert!(answers.remove(0).is_ok());
        for answer in answers {
            assert_eq!(answer.unwrap_err().cause().unwrap(), "the disk is full");
        }
    }

    #[tokio::test]
    async fn one_who_goes_away_while_writing_takes_nobody_along() {
        let gather = Arc::new(Gather::<u8>::default());
        let slow = |_| async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(())
        };
        let quick = |_| async { Ok(()) };
        gather.enter(2);
        let leader = gather.join(1, slow);
        assert!(tokio::time::timeout(Duration::from_millis(10), leader).await.is_err());
        let bound = Duration::from_secs(2);
        tokio::time::timeout(bound, gather.join(2, quick)).await.unwrap().unwrap();

        let held = gather.turn.lock().await;
        let waiting = {
            let gather = Arc::clone(&gather);
            tokio::spawn(async move { gather.join(3, quick).await })
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
        // As if the one whose turn it was had taken it and gone away.
        gather.waiting.lock().unwrap().clear();
        drop(held);
        tokio::time::timeout(bound, waiting).await.unwrap().unwrap().unwrap();
    }
}
