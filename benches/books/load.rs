//! The load generator: so many connections, each asking again as soon as it was answered.
//!
//! All of them live on one thread of their own, so that the client takes little of the server's cores.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::LocalSet;

use crate::{
    Outcome,
    figures::{Sample, micros},
    wire::{Wire, find},
};

/// What stands in a body where a fresh key belongs.
pub const KEY: &str = "~~~~~~~~~~~~~~~~";

/// A request made beforehand, and how a good answer is known.
#[derive(Debug, Clone)]
pub struct Ask {
    bytes: Vec<u8>,
    key_at: Option<usize>,
    good: &'static str,
}

impl Ask {
    /// A POST of a JSON body; a [`KEY`] in it is made fresh for each request, and `good` stands in
    /// every answer that is not a refusal.
    pub fn new(address: SocketAddr, token: Option<&str>, body: &str, good: &'static str) -> Self {
        let token =
            token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let text = format!(
            "POST /graphql HTTP/1.1\r\nHost: {address}\r\n{token}Content-Type: application/json\r\n\
             Accept: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let key_at = text.find(KEY);
        Self { bytes: text.into_bytes(), key_at, good }
    }

    /// Asks once and gives the answer's body.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is not a good one.
    pub async fn once<'w>(&mut self, wire: &'w mut Wire) -> Outcome<&'w [u8]> {
        if let Some(place) = self.key_at
            && let Some(slot) = self.bytes.get_mut(place..place + KEY.len())
        {
            fresh_key(slot);
        }
        let (status, body) = wire.exchange(&self.bytes).await?;
        if status == 200 && find(body, self.good.as_bytes()).is_some() {
            return Ok(body);
        }
        let start: String = String::from_utf8_lossy(body).chars().take(600).collect();
        Err(format!("status {status}: {start}").into())
    }
}

/// Writes the next number in hexadecimal digits.
fn fresh_key(slot: &mut [u8]) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut number = NEXT.fetch_add(1, Ordering::Relaxed);
    for place in slot.iter_mut().rev() {
        let digit = u32::try_from(number & 15).unwrap_or(0);
        *place =
            char::from_digit(digit, 16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(b'0');
        number >>= 4;
    }
}

/// Asks for a while over so many connections.
///
/// # Errors
/// The first bad answer.
pub async fn ask_for(
    address: SocketAddr,
    ask: &Ask,
    connections: usize,
    time: Duration,
) -> Outcome<Sample> {
    let ask = ask.clone();
    on_own_thread(move || async move {
        let mut wires = Vec::with_capacity(connections);
        for _ in 0..connections {
            let mut wire = Wire::open(address).await?;
            ask.clone().once(&mut wire).await?;
            wires.push(wire);
        }
        let began = Instant::now();
        let tasks: Vec<_> = wires
            .into_iter()
            .map(|mut wire| {
                let mut ask = ask.clone();
                tokio::task::spawn_local(async move {
                    let mut sample = Sample::default();
                    while began.elapsed() < time {
                        let start = Instant::now();
                        ask.once(&mut wire).await?;
                        sample.latencies.push(micros(start.elapsed()));
                        sample.done += 1;
                    }
                    Outcome::Ok(sample)
                })
            })
            .collect();
        let mut samples = Vec::with_capacity(connections);
        for task in tasks {
            samples.push(task.await??);
        }
        Ok(Sample::joined(samples, began.elapsed()))
    })
    .await
}

/// Asks each of these once, so many at a time.
///
/// # Errors
/// The first bad answer.
pub async fn ask_each(
    address: SocketAddr,
    asks: Vec<Ask>,
    connections: usize,
) -> Outcome<(Sample, Vec<Vec<u8>>)> {
    on_own_thread(move || async move {
        let left = Arc::new(std::sync::Mutex::new(asks.into_iter().enumerate()));
        let mut wires = Vec::with_capacity(connections);
        for _ in 0..connections {
            wires.push(Wire::open(address).await?);
        }
        let began = Instant::now();
        let tasks: Vec<_> = wires
            .into_iter()
            .map(|mut wire| {
                let left = Arc::clone(&left);
                tokio::task::spawn_local(async move {
                    let mut sample = Sample::default();
                    let mut answers = Vec::new();
                    let next = || left.lock().ok().and_then(|mut left| left.next());
                    while let Some((place, mut ask)) = next() {
                        let start = Instant::now();
                        let body = ask.once(&mut wire).await?.to_vec();
                        sample.latencies.push(micros(start.elapsed()));
                        sample.done += 1;
                        answers.push((place, body));
                    }
                    Outcome::Ok((sample, answers))
                })
            })
            .collect();
        let mut samples = Vec::with_capacity(connections);
        let mut answers = Vec::new();
        for task in tasks {
            let (sample, more) = task.await??;
            samples.push(sample);
            answers.extend(more);
        }
        answers.sort_by_key(|(place, _)| *place);
        let answers = answers.into_iter().map(|(_, body)| body).collect();
        Ok((Sample::joined(samples, began.elapsed()), answers))
    })
    .await
}

async fn on_own_thread<T, F, W>(work: F) -> Outcome<T>
where
    T: Send + 'static,
    F: FnOnce() -> W + Send + 'static,
    W: Future<Output = Outcome<T>>,
{
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let outcome = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Into::into)
            .and_then(|runtime| LocalSet::new().block_on(&runtime, work()));
        tell.send(outcome).ok();
    });
    told.await?
}
