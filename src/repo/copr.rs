//! The life of a copr on disk, in the words of the original Copr, whose worker module had these
//! functions: its repositories are made empty, and what was built is moved into them.

use std::path::{Path, PathBuf};

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
