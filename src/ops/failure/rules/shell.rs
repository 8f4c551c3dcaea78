//! The shell that runs the parts of a spec file.

use super::{Hit, Rank};

pub fn look(line: &str) -> Option<Hit> {
    if let Some(before) = line.strip_suffix(": command not found") {
        return Some(program(before.rsplit(": ").next()?));
    }
    if let Some(before) = line.strip_suffix(": not found")
        && before.starts_with("/bin/sh: ")
    {
        return Some(program(before.rsplit(": ").next()?));
    }
    if line.contains("rpm-tmp.") && line.contains(": line ") {
        let says = line.splitn(4, ": ").last()?;
        return Hit::cause("shell", says);
    }
    if line.starts_with("cp: ") || line.starts_with("install: ") || line.starts_with("mv: ") {
        return line
            .contains("No such file or directory")
            .then(|| Hit::new("shell", Rank::Cause, line));
    }
    if line.starts_with("/usr/bin/env: ") {
        return Hit::cause("shell", line);
    }
    None
}

fn program(name: &str) -> Hit {
    let hit = Hit::new("shell", Rank::Cause, format!("There is no program {name}"));
    if name.starts_with('/') {
        hit.require(name.to_owned())
    } else {
        hit.require(format!("/usr/bin/{name}"))
    }
}
