//! Why a server is not reached, told soon and by its own words.
//!
//! The driver's pool goes on trying for its whole patience while a server refuses connections, and says
//! in the end only that time ran out. So the first connection is watched: when it is not there quickly,
//! somebody signs in beside it, once, and hears the cause.

use std::{io::ErrorKind, pin::Pin, time::Duration};

use sea_orm::{DatabaseConnection, DbErr, RuntimeErr};
use tokio::time::sleep;

use super::{failure, target::ServerTarget};

/// Longest time until a server's first connection stands.
pub const BOUND: Duration = Duration::from_secs(5);
/// A server that works has let us in by then.
const LOOK_AFTER: Duration = Duration::from_millis(300);

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For the operator: where, and why; never a password.
    pub text: String,
    /// The server answered, and its answer is not one that passes: another database of it may let us in.
    pub is_answer: bool,
    /// It may pass: the server starts up, or is full.
    passes: bool,
}

impl Failure {
    /// Anything that no server said.
    pub fn other(text: String) -> Self {
        Self { text, is_answer: false, passes: false }
    }

    fn of(server: &ServerTarget, error: &sqlx::Error) -> Self {
        let place = server.place();
        match error {
            sqlx::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
                Self::other(format!("connection refused at {place}"))
            }
            sqlx::Error::Io(error) => Self::other(format!("no connection to {place}: {error}")),
            sqlx::Error::PoolTimedOut => Self { passes: true, ..late(server) },
            sqlx::Error::Database(said) => {
                let passes = said.code().is_some_and(|code| failure::is_passing(code.as_ref()));
                let text = format!("{place} lets nobody in: {said}");
                Self { text, is_answer: !passes, passes }
            }
            other => Self::other(format!("no connection to {place}: {other}")),
        }
    }
}

/// The pool, once its first connection stands; within [`BOUND`] why it does not. `attempt` signs in once.
pub(super) async fn first_of(
    server: &ServerTarget,
    mut opening: Pin<Box<impl Future<Output = Result<DatabaseConnection, DbErr>>>>,
    mut attempt: Pin<Box<impl Future<Output = sqlx::Result<()>>>>,
) -> Result<DatabaseConnection, Failure> {
    let mut looking = Box::pin(async {
        sleep(LOOK_AFTER).await;
        attempt.as_mut().await
    });
    let mut bound = Box::pin(sleep(BOUND));
    let mut has_looked = false;
    let mut known = None;
    loop {
        tokio::select! {
            opened = &mut opening => return opened.map_err(|error| {
                let found = match cause_of(&error) {
                    Some(cause) => Failure::of(server, cause),
                    None => Failure::other(format!("{}: {error}", server.place())),
                };
                if found.passes { known.unwrap_or(found) } else { found }
            }),
            looked = &mut looking, if !has_looked => {
                has_looked = true;
                match looked.map_err(|error| Failure::of(server, &error)) {
                    Err(found) if found.passes => known = Some(found),
                    Err(found) => return Err(found),
                    Ok(()) => {}
                }
            }
            () = &mut bound => return Err(known.unwrap_or_else(|| late(server))),
        }
    }
}

fn late(server: &ServerTarget) -> Failure {
    Failure::other(format!("no answer from {} within {} s", server.place(), BOUND.as_secs()))
}

fn cause_of(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause.as_ref()),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::time::Instant;

    use crate::db::{
        Target,
        connect::{self, SessionLimits, Use},
    };

    /// Why a URL is not reached, and how long it took to say so.
    async fn told(url: &str) -> (String, u128) {
        let began = Instant::now();
        let target = Target::parse(url).unwrap();
        let limits = SessionLimits { lock_wait_ms: 120_000, ..SessionLimits::default() };
        let refused = connect::open(&target, Use::Write, 4, limits).await.unwrap_err();
        (refused.cause().unwrap(), began.elapsed().as_millis())
    }

    #[tokio::test]
    async fn a_refused_connection_is_told_at_once_by_its_address_without_the_password() {
        for scheme in ["postgres", "mysql"] {
            // Bound and never listened to: nobody else gets this port, and nobody answers.
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let port = socket.local_addr().unwrap().port();
            let (why, ms) = told(&format!("{scheme}://u:secret@127.0.0.1:{port}/x")).await;
            assert_eq!(why, format!("connection refused at 127.0.0.1:{port}"));
            assert!(ms < 3_000, "{ms}");
        }
    }

    #[tokio::test]
    async fn a_server_that_never_speaks_is_given_up_in_time() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        let (why, ms) = told(&format!("postgres://u@{address}/x")).await;
        assert_eq!(why, format!("no answer from {address} within 5 s"));
        assert!(ms < 8_000, "{ms}");
    }
}
