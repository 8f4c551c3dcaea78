//! Looking after the server.

use rocket::http::Method;

use crate::site::Site;

#[test]
fn the_administration_is_for_admins() {
    let site = Site::new();
    let pages =
        ["/admin/", "/admin/users/bob", "/admin/groups/", "/admin/chroots/", "/admin/doctor/"];
    for page in pages {
        assert_eq!(site.get(page).status, 303, "{page}: log in");
    }
    site.log_in("bob");
    site.page("/").lacks("/admin/");
    for page in pages.into_iter().chain(["/admin/chroots/fedora-42-x86_64/disable"]) {
        assert_eq!(site.get(page).status, 403, "{page}");
    }
    for (page, form) in [
        ("/admin/users", "name=mallory&admin=on"),
        ("/admin/users/bob", "admin=on"),
        ("/admin/users/alice/link", ""),
        ("/admin/groups", "name=x"),
        ("/admin/groups/crew/add", "member=eve"),
        ("/admin/chroots/fedora-42-x86_64/disable", ""),
        ("/admin/chroots/fedora-42-x86_64/comment", "comment=x"),
    ] {
        assert_eq!(site.post(page, form).status, 403, "{page}");
    }
    site.post("/logout", "");
    site.log_in("alice");
    site.page("/").has("/admin/");
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    assert_eq!(site.send(Method::Post, "/admin/users", "name=x", &foreign).status, 403);
}

#[test]
fn accounts_are_added_and_changed() {
    let site = Site::new();
    site.log_in("alice");
    let taken = site.post("/admin/users", "name=bob&email=");
    assert_eq!(taken.status, 409);
    taken.has("There is a user &#39;bob&#39; already").has("value=\"bob\"");
    let made = site.post("/admin/users", "name=carol&email=carol%40example.org");
    assert_eq!(made.status, 200, "{}", made.text);
    made.has("http://hub.test:5000/login/once/");
    site.page("/admin/").has("carol@example.org");
    site.page("/admin/users/carol").has("carol@example.org");
    let done = site.post("/admin/users/carol", "email=&password=battery+staple&admin=on");
    assert_eq!(done.header("location"), "/admin/", "{}", done.text);
    assert!(site.user("carol").admin && site.user("carol").email.is_none());
    let short = site.post("/admin/users/carol", "email=&password=x");
    assert_eq!(short.status, 400);
    site.post("/admin/users/carol", "email=&disabled=on");
    assert!(site.user("carol").disabled && !site.user("carol").admin);
    let last = site.post("/admin/users/alice", "email=");
    assert_eq!(last.status, 409);
    last.has("the only admin");
    assert_eq!(site.get("/admin/users/nobody").status, 404);
}

#[test]
fn groups_and_chroots_are_looked_after() {
    let site = Site::new();
    site.log_in("alice");
    assert_eq!(site.post("/admin/groups", "name=%40fish&members=bob%2C+eve").status, 303);
    site.page("/admin/groups/").has("@fish").has("eve");
    site.post("/admin/groups/fish/remove", "member=eve");
    site.page("/coprs/g/fish/").has("/coprs/bob/").lacks("/coprs/eve/");
    assert_eq!(site.post("/admin/groups/fish/add", "member=nobody").status, 404);
    site.page("/admin/chroots/").has("fedora-42-x86_64").has("/disable");
    site.page("/admin/chroots/fedora-42-x86_64/disable").has("Disable fedora-42-x86_64?");
    let disabled = site.post("/admin/chroots/fedora-42-x86_64/disable", "");
    assert_eq!(disabled.header("location"), "/admin/chroots/");
    site.page("/admin/chroots/").has("/admin/chroots/fedora-42-x86_64/enable");
    site.post("/admin/chroots/fedora-42-x86_64/enable", "");
    site.post("/admin/chroots/fedora-42-x86_64/comment", "comment=slow+%3Cb%3E");
    site.page("/admin/chroots/").has("slow &#60;b&#62;").lacks("fedora-42-x86_64/enable");
    site.page("/admin/doctor/").has("data directory").has("a server is running");
}
