//! What clients may send: JSON, forms, multipart forms with files.

use std::path::Path;

use coprbox::http::body::{Body, BodyLimits, Encoding};
use coprbox::http::refusal;
use rocket::http::{ContentType, Status};
use rocket::local::blocking::Client;
use rocket::{Request, catch, catchers, post, routes};

#[post("/echo", data = "<body>")]
fn echo(mut body: Body) -> String {
    let mut read = body.reader();
    let words = read.words("name").map_or_else(|| "-".into(), |words| words.join("|"));
    let kind = match body.encoding() {
        Encoding::Nothing => "nothing",
        Encoding::Json => "json",
        Encoding::Form => "form",
    };
    let file = body.take_file("pkgs").map_or_else(String::new, |file| {
        let content = std::fs::read(file.path()).unwrap();
        assert_eq!(content.len() as u64, file.len());
        format!(" {}:{}", file.name(), content.len())
    });
    format!("{kind} {words}{file}")
}

#[post("/keep", data = "<body>")]
fn keep(mut body: Body, limits: &rocket::State<BodyLimits>) -> &'static str {
    let file = body.take_file("pkgs").unwrap();
    file.persist(&limits.spool.join("kept")).unwrap();
    "kept"
}

#[catch(default)]
fn failed(status: Status, request: &Request<'_>) -> String {
    format!("{} {}", status.code, refusal::reason(request).unwrap_or("?"))
}

struct Server {
    spool: tempfile::TempDir,
    client: Client,
}

impl Server {
    fn new() -> Server {
        let spool = tempfile::tempdir().unwrap();
        let mut limits = BodyLimits::new(spool.path().to_owned(), 1 << 20);
        limits.fields = 1000;
        let figment = rocket::Config::figment().merge(("log_level", "off"));
        let rocket = rocket::custom(figment)
            .manage(limits)
            .register("/", catchers![failed])
            .mount("/", routes![echo, keep]);
        Server { spool, client: Client::untracked(rocket).unwrap() }
    }

    fn send(&self, kind: &str, body: impl AsRef<[u8]>) -> String {
        self.send_to("/echo", kind, body)
    }

    fn send_to(&self, path: &'static str, kind: &str, body: impl AsRef<[u8]>) -> String {
        let kind: ContentType = kind.parse().unwrap();
        self.client.post(path).header(kind).body(body).dispatch().into_string().unwrap()
    }

    fn spooled(&self) -> usize {
        std::fs::read_dir(self.spool.path()).unwrap().count()
    }
}

const MULTIPART: &str = "multipart/form-data; boundary=xYz";

fn part(head: &str, content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut part = format!("--xYz\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes();
    part.extend_from_slice(content.as_ref());
    part.extend_from_slice(b"\r\n");
    part
}

fn multipart(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut body = parts.concat();
    body.extend_from_slice(b"--xYz--\r\n");
    body
}

#[test]
fn every_encoding_becomes_the_same_fields() {
    let server = Server::new();
    assert_eq!(server.send("application/json", r#"{"name": ["a", "b"]}"#), "json a|b");
    assert_eq!(server.send("application/json; charset=utf-8", r#"{"name": "a b"}"#), "json a|b");
    assert_eq!(server.send("application/x-www-form-urlencoded", "name=a&name=b"), "form a|b");
    let plain = multipart(&[part("name=\"name\"", "a"), part("name=\"name\"", "b")]);
    assert_eq!(server.send(MULTIPART, plain), "form a|b");
    assert_eq!(server.send("text/plain", "name=a"), "nothing -");
    assert_eq!(server.client.post("/echo").dispatch().into_string().unwrap(), "nothing -");
}

#[test]
fn the_json_part_stands_for_all_plain_fields() {
    let server = Server::new();
    let json_head = "name=\"json\"; filename=\"json\"\r\nContent-Type: application/json";
    let body = multipart(&[
        part(
            "name=\"pkgs\"; filename=\"x-1.src.rpm\"\r\nContent-Type: application/x-rpm",
            vec![7; 70_000],
        ),
        part("name=\"name\"", "plain"),
        part("name=\"empty\"; filename=\"\"", ""),
        part(json_head, r#"{"name": "from json"}"#),
    ]);
    assert_eq!(server.send(MULTIPART, &body), "json from|json x-1.src.rpm:70000");
    assert_eq!(server.send("multipart/form-data; boundary=\"xYz\"", &body)[..4], *"json");
    assert_eq!(server.spooled(), 0, "a file that nobody keeps goes away");
    assert_eq!(server.send_to("/keep", MULTIPART, &body), "kept");
    let kept = std::fs::read(server.spool.path().join("kept")).unwrap();
    assert!(kept == vec![7; 70_000]);
}

#[test]
fn too_much_is_refused() {
    let server = Server::new();
    let upload = part("name=\"pkgs\"; filename=\"x\"", vec![0; (1 << 20) + 1]);
    let answer = server.send(MULTIPART, multipart(&[upload]));
    assert_eq!(answer, "413 the request is too large, 1048576 bytes are allowed");
    let field = part("name=\"name\"", vec![b'x'; 1001]);
    let answer = server.send(MULTIPART, multipart(&[field]));
    assert_eq!(answer, "413 the request is too large, 1000 bytes are allowed");
    let json = format!("{{\"name\": \"{}\"}}", "x".repeat(1000));
    assert_eq!(server.send("application/json", json)[..3], *"413");
    assert_eq!(server.spooled(), 0);
}

#[test]
fn a_cut_off_upload_leaves_nothing_behind() {
    let server = Server::new();
    let whole = multipart(&[part("name=\"pkgs\"; filename=\"x\"", vec![1; 50_000])]);
    for length in [1, 30, 100, 40_000, whole.len() - 10] {
        let answer = server.send(MULTIPART, &whole[..length]);
        assert_eq!(answer, "400 the request ended early, send it again", "{length} bytes");
        assert_eq!(server.spooled(), 0, "{length} bytes");
    }
}

#[test]
fn nonsense_is_explained() {
    let server = Server::new();
    assert_eq!(server.send("application/json", "[1]"), "400 the request must be a JSON object");
    let answer = server.send("application/json", "{");
    assert!(answer.starts_with("400 the request is not valid JSON: "), "{answer}");
    let answer = server.send("multipart/form-data", "x");
    assert!(answer.starts_with("400 the request is not valid multipart/form-data: "), "{answer}");
}

#[test]
fn a_spool_directory_that_is_gone_is_the_servers_fault() {
    let server = Server::new();
    std::fs::remove_dir(Path::new(server.spool.path())).unwrap();
    let answer = server.send(MULTIPART, multipart(&[part("name=\"pkgs\"; filename=\"x\"", "x")]));
    assert_eq!(answer, "500 the upload could not be stored");
}
