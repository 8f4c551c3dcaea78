//! The server's own things: its data directory, its address, its chroots.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};

use super::Finding;
use crate::config::{Config, Size};
use crate::model::chroot::{Chroot, ChrootRecipe};
use crate::store::{Store, chroots as table};

/// Less than this is used up by a handful of build roots.
const COMFORTABLE: Size = Size(10 << 30);

/// Whether the server can keep things in its data directory.
pub(super) fn data_dir(config: &Config, is_served: bool) -> Vec<Finding> {
    const WHAT: &str = "data directory";
    let dir = &config.data_dir;
    let place = dir.display().to_string();
    let Ok(found) = fs::metadata(dir) else {
        let parent = nearest(dir);
        let finding = if access(&parent, Access::WRITE_OK).is_ok() {
            Finding::ok(WHAT, format!("{place} is made at the first start"))
        } else {
            let fix = format!("mkdir -p -m 700 {place} && chown SERVER-USER {place}, as root");
            Finding::broken(WHAT, format!("{place} is not there and cannot be made"), fix)
        };
        return vec![finding];
    };
    let own = rustix::process::geteuid();
    if found.uid() != own.as_raw() && !own.is_root() {
        let fix = "run this as its owner, or chown -R it to the server's user";
        return vec![Finding::broken(WHAT, format!("{place} belongs to somebody else"), fix)];
    }
    let mut findings = Vec::new();
    if own.is_root()
        && let Some(closed) = closed(dir)
    {
        let seen = format!("builds run as a user without rights, who cannot pass {closed}");
        findings.push(Finding::broken(WHAT, seen, format!("chmod o+x {closed}")));
    }
    if found.mode() & 0o022 != 0 {
        let fix = format!("chmod go-w {place}");
        findings.push(Finding::broken(WHAT, format!("others may write into {place}"), fix));
    } else {
        let served = if is_served { "a server is running" } else { "no server" };
        findings.push(Finding::ok(WHAT, format!("{place}; {served}")));
    }
    findings
}

/// The first directory on the way that others cannot pass.
fn closed(dir: &Path) -> Option<String> {
    let is_closed = |path: &&Path| fs::metadata(path).is_ok_and(|found| found.mode() & 0o001 == 0);
    dir.ancestors().find(is_closed).map(|path| path.display().to_string())
}

/// The directory, or what of its path is there already.
fn nearest(dir: &Path) -> PathBuf {
    let there = dir.ancestors().find(|path| path.exists());
    there.map_or_else(|| PathBuf::from("/"), Path::to_path_buf)
}

/// Whether there is room for builds.
pub(super) fn disk(config: &Config) -> Finding {
    const WHAT: &str = "disk space";
    const FIX: &str = "free some, or choose another place with data_dir";
    let free = match statvfs(nearest(&config.data_dir)) {
        Ok(found) => Size(found.f_bavail.saturating_mul(found.f_frsize)),
        Err(error) => return Finding::note(WHAT, format!("cannot be told: {error}"), FIX),
    };
    let seen = format!("{} GiB free", free.0 >> 30);
    let reserve = config.runner.disk_reserve;
    if free < reserve {
        let seen = format!("{seen}, builds wait until there are {reserve}");
        Finding::broken(WHAT, seen, FIX)
    } else if free < COMFORTABLE {
        Finding::note(WHAT, format!("{seen}, which build roots soon take"), FIX)
    } else {
        Finding::ok(WHAT, seen)
    }
}

/// Whether clients can use the address that stands in every repository file.
pub(super) fn base_url(config: &Config) -> Finding {
    const WHAT: &str = "base_url";
    let url = &config.base_url;
    let is_local = |host: &str| host == "localhost" || host == "::1" || host.starts_with("127.");
    let listens_to_all = !config.listen.ip().is_loopback();
    if listens_to_all && is_local(url.hostname()) {
        let seen = format!("{url} leads other machines to themselves");
        return Finding::broken(WHAT, seen, "base_url = \"https://NAME-OF-THIS-MACHINE\"");
    }
    if !is_local(url.hostname()) && !url.is_https() {
        let seen = format!("{url} sends tokens unencrypted");
        let fix = "put a proxy with TLS in front, as in packaging/nginx.conf";
        return Finding::note(WHAT, seen, fix);
    }
    Finding::ok(WHAT, url.as_str())
}

/// The chroots of the server, or why they cannot be read.
pub struct Chroots(Result<Vec<Chroot>, String>);

impl Chroots {
    /// Reads them from a data directory; none where there is no database yet.
    pub fn on_disk(config: &Config) -> Chroots {
        let path = config.database();
        if !path.exists() {
            return Chroots(Ok(Vec::new()));
        }
        let found = Store::open(&path).and_then(|store| store.read_now(table::list));
        Chroots(found.map_err(|error| error.to_string()))
    }

    /// Those that a server has read itself.
    pub fn known(chroots: Vec<Chroot>) -> Chroots {
        Chroots(Ok(chroots))
    }

    fn enabled(&self) -> impl Iterator<Item = &Chroot> {
        self.0.iter().flatten().filter(|chroot| chroot.active)
    }

    /// The builders that the enabled ones need.
    pub(super) fn builders(&self) -> BTreeSet<&'static str> {
        self.enabled().map(|chroot| chroot.recipe.builder()).collect()
    }

    /// Whether there are any, and what they are made of is there.
    pub(super) fn findings(&self) -> Vec<Finding> {
        if let Err(error) = &self.0 {
            let fix = "stop the server, put back the last backup of the data directory";
            return vec![Finding::broken("database", error.as_str(), fix)];
        }
        if self.enabled().next().is_none() {
            let fix = "coprbox chroot list; coprbox chroot enable NAME, or chroot add NAME";
            return vec![Finding::note("chroots", "none is enabled", fix)];
        }
        let count = self.enabled().count();
        let mut findings = vec![Finding::ok("chroots", format!("{count} enabled"))];
        findings.extend(self.enabled().filter_map(problem));
        findings
    }
}

/// What a chroot is made of that is not there; addresses on the net are not tried.
fn problem(chroot: &Chroot) -> Option<Finding> {
    let name = &chroot.name;
    let what = format!("chroot {name}");
    match &chroot.recipe {
        ChrootRecipe::Mock { config } => {
            let fix = format!("dnf install mock-core-configs, or coprbox chroot disable {name}");
            let missing = !config.is_file();
            missing.then(|| Finding::broken(what, format!("{} is gone", config.display()), fix))
        }
        ChrootRecipe::Sandbox { repos, .. } => {
            let is_gone = |repo: &&String| {
                let path = repo.strip_prefix("file://").map(Path::new);
                path.is_some_and(|path| !path.join("repodata/repomd.xml").is_file())
            };
            let repo = repos.iter().find(is_gone)?;
            let fix = format!("run createrepo_c there, or coprbox chroot disable {name}");
            Some(Finding::broken(what, format!("{repo} is no repository"), fix))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::doctor::Level;

    #[test]
    fn an_address_must_lead_here() {
        let level = |listen: &str, url: &str| {
            let mut config = Config::in_data_dir("/nowhere".as_ref()).unwrap();
            config.listen = listen.parse().unwrap();
            config.base_url = url.parse().unwrap();
            base_url(&config).level
        };
        assert_eq!(level("127.0.0.1:5000", "http://127.0.0.1:5000"), Level::Ok);
        assert_eq!(level("127.0.0.1:5000", "https://copr.example.org"), Level::Ok);
        assert_eq!(level("0.0.0.0:5000", "http://copr.example.org"), Level::Note);
        assert_eq!(level("0.0.0.0:5000", "http://localhost:5000"), Level::Broken);
    }

    #[test]
    fn a_closed_directory_on_the_way_is_found() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let (outer, inner) = (dir.path().join("a"), dir.path().join("a/b"));
        fs::create_dir_all(&inner).unwrap();
        for (path, mode) in [(dir.path(), 0o711), (outer.as_path(), 0o700), (&inner, 0o711)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        assert_eq!(closed(&inner), Some(outer.display().to_string()));
        fs::set_permissions(&outer, fs::Permissions::from_mode(0o711)).unwrap();
        assert_eq!(closed(&inner), None);
    }

    #[test]
    fn a_chroot_without_its_repository_is_broken() {
        let dir = tempfile::tempdir().unwrap();
        let chroot = |recipe| Chroot {
            id: crate::model::ChrootId(1),
            name: "debian-12-x86_64".parse().unwrap(),
            recipe,
            comment: String::new(),
            active: true,
        };
        let repos = vec!["http://a".to_owned(), format!("file://{}", dir.path().display())];
        let sandbox = chroot(ChrootRecipe::Sandbox { repos, install: Vec::new() });
        assert_eq!(problem(&sandbox).unwrap().level, Level::Broken);
        fs::create_dir(dir.path().join("repodata")).unwrap();
        fs::write(dir.path().join("repodata/repomd.xml"), "").unwrap();
        assert_eq!(problem(&sandbox), None);
        let mock = chroot(ChrootRecipe::Mock { config: dir.path().join("a.cfg") });
        assert!(problem(&mock).is_some());
    }
}
