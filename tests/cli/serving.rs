//! The server as a process: it answers, and ends when it is told to.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{client::Client, place::Place};

/// A server, killed where a test fails.
pub struct Serving {
    child: Child,
    pub address: String,
}

impl Serving {
    pub fn start(place: &Place, settings: &[&str]) -> Self {
        let mut args = vec!["--set", "server.listen=127.0.0.1:0", "serve"];
        args.splice(0..0, settings.iter().flat_map(|one| ["--set", *one]));
        Self::of(place.daybook(&args))
    }

    /// Runs a command that serves, until it says where.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = None;
        let mut lines = lines.map_while(Result::ok);
        for line in &mut lines {
            if line.trim_start().starts_with("GraphQL") {
                let at = line.find("http://").unwrap() + "http://".len();
                address = line[at..].strip_suffix("/graphql").map(str::to_owned);
                break;
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("the address that it serves at") }
    }

    pub fn get(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let ask = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        socket.write_all(ask.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    /// A caller of it who is not signed in.
    pub fn client(&self) -> Client {
        Client::new(self.address.parse().unwrap())
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would: it learns nothing of it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(mut self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        (status.code(), begun.elapsed())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Serving {
    /// Waits until it has ended by itself; `None` when a signal ended it.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

#[test]
fn it_answers_and_stops_when_told() {
    let place = Place::new();
    let serving = Serving::start(&place, &["server.shutdown_grace_ms=5000"]);
    assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
    assert!(serving.get("/healthz").starts_with("HTTP/1.1 200"));
    // Commands work beside it; a second server on the same folder does not.
    place.run(&["doctor"]).ok();
    let second = place.run(&["--set", "server.listen=127.0.0.1:0", "serve"]).fails();
    assert!(second.err.contains("cannot start"), "{}", second.err);
    let (code, took) = serving.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(8), "{took:?}");
}
