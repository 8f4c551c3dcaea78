//! rpkg's templates in a spec file: `{{{ git_dir_version lead=1 }}}`.
//!
//! Upstream they are shell functions, run by a shell with whatever stands between the braces. Here
//! those that people use are known by name and their arguments are plain words; anything else is
//! named in the error.

use std::ops::Range;

const OPEN: &str = "{{{";
const CLOSE: &str = "}}}";

/// What is understood, for messages.
pub(in super::super) const SUPPORTED: &str = "git_dir_, git_repo_, git_cwd_ and git_ before name, version, \
     release, pack, archive, setup_macro, changelog, vcs, head, head_short and remote_url, with \
     arguments that are plain words";

/// What part of the repository a template is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// All of it.
    Repo,
    /// The directory of the spec file.
    Dir,
    /// The directory that the build was given.
    Cwd,
}

/// What a template stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Version,
    Release,
    Pack,
    Archive,
    SetupMacro,
    Changelog,
    Vcs,
    Head,
    HeadShort,
    RemoteUrl,
}

const KINDS: [(&str, Kind, &[&str]); 11] = [
    ("name", Kind::Name, &["name", "prepend", "append"]),
    ("version", Kind::Version, &["name", "lead", "follow"]),
    ("release", Kind::Release, &["name", "lead", "follow"]),
    ("pack", Kind::Pack, &["path", "dir_name", "source_name"]),
    ("archive", Kind::Archive, &["path", "dir_name", "source_name"]),
    ("setup_macro", Kind::SetupMacro, &["source_indices", "dir_name"]),
    ("changelog", Kind::Changelog, &["name"]),
    ("vcs", Kind::Vcs, &[]),
    ("head", Kind::Head, &[]),
    ("head_short", Kind::HeadShort, &[]),
    ("remote_url", Kind::RemoteUrl, &[]),
];

/// One use of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) scope: Scope,
    pub(super) kind: Kind,
    args: Vec<(String, String)>,
}

impl Call {
    /// The value of an argument.
    pub(super) fn arg(&self, name: &str) -> Option<&str> {
        self.args.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether its value depends on more than the one commit.
    pub(super) fn needs_history(&self) -> bool {
        matches!(self.kind, Kind::Version | Kind::Release | Kind::Changelog)
            // Its file is named after the version.
            || matches!(self.kind, Kind::Pack | Kind::Archive) && self.arg("source_name").is_none()
    }
}

/// The templates in a text, with the places they take there; the error is the first that is not
/// understood.
pub(super) fn find(text: &str) -> Result<Vec<(Range<usize>, Call)>, String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(OPEN).map(|start| at + start) {
        let inner = start + OPEN.len();
        let Some(length) = text[inner..].find(CLOSE) else { break };
        let end = inner + length + CLOSE.len();
        let call = parse(&text[inner..inner + length]);
        found.push((start..end, call.ok_or_else(|| text[start..end].to_owned())?));
        at = end;
    }
    Ok(found)
}

fn parse(text: &str) -> Option<Call> {
    let mut words = words(text)?.into_iter();
    let macro_name = words.next()?;
    let rest = macro_name.strip_prefix("git_")?;
    let scopes = [("dir_", Scope::Dir), ("cwd_", Scope::Cwd), ("repo_", Scope::Repo)];
    let in_scope =
        scopes.iter().find_map(|(prefix, scope)| Some((rest.strip_prefix(prefix)?, *scope)));
    let (kind, scope) = in_scope.unwrap_or((rest, Scope::Repo));
    let (_, kind, known) = KINDS.iter().find(|(name, ..)| *name == kind)?;
    let mut args = Vec::new();
    for word in words {
        let (name, value) = word.split_once('=')?;
        if !known.contains(&name) {
            return None;
        }
        args.push((name.to_owned(), value.to_owned()));
    }
    Some(Call { scope, kind: *kind, args })
}

/// The words of a shell command that is nothing but words.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut begun) = (Vec::new(), String::new(), false);
    let mut quote = None;
    for c in text.trim().chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => word.push(c),
            // What a shell would replace, and what it would end the command at.
            (_, '$' | '`' | '\\') => return None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => (quote, begun) = (Some(c), true),
            (None, ';' | '|' | '&' | '(' | ')' | '<' | '>' | '#' | '*' | '?' | '\n') => {
                return None;
            }
            (None, c) if c.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (None, c) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_found_with_their_arguments() {
        let text = "Name: {{{ git_dir_name }}}\nVersion: {{{git_version name=\"a b\" lead='1'}}}\n";
        let found = find(text).unwrap();
        assert_eq!(&text[found[0].0.clone()], "{{{ git_dir_name }}}");
        assert_eq!((found[0].1.scope, found[0].1.kind), (Scope::Dir, Kind::Name));
        let version = &found[1].1;
        assert_eq!((version.scope, version.kind), (Scope::Repo, Kind::Version));
        assert_eq!((version.arg("name"), version.arg("lead")), (Some("a b"), Some("1")));
        assert_eq!(version.arg("follow"), None);
        assert!(version.needs_history() && !found[0].1.needs_history());
    }

    #[test]
    fn every_family_has_every_kind() {
        for family in ["git_", "git_dir_", "git_cwd_", "git_repo_"] {
            for (kind, ..) in KINDS {
                assert!(parse(&format!("{family}{kind}")).is_some(), "{family}{kind}");
            }
        }
    }

    #[test]
    fn what_only_a_shell_understands_is_named() {
        for bad in [
            "git_dir_version lead=\"$(cat VERSION)\"",
            "git_dir_name; id",
            "git_dir_name | tr a b",
            "`id`",
            "git_dir_version unknown=1",
            "git_dir_version 1",
            "my_macro",
            "git_submodule_name",
            "git_dir_name append='x",
            "",
        ] {
            let text = format!("Version: {{{{{{ {bad} }}}}}}");
            assert_eq!(find(&text).unwrap_err(), format!("{{{{{{ {bad} }}}}}}"), "{bad}");
        }
    }

    #[test]
    fn a_spec_without_templates_has_none() {
        assert!(find("Name: x\n%{?a:%{?b:%{c}}}\n%define a {{{ open\n").unwrap().is_empty());
    }
}
