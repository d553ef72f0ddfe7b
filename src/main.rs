//! Parses the command line, runs it, and reports a failure by its exit code.

/// An answer is thousands of small values, made by one thread and dropped by another: with the system's
/// allocator a fifth of the time of a list goes into finding and merging free memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    daybook::cli::run()
}
