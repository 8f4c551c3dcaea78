//! make and ninja.

use super::{Hit, Rank, quoted};

pub fn look(line: &str) -> Option<Hit> {
    if let Some(text) = line.strip_prefix("ninja: error: ") {
        return Hit::cause("ninja", text);
    }
    if line.starts_with("ninja: build stopped") || line.starts_with("FAILED: ") {
        return Hit::echo("ninja", line);
    }
    if !(line.starts_with("make") || line.starts_with("gmake")) {
        return None;
    }
    let (_, text) = line.split_once(": ")?;
    if let Some(text) = text.strip_prefix("*** ") {
        if text.starts_with("No rule to make target") {
            let target = quoted(text).unwrap_or(text);
            let says = format!("make knows no rule for {target}");
            return Some(Hit::new("make", Rank::Cause, says).advise(
                "The file is missing from the sources, or the target is called otherwise.",
            ));
        }
        if text.starts_with("No targets specified and no makefile found") {
            return Some(Hit::new("make", Rank::Cause, "There is no makefile here").advise(
                "Run configure or cmake first, or change into the right directory (%autosetup -n).",
            ));
        }
        return Hit::echo("make", text);
    }
    let program = text.strip_suffix(": No such file or directory")?;
    if program.contains(' ') {
        return None;
    }
    let says = format!("make finds no program {program}");
    Some(Hit::new("make", Rank::Cause, says).require(format!("/usr/bin/{program}")))
}
