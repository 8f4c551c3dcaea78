//! Names that users choose: owners, projects, directories, chroots, packages.
//!
//! Each is parsed once and trusted from then on. All of them become path segments of the results
//! tree, so none may be empty, `.` or `..`, or hold a slash or a control character. All are ASCII,
//! save what follows a project's name in a directory's.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Why a name was refused; the text tells what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} '{given}' {why}")]
pub struct NameError {
    what: &'static str,
    given: String,
    why: &'static str,
}

fn refuse<T>(what: &'static str, given: &str, why: &'static str) -> Result<T, NameError> {
    Err(NameError { what, given: given.chars().take(120).collect(), why })
}

/// Letters, digits, `_`, `.` and `-`: what Copr allows in user, group and project names, in ASCII.
fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident($check:path)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<$name, NameError> {
                $check(text)?;
                Ok($name(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

names! {
    /// A user's login name.
    UserName(check_user),
    /// A group's name, without the `@`.
    GroupName(check_group),
    /// A project's name, unique for its owner.
    ProjectName(check_project),
    /// A source package's name.
    PackageName(check_package),
}

/// Names that stand at an owner's place in web addresses and mean something else there.
const RESERVED_OWNERS: [&str; 10] = [
    "g",
    "build",
    "id",
    "fulltext",
    "packages",
    "update_search_index",
    "add",
    "new",
    "search",
    "static",
];

fn check_user(text: &str) -> Result<(), NameError> {
    check_account("user name", text, 100)
}

fn check_group(text: &str) -> Result<(), NameError> {
    check_account("group name", text, 127)
}

fn check_account(what: &'static str, text: &str, longest: usize) -> Result<(), NameError> {
    check_word(what, text, longest)?;
    if is_number(text) {
        return refuse(what, text, "must not be a number");
    }
    if RESERVED_OWNERS.contains(&text) {
        return refuse(what, text, "is used by the server's own addresses; choose another");
    }
    Ok(())
}

fn check_project(text: &str) -> Result<(), NameError> {
    check_word("project name", text, 100)?;
    if is_number(text) {
        return refuse("project name", text, "must hold more than digits");
    }
    Ok(())
}

fn check_word(what: &'static str, text: &str, longest: usize) -> Result<(), NameError> {
    if text.is_empty() {
        return refuse(what, text, "must not be empty");
    }
    if text.len() > longest {
        return refuse(what, text, "is too long");
    }
    if !is_word(text) {
        return refuse(
            what,
            text,
            "must contain only letters, digits, underscores, dashes and dots",
        );
    }
    if matches!(text, "." | "..") {
        return refuse(what, text, "must hold more than dots");
    }
    Ok(())
}

fn check_package(text: &str) -> Result<(), NameError> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'_' | b'.');
    if text.is_empty() || text.len() > 100 {
        return refuse("package name", text, "must have 1 to 100 characters");
    }
    if !text.bytes().all(legal) || matches!(text, "." | "..") {
        return refuse(
            "package name",
            text,
            "must contain only letters, digits and any of - + _ .",
        );
    }
    Ok(())
}

/// Who a project belongs to: a user, or a group written `@name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A personal project's owner.
    User(UserName),
    /// A group project's owner.
    Group(GroupName),
}

impl Owner {
    /// The form in `/coprs/…` addresses that Copr prints: `alice`, `g/devs`.
    pub fn web_path(&self) -> String {
        match self {
            Owner::User(name) => name.to_string(),
            Owner::Group(name) => format!("g/{name}"),
        }
    }

    /// The form in repository ids and file names: `alice`, `group_devs`.
    pub fn in_repo_id(&self) -> String {
        match self {
            Owner::User(name) => name.to_string(),
            Owner::Group(name) => format!("group_{name}"),
        }
    }
}

impl Owner {
    /// Adds the owner to a text, as `Display` would.
    pub fn push_to(&self, text: &mut String) {
        match self {
            Owner::User(name) => text.push_str(name.as_str()),
            Owner::Group(name) => {
                text.push('@');
                text.push_str(name.as_str());
            }
        }
    }
}

impl FromStr for Owner {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Owner, NameError> {
        match text.strip_prefix('@') {
            Some(group) => group.parse().map(Owner::Group),
            None => text.parse().map(Owner::User),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::User(name) => name.fmt(f),
            Owner::Group(name) => write!(f, "@{name}"),
        }
    }
}

impl Serialize for Owner {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A directory of a project in the results tree: the main one, named like the project,
/// `project:custom:anything` or `project:pr:12`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirName {
    project: ProjectName,
    /// What follows `project:`; empty for the main directory.
    suffix: String,
}

impl DirName {
    /// The main directory of `project`.
    pub fn main(project: ProjectName) -> DirName {
        DirName { project, suffix: String::new() }
    }

    /// The project that the directory belongs to.
    pub fn project(&self) -> &ProjectName {
        &self.project
    }

    /// Whether this is the project's main directory.
    pub fn is_main(&self) -> bool {
        self.suffix.is_empty()
    }

    /// The form in repository ids: dnf takes ASCII there only, and the parts of a directory's name
    /// hold letters of all languages. Each of their bytes becomes `_` and two digits, which stand in
    /// no such part themselves.
    pub fn in_repo_id(&self) -> String {
        let mut id = String::new();
        for c in self.to_string().chars() {
            if c.is_ascii() {
                id.push(c);
                continue;
            }
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                id.push_str(&format!("_{byte:02x}"));
            }
        }
        id
    }

    /// Whether this is a pull request's directory, which expires some weeks after its last build.
    pub fn is_pull_request(&self) -> bool {
        self.suffix.starts_with("pr:")
    }
}

impl DirName {
    /// Adds the name to a text, as `Display` would.
    pub fn push_to(&self, text: &mut String) {
        text.push_str(self.project.as_str());
        if !self.is_main() {
            text.push(':');
            text.push_str(&self.suffix);
        }
    }
}

impl From<ProjectName> for DirName {
    fn from(project: ProjectName) -> DirName {
        DirName::main(project)
    }
}

impl FromStr for DirName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<DirName, NameError> {
        const WHAT: &str = "directory name";
        let Some((project, suffix)) = text.split_once(':') else {
            return text.parse().map(DirName::main);
        };
        let project = project.parse()?;
        let parts: Vec<&str> = suffix.split(':').collect();
        let plain = |part: &str| {
            part.split('-').all(|word| !word.is_empty() && word.chars().all(char::is_alphanumeric))
        };
        if text.len() > 250 {
            return refuse(WHAT, text, "is too long");
        }
        match parts.as_slice() {
            ["custom", rest @ ..] if !rest.is_empty() && rest.iter().all(|part| plain(part)) => {}
            ["pr", id] if plain(id) && id.rsplit('-').next().is_some_and(is_number) => {}
            ["custom", ..] => {
                return refuse(
                    WHAT,
                    text,
                    "needs letters and digits, joined by single dashes, after ':custom:'",
                );
            }
            ["pr", ..] => return refuse(WHAT, text, "needs a pull request's number after ':pr:'"),
            _ => return refuse(WHAT, text, "must be PROJECT:custom:NAME or PROJECT:pr:NUMBER"),
        }
        Ok(DirName { project, suffix: suffix.to_owned() })
    }
}

impl fmt::Display for DirName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_main() {
            return self.project.fmt(f);
        }
        write!(f, "{}:{}", self.project, self.suffix)
    }
}

impl Serialize for DirName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A chroot's name: `<distribution>-<version>-<arch>`, split from the right, since distributions
/// contain dashes themselves (`centos-stream-10-x86_64`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChrootName {
    text: String,
    /// Length of the distribution in `text`.
    distribution: usize,
    /// Length of `<distribution>-<version>` in `text`.
    release: usize,
}

impl ChrootName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The distribution: `fedora`, `centos-stream`, `epel` …
    pub fn distribution(&self) -> &str {
        &self.text[..self.distribution]
    }

    /// The version: `42`, `rawhide`, `15.6` …
    pub fn version(&self) -> &str {
        &self.text[self.distribution + 1..self.release]
    }

    /// The architecture, as mock and Copr spell it: `x86_64`, `i386` …
    pub fn arch(&self) -> &str {
        &self.text[self.release + 1..]
    }

    /// The name without its architecture, as in `.repo` addresses: `fedora-42`.
    pub fn name_release(&self) -> &str {
        &self.text[..self.release]
    }
}

impl FromStr for ChrootName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<ChrootName, NameError> {
        const WHAT: &str = "chroot name";
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'+' | b'-');
        let mut from_right = text.rsplitn(3, '-');
        let (arch, version, distribution) =
            (from_right.next(), from_right.next(), from_right.next());
        let (Some(arch), Some(version), Some(distribution)) = (arch, version, distribution) else {
            return refuse(WHAT, text, "must be DISTRIBUTION-VERSION-ARCH, as in fedora-42-x86_64");
        };
        if [arch, version, distribution].iter().any(|part| part.is_empty() || part.len() > 50) {
            return refuse(
                WHAT,
                text,
                "must be DISTRIBUTION-VERSION-ARCH, each of 1 to 50 characters",
            );
        }
        if !text.bytes().all(legal) || distribution.starts_with(['.', '-']) {
            return refuse(WHAT, text, "must contain only letters, digits and any of - _ . +");
        }
        Ok(ChrootName {
            text: text.to_owned(),
            distribution: distribution.len(),
            release: distribution.len() + 1 + version.len(),
        })
    }
}

impl fmt::Display for ChrootName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for ChrootName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_tricks_are_no_names() {
        for bad in ["", ".", "..", "a/b", "a b", "a\0b", "a\nb", "é", "@a", "a:b"] {
            assert!(bad.parse::<UserName>().is_err(), "user {bad:?}");
            assert!(bad.parse::<ProjectName>().is_err(), "project {bad:?}");
            assert!(bad.parse::<PackageName>().is_err(), "package {bad:?}");
        }
        assert!("g".parse::<UserName>().is_err());
        assert!("123".parse::<UserName>().is_err());
        assert!("123".parse::<ProjectName>().is_err());
        assert!("libstdc++-4.0_x".parse::<PackageName>().is_ok());
        assert!("x".repeat(101).parse::<ProjectName>().is_err());
    }

    #[test]
    fn an_owner_has_three_spellings() {
        let group: Owner = "@devs".parse().unwrap();
        assert_eq!(group.to_string(), "@devs");
        assert_eq!(group.web_path(), "g/devs");
        assert_eq!(group.in_repo_id(), "group_devs");
        let user: Owner = "alice".parse().unwrap();
        assert_eq!((user.to_string(), user.web_path()), ("alice".into(), "alice".into()));
    }

    #[test]
    fn directories_follow_the_rules_of_copr() {
        for good in [
            "p",
            "p:custom:x",
            "p:custom:a-b:c1",
            "p:custom:größe-2:日本",
            "p:pr:12",
            "p:pr:org-repo-12",
        ] {
            assert_eq!(good.parse::<DirName>().unwrap().to_string(), good);
        }
        for bad in [
            "p:",
            "p:tag",
            "p:tag:x",
            "p:custom",
            "p:custom:",
            "p:custom:a_b",
            "p:custom:-a",
            "p:custom:a--b",
            "p:custom:../x",
            "p:custom:a\u{301}",
            "p:custom:a\u{2028}b",
            "größe:custom:x",
            "p:pr:١٢",
            "p:pr:x",
            "p:pr:1:2",
            "p:pr:",
            ":custom:x",
        ] {
            assert!(bad.parse::<DirName>().is_err(), "{bad}");
        }
        assert!("p:pr:12".parse::<DirName>().unwrap().is_pull_request());
        assert!(format!("p:custom:{}", "é".repeat(121)).parse::<DirName>().is_err(), "251 bytes");
        let dir: DirName = "a_b:custom:é-1".parse().unwrap();
        assert_eq!(dir.in_repo_id(), "a_b:custom:_c3_a9-1");
    }

    #[test]
    fn chroot_names_split_from_the_right() {
        for (text, distribution, version, arch) in [
            ("fedora-42-x86_64", "fedora", "42", "x86_64"),
            ("centos-stream-10-aarch64", "centos-stream", "10", "aarch64"),
            ("centos-stream+epel-next-9-x86_64", "centos-stream+epel-next", "9", "x86_64"),
            ("opensuse-leap-15.6-x86_64", "opensuse-leap", "15.6", "x86_64"),
            ("fedora-rawhide-i386", "fedora", "rawhide", "i386"),
        ] {
            let name: ChrootName = text.parse().unwrap();
            assert_eq!(
                (name.distribution(), name.version(), name.arch()),
                (distribution, version, arch)
            );
            assert_eq!(name.name_release(), format!("{distribution}-{version}"));
        }
        for bad in
            ["", "fedora", "fedora-42", "--", "-42-x86_64", "fedora-42-", "../a-1-x", "a-1-x/y"]
        {
            assert!(bad.parse::<ChrootName>().is_err(), "{bad}");
        }
    }
}
