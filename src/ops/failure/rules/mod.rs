//! What the lines of each tool mean.

mod autotools;
mod cargo;
mod cc;
mod cmake;
mod dnf;
mod go;
mod make;
mod meson;
mod mock;
mod node;
mod python;
mod rpmbuild;
mod shell;
mod suites;
mod system;

pub use python::exception;
pub use rpmbuild::failed_section;

/// How much a reason is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// It follows from something else.
    Echo,
    /// It sounds like an error.
    Hint,
    /// A tool says what is wrong.
    Cause,
    /// Nothing else can be the reason: the machine, or the repositories.
    Certain,
}

/// Which of the lines after a reason belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// None.
    Line,
    /// Those up to an empty one.
    Block,
    /// Those that are indented, with the empty ones between them.
    Indented,
    /// As [`Span::Indented`]; the line after them tells the reason.
    Traceback,
}

impl Span {
    /// How many lines that may be.
    pub fn room(self) -> usize {
        match self {
            Span::Line => 0,
            Span::Block => 6,
            Span::Indented => 8,
            Span::Traceback => 10,
        }
    }
}

/// A line that tells a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Whose word it is.
    pub tool: &'static str,
    /// What it is worth.
    pub rank: Rank,
    /// The reason; empty when the next line tells it.
    pub says: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// What is missing, as a spec file would require it.
    pub missing: Vec<String>,
    /// What belongs to it.
    pub span: Span,
}

impl Hit {
    fn new(tool: &'static str, rank: Rank, says: impl Into<String>) -> Hit {
        let (says, span) = (says.into(), Span::Line);
        Hit { tool, rank, says, advice: None, missing: Vec::new(), span }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is what rules answer")]
    fn cause(tool: &'static str, says: impl Into<String>) -> Option<Hit> {
        Some(Hit::new(tool, Rank::Cause, says))
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is what rules answer")]
    fn echo(tool: &'static str, says: impl Into<String>) -> Option<Hit> {
        Some(Hit::new(tool, Rank::Echo, says))
    }

    fn advise(mut self, advice: impl Into<String>) -> Hit {
        self.advice = Some(advice.into());
        self
    }

    fn with(mut self, span: Span) -> Hit {
        self.span = span;
        self
    }

    /// The advice to require something.
    fn require(mut self, name: String) -> Hit {
        self.advice = Some(format!("Add to the spec file: BuildRequires: {name}"));
        self.missing.push(name);
        self
    }
}

/// What a line means, if anything. The first rule that knows it decides.
pub fn look(line: &str) -> Option<Hit> {
    if line.is_empty() || is_command(line) {
        return None;
    }
    system::look(line)
        .or_else(|| dnf::look(line))
        .or_else(|| mock::look(line))
        .or_else(|| cmake::look(line))
        .or_else(|| meson::look(line))
        .or_else(|| autotools::look(line))
        .or_else(|| cargo::look(line))
        .or_else(|| go::look(line))
        .or_else(|| python::look(line))
        .or_else(|| node::look(line))
        .or_else(|| make::look(line))
        .or_else(|| suites::look(line))
        .or_else(|| shell::look(line))
        .or_else(|| cc::look(line))
        .or_else(|| rpmbuild::look(line))
        .or_else(|| generic(line))
}

/// A command that the shell shows before it runs it, and compilers' command lines: they name
/// errors, and are none.
fn is_command(line: &str) -> bool {
    let shown = line.trim_start_matches('+');
    let is_traced = shown.len() < line.len() && shown.starts_with(' ');
    let first = line.split(' ').next().unwrap_or_default();
    let program = first.rsplit('/').next().unwrap_or(first);
    let compilers = ["gcc", "g++", "cc", "c++", "clang", "clang++", "libtool:", "rustc", "cmake"];
    is_traced || compilers.contains(&program) || line.starts_with("checking ")
}

/// Anything else that sounds like an error.
fn generic(line: &str) -> Option<Hit> {
    const BEGINNINGS: [&str; 7] =
        ["Error:", "ERROR:", "ERROR ", "fatal:", "FATAL:", "FAILED", "*** ERROR"];
    let trimmed = line.trim_start();
    let says = BEGINNINGS.iter().any(|text| trimmed.starts_with(text));
    says.then(|| Hit::new("log", Rank::Hint, trimmed))
}

/// What stands between two texts.
fn between<'a>(line: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(before)?;
    rest.split_once(after).map(|(inner, _)| inner)
}

/// The text in the first pair of quotation marks, whichever they are.
fn quoted(line: &str) -> Option<&str> {
    const MARKS: [(char, char); 5] =
        [('\'', '\''), ('"', '"'), ('`', '`'), ('‘', '’'), ('`', '\'')];
    let start = line.find(|c| MARKS.iter().any(|(open, _)| *open == c))?;
    let mark = line[start..].chars().next()?;
    let rest = &line[start + mark.len_utf8()..];
    let is_end = |c: char| MARKS.iter().any(|(open, close)| *open == mark && *close == c);
    rest.find(is_end).map(|end| &rest[..end])
}
