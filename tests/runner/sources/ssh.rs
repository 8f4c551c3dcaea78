use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use coprbox::model::source::SourceSpec;

use super::fixture::{Repo, done, open, scm, spec};

const SSHD: &str = "/usr/sbin/sshd";

/// An ssh server that knows one key, and this user.
struct Sshd {
    dir: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Sshd {
    /// `None`, with a word on stderr, where there is none.
    fn start() -> Option<Sshd> {
        if !Path::new(SSHD).exists() {
            use std::io::Write as _;
            std::io::stderr().write_all(b"skipped: sshd is not installed\n").unwrap();
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        for key in ["host", "user", "other"] {
            let mut keygen = Command::new("ssh-keygen");
            done(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(dir.path().join(key)));
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = dir.path().display();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {at}/host\n\
             AuthorizedKeysFile {at}/user.pub\nPidFile none\nStrictModes no\nUsePAM no\n\
             PermitRootLogin yes\n"
        );
        fs::write(dir.path().join("config"), config).unwrap();
        // Where it shuts itself in; its package makes that at the start of the machine.
        let _ = fs::create_dir_all("/run/sshd");
        let child = Command::new(SSHD)
            .args(["-D", "-q", "-f"])
            .arg(dir.path().join("config"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Some(Sshd { dir, port, child })
    }

    fn key(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_deploy_key_opens_the_repository_and_is_gone_afterwards() {
    let Some(hub) = open() else { return };
    let Some(sshd) = Sshd::start() else { return };
    let user = done(Command::new("id").arg("-un"));
    let repo = Repo::of(&[("by-key.spec", &spec("by-key", ""))]);
    let place = repo.dir.path().display();
    let url = format!("ssh://{user}@localhost:{}{place}", sshd.port);
    let source = SourceSpec::Scm(scm(&url));
    hub.build(source.clone()).failed("clone failed: a repository behind ssh needs a deploy key");
    let failed = hub.build_package("by-key", source.clone(), &sshd.key("other"));
    failed.failed("clone failed: ");
    failed.failed("ermission denied");
    let key = sshd.key("user");
    let made = hub.build_package("by-key", source, &key);
    assert_eq!(made.nvr(), "by-key-1-1");
    let hosts = fs::read_to_string(hub.app.layout().known_hosts()).unwrap();
    assert!(hosts.contains(&format!("localhost:{}", sshd.port)), "{hosts}");
    let secret = key.lines().nth(2).unwrap();
    assert!(!made.log.contains(secret), "{}", made.log);
    for entry in walkdir::WalkDir::new(hub.app.layout().work()).into_iter().flatten() {
        assert_ne!(entry.file_name(), "deploy_key", "{}", entry.path().display());
    }
}
