//! The life of a copr on disk, in the words of the original Copr, whose worker module had these
//! functions: its repositories are made empty, what was built is moved into them, and in the end
//! they are removed.

use std::io;
use std::path::{Component, Path, PathBuf};

use tokio::task::spawn_blocking;

use super::metadata::REPOMD;
use super::publish::{REPODATA, packages_in};
use super::{Errand, Error, Layout, Publication, SigningKey, move_in};
use crate::model::{ChrootName, DirName, Owner};

/// Makes the place of a project's directory in the results tree: the public key, and an empty
/// repository for each of `chroots` that has none yet. The answer is those that are new.
pub async fn create_copr(
    layout: &Layout,
    owner: &Owner,
    dir: &DirName,
    chroots: &[ChrootName],
    key: &SigningKey,
    errand: Errand<'_>,
) -> Result<Vec<ChrootName>, Error> {
    let root = layout.dir(owner, dir);
    std::fs::create_dir_all(&root).map_err(Error::disk(&root))?;
    let pubkey = layout.pubkey(owner, dir);
    if !pubkey.exists() {
        key.export(&pubkey)?;
    }
    let mut made = Vec::new();
    for chroot in chroots {
        let repo = layout.chroot(owner, dir, chroot);
        if !repo.join(REPODATA).join(REPOMD).is_file() {
            Publication::empty(repo, Some(key.clone())).publish(errand).await?;
            made.push(chroot.clone());
        }
    }
    Ok(made)
}

/// Moves the packages that a build has left in the temporary directory `from` to its directory `to`
/// in a repository, signed with the project's key; the answer is the names of all packages there.
/// They are on the disk by then, and the repository's next [`Publication`] can name them. To be
/// repeated after a crash.
pub async fn move_to_copr(
    from: &Path,
    to: &Path,
    key: &SigningKey,
    errand: Errand<'_>,
) -> Result<Vec<String>, Error> {
    let unsigned: Vec<PathBuf> = packages_in(from)?.iter().map(|name| from.join(name)).collect();
    key.sign_rpms(&unsigned, errand).await?;
    let (from, to) = (from.to_owned(), to.to_owned());
    spawn_blocking(move || move_in(&from, &to)).await?
}

/// Removes repositories with all packages in them, given as paths below the data directory, like
/// `results/alice/tools/fedora-43-x86_64`. What is not there is as good as removed; a path that
/// leads out of the data directory, or means all of a room of it, is passed over. Blocks.
pub fn remove_repos(layout: &Layout, paths: &[String]) -> Result<(), Error> {
    for path in paths.iter().map(Path::new) {
        let is_below = path.components().all(|part| matches!(part, Component::Normal(_)));
        if is_below && path.components().count() > 1 {
            let path = layout.data_dir().join(path);
            match std::fs::remove_dir_all(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::Disk { path, error });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_above_or_beside_the_data_directory_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("data");
        let layout = Layout::new(&root, "http://a".parse().unwrap());
        for kept in ["keep", "data/results/a", "data/trash/1"] {
            std::fs::create_dir_all(dir.path().join(kept)).unwrap();
        }
        let outside = dir.path().join("keep").display().to_string();
        let paths = ["../keep".into(), outside, "results".into(), String::new(), "trash/1".into()];
        remove_repos(&layout, &paths).unwrap();
        assert!(dir.path().join("keep").exists() && root.join("results/a").exists());
        assert!(!root.join("trash/1").exists());
        remove_repos(&layout, &["trash/1".into()]).unwrap();
    }
}
