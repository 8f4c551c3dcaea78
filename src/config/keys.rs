//! Every key there is, with its default and what it does.

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name, with its section: `runner.slots`. In `distgit.*` the star is a name of choice.
    pub name: &'static str,
    /// Its default as it would stand in the file; words in parentheses where it is worked out.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
}

impl Key {
    /// The environment variable that sets it: `COPRBOX_RUNNER_SLOTS`.
    pub fn variable(&self) -> String {
        format!("COPRBOX_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

const fn key(name: &'static str, default: &'static str, doc: &'static str) -> Key {
    Key { name, default, doc }
}

/// All keys, in the order of the README.
pub const KEYS: &[Key] = &[
    key("listen", "\"127.0.0.1:5000\"", "address and port of the server"),
    key(
        "base_url",
        "(http:// and the listen address)",
        "where clients reach the server; part of every repository file and repository id",
    ),
    key(
        "data_dir",
        "(/var/lib/coprbox for root, else ~/.local/share/coprbox)",
        "where everything is kept: database, keys, results, uploads, caches",
    ),
    key("runner.slots", "2", "how many builds run at once; 0 queues builds and runs none"),
    key(
        "runner.launcher",
        "[]",
        "a command put in front of each build command, to run it elsewhere",
    ),
    key("runner.grace", "10", "seconds between asking a build to stop and killing it"),
    key("runner.max_log_size", "\"1 GiB\"", "where the log of one build is cut off"),
    key("runner.disk_reserve", "\"1 GiB\"", "builds wait while less disk space than this is free"),
    key(
        "runner.mock_user",
        "(none)",
        "the unprivileged user that mock works for when the server runs as root",
    ),
    key(
        "sources.allow_private_addresses",
        "false",
        "sources may be fetched from loopback, link-local and private addresses",
    ),
    key("sources.allow_file_urls", "false", "sources may be fetched from file:// addresses"),
    key("sources.max_size", "\"16 GiB\"", "the largest file that is downloaded as a source"),
    key(
        "sources.generator_chroot",
        "(the newest Fedora, then the build's own)",
        "the chroot in which pyp2spec, pyp2rpm and gem2rpm run",
    ),
    key("uploads.max_size", "\"16 GiB\"", "the largest request that carries a file"),
    key("tokens.days", "180", "how long a new API token is valid"),
    key(
        "cleanup.interval",
        "24",
        "hours between two looks for what is to be removed by itself; 0 never looks",
    ),
    key(
        "cleanup.prune_days",
        "14",
        "how old results must be, in days, to be removed when newer ones have superseded them",
    ),
    key(
        "cleanup.eol_days",
        "180",
        "how many days packages stay whose chroot the server no longer offers; 0 keeps them",
    ),
    key(
        "polling.interval",
        "60",
        "minutes between two looks at a package that is polled; 0 never looks",
    ),
    key("polling.pypi", "\"https://pypi.org\"", "the index that is asked for Python releases"),
    key("polling.rubygems", "\"https://rubygems.org\"", "the server that is asked for gems"),
    key(
        "distgit.*.clone_url",
        "(fedora and centos-stream are built in)",
        "where a package is cloned from, with {pkgname} and perhaps {namespace}",
    ),
    key(
        "distgit.*.lookaside",
        "(none)",
        "where its source archives are, with {pkgname}, {namespace}, {filename}, {hashtype} and {hash}",
    ),
    key("distgit.*.default_namespace", "(none)", "the namespace of a package named without one"),
    key("distgit.*.priority", "50", "lower numbers are offered first"),
];

/// What is in force when nobody says anything. `listen`-dependent and user-dependent defaults are
/// worked out in `layers.rs`.
pub(super) const DEFAULTS: &str = r#"
listen = "127.0.0.1:5000"

[runner]
slots = 2
launcher = []
grace = 10
max_log_size = "1 GiB"
disk_reserve = "1 GiB"

[sources]
allow_private_addresses = false
allow_file_urls = false
max_size = "16 GiB"

[uploads]
max_size = "16 GiB"

[tokens]
days = 180

[cleanup]
interval = 24
prune_days = 14
eol_days = 180

[polling]
interval = 60
pypi = "https://pypi.org"
rubygems = "https://rubygems.org"

[distgit.fedora]
clone_url = "https://src.fedoraproject.org/{namespace}/rpms/{pkgname}"
lookaside = "https://src.fedoraproject.org/repo/pkgs/rpms/{pkgname}/{filename}/{hashtype}/{hash}/{filename}"
default_namespace = ""
priority = 10

[distgit.centos-stream]
clone_url = "https://gitlab.com/redhat/centos-stream/rpms/{pkgname}.git"
lookaside = "https://sources.stream.centos.org/sources/rpms/{pkgname}/{filename}/{hashtype}/{hash}/{filename}"
priority = 20

# The same by the name that people try first.
[distgit.centos]
clone_url = "https://gitlab.com/redhat/centos-stream/rpms/{pkgname}.git"
lookaside = "https://sources.stream.centos.org/sources/rpms/{pkgname}/{filename}/{hashtype}/{hash}/{filename}"
priority = 21
"#;

/// The key that the environment variable `name` sets: `COPRBOX_RUNNER_SLOTS` is `runner.slots`,
/// `COPRBOX_DISTGIT_FEDORA_PRIORITY` is `distgit.fedora.priority`.
pub(super) fn of_variable(name: &str) -> Option<String> {
    let rest = name.strip_prefix("COPRBOX_")?.to_ascii_lowercase();
    KEYS.iter().find_map(|key| match key.name.split_once(".*.") {
        None => (key.name.replace('.', "_") == rest).then(|| key.name.to_owned()),
        Some((section, field)) => {
            let middle = rest.strip_prefix(section)?.strip_prefix('_')?;
            let name = middle.strip_suffix(field)?.strip_suffix('_')?;
            (!name.is_empty()).then(|| format!("{section}.{name}.{field}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_variable_of_its_own() {
        for key in KEYS {
            let name = key.name.replace('*', "fedora");
            let variable = key.variable().replace('*', "FEDORA");
            assert_eq!(of_variable(&variable), Some(name));
        }
        assert_eq!(of_variable("COPRBOX_RUNNER_SLOTZ"), None);
        assert_eq!(of_variable("COPRBOX_DISTGIT__PRIORITY"), None);
        assert_eq!(of_variable("SLOTS"), None);
    }
}
