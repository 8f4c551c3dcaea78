//! The home page, what was built lately, feeds.

use coprbox::clock::Timestamp;
use coprbox::model::list::Slice;
use coprbox::model::nevra::Nevra;
use coprbox::model::{BuildId, ChrootState};
use coprbox::store::{build_chroots, statistics};

use crate::site::Site;

#[test]
fn home_shows_where_its_reader_built_last() {
    let site = Site::new();
    site.build(ChrootState::Succeeded);
    site.page("/").lacks("Where you built last").has("<dd>1</dd>");
    site.log_in("bob");
    site.page("/").lacks("Where you built last");
    site.post("/logout", "");
    site.log_in("alice");
    site.page("/").has("Where you built last").has("hello 2.12-1");
}

#[test]
fn home_is_paged_under_all_its_addresses() {
    let site = Site::new();
    for number in 0..21 {
        site.hub.project(&format!("p{number}"));
    }
    site.page("/").has("/?page=2").has("<strong>p20</strong>").lacks("<strong>p0</strong>");
    for second in ["/?page=2", "/coprs/?page=2", "/coprs/2/", "/coprs/2"] {
        site.page(second).has("<strong>p0</strong>").lacks("<strong>p20</strong>");
    }
    site.page("/coprs/1/").has("<strong>p20</strong>");
}

#[test]
fn home_draws_how_busy_the_last_day_was() {
    let site = Site::new();
    site.hub.project("tools");
    site.page("/").lacks("class=\"spark");
    let now = Timestamp::now();
    site.hub.app.store.write_now(|tx| statistics::sample(tx, now, 3, 2)).unwrap();
    site.page("/").has("Builds at work in the last 24 hours: now 2, at most 2");
}

#[test]
fn what_has_ended_lately_is_listed() {
    let site = Site::new();
    site.page("/recent/").has("No build has ended in the last two days");
    let (id, _) = site.build(ChrootState::Failed);
    site.build(ChrootState::Running);
    for address in ["/recent/", "/recent", "/recent/all/"] {
        let page = site.page(address);
        page.has(&format!("/coprs/alice/tools/build/{id}/")).has("failed").lacks("running");
    }
}

#[test]
fn ones_own_builds_want_one_logged_in() {
    let site = Site::new();
    site.build(ChrootState::Running);
    assert_eq!(site.get("/recent/my/").header("location"), "/login?next=%2Frecent%2Fmy%2F");
    site.log_in("bob");
    site.page("/recent/my/").has("You have built nothing");
    site.post("/logout", "");
    site.log_in("alice");
    site.page("/recent/my/").has("running").has("hello");
}

#[test]
fn feeds_hold_the_newest_projects() {
    let site = Site::new();
    site.hub.project("tools");
    let hidden = serde_json::json!({
        "name": "hidden", "chroots": ["fedora-42-x86_64"], "unlisted_on_hp": true,
        "description": "<b>fish</b> & chips",
    });
    site.hub.post("alice", "/api_3/project/add/alice", hidden).ok();
    let feed = site.page("/rss/");
    assert_eq!(feed.header("content-type"), "application/rss+xml");
    feed.has("<title>alice/tools</title>")
        .has("<link>http://hub.test:5000/coprs/alice/tools/</link>");
    feed.lacks("hidden");
    site.page("/rss/all/").has("alice/hidden").has("alice/tools").lacks("<b>");
    site.page("/rss/1").has("alice/tools");
    site.page("/rss/0").lacks("<item>");
}

#[test]
fn words_find_projects_and_numbers_find_builds() {
    let site = Site::new();
    let (id, _) = site.build(ChrootState::Succeeded);
    site.page("/coprs/fulltext/").has("Words are looked for").has("id=\"fulltext\"");
    let found = site.page("/coprs/fulltext/?fulltext=too");
    found.has("1 project<").has("/coprs/alice/tools/").has("value=\"too\"");
    let of_package = site.page("/coprs/fulltext/?fulltext=hello");
    of_package.has("/coprs/alice/tools/").has("/coprs/alice/tools/package/hello/");
    site.page("/coprs/fulltext/?fulltext=alice%2Ftools").has("/coprs/alice/tools/");
    site.page("/coprs/fulltext/1/?fulltext=tools").has("/coprs/alice/tools/");
    for attribute in ["projectname=tools", "ownername=alice", "packagename=hello"] {
        let page = site.page(&format!("/coprs/fulltext/?{attribute}"));
        page.has("/coprs/alice/tools/");
    }
    let none = site.page("/coprs/fulltext/?fulltext=%3Cb%3Efish");
    none.has("Nothing fits").has("&#60;b&#62;fish").lacks("<b>fish");
    let build = site.get(&format!("/coprs/fulltext/?fulltext=+{id}+"));
    assert_eq!(build.header("location"), format!("/coprs/alice/tools/build/{id}/"));
    site.page("/coprs/fulltext/?fulltext=99").has("Nothing fits");
}

#[test]
fn what_cannot_be_searched_for_is_refused() {
    let site = Site::new();
    let odd = site.get("/coprs/fulltext/?fulltext=a&colour=red");
    assert_eq!(odd.status, 400);
    odd.has("&#39;colour&#39; cannot be searched for").has("packagename");
}

#[test]
fn built_packages_are_found_by_all_of_their_names() {
    let site = Site::new();
    let (id, _) = site.build(ChrootState::Succeeded);
    let nevra = Nevra {
        name: "hello".into(),
        epoch: None,
        version: "2.12".into(),
        release: "1".into(),
        arch: "x86_64".into(),
    };
    let store = &site.hub.app.store;
    store
        .write_now(|tx| {
            let chroot = build_chroots::list(tx, BuildId(id), Slice::default())?.remove(0).id;
            build_chroots::set_packages(tx, chroot, &[("hello-2.12-1.x86_64.rpm".into(), nevra)])
        })
        .unwrap();
    site.page("/coprs/packages/search/").has("Say at least one part");
    let build = format!("/coprs/alice/tools/build/{id}/");
    for query in
        ["name=hello", "version=2.12&arch=x86_64", "name=hello&epoch=0", "name=hello&page=1"]
    {
        site.page(&format!("/coprs/packages/search/?{query}"))
            .has(&build)
            .has("hello-2.12-1.x86_64");
    }
    for query in ["name=hell", "name=hello&release=2", "name=hello&epoch=1"] {
        site.page(&format!("/coprs/packages/search/?{query}")).has("No such package").lacks(&build);
    }
    assert_eq!(site.get("/coprs/packages/search/?epoch=one").status, 400);
}
