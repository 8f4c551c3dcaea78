//! Headers, compression, assets and names in addresses.

use std::io::Read;

use coprbox::http::assets::asset_url;
use coprbox::http::params::GroupOwner;
use coprbox::http::{refusal, with_manners};
use coprbox::model::{BuildId, ChrootName, DirName, Owner};
use rocket::http::{ContentType, Header, Status};
use rocket::local::blocking::Client;
use rocket::response::content::RawHtml;
use rocket::{Request, catch, catchers, get, routes};

#[get("/page?<long>")]
fn page(long: usize) -> RawHtml<String> {
    RawHtml("x".repeat(long))
}

#[get("/plain")]
fn plain() -> (ContentType, String) {
    (ContentType::Binary, "x".repeat(5000))
}

#[get("/coprs/<owner>/<dir>")]
fn owned(owner: Owner, dir: DirName) -> String {
    format!("{owner} {dir}")
}

#[get("/coprs/g/<group>/<dir>")]
fn grouped(group: GroupOwner, dir: DirName) -> String {
    format!("{} {dir}", group.0)
}

#[get("/build/<build>/<chroot>")]
fn build(build: BuildId, chroot: ChrootName) -> String {
    format!("{build} {chroot}")
}

#[catch(default)]
fn failed(status: Status, _: &Request<'_>) -> (Status, &'static str) {
    (refusal::status(status), "failed")
}

fn client() -> Client {
    let figment = rocket::Config::figment().merge(("log_level", "off"));
    let rocket = with_manners(rocket::custom(figment))
        .register("/", catchers![failed])
        .mount("/", routes![page, plain, owned, grouped, build]);
    Client::untracked(rocket).unwrap()
}

#[test]
fn pages_say_how_they_may_be_used() {
    let client = client();
    let response = client.get("/page?long=10").dispatch();
    let headers = response.headers();
    let policy = headers.get_one("Content-Security-Policy").unwrap();
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"));
    assert_eq!(headers.get_one("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(headers.get_one("Referrer-Policy"), Some("same-origin"));
    assert_eq!(headers.get_one("Cache-Control"), Some("private, no-cache"));
}

#[test]
fn long_pages_are_packed_for_those_who_accept_it() {
    let client = client();
    let get = |path: &'static str, accept: &'static str| {
        let accept = Header::new("Accept-Encoding", accept);
        let response = client.get(path).header(accept).dispatch();
        let encoding = response.headers().get_one("Content-Encoding").map(str::to_owned);
        (encoding, response.into_bytes().unwrap())
    };
    let (encoding, packed) = get("/page?long=5000", "gzip, br");
    assert_eq!(encoding.as_deref(), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text.len(), 5000);
    assert_eq!(get("/page?long=5000", "br").0, None);
    assert_eq!(get("/page?long=500", "gzip").0, None);
    assert_eq!(get("/plain", "gzip").0, None);
    let response = client.get("/page?long=5000").dispatch();
    assert_eq!(response.headers().get_one("Vary"), Some("Accept-Encoding"));
}

#[test]
fn assets_are_served_under_their_checksum_only() {
    let client = client();
    let url = asset_url("css/base.css");
    let response = client.get(&url).dispatch();
    assert_eq!(response.status(), Status::Ok);
    assert_eq!(response.headers().get_one("Content-Type"), Some("text/css; charset=utf-8"));
    let stale = url.replace("/static/", "/static/0");
    assert_eq!(client.get(stale).dispatch().status(), Status::NotFound);
    for name in ["none.css", "../Cargo.toml", "css/%2e%2e/css/base.css", "css%2fbase.css", ""] {
        assert_eq!(client.get(asset_url(name)).dispatch().status(), Status::NotFound, "{name}");
    }
}

#[test]
fn names_arrive_raw_encoded_and_with_any_slashes() {
    let client = client();
    let get = |path: &str| client.get(path.to_owned()).dispatch().into_string().unwrap();
    for path in [
        "/coprs/@devs/foo:pr:1",
        "/coprs/@devs/foo:pr:1/",
        "/coprs/%40devs/foo%3Apr%3A1/",
        "/coprs/g/devs/foo:pr:1",
        "/coprs/g/devs/foo%3apr%3a1/",
    ] {
        assert_eq!(get(path), "@devs foo:pr:1", "{path}");
    }
    assert_eq!(get("/coprs/alice/foo/"), "alice foo");
    assert_eq!(get("/build/12/fedora-42-x86_64/"), "12 fedora-42-x86_64");
}

#[test]
fn what_is_no_name_is_not_found() {
    let client = client();
    for path in [
        "/coprs/a%20b/foo",
        "/coprs/alice/foo:x",
        "/coprs/%2540devs/foo",
        "/build/abc/fedora-42-x86_64",
        "/build/-1/fedora-42-x86_64",
        "/build/99999999999999999999/fedora-42-x86_64",
        "/build/1/fedora",
    ] {
        assert_eq!(client.get(path).dispatch().status(), Status::NotFound, "{path}");
    }
}
