//! Tells code from comments and literals, and finds paths in what is left.

/// One file: its code with every comment and literal blanked out (lines stay where they were),
/// and the string literals apart.
pub struct Source {
    code: String,
    literals: Vec<(usize, String)>,
}

impl Source {
    /// Takes the file apart.
    pub fn read(text: &str) -> Self {
        let mut lexer = Lexer { rest: text, line: 1, code: String::new(), literals: Vec::new() };
        while !lexer.rest.is_empty() {
            lexer.step();
        }
        Self { code: lexer.code, literals: lexer.literals }
    }

    /// The code, without comments and literals.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The code without the tests at the foot of the file.
    pub fn shipped(&self) -> &str {
        let tests = self.code.match_indices("#[cfg(test)]").find(|(at, mark)| {
            let next = self.code[at + mark.len()..].trim_start();
            ["mod ", "pub mod ", "pub(crate) mod ", "pub(super) mod "]
                .iter()
                .any(|module| next.starts_with(module))
        });
        tests.map_or(&self.code, |(at, _)| &self.code[..at])
    }

    /// Every string literal of the shipped code with the line it begins in.
    pub fn literals(&self) -> impl Iterator<Item = &(usize, String)> {
        let last = line_at(&self.code, self.shipped().len());
        self.literals.iter().filter(move |(line, _)| *line <= last)
    }
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    code: String,
    literals: Vec<(usize, String)>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        if self.rest.starts_with("//") {
            self.blank(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.blank(block_comment(self.rest));
        } else if let Some((open, hashes)) = raw_string(self.rest) {
            let close = format!("\"{}", "#".repeat(hashes));
            let rest = &self.rest[open..];
            self.literal(open, rest.find(&close).unwrap_or(rest.len()), close.len());
        } else if self.rest.starts_with('"') {
            self.literal(1, quoted(self.rest, '"').saturating_sub(2), 1);
        } else if let Some(length) = character(self.rest) {
            self.blank(length);
        } else {
            // A whole word at once, so that the r of `for"…"` is not taken for a raw string's.
            let word = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            let length = match word {
                Some(0) => self.rest.chars().next().map_or(1, char::len_utf8),
                Some(length) => length,
                None => self.rest.len(),
            };
            self.code.push_str(&self.rest[..length]);
            self.advance(length);
        }
    }

    fn advance(&mut self, length: usize) {
        self.line += self.rest[..length].matches('\n').count();
        self.rest = &self.rest[length..];
    }

    fn blank(&mut self, length: usize) {
        self.code.push(' ');
        self.code.extend(self.rest[..length].matches('\n'));
        self.advance(length);
    }

    /// A string of `length` bytes between an opening and a closing of so many.
    fn literal(&mut self, open: usize, length: usize, close: usize) {
        self.literals.push((self.line, self.rest[open..open + length].to_string()));
        self.blank((open + length + close).min(self.rest.len()));
    }
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let here = &text.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// Where the text of a raw string at the head of `text` begins, and with how many `#`.
fn raw_string(text: &str) -> Option<(usize, usize)> {
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].strip_prefix('"')?;
    Some((text.len() - after.len() + hashes + 1, hashes))
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal at the head of `text`; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    if inner.starts_with('\\') {
        return Some(quoted(text, '\''));
    }
    let first = inner.chars().next()?;
    inner[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| is_word(*c)).collect()
}

fn line_at(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// The lines in which `path` stands as a path of its own, not as a part of a longer word.
pub fn lines_with_path(code: &str, path: &str) -> Vec<usize> {
    places(code, path).map(|at| line_at(code, at)).collect()
}

/// What is taken out of the module `path`, with the line: the word after it, or the head of each
/// path inside braces. Where the module itself is named, that is the empty word.
pub fn taken_from(code: &str, path: &str) -> Vec<(usize, String)> {
    let mut taken = Vec::new();
    for at in places(code, path) {
        let line = line_at(code, at);
        match code[at + path.len()..].strip_prefix("::") {
            Some(rest) => taken.extend(heads(rest).into_iter().map(|word| (line, word))),
            None => taken.push((line, String::new())),
        }
    }
    taken
}

/// Where `path` stands as a path of its own.
fn places<'a>(code: &'a str, path: &'a str) -> impl Iterator<Item = usize> + 'a {
    let whole = move |at: &usize| {
        !code[..*at].ends_with(is_word) && !code[at + path.len()..].starts_with(is_word)
    };
    code.match_indices(path).map(|(at, _)| at).filter(whole)
}

/// What follows `crate::`, or as many `super::` as lead to the crate from a file that stands
/// `depth` modules deep (one more inside its tests), with the line: the heads of all paths
/// inside braces, too.
pub fn rooms_used(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    let to_crate = "super::".repeat(depth);
    for head in ["crate::", &to_crate, &format!("super::{to_crate}")] {
        for (at, _) in code.match_indices(head) {
            if !code[..at].ends_with(|c: char| is_word(c) || c == ':') {
                let line = line_at(code, at);
                used.extend(heads(&code[at + head.len()..]).into_iter().map(|room| (line, room)));
            }
        }
    }
    used
}

/// The first word, or with `{a::b, c::{d, e}}` the first word of each path: a and c.
fn heads(text: &str) -> Vec<String> {
    let Some(group) = text.trim_start().strip_prefix('{') else {
        return vec![first_word(text)];
    };
    let (mut depth, mut begin, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(first_word(&group[begin..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(first_word(&group[begin..at]));
                begin = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// Whether a literal looks like a statement: SQL is written in capitals here.
pub fn is_sql(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some(first) = words.first() else { return false };
    match *first {
        "SELECT" | "WITH" | "PRAGMA" | "VACUUM" => words.len() > 1,
        "INSERT" | "REPLACE" => words.contains(&"INTO"),
        "DELETE" => words.contains(&"FROM"),
        "UPDATE" => words.contains(&"SET"),
        "CREATE" | "DROP" | "ALTER" => words.iter().any(|word| ["TABLE", "INDEX"].contains(word)),
        _ => false,
    }
}

#[test]
#[expect(clippy::needless_raw_string_hashes, reason = "with one less, the text would end early")]
fn literals_and_comments_are_no_code() {
    let text = r##"
// crate::web
/* a /* nested */ crate::api */ use crate::store::{self, x};
fn f<'a>(c: &'a str) -> char { let s = r#"SELECT "x""#; let t = "a\"b"; '"' }
let u = br"raw"; let v = '\''; let w = 'x'; end()
#[cfg(test)] fn only_for_tests() {}
#[cfg(test)]
mod tests { const SQL: &str = "SELECT 1"; }
"##;
    let source = Source::read(text);
    let lines: Vec<(usize, &str)> =
        source.literals().map(|(line, text)| (*line, text.as_str())).collect();
    assert_eq!(lines, [(4, "SELECT \"x\""), (4, "a\\\"b"), (5, "raw")]);
    assert!(source.code().contains("mod tests") && !source.shipped().contains("mod tests"));
    assert!(source.shipped().contains("only_for_tests"));
    assert!(!source.code().contains("api") && !source.code().contains("web"));
    assert_eq!(source.code().lines().count(), text.lines().count());
}

#[test]
fn uses_of_rooms_are_seen_through_braces_and_super() {
    let code = "use crate::{api, model::{A, B}, web::x};\nfn f() { super::super::cli::run() }";
    let used: Vec<String> = rooms_used(code, 2).into_iter().map(|(_, room)| room).collect();
    assert_eq!(used, ["api", "model", "web", "cli"]);
    assert_eq!(
        rooms_used("use super::super::super::api::x;", 2),
        [(1, "super"), (1, "api")].map(|(line, room)| (line, room.to_string()))
    );
    assert_eq!(lines_with_path("a\nrocket::get; my_rocket", "rocket"), [2]);
    let code = "use a::net::{Ip, Tcp::{x, y}};\nuse a::net as n; a::net::Udp::bind(); a::network";
    let taken: Vec<(usize, String)> = taken_from(code, "a::net");
    let expected = [(1, "Ip"), (1, "Tcp"), (2, ""), (2, "Udp")];
    assert_eq!(taken, expected.map(|(line, word)| (line, word.to_string())));
    assert!(
        is_sql("\n  UPDATE builds\n  SET state = ?1") && !is_sql("SELECT") && !is_sql("DELETE")
    );
}
