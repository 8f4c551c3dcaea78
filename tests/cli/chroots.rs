//! Chroots.

use serde_json::json;

use super::Box;

#[test]
fn a_chroot_is_added_listed_and_switched() {
    let it = Box::new();
    it.ok("chroot add fedora-42-x86_64 --builder sandbox --repo file:///base/repo");
    it.ok("chroot add epel-9-aarch64 --builder sandbox --repo https://a/b --repo https://c/d \
           --install gcc --install make --comment slow"
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .as_str());
    it.ok("chroot disable fedora-42-x86_64");
    assert_eq!(
        it.json("chroot list --json"),
        json!([
            {
                "name": "fedora-42-x86_64", "active": false, "comment": "", "builder": "sandbox",
                "repos": ["file:///base/repo"], "install": ["@buildsys-build"]
            },
            {
                "name": "epel-9-aarch64", "active": true, "comment": "slow", "builder": "sandbox",
                "repos": ["https://a/b", "https://c/d"], "install": ["gcc", "make"]
            },
        ])
    );
    it.ok("chroot enable fedora-42-x86_64");
    let words = it.ok("chroot list");
    assert!(words.contains("fedora-42-x86_64  enabled  sandbox  file:///base/repo"), "{words}");
}

#[test]
fn mocks_configuration_file_is_not_the_servers() {
    let it = Box::new();
    let file = it.dir.path().join("mine.cfg");
    std::fs::write(&file, "# mock reads this").unwrap();
    let path = file.to_str().unwrap();
    it.ok(&format!("chroot add fedora-42-x86_64 --builder mock --config {path}"));
    assert_eq!(it.json("chroot list --json")[0]["config"], path);
    let sandbox =
        format!("chroot add a-1-x86_64 --builder sandbox --repo http://a --config {path}");
    it.fails(&sandbox, 2);
}

#[test]
fn mistakes_are_named() {
    let it = Box::new();
    let add = "chroot add fedora-42-x86_64 --builder";
    assert!(it.fails(&format!("{add} mock --config /no/such.cfg"), 1).contains("/no/such.cfg"));
    assert!(it.fails(&format!("{add} sandbox"), 1).contains("at least one repository"));
    assert!(it.fails(&format!("{add} sandbox --repo base"), 1).contains("'base' must be"));
    assert!(it.fails(&format!("{add} docker"), 2).contains("sandbox"));
    it.fails("chroot add nodashes --builder sandbox --repo http://a", 2);
    assert!(it.fails("chroot enable a-1-x86_64", 1).contains("no chroot 'a-1-x86_64'"));
    it.ok(&format!("{add} sandbox --repo http://a"));
    assert!(it.fails(&format!("{add} sandbox --repo http://a"), 1).contains("already"));
}
