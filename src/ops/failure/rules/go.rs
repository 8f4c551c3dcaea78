//! Go.

use super::{Hit, Rank, between};

pub fn look(line: &str) -> Option<Hit> {
    for text in ["cannot find module providing package ", "no required module provides package "] {
        if let Some((_, rest)) = line.split_once(text) {
            return Some(missing(rest));
        }
    }
    if line.contains("cannot find package \"") {
        return between(line, "cannot find package \"", "\"").map(missing);
    }
    if line.contains("go: inconsistent vendoring") {
        return Hit::cause("go", line.trim());
    }
    if line.starts_with("go: ") && line.contains("dial tcp") {
        return Some(Hit::new("go", Rank::Cause, line).advise(
            "Go wants to download modules, and builds have no network: vendor them among the \
             sources, or package them.",
        ));
    }
    // `./main.go:12:3: undefined: x`
    let (place, says) = line.split_once(": ")?;
    let mut parts = place.split(':');
    let is_go =
        parts.next().is_some_and(|file| file.strip_suffix(".go").is_some_and(|f| !f.contains(' ')));
    let has_line = parts.next().is_some_and(|number| number.parse::<u32>().is_ok());
    let has_column = parts.next().is_some_and(|number| number.parse::<u32>().is_ok());
    (is_go && has_line && has_column && !says.starts_with("warning"))
        .then(|| Hit::new("go", Rank::Cause, line))
}

fn missing(rest: &str) -> Hit {
    let name = rest.split([' ', ';', ':', '"']).next().unwrap_or(rest);
    let says = format!("A Go package is missing: {name}");
    Hit::new("go", Rank::Cause, says).require(format!("golang({name})"))
}
