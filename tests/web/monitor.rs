//! The monitor.

use coprbox::model::{ChrootState, ProjectId};
use coprbox::store::{StoreError, packages};

use crate::site::Site;

#[test]
fn each_package_has_a_row_and_each_chroot_a_column() {
    let site = Site::new();
    let (failed, _) = site.build(ChrootState::Failed);
    let page = site.page("/coprs/alice/tools/monitor/");
    page.has("Fedora 42").has("Fedora 43").has(">hello</a>");
    page.has(&format!("build/{failed}/?log=fedora-42-x86_64#log")).has("2.12-1: failed");
    let (ok, _) = site.build(ChrootState::Succeeded);
    let page = site.page("/coprs/alice/tools/monitor/simple");
    page.has(&format!("build/{ok}/?log=fedora-42-x86_64#log")).has("2.12-1: succeeded");
    site.page("/coprs/alice/tools/monitor/detailed").has("class=\"version\">2.12-1<");
    site.page("/coprs/alice/tools/monitor/detailed/").has("States only");
}

#[test]
fn the_monitor_is_filtered_by_state_and_name() {
    let site = Site::new();
    site.build(ChrootState::Failed);
    let add = |tx: &_| {
        let source = packages::get(tx, coprbox::model::PackageId(1))?.unwrap().source;
        packages::insert(tx, ProjectId(1), &"never".parse().unwrap(), &source)?;
        Ok::<_, StoreError>(())
    };
    site.hub.app.store.write_now(|tx| add(tx)).unwrap();
    let page = |query: &str| site.page(&format!("/coprs/alice/tools/monitor/{query}"));
    page("").has(">hello</a>").has(">never</a>").has("never built");
    page("?state=failed").has(">hello</a>").lacks(">never</a>");
    page("?state=succeeded").lacks(">hello</a>").has("No package fits");
    page("?state=missing").has(">never</a>");
    page("?q=NEV").has(">never</a>").lacks(">hello</a>");
    page("?from=1").has(">never</a>").lacks(">hello</a>").has("← Back");
    page("?state=junk&from=x").has(">hello</a>");
    assert_eq!(site.get("/coprs/alice/tools/monitor/?dirname=nope").status, 404);
}

#[test]
fn an_empty_monitor_says_what_it_is_for() {
    let site = Site::new();
    site.hub.project("tools");
    site.page("/coprs/alice/tools/monitor/").has("Nothing to watch yet");
    assert_eq!(site.get("/coprs/alice/none/monitor/").status, 404);
    assert_eq!(site.get("/coprs/alice/none/live").status, 404);
}
