//! `coprbox client`, against a server that queues what it is given and builds nothing.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::serve::Server;
use super::{Box, Done};

/// The commands, as the original's documentation lists them.
const COMMANDS: [&str; 15] = [
    "list-coprs",
    "info-copr",
    "create-copr",
    "edit-copr",
    "delete-copr",
    "add-copr-deps",
    "remove-copr-deps",
    "add-copr-releases",
    "remove-copr-releases",
    "grant-copr",
    "revoke-copr",
    "list-pkgs",
    "info-pkg",
    "create-pkg",
    "delete-pkg",
];

/// A server with alice, bob and three chroots, and a copr configuration file of alice's.
pub struct World {
    pub it: Box,
    pub server: Server,
}

impl World {
    pub fn new() -> World {
        World::with_slots("0")
    }

    /// One that runs so many builds at once.
    pub fn with_slots(slots: &str) -> World {
        let it = Box::new();
        for name in ["alice", "bob"] {
            let added = it.run_with(&["user", "add", name, "--password-stdin"], "mysecret");
            assert_eq!(added.code, 0, "{}", added.stderr);
        }
        for name in ["fedora-42-x86_64", "fedora-43-x86_64", "epel-9-x86_64"] {
            it.ok(&format!("chroot add {name} --builder sandbox --repo http://127.0.0.1:9/"));
        }
        let server = Server::start_with(&it, &[("COPRBOX_RUNNER_SLOTS", slots)]);
        let world = World { it, server };
        world.write_config(&world.server.url());
        world
    }

    pub fn config(&self) -> PathBuf {
        self.it.dir.path().join("copr")
    }

    /// Makes alice's file one for the server at `url`.
    pub fn write_config(&self, url: &str) {
        let text = self.it.ok("token new alice");
        let lines = text.lines().map(|line| match line.split_once(" = ") {
            Some(("copr_url", _)) => format!("copr_url = {url}\n"),
            _ => format!("{line}\n"),
        });
        std::fs::write(self.config(), lines.collect::<String>()).unwrap();
    }

    fn run_with(&self, words: &[&str], stdin: &str) -> Done {
        let mut command = self.it.command();
        command.env("COPR_CONFIG", self.config()).arg("client").args(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read has ended already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        Done {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a line that must succeed; what it has printed.
    fn ok(&self, line: &str) -> String {
        let done = self.run_with(&line.split(' ').collect::<Vec<_>>(), "");
        assert_eq!(done.code, 0, "coprbox client {line}: {}", done.stderr);
        done.stdout
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.ok(&format!("{line} --json"))).unwrap()
    }

    /// Runs a line that must fail with this code; what it has said.
    fn fails(&self, line: &str, code: i32) -> String {
        let done = self.run_with(&line.split(' ').collect::<Vec<_>>(), "");
        assert_eq!(done.code, code, "coprbox client {line}: {}", done.stderr);
        assert_eq!(done.stdout, "", "coprbox client {line}");
        done.stderr
    }
}

#[test]
fn the_commands_and_options_are_those_of_the_original() {
    let it = Box::new();
    let help = it.ok("client --help");
    let listed: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.contains('-'))
        .collect();
    assert_eq!(listed, COMMANDS, "{help}");
    for option in ["-h, --help", "-v, --version", "--url", "-u, --username", "-p, --password"] {
        assert!(help.contains(option), "{option}: {help}");
    }
    assert!(!help.contains("data-dir"), "{help}");
    for command in COMMANDS {
        let help = it.ok(&format!("client {command} --help"));
        assert!(help.contains("--json") && help.contains("--url"), "{command}: {help}");
    }
    assert_eq!(it.ok("client -v"), it.ok("client --version"));
    assert!(it.ok("client -v").contains(env!("CARGO_PKG_VERSION")));
    assert!(!it.data_dir().exists());
}

#[test]
fn a_copr_from_its_beginning_to_its_end() {
    let it = World::new();
    assert_eq!(it.ok("list-coprs"), "");
    it.ok("create-copr lib fedora-42-x86_64");
    let made = it.ok("create-copr tools fedora-42-x86_64 --description Tools --dep alice/lib");
    let rows: Vec<&str> = made.lines().take(4).collect();
    let expected = [
        "copr          alice/tools",
        "description   Tools",
        "releases      fedora-42-x86_64",
        "dependencies  alice/lib",
    ];
    assert_eq!(rows, expected);
    assert_eq!(it.ok("info-copr alice/tools"), made);
    let listed = it.ok("list-coprs");
    let rows: Vec<&str> = listed.lines().collect();
    let expected = [
        "COPR         RELEASES          DESCRIPTION",
        "alice/lib    fedora-42-x86_64",
        "alice/tools  fedora-42-x86_64  Tools",
    ];
    assert_eq!(rows, expected);
    assert_eq!(it.json("list-coprs bob"), json!([]));

    let edited = it.json("edit-copr tools --homepage https://example.org --description=");
    assert_eq!(
        (&edited["homepage"], &edited["description"]),
        (&"https://example.org".into(), &"".into())
    );
    let more = it.json("add-copr-releases tools fedora-43-x86_64 epel-9-x86_64");
    let all = json!(["fedora-42-x86_64", "fedora-43-x86_64", "epel-9-x86_64"]);
    assert_eq!(more["releases"], all);
    let less = it.json("remove-copr-releases tools epel-9-x86_64 fedora-42-x86_64");
    assert_eq!(less["releases"], json!(["fedora-43-x86_64"]));
    assert_eq!(it.json("remove-copr-deps tools lib")["dependencies"], json!([]));
    assert_eq!(it.json("add-copr-deps tools alice/lib")["dependencies"], json!(["alice/lib"]));

    let bob = it.ok("grant-copr tools bob builder");
    assert_eq!(bob, "user         bob\npermissions  builder\n");
    assert_eq!(it.json("grant-copr tools bob admin")["permissions"], json!(["builder", "admin"]));
    assert_eq!(it.json("revoke-copr tools bob builder")["permissions"], json!(["admin"]));
    assert!(it.ok("revoke-copr tools bob").contains("permissions  nothing"));

    assert_eq!(it.ok("delete-copr tools"), "");
    assert_eq!(it.json("delete-copr alice/lib")["full_name"], "alice/lib");
    assert!(it.fails("info-copr tools", 1).contains("alice/tools does not exist"));
}

/// An SRPM, or `None` where rpmbuild is not installed.
#[expect(clippy::print_stderr, reason = "a test says that it is skipped")]
fn srpm(dir: &Path) -> Option<PathBuf> {
    let spec = "Name: hello\nVersion: 1.0\nRelease: 1\nSummary: s\nLicense: MIT\n%description\nd\n";
    std::fs::write(dir.join("hello.spec"), spec).unwrap();
    let made = Command::new("rpmbuild")
        .args(["-bs", "hello.spec", "--define", "_srcrpmdir ."])
        .current_dir(dir)
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: rpmbuild is needed to make an SRPM");
        return None;
    }
    Some(dir.join("hello-1.0-1.src.rpm"))
}

#[test]
fn packages_are_uploaded_listed_and_deleted() {
    let it = World::new();
    it.ok("create-copr tools fedora-42-x86_64");
    assert_eq!(it.ok("list-pkgs tools"), "");
    let missing = it.fails("create-pkg tools /no/such.src.rpm", 1);
    assert!(missing.contains("cannot read /no/such.src.rpm"), "{missing}");
    let dir = it.it.dir.path().to_owned();
    assert!(it.fails(&format!("create-pkg tools {}", dir.display()), 1).contains("not a file"));
    let Some(srpm) = srpm(&dir) else { return };
    let spec = dir.join("hello.spec").display().to_string();
    assert!(
        it.fails(&format!("create-pkg tools {spec}"), 1).contains("a source package is needed")
    );

    let made = it.ok(&format!("create-pkg tools {}", srpm.display()));
    assert!(made.starts_with("package     hello\ncopr        alice/tools\n"), "{made}");
    assert!(made.contains("state       pending\n"), "{made}");
    assert_eq!(it.ok("info-pkg tools hello"), made);
    let id = it.json("info-pkg tools hello")["build"]["id"].as_i64().unwrap();
    let listed = it.ok("list-pkgs tools");
    let expected = format!("PACKAGE  VERSION  LAST BUILD\nhello    -        {id} pending\n");
    assert_eq!(listed, expected);
    assert_eq!(it.json("list-pkgs tools")[0]["name"], "hello");
    assert!(it.fails("delete-pkg tools hello", 1).contains("still running"));
    assert!(it.fails("info-pkg tools nothing", 1).contains("nothing"));
}

#[test]
fn what_went_wrong_has_a_code_and_a_sentence() {
    let it = World::new();
    it.ok("create-copr tools fedora-42-x86_64");
    let url = it.server.url();
    for line in ["", "nonsense", "edit-copr tools", "grant-copr tools bob owner", "info-copr a/b/c"]
    {
        assert_eq!(it.run_with(&line.split_whitespace().collect::<Vec<_>>(), "").code, 2, "{line}");
    }
    assert!(it.fails("create-copr tools fedora-42-x86_64", 1).contains("already have a project"));
    assert!(it.fails("add-copr-deps tools bob/none", 1).contains("dependencies: "));
    assert!(it.fails("create-copr bob/x fedora-42-x86_64", 7).contains("cannot create projects"));

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let words = it.fails(&format!("--url http://{closed} list-coprs"), 3);
    assert!(words.contains(&format!("cannot reach http://{closed}")), "{words}");
    assert!(it.fails("--url nowhere list-coprs", 2).contains("http://HOST"));
    assert!(it.fails("--config /no/such list-coprs", 6).contains("/no/such"));
    std::fs::write(it.config(), "[copr-cli]\nlogin = x\n").unwrap();
    let words = it.fails("list-coprs", 6);
    assert!(words.contains("copr_url") && words.contains(it.config().to_str().unwrap()), "{words}");
    std::fs::remove_file(it.config()).unwrap();
    assert!(it.fails("list-coprs", 6).contains("coprbox token new USER"));
    assert!(it.ok(&format!("--url {url} list-coprs")).contains("alice/tools"));
    assert!(it.fails(&format!("--url {url} info-copr tools"), 2).contains("OWNER/tools"));
    let words = it.it.fails("--data-dir x client list-coprs", 2);
    assert!(words.contains("no data directory"), "{words}");
}

#[test]
fn a_user_and_a_password_take_the_place_of_the_file() {
    let it = World::new();
    std::fs::remove_file(it.config()).unwrap();
    let url = it.server.url();
    let create = ["--url", &url, "-u", "bob", "-p", "create-copr", "tools", "fedora-42-x86_64"];
    let wrong = it.run_with(&create, "nonsense\n");
    assert_eq!(wrong.code, 7, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("Wrong name or password"), "{}", wrong.stderr);
    let made = it.run_with(&create, "mysecret\n");
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.stdout.contains("bob/tools"), "{}", made.stdout);
    assert!(it.ok(&format!("--url {url} -u bob info-copr tools")).contains("bob/tools"));
    let words = it.fails(&format!("--url {url} -u bob delete-copr tools"), 7);
    assert!(words.contains("Use -u USERNAME -p"), "{words}");
    assert!(it.fails(&format!("--url {url} -p list-coprs"), 2).contains("-u USERNAME"));
    let words = it.fails(&format!("--url {url} -u bob -p list-coprs"), 1);
    assert!(words.contains("no password"), "{words}");
}

#[test]
fn a_token_goes_to_no_other_server_and_for_no_other_user() {
    let it = World::new();
    it.ok("create-copr tools fedora-42-x86_64");
    let words = it.fails("-u bob delete-copr alice/tools", 7);
    assert!(words.contains("Say who you are"), "{words}");
    assert!(words.contains("somebody else's and was not sent"), "{words}");
    it.write_config("https://elsewhere.example.org");
    let words = it.fails(&format!("--url {} delete-copr alice/tools", it.server.url()), 7);
    assert!(words.contains("for https://elsewhere.example.org and was not sent"), "{words}");
    it.write_config(&it.server.url());
    it.ok(&format!("--url {}/ delete-copr tools", it.server.url()));
}
