//! What is to be built.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::interrupt::Interrupt;
use super::{Ended, files, spec};
use crate::model::source::{SourceFile, SpecPath};
use crate::rpm::Package;

/// How many files a message names.
const NAMED: usize = 8;
/// How far below the directory its only spec file is looked for.
const DEPTH: usize = 4;

/// A directory, or a file that is sent as it is.
#[derive(Debug)]
pub(super) enum Subject {
    Tree {
        dir: PathBuf,
        /// The package, as far as the spec file's name tells.
        name: String,
        /// The spec file, seen from the directory.
        spec: String,
        /// The files, seen from the directory.
        files: BTreeSet<PathBuf>,
    },
    File {
        path: PathBuf,
        name: String,
    },
}

impl Subject {
    /// What lies at `path`; `spec` is what the user named.
    pub(super) fn of(
        path: &Path,
        spec: Option<&str>,
        interrupt: &Interrupt,
    ) -> Result<Subject, Ended> {
        let shown = path.display();
        let meta = fs::metadata(path)
            .map_err(|error| Ended::refused(format!("cannot build {shown}: {error}")))?;
        if meta.is_dir() {
            return Subject::tree(path, spec, interrupt);
        }
        if spec.is_some() {
            return Err(Ended::refused("--spec goes with a directory"));
        }
        match SourceFile::of(&shown.to_string()).filter(|_| meta.is_file()) {
            Some(SourceFile::Srpm) => {
                let package = Package::read_source(path)
                    .map_err(|error| Ended::refused(format!("{shown}: {error}")))?;
                Ok(Subject::File { path: path.to_owned(), name: package.name })
            }
            Some(SourceFile::Spec) => Subject::spec(path, interrupt),
            None => Err(Ended::refused(format!(
                "{shown} is neither a directory nor a spec file nor an SRPM (.src.rpm)"
            ))),
        }
    }

    /// The package's name, as far as it is known here.
    pub(super) fn name(&self) -> &str {
        match self {
            Subject::Tree { name, .. } | Subject::File { name, .. } => name,
        }
    }

    /// A spec file alone is enough where all its sources have addresses.
    fn spec(path: &Path, interrupt: &Interrupt) -> Result<Subject, Ended> {
        let unreadable = |error| Ended::refused(format!("cannot read {}: {error}", path.display()));
        let text = String::from_utf8_lossy(&fs::read(path).map_err(unreadable)?).into_owned();
        if spec::named(&text).iter().any(|named| named.is_local) {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            return Subject::tree(dir.unwrap_or(Path::new(".")), Some(&file), interrupt);
        }
        Ok(Subject::File { path: path.to_owned(), name: stem(path) })
    }

    fn tree(dir: &Path, spec: Option<&str>, interrupt: &Interrupt) -> Result<Subject, Ended> {
        let mut files = files::choose(dir, interrupt)?;
        let spec = match spec {
            Some(named) => {
                let path: SpecPath =
                    named.parse().map_err(|error| Ended::refused(format!("--spec: {error}")))?;
                // Somebody who names it means it, whatever git ignores.
                files.insert(path.below());
                path.below()
            }
            None => only_spec(dir, &files)?,
        };
        let shown = spec.display();
        let inside = fs::canonicalize(dir).and_then(|top| {
            let real = fs::canonicalize(dir.join(&spec))?;
            Ok(real.is_file() && real.starts_with(top))
        });
        match inside {
            Ok(true) => {}
            Ok(false) => {
                let why = format!("{shown} is no file of the directory {}", dir.display());
                return Err(Ended::refused(why));
            }
            Err(error) => return Err(Ended::refused(format!("cannot read {shown}: {error}"))),
        }
        let text = fs::read(dir.join(&spec))
            .map_err(|error| Ended::refused(format!("cannot read {shown}: {error}")))?;
        let named = spec::named(&String::from_utf8_lossy(&text));
        files::add_ignored_sources(dir, &spec, &named, &mut files);
        let name = stem(&spec);
        Ok(Subject::Tree {
            dir: dir.to_owned(),
            name,
            spec: spec.to_string_lossy().into_owned(),
            files,
        })
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The only spec file at the top, or else the only one below.
fn only_spec(dir: &Path, files: &BTreeSet<PathBuf>) -> Result<PathBuf, Ended> {
    let hidden = |path: &Path| {
        path.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
    };
    let is_spec = |path: &&PathBuf| path.extension().is_some_and(|end| end == "spec");
    for depth in [1, DEPTH] {
        let mut found = files
            .iter()
            .filter(is_spec)
            .filter(|path| path.components().count() <= depth && !hidden(path));
        match (found.next(), found.next()) {
            (Some(spec), None) => return Ok(spec.clone()),
            (Some(first), Some(second)) => {
                let all = [first, second].into_iter().chain(found);
                let mut names: Vec<String> =
                    all.take(NAMED).map(|path| path.display().to_string()).collect();
                names.sort();
                let why = format!(
                    "{} has several spec files, name one with --spec: {}",
                    dir.display(),
                    names.join(" ")
                );
                return Err(Ended::refused(why));
            }
            (None, _) => {}
        }
    }
    Err(Ended::refused(format!(
        "{} has no spec file; name one with --spec, if git ignores it",
        dir.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(names: &[&str]) -> Result<String, String> {
        let files = names.iter().map(PathBuf::from).collect();
        let found = only_spec(Path::new("."), &files);
        found.map(|path| path.display().to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_spec_at_the_top_comes_before_those_below() {
        assert_eq!(only(&["a.c", "a.spec", "dist/b.spec"]), Ok("a.spec".into()));
        assert_eq!(only(&["a.c", "dist/b.spec", ".ci/c.spec"]), Ok("dist/b.spec".into()));
        let two = only(&["b.spec", "a.spec"]).unwrap_err();
        assert!(two.ends_with("--spec: a.spec b.spec"), "{two}");
        assert!(only(&["a.c", "1/2/3/4/a.spec"]).unwrap_err().contains("no spec file"));
    }
}
