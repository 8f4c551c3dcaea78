//! What the commands print: tables for people, the server's own JSON for programs.

use serde::Serialize;

use crate::cli::out;
use crate::client::{Copr, Permissions, Pkg};

pub(super) fn coprs(coprs: &[Copr], json: bool) -> anyhow::Result<()> {
    if json {
        return out::json(&coprs);
    }
    let row = |copr: &Copr| {
        let summary = first_line(&copr.description);
        [copr.full_name.clone(), copr.releases.join(" "), summary]
    };
    titled(["COPR", "RELEASES", "DESCRIPTION"], coprs.iter().map(row))
}

pub(super) fn copr(copr: &Copr, json: bool) -> anyhow::Result<()> {
    if json {
        return out::json(copr);
    }
    let mut rows = vec![["copr".to_owned(), copr.full_name.clone()]];
    let mut add = |name: &str, value: &str| {
        // Further lines stand below the first.
        for (number, line) in value.lines().enumerate() {
            let name = if number == 0 { name } else { "" };
            rows.push([name.to_owned(), printable(line)]);
        }
    };
    add("description", &copr.description);
    add("instructions", &copr.instructions);
    add("homepage", copr.homepage.as_deref().unwrap_or_default());
    add("contact", copr.contact.as_deref().unwrap_or_default());
    add("releases", &copr.releases.join("\n"));
    add("dependencies", &copr.dependencies.join("\n"));
    add("repositories", &copr.repos.join("\n"));
    add("created", &copr.created_on.minute());
    add("page", &copr.url);
    out::table(&rows)
}

pub(super) fn permissions(has: &Permissions, json: bool) -> anyhow::Result<()> {
    if json {
        return out::json(has);
    }
    let words: Vec<&str> = has.permissions.iter().map(|role| role.as_str()).collect();
    let words = if words.is_empty() { "nothing".to_owned() } else { words.join(" ") };
    out::table(&[["user".to_owned(), has.user.clone()], ["permissions".to_owned(), words]])
}

pub(super) fn pkgs(pkgs: &[Pkg], json: bool) -> anyhow::Result<()> {
    if json {
        return out::json(&pkgs);
    }
    let row = |pkg: &Pkg| {
        let version = pkg.version.as_deref().unwrap_or("-");
        let build = pkg.build.as_ref();
        let build = build.map_or("-".to_owned(), |build| format!("{} {}", build.id, build.state));
        [pkg.name.clone(), printable(version), build]
    };
    titled(["PACKAGE", "VERSION", "LAST BUILD"], pkgs.iter().map(row))
}

pub(super) fn pkg(pkg: &Pkg, json: bool) -> anyhow::Result<()> {
    if json {
        return out::json(pkg);
    }
    let mut rows = vec![
        ["package".to_owned(), pkg.name.clone()],
        ["copr".to_owned(), pkg.copr.clone()],
        ["version".to_owned(), pkg.version.as_deref().map_or("-".to_owned(), printable)],
    ];
    if let Some(build) = &pkg.build {
        rows.push(["last build".to_owned(), build.id.to_string()]);
        rows.push(["state".to_owned(), build.state.clone()]);
        rows.push(["submitted".to_owned(), build.submitted_on.minute()]);
        rows.push(["page".to_owned(), build.url.clone()]);
    }
    out::table(&rows)
}

/// What was deleted, for programs; people have been told in words.
pub(super) fn deleted<T: Serialize>(was: &T, json: bool) -> anyhow::Result<()> {
    if json { out::json(was) } else { Ok(()) }
}

/// A table with names above its columns; nothing at all if there are no rows.
fn titled<const N: usize>(
    titles: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> anyhow::Result<()> {
    let mut all = vec![titles.map(str::to_owned)];
    all.extend(rows);
    if all.len() == 1 { Ok(()) } else { out::table(&all) }
}

fn first_line(text: &str) -> String {
    let line = printable(text.lines().next().unwrap_or_default());
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A text of somebody else's without what a terminal would act upon.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_do_not_command_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\tc"), "a [2Jb c");
        assert_eq!(first_line("one\ntwo"), "one");
        assert_eq!(first_line(&"é".repeat(61)).chars().count(), 61);
        assert_eq!(first_line(""), "");
    }
}
