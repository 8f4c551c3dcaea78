//! What a package offers and needs, told from the headers of all its files.
//!
//! Only names are kept, and those that mean the same are made the same: the architecture in
//! `hello(x86-64)` and the symbol versions in `libc.so.6(GLIBC_2.34)(64bit)` do not tell which
//! package it is. Of files only programs are kept, as `#!/usr/bin/python3` needs one.

use std::collections::BTreeSet;
use std::path::Path;

use super::header::{Error, Header, Rpm, tag};
use crate::model::dependency::Links;

/// More names of one kind than this are not kept for a package.
const MOST: usize = 1000;
/// Nor longer ones.
const LONGEST: usize = 200;

/// Where programs are that others call by their path.
const PROGRAMS: [&str; 4] = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"];

/// Reads the headers of all files of a package: its source package, if that is among them, and its
/// binary ones.
pub fn read_files<P: AsRef<Path>>(files: &[P]) -> Result<Links, Error> {
    let mut links = Links::default();
    for file in files {
        add(&mut links, &Rpm::open(file.as_ref())?.main)?;
    }
    // What a package has itself it needs of nobody.
    links.to_run.retain(|name| !links.provides.contains(name));
    Ok(links)
}

fn add(links: &mut Links, header: &Header) -> Result<(), Error> {
    let is_source = !header.has(tag::SOURCERPM);
    let needs = if is_source { &mut links.to_build } else { &mut links.to_run };
    for need in header.strings(tag::REQUIRENAME)? {
        for name in names_in(&need) {
            keep(needs, name);
        }
    }
    if !is_source {
        // First, so that they are kept whatever else there is.
        let own = header.string(tag::NAME)?;
        for name in own.into_iter().chain(header.strings(tag::PROVIDENAME)?) {
            keep(&mut links.provides, &name);
        }
        for file in programs(header)? {
            keep(&mut links.provides, &file);
        }
    }
    Ok(())
}

/// The paths of a package's programs.
fn programs(header: &Header) -> Result<Vec<String>, Error> {
    let dirs = header.strings(tag::DIRNAMES)?;
    let names = header.strings(tag::BASENAMES)?;
    let path = |(name, dir): (&String, u32)| {
        let dir = dirs.get(usize::try_from(dir).ok()?)?;
        PROGRAMS.contains(&dir.as_str()).then(|| format!("{dir}{name}"))
    };
    Ok(names.iter().zip(header.numbers(tag::DIRINDEXES)?).filter_map(path).collect())
}

fn keep(names: &mut BTreeSet<String>, name: &str) {
    let name = plain(name);
    // Features of rpm and of the linker, and what configuration files provide for themselves, are
    // in every package.
    let is_known = ["rpmlib(", "rtld(", "config("].iter().any(|start| name.starts_with(start));
    if !is_known && !name.is_empty() && name.len() <= LONGEST && names.len() < MOST {
        names.insert(name.to_owned());
    }
}

/// The name without what does not tell which package it is.
fn plain(name: &str) -> &str {
    if let Some((library, _)) = name.split_once('(')
        && library.contains(".so")
    {
        return library;
    }
    match name.rsplit_once('(') {
        Some((rest, arch)) if arch.ends_with("-64)") || arch.ends_with("-32)") => rest,
        _ => name,
    }
}

/// The names in a requirement: one, or several in a rich dependency. What follows `if` and `unless`
/// is a condition, and not needed.
fn names_in(need: &str) -> Vec<&str> {
    if !need.starts_with('(') {
        return vec![need];
    }
    let (mut names, mut skip) = (Vec::new(), false);
    for word in need.split_whitespace() {
        let word = word.trim_start_matches('(');
        match word {
            "and" | "or" | "with" | "else" => skip = false,
            // What follows these is a condition, a version or unwanted.
            "if" | "unless" | "=" | "<" | "<=" | ">" | ">=" | "without" => skip = true,
            name if !skip => names.push(balanced(name)),
            _ => {}
        }
    }
    names
}

/// A word without the parentheses that close what was opened before it.
fn balanced(word: &str) -> &str {
    let mut depth = 0_i32;
    for (at, letter) in word.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => return &word[..at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::super::package::tests::{Value, rpm_file};
    use super::*;
    use Value::{Numbers, Text, Texts};

    fn read(files: &[Vec<u8>]) -> Result<Links, Error> {
        let dir = tempfile::tempdir().unwrap();
        let path = |(at, bytes): (usize, &Vec<u8>)| {
            let path = dir.path().join(format!("{at}.rpm"));
            std::fs::write(&path, bytes).unwrap();
            path
        };
        read_files(&files.iter().enumerate().map(path).collect::<Vec<_>>())
    }

    #[test]
    fn a_package_needs_what_others_have() {
        let source = rpm_file(&[
            (tag::NAME, Text("hello")),
            (tag::REQUIRENAME, Texts(&["gcc", "pkgconfig(zlib)", "rpmlib(X)", "(a >= 1 with b)"])),
        ]);
        let binary = rpm_file(&[
            (tag::NAME, Text("hello")),
            (tag::SOURCERPM, Text("hello-1-1.src.rpm")),
            (tag::PROVIDENAME, Texts(&["hello", "hello(x86-64)", "config(hello)"])),
            (tag::REQUIRENAME, Texts(&["libc.so.6(GLIBC_2.34)(64bit)", "libhello.so.1()(64bit)"])),
            (tag::DIRNAMES, Texts(&["/usr/bin/", "/usr/share/"])),
            (tag::BASENAMES, Texts(&["hello", "data"])),
            (tag::DIRINDEXES, Numbers(&[0, 1])),
        ]);
        let library = rpm_file(&[
            (tag::NAME, Text("hello-libs")),
            (tag::SOURCERPM, Text("hello-1-1.src.rpm")),
            (tag::PROVIDENAME, Texts(&["libhello.so.1()(64bit)"])),
        ]);
        let links = read(&[source, binary, library]).unwrap();
        let all = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(all(&links.to_build), "a b gcc pkgconfig(zlib)");
        assert_eq!(all(&links.to_run), "libc.so.6");
        assert_eq!(all(&links.provides), "/usr/bin/hello hello hello-libs libhello.so.1");
    }

    #[test]
    fn names_are_found_in_rich_dependencies() {
        let crates = "(crate(serde/default) >= 1.0 with crate(serde/default) < 2.0~)";
        assert_eq!(names_in(crates), ["crate(serde/default)", "crate(serde/default)"]);
        assert_eq!(names_in("((a or b) and (c if d >= 2))"), ["a", "b", "c"]);
        assert_eq!(names_in("(a if b else c)"), ["a", "c"]);
        assert_eq!(names_in("(x without y)"), ["x"]);
        assert_eq!(names_in("("), [""]);
        assert_eq!(names_in("perl(A::B)"), ["perl(A::B)"]);
        assert_eq!(plain("hello(aarch-64)"), "hello");
        assert_eq!(plain("python3dist(x)"), "python3dist(x)");
    }

    #[test]
    fn no_package_fills_the_tables() {
        let many: Vec<String> = (0..3000).map(|n| format!("need-{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long = "x".repeat(300);
        let file = rpm_file(&[
            (tag::NAME, Text(&long)),
            (tag::SOURCERPM, Text("a.src.rpm")),
            (tag::REQUIRENAME, Texts(&many)),
        ]);
        let links = read(&[file]).unwrap();
        assert_eq!((links.to_run.len(), links.provides.len()), (MOST, 0));
        assert!(read(&[b"no package".to_vec()]).is_err());
    }
}
