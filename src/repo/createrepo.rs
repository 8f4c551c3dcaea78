//! Running `createrepo_c`.

use std::path::Path;
use std::thread::available_parallelism;

use super::{Errand, Error};

/// One run: metadata of the packages of `repo` that `pkglist` names, into `out`/repodata.
pub(super) struct Run<'a> {
    /// The repository; names in the list are relative to it.
    pub repo: &'a Path,
    /// A file with one name on each line.
    pub pkglist: &'a Path,
    /// An empty directory on the same file system.
    pub out: &'a Path,
    /// A comps file to include.
    pub comps: Option<&'a Path>,
    /// Take over what the current metadata say of packages with the same name, size and time.
    pub update: bool,
}

impl Run<'_> {
    /// Runs it. Packages that it cannot read are left out without an error: look at the result.
    ///
    /// The flags are those that 0.17 and 1.x share. gzip is named since 1.x would take zstd, which
    /// EL 7 and 8 cannot read. There is no `--skip-stat`: a build that is repeated after a crash
    /// leaves other packages under the same names, and looking costs 20 µs for each package.
    pub async fn run(&self, errand: Errand<'_>) -> Result<(), Error> {
        let workers = available_parallelism().map_or(2, usize::from).min(8);
        let mut program = errand
            .program("createrepo_c")
            .args(["--quiet", "--no-database", "--general-compress-type=gz"])
            .arg(format!("--workers={workers}"))
            .arg("--pkglist")
            .arg(self.pkglist)
            .arg("--outputdir")
            .arg(self.out);
        if let Some(comps) = self.comps {
            program = program.arg("--groupfile").arg(comps);
        }
        if self.update {
            program = program.arg("--update").arg("--update-md-path").arg(self.repo);
        }
        errand.run("createrepo_c", program.arg(self.repo)).await.map(drop)
    }
}
