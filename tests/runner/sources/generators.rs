//! PyPI and RubyGems: the server of the tests plays both, and stand-ins of ours play the programs
//! that ask them.

use coprbox::model::source::{PyPi, RubyGems, SourceSpec, SpecGenerator, SpecTemplate};

use super::fixture::open;
use super::server::Server;

/// As much of curl as rpmbuild and the stand-ins need.
const CURL: &str = r#"#!/bin/bash
while [ $# -gt 0 ]; do
    case $1 in -o) out=$2; shift ;; -*) ;; *) url=$1 ;; esac; shift
done
rest=${url#http://} host=${url#http://} host=${host%%/*} path=/${rest#*/} to=$host
if [ -n "$http_proxy" ]; then to=${http_proxy#http://} path=$url; fi
exec 3<>"/dev/tcp/${to%:*}/${to#*:}" || exit 7
printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$path" "$host" >&3
read -r version status rest <&3
[ "$status" = 200 ] || { echo "curl: (22) error: $status" >&2; exit 22; }
while IFS= read -r line <&3 && [ "$line" != $'\r' ]; do :; done
cat <&3 > "${out:-/dev/stdout}"
"#;

/// Asks PyPI's JSON, and writes a spec file into the directory it is in.
const PYP2SPEC: &str = r#"#!/bin/bash
name=$1 python=3
[ "$2 $3" = '--fedora-compliant --automode' ] || exit 2
shift 3
while [ $# -gt 0 ]; do
    case $1 in --version) wanted=/$2 ;; --python-alt-version) python=$2 ;; *) exit 2 ;; esac; shift 2
done
server=SERVER; [ $name != offline ] || server=http://127.0.0.1:1
json=$(curl $server/files/pypi/$name$wanted/json); case $? in
    0) ;;
    22) echo "Fatal exception occurred: Package \`$name\` was not found on PyPI" >&2; exit 1 ;;
    *) echo "requests.exceptions.ConnectionError: Max retries exceeded" >&2; exit 1 ;;
esac
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" <<< "$json"; }
printf '%s\n' "Name: python-$name" "Version: $(field version)" 'Release: 1' "Summary: for $python" \
    'License: MIT' "Source0: $(field url)" %description x %files > python-$name.spec
echo 'x = 1' > $name.toml
"#;

/// Asks RubyGems' JSON, and makes a source package.
const GEM2RPM: &str = r#"#!/bin/bash
name=$1
[ "$2 $3 $4 $5" = '--srpm -C . --fetch' ] || exit 2
json=$(curl SERVER/files/gems/$name.json) || { echo "ERROR:  Could not find a valid gem '$name'"; exit 1; }
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" <<< "$json"; }
version=$(field version)
curl -o $name-$version.gem SERVER/files/gems/$name-$version.gem || exit 1
printf '%s\n' "Name: rubygem-$name" "Version: $version" 'Release: 1' 'Summary: x' \
    "License: $(field license)" "Source0: $name-$version.gem" %description x %files > x.spec
rpmbuild -bs --define "_sourcedir $PWD" --define "_srcrpmdir $PWD" x.spec && rm x.spec
"#;

/// The stand-ins, for the repository of tools.
pub fn programs() -> Vec<(&'static str, String)> {
    let url = Server::shared().url();
    [("curl", CURL), ("pyp2spec", PYP2SPEC), ("gem2rpm", GEM2RPM)]
        .map(|(name, text)| (name, text.replace("SERVER", url)))
        .into()
}

fn pypi(name: &str, version: &str, python: &str, generator: SpecGenerator) -> SourceSpec {
    SourceSpec::PyPi(PyPi {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        generator,
        template: SpecTemplate::Default,
        python_versions: vec![python.parse().unwrap()],
    })
}

/// Publishes a release on PyPI.
fn release(name: &str, version: &str, newest: bool) {
    let server = Server::shared();
    let archive = format!("files/archives/{name}-{version}.tar.gz");
    server.put(&archive, version.as_bytes());
    let url = format!("{}/{archive}", server.url());
    let json = format!("{{\"info\": {{\"version\": \"{version}\"}},\n\"url\": \"{url}\"}}");
    server.put(&format!("files/pypi/{name}/{version}/json"), json.as_bytes());
    if newest {
        server.put(&format!("files/pypi/{name}/json"), json.as_bytes());
    }
}

#[test]
fn a_project_of_pypi_becomes_a_source_package() {
    let Some(hub) = open() else { return };
    release("pkg", "1.0", false);
    release("pkg", "2.0", true);
    let made = hub.build(pypi("pkg", "", "3", SpecGenerator::Pyp2spec));
    assert_eq!(made.nvr(), "python-pkg-2.0-1");
    assert_eq!(made.file("pkg-2.0.tar.gz"), b"2.0");
    let made = hub.build(pypi("pkg", "1.0", "3.9", SpecGenerator::Pyp2spec));
    assert_eq!(made.nvr(), "python-pkg-1.0-1");
    let spec = String::from_utf8(made.file("python-pkg.spec")).unwrap();
    assert!(spec.contains("Summary: for 3.9\n"), "{spec}");
}

#[test]
fn what_hinders_a_generator_is_told() {
    let Some(hub) = open() else { return };
    let build = |name, generator| hub.build(pypi(name, "", "3", generator));
    let unknown = build("unknown", SpecGenerator::Pyp2spec);
    unknown.failed("SRPM build error: pyp2spec: there is no such release: ");
    unknown.failed("Package `unknown` was not found on PyPI");
    let offline = build("offline", SpecGenerator::Pyp2spec);
    offline.failed("download failed: pyp2spec cannot reach pypi.org");
    let chroot = format!("debian-12-{}", std::env::consts::ARCH);
    let missing = build("pkg", SpecGenerator::Pyp2rpm);
    missing.failed(&format!(
        "SRPM build error: pyp2rpm is in none of the repositories of {chroot}; add a repository"
    ));
    missing.failed("sources.generator_chroot");
    release("gone", "1.0", true);
    std::fs::remove_file(Server::shared().path("files/archives/gone-1.0.tar.gz")).unwrap();
    build("gone", SpecGenerator::Pyp2spec).failed("download failed: ");
}

#[test]
fn a_gem_becomes_a_source_package() {
    let Some(hub) = open() else { return };
    let server = Server::shared();
    let build = |gem: &str| hub.build(SourceSpec::RubyGems(RubyGems { gem: gem.parse().unwrap() }));
    for (name, license) in [("jewel", "MIT"), ("stone", "")] {
        let json = format!("{{\"version\": \"3.1\",\n\"license\": \"{license}\"}}");
        server.put(&format!("files/gems/{name}.json"), json.as_bytes());
        server.put(&format!("files/gems/{name}-3.1.gem"), b"gem");
    }
    let made = build("jewel");
    assert_eq!(made.nvr(), "rubygem-jewel-3.1-1");
    assert_eq!(made.file("jewel-3.1.gem"), b"gem");
    let unlicensed = build("stone");
    unlicensed.failed("SRPM build error: gem2rpm: the gem names no license");
    build("none").failed("SRPM build error: gem2rpm ended with code 1: ");
}
