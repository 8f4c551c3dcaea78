//! Adding and changing packages.

use coprbox::model::ChrootState;
use serde_json::json;

use crate::site::Site;

const ADD: &str = "/coprs/alice/tools/package/add";

fn site() -> Site {
    let site = Site::new();
    site.hub.project("tools");
    site.log_in("alice");
    site
}

#[test]
fn each_kind_of_sources_has_a_form() {
    let site = site();
    site.page(ADD).has("name=\"clone_url\"").has("name=\"package_name\"").has("name=\"poll\"");
    for (kind, field) in [
        ("scm", "clone_url"),
        ("distgit", "distgit"),
        ("pypi", "pypi_package_name"),
        ("rubygems", "gem_name"),
        ("custom", "script_chroot"),
        ("link", "url"),
        ("upload", "pkgs"),
    ] {
        let page = site.page(&format!("{ADD}/{kind}"));
        page.has(&format!("name=\"{field}\"")).has(&format!("package/new/{kind}\""));
    }
    site.page(&format!("{ADD}/custom")).has("fedora-latest-x86_64").lacks("name=\"poll\"");
    assert_eq!(site.get(&format!("{ADD}/junk")).status, 404);
}

#[test]
fn a_package_is_added_and_changed() {
    let site = site();
    let form = "package_name=hello&scm_type=git&clone_url=https%3A%2F%2Fh%2Fhello.git&committish=\
                main&subdirectory=&spec=&source_build_method=tito&webhook_rebuild=on&max_builds=3\
                &timeout=&chroot_denylist=fedora-43-*";
    let page = site.post("/coprs/alice/tools/package/new/scm", form);
    assert_eq!(page.status, 303, "{}", page.text);
    assert_eq!(page.header("location"), "/coprs/alice/tools/package/hello/");
    let path = "/api_3/package?ownername=alice&projectname=tools&packagename=hello";
    let made = site.hub.get(path).ok();
    assert_eq!(made["source_dict"]["source_build_method"], json!("tito"));
    assert_eq!((&made["auto_rebuild"], &made["source_type"]), (&json!(true), &json!("scm")));

    let edit = "/coprs/alice/tools/package/hello/edit";
    let page = site.page(edit);
    page.has("value=\"https://h/hello.git\"").has("value=\"main\"").has("value=\"fedora-43-*\"");
    page.has("value=\"3\"").has("value=\"tito\" checked");
    site.page(&format!("{edit}/rubygems")).has("sources of another kind").has("gem_name");
    let page = site.post(&format!("{edit}/rubygems"), "gem_name=hello&max_builds=&timeout=");
    assert_eq!(page.status, 303, "{}", page.text);
    let made = site.hub.get(path).ok();
    assert_eq!((&made["auto_rebuild"], &made["source_type"]), (&json!(false), &json!("rubygems")));
}

#[test]
fn a_refused_form_keeps_what_was_typed() {
    let site = site();
    let form = "package_name=hel%20lo&scm_type=git&clone_url=ext%3A%3Ash&spec=a.txt&timeout=soon";
    let page = site.post("/coprs/alice/tools/package/new/scm", form);
    assert_eq!(page.status, 400);
    page.has("value=\"hel lo\"").has("value=\"ext::sh\"").has("value=\"soon\"");
    for field in ["package_name", "clone_url", "spec", "timeout"] {
        page.has(&format!("id=\"wrong-{field}\""));
    }
    let page = site.post("/coprs/alice/tools/package/new/custom", "package_name=a&script=");
    assert_eq!(page.status, 400);
    page.has("id=\"wrong-script\"");
    let page = site.post("/coprs/alice/tools/package/new/upload", "package_name=a");
    assert_eq!(page.status, 400);
    page.has("id=\"wrong-pkgs\"");
}

#[test]
fn only_who_may_gets_the_form() {
    let site = Site::new();
    site.build(ChrootState::Succeeded);
    assert_eq!(
        site.get(ADD).header("location"),
        "/login?next=%2Fcoprs%2Falice%2Ftools%2Fpackage%2Fadd"
    );
    site.log_in("eve");
    for path in [ADD, "/coprs/alice/tools/package/hello/edit"] {
        assert_eq!(site.get(path).status, 403, "{path}");
    }
    let form = "package_name=evil&gem_name=evil";
    assert_eq!(site.post("/coprs/alice/tools/package/new/rubygems", form).status, 403);
}

#[test]
fn packages_with_the_names_of_our_own_pages_have_theirs() {
    let site = site();
    for name in ["add", "new", "edit", "delete"] {
        let form = format!("package_name={name}&gem_name=x{name}&max_builds=&timeout=");
        let made = site.post("/coprs/alice/tools/package/new/rubygems", &form);
        assert_eq!(made.status, 303, "{name}: {}", made.text);
        let url = made.header("location").to_owned();
        site.page("/coprs/alice/tools/packages/").has(&format!("href=\"{url}\""));
        site.page(&url).has(&format!("x{name}"));
        for page in ["edit", "edit/rubygems", "rebuild", "delete", "reset"] {
            assert_eq!(site.get(&format!("{url}{page}")).status, 200, "{url}{page}");
        }
        let changed = format!("gem_name=y{name}&max_builds=&timeout=");
        let changed = site.post(&format!("{url}edit/rubygems"), &changed);
        assert_eq!((changed.status, changed.header("location")), (303, url.as_str()));
        site.page(&url).has(&format!("y{name}"));
        assert_eq!(site.post(&format!("{url}reset"), "").status, 303, "{name}");
        assert_eq!(site.post(&format!("{url}delete"), "").status, 303, "{name}");
        assert_eq!(site.get(&url).status, 404, "{name}");
    }
    site.page(ADD).has("name=\"package_name\"");
}
