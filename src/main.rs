//! The `coprbox` program.

fn main() {}
