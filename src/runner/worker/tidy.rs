//! Work on the results tree that follows from a change of the tables: metadata first, then the
//! files that they no longer name.

use std::io;
use std::path::Path;

use super::{Bench, PAUSE, remove_dir};
use crate::model::job::Tidy;
use crate::model::{ChrootName, DirName, Owner};
use crate::repo;
use crate::runner::publisher::PublishError;
use crate::store::{Connection, StoreError, jobs, project_chroots, projects};

impl Bench<'_> {
    /// Makes metadata anew, then removes directories.
    pub(super) async fn tidy(&self, tidy: &Tidy) -> Result<(), StoreError> {
        for repo in &tidy.repos {
            match self.shop.publisher.publish(*repo, None, &self.mark).await {
                Ok(_) => {}
                Err(PublishError::Canceled) => return self.hand_back().await,
                Err(error) => {
                    // Never given up: the repository must come to be what the tables say.
                    tracing::error!(job = %self.job.id, %error, "a repository is not up to date");
                    return self.put_back(PAUSE).await;
                }
            }
        }
        for path in &tidy.remove {
            if let Err(error) = self.remove(path).await {
                tracing::error!(job = %self.job.id, %error, path, "cannot be removed");
                return self.put_back(PAUSE).await;
            }
        }
        let job = self.job.id;
        self.shop.store.write(move |db| jobs::finish(db, job)).await
    }

    /// Removes a directory given as a path below the data directory.
    async fn remove(&self, path: &str) -> Result<(), RemovalError> {
        let layout = self.shop.layout.clone();
        let mut path = path.to_owned();
        if let Some(place) = Place::of(&path) {
            let aside = format!("trash/{}", self.job.id);
            let (from, to) = (layout.data_dir().join(&path), layout.data_dir().join(&aside));
            // In a transaction, so that nobody makes it again between the look and the move.
            let gone = self.shop.store.write(move |db| place.move_aside(db, &from, &to)).await?;
            if !gone {
                return Ok(());
            }
            path = aside;
        }
        tokio::task::spawn_blocking(move || repo::remove_repos(&layout, &[path]))
            .await
            .map_err(StoreError::from)??;
        Ok(())
    }
}

/// Why a directory was not removed.
#[derive(Debug, thiserror::Error)]
enum RemovalError {
    #[error(transparent)]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Repo(#[from] repo::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A part of the results tree whose name may be used again: a directory of a project, or one
/// chroot in it.
struct Place {
    owner: Owner,
    dir: DirName,
    chroot: Option<ChrootName>,
}

impl Place {
    /// The one at this path; `None` for paths that mean something else.
    fn of(path: &str) -> Option<Place> {
        let parts: Vec<&str> = path.split('/').collect();
        let (owner, dir, chroot) = match parts.as_slice() {
            ["results", owner, dir] => (owner, dir, None),
            ["results", owner, dir, chroot] => (owner, dir, Some(chroot.parse().ok()?)),
            _ => return None,
        };
        Some(Place { owner: owner.parse().ok()?, dir: dir.parse().ok()?, chroot })
    }

    /// Moves it out of the results, unless it is in use again; whether there is nothing there now.
    fn move_aside(&self, db: &Connection, from: &Path, to: &Path) -> Result<bool, RemovalError> {
        if self.is_named(db)? {
            return Ok(false);
        }
        if let Some(trash) = to.parent() {
            std::fs::create_dir_all(trash)?;
        }
        remove_dir(to)?;
        match std::fs::rename(from, to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(true),
        }
    }

    fn is_named(&self, db: &Connection) -> Result<bool, StoreError> {
        let Some(project) = projects::find(db, &self.owner, self.dir.project())? else {
            return Ok(false);
        };
        if projects::find_dir(db, project.id, &self.dir)?.is_none() {
            return Ok(false);
        }
        match &self.chroot {
            None => Ok(true),
            Some(chroot) => Ok(project_chroots::find(db, project.id, chroot)?.is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_name_that_may_be_used_again_is_looked_up() {
        let place = Place::of("results/@devs/tools:pr:7").unwrap();
        assert_eq!((place.dir.to_string(), place.chroot), ("tools:pr:7".to_owned(), None));
        assert!(Place::of("results/alice/tools/fedora-42-x86_64").unwrap().chroot.is_some());
        let results = "results/alice/tools/fedora-42-x86_64/00000001-a";
        for path in ["trash/7-0", results, "results/alice/tools/srpm-builds/00000001", "results"] {
            assert!(Place::of(path).is_none(), "{path}");
        }
    }
}
