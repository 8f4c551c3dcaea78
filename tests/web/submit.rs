//! Handing in builds, handing them in again, stopping and deleting them.

use coprbox::model::ChrootState;
use rocket::http::Method;

use crate::site::Site;

const PROJECT: &str = "/coprs/alice/tools/";

fn site() -> Site {
    let site = Site::new();
    site.hub.project("tools");
    site.log_in("alice");
    site
}

#[test]
fn every_kind_of_sources_has_its_form() {
    let site = site();
    for (kind, field) in [
        ("", "name=\"pkgs\" aria-describedby=\"hint-pkgs\" rows"),
        ("_upload", "type=\"file\""),
        ("_scm", "name=\"clone_url\""),
        ("_distgit", "name=\"package_name\""),
        ("_pypi", "name=\"pypi_package_name\""),
        ("_rubygems", "name=\"gem_name\""),
        ("_custom", "name=\"script\""),
        ("_rpms", "multiple required"),
    ] {
        let page = site.page(&format!("{PROJECT}add_build{kind}/"));
        page.has(field).has("value=\"fedora-42-x86_64\" checked").has("aria-current=\"true\"");
        page.has(&format!("action=\"{PROJECT}new_build{kind}/\""));
    }
    assert_eq!(site.get(&format!("{PROJECT}add_build_nothing/")).status, 404);
    assert_eq!(site.get(&format!("{PROJECT}nothing/")).status, 404);
}

#[test]
fn a_build_is_handed_in_by_a_form() {
    let site = site();
    let sent = "pkgs=http://h/a-1-1.src.rpm&chroots=fedora-42-x86_64&timeout=77&enable_net=on\
                &bootstrap=unchanged&isolation=simple&with_build_id=&after_build_id=\
                &project_dirname=";
    let done = site.post(&format!("{PROJECT}new_build/"), sent);
    assert_eq!(done.status, 303);
    let page = site.page(done.header("location"));
    page.has("is on its way")
        .has("1\u{a0}min\u{a0}17\u{a0}s")
        .has("simple")
        .has("http://h/a-1-1.src.rpm");
    let two = site.post(
        &format!("{PROJECT}new_build/"),
        "pkgs=http://h/a-1-1.src.rpm%0D%0Ahttp://h/b.spec&chroots=fedora-42-x86_64",
    );
    assert_eq!((two.status, two.header("location")), (303, "/coprs/alice/tools/builds/"));
    let scm = site.post(
        &format!("{PROJECT}new_build_scm/"),
        "clone_url=https://h/a.git&committish=main&chroots=fedora-42-x86_64",
    );
    site.page(scm.header("location")).has("https://h/a.git").has("main");
    let parts = [("pkgs", "a.spec", "Name: a\n"), ("chroots", "", "fedora-42-x86_64")];
    let upload = site.multipart(&format!("{PROJECT}new_build_upload/"), &parts);
    assert_eq!(upload.status, 303, "{}", upload.text);
    site.page(upload.header("location")).has("a.spec");
}

#[test]
fn a_refused_build_keeps_what_was_typed() {
    let site = site();
    let page = site.post(
        &format!("{PROJECT}new_build_scm/"),
        "clone_url=<b>&committish=ma<in&timeout=9&enable_net=on&with_build_id=99&chroots=fedora-43-x86_64",
    );
    assert_eq!(page.status, 400);
    page.has("role=\"alert\"").has("href=\"#field-clone_url\"").has("value=\"&#60;b&#62;\"");
    page.has("value=\"ma&#60;in\"").has("value=\"9\"").has("value=\"fedora-43-x86_64\" checked");
    page.lacks("value=\"fedora-42-x86_64\" checked");
    let nowhere = site.post(&format!("{PROJECT}new_build/"), "pkgs=http://h/a-1-1.src.rpm");
    assert_eq!(nowhere.status, 400);
    nowhere.has("Choose at least one.").has("http://h/a-1-1.src.rpm</textarea>");
    let late = "pkgs=http://h/a-1-1.src.rpm&chroots=fedora-42-x86_64&after_build_id=99";
    let late = site.post(&format!("{PROJECT}new_build/"), late);
    late.has("Build 99 not found").has("<details open>");
    let empty = site
        .multipart(&format!("{PROJECT}new_build_upload/"), &[("chroots", "", "fedora-42-x86_64")]);
    assert_eq!(empty.status, 400);
}

#[test]
fn only_builders_hand_in_builds_and_only_from_here() {
    let site = site();
    let (form, target) = (format!("{PROJECT}add_build_scm/"), format!("{PROJECT}new_build/"));
    let sent = "pkgs=http://h/a-1-1.src.rpm&chroots=fedora-42-x86_64";
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    assert_eq!(site.send(Method::Post, &target, sent, &foreign).status, 403);
    site.page(&format!("{PROJECT}builds/")).has("New build");
    site.log_in("eve");
    assert_eq!(site.get(&form).status, 403);
    assert_eq!(site.post(&target, sent).status, 403);
    site.page(&format!("{PROJECT}builds/")).lacks("New build").lacks("type=\"checkbox\"");
    site.post("/logout", "");
    assert!(site.get(&form).header("location").starts_with("/login"));
}

#[test]
fn a_build_is_handed_in_again_where_it_failed() {
    let site = site();
    let (id, _) = site.build(ChrootState::Failed);
    let page = format!("{PROJECT}build/{id}/");
    let form = format!("{PROJECT}repeat_build/{id}/");
    site.page(&page).has(&format!("href=\"{form}\""));
    site.page(&form).has("value=\"fedora-42-x86_64\" checked");
    site.page(&format!("{form}?chroot=fedora-43-x86_64"))
        .has("value=\"fedora-43-x86_64\" checked")
        .lacks("value=\"fedora-42-x86_64\" checked");
    let target = format!("{PROJECT}new_build_rebuild/{id}/");
    let done = site.post(&target, "chroots=fedora-42-x86_64&timeout=60");
    assert_eq!(done.status, 303, "{}", done.text);
    let made = done.header("location").to_owned();
    assert_ne!(made, page);
    site.page(&made).has("hello");
    assert_eq!(site.post(&target, "chroots=nothing").status, 400);
    assert_eq!(site.get(&format!("/coprs/alice/other/repeat_build/{id}/")).status, 404);
    let (good, _) = site.build(ChrootState::Succeeded);
    // What is there is not ticked again, what never was is.
    site.page(&format!("{PROJECT}repeat_build/{good}/"))
        .lacks("value=\"fedora-42-x86_64\" checked")
        .has("value=\"fedora-43-x86_64\" checked");
}

#[test]
fn a_build_is_deleted_after_a_question() {
    let site = site();
    let (id, _) = site.build(ChrootState::Succeeded);
    let page = format!("{PROJECT}build/{id}/");
    site.page(&page).has(&format!("{page}delete"));
    site.page(&format!("{page}delete")).has("cannot be undone").has("hello 2.12-1");
    site.log_in("eve");
    site.page(&page).lacks("/delete\"");
    assert_eq!(site.get(&format!("{page}delete")).status, 403);
    assert_eq!(site.post(&format!("{page}delete"), "").status, 403);
    site.log_in("alice");
    let done = site.post(&format!("{page}delete"), "");
    assert_eq!((done.status, done.header("location")), (303, "/coprs/alice/tools/builds/"));
    assert_eq!(site.get(&page).status, 404);
    let (running, _) = site.build(ChrootState::Running);
    assert_eq!(site.post(&format!("{PROJECT}build/{running}/delete"), "").status, 409);
}

#[test]
fn builds_that_are_chosen_are_stopped_or_deleted() {
    let site = site();
    let (one, _) = site.build(ChrootState::Failed);
    let (two, _) = site.build(ChrootState::Succeeded);
    let (three, _) = site.build(ChrootState::Running);
    let list = format!("{PROJECT}builds/");
    let chosen = format!("{list}chosen");
    let both = format!("build_ids={one}&build_ids={two}");
    let asked = site.post(&chosen, &format!("{both}&do=ask"));
    assert_eq!(asked.status, 200);
    asked.has("Delete 2 builds?").has(&format!("name=\"build_ids\" value=\"{two}\""));
    site.page(&format!("{PROJECT}build/{one}/"));
    let done = site.post(&chosen, &format!("{both}&do=delete"));
    assert_eq!((done.status, done.header("location")), (303, list.as_str()));
    site.page(&list).has("2 builds are deleted").lacks(&format!("build/{one}/\""));
    let stopped = site.post(&chosen, &format!("build_ids={three}&do=cancel"));
    assert_eq!(stopped.status, 303);
    site.page(&list).has("1 build is being stopped");
    assert_eq!(site.post(&chosen, "do=ask").status, 400);
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    let refused =
        site.send(Method::Post, &chosen, &format!("build_ids={three}&do=delete"), &foreign);
    assert_eq!(refused.status, 403);
    let (four, _) = site.build(ChrootState::Failed);
    let json = site.post(&format!("{PROJECT}delete_builds/"), &format!("build_ids%5B%5D={four}"));
    assert_eq!((json.status, json.text.as_str()), (200, "{\"msg\":\"success\"}"));
}

#[test]
fn of_builds_that_are_chosen_what_can_be_done_is_done_and_the_rest_is_told() {
    let site = site();
    let several = |states: &[ChrootState]| -> Vec<i64> {
        states.iter().map(|state| site.build(*state).0).collect()
    };
    let send = |path: &str, ids: &[i64], more: &str| {
        let ids: Vec<String> = ids.iter().map(|id| format!("build_ids={id}")).collect();
        site.post(&format!("{PROJECT}{path}"), &format!("{}&{more}", ids.join("&")))
    };
    let state = |id: i64| site.hub.get(&format!("/api_3/build/{id}")).ok()["state"].clone();
    let builds = several(&[ChrootState::Succeeded, ChrootState::Pending, ChrootState::Pending]);
    let [finished, one, other] = builds[..] else { panic!("three builds") };
    let told = send("cancel_builds/", &builds, "");
    assert_eq!(told.status, 200, "{}", told.text);
    told.has("2 builds are being stopped.").has(&format!("Build {finished} is finished."));
    assert_eq!([state(one), state(other)], ["canceled", "canceled"]);
    let told = send("cancel_builds/", &builds, "");
    assert_eq!(told.status, 409, "nothing is left to be done");

    let builds = several(&[ChrootState::Failed, ChrootState::Running, ChrootState::Failed]);
    let [one, running, other] = builds[..] else { panic!("three builds") };
    let told = send("delete_builds/", &builds, "");
    assert_eq!(told.status, 200, "{}", told.text);
    told.has("2 builds are deleted.").has(&format!("Build(s) {running} are still running."));
    for gone in [one, other] {
        assert_eq!(site.get(&format!("{PROJECT}build/{gone}/")).status, 404);
    }
    assert_eq!(send("delete_builds/", &[running], "").status, 400);
    let again = send("builds/chosen", &[running, finished], "do=delete");
    assert_eq!(again.status, 303, "{}", again.text);
    site.page(again.header("location")).has("1 build is deleted.").has("are still running");
    let refused = send("builds/chosen", &[running], "do=delete");
    assert_eq!(refused.status, 400);
    refused.has("are still running").has("Delete this build?");
}

#[test]
fn a_list_of_builds_can_be_narrowed_down() {
    let site = site();
    let (good, _) = site.build(ChrootState::Succeeded);
    let (bad, _) = site.build(ChrootState::Failed);
    let list = format!("{PROJECT}builds/");
    let page = site.page(&format!("{list}?status=failed"));
    page.has(&format!("build/{bad}/\"")).has("aria-current=\"true\">failed");
    page.lacks(&format!("<strong>hello</strong></a></td>\n      <td class=\"rest\">{good}"));
    site.page(&format!("{list}?status=running")).has("No build fits");
    site.page(&format!("{list}?dirname=tools")).has(&format!("build/{good}/\""));
    assert_eq!(site.get(&format!("{list}?status=odd")).status, 404);
    assert_eq!(site.get(&format!("{list}?dirname=tools:pr:7")).status, 404);
}
