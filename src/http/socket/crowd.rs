//! How many there are of each, with a bound: connections of an address, subscriptions of a user.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts who is in, by name.
pub struct Crowd<K> {
    most: usize,
    inside: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Crowd<K> {
    /// Nobody yet, and at most so many of each name.
    pub fn new(most: usize) -> Self {
        Self { most, inside: Arc::default() }
    }

    /// Takes a seat, or none when all of that name are taken.
    pub fn enter(&self, name: K) -> Option<Seat> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let count = inside.get(&name).copied().unwrap_or(0);
        if count >= self.most {
            return None;
        }
        inside.insert(name.clone(), count + 1);
        drop(inside);
        let inside = Arc::clone(&self.inside);
        Some(Seat(Box::new(move || {
            let mut inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
            match inside.get_mut(&name) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    inside.remove(&name);
                }
            }
        })))
    }
}

/// A seat, given back when dropped.
pub struct Seat(Box<dyn Fn() + Send + Sync>);

impl fmt::Debug for Seat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Seat")
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_own_seats_and_leaves_nothing_behind() {
        let crowd = Crowd::new(2);
        let first = crowd.enter("a");
        let second = crowd.enter("a");
        assert!(first.is_some() && second.is_some());
        assert!(crowd.enter("a").is_none());
        assert!(crowd.enter("b").is_some());
        drop(first);
        assert!(crowd.enter("a").is_some());
        drop(second);
        let inside = crowd.inside.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(inside.is_empty());
    }
}
