//! Build roots and the fences around what runs in them: dnf, rpm and bubblewrap, without mock.
//!
//! A root is made once for a chroot, kept as a snapshot and never written to again; each build
//! gets its own view of it (an overlay, or a copy). Four kinds of commands run, each in a
//! bubblewrap of its own, which shows of the host only `/usr` and what TLS and name resolution
//! need, read-only, and nothing of the server's data directory but what is named:
//!
//! | what | network | rights | sees besides |
//! |---|---|---|---|
//! | dnf: resolves and downloads; runs nothing foreign | yes | uid 0 without capabilities | the root, dnf's cache, a directory for the packages |
//! | rpm: installs what was downloaded, runs scriptlets | no | those that chown, chroot and setuid need; no devices, no mounts | the root, the packages |
//! | rpmbuild: runs the package's own code | only when enabled | an unprivileged uid, no new privileges | the root, its home; size-limited `/tmp`s |
//! | what makes sources: rpmbuild, programs, scripts | a [`gate`](super::gate) to public addresses | the same | the root, its home, its tree |
//!
//! All of them have their own process, mount, IPC and UTS namespaces, and end with the first
//! process of an outer one.
//!
//! Not protected against: faults of the kernel (no system call filter, no user namespaces either,
//! since those are closed to a changed root), use of all memory or processors, and a build with
//! network reaching whatever the server reaches. A package of a repository that a build uses may
//! do anything to that build: its scriptlets are root in the build's own root, nowhere else.

pub mod arch;
pub mod cache;
pub mod collect;
pub mod dnf;
mod fence;
pub mod home;
pub mod packages;
pub mod remote;
pub mod root;
pub mod step;

use std::ffi::OsString;
use std::fs;
use std::path::Path;

pub use fence::UID;

use fence::{ROOT, Wrap};
use home::Home;
use root::BuildRoot;

/// How a command is run inside a build root.
#[derive(Clone, Copy)]
pub struct Inside<'a> {
    /// The root.
    pub root: &'a BuildRoot,
    /// The home that the build user works in.
    pub home: &'a Home,
    /// What `setarch` is told, if anything.
    pub personality: Option<&'static str>,
}

/// What a command inside a build root reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Nobody.
    Nothing,
    /// What the server reaches.
    Open,
    /// What the [`Gate`] lets through in whose namespace the command is started.
    ///
    /// [`Gate`]: crate::runner::gate::Gate
    Gate,
}

impl Inside<'_> {
    /// A command for the build user.
    pub fn command(&self, network: Network, command: Vec<OsString>) -> Vec<OsString> {
        self.end(self.begin(network), command)
    }

    /// The same for a script: with its tree to write to, and its files to read.
    pub fn script(
        &self,
        network: Network,
        (tree, at_tree): (&Path, &str),
        (files, at_files): (&Path, &str),
        command: Vec<OsString>,
    ) -> Vec<OsString> {
        let wrap = self.begin(network).lend(tree, format!("{ROOT}{at_tree}"));
        self.end(wrap.show(files, format!("{ROOT}{at_files}")), command)
    }

    fn begin(&self, network: Network) -> Wrap {
        let wrap = Wrap::new(self.root.dir()).kernel_files();
        match network {
            Network::Nothing => wrap.no_network(),
            Network::Open => wrap.network().names_inside(),
            Network::Gate => wrap.gate(),
        }
    }

    fn end(&self, wrap: Wrap, command: Vec<OsString>) -> Vec<OsString> {
        let tmp_size = memory() / 4;
        let words = wrap.build_command(self.home.dir(), tmp_size, self.personality, command);
        self.root.enter(words)
    }
}

/// This machine's memory in bytes; 1 GiB where it does not tell.
fn memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or(1 << 30, |kib| kib << 10)
}
