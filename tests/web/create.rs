//! Making projects and changing their settings.

use rocket::http::Method;

use crate::site::Site;

const UPDATE: &str = "/coprs/alice/tools/update/";

#[test]
fn a_project_is_made_by_a_form() {
    let site = Site::new();
    site.log_in("bob");
    let form = site.page("/coprs/bob/add/");
    form.has("<h1>New project</h1>").has("value=\"fedora-42-i386\"").lacks("fedora-40");
    form.lacks("name=\"persistent\"").lacks("name=\"auto_prune\"").has("Fedora 43");
    let sent = "name=hello&chroots=fedora-42-x86_64&chroots=epel-9-x86_64&description=a%0D%0Ab\
                &build_enable_net=on&delete_after_days=&repo_priority=&bootstrap=default\
                &initial_pkgs=http://h/a-1-1.src.rpm";
    let made = site.post("/coprs/bob/new/", sent);
    assert_eq!((made.status, made.header("location")), (303, "/coprs/bob/hello/"));
    let page = site.page("/coprs/bob/hello/");
    page.has("role=\"status\"").has("its first build is on the way");
    site.page("/coprs/bob/hello/").lacks("on the way");
    let path = "/api_3/project?ownername=bob&projectname=hello";
    let told = site.hub.get(path).ok();
    assert_eq!(told["description"], "a\nb");
    assert_eq!((&told["enable_net"], &told["auto_prune"]), (&true.into(), &true.into()));
    assert_eq!(told["follow_fedora_branching"], false);
    assert_eq!(told["chroot_repos"].as_object().unwrap().len(), 2);
}

#[test]
fn a_refused_form_keeps_what_was_typed_and_names_the_field() {
    let site = Site::new();
    site.log_in("bob");
    let sent = "name=no+name&description=<b>me</b>&chroots=fedora-43-x86_64&repos=ftp://x&multilib=on\
                &delete_after_days=9000";
    let page = site.post("/coprs/bob/new/", sent);
    assert_eq!(page.status, 400);
    page.has("role=\"alert\"").has("href=\"#field-name\">Name</a>").has("value=\"no name\"");
    page.has("aria-describedby=\"wrong-name hint-name\"").has("aria-invalid=\"true\"");
    page.has("&#60;b&#62;me").has("value=\"fedora-43-x86_64\" checked").has("ftp://x</textarea>");
    page.has("id=\"field-multilib\" name=\"multilib\" aria-describedby=\"hint-multilib\" value=\"on\" checked");
    page.has("Write 0 to 720, or nothing.").has("<details open>");
    let page = site.post("/coprs/bob/new/", "name=fine");
    assert_eq!(page.status, 400);
    page.has("Choose at least one.").has("href=\"#field-chroots\"");
}

#[test]
fn first_packages_that_are_refused_leave_the_project() {
    let site = Site::new();
    site.log_in("bob");
    let sent = "name=hello&chroots=fedora-42-x86_64&initial_pkgs=http://h/readme.txt";
    assert_eq!(site.post("/coprs/bob/new/", sent).status, 303);
    site.page("/coprs/bob/hello/").has("flash warn").has("were not taken");
}

#[test]
fn only_owners_make_projects() {
    let site = Site::new();
    let login = site.get("/coprs/bob/add/");
    assert_eq!(
        (login.status, login.header("location")),
        (303, "/login?next=%2Fcoprs%2Fbob%2Fadd%2F")
    );
    site.log_in("bob");
    assert_eq!(site.get("/coprs/eve/add/").status, 403);
    assert_eq!(site.get("/coprs/nobody/add/").status, 404);
    let sent = "name=hello&chroots=fedora-42-x86_64";
    let page = site.post("/coprs/eve/new/", sent);
    assert_eq!(page.status, 403);
    site.page("/coprs/g/crew/add/").has("action=\"/coprs/g/crew/new/\"");
    let made = site.post("/coprs/g/crew/new/", sent);
    assert_eq!((made.status, made.header("location")), (303, "/coprs/g/crew/hello/"));
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    for path in ["/coprs/bob/new/", "/coprs/bob/new-fedora-review/", "/coprs/g/crew/hello/update/"]
    {
        assert_eq!(site.send(Method::Post, path, sent, &foreign).status, 403, "{path}");
    }
}

#[test]
fn a_project_for_a_review_needs_rawhide() {
    let site = Site::new();
    site.log_in("bob");
    site.page("/coprs/bob/new-fedora-review/").has("60 days");
    let page = site.post("/coprs/bob/new-fedora-review/", "name=review-1-x");
    assert_eq!(page.status, 400);
    page.has("fedora-rawhide-x86_64").has("value=\"review-1-x\"");
    let rawhide = "fedora-rawhide-x86_64".parse().unwrap();
    let recipe = coprbox::model::chroot::ChrootRecipe::Sandbox { repos: vec![], install: vec![] };
    let store = &site.hub.app.store;
    store.write_now(|tx| coprbox::store::chroots::insert(tx, &rawhide, &recipe, "", true)).unwrap();
    assert_eq!(site.post("/coprs/bob/new-fedora-review/", "name=review-1-x").status, 303);
    site.page("/coprs/bob/review-1-x/").has("A temporary project");
    site.page("/").lacks("review-1-x</strong>");
}

#[test]
fn settings_are_shown_and_saved() {
    let site = Site::new();
    site.hub.project("tools");
    site.page("/coprs/alice/tools/").lacks("Settings");
    site.log_in("alice");
    site.page("/coprs/alice/tools/").has("Settings</a>");
    let page = site.page("/coprs/alice/tools/edit/");
    page.has("value=\"fedora-42-x86_64\" checked").lacks("value=\"epel-9-x86_64\" checked");
    page.has("name=\"auto_prune\" aria-describedby=\"hint-auto_prune\" value=\"on\" checked");
    let sent = "description=new&chroots=epel-9-x86_64&repos=copr://alice/tools&repo_priority=7\
                &delete_after_days=10&auto_prune=on&bootstrap=on&isolation=simple&disable_createrepo=on";
    let saved = site.post(UPDATE, sent);
    assert_eq!((saved.status, saved.header("location")), (303, "/coprs/alice/tools/edit/"));
    let page = site.page("/coprs/alice/tools/edit/");
    page.has("The settings are saved.").has(">\nnew</textarea>").has("value=\"10\"");
    page.has("<option value=\"simple\" selected>").has("value=\"epel-9-x86_64\" checked");
    page.lacks("value=\"fedora-42-x86_64\" checked").has("published by hand");
    let sent = "chroots=epel-9-x86_64&repo_priority=&delete_after_days=&auto_prune=on";
    assert_eq!(site.post(UPDATE, sent).status, 303);
    let told = site.hub.get("/api_3/project?ownername=alice&projectname=tools").ok();
    assert!(told["repo_priority"].is_null() && told["delete_after_days"].is_null(), "{told}");
    assert_eq!((&told["description"], &told["devel_mode"]), (&"new".into(), &false.into()));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let site = Site::new();
    site.hub.project("tools");
    site.log_in("alice");
    let page = site.post(UPDATE, "contact=nobody&auto_prune=on&repo_priority=0");
    assert_eq!(page.status, 400);
    page.has("3 things are not right yet").has("Contact must be email address or URL.");
    page.has("value=\"nobody\"").has("Choose at least one.");
    site.post("/logout", "");
    site.log_in("eve");
    assert_eq!(site.get("/coprs/alice/tools/edit/").status, 403);
    assert_eq!(site.post(UPDATE, "chroots=epel-9-x86_64").status, 403);
    let told = site.hub.get("/api_3/project?ownername=alice&projectname=tools").ok();
    assert_eq!(told["chroot_repos"].as_object().unwrap().len(), 2);
}

#[test]
fn repositories_are_made_anew_by_who_may() {
    let site = Site::new();
    let id = site.hub.project("tools")["id"].clone();
    let path = format!("/coprs/id/{id}/createrepo/");
    assert_eq!(site.post(&path, "").header("location"), "/login");
    site.log_in("eve");
    assert_eq!(site.post(&path, "").status, 403);
    site.post("/logout", "");
    site.log_in("alice");
    assert_eq!(site.post(&path, "").header("location"), "/coprs/alice/tools/");
    assert_eq!(site.post("/coprs/id/999/createrepo/", "").status, 404);
}
