//! Whether a source package is meant to be built on an architecture.
//!
//! `BuildArch: noarch` never keeps a package from being built; `ExclusiveArch` and
//! `ExcludeArch` do. Their macros (`%{ix86}`, `%{java_arches}`) were expanded when the source
//! package was made.

use std::fmt;

use super::Package;

/// Why a chroot is left out of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// `ExclusiveArch` does not list the architecture.
    NotExclusive {
        /// The chroot's architecture.
        arch: String,
        /// What is listed.
        listed: Vec<String>,
    },
    /// `ExcludeArch` lists the architecture.
    Excluded {
        /// The chroot's architecture.
        arch: String,
    },
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::NotExclusive { arch, listed } => {
                write!(f, "ExclusiveArch does not list {arch}, only {}", listed.join(" "))
            }
            SkipReason::Excluded { arch } => write!(f, "ExcludeArch lists {arch}"),
        }
    }
}

impl Package {
    /// Whether this source package is to be built in chroots of `arch`.
    pub fn builds_on(&self, arch: &str) -> Result<(), SkipReason> {
        let family = family(arch);
        let lists = |archs: &[String]| archs.iter().any(|listed| family.contains(&listed.as_str()));
        // `noarch` stands beside real architectures to keep rpmbuild content; alone it says that
        // any will do.
        let mut exclusive = self.exclusive_arch.clone();
        exclusive.retain(|listed| listed != "noarch");
        if !exclusive.is_empty() && !lists(&exclusive) {
            return Err(SkipReason::NotExclusive { arch: arch.to_owned(), listed: exclusive });
        }
        if lists(&self.exclude_arch) {
            return Err(SkipReason::Excluded { arch: arch.to_owned() });
        }
        Ok(())
    }

    /// Whether this binary package is one for chroots of `arch`.
    pub fn installs_on(&self, arch: &str) -> bool {
        !self.is_source && (self.arch == "noarch" || family(arch).contains(&self.arch.as_str()))
    }
}

/// The names under which specs may mean a chroot of `arch`: what rpmbuild's target there is, and
/// how mock and Copr spell it.
fn family(arch: &str) -> Vec<&str> {
    match arch {
        "i386" => vec!["i386", "i686"],
        "armhfp" => vec!["armhfp", "armv7hl"],
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use crate::rpm::package::tests::source;

    fn builds(exclusive: &[&str], exclude: &[&str], arch: &str) -> bool {
        let words = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let mut package = source();
        package.exclusive_arch = words(exclusive);
        package.exclude_arch = words(exclude);
        package.builds_on(arch).is_ok()
    }

    #[test]
    fn exclusive_and_excluded_architectures_are_heeded() {
        assert!(builds(&[], &[], "x86_64"));
        assert!(builds(&["x86_64", "aarch64"], &[], "aarch64"));
        assert!(!builds(&["x86_64"], &[], "aarch64"));
        assert!(!builds(&[], &["s390x"], "s390x"));
        assert!(builds(&[], &["s390x"], "x86_64"));
        assert!(!builds(&["x86_64"], &["x86_64"], "x86_64"));
    }

    #[test]
    fn a_chroot_of_i386_is_meant_by_any_x86_of_32_bits() {
        assert!(builds(&["i686", "x86_64"], &[], "i386"));
        assert!(!builds(&["x86_64"], &[], "i386"));
        assert!(!builds(&[], &["i386", "i486", "i586", "i686"], "i386"));
        assert!(builds(&[], &["i686"], "x86_64"));
        assert!(builds(&["armv7hl"], &[], "armhfp"));
    }

    #[test]
    fn noarch_neither_opens_nor_closes_an_architecture() {
        assert!(builds(&["noarch"], &[], "riscv64"));
        assert!(builds(&["x86_64", "noarch"], &[], "x86_64"));
        assert!(!builds(&["x86_64", "noarch"], &[], "aarch64"));
        let mut package = source();
        package.build_archs = vec!["noarch".into()];
        assert_eq!(package.builds_on("s390x"), Ok(()));
    }

    #[test]
    fn binary_packages_are_for_one_architecture_or_for_all() {
        let mut package = source();
        assert!(!package.installs_on("src"));
        package.is_source = false;
        for (own, arch, fits) in [
            ("noarch", "s390x", true),
            ("x86_64", "x86_64", true),
            ("i686", "i386", true),
            ("i686", "x86_64", false),
            ("aarch64", "x86_64", false),
        ] {
            package.arch = own.to_owned();
            assert_eq!(package.installs_on(arch), fits, "{own} on {arch}");
        }
    }

    #[test]
    fn the_reason_names_the_architecture() {
        let mut package = source();
        package.exclusive_arch = vec!["x86_64".into(), "noarch".into()];
        let reason = package.builds_on("s390x").unwrap_err();
        assert_eq!(reason.to_string(), "ExclusiveArch does not list s390x, only x86_64");
    }
}
