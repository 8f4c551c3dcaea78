//! Which chroots mock knows, and which of them a new server offers at once.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::ChrootName;

/// Where mock's configuration lives.
pub const CONFIG_DIR: &str = "/etc/mock";

/// The architectures that mock's configurations are named after.
const ARCHES: &[&str] = &[
    "aarch64",
    "armhfp",
    "armv7hl",
    "armv7hnl",
    "i386",
    "i586",
    "i686",
    "loongarch64",
    "ppc64",
    "ppc64le",
    "riscv64",
    "s390",
    "s390x",
    "x86_64",
    "x86_64_v2",
];

/// Releases that have come to their end although mock still has a configuration for them.
const ENDED: &[&str] = &["centos-stream-8"];

/// A chroot that mock has a configuration for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name, that of the file.
    pub name: ChrootName,
    /// The file.
    pub config: PathBuf,
    /// Whether a new server offers it without being asked: built natively, and either the host's
    /// own release or a current Fedora, EPEL or CentOS Stream.
    pub enable: bool,
}

/// The system that this server runs on, as far as the choice of chroots needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The architecture, as the kernel calls it.
    pub arch: String,
    /// What its own release may be called in a chroot's name, `fedora-42`.
    pub releases: Vec<String>,
}

impl Host {
    /// This machine.
    pub fn this() -> Host {
        let arch = rustix::system::uname().machine().to_string_lossy().into_owned();
        let os_release = ["/etc/os-release", "/usr/lib/os-release"]
            .iter()
            .find_map(|path| fs::read_to_string(path).ok())
            .unwrap_or_default();
        Host { arch, releases: releases(&os_release) }
    }
}

/// What a release may be called, from the text of its `os-release`.
fn releases(os_release: &str) -> Vec<String> {
    let value = |key: &str| {
        let line = os_release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        let value = line.trim().trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| value.to_owned())
    };
    let Some(id) = value("ID") else { return Vec::new() };
    let distribution = match id.as_str() {
        "centos" => "centos-stream",
        "ol" => "oraclelinux",
        "amzn" => "amazonlinux",
        other => other,
    };
    let mut names = Vec::new();
    if let Some(version) = value("VERSION_ID") {
        let major = version.split('.').next().unwrap_or(&version);
        names.push(format!("{distribution}-{version}"));
        if major != version {
            names.push(format!("{distribution}-{major}"));
        }
    }
    if value("REDHAT_BUGZILLA_PRODUCT_VERSION").is_some_and(|version| version == "rawhide") {
        names.push(format!("{distribution}-rawhide"));
    }
    names
}

/// The chroots of the configurations in `dir`, in the order of their names. No such directory: no
/// chroots. What has reached its end of life lies in a directory of its own and is not looked at.
pub fn discover(dir: &Path, host: &Host) -> io::Result<Vec<Found>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let config = entry?.path();
        if let Some(name) = chroot_of(&config) {
            found.push(Found { name, config, enable: false });
        }
    }
    found.sort_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
    let all: BTreeSet<String> = found.iter().map(|chroot| chroot.name.to_string()).collect();
    for chroot in &mut found {
        chroot.enable = is_wanted(&chroot.name, host, &all);
    }
    Ok(found)
}

/// The chroot that a file configures; `None` for a file that is no chroot's.
fn chroot_of(config: &Path) -> Option<ChrootName> {
    if config.extension()? != "cfg" || !config.is_file() {
        return None;
    }
    let name: ChrootName = config.file_stem()?.to_str()?.parse().ok()?;
    ARCHES.contains(&name.arch()).then_some(name)
}

/// The choice of a new server.
fn is_wanted(name: &ChrootName, host: &Host, all: &BTreeSet<String>) -> bool {
    if name.arch() != host.arch {
        return false;
    }
    let release = name.name_release();
    if host.releases.iter().any(|own| own == release) {
        return true;
    }
    let (distribution, version) = (name.distribution(), name.version());
    if ENDED.contains(&release) || !version.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    match distribution {
        "fedora" | "epel" | "centos-stream" => true,
        // mock has no `epel-8` and `epel-9` of its own: they need a RHEL to stand on, and of those
        // that its list of stand-ins names this one comes first and needs no subscription.
        "alma+epel" => !all.contains(&format!("epel-{version}-{}", host.arch)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(arch: &str, releases: &[&str]) -> Host {
        Host { arch: arch.into(), releases: releases.iter().map(ToString::to_string).collect() }
    }

    /// The names in a directory with `files`, and those of them that are enabled.
    fn names(files: &[&str], host: &Host) -> (Vec<String>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = discover(dir.path(), host).unwrap();
        let enabled = found.iter().filter(|c| c.enable).map(|c| c.name.to_string()).collect();
        (found.iter().map(|c| c.name.to_string()).collect(), enabled)
    }

    #[test]
    fn what_is_no_chroot_and_what_has_ended_is_left_out() {
        let files = [
            "site-defaults.cfg",
            "chroot-aliases.cfg",
            "default.cfg",
            "hermetic-build.cfg",
            "logging.ini",
            "fedora-42-x86_64.cfg.rpmnew",
            "eol/fedora-30-x86_64.cfg",
            "templates/fedora-42.tpl",
            "fedora-42-x86_64.cfg",
            "fedora-42-s390x.cfg",
        ];
        let (all, enabled) = names(&files, &host("x86_64", &[]));
        assert_eq!(all, ["fedora-42-s390x", "fedora-42-x86_64"]);
        assert_eq!(enabled, ["fedora-42-x86_64"]);
    }

    #[test]
    fn a_new_server_offers_current_releases_and_its_own() {
        let files = [
            "fedora-44-x86_64.cfg",
            "fedora-rawhide-x86_64.cfg",
            "fedora-eln-x86_64.cfg",
            "epel-10-x86_64.cfg",
            "alma+epel-10-x86_64.cfg",
            "alma+epel-9-x86_64.cfg",
            "rocky+epel-9-x86_64.cfg",
            "centos-stream-8-x86_64.cfg",
            "centos-stream-9-x86_64.cfg",
            "centos-stream-9-aarch64.cfg",
            "custom-1-x86_64.cfg",
            "opensuse-leap-15.6-x86_64.cfg",
        ];
        let current =
            ["alma+epel-9-x86_64", "centos-stream-9-x86_64", "epel-10-x86_64", "fedora-44-x86_64"];
        assert_eq!(names(&files, &host("x86_64", &["debian-12"])).1, current);
        let leap = host("x86_64", &["opensuse-leap-15.6"]);
        assert!(names(&files, &leap).1.contains(&"opensuse-leap-15.6-x86_64".to_owned()));
        assert_eq!(names(&files, &host("aarch64", &[])).1, ["centos-stream-9-aarch64"]);
    }

    #[test]
    fn no_mock_no_chroots() {
        assert_eq!(discover(Path::new("/nonexistent/mock"), &Host::default()).unwrap(), []);
    }

    #[test]
    fn a_release_is_read_from_os_release() {
        assert_eq!(releases("NAME=x\nID=fedora\nVERSION_ID=44\n"), ["fedora-44"]);
        assert_eq!(releases("ID=\"centos\"\nVERSION_ID=\"9\"\n"), ["centos-stream-9"]);
        assert_eq!(releases("ID=\"rhel\"\nVERSION_ID=\"9.4\"\n"), ["rhel-9.4", "rhel-9"]);
        let rawhide = "ID=fedora\nVERSION_ID=46\nREDHAT_BUGZILLA_PRODUCT_VERSION=rawhide\n";
        assert_eq!(releases(rawhide), ["fedora-46", "fedora-rawhide"]);
        assert!(releases("").is_empty());
    }
}
