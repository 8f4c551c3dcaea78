//! Sources that a spec names by address and that did not come with it.
//!
//! Which they are is asked inside the root, since reading a spec runs code; the server downloads
//! them, with its own limits and its look at every address, whatever tools the root has.

use std::fs::{self, File};
use std::os::unix::fs::fchown;
use std::path::Path;
use std::time::Instant;

use rustix::fs::{AtFlags, CWD, OFlags, RenameFlags, renameat_with, statat};
use rustix::io::Errno;

use super::collect::open_beneath;
use super::fence::UID;
use super::step::Bench;
use crate::runner::builder::BuildError;
use crate::runner::log::LiveLog;
use crate::runner::source::download::{DownloadError, Limits, download};

/// Where they go, below the home.
const SOURCES: &str = "build/SOURCES";
/// A parsed spec is read as far as this: the preamble stands at its beginning.
pub const LONGEST: u64 = 1 << 20;

/// A source at an address.
#[derive(Debug, PartialEq, Eq)]
pub struct Remote {
    /// Without the fragment, which names the file.
    pub url: String,
    /// What rpmbuild will look for: the name of a file, and no path.
    pub file: String,
}

/// Fetches what `parsed`, the output of `rpmspec --parse`, names and the home does not have.
/// `false` if something is left that only the root's own programs might fetch.
pub async fn fetch(
    bench: &Bench<'_>,
    home: &Path,
    parsed: &Path,
    mut limits: Limits,
) -> Result<bool, BuildError> {
    let text = String::from_utf8_lossy(&fs::read(parsed)?).into_owned();
    let mut all = true;
    for Remote { url, file } in named(&text) {
        // Code of the spec has run there: nothing is a directory only because it was one.
        let Some(sources) = open_beneath(home, Path::new(SOURCES), OFlags::DIRECTORY)? else {
            return Err(BuildError::BadSource("the spec has removed its SOURCES".to_owned()));
        };
        match statat(&sources, &file, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => {}
            _ => continue,
        }
        if !is_web(&url) {
            all = false;
            continue;
        }
        bench.note(&bench.build_log, &format!("downloading {url}"));
        let aside = bench.job.work_dir.join("downloaded");
        let begun = Instant::now();
        let size = download(&url, &aside, limits, &bench.job.cancel).await.map_err(explain)?;
        limits = limits.less(size, begun.elapsed());
        bench.note(&bench.build_log, &format!("{file}: {size} bytes"));
        fchown(File::open(&aside)?, Some(UID), Some(UID))?;
        renameat_with(CWD, &aside, &sources, &file, RenameFlags::NOREPLACE)
            .map_err(std::io::Error::from)?;
    }
    Ok(all)
}

/// What a download that has failed means for the build.
pub fn explain(error: DownloadError) -> BuildError {
    match error {
        DownloadError::Canceled => BuildError::Canceled,
        DownloadError::NoSpace(_) => BuildError::NoSpace,
        DownloadError::Disk(..) => BuildError::Internal(error.to_string()),
        error => BuildError::Download(error.to_string()),
    }
}

/// Opens the file that takes up what `rpmspec --parse` prints.
pub fn take_up(bench: &Bench<'_>) -> std::io::Result<LiveLog> {
    LiveLog::with_limit(&bench.job.work_dir.join("parsed.spec"), LONGEST)
}

/// The sources and patches with an address in a spec whose macros are expanded.
pub fn named(parsed: &str) -> Vec<Remote> {
    let (mut found, mut part) = (Vec::new(), Part::Tags);
    for line in parsed.lines().map(str::trim) {
        part = Part::begun_by(line).unwrap_or(part);
        if let Some(remote) = value(line, part).and_then(Remote::of) {
            found.push(remote);
        }
    }
    found
}

/// What the lines of a spec mean.
#[derive(Clone, Copy)]
enum Part {
    /// Tags, of the whole package or of one of its packages.
    Tags,
    /// A list of sources or patches.
    List,
    /// Scripts, descriptions and the like: nothing in there is a source.
    Other,
}

impl Part {
    /// The sections that hold neither tags nor sources; those of scriptlets begin alike.
    const OTHER: [&str; 10] = [
        "description",
        "prep",
        "conf",
        "generate_buildrequires",
        "build",
        "install",
        "check",
        "clean",
        "files",
        "changelog",
    ];

    fn begun_by(line: &str) -> Option<Part> {
        let section = line.strip_prefix('%')?.split_whitespace().next()?;
        let is_scriptlet = ["pre", "post", "trigger", "filetrigger", "transfiletrigger", "verify"]
            .iter()
            .any(|beginning| section.starts_with(beginning));
        match section {
            "package" => Some(Part::Tags),
            "sourcelist" | "patchlist" => Some(Part::List),
            other if Part::OTHER.contains(&other) || is_scriptlet => Some(Part::Other),
            _ => None,
        }
    }
}

/// What stands behind `Source3:`, or on a line of a list.
fn value(line: &str, part: Part) -> Option<&str> {
    match part {
        Part::Tags => {}
        Part::List => return Some(line),
        Part::Other => return None,
    }
    let (tag, value) = line.split_once(':')?;
    let name = tag.trim_end().trim_end_matches(|c: char| c.is_ascii_digit());
    let is_source = ["source", "patch"].iter().any(|known| name.eq_ignore_ascii_case(known));
    is_source.then(|| value.trim())
}

/// Whether the server can download from there.
pub fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

impl Remote {
    /// What the value of a source's or a patch's tag means; `None` for a file beside the spec.
    ///
    /// rpm takes for the name what follows the last slash, in a fragment too.
    pub fn of(value: &str) -> Option<Remote> {
        let (scheme, _) = value.split_once("://")?;
        let is_scheme = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
        let file = value.rsplit('/').next().unwrap_or_default();
        let is_name = !matches!(file, "" | "." | "..") && !file.contains('\0');
        let url = value.split('#').next().unwrap_or_default();
        (is_scheme && is_name).then(|| Remote { url: url.to_owned(), file: file.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(parsed: &str) -> Vec<String> {
        named(parsed).into_iter().map(|remote| remote.file).collect()
    }

    #[test]
    fn sources_and_patches_with_an_address_are_named() {
        let spec = "Name: a\nURL: https://h/a\nSource0: https://h/a-1.tar.gz\nsource: local.txt\n\
                    Patch12 : http://h/x/fix.patch\nSourceLicense: https://h/l\n%description\n\
                    Sources: https://h/none\n";
        assert_eq!(files(spec), ["a-1.tar.gz", "fix.patch"]);
    }

    #[test]
    fn lists_of_sources_end_with_their_section() {
        let spec = "%sourcelist\nhttps://h/a.tgz\nb.txt\n%patchlist\nhttp://h/p1\n%description\n\
                    https://h/no\n";
        assert_eq!(files(spec), ["a.tgz", "p1"]);
    }

    #[test]
    fn what_scripts_and_descriptions_say_is_no_source() {
        let spec = "%description\nSource: https://h/a\n%package devel\nSource1: https://h/b\n\
                    %install\ncat <<END\nsource: https://h/c\nEND\n%posttrans\npatch: https://h/d\n";
        assert_eq!(files(spec), ["b"]);
    }

    #[test]
    fn a_fragment_names_the_file_and_is_not_asked_for() {
        let found = named("Source: https://h/archive/v1.tar.gz#/a-1.tar.gz");
        let expected =
            Remote { url: "https://h/archive/v1.tar.gz".into(), file: "a-1.tar.gz".into() };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn what_names_no_file_is_left_alone() {
        assert!(named("Source: https://h/\nSource1: https://h/..\nSource2: ://x/y\n").is_empty());
    }
}
