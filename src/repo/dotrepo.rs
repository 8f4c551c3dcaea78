//! The `.repo` file that clients of a repository install.
//!
//! Its first line must be the section's name: dnf 4 takes the name of the local file from it, and
//! looks that very section up again.

use std::fmt::Write as _;

use super::Layout;
use crate::model::repo_url::{self, RepoTarget, RepoUrl};
use crate::model::{ChrootName, DirName, Owner};

/// What a `.repo` file says.
pub struct RepoFile<'a> {
    /// Addresses, and the host that stands in section names.
    pub layout: &'a Layout,
    /// The repository asked for.
    pub repo: CoprRepo<'a>,
    /// The chroot it was found by; the file is for its release and every architecture.
    pub chroot: &'a ChrootName,
    /// Whether the i386 repository of the same release follows.
    pub multilib: bool,
    /// What the packages need besides, in order.
    pub dependencies: Vec<Dependency<'a>>,
}

/// A repository of this server.
#[derive(Clone, Copy)]
pub struct CoprRepo<'a> {
    /// Whose it is.
    pub owner: &'a Owner,
    /// The directory.
    pub dir: &'a DirName,
    /// Packages may replace those of modules.
    pub module_hotfixes: bool,
    /// `priority=`, if the project has one.
    pub priority: Option<u32>,
}

/// A further repository that the packages of this one need.
pub enum Dependency<'a> {
    /// On this server.
    Copr(CoprRepo<'a>),
    /// Anywhere else; or on this server, but gone.
    Other(&'a RepoUrl),
}

impl RepoFile<'_> {
    /// The text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let host = self.layout.hostname();
        let CoprRepo { owner, dir, .. } = self.repo;
        let id = format!("copr:{host}:{}:{}", owner.in_repo_id(), dir.in_repo_id());
        let name = format!("Copr repo for {dir} owned by {owner}");
        self.section(&mut text, &id, &name, &self.repo, None);
        if self.multilib {
            let (id, name) = (format!("{id}:ml"), format!("{name} (i386)"));
            self.section(&mut text, &id, &name, &self.repo, Some("i386"));
        }
        let (mut copr, mut external) = (0, 0);
        for dependency in &self.dependencies {
            match dependency {
                Dependency::Copr(repo) => {
                    copr += 1;
                    let (owner_id, dir_id) = (repo.owner.in_repo_id(), repo.dir.in_repo_id());
                    let id = format!("coprdep:{host}:{owner_id}:{dir_id}");
                    let name = format!(
                        "Copr {host}/{owner}/{dir} runtime dependency #{copr} - {}/{}",
                        repo.owner, repo.dir
                    );
                    self.section(&mut text, &id, &name, repo, None);
                    text.push('\n');
                }
                Dependency::Other(url) => match url.target() {
                    RepoTarget::External(address) => {
                        external += 1;
                        self.external(&mut text, url, address, external);
                    }
                    RepoTarget::Copr(..) => {
                        let _ = writeln!(text, "# runtime dependency {url} does not exist");
                    }
                },
            }
        }
        text
    }

    /// The name that a browser saves it under, in ASCII: it stands in a header.
    pub fn file_name(&self) -> String {
        format!("{}-{}.repo", self.repo.owner, self.repo.dir.in_repo_id())
    }

    fn section(
        &self,
        text: &mut String,
        id: &str,
        name: &str,
        repo: &CoprRepo,
        arch: Option<&str>,
    ) {
        let CoprRepo { owner, dir, .. } = repo;
        let dir_url = self.layout.dir_url(owner, dir);
        let pubkey = self.layout.pubkey_url(owner, dir);
        let release = with_releasever(self.chroot);
        let cost = if arch.is_some() { "cost=1100\n" } else { "" };
        let arch = arch.unwrap_or("$basearch");
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "[{id}]\nname={name}\nbaseurl={dir_url}/{release}-{arch}/\ntype=rpm-md\n\
             skip_if_unavailable=True\ngpgcheck=1\ngpgkey={pubkey}\nrepo_gpgcheck=0\n{cost}\
             enabled=1\nenabled_metadata=1\n"
        );
        if repo.module_hotfixes {
            text.push_str("module_hotfixes=1\n");
        }
        if let Some(priority) = repo.priority {
            let _ = writeln!(text, "priority={priority}");
        }
    }

    fn external(&self, text: &mut String, url: &RepoUrl, address: &str, number: u32) {
        let host = self.layout.hostname();
        let CoprRepo { owner, dir, .. } = self.repo;
        let id = url.id();
        let baseurl = repo_url::expand(address, self.chroot);
        let _ = write!(
            text,
            "[coprdep:{id}]\n\
             name=Copr {host}/{owner}/{dir} external runtime dependency #{number} - {id}\n\
             baseurl={baseurl}\ntype=rpm-md\nskip_if_unavailable=True\nrepo_gpgcheck=0\n\
             gpgcheck=0\nenabled=1\nenabled_metadata=1\n"
        );
        if let Some(priority) = url.priority() {
            let _ = writeln!(text, "priority={priority}");
        }
    }
}

/// The release of `chroot`, with dnf's variable where the distribution's own repositories use it,
/// so that the file still fits after an upgrade of the system.
fn with_releasever(chroot: &ChrootName) -> String {
    let (distribution, version) = (chroot.distribution(), chroot.version());
    let moves = match distribution {
        "fedora" => version != "eln",
        "mageia" => version != "cauldron",
        "centos-stream" | "opensuse-leap" => true,
        _ => false,
    };
    format!("{distribution}-{}", if moves { "$releasever" } else { version })
}

/// The chroot that a `.repo` address means by `name_release` (`fedora-42`) and, if given, `arch`.
///
/// The systems that ask for EPEL are also those that a beta of RHEL becomes, for which there are
/// packages before there is an EPEL.
pub fn select<'a>(
    chroots: &'a [ChrootName],
    name_release: &str,
    arch: Option<&str>,
) -> Option<&'a ChrootName> {
    let beta = || name_release.strip_prefix("epel-").map(|rest| format!("rhelbeta-{rest}"));
    find(chroots, name_release, arch).or_else(|| find(chroots, &beta()?, arch))
}

fn find<'a>(
    chroots: &'a [ChrootName],
    name_release: &str,
    arch: Option<&str>,
) -> Option<&'a ChrootName> {
    let fits = |chroot: &&ChrootName| {
        let by_release = chroot.name_release() == name_release;
        let by_arch = arch.is_none_or(|arch| chroot.arch() == arch);
        by_release && by_arch || chroot.as_str() == name_release
    };
    chroots.iter().find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names(Layout, Owner, DirName, ChrootName);

    fn names(owner: &str, dir: &str, chroot: &str) -> Names {
        let layout = Layout::new("/d", "https://hub.example.org:8443".parse().unwrap());
        Names(layout, owner.parse().unwrap(), dir.parse().unwrap(), chroot.parse().unwrap())
    }

    impl Names {
        fn repo(&self) -> CoprRepo<'_> {
            CoprRepo { owner: &self.1, dir: &self.2, module_hotfixes: false, priority: None }
        }

        fn file(&self) -> RepoFile<'_> {
            RepoFile {
                layout: &self.0,
                repo: self.repo(),
                chroot: &self.3,
                multilib: false,
                dependencies: Vec::new(),
            }
        }
    }

    fn line<'a>(text: &'a str, key: &str) -> &'a str {
        text.lines().find_map(|line| line.strip_prefix(key)).unwrap()
    }

    #[test]
    fn a_plain_project() {
        let names = names("alice", "proj", "fedora-42-x86_64");
        assert_eq!(names.file().file_name(), "alice-proj.repo");
        assert_eq!(
            names.file().text(),
            "[copr:hub.example.org:alice:proj]\n\
             name=Copr repo for proj owned by alice\n\
             baseurl=https://hub.example.org:8443/results/alice/proj/fedora-$releasever-$basearch/\n\
             type=rpm-md\n\
             skip_if_unavailable=True\n\
             gpgcheck=1\n\
             gpgkey=https://hub.example.org:8443/results/alice/proj/pubkey.gpg\n\
             repo_gpgcheck=0\n\
             enabled=1\n\
             enabled_metadata=1\n"
        );
    }

    #[test]
    fn everything_at_once() {
        let names = names("@devs", "tools:custom:x", "epel-9-x86_64");
        let other: Owner = "bob".parse().unwrap();
        let lib: DirName = "lib".parse().unwrap();
        let gone: RepoUrl = "copr://bob/gone".parse().unwrap();
        let external: RepoUrl = "https://h/$distname/$chroot/?priority=3".parse().unwrap();
        let mut file = names.file();
        file.repo.module_hotfixes = true;
        file.repo.priority = Some(7);
        file.multilib = true;
        file.dependencies = vec![
            Dependency::Copr(CoprRepo {
                owner: &other,
                dir: &lib,
                module_hotfixes: false,
                priority: None,
            }),
            Dependency::Other(&gone),
            Dependency::Other(&external),
        ];
        let common = "type=rpm-md\nskip_if_unavailable=True\n";
        let results = "https://hub.example.org:8443/results";
        let tools = "gpgcheck=1\n\
             gpgkey=https://hub.example.org:8443/results/@devs/tools:custom:x/pubkey.gpg\n\
             repo_gpgcheck=0\n";
        let enabled = "enabled=1\nenabled_metadata=1\n";
        assert_eq!(
            file.text(),
            format!(
                "[copr:hub.example.org:group_devs:tools:custom:x]\n\
                 name=Copr repo for tools:custom:x owned by @devs\n\
                 baseurl={results}/@devs/tools:custom:x/epel-9-$basearch/\n\
                 {common}{tools}{enabled}module_hotfixes=1\npriority=7\n\
                 [copr:hub.example.org:group_devs:tools:custom:x:ml]\n\
                 name=Copr repo for tools:custom:x owned by @devs (i386)\n\
                 baseurl={results}/@devs/tools:custom:x/epel-9-i386/\n\
                 {common}{tools}cost=1100\n{enabled}module_hotfixes=1\npriority=7\n\
                 [coprdep:hub.example.org:bob:lib]\n\
                 name=Copr hub.example.org/@devs/tools:custom:x runtime dependency #1 - bob/lib\n\
                 baseurl={results}/bob/lib/epel-9-$basearch/\n\
                 {common}gpgcheck=1\ngpgkey={results}/bob/lib/pubkey.gpg\nrepo_gpgcheck=0\n\
                 {enabled}\n\
                 # runtime dependency copr://bob/gone does not exist\n\
                 [coprdep:https_h_distname_chroot_priority_3]\n\
                 name=Copr hub.example.org/@devs/tools:custom:x external runtime dependency #1 \
                 - https_h_distname_chroot_priority_3\n\
                 baseurl=https://h/epel/epel-9-x86_64/\n\
                 {common}repo_gpgcheck=0\ngpgcheck=0\n{enabled}priority=3\n"
            )
        );
    }

    #[test]
    fn the_release_is_a_variable_where_the_distribution_has_it_so() {
        for (chroot, expected) in [
            ("fedora-rawhide-x86_64", "fedora-$releasever"),
            ("fedora-eln-x86_64", "fedora-eln"),
            ("centos-stream-10-x86_64", "centos-stream-$releasever"),
            ("opensuse-leap-15.6-x86_64", "opensuse-leap-$releasever"),
            ("opensuse-tumbleweed-x86_64", "opensuse-tumbleweed"),
            ("mageia-9-x86_64", "mageia-$releasever"),
            ("mageia-cauldron-x86_64", "mageia-cauldron"),
            ("epel-9-x86_64", "epel-9"),
            ("debian-12-x86_64", "debian-12"),
        ] {
            let names = names("alice", "p", chroot);
            let text = names.file().text();
            let wanted = format!("/{expected}-$basearch/");
            assert!(line(&text, "baseurl=").ends_with(&wanted), "{text}");
        }
    }

    #[test]
    fn a_release_selects_a_chroot_by_its_whole_name() {
        let chroots: Vec<ChrootName> = [
            "fedora-42-aarch64",
            "fedora-42-x86_64",
            "rhelbeta-9-x86_64",
            "epel-9-x86_64",
            "rhelbeta-10-x86_64",
        ]
        .iter()
        .map(|name| name.parse().unwrap())
        .collect();
        let found = |release, arch| select(&chroots, release, arch).map(ChrootName::as_str);
        assert_eq!(found("fedora-42", Some("x86_64")), Some("fedora-42-x86_64"));
        assert_eq!(found("fedora-42", None), Some("fedora-42-aarch64"));
        assert_eq!(found("fedora-42-x86_64", None), Some("fedora-42-x86_64"));
        assert_eq!(found("fedora-4", None), None);
        assert_eq!(found("epel-9", Some("x86_64")), Some("epel-9-x86_64"));
        assert_eq!(found("epel-10", Some("x86_64")), Some("rhelbeta-10-x86_64"));
        assert_eq!(found("epel-9", Some("aarch64")), None);
        assert_eq!(found("epel-8", None), None);
    }
}
