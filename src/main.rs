//! The `coprbox` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    coprbox::cli::main()
}
