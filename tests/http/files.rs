//! The results tree: what dnf, wget and browsers rely on.

use std::fs;
use std::path::Path;

use coprbox::http::files::ResultsTree;
use rocket::http::{Header, Status};
use rocket::local::blocking::{Client, LocalResponse};

struct Tree {
    dir: tempfile::TempDir,
    client: Client,
}

impl Tree {
    fn new() -> Tree {
        let dir = tempfile::tempdir().unwrap();
        let tree = ResultsTree::open(dir.path()).unwrap();
        let figment = rocket::Config::figment().merge(("log_level", "off"));
        let rocket = rocket::custom(figment).mount("/results", tree);
        Tree { dir, client: Client::untracked(rocket).unwrap() }
    }

    fn with(self, path: &str, content: impl AsRef<[u8]>) -> Tree {
        let file = self.dir.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
        self
    }

    fn get(&self, path: &str) -> Answer {
        self.ask(path, &[])
    }

    fn ask(&self, path: &str, headers: &[(&'static str, &str)]) -> Answer {
        let mut request = self.client.get(format!("/results/{path}"));
        for (name, value) in headers {
            request.add_header(Header::new(*name, (*value).to_owned()));
        }
        Answer::of(request.dispatch())
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }
}

struct Answer {
    status: Status,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn of(response: LocalResponse<'_>) -> Answer {
        Answer {
            status: response.status(),
            headers: response
                .headers()
                .iter()
                .map(|header| (header.name().to_string(), header.value().to_owned()))
                .collect(),
            body: response.into_bytes().unwrap_or_default(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

#[test]
fn a_package_arrives_whole_and_can_be_asked_about() {
    let content: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let tree = Tree::new().with("a/p/c/00000001-x/x-1-1.noarch.rpm", &content);
    let path = "a/p/c/00000001-x/x-1-1.noarch.rpm";
    let answer = tree.get(path);
    assert_eq!(answer.status, Status::Ok);
    assert_eq!(answer.header("Content-Type"), Some("application/x-rpm"));
    assert_eq!(answer.header("Content-Length"), Some("200000"));
    assert_eq!(answer.header("Accept-Ranges"), Some("bytes"));
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(answer.header("Content-Security-Policy"), Some("sandbox"));
    assert_eq!(answer.body, content);

    let head = Answer::of(tree.client.head(format!("/results/{path}")).dispatch());
    assert_eq!((head.status, head.body.len()), (Status::Ok, 0));
    for name in ["Content-Length", "ETag", "Last-Modified", "Content-Type"] {
        assert_eq!(head.header(name), answer.header(name), "{name}");
    }
}

#[test]
fn a_download_can_be_resumed() {
    let content: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let tree = Tree::new().with("x.rpm", &content);
    for (range, part) in [
        ("bytes=0-9", 0..10),
        ("bytes=100-", 100..300_000),
        ("bytes=-5", 299_995..300_000),
        ("bytes=200000-999999", 200_000..300_000),
    ] {
        let answer = tree.ask("x.rpm", &[("Range", range)]);
        assert_eq!(answer.status, Status::PartialContent, "{range}");
        assert_eq!(answer.body, content[part.clone()], "{range}");
        let expected = format!("bytes {}-{}/300000", part.start, part.end - 1);
        assert_eq!(answer.header("Content-Range"), Some(expected.as_str()));
    }
    let beyond = tree.ask("x.rpm", &[("Range", "bytes=300000-")]);
    assert_eq!(beyond.status, Status::RangeNotSatisfiable);
    assert_eq!(beyond.header("Content-Range"), Some("bytes */300000"));
    assert_eq!(tree.ask("x.rpm", &[("Range", "bytes=0-1,4-5")]).status, Status::Ok);

    let etag = tree.get("x.rpm").header("ETag").unwrap().to_owned();
    let part = tree.ask("x.rpm", &[("Range", "bytes=0-9"), ("If-Range", &etag)]);
    assert_eq!(part.status, Status::PartialContent);
    let whole = tree.ask("x.rpm", &[("Range", "bytes=0-9"), ("If-Range", "\"other\"")]);
    assert_eq!((whole.status, whole.body.len()), (Status::Ok, 300_000));
}

#[test]
fn an_unchanged_file_is_not_sent_again() {
    let tree = Tree::new().with("repodata/repomd.xml", "<repomd/>");
    let first = tree.get("repodata/repomd.xml");
    assert_eq!(first.header("Cache-Control"), Some("no-cache"));
    let etag = first.header("ETag").unwrap();
    let date = first.header("Last-Modified").unwrap();
    for condition in [("If-None-Match", etag), ("If-Modified-Since", date)] {
        let answer = tree.ask("repodata/repomd.xml", &[condition]);
        assert_eq!((answer.status, answer.body.len()), (Status::NotModified, 0), "{condition:?}");
        assert_eq!(answer.header("ETag"), Some(etag));
    }
    fs::write(tree.root().join("repodata/repomd.xml"), "<repomd>1</repomd>").unwrap();
    assert_eq!(tree.ask("repodata/repomd.xml", &[("If-None-Match", etag)]).status, Status::Ok);
}

#[test]
fn odd_names_arrive_raw_and_encoded() {
    let tree = Tree::new().with("@devs/foo:pr:1/c/x-1^git~2+3.rpm", "x").with("a/.hidden", "h");
    for path in [
        "@devs/foo:pr:1/c/x-1%5Egit~2+3.rpm",
        "%40devs/foo%3Apr%3A1/c/x-1%5Egit%7E2%2B3.rpm",
        "@devs//foo:pr:1/c/x-1%5Egit~2+3.rpm",
        "a/.hidden",
    ] {
        assert_eq!(tree.get(path).status, Status::Ok, "{path}");
    }
    assert_eq!(tree.get("@devs/foo:pr:1/c/x-1%255Egit~2+3.rpm").status, Status::NotFound);
}

#[test]
fn nothing_outside_the_tree_is_served() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "root:").unwrap();
    let tree = Tree::new().with("a/b", "x");
    std::os::unix::fs::symlink(outside.path(), tree.root().join("link")).unwrap();
    std::os::unix::fs::symlink("b", tree.root().join("a/inner")).unwrap();
    let name = outside.path().file_name().unwrap().to_str().unwrap();
    for path in [
        "link/secret".to_owned(),
        "link".to_owned(),
        "link/".to_owned(),
        "a/inner".to_owned(),
        format!("../{name}/secret"),
        format!("a/../../{name}/secret"),
        format!("%2e%2e/{name}/secret"),
        format!("..%2f{name}%2fsecret"),
        "a%00".to_owned(),
        "a%2fb".to_owned(),
        "a/./b".to_owned(),
    ] {
        let answer = tree.get(&path);
        assert_eq!(answer.status, Status::NotFound, "{path}");
        assert!(!answer.text().contains("root:"));
    }
}

#[test]
fn a_packed_log_is_text_in_browsers_and_a_file_elsewhere() {
    let tree = Tree::new().with("d/build.log.gz", "\x1f\u{8b}").with("d/live.log", "so far\n");
    let browser = [("Accept-Encoding", "gzip, br"), ("User-Agent", "Mozilla/5.0")];
    let shown = tree.ask("d/build.log.gz", &browser);
    assert_eq!(shown.header("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(shown.header("Content-Encoding"), Some("gzip"));
    let saved = tree.ask("d/build.log.gz", &[("User-Agent", "Wget/1.21.3")]);
    assert_eq!(saved.header("Content-Type"), Some("application/gzip"));
    assert_eq!(saved.header("Content-Encoding"), None);
    assert_ne!(saved.header("ETag"), shown.header("ETag"));
    assert_eq!(shown.body, saved.body);

    let moved = tree.get("d/build.log");
    assert_eq!(
        (moved.status, moved.header("Location")),
        (Status::Found, Some("/results/d/build.log.gz"))
    );
    let early = tree.get("d/live.log.gz");
    assert_eq!(
        (early.status, early.header("Location")),
        (Status::Found, Some("/results/d/live.log"))
    );
    assert_eq!(tree.get("d/none.log").status, Status::NotFound);
}

#[test]
fn directories_are_listed_under_their_address_with_a_slash() {
    let tree = Tree::new().with("@devs/foo:pr:1/c/x.rpm", "x").with("@devs/foo:pr:1/c/x~", "");
    let moved = tree.get("@devs/foo%3Apr:1");
    assert_eq!(moved.status, Status::MovedPermanently);
    assert_eq!(moved.header("Location"), Some("/results/@devs/foo%3Apr:1/"));
    let listing = tree.get("@devs/");
    assert_eq!(listing.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(listing.text().contains("href=\"foo%3Apr%3A1/\""), "{}", listing.text());
    assert!(!tree.get("@devs/foo:pr:1/c/").text().contains("x~"));
    assert_eq!(tree.get("").status, Status::Ok);
    assert!(!tree.get("").text().contains("../"));
    assert_eq!(tree.get("nobody/").status, Status::NotFound);
    assert_eq!(tree.get("@devs/foo:pr:1/c/x.rpm/").status, Status::NotFound);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_sent_as_it_was_opened() {
    let tree = Tree::new().with("live.log", vec![b'a'; 100_000]);
    let request = tree.client.get("/results/live.log");
    let response = request.dispatch();
    let path = tree.root().join("live.log");
    let mut grown = fs::read(&path).unwrap();
    grown.resize(150_000, b'b');
    fs::write(&path, grown).unwrap();
    let answer = Answer::of(response);
    assert_eq!(answer.header("Content-Length"), Some("100000"));
    assert_eq!(answer.body.len(), 100_000);
}
