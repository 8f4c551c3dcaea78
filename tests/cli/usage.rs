//! What all commands share: help, codes, settings.

use super::Box;

#[test]
fn help_and_version_are_results() {
    let it = Box::new();
    assert!(it.ok("--version").starts_with("coprbox "));
    for line in ["--help", "user --help", "token new --help", "chroot add --help"] {
        assert!(it.ok(line).contains("--data-dir"), "{line}");
    }
    assert!(!it.data_dir().exists());
}

#[test]
fn what_is_not_understood_is_code_two() {
    let it = Box::new();
    for line in ["", "nonsense", "user", "user add", "user list --nonsense", "token revoke x"] {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(it.run(&words).code, 2, "{line}");
    }
    assert!(!it.data_dir().exists());
}

#[test]
fn the_data_directory_may_be_named_in_three_ways() {
    let it = Box::new();
    let dir = it.dir.path().join("other");
    let path = dir.to_str().unwrap();
    it.ok(&format!("--data-dir {path} user add alice"));
    it.ok(&format!("user add bob --data-dir {path}"));
    let file = it.dir.path().join("c.toml");
    std::fs::write(&file, format!("data_dir = '{path}'")).unwrap();
    let listed = it
        .command()
        .env_remove("COPRBOX_DATA_DIR")
        .args(["user", "list", "--config", file.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(listed.stdout).unwrap().lines().count(), 2);
    assert!(!it.data_dir().exists());
}

#[test]
fn a_wrong_setting_names_its_place() {
    let it = Box::new();
    let file = it.dir.path().join("c.toml");
    std::fs::write(&file, "[runner]\nslotz = 3\n").unwrap();
    let path = file.to_str().unwrap();
    let words = it.fails(&format!("--config {path} user list"), 1);
    assert!(words.contains(path) && words.contains("runner.slotz"), "{words}");
    assert!(it.fails("--config /no/such/file user list", 1).contains("/no/such/file"));
}

#[test]
fn a_reader_may_leave_early() {
    use std::process::Stdio;

    let it = Box::new();
    it.ok("user add alice");
    let mut child = it
        .command()
        .args(["user", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}
