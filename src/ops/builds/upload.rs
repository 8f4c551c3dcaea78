//! Handing in a file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rand::RngExt;
use tempfile::TempPath;

use super::options::Wish;
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
    let (name, file) = checked(app, user, &wish, file).await?;
    hand_in(app, user, wish, name, file, None).await
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
    hand_in(app, user, wish, name, file, Some(package)).await
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

async fn hand_in(
    app: &App,
    user: &User,
    wish: Wish,
    name: String,
    file: TempPath,
    package: Option<PackageName>,
) -> Result<Build> {
    // A task of its own: a client that hangs up must not leave a build without its file.
    let (app, user) = (app.clone(), user.clone());
    let taking = async move {
        let stored = Stored::take_in(app.layout().uploads(), name, file).await?;
        take(&app, user, wish, stored, package).await
    };
    tokio::spawn(taking).await.map_err(|error| Error::internal("handing in a file", error))?
}

async fn take(
    app: &App,
    user: User,
    wish: Wish,
    stored: Stored,
    package: Option<PackageName>,
) -> Result<Build> {
    let source = SourceSpec::Upload { dir: stored.dir.clone(), file: stored.file.clone() };
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
            insert(tx, &user, &plan, package, vec![source])
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

/// A name of the form that Copr gives to the directory of an upload.
fn temporary_name() -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";
    let mut rng = rand::rng();
    let letter = || char::from(LETTERS[rng.random_range(..LETTERS.len())]);
    format!("tmp{}", std::iter::repeat_with(letter).take(8).collect::<String>())
}

/// The name to keep a file under: one path segment, blanks replaced. `None` with a mistake noted
/// when it is not one that can be built.
fn file_name(given: Option<&str>, mistakes: &mut Mistakes) -> Option<String> {
    let Some(given) = given else {
        mistakes.add("pkgs", "This field is required.");
        return None;
    };
    let is_path = |part: &&str| part.bytes().all(|b| b == b'.');
    let parts = given.trim().split(['/', '\\']).skip_while(is_path);
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._+~^%:@".contains(c);
    let plain = |part: &str| -> String {
        part.trim().chars().map(|c| if legal(c) { c } else { '_' }).collect()
    };
    let name = parts.map(plain).collect::<Vec<_>>().join("_");
    let name = name.trim_start_matches(['.', '-']).to_owned();
    let has_stem = !name.starts_with("src.rpm") && !name.starts_with("nosrc.rpm");
    if SourceFile::of(&name).is_none() || !has_stem || name.len() > 200 {
        mistakes.add("pkgs", "You can upload only .src.rpm, .nosrc.rpm, and .spec files.");
        return None;
    }
    Some(name)
}

/// An upload at its lasting place; goes away with the value unless it is [kept](Self::keep).
struct Stored {
    dir: String,
    file: String,
    path: PathBuf,
    is_kept: bool,
}

impl Stored {
    async fn take_in(uploads: PathBuf, file: String, temp: TempPath) -> Result<Stored> {
        let dir = temporary_name();
        let path = uploads.join(&dir);
        let stored = Stored { dir, file, path, is_kept: false };
        let target = stored.path.join(&stored.file);
        let moving = tokio::task::spawn_blocking(move || move_durably(temp, &uploads, &target));
        let moved = moving.await.map_err(|error| Error::internal("storing an upload", error))?;
        moved.map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::NoSpace(
                "There is no room on the disk for the uploaded file. Tell the server's admin."
                    .to_owned(),
            ),
            _ => Error::internal("storing an upload", error),
        })?;
        Ok(stored)
    }

    /// A build refers to it: the runner removes it when it has been built.
    fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if !self.is_kept {
            // Not there, or left for the next start to clear away.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Moves a file so that it is there even after a power cut: a build that was accepted has it.
fn move_durably(temp: TempPath, uploads: &Path, target: &Path) -> io::Result<()> {
    let dir = target.parent().unwrap_or(uploads);
    std::fs::create_dir_all(uploads)?;
    // Not one that is there: its name may be chosen twice.
    std::fs::create_dir(dir)?;
    File::open(&temp)?.sync_all()?;
    temp.persist(target).map_err(|error| error.error)?;
    File::open(dir)?.sync_all()?;
    File::open(uploads)?.sync_all()
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
