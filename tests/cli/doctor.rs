//! What the machine lacks.

use serde_json::Value;

use super::Box;

/// The findings, and the code.
fn findings(it: &Box, options: &[&str]) -> (Vec<Value>, i32) {
    let mut words = vec!["doctor", "--json"];
    words.extend(options);
    let done = it.run(&words);
    let findings = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.stderr));
    (findings, done.code)
}

fn level<'a>(findings: &'a [Value], what: &str) -> &'a str {
    let found = findings.iter().find(|finding| finding["what"] == what);
    found.unwrap_or_else(|| panic!("no finding about {what}"))["level"].as_str().unwrap()
}

#[test]
fn the_code_says_whether_something_is_broken() {
    let it = Box::new();
    let (found, code) = findings(&it, &[]);
    let is_broken = found.iter().any(|finding| finding["level"] == "broken");
    assert_eq!(code, i32::from(is_broken));
    for finding in &found {
        assert!(finding["level"] == "ok" || finding["fix"].is_string(), "{finding}");
    }
    for what in ["createrepo_c", "rpm", "rpmsign", "gpg", "git", "builder mock", "builder sandbox"]
    {
        level(&found, what);
    }
    assert_eq!(level(&found, "chroots"), "note");
    assert!(!it.data_dir().exists(), "doctor changes nothing");
}

#[test]
fn a_wrong_address_and_a_missing_repository_are_found() {
    let it = Box::new();
    it.ok("chroot add debian-12-x86_64 --builder sandbox --repo file:///no/such/repo");
    let file = it.dir.path().join("c.toml");
    let settings = "listen = '0.0.0.0:5000'\nbase_url = 'http://localhost:5000'\n";
    std::fs::write(&file, settings).unwrap();
    let (found, code) = findings(&it, &["--config", file.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert_eq!(level(&found, "base_url"), "broken");
    assert_eq!(level(&found, "chroot debian-12-x86_64"), "broken");
    it.ok("chroot disable debian-12-x86_64");
    let (found, _) = findings(&it, &[]);
    assert!(!found.iter().any(|finding| finding["what"] == "chroot debian-12-x86_64"));
}

#[test]
fn people_get_words() {
    let it = Box::new();
    let words = it.run(&["doctor"]).stdout;
    assert!(words.lines().any(|line| line.contains("builder sandbox")), "{words}");
}
