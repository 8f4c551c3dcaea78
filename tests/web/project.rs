//! Home, owners, projects.

use coprbox::model::project::ProjectSettings;
use coprbox::model::{ChrootState, ProjectId};
use coprbox::store::projects;
use rocket::http::Method;
use serde_json::json;

use crate::site::Site;

#[test]
fn home_says_what_to_do_while_it_is_empty() {
    let site = Site::new();
    let page = site.page("/");
    page.has("copr-cli create hello --chroot fedora-42-x86_64");
    site.hub.project("tools");
    site.page("/").has("tools").has("no builds yet").lacks("copr-cli create");
}

#[test]
fn an_overview_tells_how_to_install_on_each_release() {
    let site = Site::new();
    site.hub.project("tools");
    let page = site.page("/coprs/alice/tools");
    let file = "/coprs/alice/tools/repo/fedora-42/alice-tools-fedora-42.repo";
    page.has("Fedora 42").has("Fedora 43");
    page.has(&format!(
        "sudo dnf config-manager addrepo --from-repofile=http://hub.test:5000{file}"
    ));
    page.has(&format!("sudo dnf config-manager --add-repo http://hub.test:5000{file}"));
    page.has("sudo dnf copr enable hub.test/alice/tools").has("port = 5000");
    assert_eq!(site.hub.get(file).status, 200, "the file is there");
}

#[test]
fn an_overview_says_what_state_each_release_is_in() {
    let site = Site::new();
    site.hub.project("tools");
    site.page("/coprs/alice/tools/").has("Nothing can be installed yet");
    let (id, _) = site.build(ChrootState::Failed);
    let page = site.page("/coprs/alice/tools/");
    page.has("nothing built here yet").has(&format!("build/{id}/\">hello 2.12-1</a>"));
    let packages = json!({"additional_packages": "make <gcc>"});
    let path = "/api_3/project-chroot/edit/alice/tools/fedora-42-x86_64";
    site.hub.post("alice", path, packages).ok();
    site.page("/coprs/alice/tools/").has("modified").has("make &#60;gcc&#62;");
    let fork = json!({"name": "mine", "ownername": "bob"});
    site.hub.post("bob", "/api_3/project/fork/alice/tools", fork).ok();
    site.page("/coprs/alice/tools/")
        .has("<dt>Forks</dt><dd><a href=\"/coprs/alice/tools/forks/\">1</a></dd>");
    site.page("/coprs/bob/mine/").has("<dt>Forked from</dt>").has("alice/tools</a>");
}

#[test]
fn a_release_that_goes_away_says_when() {
    let site = Site::new();
    let body = json!({"name": "short", "chroots": ["fedora-42-x86_64", "epel-9-x86_64"],
                      "delete_after_days": 10});
    site.hub.post("alice", "/api_3/project/add/alice", body).ok();
    let page = site.page("/coprs/alice/short/");
    page.has("A temporary project, ").has("days left").lacks("switched this release off");
    let body = json!({"chroots": ["fedora-42-x86_64"]});
    site.hub.post("alice", "/api_3/project/edit/alice/short", body).ok();
    let page = site.page("/coprs/alice/short/");
    page.has("The project has switched this release off: its packages go away on 20");
}

#[test]
fn what_users_write_is_shown_and_does_nothing() {
    let site = Site::new();
    let evil = "Hello <script>alert(1)</script> **bold** [x](javascript:alert(2)) \
                ![p](https://evil.test/p.png)";
    site.hub.project("evil");
    // Not through the API, which would refuse some of it: old rows may hold anything.
    let settings = ProjectSettings {
        description: evil.to_owned(),
        instructions: evil.to_owned(),
        homepage: Some("https://h/\"><script>alert(3)</script>".to_owned()),
        contact: Some("<b>me</b>".to_owned()),
        ..ProjectSettings::default()
    };
    let store = &site.hub.app.store;
    store.write_now(|tx| projects::update(tx, ProjectId(1), None, &settings)).unwrap();
    let page = site.page("/coprs/alice/evil/");
    page.has("<strong>bold</strong>").has("&lt;script&gt;alert(1)").has("&#60;b&#62;me");
    for path in ["/coprs/alice/evil/", "/", "/coprs/alice/"] {
        site.page(path).lacks("<script>alert").lacks("javascript:").lacks("<img").lacks("<b>me");
    }
}

#[test]
fn a_group_is_found_in_every_spelling() {
    let site = Site::new();
    let body = json!({"name": "tools", "chroots": ["fedora-42-x86_64"]});
    site.hub.post("bob", "/api_3/project/add/@crew", body).ok();
    for path in ["/coprs/g/crew/tools/", "/coprs/g/crew/tools", "/coprs/@crew/tools/"] {
        site.page(path).has("Install").has("href=\"/coprs/g/crew/tools/builds/\"");
    }
    for path in ["/coprs/g/crew/", "/coprs/@crew", "/coprs/%40crew/", "/groups/g/crew/coprs/"] {
        site.page(path).has("group · 1 project");
    }
    site.page("/coprs/g/crew/tools/builds/?page=1").has("Nothing has been built yet");
}

#[test]
fn a_list_of_builds_comes_in_pages() {
    let site = Site::new();
    for _ in 0..52 {
        site.build(ChrootState::Succeeded);
    }
    let first = site.page("/coprs/alice/tools/builds/");
    first.has(">52<").has("?page=2\">Older").has("page 1 of 2").lacks("build/2/\"");
    site.page("/coprs/alice/tools/builds/?page=2").has("build/2/\"").has("Newer").lacks("Older");
    site.page("/coprs/alice/tools/builds/?page=junk").has("page 1 of 2");
}

#[test]
fn what_is_not_there_is_a_page_that_leads_on() {
    let site = Site::new();
    site.hub.project("tools");
    for (path, way) in [
        ("/nowhere", "href=\"/\""),
        ("/coprs/nobody/", "href=\"/\""),
        ("/coprs/alice/toolz/", "href=\"/coprs/alice/\""),
        ("/coprs/alice/tools/build/999/", "href=\"/coprs/alice/tools/\""),
        ("/coprs/alice/tools/build/x/", "href=\"/coprs/alice/tools/\""),
        ("/coprs/g/none/x/", "href=\"/\""),
        ("/coprs/build/999", "href=\"/\""),
        ("/coprs/%3Cscript%3E/x", "href=\"/\""),
    ] {
        let page = site.get(path);
        assert_eq!(page.status, 404, "{path}");
        page.has("<h1>Nothing here</h1>").has(way).lacks("<script>/");
    }
    assert_eq!(site.send(Method::Post, "/", "", &[]).status, 404);
}

#[test]
fn a_page_needs_little_and_nothing_from_elsewhere() {
    let site = Site::new();
    let (id, _) = site.build(ChrootState::Running);
    for path in
        ["/", "/coprs/alice/", "/coprs/alice/tools/", &format!("/coprs/build/{id}"), "/login"]
    {
        let mut page = site.get(path);
        if page.status == 303 {
            page = site.page(page.header("location"));
        }
        assert!(page.header("content-security-policy").contains("script-src 'self'"), "{path}");
        page.lacks(" style=").lacks("<style").lacks(" onclick").lacks("src=\"http");
        let mut sum = page.text.len();
        let links = page.text.split(['"']).filter(|link| link.starts_with("/static/"));
        for link in links {
            let asset = site.page(link);
            sum += asset.text.len();
            asset.lacks("url(").lacks("@import").lacks("href=\"http");
        }
        assert!(sum < 100 * 1024, "{path} takes {sum} bytes before packing");
    }
}

#[test]
fn directories_say_how_long_they_stay() {
    let site = Site::new();
    site.build(ChrootState::Succeeded);
    let body = json!({"ownername": "alice", "projectname": "tools",
                      "project_dirname": "tools:pr:7", "pkgs": ["http://h/a-1-1.src.rpm"]});
    site.hub.post("alice", "/api_3/build/create/url", body).ok();
    let list = site.page("/coprs/alice/tools/directories/");
    list.has("builds/?dirname=tools:pr:7").has("39 days left").has("for good");
    list.has("monitor/?dirname=tools:pr:7").has("hello 2.12-1");
    site.page("/coprs/alice/tools/monitor/?dirname=tools:pr:7").has("Only builds in the directory");
    assert_eq!(site.get("/coprs/alice/none/directories/").status, 404);
}
