//! A web server on loopback: repositories through `git http-backend`, files, redirects.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

pub struct Server {
    root: tempfile::TempDir,
    url: String,
}

impl Server {
    /// The one of all tests.
    pub fn shared() -> &'static Server {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let root = tempfile::tempdir().unwrap();
            let place = root.path().to_owned();
            std::thread::spawn(move || {
                for peer in listener.incoming().map_while(Result::ok) {
                    let place = place.clone();
                    std::thread::spawn(move || answer(peer, &place));
                }
            });
            Server { root, url }
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// What is below `/files/`, and below `/git/` repositories; files of git-lfs are in
    /// `files/lfs`, and what is asked for below `/stumble/` is there from the second time on.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Puts a file there.
    pub fn put(&self, path: &str, data: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, data).unwrap();
    }
}

fn answer(peer: TcpStream, root: &std::path::Path) -> Option<()> {
    let mut reader = BufReader::new(peer.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let body = body(&mut reader, &headers)?;
    let mut peer = peer;
    if let Some(to) = target.strip_prefix("/redirect/") {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        return peer.write_all(head.as_bytes()).ok();
    }
    if target.ends_with("/info/lfs/objects/batch") {
        let data = large_files(&headers, &body)?;
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.git-lfs+json\r\n\
             Content-Length: {}\r\n\r\n",
            data.len()
        );
        return peer.write_all(head.as_bytes()).and_then(|()| peer.write_all(&data)).ok();
    }
    let target = match target.strip_prefix("/stumble") {
        Some(rest) if stumbles(rest) => {
            let head = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
            return peer.write_all(head.as_bytes()).ok();
        }
        Some(rest) => rest.to_owned(),
        None => target,
    };
    if target.starts_with("/git/") {
        return backend(peer, &method, &target, &headers, &body, root);
    }
    let found = fs::read(root.join(target.trim_start_matches('/')));
    let (status, data) = found.map_or(("404 Not Found", Vec::new()), |data| ("200 OK", data));
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", data.len());
    peer.write_all(head.as_bytes()).and_then(|()| peer.write_all(&data)).ok()
}

/// Whether this is the first time that somebody asks for it.
fn stumbles(target: &str) -> bool {
    static ASKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    ASKED.lock().unwrap().insert(target.to_owned())
}

/// Where git-lfs finds the files that it asks for.
fn large_files(headers: &HashMap<String, String>, body: &[u8]) -> Option<Vec<u8>> {
    let asked: serde_json::Value = serde_json::from_slice(body).ok()?;
    let host = headers.get("host")?;
    let object = |object: &serde_json::Value| {
        let place = format!("http://{host}/files/lfs/{}", object["oid"].as_str()?);
        Some(serde_json::json!({
            "oid": object["oid"], "size": object["size"], "authenticated": true,
            "actions": { "download": { "href": place } },
        }))
    };
    let objects: Option<Vec<_>> = asked["objects"].as_array()?.iter().map(object).collect();
    serde_json::to_vec(&serde_json::json!({ "transfer": "basic", "objects": objects? })).ok()
}

fn body(reader: &mut impl std::io::BufRead, headers: &HashMap<String, String>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let length = u64::from_str_radix(line.trim(), 16).ok()?;
            reader.take(length).read_to_end(&mut body).ok()?;
            reader.read_line(&mut String::new()).ok()?;
            if length == 0 {
                return Some(body);
            }
        }
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_end(&mut body).ok()?;
    Some(body)
}

fn backend(
    mut peer: TcpStream,
    method: &str,
    target: &str,
    headers: &HashMap<String, String>,
    body: &[u8],
    root: &std::path::Path,
) -> Option<()> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let mut git = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header("content-type"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    git.stdin.take()?.write_all(body).ok()?;
    let output = git.wait_with_output().ok()?.stdout;
    let end = output.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&output[..end]);
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let start = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    peer.write_all(start.as_bytes()).and_then(|()| peer.write_all(&output)).ok()
}
