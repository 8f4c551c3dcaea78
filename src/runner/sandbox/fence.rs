//! The command lines of bubblewrap: what each kind of command sees and may do.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::runner::gate::{self, Gate};

/// Where the build root is, seen from a fenced command that is not in it.
pub(super) const ROOT: &str = "/build";
/// Where dnf's configuration is.
pub(super) const CONF: &str = "/conf";
/// Where downloaded packages are.
pub(super) const PACKAGES: &str = "/packages";
/// The home of builds, in the build root.
pub(super) const HOME: &str = "/builddir";
/// Who builds run as: no account of the host, and outside of the ranges that distributions,
/// systemd and rootless containers hand out.
pub const UID: u32 = 77_777;

/// Those that a container engine gives to a container in which packages get installed, without
/// the ones for networks.
const INSTALL_CAPABILITIES: [&str; 9] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];
/// What `chroot --userspec` needs; gone with the change of the uid.
const CHROOT_CAPABILITIES: [&str; 3] = ["CAP_SETGID", "CAP_SETUID", "CAP_SYS_CHROOT"];

/// Of `/etc`: certificates, name resolution, names of users; no secrets.
const HOST_ETC: [&str; 12] = [
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/group",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/ssl",
];
/// How the server itself reaches the outside.
const PROXY: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

/// A command line of bubblewrap that grows word by word.
pub(super) struct Wrap(Vec<OsString>);

impl Wrap {
    /// The beginning that all have in common; no capabilities, no network, no environment.
    pub(super) fn new(root: &Path) -> Wrap {
        let mut wrap = Wrap(vec!["bwrap".into()]);
        wrap.words(["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]);
        // Started as root, bubblewrap leaves its command all rights unless told otherwise.
        wrap.words(["--cap-drop", "ALL", "--clearenv", "--chdir", "/"]);
        wrap.words(["--ro-bind", "/usr", "/usr"]);
        for dir in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
            if let Ok(target) = fs::read_link(dir) {
                wrap.word("--symlink").word(target).word(dir);
            } else {
                wrap.words(["--ro-bind-try", dir, dir]);
            }
        }
        wrap.words(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/var"]);
        wrap.bind("--bind", root, ROOT);
        wrap.env("PATH", "/usr/bin:/usr/sbin:/bin:/sbin").env("LC_ALL", "C.UTF-8")
    }

    /// Lets it see, in the build root, what programs there expect.
    pub(super) fn kernel_files(mut self) -> Wrap {
        self.words(["--proc", "/build/proc", "--dev", "/build/dev"]);
        self
    }

    /// Gives it the host's network and names.
    pub(super) fn network(mut self) -> Wrap {
        for (name, value) in PROXY.iter().filter_map(|name| Some((name, std::env::var_os(name)?))) {
            self.word("--setenv").word(name).word(value);
        }
        for path in HOST_ETC {
            self.words(["--ro-bind-try", path, path]);
        }
        self
    }

    /// Tells programs in the build root where names are resolved.
    pub(super) fn names_inside(mut self) -> Wrap {
        for path in ["/etc/hosts", "/etc/resolv.conf"] {
            self.word("--ro-bind-try").word(path).word(format!("{ROOT}{path}"));
        }
        self
    }

    /// Gives it a network of its own in which it is alone.
    pub(super) fn no_network(mut self) -> Wrap {
        self.words(["--unshare-net"]);
        self.accounts()
    }

    /// Leads it to the proxy of the [`Gate`] in whose network it is started.
    pub(super) fn gate(mut self) -> Wrap {
        for name in gate::VARIABLES {
            self.words(["--setenv", name, &Gate::proxy()]);
        }
        self.accounts()
    }

    /// What programs look names of users up in.
    fn accounts(mut self) -> Wrap {
        for path in ["/etc/group", "/etc/ld.so.cache", "/etc/nsswitch.conf", "/etc/passwd"] {
            self.words(["--ro-bind-try", path, path]);
        }
        self
    }

    /// Lets it install packages and run their scriptlets.
    pub(super) fn installing(self) -> Wrap {
        self.capabilities(&INSTALL_CAPABILITIES)
    }

    /// Shows it something of the host, read-only.
    pub(super) fn show(mut self, what: &Path, at: impl Into<OsString>) -> Wrap {
        self.bind("--ro-bind", what, at);
        self
    }

    /// Lends it something of the host to write to.
    pub(super) fn lend(mut self, what: &Path, at: impl Into<OsString>) -> Wrap {
        self.bind("--bind", what, at);
        self
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Wrap {
        self.words(["--setenv", name, value]);
        self
    }

    /// Ends with the command.
    pub(super) fn command<I: IntoIterator<Item = S>, S: Into<OsString>>(
        mut self,
        command: I,
    ) -> Vec<OsString> {
        self.word("--");
        self.0.extend(command.into_iter().map(Into::into));
        self.0
    }

    /// Ends with a command that runs inside the build root as the build user, with `home` as its
    /// home. Its `/tmp` and `/var/tmp` hold `tmp_size` bytes each.
    pub(super) fn build_command<I: IntoIterator<Item = S>, S: Into<OsString>>(
        self,
        home: &Path,
        tmp_size: u64,
        personality: Option<&str>,
        command: I,
    ) -> Vec<OsString> {
        let mut wrap = self.capabilities(&CHROOT_CAPABILITIES);
        for dir in ["/build/tmp", "/build/var/tmp"] {
            wrap.words(["--perms", "1777", "--size", &tmp_size.to_string(), "--tmpfs", dir]);
        }
        wrap.bind("--bind", home, format!("{ROOT}{HOME}"));
        let mut wrap = wrap
            .env("HOME", HOME)
            .env("SHELL", "/bin/bash")
            .env("TERM", "vt100")
            .env("HOSTNAME", "localhost");
        wrap.words(["--hostname", "localhost"]);
        let mut words: Vec<OsString> = Vec::new();
        if let Some(personality) = personality {
            words.extend(["setarch", personality].map(OsString::from));
        }
        // The host's own chroot(1) drops the rights, so nothing of the root runs with them. The
        // plus signs keep it from looking names up with libraries of the root.
        words.extend([
            "chroot".into(),
            format!("--userspec=+{UID}:+{UID}").into(),
            format!("--groups=+{UID}").into(),
            ROOT.into(),
        ]);
        words.extend(command.into_iter().map(Into::into));
        wrap.command(words)
    }

    fn capabilities(mut self, names: &[&str]) -> Wrap {
        for name in names {
            self.words(["--cap-add", name]);
        }
        self
    }

    fn bind(&mut self, how: &str, what: &Path, at: impl Into<OsString>) {
        self.word(how).word(what).word(at);
    }

    fn word(&mut self, word: impl Into<OsString>) -> &mut Wrap {
        self.0.push(word.into());
        self
    }

    fn words<const N: usize>(&mut self, words: [&str; N]) {
        self.0.extend(words.map(OsString::from));
    }
}
