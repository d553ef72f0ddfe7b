//! What a connection has open, and what waits to be sent to its client: bounded in bytes.
//!
//! One lock covers both, so that an id is free the moment its last message is queued, and nothing of a
//! subscription that was ended is sent under the id's next use.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Notify, task::AbortHandle};

use super::{crowd::Seat, message::Farewell};

/// A connection's open subscriptions and its queue.
pub struct Wire {
    state: Mutex<State>,
    /// Something waits to be sent.
    filled: Notify,
    /// Something was taken to be sent.
    drained: Notify,
    bytes_max: usize,
}

#[derive(Default)]
struct State {
    operations: HashMap<String, Operation>,
    frames: VecDeque<Frame>,
    bytes: usize,
    farewell: Option<Farewell>,
    newest: u64,
}

struct Operation {
    serial: u64,
    task: Option<AbortHandle>,
    _seat: Option<Seat>,
}

struct Frame {
    /// The subscription whose it is; 0 is the connection's own.
    serial: u64,
    sent: Sent,
}

/// What goes out.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    /// A message.
    Text(String),
    /// Whether the client lives.
    Ping,
    /// The end.
    Close(Farewell),
}

/// What became of an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Offered {
    /// It will be sent.
    Queued,
    /// The client has not read what was sent before.
    Full,
    /// Nobody listens any more.
    Gone,
}

/// A subscription of a connection: its id and which use of the id it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The client's id.
    pub id: String,
    serial: u64,
}

impl Wire {
    /// Nothing open, nothing waiting, and room for so much.
    pub fn new(bytes_max: usize) -> Self {
        let state = Mutex::default();
        Self { state, filled: Notify::new(), drained: Notify::new(), bytes_max }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this id is in use.
    pub fn has(&self, id: &str) -> bool {
        self.state().operations.contains_key(id)
    }

    /// How many subscriptions are open.
    pub fn open(&self) -> usize {
        self.state().operations.len()
    }

    /// Opens a subscription under an id that is free.
    pub fn begin(&self, id: String, seat: Option<Seat>) -> Ticket {
        let mut state = self.state();
        state.newest += 1;
        let serial = state.newest;
        state.operations.insert(id.clone(), Operation { serial, task: None, _seat: seat });
        Ticket { id, serial }
    }

    /// Keeps the handle of a subscription's task, or ends the task if the subscription has ended.
    pub fn hold(&self, ticket: &Ticket, task: AbortHandle) {
        match self.state().operations.get_mut(&ticket.id) {
            Some(operation) if operation.serial == ticket.serial => operation.task = Some(task),
            _ => task.abort(),
        }
    }

    /// Queues an event, if there is room.
    pub fn offer(&self, ticket: &Ticket, text: String) -> Offered {
        let mut state = self.state();
        if !state.is_open(ticket) {
            return Offered::Gone;
        }
        let has_room = state.bytes.saturating_add(text.len()) <= self.bytes_max;
        if !has_room && !state.frames.is_empty() {
            return Offered::Full;
        }
        state.push(ticket.serial, Sent::Text(text));
        drop(state);
        self.filled.notify_one();
        Offered::Queued
    }

    /// Ends a subscription with its last message.
    pub fn end(&self, ticket: &Ticket, text: String) {
        let mut state = self.state();
        if !state.is_open(ticket) {
            return;
        }
        state.operations.remove(&ticket.id);
        state.push(ticket.serial, Sent::Text(text));
        drop(state);
        self.filled.notify_one();
    }

    /// Ends a subscription at its client's wish: what of it still waits is not sent.
    pub fn cancel(&self, id: &str) {
        let mut state = self.state();
        let Some(operation) = state.operations.remove(id) else { return };
        if let Some(task) = &operation.task {
            task.abort();
        }
        let serial = operation.serial;
        state.frames.retain(|frame| frame.serial != serial);
        state.bytes = state.frames.iter().map(Frame::bytes).sum();
        drop(state);
        self.drained.notify_one();
    }

    /// Queues a message of the connection's own. It is always taken: each answers something that was
    /// read, and nothing is read while there is no [`Wire::room`].
    pub fn tell(&self, sent: Sent) {
        self.state().push(0, sent);
        self.filled.notify_one();
    }

    /// Ends all subscriptions, each with its last message, and then the connection.
    pub fn close(&self, farewell: Farewell, last: impl Fn(&str) -> Option<String>) {
        let mut state = self.state();
        for (id, operation) in std::mem::take(&mut state.operations) {
            if let Some(task) = &operation.task {
                task.abort();
            }
            if let Some(text) = last(&id) {
                state.push(operation.serial, Sent::Text(text));
            }
        }
        state.farewell.get_or_insert(farewell);
        drop(state);
        self.filled.notify_one();
    }

    /// What goes out next. After the farewell comes nothing.
    pub async fn next(&self) -> Sent {
        loop {
            let taken = {
                let mut state = self.state();
                match state.frames.pop_front() {
                    Some(frame) => {
                        state.bytes = state.bytes.saturating_sub(frame.bytes());
                        Some(frame.sent)
                    }
                    None => state.farewell.clone().map(Sent::Close),
                }
            };
            if let Some(sent) = taken {
                self.drained.notify_one();
                return sent;
            }
            self.filled.notified().await;
        }
    }

    /// Waits until the client has read enough for more to be asked.
    pub async fn room(&self) {
        while self.state().bytes > self.bytes_max {
            self.drained.notified().await;
        }
    }
}

impl State {
    fn is_open(&self, ticket: &Ticket) -> bool {
        self.operations.get(&ticket.id).is_some_and(|one| one.serial == ticket.serial)
    }

    fn push(&mut self, serial: u64, sent: Sent) {
        if self.farewell.is_some() {
            return;
        }
        let frame = Frame { serial, sent };
        self.bytes = self.bytes.saturating_add(frame.bytes());
        self.frames.push_back(frame);
    }
}

impl Frame {
    fn bytes(&self) -> usize {
        match &self.sent {
            Sent::Text(text) => text.len(),
            Sent::Ping | Sent::Close(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Sent {
        Sent::Text(text.to_owned())
    }

    #[tokio::test]
    async fn events_wait_within_the_bound_and_last_words_always() {
        let wire = Wire::new(10);
        let ticket = wire.begin("1".to_owned(), None);
        // Larger than the bound, but alone.
        assert_eq!(wire.offer(&ticket, "twelve bytes".to_owned()), Offered::Queued);
        assert_eq!(wire.offer(&ticket, "x".to_owned()), Offered::Full);
        assert_eq!(wire.next().await, text("twelve bytes"));
        assert_eq!(wire.offer(&ticket, "12345".to_owned()), Offered::Queued);
        assert_eq!(wire.offer(&ticket, "123456".to_owned()), Offered::Full);
        wire.end(&ticket, "too slow".to_owned());
        assert!(!wire.has("1"));
        assert_eq!(wire.offer(&ticket, "x".to_owned()), Offered::Gone);
        wire.close(Farewell::new(1001, ""), |_| None);
        wire.tell(text("after the end"));
        assert_eq!(wire.next().await, text("12345"));
        assert_eq!(wire.next().await, text("too slow"));
        assert!(matches!(wire.next().await, Sent::Close(_)));
    }

    #[tokio::test]
    async fn nothing_of_a_cancelled_subscription_is_sent_under_its_id() {
        let wire = Wire::new(100);
        let old = wire.begin("1".to_owned(), None);
        wire.offer(&old, "old".to_owned());
        wire.cancel("1");
        let new = wire.begin("1".to_owned(), None);
        assert_eq!(wire.offer(&old, "old".to_owned()), Offered::Gone);
        wire.end(&old, "old".to_owned());
        wire.offer(&new, "new".to_owned());
        assert_eq!(wire.next().await, text("new"));
        assert_eq!(wire.open(), 1);
    }
}
