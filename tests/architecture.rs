//! Holds the rules of the house against the code: who may use whom, what belongs into one room
//! only, how long a file may be. The order of the rooms is read from the table in `src/lib.rs`;
//! there is no list of exceptions.
//!
//! The rules look at text, not at types: comments and literals are told from code by a small
//! lexer, which is as much Rust as this needs to know.

#[path = "architecture/lexer.rs"]
mod lexer;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lexer::Source;

/// No file of ours is longer: what does not fit is two things.
const MAX_LINES: usize = 500;

/// Rooms that do not know each other although one of them comes first in the table.
const STRANGERS: [(&str, &str); 2] = [("store", "repo"), ("api", "web")];

/// Rooms in which HTTP does not exist.
const WITHOUT_ROCKET: [&str; 8] =
    ["clock", "model", "rpm", "process", "store", "repo", "runner", "ops"];

/// What the model may take out of `std::net`: numbers that name a host, and nothing that opens a
/// connection.
const ADDRESSES: [&str; 3] = ["IpAddr", "Ipv4Addr", "Ipv6Addr"];

/// The filters whose output is HTML already; all others are escaped by the template engine.
const SAFE_FILTERS: [&str; 1] = ["markdown"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `dir` (relative to the crate) with one of the endings, sorted.
fn files(dir: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(root().join(dir))
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| !path.components().any(|part| part.as_os_str() == "node_modules"))
        .filter(|path| {
            path.extension().is_some_and(|end| endings.iter().any(|wanted| end == *wanted))
        })
        .collect();
    found.sort();
    found
}

fn name_of(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The sources of the crate, each with the room it stands in; `lib.rs` and `main.rs` are the
/// corridor and belong to none, and a `tests.rs` is not shipped.
fn rooms() -> Vec<(String, PathBuf, Source)> {
    let mut all = Vec::new();
    for path in files("src", &["rs"]) {
        let inside = path.strip_prefix(root().join("src")).expect("listed under src");
        let first = inside.components().next().expect("a file has a name").as_os_str();
        let room = first.to_string_lossy().trim_end_matches(".rs").to_string();
        if room != "lib" && room != "main" && !path.ends_with("tests.rs") {
            let source = Source::read(&fs::read_to_string(&path).expect("sources are UTF-8"));
            all.push((room, path, source));
        }
    }
    all
}

/// The rooms in the order of the table in `lib.rs`: each row's first cell names them.
fn order() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs is there");
    let cells = lib.lines().filter_map(|line| line.strip_prefix("//! | ")?.split('|').next());
    cells
        .flat_map(|cell| cell.split("[`").skip(1).filter_map(|rest| rest.split('`').next()))
        .map(ToString::to_string)
        .collect()
}

fn report(title: &str, found: &[String]) {
    assert!(found.is_empty(), "{title}:\n  {}", found.join("\n  "));
}

#[test]
fn the_table_in_lib_names_every_room() {
    let mut listed = order();
    listed.sort();
    let mut there: Vec<String> = rooms().into_iter().map(|(room, ..)| room).collect();
    there.dedup();
    assert_eq!(listed, there, "the table in src/lib.rs and the modules under src differ");
}

#[test]
fn rooms_use_only_those_before_them() {
    let order: BTreeMap<String, usize> =
        order().into_iter().enumerate().map(|(rank, room)| (room, rank)).collect();
    let mut wrong = Vec::new();
    for (room, path, source) in rooms() {
        let depth = module_depth(&path);
        for (line, used) in lexer::rooms_used(source.code(), depth) {
            let Some(rank) = order.get(&used) else { continue };
            let strangers = STRANGERS.contains(&(&used, &room));
            if used != room && (*rank > order[&room] || strangers) {
                wrong.push(format!("{}:{line}: `{room}` uses `{used}`", name_of(&path)));
            }
        }
    }
    report("a room may use only those before it in the table of src/lib.rs", &wrong);
}

/// How many `super::` lead from the top of this file to the crate.
fn module_depth(path: &Path) -> usize {
    let inside = path.strip_prefix(root().join("src")).expect("listed under src");
    let parts = inside.components().count();
    if inside.file_name().is_some_and(|name| name == "mod.rs") { parts - 1 } else { parts }
}

/// Finds every place where a path like `rocket` or `Command::new` stands in the shipped code of
/// a room for which `forbidden` says so.
fn hunt(paths: &[&str], forbidden: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (room, path, source) in rooms() {
        if !forbidden(&room) {
            continue;
        }
        for wanted in paths {
            for line in lexer::lines_with_path(source.shipped(), wanted) {
                found.push(format!("{}:{line}: {wanted}", name_of(&path)));
            }
        }
    }
    found
}

#[test]
fn programs_are_started_in_process_only() {
    let found = hunt(&["Command::new", "process::Command"], |room| room != "process");
    report("other programs are started through crate::process", &found);
}

#[test]
fn http_ends_where_the_rules_begin() {
    let found = hunt(&["rocket"], |room| WITHOUT_ROCKET.contains(&room));
    report("Rocket is for auth, http, api, web and cli", &found);
}

#[test]
fn the_model_does_no_io() {
    let io = ["std::fs", "std::process", "std::env", "tokio", "rusqlite"];
    let mut found = hunt(&io, |room| room == "model");
    for (room, path, source) in rooms() {
        for net in ["std::net", "core::net"].iter().filter(|_| room == "model") {
            for (line, taken) in lexer::taken_from(source.shipped(), net) {
                if !ADDRESSES.contains(&taken.as_str()) {
                    found.push(format!("{}:{line}: {net}::{taken}", name_of(&path)));
                }
            }
        }
    }
    report("the model holds plain types", &found);
}

#[test]
fn sql_stands_in_the_store_only() {
    let mut found = hunt(&["rusqlite", "r2d2", "r2d2_sqlite"], |room| room != "store");
    for (room, path, source) in rooms() {
        for (line, text) in source.literals() {
            if room != "store" && lexer::is_sql(text) {
                found.push(format!("{}:{line}: {text:?}", name_of(&path)));
            }
        }
    }
    report("statements belong into src/store", &found);
}

#[test]
fn only_safe_filters_skip_escaping() {
    let mut found = Vec::new();
    for path in files("templates", &["html", "txt", "xml", "svg"]) {
        let text = fs::read_to_string(&path).expect("templates are UTF-8");
        for (number, line) in text.lines().enumerate() {
            let tight: String = line.chars().filter(|c| !c.is_whitespace()).collect();
            for (at, _) in tight.match_indices("|safe") {
                let filter = tight[..at].rsplit(['|', '{', '(']).next().unwrap_or_default();
                if !SAFE_FILTERS.contains(&filter) || !tight[..at].contains('|') {
                    found.push(format!("{}:{}: {}", name_of(&path), number + 1, line.trim()));
                }
            }
        }
    }
    report("|safe may follow only a filter that makes HTML itself", &found);
}

#[test]
fn files_stay_short() {
    let mut long = Vec::new();
    for dir in ["src", "templates", "static", "tests", "packaging"] {
        for path in files(dir, &["rs", "html", "css", "js", "py", "sh", "sql"]) {
            let bytes = fs::read(&path).expect("listed just now");
            let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
            if lines > MAX_LINES {
                long.push(format!("{}: {lines} lines", name_of(&path)));
            }
        }
    }
    report(&format!("a file has at most {MAX_LINES} lines"), &long);
}

#[test]
fn modules_say_what_they_are() {
    let mut silent = Vec::new();
    for path in files("src", &["rs"]) {
        let text = fs::read_to_string(&path).expect("sources are UTF-8");
        if !text.starts_with("//!") && !path.ends_with("tests.rs") {
            silent.push(name_of(&path));
        }
    }
    report("every module opens with a //! paragraph", &silent);
}

#[test]
fn the_readme_lists_every_setting() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md is there");
    let rows = coprbox::config::KEYS.iter().map(|key| {
        // Words in parentheses are no value.
        let mark = if key.default.starts_with('(') { "" } else { "`" };
        format!("| `{}` | {mark}{}{mark} | {} |", key.name, key.default, key.doc)
    });
    let missing: Vec<String> = rows.filter(|row| !readme.contains(row)).collect();
    report("lines missing in the table of README.md", &missing);
}

#[test]
fn the_sample_configuration_holds_every_setting_and_is_valid() {
    let path = root().join("packaging/coprbox.toml");
    let sample = fs::read_to_string(path).expect("the sample is there");
    // A setting is a comment without a space; what is left of it must be a configuration.
    let active: Vec<&str> = sample
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase() || c == '['))
        .collect();
    let missing: Vec<String> = coprbox::config::KEYS
        .iter()
        .filter(|key| {
            let word = key.name.rsplit('.').next().unwrap_or_default();
            !active.iter().any(|line| line.starts_with(&format!("{word} = ")))
        })
        .map(|key| key.name.to_string())
        .collect();
    report("keys missing in packaging/coprbox.toml", &missing);

    let dir = tempfile::tempdir().expect("a scratch directory can be made");
    let file = dir.path().join("coprbox.toml");
    fs::write(&file, active.join("\n")).expect("the scratch directory is ours");
    let overrides =
        coprbox::config::Overrides { config: Some(file), ..coprbox::config::Overrides::default() };
    if let Err(error) = coprbox::config::Config::load(&overrides) {
        panic!("packaging/coprbox.toml: {error}");
    }
}
