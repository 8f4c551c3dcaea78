//! What the packages of a project need of each other.

use std::collections::BTreeSet;

use coprbox::model::dependency::Links;
use coprbox::model::source::SourceSpec;
use coprbox::model::{BuildId, ProjectId};
use coprbox::store::{StoreError, builds, dependencies, packages};

use crate::site::Site;

const HERE: &str = "/coprs/alice/tools/dependencies/";

/// A package: its name, what it needs to be built and what to be run.
type New<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

/// A site with alice's project `tools` and these packages, each of which provides its name.
fn site(found: &[New<'_>]) -> Site {
    let site = Site::new();
    site.hub.project("tools");
    for new in found {
        let build = BuildId(site.hub.build("tools"));
        site.hub.app.store.write_now(|tx| add(tx, build, *new)).unwrap();
    }
    site
}

fn add(
    tx: &coprbox::store::Connection,
    build: BuildId,
    (name, to_build, to_run): New<'_>,
) -> Result<(), StoreError> {
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let project = ProjectId(1);
    let package =
        packages::find_or_insert(tx, project, &name.parse().unwrap(), &SourceSpec::Unset)?;
    builds::set_package(tx, build, package.id, "1-1", None)?;
    let links = Links { provides: set(&[name]), to_build: set(to_build), to_run: set(to_run) };
    dependencies::note(tx, project, (package.id, build), &links)
}

#[test]
fn packages_are_drawn_with_what_they_need_and_in_the_order_to_build_them() {
    let site = site(&[
        ("app", &["lib", "tool"], &["lib"]),
        ("lib", &["tool"], &[]),
        ("tool", &[], &[]),
        ("alone", &[], &["glibc"]),
    ]);
    let page = site.page(HERE);
    page.has("<svg").has("role=\"group\"").has("class=\"to-build\"").has("class=\"to-both\"");
    page.has("aria-label=\"app: pending; needs: 2; needed by: 0\"");
    page.has("href=\"/coprs/alice/tools/package/app/\"").has("to build and to run");
    let order = &page.text[page.text.find("What to build first").unwrap()..];
    let at = |text: &str| order.find(text).unwrap();
    assert!(at(">tool<") < at(">lib<") && at(">lib<") < at(">app<"));
    assert!(at("At any time") < at(">alone<"));
    page.lacks("None of these can be built first").lacks("Not known, as");
    let fresh = "fresh".parse().unwrap();
    let insert = |tx: &_| packages::insert(tx, ProjectId(1), &fresh, &SourceSpec::Unset);
    site.hub.app.store.write_now(|tx| insert(tx)).unwrap();
    site.page(HERE).has("Not known, as they were not built").has("never built");
    // Under all addresses, and for everybody.
    assert_eq!(site.get("/coprs/alice/tools/dependencies").status, 200);
    site.page("/coprs/alice/tools/packages/").has("href=\"/coprs/alice/tools/dependencies/\"");
}

#[test]
fn a_circle_is_named_and_told_apart_by_what_it_stops() {
    let site = site(&[
        ("one", &["two"], &[]),
        ("two", &["one"], &[]),
        ("left", &[], &["right"]),
        ("right", &[], &["left"]),
    ]);
    let page = site.page(HERE);
    page.has("None of these can be built first:").has("These are installed together only:");
    page.has("part of a circle").has("↻");
}

#[test]
fn one_package_is_looked_at_with_what_is_around_it() {
    let site = site(&[
        ("app", &["lib"], &[]),
        ("lib", &["tool"], &[]),
        ("tool", &[], &[]),
        ("far", &["app"], &[]),
    ]);
    let page = site.page(&format!("{HERE}?package=lib"));
    page.has("Around lib").has("lib needs").has("class=\"focus\"");
    page.has("app: pending; needs: 1").lacks("far: importing").lacks("What to build first");
    assert_eq!(site.get(&format!("{HERE}?package=none")).status, 404);
    let detail = site.page("/coprs/alice/tools/package/lib/");
    detail.has("In this project").has(&format!("{HERE}?package=lib"));
    detail.has("/coprs/alice/tools/package/tool/").has("/coprs/alice/tools/package/app/");
}

#[test]
fn where_nothing_is_known_it_says_what_to_do() {
    let empty = site(&[]);
    empty.page(HERE).has("No packages yet").has("copr-cli build alice/tools");
    let unknown = Site::new();
    unknown.build(coprbox::model::ChrootState::Succeeded);
    unknown.page(HERE).has("Nothing is known yet").lacks("rebuild-all");
    unknown.log_in("alice");
    unknown.page(HERE).has("/coprs/alice/tools/packages/rebuild-all/");
    let apart = site(&[("one", &["gcc"], &[]), ("two", &[], &[])]);
    apart.page(HERE).has("can be built in any order").has("<td class=\"tight\"");
    apart.page(&format!("{HERE}?package=one")).has("one needs nothing of this project");
}

#[test]
fn many_packages_are_a_table_in_pages_and_a_picture_of_one() {
    let names: Vec<String> = (0..160).map(|n| format!("lib{n:03}")).collect();
    let needs: Vec<[&str; 1]> = names.iter().map(|_| ["lib000"]).collect();
    let found: Vec<New<'_>> = names
        .iter()
        .zip(&needs)
        .map(|(name, needs)| (name.as_str(), &needs[..], &[][..]))
        .collect();
    let site = site(&found);
    let page = site.page(HERE);
    page.has("Choose one of them").has("page 1 of 4").lacks("class=\"graph\"");
    assert!(page.text.len() < 100 << 10, "{}", page.text.len());
    site.page(&format!("{HERE}?page=4")).has("lib159").lacks("lib001");
    let page = site.page(&format!("{HERE}?package=lib000"));
    page.has("class=\"graph\"").has("There are more than are drawn here").has("and more");
    page.has("?package=lib000&#38;page=2");
    assert!(page.text.len() < 100 << 10, "{}", page.text.len());
}
