//! Passwords, tokens, sessions: who somebody is.
