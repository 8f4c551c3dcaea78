//! Which architectures can be built for on this machine, and what the tools call them.

use std::fs;

use crate::model::ChrootName;
use crate::runner::builder::BuildError;

/// A chroot's architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arch {
    /// As rpm and dnf call it: `i686` where the chroot says `i386`.
    pub rpm: String,
    /// What to tell `setarch` so that `uname` fits.
    pub personality: Option<&'static str>,
    /// dnf has to be told, since the machine is of another kind.
    pub forced: bool,
}

impl Arch {
    /// The architecture of a chroot, or why this machine cannot run its programs. `elsewhere`:
    /// a launcher takes the commands to another machine, of which nothing is known here.
    pub fn of(chroot: &ChrootName, elsewhere: bool) -> Result<Arch, BuildError> {
        let arch = Arch::on(chroot.arch(), host());
        let emulated = || {
            fs::read_to_string(format!("/proc/sys/fs/binfmt_misc/qemu-{}", emulator(&arch.rpm)))
                .is_ok_and(|text| works_in_chroots(&text))
        };
        if elsewhere || arch.personality.is_some() || !arch.forced || emulated() {
            return Ok(arch);
        }
        Err(BuildError::Unavailable(format!(
            "{chroot} is for {} and this machine is {}; install qemu-user-static, or set \
             runner.launcher to a command that runs builds on another machine",
            arch.rpm,
            host()
        )))
    }

    fn on(arch: &str, host: &str) -> Arch {
        let rpm = match arch {
            "i386" => "i686",
            "armhfp" => "armv7hl",
            other => other,
        };
        let forced = rpm != host;
        let personality = (rpm == "i686" && host == "x86_64").then_some("i686");
        Arch { rpm: rpm.to_owned(), personality, forced }
    }
}

/// This machine's architecture as rpm calls it.
fn host() -> &'static str {
    match std::env::consts::ARCH {
        "x86" => "i686",
        "arm" => "armv7hl",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        other => other,
    }
}

/// What QEMU calls an architecture.
fn emulator(rpm: &str) -> &str {
    match rpm {
        "armv7hl" => "arm",
        "i686" => "i386",
        other => other,
    }
}

/// Whether a registered emulator is on and is opened at registration (`F`), so that it is found
/// from within a changed root.
fn works_in_chroots(registration: &str) -> bool {
    let flags = registration.lines().find_map(|line| line.strip_prefix("flags:"));
    registration.starts_with("enabled") && flags.is_some_and(|flags| flags.contains('F'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_natively_is_not_forced() {
        let native = Arch::on("x86_64", "x86_64");
        assert_eq!(
            (native.rpm.as_str(), native.personality, native.forced),
            ("x86_64", None, false)
        );
        let small = Arch::on("i386", "x86_64");
        assert_eq!(
            (small.rpm.as_str(), small.personality, small.forced),
            ("i686", Some("i686"), true)
        );
        assert!(Arch::on("s390x", "x86_64").forced);
    }

    #[test]
    fn a_foreign_architecture_needs_emulation_or_a_launcher() {
        let chroot: ChrootName = "fedora-42-sparc64".parse().unwrap();
        let error = Arch::of(&chroot, false).unwrap_err().to_string();
        assert!(error.contains("fedora-42-sparc64 is for sparc64"), "{error}");
        assert!(Arch::of(&chroot, true).is_ok());
        assert!(works_in_chroots("enabled\ninterpreter /usr/bin/qemu-s390x-static\nflags: OCF\n"));
        assert!(!works_in_chroots("enabled\ninterpreter /usr/bin/qemu-s390x\nflags: OC\n"));
        assert!(!works_in_chroots("disabled\nflags: F\n"));
    }
}
