//! Projects in front, repositories that go away, and groups that need no activation.

use coprbox::ops::chroots;
use rocket::http::Method;

use crate::site::Site;

#[test]
fn what_is_pinned_stands_in_front() {
    let site = Site::new();
    for name in ["one", "two", "three"] {
        site.hub.project(name);
    }
    assert_eq!(
        site.get("/user/customize-pinned/").header("location"),
        "/login?next=%2Fuser%2Fcustomize-pinned%2F"
    );
    site.log_in("alice");
    site.page("/coprs/alice/").has("Pin projects").lacks("<h2>Pinned</h2>");
    let form = site.page("/user/customize-pinned/");
    form.has("name=\"pin4\"").has("<option value=\"alice/two\">").lacks("name=\"pin5\"");
    let done = site.post("/user/customize-pinned/", "pin1=alice/two&pin2=&pin3=alice/one&pin4=");
    assert_eq!(done.header("location"), "/coprs/alice/");
    let page = site.page("/coprs/alice/");
    let pinned = &page.text[page.text.find(">Pinned</h2>").unwrap()..];
    let at = |name: &str| pinned.find(&format!("<strong>{name}</strong>")).unwrap();
    assert!(at("two") < at("one") && at("one") < at("three"), "in this order, before the list");
    site.page("/").has("<h2>Pinned</h2>").lacks("Where you built last");
    site.page("/user/customize-pinned").has("<option value=\"alice/two\" selected>");
    let file: serde_json::Value =
        serde_json::from_str(&site.page("/user/info/download").text).unwrap();
    assert_eq!(file["pinned"], serde_json::json!(["alice/two", "alice/one"]));
    site.post("/logout", "");
    site.page("/coprs/alice/").has(">Pinned</h2>").lacks("customize-pinned");
    site.page("/").lacks(">Pinned</h2>");
}

#[test]
fn what_cannot_be_pinned_is_refused_at_its_place() {
    let site = Site::new();
    site.hub.project("one");
    site.log_in("bob");
    let page = site.page("/user/customize-pinned/");
    page.has("no project yet").lacks("<select");
    site.post("/coprs/bob/new/", "name=own&chroots=epel-9-x86_64");
    let path = "/user/customize-pinned/";
    let page = site.post(path, "pin1=bob/own&pin2=bob/own");
    assert_eq!(page.status, 400);
    page.has("This project is pinned already.").has("href=\"#field-pin2\"");
    page.has("<option value=\"bob/own\" selected>");
    assert_eq!(site.post(path, "pin1=alice/one").status, 400);
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    assert_eq!(site.send(Method::Post, path, "pin1=bob/own", &foreign).status, 403);
    site.page("/coprs/bob/").lacks(">Pinned</h2>");
    // For a group, what is the group's.
    site.post("/coprs/g/crew/new/", "name=ship&chroots=epel-9-x86_64");
    assert_eq!(site.post("/user/customize-pinned/crew", "pin1=bob/own").status, 400);
    let done = site.post("/user/customize-pinned/crew", "pin1=@crew/ship");
    assert_eq!(done.header("location"), "/coprs/g/crew/");
    site.page("/coprs/g/crew/").has(">Pinned</h2>");
    site.post("/logout", "");
    site.log_in("eve");
    assert_eq!(site.get("/user/customize-pinned/crew").status, 403);
    assert_eq!(site.post("/user/customize-pinned/crew", "pin1=").status, 403);
}

/// Two projects of alice's and one of bob's with a chroot that is switched off; for alice's
/// `tools` also one that the server no longer offers.
fn outdated() -> Site {
    let site = Site::new();
    site.hub.project("tools");
    site.hub.project("other");
    site.log_in("bob");
    site.post("/coprs/bob/new/", "name=own&chroots=epel-9-x86_64&chroots=fedora-43-x86_64");
    site.post("/coprs/bob/own/update/", "chroots=fedora-43-x86_64&auto_prune=on");
    site.post("/logout", "");
    site.log_in("alice");
    let update = "chroots=fedora-42-x86_64&auto_prune=on";
    for project in ["tools", "other"] {
        let done = site.post(&format!("/coprs/alice/{project}/update/"), update);
        assert_eq!(done.status, 303);
    }
    let (name, stay) = ("fedora-42-x86_64".parse().unwrap(), std::time::Duration::from_hours(240));
    let store = &site.hub.app.store;
    store.write_now(|tx| chroots::set_active(tx, &name, false, Some(stay))).unwrap();
    site
}

const HERE: &str = "/user/repositories/";

#[test]
fn all_repositories_that_go_away_are_in_one_list() {
    let site = outdated();
    site.page("/user/info").has(HERE);
    let page = site.page(HERE);
    page.has("in 6 days").has("in 9 days").lacks("bob/own");
    page.has("Extend all that can be (2)").has("Expire all");
    let done =
        site.post("/user/repositories/extend", "project=alice/tools&chroot=fedora-42-x86_64");
    assert_eq!(done.header("location"), HERE);
    let page = site.page(HERE);
    page.has("alice/tools in fedora-42-x86_64 stay longer").has("in 179 days").has("in 9 days");
    let off = "project=alice/tools&chroot=fedora-43-x86_64";
    assert_eq!(site.post("/user/repositories/extend", off).status, 409, "it is switched off");
    let ask = site.page(&format!("/user/repositories/expire/?{off}"));
    ask.has("This cannot be undone").has("name=\"chroot\" value=\"fedora-43-x86_64\"");
    assert_eq!(site.post("/user/repositories/expire/", off).header("location"), HERE);
    assert_eq!(site.page(HERE).text.matches("with the next tidying</td>").count(), 1);
    for wrong in ["project=tools&chroot=fedora-43-x86_64", "project=alice/tools&chroot=x", ""] {
        assert_eq!(site.post("/user/repositories/extend", wrong).status, 404, "{wrong}");
    }
}

#[test]
fn all_of_them_are_extended_or_let_go_of_at_once() {
    let site = outdated();
    assert_eq!(site.post("/user/repositories/extend-all", "").header("location"), HERE);
    let page = site.page(HERE);
    page.has("The packages of 2 repositories stay longer.");
    assert_eq!(page.text.matches("in 179 days").count(), 2);
    let ask = site.page("/user/repositories/expire-all/");
    ask.has("Let go of 4 repositories?").has("alice/other in fedora-43-x86_64");
    assert_eq!(site.post("/user/repositories/expire-all/", "").header("location"), HERE);
    let page = site.page(HERE);
    assert_eq!(page.text.matches("with the next tidying</td>").count(), 4, "{}", page.text);
    site.post("/logout", "");
    site.log_in("bob");
    site.page(HERE).has("bob/own").has("in 6 days").lacks("alice/");
}

#[test]
fn nobody_changes_the_repositories_of_others() {
    let site = outdated();
    let one = "project=alice/tools&chroot=fedora-42-x86_64";
    let posts = ["extend", "expire", "extend-all", "expire-all"];
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    for path in posts {
        let path = format!("/user/repositories/{path}");
        assert_eq!(site.send(Method::Post, &path, one, &foreign).status, 403, "{path}");
    }
    site.post("/logout", "");
    for path in posts {
        let path = format!("/user/repositories/{path}");
        assert_eq!(site.post(&path, one).header("location"), "/login", "{path}");
    }
    site.log_in("eve");
    site.page(HERE).has("Nothing is outdated");
    assert_eq!(site.post("/user/repositories/extend", one).status, 403);
    assert_eq!(site.post("/user/repositories/expire", one).status, 403);
    assert_eq!(site.get(&format!("/user/repositories/expire?{one}")).status, 403);
}

#[test]
fn a_group_needs_no_activation() {
    let site = Site::new();
    site.log_in("bob");
    let done = site.get("/groups/activate/crew");
    assert_eq!(done.header("location"), "/groups/list/my");
    site.page("/groups/list/my").has("@crew needs no activation");
    assert_eq!(site.post("/groups/activate/crew/", "name=x").header("location"), "/groups/list/my");
    assert_eq!(site.get("/groups/activate/none").status, 404);
    site.post("/logout", "");
    site.log_in("eve");
    assert_eq!(site.get("/groups/activate/crew").status, 403);
}
