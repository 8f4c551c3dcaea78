//! Where a build's sources come from, as facts.

use std::fmt::Display;

use crate::model::source::{Said, SourceSpec, without_password};

/// What there is to know of sources: names and values, what was left open left out.
pub fn source_facts(source: &SourceSpec) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let mut add = |name: &'static str, text: String| {
        if !text.is_empty() {
            facts.push((name, text));
        }
    };
    match source {
        SourceSpec::Unset => {}
        SourceSpec::Link { url } => add("Source, from an address", without_password(url)),
        SourceSpec::Upload { file, .. } => add("Source, uploaded", file.clone()),
        SourceSpec::Tree(tree) => {
            add("Source, an uploaded directory", tree.name().to_owned());
            add("Spec file", said(&tree.spec));
        }
        SourceSpec::Scm(scm) => {
            add("Source, from a repository", without_password(scm.clone_url.as_str()));
            add("Kind of repository", scm.kind.to_string());
            add("Branch, tag or commit", said(&scm.committish));
            add("Directory in it", said(&scm.subdirectory));
            add("Spec file", said(&scm.spec));
            add("Source package made by", scm.method.to_string());
        }
        SourceSpec::DistGit(distgit) => {
            add("Source, from DistGit", without_password(distgit.clone_url.as_str()));
            add("Distribution", distgit.instance.clone());
            add("Branch, tag or commit", or_nothing(distgit.committish.as_ref()));
            add("Namespace", or_nothing(distgit.namespace.as_ref()));
        }
        SourceSpec::PyPi(pypi) => {
            add("Source, from PyPI", pypi.name.to_string());
            add("Version asked for", said(&pypi.version));
            add("Spec file written by", pypi.generator.to_string());
            let versions: Vec<String> =
                pypi.python_versions.iter().map(ToString::to_string).collect();
            add("Python versions", versions.join(", "));
        }
        SourceSpec::RubyGems(gem) => add("Source, from RubyGems", gem.gem.to_string()),
        SourceSpec::Custom(custom) => {
            add("Source, made by a script in", custom.chroot.to_string());
            add("The script needs", custom.builddeps.as_deref().unwrap_or_default().join(", "));
            add("It leaves the sources in", said(&custom.resultdir));
        }
        SourceSpec::RpmUpload { files, .. } => add("Packages, uploaded", files.join(", ")),
    }
    facts
}

fn said<T: Display>(value: &Said<T>) -> String {
    or_nothing(value.get())
}

fn or_nothing<T: Display>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_open_is_left_out() {
        let scm = r#"{"type":"scm","kind":"git","clone_url":"https://h/a.git","committish":"main","method":"rpkg"}"#;
        let facts = source_facts(&serde_json::from_str(scm).unwrap());
        let names: Vec<&str> = facts.iter().map(|(name, _)| *name).collect();
        let expected = [
            "Source, from a repository",
            "Kind of repository",
            "Branch, tag or commit",
            "Source package made by",
        ];
        assert_eq!(names, expected);
        assert!(source_facts(&SourceSpec::Unset).is_empty());
    }
}
