//! gcc, clang and the linkers.

use super::{Hit, Rank, Span, quoted};

pub fn look(line: &str) -> Option<Hit> {
    if is_probe(line) {
        return None;
    }
    if line.contains("collect2: error: ld returned")
        || line.contains("linker command failed with exit code")
        || line.starts_with("cc1: all warnings being treated as errors")
        || line.starts_with("cc1plus: all warnings being treated as errors")
        || line == "compilation terminated."
    {
        return Hit::echo("gcc", line);
    }
    if let Some((_, rest)) = line.split_once("undefined reference to ") {
        let name = quoted(rest).unwrap_or(rest);
        let hit = Hit::new("ld", Rank::Cause, format!("The linker finds no {name}"));
        return Some(hit.advise("A library is not linked, or is older than the code expects."));
    }
    if let Some((_, name)) = line.split_once("cannot find -l") {
        let name = name.split([':', ' ']).next().unwrap_or(name);
        let hit = Hit::new("ld", Rank::Cause, format!("The linker finds no library lib{name}"));
        return Some(hit.advise(format!(
            "Require its development package; 'dnf provides \"*/lib{name}.so\"' names it."
        )));
    }
    let (place, says) =
        line.split_once(": fatal error: ").or_else(|| line.split_once(": error: "))?;
    let tool = if place.contains(':') || place.starts_with('<') || place.starts_with("cc1") {
        "gcc"
    } else {
        "log"
    };
    if let Some(header) = missing_header(says) {
        let says = format!("A header is missing: {header}");
        return Some(Hit::new("gcc", Rank::Cause, says).with(Span::Block).advise(format!(
            "Require its development package; 'dnf provides \"*/{header}\"' names it."
        )));
    }
    Some(Hit::new(tool, Rank::Cause, format!("{place}: {says}")).with(Span::Block))
}

fn missing_header(says: &str) -> Option<&str> {
    if let Some(header) = says.strip_suffix(": No such file or directory") {
        return Some(header);
    }
    let rest = says.strip_suffix(" file not found")?;
    quoted(rest)
}

/// Tests of configure, CMake and Meson fail on purpose.
fn is_probe(line: &str) -> bool {
    const PROBES: [&str; 6] =
        ["conftest.", "CMakeTmp", "CMakeScratch", "testfile.c", "meson-private", "configure:"];
    PROBES.iter().any(|probe| line.contains(probe))
}
