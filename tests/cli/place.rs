//! A folder in which the program runs, with nothing of the environment but its path.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// A password that is good enough.
pub const PASSWORD: &str = "blue-kettle-on-the-hill-42";

/// The arguments that set up a tenant.
pub fn create_tenant<'a>(subdomain: &'a str, email: &'a str) -> [&'a str; 10] {
    [
        "tenant",
        "create",
        "--subdomain",
        subdomain,
        "--company",
        "Meera Textiles",
        "--owner",
        "Meera Shah",
        "--email",
        email,
    ]
}

/// A folder with an instance in it.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program, ready to be run with these arguments.
    pub fn daybook(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
        command.args(args).current_dir(self.path()).env_clear().env("DAYBOOK_LOG_LEVEL", "warn");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.daybook(args).output().unwrap())
    }

    /// Runs with a first line on standard input.
    pub fn run_with_input(&self, args: &[&str], line: &str) -> Ran {
        let mut child = self.daybook(args).stdin(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
        Ran::of(&child.wait_with_output().unwrap())
    }
}

/// What became of a run.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn fails(self) -> Self {
        assert_eq!(self.code, Some(1), "{self:#?}");
        self
    }
}
