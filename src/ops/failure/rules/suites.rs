//! Test suites, in the words of those that run them.

use super::{Hit, Rank, Span};

/// What only follows from something else.
const ECHOES: [&str; 5] =
    ["test result: FAILED", "FAIL\t", "Result: FAIL", "Errors while running CTest", "FAILED ("];

pub fn look(line: &str) -> Option<Hit> {
    let failed = |tool, name: &str| Hit::cause(tool, format!("A test fails: {}", name.trim()));
    if line.starts_with("The following tests FAILED:") {
        return Some(Hit::new("ctest", Rank::Cause, "Tests fail").with(Span::Indented));
    }
    if let Some(name) = line.strip_prefix("FAIL: ") {
        return failed("make check", name);
    }
    if let Some(name) = line.trim_start().strip_prefix("--- FAIL: ") {
        return failed("go test", name);
    }
    if let Some(name) = line.strip_prefix("test ").and_then(|l| l.strip_suffix(" ... FAILED")) {
        return failed("cargo test", name);
    }
    if line.starts_with("Summary of Failures:") {
        return Some(Hit::new("meson test", Rank::Cause, "Tests fail").with(Span::Block));
    }
    let is_echo = ECHOES.iter().any(|echo| line.starts_with(echo));
    if is_echo || line.contains("% tests passed, ") && !line.contains(", 0 tests failed") {
        return Hit::echo("tests", line);
    }
    if line.trim_start().starts_with("#   Failed test") {
        return failed("prove", line.trim_start().trim_start_matches("#   Failed test"));
    }
    None
}
