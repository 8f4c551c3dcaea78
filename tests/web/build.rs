//! The build page.

use std::fmt::Write as _;

use coprbox::model::ChrootState;
use rocket::http::Method;

use crate::site::Site;

fn page_of(id: i64) -> String {
    format!("/coprs/alice/tools/build/{id}/")
}

#[test]
fn the_short_address_leads_to_the_build() {
    let site = Site::new();
    let (id, _) = site.build(ChrootState::Succeeded);
    for path in [format!("/coprs/build/{id}"), format!("/coprs/build/{id}/")] {
        let answer = site.get(&path);
        assert_eq!((answer.status, answer.header("location")), (302, page_of(id).as_str()));
    }
    site.page(&page_of(id)).has("succeeded");
    assert_eq!(site.get(&format!("/coprs/alice/other/build/{id}")).status, 404);
}

#[test]
fn a_failed_build_says_why_before_anything_else() {
    let site = Site::new();
    let (id, log) = site.build(ChrootState::Failed);
    std::fs::write(&log, "+ make\nmain.c:3: error: no <b>prinft</b>\nmake: *** [all] Error 1\n")
        .unwrap();
    let page = site.page(&page_of(id));
    page.has("rpmbuild &#60;failed&#62;").has("main.c:3: no &#60;b&#62;prinft");
    page.has("<mark>main.c:3: error: no &#60;b&#62;prinft&#60;/b&#62;</mark>");
    let (why, results) = (page.text.find("<mark>"), page.text.find("<h2>Results"));
    assert!(why < results);
    page.has("/results/alice/tools/fedora-42-x86_64/").lacks("sudo dnf install");
}

#[test]
fn the_end_of_a_log_is_on_the_page_without_javascript() {
    let site = Site::new();
    let (id, log) = site.build(ChrootState::Running);
    let mut text = String::new();
    for number in 0..20_000 {
        writeln!(text, "line {number} \u{1b}[31mred\u{1b}[0m <i>").unwrap();
    }
    std::fs::write(&log, &text).unwrap();
    let page = site.page(&page_of(id));
    page.has("</a>line 19999 <span class=\"sgr-1\">red</span> &#60;i&#62;")
        .lacks("line 5 <")
        .lacks("\u{1b}");
    page.has(
        &format!("live?log=fedora-42-x86_64&amp;offset={}", text.len()).replace("&amp;", "&#38;"),
    );
    page.has("Earlier lines").has("id=\"L20000\"");
    assert!(page.text.len() < 100 * 1024, "{}", page.text.len());
    site.page(&format!("{}?log=source", page_of(id))).lacks("line 19999");
    site.page(&format!("{}?log=%22%3E%3Cscript%3E", page_of(id))).lacks("<script>\"");
}

#[test]
fn who_may_stop_a_build_finds_a_button_for_it() {
    let site = Site::new();
    let (id, _) = site.build(ChrootState::Running);
    let (page, cancel) = (page_of(id), format!("{}cancel", page_of(id)));
    site.page(&page).lacks("Cancel this build");
    let refused = site.post(&cancel, "");
    assert_eq!((refused.status, refused.header("location")), (303, "/login"));

    site.log_in("eve");
    site.page(&page).lacks("Cancel this build");
    let refused = site.post(&cancel, "");
    assert_eq!(refused.status, 403);
    refused.has("You are not allowed to cancel this build.");

    site.log_in("alice");
    site.page(&page).has("Cancel this build");
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    assert_ne!(site.send(Method::Post, &cancel, "", &foreign).header("location"), page);
    let done = site.post(&cancel, "");
    assert_eq!((done.status, done.header("location")), (303, page.as_str()));
    site.page(&page).has("canceled").lacks("Cancel this build");
    let again = site.post(&cancel, "");
    assert_eq!(again.status, 409);
}
