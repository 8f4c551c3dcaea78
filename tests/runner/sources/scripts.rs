//! Sources that a script of a user makes.

use std::fs;
use std::net::TcpListener;

use coprbox::model::source::{Custom, SourceSpec};

use super::fixture::{Hub, Outcome, closed, open, spec};

fn custom(script: &str) -> Custom {
    Custom {
        script: format!("{script}\n"),
        chroot: format!("debian-12-{}", std::env::consts::ARCH).parse().unwrap(),
        builddeps: None,
        resultdir: "".parse().unwrap(),
        repos: Vec::new(),
        hook: None,
    }
}

fn build(hub: &Hub, custom: Custom) -> Outcome {
    hub.build(SourceSpec::Custom(custom))
}

/// Lines of a script that write a spec file.
fn writes(file: &str, name: &str, lines: &str) -> String {
    format!("cat > {file} <<'END'\n{}END", spec(name, lines))
}

#[test]
fn a_script_leaves_a_spec_file_and_sources() {
    let Some(hub) = open() else { return };
    let uploads = hub.app.layout().uploads().join("hook");
    fs::create_dir_all(&uploads).unwrap();
    fs::write(uploads.join("hook_payload"), r#"{"ref": "x"}"#).unwrap();
    let script = format!(
        "#!/bin/bash -eu\nunzip -v > /dev/null\necho \"$COPR_OWNER/$COPR_PROJECT/$COPR_PACKAGE\" \
         \"$COPR_RESULTDIR\" $(id -u) $PWD $(ls)\nmkdir -p a/b\ncd a/b\ncp ../../hook_payload .\n{}",
        writes("scripted.spec", "scripted", "Source0: hook_payload")
    );
    let made = build(
        hub,
        Custom {
            builddeps: Some(vec!["/usr/bin/unzip".to_owned()]),
            resultdir: "a/b".parse().unwrap(),
            hook: Some("hook".to_owned()),
            ..custom(&script)
        },
    );
    assert_eq!(made.nvr(), "scripted-1-1");
    assert_eq!(made.file("hook_payload"), br#"{"ref": "x"}"#);
    let said = "/ /workdir/a/b 77777 /workdir hook_payload\n";
    assert!(made.log.contains(&format!("alice/p{said}")), "{}", made.log);
    assert!(hub.soon(|| !uploads.exists()), "the payload is kept for ever");
}

#[test]
fn what_a_script_lacks_or_leaves_wrong_is_told() {
    let Some(hub) = open() else { return };
    build(hub, custom("echo 'error: no coffee' >&2; exit 3"))
        .failed("SRPM build error: the script ended with code 3: error: no coffee");
    build(hub, custom("touch a.tar b.tar")).failed(
        "SRPM build error: no spec file is in the directory that the script began in, but: \
         a.tar, b.tar",
    );
    let two =
        Custom { resultdir: "x".parse().unwrap(), ..custom("mkdir x; touch x/a.spec x/b.spec") };
    build(hub, two).failed("more than one spec file is in the result directory x: a.spec, b.spec");
    let lacking = Custom { builddeps: Some(vec!["no-such-tool".to_owned()]), ..custom("true") };
    build(hub, lacking).failed("has no-such-tool; correct the script's builddeps");
    let nowhere = Custom { chroot: "fedora-1-x86_64".parse().unwrap(), ..custom("true") };
    build(hub, nowhere).failed("the server does not offer fedora-1-x86_64");
    let link = custom("ln -s /etc/passwd evil.spec");
    build(hub, link).failed("no spec file is in");
    let broken = custom(&writes("broken.spec", "broken", "Nonsense here"));
    build(hub, broken).failed("SRPM build error: the spec file cannot be used: line 6");
}

#[test]
fn a_script_reaches_neither_this_machine_nor_its_files() {
    let Some(hub) = closed() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let to = listener.local_addr().unwrap();
    let secret = hub.app.layout().data_dir().join("coprbox.db");
    let script = format!(
        "#!/bin/bash\n(exec 3<>/dev/tcp/127.0.0.1/{port}) && echo reached\n\
         proxy=${{http_proxy#http://}}; exec 3<>/dev/tcp/${{proxy%:*}}/${{proxy#*:}}\n\
         printf 'GET http://{to}/x HTTP/1.1\\r\\nHost: {to}\\r\\n\\r\\n' >&3; head -n 1 <&3\n\
         test -e {secret} && echo seen; ls -d /proc/1/root/{secret} && echo seen\n\
         touch /evil && echo written\n{spec}",
        port = to.port(),
        secret = secret.display(),
        spec = writes(
            "fenced.spec",
            "fenced",
            &format!("%(bash -c '</dev/tcp/127.0.0.1/{}')", to.port())
        )
    );
    let made = build(hub, custom(&script));
    assert_eq!(made.nvr(), "fenced-1-1");
    assert!(made.log.contains("HTTP/1.1 403 Forbidden"), "{}", made.log);
    assert!(made.log.contains("127.0.0.1 is at a private address"), "{}", made.log);
    for said in ["reached\n", "seen\n", "written\n"] {
        assert!(!made.log.contains(said), "{}", made.log);
    }
    let nobody = listener.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}
