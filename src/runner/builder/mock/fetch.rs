//! Sources that a spec names by address, where what runs in the root has no network: which they
//! are is asked inside, since reading a spec runs code; the server downloads them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tokio::task::spawn_blocking;

use super::{Mock, Task};
use crate::model::build_config::BuildConfig;
use crate::model::chroot::Chroot;
use crate::runner::builder::script::Script;
use crate::runner::builder::{BuildError, Builder as _, Built, Job, SpecSource};
use crate::runner::sandbox::remote::{self, Remote};
use crate::runner::source::download::{Limits, download};

/// Prints a spec with its macros expanded; the first argument is its name.
const READ: &str =
    r#"mkdir parsed && rpmspec --parse --define "_sourcedir $PWD" "$1" > parsed/spec"#;

impl Mock {
    /// Whether what runs in a root on behalf of this job gets no network although it wants some.
    pub(super) fn is_shut(&self, job: &Job) -> bool {
        let is_root = self.find().is_ok_and(|(_, caller)| caller.is_root());
        !job.private_addresses && (!is_root || !job.launcher.is_empty())
    }

    /// Makes a source package in two steps, with the downloads between them.
    pub(super) async fn make_srpm_apart(
        &self,
        job: &Job,
        chroot: &Chroot,
        config: &BuildConfig,
        source: &SpecSource,
        mut limits: Limits,
    ) -> Result<Built, BuildError> {
        let sources = job.work_dir.join("to-pack");
        copy(source, &sources).await?;
        for Remote { url, file } in self.named(job, chroot, config, source).await? {
            let place = sources.join(&file);
            if place.symlink_metadata().is_ok() || !remote::is_web(&url) {
                continue;
            }
            job.log.line(format!("downloading {url}"));
            let begun = Instant::now();
            let size =
                download(&url, &place, limits, &job.cancel).await.map_err(remote::explain)?;
            limits = limits.less(size, begun.elapsed());
            job.log.line(format!("{file}: {size} bytes"));
        }
        let whole =
            SpecSource { spec: source.spec.clone(), sources: Some(sources), download: None };
        self.build(job, chroot, config, Task::Srpm(&whole)).await
    }

    /// What the spec names by address; nothing if it cannot be read, which rpmbuild will explain.
    async fn named(
        &self,
        job: &Job,
        chroot: &Chroot,
        config: &BuildConfig,
        source: &SpecSource,
    ) -> Result<Vec<Remote>, BuildError> {
        let (tree, to) = (job.work_dir.join("to-read"), job.work_dir.join("has-read"));
        fs::create_dir(&to)?;
        copy(source, &tree).await?;
        let name = source.spec.file_name().unwrap_or_default();
        fs::copy(&source.spec, tree.join(name))?;
        let command = ["sh", "-c", READ, "sh"].map(String::from);
        let script = Script {
            needs: Vec::new(),
            tree,
            files: Vec::new(),
            env: Vec::new(),
            dir: String::new(),
            command: command.into_iter().chain([format!("./{}", name.display())]).collect(),
            network: false,
            out: "parsed".to_owned(),
            to,
            max_size: remote::LONGEST,
        };
        let ran = self.run_script(job, chroot, config, &script).await?;
        let Some(parsed) = ran.files.first() else { return Ok(Vec::new()) };
        Ok(remote::named(&String::from_utf8_lossy(&fs::read(parsed)?)))
    }
}

/// Copies the files beside a spec into a new directory.
async fn copy(source: &SpecSource, to: &Path) -> Result<(), BuildError> {
    let (from, to): (Option<PathBuf>, _) = (source.sources.clone(), to.to_owned());
    let copying = move || -> io::Result<()> {
        fs::create_dir(&to)?;
        let Some(from) = from else { return Ok(()) };
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::copy(entry.path(), to.join(entry.file_name()))?;
            }
        }
        Ok(())
    };
    Ok(spawn_blocking(copying).await.map_err(io::Error::other)??)
}
