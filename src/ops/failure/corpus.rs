//! What logs say, held against what is found in them.
//!
//! Each file holds, before an empty line, the reason, the beginning of the first line that tells
//! it, and what is missing; then an excerpt as the tool writes it.

use super::{Finder, Summary};

fn read(log: &str) -> Summary {
    let mut finder = Finder::default();
    log.lines().for_each(|line| finder.take(line.as_bytes()));
    finder.summary()
}

macro_rules! logs {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("corpus/", $name, ".log")))),*]
    };
}

const CORPUS: &[(&str, &str)] = &logs![
    "autoreconf"
    "cancel"
    "cargo"
    "clang"
    "cmake"
    "configure"
    "crate"
    "ctest"
    "disk"
    "dnf-conflict"
    "dnf4"
    "dnf5"
    "files"
    "gcc"
    "go"
    "go-module"
    "go-network"
    "header"
    "ld"
    "make-rule"
    "memory"
    "meson"
    "mock"
    "network"
    "no-source"
    "npm"
    "patch"
    "pip"
    "program"
    "pytest"
    "python-module"
    "rpm-builddeps"
    "spec"
    "timeout"
    "unpackaged"
];

/// The name of each, what is to be found, and the log.
fn cases() -> impl Iterator<Item = (&'static str, [String; 3], &'static str)> {
    CORPUS.iter().map(|(name, text)| {
        let (wanted, log) = text.split_once("\n\n").unwrap();
        let mut wanted = wanted.lines().map(|line| line.split_once(": ").map_or("", |l| l.1));
        (*name, [(); 3].map(|()| wanted.next().unwrap().to_owned()), log)
    })
}

#[test]
fn every_log_tells_its_reason() {
    let mut wrong = String::new();
    for (name, [reason, line, missing], log) in cases() {
        let found = read(log);
        let first = found.quotes.iter().find(|quote| quote.loud).map(|quote| quote.text.as_str());
        let is_right = found.headline.as_ref() == Some(&reason)
            && first.is_some_and(|first| first.starts_with(&line))
            && found.missing.join(", ") == missing;
        if !is_right {
            wrong += &format!("{name}: {:?}, {first:?}, {:?}\n", found.headline, found.missing);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_quote_is_a_line_of_its_log() {
    for (name, _, log) in cases() {
        let lines: Vec<&str> = log.lines().collect();
        let found = read(log);
        assert!(found.quotes.len() <= 40, "{name}");
        assert!(found.quotes.is_sorted_by_key(|quote| quote.line), "{name}");
        for quote in &found.quotes {
            let at = usize::try_from(quote.line).unwrap() - 1;
            assert_eq!(quote.text, lines[at], "{name}");
        }
    }
}

#[test]
fn a_log_of_any_length_is_quoted_shortly() {
    let mut finder = Finder::from_line(101);
    for number in 0..50_000 {
        finder.take(format!("a.c:{number}: error: no").as_bytes());
        finder.take(format!("make: *** [a{number}] Error 1").as_bytes());
    }
    let found = finder.summary();
    assert_eq!(found.first_line(), Some(101));
    assert_eq!(found.headline.as_deref(), Some("a.c:0: no"));
    assert!(found.quotes.len() < 20, "{:?}", found.quotes);
    assert!(found.quotes.last().is_some_and(|quote| quote.line > 100_000), "the last word");
}

#[test]
fn without_a_reason_the_end_is_quoted() {
    let found = read("a\nb\n+ echo error: no\ngcc -Werror=x -c a.c\n");
    assert_eq!((found.headline, found.quotes.len()), (None, 4));
    assert!(found.quotes.iter().all(|quote| !quote.loud));
}
