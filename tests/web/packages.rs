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
