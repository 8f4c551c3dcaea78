//! What mock's exit code means, together with what it has left behind.
//!
//! Code 1 alone says little: it stands for a source that is no RPM, for a package that does not
//! build and for a fault of the machine. The logs tell which it was.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// How much of the end of a log is looked at.
const TAIL: i64 = 256 << 10;
/// How many missing packages a message names.
const NAMED: usize = 10;

/// Why mock did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The package's own fault: it does not build.
    #[error("{0}")]
    Build(String),
    /// The source is not what it should be.
    #[error("{0}")]
    Source(String),
    /// Packages that the build needs are in no repository.
    #[error("{}", missing_sentence(.0))]
    Missing(Vec<String>),
    /// The build root could not be made.
    #[error("the build root could not be made: {0}; see root.log")]
    Root(String),
    /// mock's own time limit.
    #[error("the build took longer than it may")]
    Timeout,
    /// Another mock holds the same root; to be tried again.
    #[error("another mock is using the same build root")]
    Busy,
    /// The disk is full.
    #[error("the disk of the build server is full")]
    NoSpace,
    /// The machine's or the configuration's fault.
    #[error("mock could not be used: {0}")]
    Setup(String),
}

fn missing_sentence(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("no repository of this build has {shown}{more}")
}

/// What a run of mock has left: the ends of its logs.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    /// `state.log`; `None` when mock gave up before it had a result directory.
    pub state: Option<String>,
    /// `build.log`.
    pub build: String,
    /// `root.log`.
    pub root: String,
    /// What it wrote on its standard output and error.
    pub output: String,
}

impl Traces {
    /// Reads them. `output` is the log that its output went to.
    pub fn read(result_dir: &Path, output: &Path) -> Traces {
        Traces {
            state: tail(&result_dir.join("state.log")),
            build: tail(&result_dir.join("build.log")).unwrap_or_default(),
            root: tail(&result_dir.join("root.log")).unwrap_or_default(),
            output: tail(output).unwrap_or_default(),
        }
    }

    /// What went wrong; `None` for code 0.
    pub fn failure(&self, code: i32) -> Option<Failure> {
        let damaged = "the source RPM cannot be installed: its contents are damaged";
        let last = || self.last_words();
        let failure = match code {
            0 => return None,
            1 => self.code_one(),
            3 => Failure::Setup(format!("there is no such chroot, {}", last())),
            5 => Failure::Setup(format!("it did not understand its command, {}", last())),
            6 => Failure::Setup(
                "this machine cannot build for the chroot's architecture; install \
                 qemu-user-static"
                    .into(),
            ),
            7 => Failure::Setup("somebody interrupted it".into()),
            10 => self.rpmbuild_failed(),
            11 => Failure::Timeout,
            20 | 30 | 31 => self.root_failed(),
            25 | 65 => Failure::Setup(format!("its LVM storage failed, {}", last())),
            40 => Failure::Source(damaged.into()),
            60 => Failure::Busy,
            70 => Failure::Setup("it may not write into the result directory".into()),
            80 => Failure::Setup(
                "this machine does not let it make namespaces; containers need more privileges"
                    .into(),
            ),
            90 => Failure::Root(format!("the bootstrap root failed, {}", last())),
            _ => Failure::Setup(format!("it ended with code {code}, {}", last())),
        };
        // What a package's own build complains about is the package's affair.
        let ours = matches!(failure, Failure::Setup(_) | Failure::Root(_) | Failure::Source(_));
        let full = "No space left on device";
        let is_full = self.output.contains(full) || self.root.contains(full);
        Some(if ours && is_full { Failure::NoSpace } else { failure })
    }

    fn code_one(&self) -> Failure {
        let says = |text: &str| self.output.contains(text);
        if self.state.is_none() {
            let unreadable = says("Cannot find/open srpm") || says("File is not an srpm");
            return if unreadable {
                Failure::Source("the file is not a source RPM, or it is damaged".into())
            } else {
                Failure::Setup(self.last_words())
            };
        }
        // The second is for what comes before the build proper: it parses the spec as well.
        let built = self.state.iter().any(|state| state.contains("Start: rpmbuild"));
        if built || self.build.contains("/rpmbuild ") {
            return self.rpmbuild_failed();
        }
        Failure::Setup(self.last_words())
    }

    /// rpmbuild has run, and its own log says what was wrong.
    fn rpmbuild_failed(&self) -> Failure {
        let errors = || self.build.lines().filter_map(|line| line.strip_prefix("error: "));
        let stage = errors().find_map(|error| {
            let stage = error.strip_prefix("Bad exit status from ")?.split('(').nth(1)?;
            stage.strip_suffix(')')
        });
        Failure::Build(match (stage, errors().next()) {
            (Some(stage), _) => {
                format!("the package does not build: {stage} failed; see build.log")
            }
            (None, Some(error)) => format!("rpmbuild refused the package: {}", clipped(error)),
            (None, None) => "the package does not build; see build.log".into(),
        })
    }

    /// The package manager has failed: something is missing, or it could not do its work at all.
    fn root_failed(&self) -> Failure {
        let names = missing(&self.root);
        if !names.is_empty() {
            return Failure::Missing(names);
        }
        let lines = self.root.lines().map(said);
        let mut errors = lines.filter_map(|line| {
            line.strip_prefix("Error: ").or_else(|| line.strip_prefix("Failed to "))
        });
        match errors.next_back() {
            Some(error) => Failure::Root(clipped(error)),
            None => Failure::Root(self.last_words()),
        }
    }

    /// The last thing that mock complained about.
    fn last_words(&self) -> String {
        let lines: Vec<&str> =
            self.output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let Some(at) = lines.iter().rposition(|line| line.starts_with("ERROR: ")) else {
            return clipped(lines.last().unwrap_or(&"it said nothing"));
        };
        let complaint = lines[at].trim_start_matches("ERROR: ");
        // "Command failed:" is followed by the command.
        let command = lines.get(at + 1).filter(|_| complaint.ends_with(':'));
        clipped(&format!("{complaint} {}", command.unwrap_or(&"")))
    }
}

/// What was logged, without mock's prefix: `DEBUG util.py:460:  ` and the like.
fn said(line: &str) -> &str {
    line.split_once(":  ").map_or(line, |(_, text)| text).trim()
}

/// The packages that dnf, of either generation, could not find.
fn missing(root_log: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in root_log.lines().map(said) {
        let line = line.trim_start_matches("- ");
        let name = if let Some(name) = line.strip_prefix("No matching package to install: ") {
            name.trim_matches('\'')
        } else if let Some(name) = line.strip_prefix("No match for argument: ") {
            name
        } else if let Some(needed) = line.strip_prefix("nothing provides ") {
            needed.split(" needed by ").next().unwrap_or(needed)
        } else {
            continue;
        };
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(clipped(name));
        }
    }
    names
}

/// Text that fits into a message.
fn clipped(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The end of a file; `None` when it is not there.
fn tail(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    if file.seek(SeekFrom::End(-TAIL)).is_err() {
        // It is shorter than that.
        file.rewind().ok()?;
    }
    let mut bytes = Vec::new();
    file.take(TAIL.unsigned_abs()).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILD_START: &str = "Executing command: ['bash', '--login', '-c', '/usr/bin/rpmbuild \
                               -bb  --target x86_64 --nodeps x.spec'] with env {}\n";

    fn traces(state: Option<&str>, build: &str, root: &str, output: &str) -> Traces {
        Traces {
            state: state.map(str::to_owned),
            build: build.into(),
            root: root.into(),
            output: output.into(),
        }
    }

    #[test]
    fn code_one_is_told_apart_by_what_is_left() {
        let bad = "error: /a.src.rpm: hdr blob(1712): BAD, read returned 0\n\
                   ERROR: Cannot find/open srpm: /a.src.rpm. Error: error reading package header\n";
        let failure = traces(None, "", "", bad).failure(1);
        assert!(matches!(failure, Some(Failure::Source(_))), "{failure:?}");

        let log = format!("{BUILD_START}error: Bad exit status from /var/tmp/rpm-tmp.x (%build)\n");
        let failure = traces(Some("Start: rpmbuild x"), &log, "", "").failure(1).unwrap();
        assert_eq!(failure.to_string(), "the package does not build: %build failed; see build.log");

        let log = format!("{BUILD_START}error: line 7: Unknown tag: Foo: bar\n");
        let failure = traces(Some("Start: build setup"), &log, "", "").failure(1).unwrap();
        let expected = "rpmbuild refused the package: line 7: Unknown tag: Foo: bar";
        assert_eq!(failure, Failure::Build(expected.into()));

        let early = |output| traces(Some("Start: chroot init"), "", "", output).failure(1);
        assert_eq!(early("ERROR: oh\nbye"), Some(Failure::Setup("oh".into())));
        let command = early("ERROR: Command failed: \n # cp a b\n\n");
        assert_eq!(command, Some(Failure::Setup("Command failed: # cp a b".into())));
        assert_eq!(early("[Errno 28] No space left on device\n"), Some(Failure::NoSpace));
    }

    #[test]
    fn what_is_missing_is_named() {
        let root = "DEBUG util.py:460:  No matching package to install: 'nosuch-devel >= 3'\n\
                    DEBUG util.py:460:  No matching package to install: 'pkgconfig(nope)'\n\
                    DEBUG util.py:460:  No matching package to install: 'pkgconfig(nope)'\n\
                    DEBUG util.py:460:  Not all dependencies satisfied\n";
        let failure = traces(Some(""), "", root, "").failure(30).unwrap();
        let names = vec!["nosuch-devel >= 3".to_owned(), "pkgconfig(nope)".to_owned()];
        assert_eq!(failure, Failure::Missing(names));
        let expected = "no repository of this build has nosuch-devel >= 3, pkgconfig(nope)";
        assert_eq!(failure.to_string(), expected);

        let dnf5 = "DEBUG util.py:463:  No match for argument: nope-pkg\n\
                    DEBUG util.py:463:    - nothing provides libx >= 2 needed by y-1-1.x86_64\n";
        let failure = traces(Some(""), "", dnf5, "").failure(30);
        assert_eq!(failure, Some(Failure::Missing(vec!["nope-pkg".into(), "libx >= 2".into()])));
    }

    #[test]
    fn a_repository_that_does_not_answer_is_no_missing_package() {
        let root = "DEBUG util.py:460:  Error: Failed to download metadata for repo 'x': Cannot \
                    download repomd.xml\n";
        let failure = traces(Some(""), "", root, "").failure(30).unwrap();
        let expected = "Failed to download metadata for repo 'x': Cannot download repomd.xml";
        assert_eq!(failure, Failure::Root(expected.into()));
    }

    #[test]
    fn every_code_has_a_meaning() {
        let none = traces(None, "", "", "");
        assert_eq!(none.failure(0), None);
        assert_eq!(none.failure(11), Some(Failure::Timeout));
        assert_eq!(none.failure(60), Some(Failure::Busy));
        assert!(matches!(none.failure(40), Some(Failure::Source(_))));
        assert!(matches!(none.failure(10), Some(Failure::Build(_))));
        for code in [3, 5, 6, 7, 25, 70, 80, 99, 129, 137, 143] {
            assert!(matches!(none.failure(code), Some(Failure::Setup(_))), "{code}");
        }
    }

    #[test]
    fn only_the_end_of_a_long_log_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root.log");
        std::fs::write(&path, format!("begin{}end", "x".repeat(300 << 10))).unwrap();
        let text = tail(&path).unwrap();
        assert!(text.len() == 256 << 10 && text.ends_with("xend"));
        std::fs::write(&path, "short").unwrap();
        assert_eq!(tail(&path).as_deref(), Some("short"));
        assert_eq!(tail(&dir.path().join("none")), None);
    }
}
