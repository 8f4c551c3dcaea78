//! The engine, from the outside.

mod mock;
