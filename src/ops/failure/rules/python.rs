//! Python: exceptions, pip, build backends, pytest.

use super::{Hit, Rank, Span, quoted};

/// What only follows from something else.
const ECHOES: [&str; 5] = [
    "error: subprocess-exited-with-error",
    "error: metadata-generation-failed",
    "error: command '",
    "× ",
    "ERROR Backend subprocess exited",
];

pub fn look(line: &str) -> Option<Hit> {
    if line.trim_start().starts_with("Traceback (most recent call last):") {
        return Some(Hit::new("python", Rank::Hint, "").with(Span::Traceback));
    }
    if ECHOES.iter().any(|echo| line.trim_start().starts_with(echo)) {
        return Hit::echo("python", line.trim());
    }
    if let Some(text) = line.strip_prefix("ERROR: No matching distribution found for ") {
        return Some(missing(text.split(['=', '<', '>', ' ', '[']).next().unwrap_or(text)));
    }
    if let Some(text) = line.strip_prefix("ERROR: Could not find a version that satisfies") {
        return Hit::echo("pip", text.trim());
    }
    // pytest marks what was raised with an E.
    if let Some(text) = line.strip_prefix("E   ") {
        return exception(text.trim()).or_else(|| Hit::cause("pytest", text.trim()));
    }
    if line.starts_with("FAILED ") && line.contains("::") {
        return Hit::cause("pytest", line.trim_start_matches("FAILED "));
    }
    None
}

/// What the line after a traceback says.
pub fn exception(line: &str) -> Option<Hit> {
    let name = line.split([':', ' ']).next().unwrap_or(line);
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_exception = last.starts_with(|c: char| c.is_ascii_uppercase())
        && last.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && last.len() > 3;
    if !is_exception {
        return None;
    }
    if last == "ModuleNotFoundError" || line.contains("No module named ") {
        let module = quoted(line)?;
        let module = module.split('.').next().unwrap_or(module);
        return Some(missing(module));
    }
    Hit::cause("python", line)
}

fn missing(module: &str) -> Hit {
    let says = format!("A Python module is missing: {module}");
    Hit::new("python", Rank::Cause, says)
        .require(format!("python3dist({})", module.to_lowercase().replace('_', "-")))
}
