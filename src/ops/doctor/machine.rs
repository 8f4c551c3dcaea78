//! The machine: programs, builders, namespaces.

use std::collections::BTreeSet;
use std::fs;

use super::Finding;
use crate::config::Config;
use crate::process;
use crate::runner::builder::Builder;
use crate::runner::builder::mock::Mock;

/// Without these no repository is published.
const NEEDED: [(&str, &str); 5] = [
    ("createrepo_c", "makes repositories"),
    ("rpm", "reads packages"),
    ("rpmsign", "signs packages"),
    ("gpg", "makes keys and signs repositories"),
    ("gpg-agent", "holds keys for gpg"),
];

/// Without these something is missing, but not the main job.
const USEFUL: [(&str, &str); 2] = [
    ("git", "builds from git are not possible without it"),
    ("appstream-builder", "projects that ask for AppStream metadata get none without it"),
];

/// What the embedded builder calls.
const SANDBOX: [&str; 4] = ["dnf", "bwrap", "setpriv", "unshare"];

/// The programs that all builds need.
pub(super) fn programs() -> Vec<Finding> {
    let needed = NEEDED.iter().map(|(name, why)| match process::find(name) {
        Some(path) => Finding::ok(*name, path.display().to_string()),
        None => Finding::broken(*name, format!("not installed; it {why}"), install(name)),
    });
    let useful = USEFUL.iter().map(|(name, why)| match process::find(name) {
        Some(path) => Finding::ok(*name, path.display().to_string()),
        None => Finding::note(*name, format!("not installed; {why}"), install(name)),
    });
    needed.chain(useful).collect()
}

/// The builders. `used` are those that enabled chroots are built with: they must work. Where no
/// chroot is enabled yet, one that works is enough.
pub(super) fn builders(used: &BTreeSet<&str>, config: &Config) -> Vec<Finding> {
    let found = [("mock", mock(config)), ("sandbox", sandbox())];
    let works = found.iter().any(|(_, problem)| problem.is_none());
    let finding = |(name, problem): (&'static str, Option<Problem>)| {
        let what = format!("builder {name}");
        let Some(Problem { seen, fix }) = problem else {
            let separates = if name == "mock" { mock_separates(config) } else { None };
            return Finding::ok(what, separates.unwrap_or_else(|| "usable".to_owned()));
        };
        if used.contains(name) {
            Finding::broken(what, format!("{seen}; enabled chroots need it"), fix)
        } else if used.is_empty() && !works {
            Finding::broken(what, format!("{seen}; there is no other"), fix)
        } else {
            Finding::note(what, format!("{seen}; no enabled chroot needs it"), fix)
        }
    };
    found.into_iter().map(finding).collect()
}

/// Why a builder does not work here.
struct Problem {
    seen: String,
    fix: String,
}

impl Problem {
    /// Takes a builder's sentence apart: what is wrong, a colon, what to do.
    fn of(sentence: String) -> Problem {
        match sentence.split_once(": ") {
            Some((seen, fix)) => Problem { seen: seen.to_owned(), fix: fix.to_owned() },
            None => Problem { seen: sentence, fix: "see the README".to_owned() },
        }
    }
}

fn mock(config: &Config) -> Option<Problem> {
    Mock::new(config.runner.mock_user.clone()).availability().err().map(Problem::of)
}

/// What mock separates a build with on this machine, after trying it.
fn mock_separates(config: &Config) -> Option<String> {
    let mock = Mock::new(config.runner.mock_user.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(mock.probe());
    Some(mock.describe().to_string())
}

fn sandbox() -> Option<Problem> {
    if let Some(problem) = missing(&SANDBOX) {
        return Some(problem);
    }
    if !rustix::process::geteuid().is_root() {
        return Some(Problem {
            seen: "only root can install packages into a root".to_owned(),
            fix: "run the server as root, or use mock".to_owned(),
        });
    }
    None
}

fn missing(programs: &[&str]) -> Option<Problem> {
    let missing: Vec<&str> =
        programs.iter().copied().filter(|name| process::find(name).is_none()).collect();
    let (first, rest) = missing.split_first()?;
    let fixes: Vec<String> = missing.iter().map(|name| install(name)).collect();
    let seen = match rest {
        [] => format!("{first} is not installed"),
        _ => format!("{} are not installed", missing.join(", ")),
    };
    Some(Problem { seen, fix: fixes.join("; ") })
}

/// The command that installs a program's package.
fn install(program: &str) -> String {
    match process::packages_with(program) {
        Some((fedora, "")) => format!("dnf install {fedora}    (Debian has no package of it)"),
        Some((fedora, debian)) => format!("dnf install {fedora}    (Debian: apt install {debian})"),
        None => format!("install {program}"),
    }
}

/// Whether an ordinary user can have namespaces. Root needs no leave.
pub(super) fn namespaces() -> Option<Finding> {
    const WHAT: &str = "user namespaces";
    const SWITCHES: [(&str, &str, &str); 3] = [
        ("/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ];
    if rustix::process::geteuid().is_root() {
        return None;
    }
    let is_off = |(path, off, _): &&(&str, &str, &str)| {
        fs::read_to_string(path).is_ok_and(|text| text.trim() == *off)
    };
    Some(match SWITCHES.iter().find(is_off) {
        None => Finding::ok(WHAT, "allowed"),
        Some((path, value, fix)) => {
            Finding::note(WHAT, format!("{path} is {value}"), format!("sysctl -w {fix}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::doctor::Level;

    #[test]
    fn a_fix_names_both_families() {
        let both = "dnf install createrepo_c    (Debian: apt install createrepo-c)";
        assert_eq!(install("createrepo_c"), both);
        assert_eq!(install("mock"), "dnf install mock    (Debian has no package of it)");
        let problem = missing(&["no-such-program", "sh", "nor-this"]).unwrap();
        assert_eq!(problem.seen, "no-such-program, nor-this are not installed");
        assert_eq!(problem.fix, "install no-such-program; install nor-this");
    }

    #[test]
    fn a_builder_that_no_chroot_needs_may_be_missing() {
        let config = Config::in_data_dir("/nowhere".as_ref()).unwrap();
        let mock_is = |used: &[&str]| {
            let used = used.iter().copied().collect();
            builders(&used, &config).remove(0).level
        };
        if mock(&config).is_some() {
            assert_eq!(mock_is(&["mock"]), Level::Broken);
            assert_eq!(mock_is(&["sandbox"]), Level::Note);
        } else {
            assert_eq!(mock_is(&["mock"]), Level::Ok);
        }
    }
}
