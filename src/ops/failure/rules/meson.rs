//! Meson.

use super::{Hit, Rank, between};

pub fn look(line: &str) -> Option<Hit> {
    let (place, text) = line.split_once("ERROR: ")?;
    // `../meson.build:12:0: ERROR: …`; with no place it may be anybody's.
    if !place.contains("meson") && !text.starts_with("Dependency ") && !text.starts_with("Program ")
    {
        return None;
    }
    if let Some(name) = between(text, "Dependency \"", "\"") {
        let says = format!("Meson finds no dependency {name}");
        return Some(Hit::new("meson", Rank::Cause, says).require(format!("pkgconfig({name})")));
    }
    if let Some(name) = between(text, "Program '", "'").filter(|_| text.contains("not found")) {
        let says = format!("Meson finds no program {name}");
        let name = name.split(' ').next().unwrap_or(name);
        return Some(Hit::new("meson", Rank::Cause, says).require(format!("/usr/bin/{name}")));
    }
    Hit::cause("meson", text)
}
