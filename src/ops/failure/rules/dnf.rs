//! dnf, of either generation: what no repository has.

use super::{Hit, Rank, Span};

const ADVICE: &str = "Correct the name in the spec file, or add the repository that has it to \
                      the project or to this chroot.";

pub fn look(line: &str) -> Option<Hit> {
    let text = line.trim_start().trim_start_matches("- ");
    if let Some(name) = missing(text) {
        // What another package needs is not for this spec file to require.
        let mut hit = Hit::new("dnf", Rank::Certain, text).advise(ADVICE);
        hit.missing.push(name.to_owned());
        return Some(hit);
    }
    if line.starts_with([' ', '\t']) && text.contains(" is needed by ") {
        let name = text.split(" is needed by ").next()?;
        let mut hit = Hit::new("rpm", Rank::Certain, text).advise(ADVICE);
        hit.missing.push(name.to_owned());
        return Some(hit);
    }
    if text.starts_with("Errors during downloading metadata for repository")
        || text.starts_with("Failed to download metadata for repo")
        || text.starts_with("Cannot download repomd.xml")
    {
        let hit = Hit::new("dnf", Rank::Certain, text).with(Span::Indented);
        return Some(hit.advise(
            "The repository cannot be read: check its address in the project's settings, and \
             whether the server reaches it.",
        ));
    }
    if text.starts_with("error: the build requires what no repository has")
        || text.starts_with("error: no repository of ")
    {
        return Hit::echo("dnf", text);
    }
    if text.starts_with("Error: GPG check FAILED") {
        return Hit::cause("dnf", text);
    }
    None
}

fn missing(text: &str) -> Option<&str> {
    if let Some(name) = text.strip_prefix("No matching package to install: ") {
        return Some(name.trim_matches('\''));
    }
    if let Some(name) = text.strip_prefix("No match for argument: ") {
        return Some(name);
    }
    if let Some((_, name)) = text.split_once("Unable to find a match: ") {
        return Some(name);
    }
    let (_, rest) = text.split_once("nothing provides ")?;
    let rest = rest.strip_prefix("requested ").unwrap_or(rest);
    Some(rest.split(" needed by ").next().unwrap_or(rest))
}
