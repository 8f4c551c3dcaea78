//! Users, groups and tokens.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::Box;

/// The settings of a copr-cli configuration file.
fn settings(text: &str) -> HashMap<&str, &str> {
    assert_eq!(text.lines().next(), Some("[copr-cli]"));
    text.lines().filter_map(|line| line.split_once(" = ")).collect()
}

#[test]
fn the_first_command_makes_the_data_directory() {
    let it = Box::new();
    let link = it.ok("user add alice --admin --email alice@example.com");
    assert!(link.starts_with("http://127.0.0.1:5000/login/once/"), "{link}");
    assert_eq!(link.lines().count(), 1);
    let mode = it.data_dir().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o766, 0o700);
    it.ok("user add bob --email bob@example.com");
    it.ok("group add crew --member bob");
    it.ok("group add ops --member alice --member bob");
    let users = it.json("user list --json");
    assert_eq!(users[0]["name"], "alice");
    assert_eq!(users[0]["admin"], true);
    assert_eq!(users[0]["email"], "alice@example.com");
    assert_eq!(users[1]["groups"], json!(["crew", "ops"]));
    let words = it.ok("user list");
    assert!(words.contains("alice  alice@example.com  @ops admin"), "{words}");
}

#[test]
fn names_are_taken_once_and_must_be_names() {
    let it = Box::new();
    it.ok("user add alice");
    assert!(it.fails("user add alice", 1).contains("there is a user 'alice' already"));
    assert!(it.fails("user add a/b", 2).contains("must contain only letters"));
    assert!(it.fails("user add eve --email nowhere", 1).contains("not an e-mail address"));
    assert!(it.fails("group add crew --member eve", 1).contains("no user 'eve'"));
    assert_eq!(it.json("group list --json"), json!([]));
}

#[test]
fn passwords_come_from_stdin() {
    let it = Box::new();
    let add = ["user", "add", "alice", "--password-stdin"];
    let short = it.run_with(&add, "short\n");
    assert_eq!((short.code, short.stdout.as_str()), (1, ""));
    assert!(short.stderr.contains("at least 8 characters"), "{}", short.stderr);
    let good = it.run_with(&add, "correct horse\n");
    assert_eq!((good.code, good.stdout.as_str()), (0, ""));
    let again = it.run_with(&["user", "password", "alice", "--password-stdin"], "battery staple");
    assert_eq!((again.code, again.stdout.as_str()), (0, ""));
    assert!(it.ok("user password alice").contains("/login/once/"));
    assert!(it.fails("user password bob", 1).contains("no user 'bob'"));
}

#[test]
fn accounts_are_changed_and_disabled() {
    let it = Box::new();
    it.ok("user add alice --admin");
    it.ok("user edit alice --no-admin --email a@example.org");
    it.ok("user disable alice");
    let alice = &it.json("user list --json")[0];
    assert_eq!(
        (&alice["admin"], &alice["disabled"], &alice["email"]),
        (&json!(false), &json!(true), &json!("a@example.org"))
    );
    it.ok("user enable alice");
    assert_eq!(it.json("user list --json")[0]["disabled"], false);
    it.fails("user edit alice", 2);
    it.fails("user disable bob", 1);
}

#[test]
fn a_token_is_a_configuration_file_for_copr_cli() {
    let it = Box::new();
    it.ok("user add alice");
    let text = it.ok("token new alice --name laptop --days 10");
    let settings = settings(&text);
    assert_eq!(settings["username"], "alice");
    assert_eq!(settings["copr_url"], "http://127.0.0.1:5000");
    assert_eq!(settings["encrypted"], "False");
    assert!(settings["login"].len() <= 40 && !settings["login"].contains(':'));
    assert_eq!(settings["token"].len(), 40);
    assert!(text.contains("# expiration date: 20"), "{text}");

    let listed = it.json("token list alice --json");
    assert_eq!(listed[0]["name"], "laptop");
    assert_eq!(listed[0]["login"], settings["login"]);
    assert!(listed[0].get("token").is_none());
    it.ok(&format!("token revoke {}", listed[0]["id"]));
    assert_eq!(it.json("token list alice --json"), json!([]));
    assert!(it.fails("token revoke 99", 1).contains("there is no token 99"));
    assert!(it.fails("token new nobody", 1).contains("no user 'nobody'"));
}

#[test]
fn a_token_may_have_ended_before_it_was_made() {
    let it = Box::new();
    it.ok("user add carol --email carol@example.com");
    let text = it.ok("token new carol --expires 2001-01-01");
    assert!(text.ends_with("# expiration date: 2001-01-01\n"), "{text}");
    assert_eq!(it.json("token new carol --expires 2030-12-31 --json")["expiration"], "2030-12-31");
    it.fails("token new carol --expires tomorrow", 2);
    it.fails("token new carol --expires 2030-12-31 --days 3", 2);
}

#[test]
fn an_encrypted_server_needs_no_word_about_it() {
    let it = Box::new();
    let file = it.dir.path().join("c.toml");
    std::fs::write(&file, "base_url = 'https://copr.example.org'\ntokens.days = 1\n").unwrap();
    let config = file.to_str().unwrap();
    it.ok(&format!("--config {config} user add alice"));
    let text = it.ok(&format!("token new alice --config {config}"));
    assert_eq!(settings(&text)["copr_url"], "https://copr.example.org");
    assert!(!settings(&text).contains_key("encrypted"));
}

#[test]
fn groups_gain_and_lose_members() {
    let it = Box::new();
    for name in ["alice", "bob", "carol"] {
        it.ok(&format!("user add {name}"));
    }
    it.ok("group add devs --member alice");
    assert_eq!(it.ok("group members devs --add carol --add bob --remove alice"), "bob\ncarol\n");
    assert_eq!(it.ok("group list"), "@devs  bob carol\n");
    assert_eq!(it.json("group members devs --json"), json!(["bob", "carol"]));
    assert!(it.fails("group members ops", 1).contains("no group 'ops'"));
    assert!(it.fails("group members devs --add bob --add eve", 1).contains("no user 'eve'"));
}

#[test]
fn commands_may_come_at_the_same_time() {
    let it = &Box::new();
    let names: Vec<String> = (0..8).map(|number| format!("user{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(move || it.ok(&format!("user add {name}")));
        }
    });
    assert_eq!(it.json("user list --json").as_array().unwrap().len(), names.len());
}
