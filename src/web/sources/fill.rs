//! Filling a form in with sources that are there.

use std::fmt::Display;

use super::Part;
use crate::model::source::{
    Custom, DistGit, PyPi, Said, Scm, ScmKind, SourceSpec, SpecGenerator, SrpmMethod,
};
use crate::ops::sources::SourceKind;
use crate::web::form::Form;

/// The form with the fields of `part` filled in: with `old`, where that is of the same kind, else
/// with what is usual.
pub fn fill(form: Form, part: &Part, old: Option<&SourceSpec>) -> Form {
    match (part.kind, old) {
        (SourceKind::Scm, Some(SourceSpec::Scm(old))) => scm(form, old),
        (SourceKind::Scm, _) => form
            .set("scm_type", ScmKind::default())
            .set("source_build_method", SrpmMethod::default()),
        (SourceKind::DistGit, Some(SourceSpec::DistGit(old))) => distgit(form, part, old),
        (SourceKind::PyPi, Some(SourceSpec::PyPi(old))) => pypi(form, old),
        (SourceKind::PyPi, _) => form.set("spec_generator", SpecGenerator::default()),
        (SourceKind::RubyGems, Some(SourceSpec::RubyGems(old))) => form.set("gem_name", &old.gem),
        (SourceKind::Custom, Some(SourceSpec::Custom(old))) => custom(form, part, old),
        (SourceKind::Custom, _) => form.set("script", "#!/bin/sh -ex\n"),
        (SourceKind::Link, Some(SourceSpec::Link { url })) => {
            form.set(if part.is_build() { "pkgs" } else { "url" }, url)
        }
        _ => form,
    }
}

fn said<T: Display>(value: &Said<T>) -> String {
    value.get().map(ToString::to_string).unwrap_or_default()
}

fn or_nothing<T: Display>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn lines<T: Display>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn scm(form: Form, old: &Scm) -> Form {
    form.set("scm_type", old.kind)
        .set("clone_url", &old.clone_url)
        .set("committish", said(&old.committish))
        .set("subdirectory", said(&old.subdirectory))
        .set("spec", said(&old.spec))
        .set("source_build_method", old.method)
}

/// A package has its own name in the dist-git.
fn distgit(form: Form, part: &Part, old: &DistGit) -> Form {
    let form = if part.is_build() { form.set("package_name", &old.package) } else { form };
    form.set("distgit", &old.instance)
        .set("namespace", or_nothing(old.namespace.as_ref()))
        .set("committish", or_nothing(old.committish.as_ref()))
}

fn pypi(form: Form, old: &PyPi) -> Form {
    form.set("pypi_package_name", &old.name)
        .set("pypi_package_version", said(&old.version))
        .set("spec_generator", old.generator)
        .set("spec_template", old.template)
        .set("python_versions", lines(&old.python_versions).replace('\n', " "))
}

fn custom(form: Form, part: &Part, old: &Custom) -> Form {
    form.set("script", &old.script)
        .set(part.script("chroot"), &old.chroot)
        .set(part.script("builddeps"), old.builddeps.as_deref().unwrap_or_default().join(" "))
        .set(part.script("resultdir"), said(&old.resultdir))
        .set(part.script("repos"), lines(&old.repos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::Body;
    use crate::http::sources::read;
    use crate::ops::sources::{Offered, Purpose};
    use crate::web::sources::LABELS;

    /// Every field of sources that are there is in the form, and comes back from it.
    #[test]
    fn what_is_filled_in_is_what_is_read() {
        for stored in [
            r#"{"type":"scm","kind":"git","clone_url":"https://h/a.git","committish":"main","subdirectory":"sub","spec":"a.spec","method":"tito"}"#,
            r#"{"type":"distgit","instance":"fedora","package":"a","namespace":"rpms","committish":"f42","clone_url":"https://h/a"}"#,
            r#"{"type":"pypi","name":"a","version":"1.0","generator":"pyp2rpm","template":"fedora","python_versions":["3","3.12"]}"#,
            r#"{"type":"rubygems","gem":"a"}"#,
            r#"{"type":"custom","script":"true\n","chroot":"fedora-latest-x86_64","builddeps":["make","gcc"],"resultdir":"out","repos":["copr://a/b"]}"#,
        ] {
            let spec: SourceSpec = serde_json::from_str(stored).unwrap();
            let kind = SourceKind::of(&spec).unwrap();
            for purpose in [Purpose::Build, Purpose::Package] {
                let part = Part::new(kind, purpose, Offered::default());
                let form = fill(Form::new(LABELS), &part, Some(&spec));
                let names = LABELS.iter().map(|(name, _)| *name).chain(["package_name"]);
                let sent: Vec<(String, String)> = names
                    .filter(|name| !form.value(name).is_empty())
                    .map(|name| (name.to_owned(), form.value(name).to_owned()))
                    .collect();
                let said = format!("{:?}", read(kind, &Body::form(sent)).0);
                for value in stored.split('"').filter(|text| text.len() > 1) {
                    let is_value = stored.contains(&format!(":\"{value}\""));
                    let known = said.contains(value);
                    // What the fields do not say: the kind, and where a dist-git's package is.
                    let is_told = !["https://h/a", kind.as_str()].contains(&value);
                    assert!(!is_value || known || !is_told, "{value} is lost: {said}");
                }
            }
        }
    }
}
