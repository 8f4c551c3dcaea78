//! cargo and rustc.

use super::{Hit, Rank, Span, quoted};

/// What only follows from something else.
const ECHOES: [&str; 5] = [
    "error: could not compile",
    "error: aborting due to",
    "error: build failed",
    "error: process didn't exit successfully",
    "error: test failed, to rerun",
];

pub fn look(line: &str) -> Option<Hit> {
    if line.starts_with("error[E") {
        let says = line.split_once("]: ").map_or(line, |(_, text)| text);
        return Some(Hit::new("rustc", Rank::Cause, says).with(Span::Block));
    }
    if ECHOES.iter().any(|echo| line.starts_with(echo)) {
        return Hit::echo("cargo", line.trim_start_matches("error: "));
    }
    if line.starts_with("error: no matching package named ") {
        let name = quoted(line).unwrap_or("?");
        return Some(krate(name));
    }
    if line.starts_with("error: failed to select a version for the requirement ") {
        let wanted = quoted(line).unwrap_or(line);
        let name = wanted.split(' ').next().unwrap_or(wanted);
        let says = format!("No version of a crate fits: {wanted}");
        return Some(
            Hit::new("cargo", Rank::Cause, says)
                .with(Span::Block)
                .require(format!("crate({name})")),
        );
    }
    if line.starts_with("error: failed to run custom build command for ") {
        return Hit::echo("cargo", line.trim_start_matches("error: "));
    }
    if line.starts_with("thread '") && line.contains("' panicked at ") {
        return Some(Hit::new("rust", Rank::Cause, line).with(Span::Block));
    }
    None
}

fn krate(name: &str) -> Hit {
    let says = format!("A crate is missing: {name}");
    Hit::new("cargo", Rank::Cause, says).with(Span::Block).require(format!("crate({name})"))
}
