//! Secrets, tokens, password hashing, and how often somebody may try.

use secrecy::SecretString;

use super::{NONE, fixed, ms, seconds, section};
use crate::config::setting::{Fallback, Kind, TimeUnit};

section! {
    /// Who somebody is, and how that is protected.
    Security in "security" {
        jwt_secret: Option<SecretString> = Kind::Secret, NONE,
            "Signs access tokens; at least 32 characters, the same on all nodes.",
            .old(&["JWT_SECRET", "SECRET_KEY"]);
        jwt_secret_previous: Option<SecretString> = Kind::Secret, NONE,
            "The signing secret before the current one: its tokens still count while it is set.";
        encryption_key: Option<SecretString> = Kind::Secret, NONE,
            "Seals connection strings of tenants: 32 characters, 64 hexadecimal digits or base64 of 32 bytes; the same on all nodes.",
            .old(&["ENCRYPTION_KEY"]);
        encryption_key_previous: Option<SecretString> = Kind::Secret, NONE,
            "The encryption key before the current one, while rows are sealed anew.",
            .old(&["ENCRYPTION_KEY_PREVIOUS"]);
        access_token_seconds: u64 = seconds(30, 2_592_000), fixed("900"),
            "How long an access token counts; a session lives on by refreshing.",
            .old(&["JWT_EXPIRY"]);
        refresh_token_days: u64 = Kind::Time(TimeUnit::Days, 1, 365), fixed("30"),
            "How long a session lives without being used.";
        choice_token_seconds: u64 = seconds(30, 3_600), fixed("300"),
            "How long somebody with several tenants may take to choose one while signing in.";
        one_time_code_hours: u64 = Kind::Time(TimeUnit::Hours, 1, 720), fixed("24"),
            "How long the code of an invitation or a password reset counts.";
        argon2_memory_kib: u32 = Kind::Number(8_192, 4_194_304), fixed("19456"),
            "Memory of one password hash in KiB; more is slower to guess and to check.";
        argon2_iterations: u32 = Kind::Number(1, 100), fixed("2"),
            "Passes of one password hash over its memory.";
        argon2_parallelism: u32 = Kind::Number(1, 64), fixed("1"),
            "Threads that one password hash is made for.";
        hashes_parallel: usize = Kind::Number(1, 1_024), Fallback::Cores,
            "Password hashes computed at the same time; further ones wait.";
        login_failures_max: u32 = Kind::Number(1, 1_000), fixed("10"),
            "Failed sign-ins per account, and per address, before further ones are answered with THROTTLED.";
        login_window_seconds: u64 = seconds(1, 86_400), fixed("900"),
            "The time over which failed sign-ins are counted.";
        login_floor_ms: u64 = ms(0, 10_000), fixed("250"),
            "A sign-in that names no tenant is answered no sooner than this, so that time tells nothing.";
        register_per_hour_per_address: u32 = Kind::Number(1, 100_000), fixed("10"),
            "New tenants that one address may register in an hour.";
    }
}
