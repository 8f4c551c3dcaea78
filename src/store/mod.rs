//! Where things are kept: SQLite, and nothing else.
