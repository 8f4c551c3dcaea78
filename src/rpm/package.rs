//! A package as its header describes it.

use std::fmt;
use std::path::Path;

use super::header::{Error, Rpm, tag};
use crate::model::nevra::Nevra;

/// What is asked of a package here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Name.
    pub name: String,
    /// Epoch; absent means 0 to rpm.
    pub epoch: Option<u32>,
    /// Version.
    pub version: String,
    /// Release.
    pub release: String,
    /// Architecture: `src` for a source package, wherever that was made.
    pub arch: String,
    /// Whether this is a source package.
    pub is_source: bool,
    /// One line that says what it is.
    pub summary: String,
    /// Its licence.
    pub license: String,
    /// A source package builds on these architectures only; empty: on all.
    pub exclusive_arch: Vec<String>,
    /// A source package does not build on these.
    pub exclude_arch: Vec<String>,
    /// Architectures that its binary packages are for, where the spec says so: `noarch`.
    pub build_archs: Vec<String>,
    /// What must be installed to build it. Empty for a binary package.
    pub build_requires: Vec<Requirement>,
    /// The files inside a source package. Empty for a binary package.
    pub sources: Vec<String>,
    /// Which of them is the spec file.
    pub spec: Option<String>,
}

/// One requirement, such as `gcc >= 12`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// A package, something that packages provide, or a rich dependency in parentheses.
    pub name: String,
    /// The version that is needed.
    pub version: Option<VersionNeed>,
}

/// The version part of a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionNeed {
    /// `=`, `<`, `<=`, `>` or `>=`.
    pub operator: &'static str,
    /// `[epoch:]version[-release]`.
    pub version: String,
}

impl fmt::Display for Requirement {
    /// As `dnf install` and spec files have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.version {
            Some(need) => write!(f, " {} {}", need.operator, need.version),
            None => Ok(()),
        }
    }
}

impl Package {
    /// Reads the headers of the package at `path`.
    pub fn read_file(path: &Path) -> Result<Package, Error> {
        Package::from_rpm(&Rpm::open(path)?)
    }

    /// As [`Package::read_file`], for a source package; refuses a binary one.
    pub fn read_source(path: &Path) -> Result<Package, Error> {
        let package = Package::read_file(path)?;
        if package.is_source { Ok(package) } else { Err(Error::NotSource) }
    }

    /// What the headers say.
    pub fn from_rpm(rpm: &Rpm) -> Result<Package, Error> {
        let header = &rpm.main;
        let word = |tag, missing| {
            let text = header.string(tag)?.ok_or(Error::Damaged(missing))?;
            if is_word(&text) { Ok(text) } else { Err(Error::Damaged("its name is no name")) }
        };
        // rpm decides it in the same way: the tag for "is source" came later.
        let is_source = !header.has(tag::SOURCERPM);
        let arch = if is_source { "src".to_owned() } else { word(tag::ARCH, "it has no arch")? };
        let sources = if is_source { header.strings(tag::BASENAMES)? } else { Vec::new() };
        let spec =
            if is_source { find_spec(&sources, &header.numbers(tag::FILEFLAGS)?) } else { None };
        Ok(Package {
            name: word(tag::NAME, "it has no name")?,
            epoch: header.numbers(tag::EPOCH)?.first().copied(),
            version: word(tag::VERSION, "it has no version")?,
            release: word(tag::RELEASE, "it has no release")?,
            arch,
            is_source,
            summary: header.string(tag::SUMMARY)?.unwrap_or_default(),
            license: header.string(tag::LICENSE)?.unwrap_or_default(),
            exclusive_arch: header.strings(tag::EXCLUSIVEARCH)?,
            exclude_arch: header.strings(tag::EXCLUDEARCH)?,
            build_archs: header.strings(tag::BUILDARCHS)?,
            build_requires: if is_source { build_requires(rpm)? } else { Vec::new() },
            sources,
            spec,
        })
    }

    /// The package's full identity.
    pub fn nevra(&self) -> Nevra {
        Nevra {
            name: self.name.clone(),
            epoch: self.epoch,
            version: self.version.clone(),
            release: self.release.clone(),
            arch: self.arch.clone(),
        }
    }
}

/// Whether `text` may stand in file names and lists.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'/')
}

fn find_spec(files: &[String], flags: &[u32]) -> Option<String> {
    const IS_SPEC: u32 = 1 << 5;
    let marked = files.iter().zip(flags).find(|(_, flags)| *flags & IS_SPEC != 0);
    let found = marked.map(|(file, _)| file).or_else(|| {
        files.iter().find(|file| Path::new(file).extension().is_some_and(|e| e == "spec"))
    });
    found.filter(|name| is_word(name) && !name.starts_with('.')).cloned()
}

fn build_requires(rpm: &Rpm) -> Result<Vec<Requirement>, Error> {
    /// A feature of rpm itself, such as `rpmlib(CompressedFileNames)`; dnf leaves it to rpm.
    const RPMLIB: u32 = 1 << 24;
    let header = &rpm.main;
    let names = header.strings(tag::REQUIRENAME)?;
    let versions = header.strings(tag::REQUIREVERSION)?;
    let flags = header.numbers(tag::REQUIREFLAGS)?;
    let of = |at: usize| flags.get(at).copied().unwrap_or(0);
    let mut requirements = Vec::new();
    for (at, name) in names.into_iter().enumerate().filter(|(at, _)| of(*at) & RPMLIB == 0) {
        let version = versions.get(at).filter(|version| !version.is_empty());
        let version = operator(of(at))
            .zip(version)
            .map(|(operator, version)| VersionNeed { operator, version: version.clone() });
        requirements.push(Requirement { name, version });
    }
    Ok(requirements)
}

fn operator(flags: u32) -> Option<&'static str> {
    const LESS: u32 = 1 << 1;
    const GREATER: u32 = 1 << 2;
    const EQUAL: u32 = 1 << 3;
    match flags & (LESS | GREATER | EQUAL) {
        EQUAL => Some("="),
        LESS => Some("<"),
        GREATER => Some(">"),
        f if f == LESS | EQUAL => Some("<="),
        f if f == GREATER | EQUAL => Some(">="),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write as _;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// A value of a tag, for [`rpm_file`].
    pub(crate) enum Value<'a> {
        Text(&'a str),
        Texts(&'a [&'a str]),
        Numbers(&'a [u32]),
        Bytes(&'a [u8]),
    }
    use Value::{Bytes, Numbers, Text, Texts};

    fn word(number: usize) -> u32 {
        u32::try_from(number).unwrap()
    }

    fn header(tags: &[(u32, Value)]) -> Vec<u8> {
        let (mut index, mut data) = (Vec::new(), Vec::new());
        for (tag, value) in tags {
            if matches!(value, Numbers(_)) {
                data.resize(data.len().next_multiple_of(4), 0);
            }
            let offset = data.len();
            let (kind, count) = match value {
                Text(text) => {
                    data.extend_from_slice(text.as_bytes());
                    data.push(0);
                    (6, 1)
                }
                Texts(texts) => {
                    texts.iter().for_each(|text| data.extend([text.as_bytes(), &[0]].concat()));
                    (8, texts.len())
                }
                Numbers(numbers) => {
                    numbers.iter().for_each(|number| data.extend(number.to_be_bytes()));
                    (4, numbers.len())
                }
                Bytes(bytes) => {
                    data.extend_from_slice(bytes);
                    (7, bytes.len())
                }
            };
            for word in [*tag, kind, word(offset), word(count)] {
                index.extend(word.to_be_bytes());
            }
        }
        let mut header = vec![0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0];
        header.extend(word(tags.len()).to_be_bytes());
        header.extend(word(data.len()).to_be_bytes());
        [header, index, data].concat()
    }

    /// A package with these tags in its main header.
    pub(crate) fn rpm_file(main: &[(u32, Value)]) -> Vec<u8> {
        let mut file = vec![0; 96];
        file[..4].copy_from_slice(&[0xed, 0xab, 0xee, 0xdb]);
        let mut rest = header(main);
        rest.extend(b"payload");
        let size = word(rest.len());
        file.extend(header(&[
            (tag::signature::RSA, Bytes(b"\x89..by abcdefgh")),
            (tag::signature::SIZE, Numbers(&[size])),
        ]));
        file.resize(file.len().next_multiple_of(8), 0);
        file.extend(rest);
        file
    }

    fn source_file() -> Vec<u8> {
        rpm_file(&[
            (tag::NAME, Text("hello")),
            (tag::VERSION, Text("2.12")),
            (tag::RELEASE, Text("3.fc42")),
            (tag::EPOCH, Numbers(&[1])),
            (tag::SUMMARY, Texts(&["Say hello", "Sag hallo"])),
            (tag::LICENSE, Text("GPL-3.0-or-later")),
            (tag::ARCH, Text("aarch64")),
            (tag::FILEFLAGS, Numbers(&[0, 32])),
            (tag::REQUIREFLAGS, Numbers(&[0, 12, 0x0100_000a, 0])),
            (tag::REQUIRENAME, Texts(&["gcc", "make", "rpmlib(X)", "(a or b)"])),
            (tag::REQUIREVERSION, Texts(&["", "4.0", "1", ""])),
            (tag::EXCLUSIVEARCH, Texts(&["x86_64", "aarch64"])),
            (tag::BASENAMES, Texts(&["hello-2.12.tar.gz", "hello.spec"])),
        ])
    }

    /// A source package without restrictions.
    pub(crate) fn source() -> Package {
        let mut package = read(&source_file()).unwrap();
        package.exclusive_arch.clear();
        package
    }

    fn read(bytes: &[u8]) -> Result<Package, Error> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        Package::read_source(file.path())
    }

    #[test]
    fn a_source_package_tells_what_a_build_needs_to_know() {
        let package = read(&source_file()).unwrap();
        assert_eq!(package.nevra().to_string(), "hello-1:2.12-3.fc42.src");
        assert_eq!(package.summary, "Say hello");
        assert_eq!(package.exclusive_arch, ["x86_64", "aarch64"]);
        assert_eq!(package.spec.as_deref(), Some("hello.spec"));
        let needs: Vec<String> = package.build_requires.iter().map(ToString::to_string).collect();
        assert_eq!(needs, ["gcc", "make >= 4.0", "(a or b)"]);
    }

    #[test]
    fn what_is_no_source_package_is_refused_with_a_reason() {
        let said = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert_eq!(said(b""), "this is not an RPM package");
        assert_eq!(said(&b"Name: hello\n".repeat(50)), "this is not an RPM package");
        let binary = rpm_file(&[
            (tag::NAME, Text("hello")),
            (tag::VERSION, Text("1")),
            (tag::RELEASE, Text("1")),
            (tag::ARCH, Text("noarch")),
            (tag::SOURCERPM, Text("hello-1-1.src.rpm")),
        ]);
        assert!(said(&binary).starts_with("this is a binary package"));
        let whole = source_file();
        for length in 96..whole.len() {
            assert!(said(&whole[..length]).contains("incomplete"), "{length}");
        }
        let name_with_path = rpm_file(&[(tag::NAME, Text("../x"))]);
        assert!(said(&name_with_path).contains("damaged"));
    }

    #[test]
    fn the_signer_is_found_by_fingerprint() {
        let rpm = Rpm::read(&mut source_file().as_slice()).unwrap();
        assert!(rpm.is_signed());
        assert!(rpm.names_signer(b"abcdefgh"));
        assert!(!rpm.names_signer(b"other"));

        let mut file = vec![0; 96];
        file[..4].copy_from_slice(&[0xed, 0xab, 0xee, 0xdb]);
        file.extend(header(&[(tag::signature::OPENPGP, Texts(&["eA==", "LmFiY2RlZmdo"]))]));
        file.resize(file.len().next_multiple_of(8), 0);
        file.extend(header(&[(tag::NAME, Text("six"))]));
        let rpm = Rpm::read(&mut file.as_slice()).unwrap();
        assert!(rpm.is_signed());
        assert!(rpm.names_signer(b"abcdefgh"));
        assert!(!rpm.names_signer(b"LmFi"));
    }

    #[test]
    fn latin_1_is_tolerated_where_people_wrote() {
        let mut file = source_file();
        let at = file.windows(3).position(|part| part == b"Say").unwrap();
        file[at] = 0xe4;
        assert_eq!(read(&file).unwrap().summary, "\u{fffd}ay hello");
    }

    proptest! {
        #[test]
        fn no_damage_makes_it_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut file = source_file();
            for (at, byte) in changes {
                // Past the lead, where every byte means something.
                let at = 96 + at.index(file.len() - 96);
                file[at] = byte;
            }
            let _ = Rpm::read(&mut file.as_slice()).and_then(|rpm| Package::from_rpm(&rpm));
            file.truncate(cut.index(file.len()));
            let _ = Rpm::read(&mut file.as_slice()).and_then(|rpm| Package::from_rpm(&rpm));
        }
    }

    #[test]
    fn rpm_itself_reads_the_same() {
        const SPEC: &str = "Name: demo\nEpoch: 4\nVersion: 1~rc1\nRelease: 2\nSummary: Démo\n\
            License: MIT\nBuildRequires: bash >= 1\nExclusiveArch: x86_64 noarch\n\
            ExcludeArch: s390x\nBuildArch: noarch\n%description\nx\n";
        let dir = tempfile::tempdir().unwrap();
        let spec = dir.path().join("demo.spec");
        std::fs::write(&spec, SPEC).unwrap();
        let top = format!("_topdir {}", dir.path().display());
        let build = Command::new("rpmbuild").args(["-bs", "--define", &top]).arg(&spec).output();
        let Ok(build) = build else {
            println!("skipped: rpmbuild is not installed");
            return;
        };
        assert!(build.status.success(), "{build:?}");
        let srpm = dir.path().join("SRPMS/demo-1~rc1-2.src.rpm");
        let package = Package::read_source(&srpm).unwrap();
        let format = "%{name}|%{epoch}|%{version}|%{release}|%{summary}|%{license}|\
            [%{exclusivearch} ]|[%{excludearch} ]|[%{buildarchs} ]";
        let theirs = Command::new("rpm").args(["-qp", "--qf", format]).arg(&srpm).output().unwrap();
        let list = |words: &[String]| {
            words.iter().flat_map(|word| [word.as_str(), " "]).collect::<String>()
        };
        let ours = format!(
            "{}|{}|{}|{}|{}|{}|{}|{}|{}",
            package.name,
            package.epoch.unwrap(),
            package.version,
            package.release,
            package.summary,
            package.license,
            list(&package.exclusive_arch),
            list(&package.exclude_arch),
            list(&package.build_archs),
        );
        assert_eq!(String::from_utf8_lossy(&theirs.stdout), ours);
        assert_eq!(package.spec.as_deref(), Some("demo.spec"));
        assert_eq!(package.build_requires[0].to_string(), "bash >= 1");
    }
}
