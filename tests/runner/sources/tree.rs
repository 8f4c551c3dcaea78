//! Directories that came with a request.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use coprbox::model::source::{SourceSpec, Tree};

use super::fixture::{Hub, Outcome, done, open, spec};
use super::hostile::Traps;
use super::server::Server;

/// Builds a packed directory.
#[track_caller]
fn build_packed(hub: &Hub, packed: &Path, spec: &str, pack_source: bool) -> Outcome {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let dir = format!("tmptree{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let place = hub.app.layout().uploads().join(&dir);
    fs::create_dir(&place).unwrap();
    fs::copy(packed, place.join("my-dir.tar.gz")).unwrap();
    let spec = spec.parse().unwrap();
    let outcome =
        hub.build(SourceSpec::Tree(Tree { dir, file: "my-dir.tar.gz".into(), spec, pack_source }));
    // It goes right after the tables know how the build ended.
    let begun = Instant::now();
    while place.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody needs the upload any more");
        std::thread::sleep(Duration::from_millis(10));
    }
    outcome
}

/// Builds a directory of these files.
#[track_caller]
fn build_as(hub: &Hub, files: &[(&str, &str)], spec: &str, pack_source: bool) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().join("top");
    for (name, text) in files {
        let path = top.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let packed = dir.path().join("packed");
    done(Command::new("tar").arg("-czf").arg(&packed).arg("-C").arg(&top).arg("."));
    build_packed(hub, &packed, spec, pack_source)
}

#[track_caller]
fn build(hub: &Hub, files: &[(&str, &str)]) -> Outcome {
    build_as(hub, files, "", false)
}

/// The names in an archive of a source package.
#[track_caller]
fn packed_names(outcome: &Outcome, archive: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(archive);
    fs::write(&path, outcome.file(archive)).unwrap();
    let names = done(Command::new("tar").env("LC_ALL", "C.UTF-8").arg("-tf").arg(&path));
    names.lines().filter(|name| !name.ends_with('/')).map(ToOwned::to_owned).collect()
}

#[test]
fn the_source_that_is_not_there_is_the_directory_itself() {
    let Some(hub) = open() else { return };
    let own = "Source0: %{name}-%{version}.tar.gz\nPatch0: fix.patch";
    let made = build(
        hub,
        &[
            ("dist/hello.spec", &spec("hello", own)),
            ("dist/fix.patch", "x"),
            ("src/main.c", "int main;"),
            ("a b/ü", "x"),
        ],
    );
    assert_eq!(made.nvr(), "hello-1-1");
    assert_eq!(made.files(), ["fix.patch", "hello-1.tar.gz", "hello.spec"]);
    assert_eq!(made.file("fix.patch"), b"x");
    let names = packed_names(&made, "hello-1.tar.gz");
    let expected = ["a b/ü", "dist/fix.patch", "dist/hello.spec", "src/main.c"]
        .map(|name| format!("hello-1/{name}"));
    assert_eq!(names, expected);
    assert!(
        made.log.contains("Source0: hello-1.tar.gz is made from the directory"),
        "{}",
        made.log
    );
}

#[test]
fn the_archive_is_what_setup_expects() {
    let Some(hub) = open() else { return };
    for (setup, inside) in [
        ("%setup -q", "hello-1/main.c"),
        ("%autosetup -p1 -n %{name}-v%{version}", "hello-v1/main.c"),
        ("  %setup -qn \"%{name}.git\"", "hello.git/main.c"),
        ("%setup -n%{name}/src", "hello/main.c"),
        ("%setup -q -c", "./main.c"),
    ] {
        let text = spec("hello", "Source: %{name}.tar.xz\nSource1: extra.tar");
        let text = text.replace("%files", &format!("%prep\n{setup}\n%files"));
        let made = build(hub, &[("hello.spec", &text), ("main.c", ""), ("extra.tar", "own")]);
        let names = packed_names(&made, "hello.tar.xz");
        assert!(names.iter().any(|name| name == inside), "{setup}: {names:?}");
        assert_eq!(made.file("extra.tar"), b"own");
    }
    let bad = spec("hello", "Source: a.tar.gz").replace("%files", "%prep\n%setup -n ..\n%files");
    build(hub, &[("hello.spec", &bad)]).failed("SRPM build error: error: %setup unpacks into '..'");
}

#[test]
fn addresses_are_downloaded_and_what_is_there_is_taken() {
    let Some(hub) = open() else { return };
    let server = Server::shared();
    server.put("files/remote.tar.gz", b"remote");
    let lines = format!(
        "Source0: {0}/files/remote.tar.gz\nSource1: {0}/files/none/there.tar.gz\n\
         Source2: own-%{{version}}.tar.gz",
        server.url()
    );
    let text = spec("mixed", &lines);
    let files = [
        ("mixed.spec", text.as_str()),
        ("there.tar.gz", "there"),
        ("SOURCES/own-1.tar.gz", "own"),
        ("main.c", ""),
    ];
    let made = build(hub, &files);
    assert_eq!(made.file("remote.tar.gz"), b"remote");
    assert_eq!(made.file("there.tar.gz"), b"there");
    assert_eq!(made.file("own-1.tar.gz"), b"own");
    let made = build_as(hub, &files, "mixed.spec", true);
    assert!(packed_names(&made, "remote.tar.gz").contains(&"mixed-1/main.c".to_owned()));
    assert_eq!(made.file("there.tar.gz"), b"there");
    // What the spec file reads of the directory is there when its sources have been downloaded.
    let version = "Source0: x.tar.gz\nVersion: %(cat VERSION)";
    let text = spec("reading", &format!("Patch0: {}/files/remote.tar.gz", server.url()))
        .replace("Version: 1", version);
    let made = build(hub, &[("dist/reading.spec", &text), ("VERSION", "7\n")]);
    assert_eq!(made.nvr(), "reading-7-1");
    assert_eq!(made.files(), ["reading.spec", "remote.tar.gz", "x.tar.gz"]);
    let gone = spec("gone", &format!("Source0: {}/files/gone.tar.gz", server.url()));
    build(hub, &[("gone.spec", &gone)]).failed("download failed: ");
}

#[test]
fn a_package_is_built_again_from_the_source_package_that_was_made() {
    let Some(hub) = open() else { return };
    let text = spec("again", "Source: again.tar.gz");
    let made = build(hub, &[("again.spec", &text), ("a.c", "")]);
    let again = hub.rebuild("again");
    assert_eq!(again.nvr(), "again-1-1");
    assert_eq!(again.file("again.tar.gz"), made.file("again.tar.gz"));
    assert!(again.log.contains("uploaded: again-1-1.src.rpm"), "{}", again.log);
}

#[test]
fn what_cannot_be_built_is_told_in_a_sentence() {
    let Some(hub) = open() else { return };
    let plain = spec("a", "");
    build(hub, &[("README", "")]).failed("the directory has no spec file");
    let two = [("a.spec", plain.as_str()), ("b.spec", "")];
    build(hub, &two).failed("there are several spec files, name one: a.spec b.spec");
    assert_eq!(build_as(hub, &two, "a.spec", false).nvr(), "a-1-1");
    build_as(hub, &two, "c.spec", false).failed("the directory has no file c.spec");
    // A hidden one is nobody's, and one at the top comes before those below.
    let deep = [("a.spec", plain.as_str()), ("x/b.spec", ""), (".c.spec", ""), (".d/d.spec", "")];
    assert_eq!(build(hub, &deep).nvr(), "a-1-1");
    for (lines, why) in [
        ("Source0: a.zip", "a.zip is not in the directory, and only an archive"),
        ("Source0: a.tar.gz\nSource1: b.tar.gz", "Source1: b.tar.gz is not in the directory"),
        ("Patch0: no.patch", "no.patch"),
        ("# {{{ git_dir_version }}}", "has templates of rpkg"),
        ("%{nonsense", "unclosed macro"),
    ] {
        build(hub, &[("a.spec", &spec("a", lines))]).failed(why);
    }
    let dir = tempfile::tempdir().unwrap();
    let packed = dir.path().join("packed");
    fs::write(&packed, "this is no archive").unwrap();
    build_packed(hub, &packed, "", false).failed("the uploaded directory cannot be unpacked");
}

#[test]
fn a_spec_file_stays_in_the_chroot() {
    let Some(hub) = open() else { return };
    let traps = Traps::new();
    let (touched, secret) = (traps.touched(), traps.secret());
    for line in [
        format!("%(touch {})", touched.display()),
        format!("%{{lua:os.execute('touch {}')}}", touched.display()),
        format!("%{{echo:%(cat {})}}", secret.display()),
        format!("Source0: {}", secret.display()),
        format!("%include {}", secret.display()),
        "Source0: $(touch x).tar.gz".to_owned(),
        "Source0: --checkpoint-action=exec=sh x.tar.gz".to_owned(),
        format!("Source0: a.tar.gz\n%global x %(ln -s {} out)", traps.dir.path().display()),
    ] {
        traps.check(&build(hub, &[("evil.spec", &spec("evil", &line)), ("main.c", "")]));
    }
}

/// Archives that no tar would make.
const HOSTILE: &str = r#"
import io, sys, tarfile
where, dir, spec = sys.argv[1:]
with tarfile.open(where, "w:gz", format=tarfile.GNU_FORMAT) as tar:
    def add(name, kind=tarfile.REGTYPE, link="", text=b"", mode=0o644):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size, info.mode = kind, link, len(text), mode
        info.uid = info.gid = 0
        tar.addfile(info, io.BytesIO(text))
    add("evil.spec", text=spec.encode())
    add(dir + "/touched", text=b"absolute")
    add("../" * 12 + dir + "/touched", text=b"upwards")
    add("out", tarfile.SYMTYPE, dir)
    add("out/touched", text=b"through a link")
    add("hard", tarfile.LNKTYPE, dir + "/secret")
    add("data", tarfile.SYMTYPE, dir + "/secret")
    add("null", tarfile.CHRTYPE)
    add("disk", tarfile.BLKTYPE)
    add("fifo", tarfile.FIFOTYPE)
    add("root-shell", text=b"id", mode=0o6755)
    add("locked", tarfile.DIRTYPE, mode=0)
"#;

#[test]
fn an_archive_writes_nothing_outside_of_the_chroot() {
    let Some(hub) = open() else { return };
    let traps = Traps::new();
    let packed = traps.dir.path().join("packed");
    for lines in ["", "Source0: data", "Source0: hard", "Source0: fifo", "Source0: a.tar.gz"] {
        let mut python = Command::new("python3");
        python.arg("-c").arg(HOSTILE).arg(&packed).arg(traps.dir.path());
        done(python.arg(spec("evil", lines)));
        traps.check(&build_packed(hub, &packed, "", false));
    }
}
