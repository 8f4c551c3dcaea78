//! Handing in a file.

use tempfile::TempPath;

use super::options::Wish;
use super::stored::Stored;
use super::submit::insert;
use crate::model::PackageName;
use crate::model::build::Build;
use crate::model::source::{SourceFile, SourceSpec};
use crate::model::user::User;
use crate::ops::{App, Error, Mistakes, Result};
use crate::rpm::{self, Package};
use crate::store::packages;

/// A file that came with a request, on the file system of the data directory.
#[derive(Debug)]
pub struct UploadedFile {
    /// Its name, as the client gave it.
    pub name: String,
    /// Where it lies for now.
    pub path: TempPath,
}

/// Hands in a build of a file. When it is refused, nothing is left of the file.
pub async fn submit_upload(
    app: &App,
    user: &User,
    wish: Wish,
    file: Option<UploadedFile>,
) -> Result<Build> {
    let named = checked(app, user, &wish, file).await?;
    hand_in(app, user, wish, named, None, upload).await
}

/// [`submit_upload`] for an SRPM and nothing else, which says what package it is: the project has
/// that package from now on.
pub async fn submit_srpm(
    app: &App,
    user: &User,
    wish: Wish,
    file: Option<UploadedFile>,
) -> Result<Build> {
    let (name, file) = checked(app, user, &wish, file).await?;
    if SourceFile::of(&name) != Some(SourceFile::Srpm) {
        return Err(Error::invalid("pkgs: a source package is needed, a file .src.rpm"));
    }
    let reading = tokio::task::spawn_blocking(move || (Package::read_source(&file), file));
    let (read, file) = reading.await.map_err(|error| Error::internal("reading an SRPM", error))?;
    let package = match read {
        Ok(package) => package.name.parse()?,
        Err(rpm::Error::Io(error)) => return Err(Error::internal("reading an SRPM", error)),
        Err(error) => return Err(Error::invalid(format!("pkgs: {name}: {error}"))),
    };
    hand_in(app, user, wish, (name, file), Some(package), upload).await
}

fn upload(dir: String, file: String) -> SourceSpec {
    SourceSpec::Upload { dir, file }
}

/// Whether a build of this file would be taken, and the name to keep it under.
async fn checked(
    app: &App,
    user: &User,
    wish: &Wish,
    file: Option<UploadedFile>,
) -> Result<(String, TempPath)> {
    let checked = {
        let (user, wish) = (user.clone(), wish.clone());
        let name = file.as_ref().map(|file| file.name.clone());
        app.store
            .read(move |db| {
                let project = wish.find_project(db)?;
                let mut mistakes = Mistakes::default();
                let name = file_name(name.as_deref(), &mut mistakes);
                wish.plan(db, &user, project, mistakes)?;
                Ok::<_, Error>(name)
            })
            .await?
    };
    match (file, checked) {
        (Some(file), Some(name)) => Ok((name, file.path)),
        _ => Err(Error::invalid("pkgs: This field is required.")),
    }
}

/// Adds a build of a file, which is kept under this name; `source` makes of its lasting place,
/// directory and name, what the build is made from.
pub(super) async fn hand_in(
    app: &App,
    user: &User,
    wish: Wish,
    (name, file): (String, TempPath),
    package: Option<PackageName>,
    source: impl FnOnce(String, String) -> SourceSpec + Send + 'static,
) -> Result<Build> {
    // A task of its own: a client that hangs up must not leave a build without its file.
    let (app, user) = (app.clone(), user.clone());
    let taking = async move {
        let named = vec![(name.clone(), file)];
        let stored = Stored::take_in(app.layout().uploads(), named).await?;
        let source = source(stored.dir.clone(), name);
        take(&app, user, wish, (stored, source), package).await
    };
    tokio::spawn(taking).await.map_err(|error| Error::internal("handing in a file", error))?
}

async fn take(
    app: &App,
    user: User,
    wish: Wish,
    (stored, source): (Stored, SourceSpec),
    package: Option<PackageName>,
) -> Result<Build> {
    let outcome = app
        .store
        .write(move |tx| {
            let project = wish.find_project(tx)?;
            let plan = wish.plan(tx, &user, project, Mistakes::default())?;
            let package = match package {
                Some(name) => {
                    Some(packages::find_or_insert(tx, plan.project.id, &name, &source)?.id)
                }
                None => None,
            };
            insert(tx, Some(user.id), &plan, package, vec![source])
        })
        .await;
    match outcome.map(|mut builds| builds.pop()) {
        Ok(Some(build)) => {
            stored.keep();
            Ok(build)
        }
        Ok(None) => Err(Error::internal("handing in a file", "no build was made of it")),
        Err(error) => Err(error),
    }
}

/// The name to keep a file under: one path segment, blanks replaced. `None` with a mistake noted
/// when it is not one that can be built.
pub(in crate::ops) fn file_name(given: Option<&str>, mistakes: &mut Mistakes) -> Option<String> {
    let Some(given) = given else {
        mistakes.add("pkgs", "This field is required.");
        return None;
    };
    let is_path = |part: &&str| part.bytes().all(|b| b == b'.');
    let parts = given.trim().split(['/', '\\']).skip_while(is_path);
    let name = parts.map(plain).collect::<Vec<_>>().join("_");
    let name = name.trim_start_matches(['.', '-']).to_owned();
    let has_stem = !name.starts_with("src.rpm") && !name.starts_with("nosrc.rpm");
    if SourceFile::of(&name).is_none() || !has_stem || name.len() > 200 {
        mistakes.add("pkgs", "You can upload only .src.rpm, .nosrc.rpm, and .spec files.");
        return None;
    }
    Some(name)
}

/// A part of a path with nothing in it that could mean anything.
pub(super) fn plain(part: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._+~^%:@".contains(c);
    part.trim().chars().map(|c| if legal(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_path_and_their_tricks() {
        let mut mistakes = Mistakes::default();
        for (given, kept) in [
            ("a-1-1.src.rpm", "a-1-1.src.rpm"),
            ("path/../a-1-1.src.rpm", "path_.._a-1-1.src.rpm"),
            ("../../a-1-1.src.rpm", "a-1-1.src.rpm"),
            ("/x\\my file.SPEC", "x_my_file.SPEC"),
            ("-rf.spec", "rf.spec"),
            ("é\u{1b}.spec", "__.spec"),
        ] {
            assert_eq!(file_name(Some(given), &mut mistakes).as_deref(), Some(kept));
        }
        assert!(mistakes.clone().none().is_ok());
        for bad in ["a.rpm", "", "..", ".src.rpm", "a.txt", "a.src.rpm/"] {
            assert_eq!(file_name(Some(bad), &mut mistakes), None, "{bad}");
        }
        assert!(mistakes.concern("pkgs"));
    }
}
