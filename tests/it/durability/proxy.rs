//! A place between the program and a database server, where answers to COMMIT are kept back or lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::Notify,
    task::JoinHandle,
};

use crate::engine::Engine;

/// What becomes of what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mood {
    /// Everything passes.
    Calm,
    /// COMMIT passes; its answer waits until the mood is calm again.
    Withholds,
    /// COMMIT passes and is answered; the answer never arrives, and the connection breaks.
    Loses,
    /// The connection breaks before COMMIT passes.
    Stops,
    /// The connection breaks in the middle of a transaction, as soon as it has locked its first row.
    Breaks,
    /// Nobody is there: every connection breaks, and none is made.
    Gone,
}

const MOODS: [Mood; 6] =
    [Mood::Calm, Mood::Withholds, Mood::Loses, Mood::Stops, Mood::Breaks, Mood::Gone];

#[derive(Debug, Default)]
struct Shared {
    mood: AtomicU8,
    changed: Notify,
    /// How often the mood took effect.
    effects: AtomicUsize,
}

impl Shared {
    fn mood(&self) -> Mood {
        MOODS[usize::from(self.mood.load(Ordering::SeqCst))]
    }

    /// What breaks a connection does it once.
    fn takes_effect(&self, mood: Mood) -> bool {
        if mood == Mood::Withholds {
            self.effects.fetch_add(1, Ordering::SeqCst);
            return self.mood() == mood;
        }
        let (now, then) = (mood as u8, Mood::Calm as u8);
        let is_first = self.mood.compare_exchange(now, then, Ordering::SeqCst, Ordering::SeqCst);
        self.effects.fetch_add(usize::from(is_first.is_ok()), Ordering::SeqCst);
        is_first.is_ok()
    }
}

/// The place.
#[derive(Debug)]
pub struct Proxy {
    /// Where the program finds its server.
    pub url: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Stands in front of an engine's server.
    pub async fn before(engine: Engine) -> Self {
        let server = engine.server().unwrap();
        let (head, address) = server.rsplit_once('@').unwrap();
        let (address, listener) =
            (address.to_owned(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let url = format!("{head}@{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let known = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if known.mood() == Mood::Gone {
                    continue;
                }
                let (known, address) = (Arc::clone(&known), address.clone());
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(address).await {
                        pass(client, server, known).await;
                    }
                });
            }
        });
        Self { url, shared, accepting }
    }

    /// Changes the mood.
    pub fn is(&self, mood: Mood) {
        self.shared.effects.store(0, Ordering::SeqCst);
        self.shared.mood.store(mood as u8, Ordering::SeqCst);
        self.shared.changed.notify_waiters();
    }

    /// Waits until the mood has taken effect.
    pub async fn took_effect(&self) {
        for _ in 0..500 {
            if self.shared.effects.load(Ordering::SeqCst) > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no COMMIT passed");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Both ways of one connection, until one of them ends.
async fn pass(client: TcpStream, server: TcpStream, shared: Arc<Shared>) {
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let committed = Arc::new(AtomicU8::new(Mood::Calm as u8));
    let asks = ask(from_client, to_server, Arc::clone(&shared), Arc::clone(&committed));
    let answers = answer(from_server, to_client, Arc::clone(&shared), committed);
    let gone = async {
        loop {
            let changed = shared.changed.notified();
            if shared.mood() == Mood::Gone {
                return;
            }
            changed.await;
        }
    };
    tokio::select! {
        () = asks => {}
        () = answers => {}
        () = gone => {}
    }
}

fn has(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|part| part == text)
}

/// What the program says. Each message of the drivers arrives whole, as they wait for its answer.
async fn ask(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: Arc<Shared>,
    committed: Arc<AtomicU8>,
) {
    let mut bytes = vec![0; 1 << 20];
    let mut posts = false;
    loop {
        let Ok(count @ 1..) = from.read(&mut bytes).await else { return };
        let said = &bytes[..count];
        // The lane's connection, and not one that sets something up: it has prepared what posts.
        posts |= has(said, b"INTO vouchers");
        let commits = has(said, b"\x03COMMIT") || has(said, b"Q\0\0\0\x0bCOMMIT\0");
        match shared.mood() {
            Mood::Stops if posts && commits && shared.takes_effect(Mood::Stops) => return,
            Mood::Breaks if posts && shared.takes_effect(Mood::Breaks) => {
                // What was asked is done, and the transaction stands open, when the line is cut.
                to.write_all(said).await.ok();
                tokio::time::sleep(Duration::from_millis(50)).await;
                return;
            }
            mood @ (Mood::Withholds | Mood::Loses) if posts && commits => {
                committed.store(mood as u8, Ordering::SeqCst);
            }
            _ => {}
        }
        if to.write_all(said).await.is_err() {
            return;
        }
    }
}

/// What the server says.
async fn answer(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: Arc<Shared>,
    committed: Arc<AtomicU8>,
) {
    let mut bytes = vec![0; 1 << 16];
    loop {
        let Ok(count @ 1..) = from.read(&mut bytes).await else { return };
        match MOODS[usize::from(committed.swap(Mood::Calm as u8, Ordering::SeqCst))] {
            Mood::Loses if shared.takes_effect(Mood::Loses) => return,
            Mood::Withholds => {
                let mut changed = Box::pin(shared.changed.notified());
                changed.as_mut().enable();
                if shared.takes_effect(Mood::Withholds) {
                    changed.await;
                }
            }
            _ => {}
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
