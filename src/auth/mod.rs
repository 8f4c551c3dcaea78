//! Who is asking: passwords, tokens, sessions, and the request guards that read them.
//!
//! What somebody may do is not decided here but in [`crate::ops::authorise`]. Secrets are random
//! and only their digests are kept; a password is hashed with argon2id.

pub mod attempts;
mod basic;
pub mod guard;
pub mod login;
pub mod password;
mod secret;
pub mod session;
pub mod token;
