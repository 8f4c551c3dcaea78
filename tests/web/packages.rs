//! The packages of a project.

use coprbox::model::ChrootState;
use coprbox::store::packages;

use crate::site::Site;

/// A project of alice's with packages of these names.
fn with_packages(names: &[String]) -> Site {
    let site = Site::new();
    site.build(ChrootState::Succeeded);
    let store = &site.hub.app.store;
    store
        .write_now(|tx| {
            let hello = "hello".parse().unwrap();
            let project = coprbox::model::ProjectId(1);
            let source = packages::find(tx, project, &hello)?.unwrap().source;
            for name in names {
                packages::insert(tx, project, &name.parse().unwrap(), &source)?;
            }
            Ok::<_, coprbox::store::StoreError>(())
        })
        .unwrap();
    site
}

#[test]
fn an_empty_list_says_how_packages_come_to_be() {
    let site = Site::new();
    site.hub.project("tools");
    site.page("/coprs/alice/tools/packages/")
        .has("No packages yet")
        .has("copr-cli build alice/tools")
        .lacks("Add a package");
    site.log_in("alice");
    site.page("/coprs/alice/tools/packages").has("Add a package");
}

#[test]
fn packages_are_filtered_and_come_in_pages() {
    let names: Vec<String> = (0..60).map(|n| format!("lib{n:02}")).collect();
    let site = with_packages(&names);
    let first = site.page("/coprs/alice/tools/packages/");
    first.has("hello").has("lib00").has("page 1 of 2").has("?page=2").lacks("lib59");
    site.page("/coprs/alice/tools/packages/?page=2").has("lib59").lacks("lib00");
    let found = site.page("/coprs/alice/tools/packages/?q=LIB5");
    found.has("lib50").has("lib59").lacks("lib00").has("10 of 61");
    let none = site.page("/coprs/alice/tools/packages/?q=%3Cb%3E");
    none.has("No package has").has("&#60;b&#62;").lacks("<b>");
}

#[test]
fn only_who_may_build_is_offered_a_rebuild() {
    let site = with_packages(&[]);
    site.log_in("eve");
    site.page("/coprs/alice/tools/packages/").has("hello").lacks("Rebuild");
    site.log_in("alice");
    site.page("/coprs/alice/tools/packages/").has("/coprs/alice/tools/package/hello/rebuild");
}

#[test]
fn a_package_shows_its_sources_its_builds_and_its_badge() {
    let site = with_packages(&["other".to_owned()]);
    let (id, _) = site.build(ChrootState::Failed);
    let page = site.page("/coprs/alice/tools/package/hello/");
    page.has(&format!("build/{id}/")).has("http://h/a-1-1.src.rpm").has("failed");
    page.has("http://hub.test:5000/coprs/alice/tools/package/hello/status_image/last_build.png");
    page.lacks("package/hello/edit").lacks("As a table");
    site.build(ChrootState::Succeeded);
    site.build(ChrootState::Succeeded);
    let page = site.page("/coprs/alice/tools/package/hello");
    page.has("The last builds, and how long each took").has("As a table");
    site.page("/coprs/alice/tools/package/other/").has("Never built yet");
    assert_eq!(site.get("/coprs/alice/tools/package/none/").status, 404);
    site.log_in("alice");
    site.page("/coprs/alice/tools/package/hello/").has("package/hello/edit").has("/rebuild");
}

#[test]
fn a_package_is_deleted_after_it_was_asked() {
    let site = with_packages(&["other".to_owned()]);
    site.log_in("alice");
    let page = site.page("/coprs/alice/tools/package/hello/delete");
    page.has("Delete hello from alice/tools?").has("Its only build").has("package/hello/delete");
    let other = site.page("/coprs/alice/tools/package/2/delete");
    other.has("Delete other").has("It has no builds");
    assert_eq!(site.post("/coprs/alice/tools/package/2/delete", "").status, 303);
    site.page("/coprs/alice/tools/packages/").has("other is deleted").lacks(">other<");
    site.log_in("eve");
    assert_eq!(site.get("/coprs/alice/tools/package/hello/delete").status, 403);
    assert_eq!(site.post("/coprs/alice/tools/package/hello/delete", "").status, 403);
}

#[test]
fn a_package_forgets_its_sources() {
    let site = with_packages(&[]);
    site.log_in("alice");
    site.page("/coprs/alice/tools/package/hello/reset").has("forget its sources?");
    assert_eq!(site.post("/coprs/alice/tools/package/hello/reset", "").status, 303);
    let page = site.page("/coprs/alice/tools/package/hello/");
    page.has("each build brings its own").lacks("package/hello/rebuild");
}

#[test]
fn a_package_is_built_again() {
    let site = with_packages(&["other".to_owned()]);
    site.log_in("alice");
    let path = "/coprs/alice/tools/package/hello/rebuild";
    site.page(path).has("value=\"fedora-42-x86_64\" checked").has("http://h/a-1-1.src.rpm");
    let refused = site.post(path, "timeout=soon");
    assert_eq!(refused.status, 400);
    refused.has("id=\"wrong-chroots\"").has("id=\"wrong-timeout\"").has("value=\"soon\"");
    let done = site.post(path, "chroots=fedora-43-x86_64&timeout=&enable_net=true");
    assert_eq!(done.status, 303, "{}", done.text);
    let page = site.page(done.header("location"));
    page.has("log=fedora-43-x86_64").lacks("log=fedora-42-x86_64");
}

#[test]
fn all_packages_are_built_again_but_those_without_sources() {
    let site = with_packages(&["one".to_owned(), "two".to_owned()]);
    site.log_in("alice");
    assert_eq!(site.post("/coprs/alice/tools/package/two/reset", "").status, 303);
    let path = "/coprs/alice/tools/packages/rebuild-all/";
    site.page(path).has("value=\"one\" checked").has("value=\"hello\" checked");
    let refused = site.post(path, "packages=on*&packages=x*&chroots=fedora-42-x86_64");
    assert_eq!(refused.status, 400);
    refused.has("No package fits");
    let form = "packages=one&packages=two&packages=hello&chroots=fedora-42-x86_64&respect=on";
    let done = site.post(path, form);
    assert_eq!(done.status, 303, "{}", done.text);
    site.page(done.header("location")).has("2 builds are handed in.").has("or of chroots: two.");
    site.log_in("eve");
    assert_eq!(site.get(path).status, 403);
    assert_eq!(site.post(path, form).status, 403);
}
