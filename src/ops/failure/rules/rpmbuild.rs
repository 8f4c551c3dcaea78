//! rpmbuild: the spec file, its sources and patches, what is packaged.

use super::{Hit, Rank, Span};

/// The part of the spec file that a line says has failed: `%build`.
pub fn failed_section(line: &str) -> Option<&str> {
    let rest = line.trim_start();
    let rest =
        rest.strip_prefix("error: ").unwrap_or(rest).strip_prefix("Bad exit status from ")?;
    let (_, section) = rest.rsplit_once('(')?;
    section.strip_suffix(')').filter(|section| section.starts_with('%'))
}

pub fn look(line: &str) -> Option<Hit> {
    if failed_section(line).is_some() || line.starts_with("RPM build errors:") {
        return Hit::echo("rpmbuild", line.trim());
    }
    if let Some(hit) = patches(line).or_else(|| scripts(line)) {
        return Some(hit);
    }
    // Two blanks or more: the repetition at the end of the log.
    let text = line.strip_prefix("error: ")?;
    let cause = |advice: &str| Some(Hit::new("rpmbuild", Rank::Cause, text).advise(advice));
    if text.starts_with("the package does not build") || text.starts_with("the build failed") {
        return Hit::echo("coprbox", text);
    }
    if text.starts_with("Failed build dependencies") {
        return Some(Hit::new("rpmbuild", Rank::Echo, text));
    }
    if text.starts_with("Installed (but unpackaged) file(s) found") {
        let hit = Hit::new("rpmbuild", Rank::Cause, "Installed files are in no package");
        return Some(
            hit.with(Span::Indented).advise("List them in %files, or remove them in %install."),
        );
    }
    if let Some(path) =
        text.strip_prefix("File not found: ").or_else(|| text.strip_prefix("Directory not found: "))
    {
        let below = path
            .split_once("/BUILDROOT/")
            .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
        let file = below.unwrap_or(path);
        let hit = Hit::new(
            "rpmbuild",
            Rank::Cause,
            format!("%files lists what was not installed: {file}"),
        );
        return Some(hit.advise("Install it in %install, or take it out of %files."));
    }
    if text.starts_with("Bad file: ")
        || text.starts_with("Bad source: ")
        || text.starts_with("Unable to open ")
    {
        return cause("The source package lacks this file: check Source and Patch lines.");
    }
    if text.starts_with("No compatible architectures") || text.starts_with("Architecture is ") {
        return cause("Leave this chroot out, or change ExclusiveArch and ExcludeArch.");
    }
    if text.starts_with("Arch dependent binaries in noarch package") {
        return cause("Remove BuildArch: noarch from that package.");
    }
    if text.starts_with("line ") || text.contains("parse error") || text.contains("Unknown tag") {
        return cause("Correct the spec file; rpmspec -P shows how rpm reads it.");
    }
    // Compilers of other languages begin their lines alike.
    Some(Hit::new("log", Rank::Cause, text).with(Span::Block))
}

fn patches(line: &str) -> Option<Hit> {
    if line.starts_with("Hunk #") && line.contains(" FAILED at ") {
        let hit = Hit::new("patch", Rank::Cause, format!("A patch does not apply: {line}"));
        return Some(hit.advise("Bring the patch up to date with these sources, or drop it."));
    }
    if let Some((_, rejects)) = line.split_once(" FAILED -- saving rejects to file ") {
        let file = rejects.strip_suffix(".rej").unwrap_or(rejects);
        let hit = Hit::new("patch", Rank::Cause, format!("A patch does not apply: {file}"));
        return Some(hit.advise("Bring the patch up to date with these sources, or drop it."));
    }
    if line.starts_with("error: patch failed: ") || line.ends_with(": patch does not apply") {
        return Hit::cause("git", line);
    }
    None
}

/// The checks that rpm's own scripts make after %install.
fn scripts(line: &str) -> Option<Hit> {
    if line.starts_with("*** ERROR: ") {
        return Hit::cause("rpmbuild", line.trim_start_matches("*** ERROR: "));
    }
    if line.starts_with("ERROR   00") {
        let hit = Hit::new("check-rpaths", Rank::Cause, line);
        return Some(hit.advise("Build without rpath, or remove it with chrpath or patchelf."));
    }
    if line.starts_with("Could not find a suitable python")
        || line.contains("ambiguous python shebang")
    {
        return Hit::cause("rpmbuild", line.trim());
    }
    None
}
