//! Starting where something is in the way: a server that is away, a folder with an odd name.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use super::place::{PASSWORD, Place, create_tenant};

const SECRETS: [&str; 4] = [
    "--set",
    "security.jwt_secret=only-for-tests-0123456789-0123456789",
    "--set",
    "security.encryption_key=0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
];

/// A port where nobody listens: it was free a moment ago.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn run(command: &mut Command) -> (Output, Duration) {
    let began = Instant::now();
    let output = command.output().unwrap();
    (output, began.elapsed())
}

#[test]
fn a_refused_connection_ends_the_start_soon_with_the_address_and_no_password() {
    let place = Place::new();
    let port = closed_port();
    for scheme in ["postgres", "mysql"] {
        let url = |name: &str| format!("{scheme}://u:hunter2@127.0.0.1:{port}/{name}");
        let (main, master) = (format!("main.url={}", url("a")), format!("master.url={}", url("b")));
        let mut args = vec!["--set", &main, "--set", &master];
        args.extend(SECRETS);
        for command in ["serve", "doctor"] {
            let mut args = args.clone();
            args.push(command);
            let (output, took) = run(&mut place.daybook(&args));
            let said =
                String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert_eq!(output.status.code(), Some(1), "{said}");
            let why = format!("connection refused at 127.0.0.1:{port}");
            assert!(said.contains(&why), "{command}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
            assert!(took < Duration::from_secs(10), "{command}: {took:?}");
        }
    }
}

#[test]
fn somebody_who_stops_a_start_that_waits_is_heard_at_once() {
    let place = Place::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap();
    let (main, master) =
        (format!("main.url=postgres://u@{at}/a"), format!("master.url=postgres://u@{at}/b"));
    let mut args = vec!["--set", &main, "--set", &master];
    args.extend(SECRETS);
    args.push("serve");
    let mut child = place.daybook(&args).spawn().unwrap();
    let _waiting = silent.accept().unwrap();
    let began = Instant::now();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn a_tenants_server_that_is_away_is_named_and_the_doctor_goes_on() {
    let place = Place::new();
    let port = closed_port();
    let server = format!("tenants.server_url=mysql://u:hunter2@127.0.0.1:{port}");
    place.run(&["--set", &server, "migrate", "master"]).ok();
    let began = Instant::now();
    let told = place.run(&["--set", &server, "doctor"]).fails();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let why = format!("first: connection refused at 127.0.0.1:{port}");
    assert!(told.out.contains(&why), "{}", told.out);
    assert!(told.out.contains("ok    main"), "{}", told.out);

    let create = [&["--set", &server][..], &create_tenant("meera", "meera@example.com")].concat();
    let began = Instant::now();
    let refused = place.run_with_input(&create, PASSWORD).fails();
    assert!(
        refused.err.contains(&format!("connection refused at 127.0.0.1:{port}")),
        "{}",
        refused.err
    );
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn parameters_of_a_url_are_understood_or_refused_with_what_is_allowed() {
    let place = Place::new();
    for (setting, url, word) in [
        ("main.url", "postgres://u:hunter2@h/d?sslmode=bogus", "sslmode=bogus"),
        ("master.url", "mysql://u:hunter2@h/d?charset=latin1", "charset"),
        ("tenants.server_url", "postgres://u:hunter2@h?sslmode=", "sslmode="),
    ] {
        let set = format!("{setting}={url}");
        let told = place.run(&["--set", &set, "doctor"]).fails();
        for part in [setting, word, "verify-full"] {
            assert!(told.out.contains(part), "{part}: {}", told.out);
        }
        assert!(!told.out.contains("hunter2"), "{}", told.out);
    }
}

/// Every file and folder below.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(below(&path)) } else { all.push(path) }
    }
    all
}

#[cfg(unix)]
#[test]
fn books_are_for_their_user_alone_in_a_folder_of_any_name() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let odd = "a?b c%41&d";
    let open_handed = |args: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", "umask 000; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_daybook")]);
        command.args(["--set", &format!("data.folder={odd}")]).args(args);
        command.current_dir(place.path()).env_clear().env("DAYBOOK_OWNER_PASSWORD", PASSWORD);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let (made, _) = run(&mut open_handed(&create_tenant("meera", "meera@example.com")));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut child = open_handed(&["--set", "server.listen=127.0.0.1:0", "serve"]).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let serves = lines.into_iter().any(|line| line.trim_start().starts_with("GraphQL"));
    let found = if serves { below(&place.path().join(odd)) } else { Vec::new() };
    child.kill().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    assert!(serves, "{said}");

    let databases = found.iter().filter(|path| path.to_string_lossy().contains(".sqlite"));
    assert!(databases.count() >= 4, "{found:?}");
    assert!(found.iter().any(|path| path.ends_with("main.sqlite")), "{found:?}");
    assert!(found.iter().any(|path| path.ends_with("serve.lock")), "{found:?}");
    for path in found {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        let right = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, right, "{}", path.display());
    }
}
