//! The server as a process: it answers, and ends when it is told to.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};

use super::{
    client::Client,
    place::{Place, Ran},
};

/// A server, killed where a test fails.
pub struct Serving {
    child: Child,
    pub address: String,
    /// What it printed before its address.
    pub told: String,
    /// What it printed after that.
    rest: Mutex<Receiver<String>>,
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
        let (mut address, mut told) = (None, String::new());
        let mut lines = lines.map_while(Result::ok);
        for line in &mut lines {
            if line.trim_start().starts_with("GraphQL") {
                let at = line.find("http://").unwrap() + "http://".len();
                address = line[at..].strip_suffix("/graphql").map(str::to_owned);
                break;
            }
            told.push_str(&line);
            told.push('\n');
        }
        let (sender, rest) = channel();
        // Read on when nobody listens, so that the program never waits for a reader.
        std::thread::spawn(move || lines.for_each(|line| drop(sender.send(line))));
        Self {
            child,
            address: address.expect("the address that it serves at"),
            told,
            rest: Mutex::new(rest),
        }
    }

    /// What it printed after its address, up to the line with these words.
    pub fn told_until(&self, words: &str) -> String {
        let mut told = String::new();
        loop {
            let line = self.rest.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap();
            told.push_str(&line);
            told.push('\n');
            if line.contains(words) {
                return told;
            }
        }
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

/// A command that stands between two lines of what was printed, run by a shell.
fn pasted(place: &Place, told: &str, after: &str, to: &str) -> Ran {
    let (_, rest) = told.split_once(after).unwrap();
    let (_, rest) = rest.split_once("\n\n").unwrap();
    let (command, _) = rest.split_once(to).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(place.path()).env_clear();
    Ran::of(&shell.env("PATH", "/usr/local/bin:/usr/bin:/bin").output().unwrap())
}

#[test]
fn what_it_says_at_the_start_works_when_pasted() {
    let (registering, seeding) = (Place::new(), Place::new());
    let serving = Serving::start(&registering, &[]);
    let told = serving.told_until("Ctrl-C");
    assert!(told.contains(&format!("ws://{}/graphql/ws\n", serving.address)), "{told}");
    assert!(serving.get("/playground").starts_with("HTTP/1.1 200"));
    let answer = pasted(&registering, &told, "Register a business", "\n\n  Or").ok();
    assert!(answer.out.contains("\"accessToken\":\"") && answer.out.contains("\"userErrors\":[]"));

    let serving = Serving::start(&seeding, &["data.folder=some where"]);
    let told = serving.told_until("Ctrl-C");
    let loaded = pasted(&seeding, &told, "Or load an example", "\n\n  Make").ok();
    assert!(loaded.out.contains("The example is loaded"), "{loaded:#?}");
    let list = seeding.run(&["--set", "data.folder=some where", "tenant", "list"]).ok();
    assert_eq!(list.out.lines().count(), 3);
    drop(serving);

    let settings = ["server.playground=false", "data.folder=some where"];
    let serving = Serving::start(&seeding, &settings);
    let told = serving.told_until("Ctrl-C");
    assert!(serving.get("/playground").starts_with("HTTP/1.1 404"));
    assert!(!told.contains("/playground") && !told.contains("has a form"), "{told}");
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
