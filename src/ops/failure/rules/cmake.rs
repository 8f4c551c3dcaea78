//! CMake.

use super::{Hit, Rank, Span, between};

pub fn look(line: &str) -> Option<Hit> {
    if line.starts_with("CMake Error: The following variables are used in this project") {
        return Some(Hit::new("cmake", Rank::Cause, line).with(Span::Block));
    }
    if line.starts_with("CMake Error") {
        // `CMake Error at CMakeLists.txt:4 (find_package):`, and the reason below.
        let says = line.strip_prefix("CMake Error: ").unwrap_or_default();
        return Some(Hit::new("cmake", Rank::Cause, says).with(Span::Indented));
    }
    if line.starts_with("-- Configuring incomplete, errors occurred") {
        return Hit::echo("cmake", line.trim_start_matches("-- "));
    }
    let text = line.trim_start();
    if let Some(name) =
        between(text, "Could not find a package configuration file provided by \"", "\"")
    {
        let says = format!("CMake finds no package {name}");
        return Some(Hit::new("cmake", Rank::Cause, says).require(format!("cmake({name})")));
    }
    None
}
