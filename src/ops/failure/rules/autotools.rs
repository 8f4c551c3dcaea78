//! configure, and the programs that make it.

use super::{Hit, Rank, Span, between};

pub fn look(line: &str) -> Option<Hit> {
    if let Some(text) = line.strip_prefix("configure: error: ") {
        if let Some(wanted) = between(text, "Package requirements (", ")") {
            let says = format!("configure finds no {wanted}");
            let mut hit = Hit::new("configure", Rank::Cause, says).with(Span::Block);
            hit.missing = wanted.split(',').filter_map(pkgconfig).collect();
            let names = hit.missing.join(", ");
            return Some(hit.advise(format!("Add to the spec file: BuildRequires: {names}")));
        }
        return Some(Hit::new("configure", Rank::Cause, text).with(Span::Block));
    }
    if line.starts_with("configure.ac:") && line.contains("error: ") {
        return Hit::cause("autoconf", line);
    }
    let tool = ["aclocal: error: ", "automake: error: ", "autoreconf: error: "]
        .iter()
        .find_map(|tool| line.strip_prefix(tool))?;
    if tool.contains("failed with exit status") {
        return Hit::echo("autotools", tool);
    }
    Hit::cause("autotools", tool)
}

/// `gtk4 >= 4.10` as a requirement.
fn pkgconfig(wanted: &str) -> Option<String> {
    let mut words = wanted.split_whitespace();
    let name = words.next()?;
    let version: Vec<&str> = words.collect();
    let version =
        if version.is_empty() { String::new() } else { format!(" {}", version.join(" ")) };
    Some(format!("pkgconfig({name}){version}"))
}
