//! The home page, what was built lately, feeds.

use coprbox::clock::Timestamp;
use coprbox::model::ChrootState;
use coprbox::store::statistics;

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
