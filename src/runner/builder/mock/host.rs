//! What this machine lets mock do: as whom it can be called, and how it can keep a build off the
//! network.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::process::{self, Program};

/// The group whose members may call mock. Being in it is as good as being root.
pub const GROUP: &str = "mock";

/// Users that mock may work for when the server is root and the settings name nobody.
const UNPRIVILEGED: &[&str] = &["mockbuild", "coprbox", "nobody"];

/// As whom mock is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The server is root: mock drops to this user, and each build has namespaces of its own.
    Root {
        /// The user's number.
        uid: u32,
        /// The number of the group `mock`.
        gid: u32,
    },
    /// The server's user is in the group `mock` and calls it as anybody would.
    Member,
}

/// Why mock cannot be called. The text says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// mock is not there.
    #[error(
        "mock is not installed: run `dnf install mock` (Fedora, and EL with EPEL); where there is \
         no package of it, as on Debian 12, use the sandbox builder"
    )]
    Missing,
    /// The package's group is not there.
    #[error("there is no group `mock`: run `groupadd --system mock`")]
    NoGroup,
    /// The server's user is not in it.
    #[error(
        "the user {0} may not call mock: run `usermod --append --groups mock {0}` and start the \
         server anew. Whoever is in that group can become root on this machine"
    )]
    NotMember(String),
    /// The server is root, and there is nobody to drop to.
    #[error(
        "mock does not build as root and there is no unprivileged user `{0}`: run \
         `useradd --system --gid mock {0}`, or name another with the setting runner.mock_user"
    )]
    NoUser(String),
    /// The user that the settings name is root.
    #[error("runner.mock_user must name a user without privileges, not '{0}'")]
    Privileged(String),
}

/// A user or a group of this machine.
struct Account {
    name: String,
    id: u32,
    /// The members of a group.
    members: String,
}

impl Caller {
    /// As whom this process calls mock; `user` is whom the settings name.
    pub fn find(user: Option<&str>) -> Result<Caller, Unfit> {
        let groups = accounts("/etc/group");
        let users = accounts("/etc/passwd");
        let mock = groups.iter().find(|group| group.name == GROUP).ok_or(Unfit::NoGroup)?;
        let own = rustix::process::geteuid();
        if own.is_root() {
            let uid = unprivileged(&users, user)?;
            return Ok(Caller::Root { uid, gid: mock.id });
        }
        let name = users.iter().find(|account| account.id == own.as_raw());
        let name = name.map_or_else(|| own.as_raw().to_string(), |account| account.name.clone());
        let listed = mock.members.split(',').any(|member| member == name);
        let held = rustix::process::getgroups().unwrap_or_default();
        let member = held.iter().any(|gid| gid.as_raw() == mock.id)
            || rustix::process::getegid().as_raw() == mock.id;
        // consolehelper looks into the list, the kernel into what the process was started with.
        if listed || member { Ok(Caller::Member) } else { Err(Unfit::NotMember(name)) }
    }

    /// Whether each build gets namespaces of its own.
    pub fn is_root(&self) -> bool {
        matches!(self, Caller::Root { .. })
    }
}

/// The program to call. Fedora's `mock` is consolehelper, which would tell the real one behind it
/// that root has called and nobody is there to drop to.
pub fn program(found: PathBuf, caller: &Caller) -> PathBuf {
    let helper = found.canonicalize().is_ok_and(|path| path.ends_with("consolehelper"));
    match process::find("/usr/libexec/mock/mock") {
        Some(real) if helper && caller.is_root() => real,
        _ => found,
    }
}

/// The number of the user that mock drops to.
fn unprivileged(users: &[Account], wanted: Option<&str>) -> Result<u32, Unfit> {
    let find = |name: &str| users.iter().find(|user| user.name == name);
    let Some(wanted) = wanted else {
        let user = UNPRIVILEGED.iter().find_map(|name| find(name));
        return user.map(|user| user.id).ok_or_else(|| Unfit::NoUser(UNPRIVILEGED[0].to_owned()));
    };
    match find(wanted) {
        None => Err(Unfit::NoUser(wanted.to_owned())),
        Some(user) if user.id == 0 => Err(Unfit::Privileged(wanted.to_owned())),
        Some(user) => Ok(user.id),
    }
}

/// The lines of `/etc/passwd` or `/etc/group`.
fn accounts(path: &str) -> Vec<Account> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let account = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let id = fields.nth(1)?.parse().ok()?;
        Some(Account { name, id, members: fields.next().unwrap_or_default().to_owned() })
    };
    text.lines().filter_map(account).collect()
}

/// How a build can be kept off the network here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fences {
    /// systemd-nspawn works: a container with a network of its own.
    Nspawn,
    /// A network namespace without a network.
    NetworkNamespace,
    /// Neither.
    Nothing,
}

impl Fences {
    /// Tries what works. Takes a fraction of a second.
    pub async fn probe(caller: &Caller) -> Fences {
        if !caller.is_root() {
            // mock itself calls it, as root, and registers the container with a running systemd.
            let nspawn = Path::new("/usr/bin/systemd-nspawn").exists();
            return if systemd_runs() && nspawn { Fences::Nspawn } else { Fences::Nothing };
        }
        // `--volatile=yes` takes only /usr from the host, read-only: the smallest container there is.
        let nspawn = ["--quiet", "--register=no", "--keep-unit", "--private-network"];
        let nspawn = Program::new("systemd-nspawn").args(nspawn).args([
            "--volatile=yes",
            "--directory=/",
            "/usr/bin/true",
        ]);
        if works(nspawn).await {
            return Fences::Nspawn;
        }
        if works(Program::new("unshare").args(["--net", "ip", "link", "set", "lo", "up"])).await {
            return Fences::NetworkNamespace;
        }
        Fences::Nothing
    }
}

/// Whether this machine was started by systemd, so that it can be asked to register containers.
pub fn systemd_runs() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

async fn works(program: Program) -> bool {
    let program = program.timeout(Duration::from_secs(10));
    let ran = program.capture(&CancellationToken::new()).await;
    ran.is_ok_and(|ran| ran.exit.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Vec<Account> {
        [("root", 0), ("nobody", 65534), ("alice", 1000)]
            .map(|(name, id)| Account { name: name.into(), id, members: String::new() })
            .into()
    }

    #[test]
    fn mock_never_works_for_root() {
        assert_eq!(unprivileged(&users(), None), Ok(65534));
        assert_eq!(unprivileged(&users(), Some("alice")), Ok(1000));
        assert_eq!(unprivileged(&users(), Some("root")), Err(Unfit::Privileged("root".into())));
        assert_eq!(unprivileged(&users(), Some("bob")), Err(Unfit::NoUser("bob".into())));
        assert_eq!(unprivileged(&[], None), Err(Unfit::NoUser("mockbuild".into())));
    }

    #[test]
    fn accounts_are_read_from_their_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "mock:x:135:alice,bob\nbroken\n").unwrap();
        let groups = accounts(file.path().to_str().unwrap());
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].id, groups[0].members.as_str()), (135, "alice,bob"));
    }
}
