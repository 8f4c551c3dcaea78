//! Signing keys, and signatures of packages and of metadata.
//!
//! Every project has a key of its own: RSA, which also EL 7 can check, without expiry, since
//! expired keys are what users of Copr complain of most. It lies in `keys/<project id>/`, which
//! `gpg` accepts as a home, together with its fingerprint and the public key as text.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use super::disk;
use super::gnupg::{self, Home, KEYRING, SECRETS};
use super::{Errand, Error, Layout};
use crate::model::{Owner, ProjectId, ProjectName};
use crate::process;
use crate::rpm::Rpm;

const ALGORITHM: &str = "rsa3072";
/// Below a key's directory.
const FINGERPRINT: &str = "fingerprint";
const PUBLIC_KEY: &str = "pubkey.asc";
/// What names of half-made keys begin with, below `keys/`.
const NEW: &str = ".new-";
/// Packages handed to one `rpmsign`: far below what a command line can hold.
const AT_ONCE: usize = 500;

/// A project's key.
#[derive(Clone, Debug)]
pub struct SigningKey {
    dir: PathBuf,
    scratch: PathBuf,
    fingerprint: String,
}

impl SigningKey {
    /// The key of `project`, which must have been made.
    pub fn open(layout: &Layout, project: ProjectId) -> Result<SigningKey, Error> {
        let dir = layout.key(project);
        let fingerprint = fs::read_to_string(dir.join(FINGERPRINT)).unwrap_or_default();
        let fingerprint = fingerprint.trim().to_owned();
        if bytes_of(&fingerprint).is_none() {
            return Err(Error::NoKey(dir));
        }
        Ok(SigningKey { dir, scratch: layout.work(), fingerprint })
    }

    /// The key of `project`, made now unless it is there already.
    pub async fn create(
        layout: &Layout,
        project: ProjectId,
        owner: &Owner,
        name: &ProjectName,
        errand: Errand<'_>,
    ) -> Result<SigningKey, Error> {
        if let Ok(key) = SigningKey::open(layout, project) {
            return Ok(key);
        }
        let dir = layout.key(project);
        let keys = dir.parent().unwrap_or(&dir);
        let private = |path: &Path| {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(Error::disk(path))
        };
        private(keys)?;
        let new = tempfile::Builder::new()
            .prefix(NEW)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(keys)
            .map_err(Error::disk(keys))?;
        private(&new.path().join(SECRETS))?;
        let user_id = format!("{}_{name} <{owner}#{name}@copr.{}>", owner, layout.hostname());
        let home = Home::open(new.path(), &layout.work())?;
        let made = generate(&home, new.path(), &user_id, errand).await;
        home.close(errand).await?;
        made?;
        let new = new.keep();
        settle(&new, &dir)?;
        SigningKey::open(layout, project)
    }

    /// 40 hexadecimal digits, in capitals.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Puts the public key at `path`, for clients to fetch.
    pub fn export(&self, path: &Path) -> Result<(), Error> {
        let source = self.dir.join(PUBLIC_KEY);
        let text = fs::read(&source).map_err(Error::disk(source))?;
        disk::write_atomically(path, &text)
    }

    /// Signs packages in place, all of them or, after an error, some. Signatures that they carry
    /// already go: a foreign one is of no use to the project's users, and `rpmsign` would keep
    /// one that only claims to be by this key.
    pub async fn sign_rpms(&self, packages: &[PathBuf], errand: Errand<'_>) -> Result<(), Error> {
        if packages.is_empty() {
            return Ok(());
        }
        let signed = look_before_signing(packages.to_vec()).await?;
        let home = Home::open(&self.dir, &self.scratch)?;
        let work = async {
            for some in signed.chunks(AT_ONCE) {
                self.rpmsign(&home, "--delsign", some, errand).await?;
            }
            for some in packages.chunks(AT_ONCE) {
                self.rpmsign(&home, "--resign", some, errand).await?;
            }
            Ok(())
        };
        let result: Result<(), Error> = work.await;
        home.close(errand).await?;
        result?;
        self.look_after_signing(packages.to_vec()).await
    }

    /// Signs a file: the signature is put beside it, as text, in `<file>.asc`.
    pub async fn sign_file(&self, file: &Path, errand: Errand<'_>) -> Result<(), Error> {
        let home = Home::open(&self.dir, &self.scratch)?;
        let mut signature = file.as_os_str().to_owned();
        signature.push(".asc");
        let program = home
            .gpg(errand)
            .args(["--digest-algo", "SHA256", "--local-user", &self.fingerprint, "--armor"])
            .arg("--output")
            .arg(signature)
            .arg("--detach-sign")
            .arg(file);
        let result = errand.run("gpg", program).await;
        home.close(errand).await?;
        result.map(drop)
    }

    async fn rpmsign(
        &self,
        home: &Home,
        mode: &str,
        packages: &[PathBuf],
        errand: Errand<'_>,
    ) -> Result<(), Error> {
        let path = home.path().to_string_lossy().replace('%', "%%");
        // rpm's own default may name a gpg that is not there (Debian: gpg2).
        let gpg = process::find("gpg").unwrap_or_else(|| "gpg".into());
        let macros = [
            format!("__gpg {}", gpg.display()),
            format!("_gpg_name {}", self.fingerprint),
            format!("_gpg_path {path}"),
            "_gpg_digest_algo sha256".to_owned(),
            // rpm 6 asks these first.
            "_openpgp_sign gpg".to_owned(),
            format!("_openpgp_sign_id {}", self.fingerprint),
        ];
        let mut program = home.program(errand, "rpmsign").arg(mode);
        for definition in &macros {
            program = program.arg("-D").arg(definition);
        }
        errand.run("rpmsign", program.args(packages)).await.map(drop)
    }

    async fn look_after_signing(&self, packages: Vec<PathBuf>) -> Result<(), Error> {
        let fingerprint = bytes_of(&self.fingerprint).ok_or(Error::NoKey(self.dir.clone()))?;
        spawn_blocking(move || {
            for path in packages {
                let rpm = Rpm::open(&path).map_err(Error::package(&path))?;
                if !rpm.names_signer(&fingerprint) {
                    return Err(Error::Unsigned(path));
                }
            }
            Ok(())
        })
        .await?
    }
}

/// Removes what a server that was killed has left: half-made keys and temporary homes of `gpg`.
/// Only for the start of a server, before anything is signed.
pub fn sweep(layout: &Layout) -> Result<(), Error> {
    gnupg::sweep(&layout.work())?;
    let keys = layout.data_dir().join("keys");
    let Ok(entries) = fs::read_dir(&keys) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(NEW) {
            fs::remove_dir_all(entry.path()).map_err(Error::disk(entry.path()))?;
        }
    }
    Ok(())
}

/// Makes a key in `home`, and what a key's directory holds in `new`.
async fn generate(home: &Home, new: &Path, user_id: &str, errand: Errand<'_>) -> Result<(), Error> {
    let program = home.gpg(errand).args(["--status-fd", "1", "--no-options"]).args([
        "--quick-generate-key",
        user_id,
        ALGORITHM,
        "sign",
        "never",
    ]);
    let said = errand.run("gpg", program).await?;
    let said = String::from_utf8_lossy(&said);
    let fingerprint = said
        .lines()
        .find_map(|line| line.strip_prefix("[GNUPG:] KEY_CREATED P "))
        .and_then(|rest| rest.split(' ').next())
        .filter(|fingerprint| bytes_of(fingerprint).is_some())
        .ok_or_else(|| Error::NoKey(new.to_owned()))?;
    let export = home.gpg(errand).args(["--armor", "--export", fingerprint]);
    let public = errand.run("gpg", export).await?;
    fs::copy(home.path().join(KEYRING), new.join(KEYRING)).map_err(Error::disk(new))?;
    disk::sync(&new.join(KEYRING))?;
    disk::write_atomically(&new.join(PUBLIC_KEY), &public)?;
    disk::write_atomically(&new.join(FINGERPRINT), fingerprint.as_bytes())
}

/// Gives a finished key its place, unless another one was faster.
fn settle(new: &Path, place: &Path) -> Result<(), Error> {
    let secrets = new.join(SECRETS);
    for entry in fs::read_dir(&secrets).map_err(Error::disk(&secrets))?.flatten() {
        disk::sync(&entry.path())?;
    }
    disk::sync(&secrets)?;
    match fs::rename(new, place) {
        Ok(()) => disk::sync(place.parent().unwrap_or(place)),
        Err(_) if place.join(FINGERPRINT).exists() => {
            fs::remove_dir_all(new).map_err(Error::disk(new))
        }
        Err(error) => Err(Error::Disk { path: place.to_owned(), error }),
    }
}

/// Which of the packages carry a signature. Removes what an interrupted `rpmsign` has left beside
/// them.
async fn look_before_signing(packages: Vec<PathBuf>) -> Result<Vec<PathBuf>, Error> {
    spawn_blocking(move || {
        let mut dirs: Vec<&Path> = packages.iter().filter_map(|path| path.parent()).collect();
        dirs.sort_unstable();
        dirs.dedup();
        for dir in dirs {
            for entry in fs::read_dir(dir).map_err(Error::disk(dir))?.flatten() {
                let path = entry.path();
                // Others may be signing their packages in the same directory.
                if packages.iter().any(|package| is_leftover(&path, package)) {
                    fs::remove_file(&path).map_err(Error::disk(&path))?;
                }
            }
        }
        let mut signed = Vec::new();
        for path in packages {
            let rpm = Rpm::open(&path).map_err(Error::package(&path))?;
            if rpm.is_signed() {
                signed.push(path);
            }
        }
        Ok(signed)
    })
    .await?
}

/// `x.rpm.sig` is `gpg`'s output for `rpmsign`, `x.rpm.Ab12Cd` a package being written anew.
fn is_leftover(path: &Path, package: &Path) -> bool {
    let rest = path.as_os_str().as_bytes().strip_prefix(package.as_os_str().as_bytes());
    match rest {
        Some(b".sig") => true,
        Some([b'.', random @ ..]) => {
            random.len() == 6 && random.iter().all(u8::is_ascii_alphanumeric)
        }
        _ => false,
    }
}

/// The bytes of a fingerprint of 40 hexadecimal digits.
fn bytes_of(fingerprint: &str) -> Option<[u8; 20]> {
    let digits = fingerprint.as_bytes();
    let mut bytes = [0; 20];
    if digits.len() != 40 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_forty_hexadecimal_digits() {
        let text = "00FF".repeat(10);
        assert_eq!(bytes_of(&text).unwrap()[..2], [0, 255]);
        for bad in ["", "00FF", &"0".repeat(41), &"x".repeat(40), &"é".repeat(20)] {
            assert!(bytes_of(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn leftovers_of_rpmsign_are_told_from_packages() {
        let is_leftover = |name| is_leftover(Path::new(name), Path::new("d/a-1.noarch.rpm"));
        for leftover in ["d/a-1.noarch.rpm.sig", "d/a-1.noarch.rpm.Xy12Z9"] {
            assert!(is_leftover(leftover), "{leftover}");
        }
        for other in [
            "d/a-1.noarch.rpm",
            "d/a-1.noarch.rpm.1234567",
            "d/a-1.noarch.rpm.log.gz",
            "d/b-1.noarch.rpm.sig",
        ] {
            assert!(!is_leftover(other), "{other}");
        }
    }
}
