//! Logging in and out.

use rocket::http::Method;

use crate::site::Site;

#[test]
fn a_password_logs_in_and_leads_back() {
    let site = Site::new();
    site.hub.project("tools");
    site.set_password("bob", "correct horse");
    let page = site.page("/coprs/alice/tools/");
    page.has("/login?next=/coprs/alice/tools/").lacks("Log out");
    let wrong = site.post("/login", "username=bob&password=wrong&next=/coprs/alice/tools/");
    assert_eq!(wrong.status, 200);
    wrong.has("value=\"bob\"").has("role=\"alert\"").has("value=\"/coprs/alice/tools/\"");
    let right = site.post("/login", "username=bob&password=correct+horse&next=/coprs/alice/tools/");
    assert_eq!((right.status, right.header("location")), (303, "/coprs/alice/tools/"));
    let cookie = right.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    site.page("/").has("Log out").has(">bob<");
    site.page("/logout/").has("<form").has("action=\"/logout\"");
    assert_eq!(site.post("/logout", "").status, 303);
    assert_eq!(site.get("/logout/").header("location"), "/");
    site.page("/").has("Log in").lacks(">bob<");
}

#[test]
fn a_link_logs_in_once_and_only_by_its_button() {
    let site = Site::new();
    let link = site.login_link("alice");
    site.page(&link).has("<h1>Welcome</h1>").lacks("Log out");
    site.page(&link);
    let first = site.post(&link, "");
    assert_eq!((first.status, first.header("location")), (303, "/"));
    site.page("/").has("Log out");
    site.post("/logout", "");
    site.post(&link, "").has("This link has been used");
    site.page("/").lacks("Log out");
}

#[test]
fn other_sites_can_do_nothing_with_a_session() {
    let site = Site::new();
    site.log_in("alice");
    for foreign in [("Sec-Fetch-Site", "cross-site"), ("Origin", "http://evil.test")] {
        let answer = site.send(Method::Post, "/logout", "", &[foreign, ("Host", "hub.test")]);
        assert_eq!(answer.status, 403, "{foreign:?}");
    }
    site.page("/").has("Log out");
}

#[test]
fn logging_in_leads_to_this_server_only() {
    let site = Site::new();
    site.set_password("bob", "correct horse");
    for next in ["//evil.test", "http://evil.test", "/%5Cevil.test"] {
        let form = format!("username=bob&password=correct+horse&next={next}");
        assert_eq!(site.post("/login", &form).header("location"), "/", "{next}");
    }
}

#[test]
fn guessing_is_slowed_down() {
    let site = Site::new();
    site.set_password("bob", "correct horse");
    for _ in 0..8 {
        site.post("/login", "username=bob&password=wrong&next=/");
    }
    let late = site.post("/login", "username=bob&password=correct+horse&next=/");
    late.has("Too many wrong passwords");
}
