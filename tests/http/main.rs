//! What every HTTP answer has in common, seen from outside.

#![expect(clippy::unwrap_used, reason = "a test ends where its scaffolding breaks")]

mod body;
mod door;
mod files;
mod manners;
