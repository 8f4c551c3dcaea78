//! The pages of a project's settings, besides the general one.

use coprbox::ops::chroots;
use rocket::http::Method;

use crate::site::Site;

const HERE: &str = "/coprs/alice/tools";

/// A site with alice's project `tools`, where somebody is logged in.
fn site(who: &str) -> Site {
    let site = Site::new();
    site.hub.project("tools");
    site.log_in(who);
    site
}

fn at(path: &str) -> String {
    format!("{HERE}/{path}")
}

/// Logs somebody else in.
fn change(site: &Site, who: &str) {
    site.post("/logout", "");
    site.log_in(who);
}

#[test]
fn every_page_is_for_those_who_may_change_it() {
    let site = Site::new();
    site.hub.project("tools");
    let pages = [
        "edit",
        "chroots",
        "edit_chroot/fedora-42-x86_64",
        "integrations",
        "repositories",
        "delete",
    ];
    for page in pages {
        let login = site.get(&at(page));
        assert_eq!(login.status, 303, "{page}");
        assert!(login.header("location").starts_with("/login?next=%2Fcoprs%2Falice"), "{page}");
    }
    site.log_in("eve");
    for page in pages {
        assert_eq!(site.get(&at(page)).status, 403, "{page}");
    }
    change(&site, "alice");
    for page in pages.into_iter().chain(["permissions"]) {
        let shown = site.page(&at(page));
        shown.has("aria-label=\"Settings\"").has("aria-current=\"page\">Settings</a>");
        assert_eq!(shown.text.matches("<h1>").count(), 1, "{page}");
    }
    for page in ["edit", "fork", "permissions"] {
        assert_eq!(site.get(&format!("/coprs/alice/none/{page}/")).status, 404, "{page}");
    }
}

#[test]
fn nothing_is_changed_from_another_sites_page_or_without_login() {
    let site = site("alice");
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    let posts = [
        "update",
        "update_chroot/fedora-42-x86_64",
        "update_permissions",
        "permissions_applier_change",
        "new_webhook_secret",
        "delete",
        "fork",
        "repositories/fedora-42-x86_64/extend",
        "repositories/fedora-42-x86_64/expire",
    ];
    for path in posts {
        assert_eq!(
            site.send(Method::Post, &at(path), "verify=yes", &foreign).status,
            403,
            "{path}"
        );
    }
    site.post("/logout", "");
    for path in posts {
        assert_eq!(site.post(&at(path), "verify=yes").header("location"), "/login", "{path}");
    }
    site.page(&at(""));
    let form =
        [("Referer", "http://hub.test:5000/coprs/alice/tools/edit/?x"), ("Host", "hub.test:5000")];
    let login = site.send(Method::Post, &at("update/"), "", &form);
    assert_eq!(login.header("location"), "/login?next=%2Fcoprs%2Falice%2Ftools%2Fedit%2F");
    let elsewhere = [("Referer", "http://hub.test.evil/x"), ("Host", "hub.test")];
    let login = site.send(Method::Post, &at("update/"), "", &elsewhere);
    assert_eq!(login.header("location"), "/login");
}

#[test]
fn what_only_admins_of_the_server_may_change_is_not_offered_to_others() {
    let site = site("bob");
    assert_eq!(site.post("/coprs/bob/new/", "name=x&chroots=epel-9-x86_64").status, 303);
    site.page("/coprs/bob/x/edit/").has("Save the settings").lacks("name=\"auto_prune\"");
    change(&site, "alice");
    assert_eq!(site.post("/coprs/bob/x/update/", "chroots=epel-9-x86_64").status, 303);
    change(&site, "bob");
    site.page("/coprs/bob/x/edit/").has("only admins can change").lacks("Save the settings");
    let page = site.post("/coprs/bob/x/update/", "chroots=epel-9-x86_64&description=mine");
    assert_eq!(page.status, 403);
    page.has("role=\"alert\"").has(">\nmine</textarea>");
}

#[test]
fn a_chroot_is_changed_by_a_form_with_a_file() {
    let site = site("alice");
    site.page(&at("chroots/")).has("edit_chroot/fedora-42-x86_64/").lacks("edit_chroot/epel-9");
    let form = at("update_chroot/fedora-42-x86_64/");
    let page = site.page(&at("edit_chroot/fedora-42-x86_64/"));
    page.has("multipart/form-data").has("<option value=\"unchanged\" selected>");
    let fields = [
        ("buildroot_pkgs", "", "gcc ccache"),
        ("repos", "", "copr://alice/tools"),
        ("module_toggle", "", "nodejs:20, !perl:5.30"),
        ("with_opts", "", "docs"),
        ("without_opts", "", ""),
        ("bootstrap", "", "custom_image"),
        ("bootstrap_image", "", "quay.io/x:1"),
        ("isolation", "", "simple"),
        ("upload_comps", "groups.xml", "<comps/>"),
    ];
    assert_eq!(site.multipart(&form, &fields).header("location"), at("chroots/"));
    site.page(&at("chroots/")).has("2 packages").has("2 modules").has("comps</li>");
    let page = site.page(&at("edit_chroot/fedora-42-x86_64/"));
    page.has("value=\"gcc ccache\"").has("value=\"nodejs:20, !perl:5.30\"").has("groups.xml</a>");
    page.has("<option value=\"custom_image\" selected>").has("value=\"quay.io/x:1\"");
    let comps = site.hub.get(&at("chroot/fedora-42-x86_64/comps/")).ok();
    assert_eq!(comps, "<comps/>");
    // All fields empty, no file chosen: everything is as in the project again.
    let fields = [
        ("buildroot_pkgs", "", ""),
        ("repos", "", ""),
        ("module_toggle", "", ""),
        ("with_opts", "", ""),
        ("without_opts", "", ""),
        ("bootstrap", "", "unchanged"),
        ("bootstrap_image", "", ""),
        ("isolation", "", "unchanged"),
        ("delete_comps", "", "on"),
    ];
    assert_eq!(site.multipart(&form, &fields).status, 303);
    site.page(&at("chroots/")).lacks("chip\">");
}

#[test]
fn a_chroots_form_that_makes_no_sense_names_the_fields() {
    let site = site("alice");
    let form = at("update_chroot/fedora-42-x86_64/");
    let fields = [
        ("module_toggle", "", "nodejs"),
        ("bootstrap", "", "custom_image"),
        ("with_opts", "", "a b"),
        ("upload_comps", "x.xml", "<html/>"),
    ];
    let page = site.multipart(&form, &fields);
    assert_eq!(page.status, 400);
    page.has("href=\"#field-module_toggle\"").has("href=\"#field-bootstrap_image\"");
    page.has("href=\"#field-upload_comps\"").has("value=\"a b\"").has("value=\"nodejs\"");
    assert_eq!(site.post(&at("update_chroot/epel-9-x86_64/"), "").status, 404);
}

#[test]
fn roles_are_asked_for_and_given() {
    let site = site("eve");
    let page = site.page(&at("permissions/"));
    page.has("Your permissions").has("aria-label=\"Ask to be builder\"");
    let asked = site.post(&at("permissions_applier_change/"), "role=builder&wanted=on");
    assert_eq!(asked.header("location"), at("permissions/"));
    site.page(&at("permissions/")).has("You have asked to be builder").has("asked for");
    let page = site.post(&at("permissions_applier_change/"), "role=king&wanted=on");
    assert_eq!(page.status, 400);
    page.has("&#39;king&#39; is not allowed here");

    change(&site, "alice");
    site.page(&at("edit/")).has("wants\">1<").has("users who ask for a role\">1<");
    let page = site.page(&at("permissions/"));
    page.has("name=\"approve\" value=\"builder:eve\"").has("<option value=\"request\" selected>");
    let update = at("update_permissions/");
    assert_eq!(site.post(&update, "builder:eve=request&approve=builder:eve").status, 303);
    let page = site.page(&at("permissions/"));
    page.has("The roles of eve are saved.").lacks("name=\"approve\"");
    assert_eq!(site.post(&update, "user=bob&role=admin").status, 303);
    let page = site.post(&update, "user=nobody&role=admin");
    assert_eq!(page.status, 400);
    page.has("href=\"#field-user\">User</a>")
        .has("value=\"nobody\"")
        .has("<option value=\"admin\" selected>");
    assert_eq!(site.post(&update, "user=alice&role=admin").status, 400);

    change(&site, "eve");
    assert_eq!(site.post(&update, "user=eve&role=admin").status, 403);
    site.page(&at("permissions/")).has("aria-label=\"Be builder no longer\"");
    assert_eq!(site.post(&at("permissions_applier_change/"), "role=builder").status, 303);
    change(&site, "bob");
    let page = site.page(&at("permissions/"));
    page.has("value=\"approved\" selected").lacks("eve");
    site.page(&at("delete/")).has("Only the owner, alice, may delete it.").lacks("name=\"verify\"");
}

#[test]
fn webhooks_have_addresses_once_there_is_a_secret() {
    let site = site("alice");
    site.page(&at("integrations/")).has("Make the addresses").lacks("/webhooks/github/");
    let made = site.post(&at("new_webhook_secret/"), "");
    assert_eq!(made.header("location"), at("integrations/"));
    let page = site.page(&at("integrations/"));
    let base = "http://hub.test:5000/webhooks";
    for word in ["github", "gitlab", "bitbucket", "custom"] {
        page.has(&format!("{base}/{word}/1/"));
    }
    page.has(&format!("{base}/custom-dir/alice/tools:custom:NAME/")).has("curl -X POST");
    let secret =
        |page: &crate::site::Page| page.text.split("/github/1/").nth(1).unwrap()[..36].to_owned();
    let first = secret(&page);
    site.post(&at("new_webhook_secret/"), "");
    assert_ne!(secret(&site.page(&at("integrations/"))), first);
    change(&site, "eve");
    assert_eq!(site.post(&at("new_webhook_secret/"), "").status, 403);
}

#[test]
fn outdated_repositories_are_extended_or_let_go_of() {
    let site = site("alice");
    site.page(&at("repositories/")).has("Nothing is outdated");
    let update = "chroots=fedora-42-x86_64&auto_prune=on";
    assert_eq!(site.post(&at("update/"), update).status, 303);
    let store = &site.hub.app.store;
    let (name, stay) = ("fedora-42-x86_64".parse().unwrap(), std::time::Duration::from_hours(240));
    store.write_now(|tx| chroots::set_active(tx, &name, false, Some(stay))).unwrap();
    let page = site.page(&at("repositories/"));
    page.has("switched off in this project").has("in 6 days").has("in 9 days");
    page.has("Switch on</a>").has("no longer offers it");
    let to = at("repositories/");
    let extended = site.post(&at("repositories/fedora-42-x86_64/extend/"), "");
    assert_eq!(extended.header("location"), to);
    site.page(&to).has("stay longer").has("in 179 days");
    let page = site.post(&at("repositories/fedora-43-x86_64/extend/"), "");
    assert_eq!(page.status, 409);
    page.has("Switch it on again");
    let page = site.page(&at("repositories/fedora-42-x86_64/expire/"));
    page.has("This cannot be undone").has("method=\"post\"");
    assert_eq!(site.get(&at("repositories/epel-9-x86_64/expire/")).status, 404);
    for chroot in ["fedora-42-x86_64", "fedora-43-x86_64"] {
        let path = format!("{HERE}/repositories/{chroot}/expire/");
        assert_eq!(site.post(&path, "").header("location"), to);
    }
    let page = site.page(&to);
    assert_eq!(page.text.matches("with the next tidying</td>").count(), 2, "{}", page.text);
    change(&site, "eve");
    assert_eq!(site.post(&at("repositories/fedora-42-x86_64/extend/"), "").status, 403);
    assert_eq!(site.post(&at("repositories/fedora-42-x86_64/expire/"), "").status, 403);
}

#[test]
fn a_project_is_deleted_once_the_word_is_typed() {
    let site = site("alice");
    site.hub.build("tools");
    let page = site.page(&at("delete/"));
    page.has("1 build with").has("Builds are still under way: 1").lacks("name=\"verify\"");
    assert_eq!(site.post(&at("delete/"), "verify=yes").status, 400);
    site.hub.post("alice", "/api_3/build/cancel/1", serde_json::json!({})).ok();
    site.page(&at("delete/")).has("name=\"verify\"").has("0 B of files");
    let page = site.post(&at("delete/"), "verify=sure");
    assert_eq!(page.status, 400);
    page.has("href=\"#field-verify\"").has("value=\"sure\"").has("Type &#39;yes&#39; to confirm.");
    let gone = site.post(&at("delete/"), "verify=yes");
    assert_eq!((gone.status, gone.header("location")), (303, "/coprs/alice/"));
    site.page("/coprs/alice/").has("alice/tools is deleted.");
    assert_eq!(site.get(&at("")).status, 404);
}

#[test]
fn a_project_is_forked_to_oneself_or_to_a_group() {
    let site = site("bob");
    site.page(&at("forks/")).has("Nobody has forked");
    let page = site.page(&at("fork/"));
    page.has("<option value=\"bob\" selected>").has("value=\"@crew\"").has("value=\"tools\"");
    page.lacks("name=\"confirm\"");
    let made = site.post(&at("fork/"), "ownername=%40crew&name=tools");
    assert_eq!(made.header("location"), "/coprs/g/crew/tools/");
    site.page("/coprs/g/crew/tools/").has("alice/tools is forked.");
    site.page(&at("forks/")).has("/coprs/g/crew/tools/").lacks("Nobody has forked");
    let page = site.post(&at("fork/"), "ownername=%40crew&name=tools");
    assert_eq!(page.status, 400);
    page.has("There is such a project already.").has("name=\"confirm\"").lacks("--confirm");
    let again = site.post(&at("fork/"), "ownername=%40crew&name=tools&confirm=on");
    assert_eq!(again.status, 303);
    let page = site.post(&at("fork/"), "ownername=eve&name=tools");
    assert_eq!(page.status, 400);
    page.has("href=\"#field-ownername\"");
    assert_eq!(site.post(&at("fork/"), "ownername=bob&name=a+b").status, 400);
}
