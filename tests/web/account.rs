//! Tokens, one's own account, and the pages of owners.

use rocket::http::Method;
use serde_json::json;

use crate::site::Site;

/// The part of a page after `start` and before `end`.
fn between<'p>(page: &'p str, start: &str, end: &str) -> &'p str {
    let from = page.find(start).unwrap() + start.len();
    &page[from..from + page[from..].find(end).unwrap()]
}

#[test]
fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    let site = Site::new();
    site.page("/api").has("Log in to get a token").has("login = …").lacks("action=\"/api/new/\"");
    assert_eq!(site.post("/api/new/", "name=x&days=3").status, 303);
    site.log_in("bob");
    let page = site.post("/api/new/", "name=my+laptop&days=30");
    assert_eq!(page.status, 200, "{}", page.text);
    page.has("[copr-cli]").has("username = bob").has("encrypted = False").has("expiration date");
    let (login, token) =
        (between(&page.text, "login = ", "\n"), between(&page.text, "\ntoken = ", "\n"));
    let basic = format!("{login}:{token}");
    let who = |basic: &str| site.hub.send(basic, Method::Get, "/api_3/auth-check", "", b"");
    assert_eq!(who(&basic).ok()["name"], "bob");
    let list = site.page("/api/");
    list.has("my laptop").lacks(token);
    let row = &list.text[list.text.find("my laptop").unwrap()..];
    let id = between(row, "/api/revoke/", "\"").to_owned();
    site.page(&format!("/api/revoke/{id}")).has("Revoke the token “my laptop”?");
    site.post("/logout", "");
    site.log_in("eve");
    assert_eq!(site.get(&format!("/api/revoke/{id}")).status, 404, "not eve's");
    assert_eq!(site.post(&format!("/api/revoke/{id}"), "").status, 404);
    assert_eq!(who(&basic).status, 200);
    site.post("/logout", "");
    site.log_in("bob");
    assert_eq!(site.post(&format!("/api/revoke/{id}"), "").header("location"), "/api/");
    who(&basic).refused(401);
}

#[test]
fn a_token_that_makes_no_sense_is_refused_with_what_was_typed() {
    let site = Site::new();
    site.log_in("bob");
    let page = site.post("/api/new/", "name=laptop&days=never");
    assert_eq!(page.status, 400);
    page.has("value=\"laptop\"")
        .has("value=\"never\"")
        .has("aria-invalid")
        .lacks("[copr-cli]\nlogin = x");
    let foreign = [("Sec-Fetch-Site", "cross-site")];
    assert_eq!(site.send(Method::Post, "/api/new/", "days=3", &foreign).status, 403);
}

#[test]
fn a_password_is_changed_by_who_knows_it() {
    let site = Site::new();
    site.set_password("bob", "correct horse");
    assert_eq!(site.get("/user/info").header("location"), "/login?next=%2Fuser%2Finfo");
    site.log_in("bob");
    site.page("/user/info").has("Password until now");
    let wrong = site.post("/user/password", "old=wrong&new=battery+staple&again=battery+staple");
    assert_eq!(wrong.status, 403);
    wrong.has("This is not your password").lacks("battery");
    let two = site.post("/user/password", "old=correct+horse&new=battery+staple&again=x");
    assert_eq!(two.status, 400);
    let short = site.post("/user/password", "old=correct+horse&new=x&again=x");
    assert_eq!(short.status, 400);
    let right = "old=correct+horse&new=battery+staple&again=battery+staple";
    assert_eq!(site.post("/user/password", right).header("location"), "/user/info");
    site.page("/user/info").has("you are logged out everywhere else");
    site.post("/logout", "");
    let again = site.post("/login", "username=bob&password=battery+staple&next=/");
    assert_eq!(again.header("location"), "/");
}

#[test]
fn what_is_kept_about_somebody_can_be_had_and_be_gone() {
    let site = Site::new();
    assert_eq!(site.get("/user/info/download").status, 303);
    site.log_in("bob");
    let file = site.page("/user/info/download");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"bob.json\"");
    let json: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    assert_eq!((&json["name"], &json["groups"][0]), (&"bob".into(), &"crew".into()));
    assert_eq!(json["tokens"][0].get("token_hash"), None);
    site.page("/user/delete").has("Type <code>bob</code>");
    assert_eq!(site.post("/user/delete", "verify=alice").status, 400);
    assert_eq!(site.post("/user/delete", "verify=bob").header("location"), "/");
    assert_eq!(site.get("/user/info").status, 303, "logged out");
    assert_eq!(site.hub.send("bob", Method::Get, "/api_3/auth-check", "", b"").status, 401);
    site.page("/coprs/bob/").has("bob has no project yet");
    // Somebody must be left to look after the server.
    site.log_in("alice");
    assert_eq!(site.post("/user/delete", "verify=alice").status, 409);
}

#[test]
fn people_say_something_of_themselves_and_their_groups() {
    let site = Site::new();
    site.log_in("bob");
    site.page("/groups/list/my").has("@crew");
    site.page("/user/customize-profile/").has("action=\"/user/customize-profile/\"");
    let done = site.post("/user/customize-profile/", "profile=I+am+**bob**%3Cscript%3E");
    assert_eq!(done.header("location"), "/coprs/bob/");
    site.page("/coprs/bob/").has("<strong>bob</strong>").lacks("<script>I").has("Change the text");
    site.post("/user/customize-profile/crew", "profile=We+sail");
    site.page("/coprs/g/crew/").has("We sail").has("members").has("/coprs/bob/");
    site.post("/logout", "");
    site.page("/coprs/bob/").lacks("Change the text").lacks("mailto:");
    site.log_in("eve");
    site.page("/groups/list/my").has("You belong to no group");
    let refused = site.post("/user/customize-profile/crew", "profile=pirates");
    assert_eq!(refused.status, 403);
    refused.has("pirates");
    site.page("/coprs/g/crew/").has("We sail").lacks("/coprs/g/crew/add/");
}

#[test]
fn a_list_of_projects_goes_on_under_numbers() {
    let site = Site::new();
    for number in 0..51 {
        site.hub.project(&format!("p{number}"));
    }
    site.page("/coprs/alice/").has("<strong>p50</strong>").lacks("<strong>p0</strong>");
    for second in ["/coprs/alice/2/", "/coprs/alice/?page=2"] {
        site.page(second).has("<strong>p0</strong>").lacks("<strong>p50</strong>");
    }
    let body = |number: i32| json!({"name": format!("t{number}"), "chroots": ["epel-9-x86_64"]});
    for number in 0..51 {
        site.hub.post("bob", "/api_3/project/add/@crew", body(number)).ok();
    }
    for second in ["/groups/g/crew/coprs/2/", "/groups/g/crew/coprs/?page=2", "/coprs/g/crew/2/"] {
        site.page(second).has("<strong>t0</strong>").lacks("<strong>t50</strong>");
    }
}
