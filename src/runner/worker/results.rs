//! The small files that stand beside logs and packages in a result directory, as Copr's do.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::model::BuildId;
use crate::model::nevra::Nevra;
use crate::rpm::Package;
use crate::runner::log;

/// Where the logs of an attempt before go.
const BACKUP: &str = "prev_build_backup";

const BUILD_INFO: &str = "build.info";

/// Makes a result directory. What an earlier attempt left goes: its logs into a directory of
/// their own, all else for good.
pub(super) fn prepare(dir: &Path, build: BuildId) -> io::Result<()> {
    if dir.exists() {
        put_aside(dir)?;
    }
    std::fs::create_dir_all(dir)?;
    write_build_info(dir, build)
}

/// Notes whose result directory it is.
pub(in crate::runner) fn write_build_info(dir: &Path, build: BuildId) -> io::Result<()> {
    let path = dir.join(BUILD_INFO);
    // The file may be one of another build, under a second name.
    let new = dir.join(".build.info.new");
    std::fs::write(&new, format!("build_id={build}\nbuilder_ip=127.0.0.1\n"))?;
    std::fs::rename(new, path)
}

fn put_aside(dir: &Path) -> io::Result<()> {
    let backup = dir.join(BACKUP);
    super::remove_dir(&backup)?;
    std::fs::create_dir_all(&backup)?;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == BACKUP {
            continue;
        }
        let text = name.to_string_lossy();
        if [".log", ".log.gz", ".info"].iter().any(|ending| text.ends_with(ending)) {
            std::fs::rename(entry.path(), backup.join(&name))?;
        } else if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Notes what a source build has made.
pub(super) fn note_source(dir: &Path, package: &Package) -> io::Result<()> {
    let note = json!({
        "name": package.name,
        "epoch": package.epoch,
        "version": package.version,
        "release": package.release,
        "exclusivearch": package.exclusive_arch,
        "excludearch": package.exclude_arch,
        "buildarch": package.build_archs,
    });
    mark_success(dir, &note)
}

/// Notes what a chroot build has made.
pub(super) fn note_packages(dir: &Path, packages: &[(String, Nevra)]) -> io::Result<()> {
    let packages: Vec<&Nevra> = packages.iter().map(|(_, nevra)| nevra).collect();
    mark_success(dir, &json!({ "packages": packages }))
}

fn mark_success(dir: &Path, note: &serde_json::Value) -> io::Result<()> {
    std::fs::write(dir.join("results.json"), format!("{note:#}\n"))?;
    std::fs::write(dir.join("success"), "")
}

/// Packs every log that is still plain: those that builders leave, and the engine's own.
pub(super) fn pack_logs(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let is_log = entry.path().extension().is_some_and(|ending| ending == "log");
        if is_log && entry.file_type()?.is_file() {
            log::compress(&entry.path(), &[])?;
        }
    }
    Ok(())
}

/// The RPM files of a directory, sorted. Links and anything that is no plain file do not count:
/// they were made by foreign code.
pub(in crate::runner) fn rpm_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let is_rpm = entry.path().extension().is_some_and(|ending| ending == "rpm");
        if is_rpm && entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_attempt_keeps_the_logs_of_the_first_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("00000001-a");
        prepare(&dir, BuildId(1)).unwrap();
        std::fs::write(dir.join("build.log"), "first").unwrap();
        std::fs::write(dir.join("a.rpm"), "half").unwrap();
        prepare(&dir, BuildId(1)).unwrap();
        assert_eq!(std::fs::read_to_string(dir.join(BACKUP).join("build.log")).unwrap(), "first");
        assert!(!dir.join("a.rpm").exists() && !dir.join("build.log").exists());
        assert!(dir.join("build.info").exists());
    }

    #[test]
    fn links_are_no_packages() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("b.rpm"), "").unwrap();
        std::fs::write(dir.path().join("a.rpm"), "").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("c.rpm")).unwrap();
        let names: Vec<_> = rpm_files(dir.path()).unwrap();
        assert_eq!(names, [dir.path().join("a.rpm"), dir.path().join("b.rpm")]);
    }
}
