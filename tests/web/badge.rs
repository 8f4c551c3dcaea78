//! Badges, and sets of builds.

use coprbox::model::ChrootState;
use rocket::http::Method;

use crate::site::Site;

#[test]
fn a_badge_tells_how_a_build_stands() {
    let site = Site::new();
    let (id, _) = site.build(ChrootState::Succeeded);
    let picture = |path: &str| site.send(Method::Get, path, "", &[]);
    for (path, word) in [
        (format!("/coprs/build/{id}/status_image.svg"), "succeeded"),
        ("/coprs/alice/tools/package/hello/status_image/last_build.svg".to_owned(), "succeeded"),
        ("/coprs/alice/tools/package/none/status_image/last_build.svg".to_owned(), "unknown"),
        ("/coprs/build/999/status_image.svg".to_owned(), "bad url"),
        ("/coprs/build/x/status_image.svg".to_owned(), "bad url"),
    ] {
        let badge = picture(&path);
        assert_eq!((badge.status, badge.header("content-type")), (200, "image/svg+xml"), "{path}");
        badge.has(&format!("copr build: {word}"));
        assert!(badge.header("cache-control").contains("no-cache"), "{path}");
    }
    let png = picture(&format!("/coprs/build/{id}/status_image.png"));
    assert_eq!((png.status, png.header("content-type")), (200, "image/png"));
    assert_eq!(site.get(&format!("/coprs/build/{id}/other.png")).status, 404);
    site.page(&format!("/coprs/build/{id}/status_image.svg"));
}

#[test]
fn a_batch_shows_what_it_waits_for() {
    let site = Site::new();
    site.hub.project("tools");
    site.log_in("alice");
    let first = site.hub.build("tools");
    let sent = "pkgs=http://h/b-1-1.src.rpm&chroots=fedora-42-x86_64&after_build_id=";
    let second = site.post("/coprs/alice/tools/new_build/", &format!("{sent}{first}"));
    let page = site.page(second.header("location"));
    page.has("href=\"/batches/detail/2/\"");
    let batch = site.page("/batches/detail/2/");
    batch.has("<h1>Batch 2</h1>").has("waits for batch 1").has(&format!("build/{first}/\""));
    site.page("/status/batches/detail/1").has("at work").has("Batch 2");
    assert_eq!(site.get("/batches/detail/77/").status, 404);
    let of_project = site.page("/coprs/alice/tools/batches/");
    of_project.has("href=\"/batches/detail/1/\"").has("batch 1</a>");
    of_project.has("1 of 1").has("under way");
    site.log_in("bob");
    assert_eq!(site.get("/coprs/alice/tools/batches/").status, 403);
}
