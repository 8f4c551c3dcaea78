//! Work on the results tree that follows from a change of the tables: metadata first, then the
//! files that they no longer name.

use std::path::{Component, Path};

use super::{Bench, PAUSE, remove_dir};
use crate::model::job::Tidy;
use crate::runner::publisher::PublishError;
use crate::store::{StoreError, jobs};

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
        let root = self.shop.layout.data_dir().to_owned();
        let paths = tidy.remove.clone();
        let job = self.job.id;
        let removed = tokio::task::spawn_blocking(move || remove_all(&root, &paths)).await?;
        if let Err(error) = removed {
            tracing::error!(%job, %error, "cannot remove what is no longer needed");
            return self.put_back(PAUSE).await;
        }
        self.shop.store.write(move |db| jobs::finish(db, job)).await
    }
}

/// Removes directories given as paths below `root`; nothing outside of it, whatever they say.
fn remove_all(root: &Path, paths: &[String]) -> std::io::Result<()> {
    for path in paths {
        let path = Path::new(path);
        let is_below = path.components().all(|part| matches!(part, Component::Normal(_)));
        if is_below && path.components().count() > 1 {
            remove_dir(&root.join(path))?;
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
        for kept in ["keep", "data/results/a", "data/trash/1"] {
            std::fs::create_dir_all(dir.path().join(kept)).unwrap();
        }
        let outside = dir.path().join("keep").display().to_string();
        let paths = ["../keep".into(), outside, "results".into(), String::new(), "trash/1".into()];
        remove_all(&root, &paths).unwrap();
        assert!(dir.path().join("keep").exists() && root.join("results/a").exists());
        assert!(!root.join("trash/1").exists());
        remove_all(&root, &["trash/1".into()]).unwrap();
    }
}
