//! Starting and stopping the server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Box;

/// A server that is stopped with the value.
pub struct Server(Option<Child>, SocketAddr);

impl Server {
    fn start(it: &Box) -> Server {
        Server::start_with(it, &[])
    }

    /// A server with settings, as variables.
    pub fn start_with(it: &Box, settings: &[(&str, &str)]) -> Server {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = it.command();
        command.envs(settings.iter().copied());
        command.args(["serve", "--listen", &free.to_string()]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let limit = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(free).is_err() {
            assert!(Instant::now() < limit, "the server does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Server(Some(child), free)
    }

    /// Where it is reached.
    pub fn url(&self) -> String {
        format!("http://{}", self.1)
    }

    fn pid(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// The answer to a request, head and body.
    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.1).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn stop(mut self) -> Output {
        let child = self.0.take().unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        child.wait_with_output().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn a_second_server_is_refused_and_the_first_ends_cleanly() {
    let it = Box::new();
    let server = Server::start(&it);
    let refusal = it.fails("serve --listen 127.0.0.1:0", 1);
    assert!(refusal.contains(&format!("process {}", server.pid())), "{refusal}");
    it.ok("user add bob");
    let words = it.ok("user list");
    assert!(words.contains("bob"), "{words}");
    let output = server.stop();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let again = Server::start(&it).stop();
    assert!(again.status.success());
    assert!(!String::from_utf8_lossy(&again.stdout).contains("/login/once/"));
}

#[test]
fn the_first_start_lets_the_first_admin_in() {
    let it = Box::new();
    let server = Server::start(&it);
    let limit = Instant::now() + Duration::from_secs(20);
    while it.ok("user list").is_empty() {
        assert!(Instant::now() < limit, "no first admin");
    }
    let stdout = String::from_utf8(server.stop().stdout).unwrap();
    assert!(stdout.contains("/login/once/"), "{stdout}");
    assert!(stdout.contains("[copr-cli]\nlogin = "), "{stdout}");
    let users = it.json("user list --json");
    assert_eq!((users.as_array().unwrap().len(), &users[0]["admin"]), (1, &true.into()));
}

#[test]
fn users_that_are_there_are_enough() {
    let it = Box::new();
    it.ok("user add alice --admin");
    Server::start(&it).stop();
    assert_eq!(it.json("user list --json").as_array().unwrap().len(), 1);
}

#[test]
fn a_wrong_address_is_named() {
    let it = Box::new();
    for address in ["nonsense", "localhost:5000", "127.0.0.1", "127.0.0.1:99999"] {
        let words = it.fails(&format!("serve --listen {address}"), 1);
        assert!(words.contains("--listen") && words.contains("127.0.0.1:5000"), "{words}");
    }
    let words = it.fails("serve --base-url example.org", 1);
    assert!(words.contains("--base-url") && words.contains("http://"), "{words}");
}

#[test]
fn a_server_has_pages_an_api_and_the_results() {
    let it = Box::new();
    let server = Server::start(&it);
    for (path, kind) in [
        ("/", "text/html"),
        ("/login", "text/html"),
        ("/api_3", "application/json"),
        ("/results/", "text/html"),
    ] {
        let answer = server.get(path);
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        assert!(answer.contains(&format!("content-type: {kind}")), "{path}: {answer}");
    }
    assert!(server.stop().status.success());
}
