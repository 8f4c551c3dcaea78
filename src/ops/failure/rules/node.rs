//! npm and TypeScript.

use super::{Hit, Rank};

pub fn look(line: &str) -> Option<Hit> {
    if let Some(text) = line.strip_prefix("npm ERR! ").or_else(|| line.strip_prefix("npm error ")) {
        let says = text.trim();
        let is_detail = says.is_empty() || says.starts_with("A complete log");
        return (!is_detail).then(|| Hit::new("npm", Rank::Cause, says));
    }
    if line.contains("): error TS") {
        return Hit::cause("tsc", line);
    }
    None
}
