//! The engine, from the outside.

#![expect(clippy::unwrap_used, reason = "a test ends where its scaffolding breaks")]

mod engine;
mod mock;
mod sandbox;
mod sources;
