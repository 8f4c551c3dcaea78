//! Where things are: names to paths below the data directory, and to addresses.
//!
//! ```text
//! results/<owner>/<dir>/pubkey.gpg
//!                       srpm-builds/<id8>/            one source build
//!                       <chroot>/repodata/            the repository
//!                                devel/repodata/      what is built, but not public yet
//!                                <id8>-<package>/     one chroot of one build
//! keys/<project id>/    work/<job id>/    uploads/    trash/
//! ```
//!
//! Nobody else puts such paths together. Names were checked when they were parsed: none can lead
//! out of its directory. In addresses they stand as they are, save for letters that are not ASCII.

use std::path::{Path, PathBuf};

use crate::config::BaseUrl;
use crate::model::{BuildId, ChrootName, DirName, JobId, Owner, PackageName, ProjectId};

/// The data directory and the address that clients use for its results.
#[derive(Clone, Debug)]
pub struct Layout {
    data_dir: PathBuf,
    base_url: BaseUrl,
}

impl Layout {
    /// That of a server.
    pub fn new(data_dir: impl Into<PathBuf>, base_url: BaseUrl) -> Layout {
        Layout { data_dir: data_dir.into(), base_url }
    }

    /// The data directory itself.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// What is served below `/results/`.
    pub fn results(&self) -> PathBuf {
        self.data_dir.join("results")
    }

    /// What users have sent.
    pub fn uploads(&self) -> PathBuf {
        self.data_dir.join("uploads")
    }

    /// Where jobs work; everything in it may go when no server runs.
    pub fn work(&self) -> PathBuf {
        self.data_dir.join("work")
    }

    /// Where one job works.
    pub fn job(&self, job: JobId) -> PathBuf {
        self.work().join(job.to_string())
    }

    /// The keys of the hosts that sources were fetched from over ssh.
    pub fn known_hosts(&self) -> PathBuf {
        self.data_dir.join("known_hosts")
    }

    /// Where directories are moved that are to be deleted, which can take long.
    pub fn trash(&self) -> PathBuf {
        self.data_dir.join("trash")
    }

    /// A project's signing key.
    pub fn key(&self, project: ProjectId) -> PathBuf {
        self.data_dir.join("keys").join(project.to_string())
    }

    /// A directory of a project.
    pub fn dir(&self, owner: &Owner, dir: &DirName) -> PathBuf {
        self.results().join(owner.to_string()).join(dir.to_string())
    }

    /// The public key that signs what is in a directory.
    pub fn pubkey(&self, owner: &Owner, dir: &DirName) -> PathBuf {
        self.dir(owner, dir).join(PUBKEY)
    }

    /// A repository: one chroot of a directory.
    pub fn chroot(&self, owner: &Owner, dir: &DirName, chroot: &ChrootName) -> PathBuf {
        self.dir(owner, dir).join(chroot.as_str())
    }

    /// Where a repository keeps the metadata of what is built, but not public yet.
    pub fn devel(&self, owner: &Owner, dir: &DirName, chroot: &ChrootName) -> PathBuf {
        self.chroot(owner, dir, chroot).join(DEVEL)
    }

    /// What one build left in one chroot; `name` is its [`result_dir_name`].
    pub fn result(&self, owner: &Owner, dir: &DirName, chroot: &ChrootName, name: &str) -> PathBuf {
        self.chroot(owner, dir, chroot).join(name)
    }

    /// What a source build left.
    pub fn source(&self, owner: &Owner, dir: &DirName, build: BuildId) -> PathBuf {
        self.dir(owner, dir).join(SOURCES).join(build.padded())
    }

    /// The host that clients know the server by, without port.
    pub fn hostname(&self) -> &str {
        self.base_url.hostname()
    }

    /// The address of the results tree; no slash at the end.
    pub fn results_url(&self) -> String {
        format!("{}/results", self.base_url.as_str())
    }

    /// The address of a directory; no slash at the end.
    pub fn dir_url(&self, owner: &Owner, dir: &DirName) -> String {
        // Lists hold hundreds of these: with room for what follows, made in one piece.
        let mut url = String::with_capacity(128);
        url.push_str(self.base_url.as_str());
        url.push_str("/results/");
        owner.push_to(&mut url);
        url.push('/');
        let begin = url.len();
        dir.push_to(&mut url);
        if !url[begin..].is_ascii() {
            let raw = url.split_off(begin);
            push_encoded(&mut url, &raw);
        }
        url
    }

    /// The address of the key that signs what is in a directory.
    pub fn pubkey_url(&self, owner: &Owner, dir: &DirName) -> String {
        self.dir_url(owner, dir) + "/" + PUBKEY
    }

    /// The address of a repository; ends with a slash.
    pub fn chroot_url(&self, owner: &Owner, dir: &DirName, chroot: &ChrootName) -> String {
        self.dir_url(owner, dir) + "/" + chroot.as_str() + "/"
    }

    /// The address of what one build left in one chroot; ends with a slash.
    pub fn result_url(
        &self,
        owner: &Owner,
        dir: &DirName,
        chroot: &ChrootName,
        name: &str,
    ) -> String {
        self.chroot_url(owner, dir, chroot) + name + "/"
    }

    /// The address of what a source build left; no slash at the end.
    pub fn source_url(&self, owner: &Owner, dir: &DirName, build: BuildId) -> String {
        self.dir_url(owner, dir) + "/" + SOURCES + "/" + &build.padded()
    }

    /// The address of a source package, whose file name may hold anything.
    pub fn srpm_url(&self, owner: &Owner, dir: &DirName, build: BuildId, file: &str) -> String {
        let mut url = self.source_url(owner, dir, build) + "/";
        push_encoded(&mut url, file);
        url
    }
}

const PUBKEY: &str = "pubkey.gpg";
/// Part of addresses that APIv3 tells; `model::build_config` knows it, too.
const DEVEL: &str = "devel";
const SOURCES: &str = "srpm-builds";

/// The name of the directory in which one build leaves its results, in each of its chroots.
pub fn result_dir_name(build: BuildId, package: &PackageName) -> String {
    format!("{}-{package}", build.padded())
}

/// Adds `name` as one segment of an address.
fn push_encoded(encoded: &mut String, name: &str) {
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~+@:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> (Owner, DirName, ChrootName) {
        let parsed = ("@devs".parse(), "tools:pr:7".parse(), "fedora-42-x86_64".parse());
        (parsed.0.unwrap(), parsed.1.unwrap(), parsed.2.unwrap())
    }

    #[test]
    fn paths_and_addresses_name_the_same_places() {
        let layout = Layout::new("/d", "https://h:8443".parse().unwrap());
        let (owner, dir, chroot) = names();
        let name = result_dir_name(BuildId(42), &"libstdc++".parse().unwrap());
        assert_eq!(name, "00000042-libstdc++");
        let result = layout.result(&owner, &dir, &chroot, &name);
        let place = "results/@devs/tools:pr:7/fedora-42-x86_64/00000042-libstdc++";
        assert_eq!(result, Path::new("/d").join(place));
        assert_eq!(
            layout.result_url(&owner, &dir, &chroot, &name),
            format!("https://h:8443/{place}/")
        );
        assert_eq!(
            layout.source(&owner, &dir, BuildId(42)),
            Path::new("/d/results/@devs/tools:pr:7/srpm-builds/00000042")
        );
    }

    #[test]
    fn slashes_at_the_end_are_as_clients_know_them() {
        let layout = Layout::new("/d", "http://h".parse().unwrap());
        let (owner, dir, chroot) = names();
        assert_eq!(layout.results_url(), "http://h/results");
        assert_eq!(layout.dir_url(&owner, &dir), "http://h/results/@devs/tools:pr:7");
        assert!(layout.chroot_url(&owner, &dir, &chroot).ends_with("/fedora-42-x86_64/"));
        assert!(layout.source_url(&owner, &dir, BuildId(1)).ends_with("/srpm-builds/00000001"));
        assert!(layout.pubkey_url(&owner, &dir).ends_with("/tools:pr:7/pubkey.gpg"));
    }

    #[test]
    fn directories_are_encoded_in_addresses_alone() {
        let layout = Layout::new("/d", "http://h".parse().unwrap());
        let (owner, _, chroot) = names();
        let dir: DirName = "tools:custom:é".parse().unwrap();
        assert_eq!(layout.dir(&owner, &dir), Path::new("/d/results/@devs/tools:custom:é"));
        let place = "http://h/results/@devs/tools:custom:%C3%A9";
        assert_eq!(layout.dir_url(&owner, &dir), place);
        assert_eq!(layout.pubkey_url(&owner, &dir), format!("{place}/pubkey.gpg"));
        assert_eq!(layout.chroot_url(&owner, &dir, &chroot), format!("{place}/{chroot}/"));
    }

    #[test]
    fn file_names_are_encoded() {
        let layout = Layout::new("/d", "http://h".parse().unwrap());
        let (owner, dir, _) = names();
        let url = layout.srpm_url(&owner, &dir, BuildId(1), "a-1^x~é%.src.rpm");
        assert!(url.ends_with("/a-1%5Ex~%C3%A9%25.src.rpm"), "{url}");
    }
}
