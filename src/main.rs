//! Parses the command line, runs it, and reports a failure by its exit code.

fn main() -> std::process::ExitCode {
    daybook::cli::run()
}
