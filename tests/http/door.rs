//! The door, over real connections: early answers, half requests, the end.

use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use coprbox::http::body::{Body, BodyError, BodyLimits};
use coprbox::http::door::Door;
use coprbox::http::files::ResultsTree;
use rocket::form::Form;
use rocket::http::uri::Host;
use rocket::http::{CookieJar, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::stream::{Event, EventStream};
use rocket::{FromForm, Request, get, post, routes};
use tokio_util::sync::CancellationToken;

struct Caller;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Caller, ()> {
        match request.headers().get_one("Authorization") {
            Some("good") => Outcome::Success(Caller),
            _ => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}

#[post("/upload", data = "<body>")]
fn upload(_caller: Caller, body: Result<Body, BodyError>) -> (Status, String) {
    match body {
        Ok(mut body) => {
            let length = body.take_file("pkgs").map_or(0, |file| file.len());
            (Status::Ok, length.to_string())
        }
        Err(error) => (error.status(), error.to_string()),
    }
}

#[derive(FromForm)]
struct Named<'r> {
    name: &'r str,
}

#[post("/form", data = "<form>")]
fn form(form: Form<Named<'_>>) -> String {
    form.name.to_owned()
}

#[get("/about/<name>?<q>")]
fn about(name: &str, q: &str, cookies: &CookieJar<'_>, host: &Host<'_>, from: IpAddr) -> String {
    let cookie = cookies.get("c").map_or("", |cookie| cookie.value());
    format!("{name} {q} {cookie} {host} {from}")
}

#[get("/events")]
fn events(mut shutdown: rocket::Shutdown) -> EventStream![] {
    EventStream! {
        yield Event::data("hello");
        (&mut shutdown).await;
        yield Event::data("bye");
    }
}

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
    spool: tempfile::TempDir,
    tree: tempfile::TempDir,
}

impl Server {
    fn new() -> Server {
        let (spool, tree) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut limits = BodyLimits::new(spool.path().to_owned(), 64 << 20);
        limits.idle = Duration::from_millis(300);
        let figment = rocket::Config::figment().merge(("log_level", "off"));
        let rocket = rocket::custom(figment)
            .manage(limits)
            .mount("/results", ResultsTree::open(tree.path()).unwrap())
            .mount("/", routes![upload, form, about, events]);
        let stop = CancellationToken::new();
        let (sender, receiver) = std::sync::mpsc::channel();
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let door = Door::open(rocket, ([127, 0, 0, 1], 0).into()).await.unwrap();
                sender.send(door.address()).unwrap();
                door.serve(stopped).await;
            });
        });
        let address = receiver.recv().unwrap();
        Server { address, stop, thread: Some(thread), spool, tree }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends `request` and reads until the server closes the connection.
    fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }

    fn spooled(&self) -> usize {
        std::fs::read_dir(self.spool.path()).unwrap().count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// The head of an upload that announces `length` bytes.
fn upload_head(token: &str, length: usize) -> String {
    format!(
        "POST /upload HTTP/1.1\r\nHost: h\r\nAuthorization: {token}\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n"
    )
}

fn upload_body(content: &[u8]) -> Vec<u8> {
    let head = "--x\r\nContent-Disposition: form-data; name=\"pkgs\"; filename=\"f\"\r\n\r\n";
    [head.as_bytes(), content, b"\r\n--x--\r\n"].concat()
}

/// Reads one answer with a `Content-Length` and leaves the connection open.
fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&answer));
        answer.push(byte[0]);
    }
    let head = String::from_utf8(answer.clone()).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    String::from_utf8([answer, body].concat()).unwrap()
}

#[test]
fn a_bad_token_is_answered_though_nothing_of_the_file_comes() {
    let server = Server::new();
    let begun = Instant::now();
    let mut stream = server.connect();
    stream.write_all(upload_head("bad", 30_000_000).as_bytes()).unwrap();
    assert!(read_answer(&mut stream).starts_with("HTTP/1.1 401 "));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_refused_upload_may_be_sent_to_its_end() {
    let server = Server::new();
    let body = upload_body(&vec![7; 20_000_000]);
    let mut stream = server.connect();
    stream.write_all(upload_head("bad", body.len()).as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    assert!(read_answer(&mut stream).starts_with("HTTP/1.1 401 "));
    // The connection is still good.
    stream.write_all(upload_head("good", body.len()).as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    assert!(read_answer(&mut stream).ends_with("\r\n\r\n20000000"));
    assert_eq!(server.spooled(), 0);
}

#[test]
fn an_upload_that_stops_is_given_up_and_leaves_nothing() {
    let server = Server::new();
    let body = upload_body(&[7; 1000]);
    let mut silent = server.connect();
    silent.write_all(upload_head("good", body.len()).as_bytes()).unwrap();
    silent.write_all(&body[..500]).unwrap();
    let answer = read_answer(&mut silent);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.ends_with("send the request again"), "{answer}");

    let mut cut = server.connect();
    cut.write_all(upload_head("good", body.len()).as_bytes()).unwrap();
    cut.write_all(&body[..500]).unwrap();
    cut.shutdown(Shutdown::Write).unwrap();
    let answer = read_answer(&mut cut);
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(server.spooled(), 0);
}

#[test]
fn too_long_an_upload_is_refused_from_its_head() {
    let server = Server::new();
    let mut stream = server.connect();
    stream.write_all(upload_head("good", 65 << 20).as_bytes()).unwrap();
    assert!(read_answer(&mut stream).starts_with("HTTP/1.1 413 "));
}

#[test]
fn requests_reach_rocket_as_they_were_sent() {
    let server = Server::new();
    let answer = server.exchange(
        "GET /about/@a:b^c%20d?q=1%2B HTTP/1.1\r\nHost: h:5000\r\nCookie: x=1; c=2\r\n\
         Connection: close\r\n\r\n",
    );
    assert!(answer.ends_with("@a:b^c d 1+ 2 h:5000 127.0.0.1"), "{answer}");
    let answer = server.exchange(
        "POST /form HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 8\r\nConnection: close\r\n\r\nname=a+b",
    );
    assert!(answer.ends_with("\r\n\r\na b"), "{answer}");
    let answer = server.exchange("BREW / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404 "), "as no route takes: {answer}");
}

#[test]
fn lengths_are_told_for_whole_and_for_streamed_answers() {
    let server = Server::new();
    for (name, size) in [("small", 5), ("large", 3_000_000)] {
        std::fs::write(server.tree.path().join(name), vec![b'x'; size]).unwrap();
        let mut stream = server.connect();
        let request = format!("GET /results/{name} HTTP/1.1\r\nHost: h\r\n\r\n");
        // Twice on one connection.
        for _ in 0..2 {
            stream.write_all(request.as_bytes()).unwrap();
            let answer = read_answer(&mut stream);
            assert_eq!(answer.split_once("\r\n\r\n").unwrap().1.len(), size);
        }
        let head = server.exchange(&format!(
            "HEAD /results/{name} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        ));
        assert!(head.contains(&format!("content-length: {size}\r\n")), "{head}");
        assert!(head.ends_with("\r\n\r\n"), "{head}");
    }
}

#[test]
fn event_streams_say_goodbye() {
    let mut server = Server::new();
    let mut stream = server.connect();
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut seen = String::new();
    let mut buffer = [0; 1000];
    while !seen.contains("data:hello") {
        let read = stream.read(&mut buffer).unwrap();
        seen.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    let begun = Instant::now();
    server.stop.cancel();
    stream.read_to_string(&mut seen).unwrap();
    assert!(seen.contains("data:bye"), "{seen}");
    server.thread.take().unwrap().join().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
}
