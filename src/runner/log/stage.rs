//! The stages of a build, as the lines of its log announce them.
//!
//! rpmbuild announces each part of the spec file that it runs; mock and the sandbox announce the
//! rest, in the same words. A log can be read for them at any time; what only its writer knows is
//! when each line came.

/// A stage of a build. Their order is the one in which builds go through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Getting the sources, before any build root.
    Fetch,
    /// Making the build root.
    Root,
    /// Installing what the package requires for its build.
    Dependencies,
    /// `%prep`
    Prep,
    /// `%conf`
    Configure,
    /// `%generate_buildrequires`
    Requires,
    /// `%build`
    Build,
    /// `%install`
    Install,
    /// `%check`
    Check,
    /// Writing the packages.
    Package,
    /// What comes after rpmbuild.
    End,
}

/// What announces a stage: the line's beginning, and the stage.
const MARKS: [(&str, Stage); 19] = [
    ("Executing(%prep):", Stage::Prep),
    ("Executing(%conf):", Stage::Configure),
    ("Executing(%generate_buildrequires):", Stage::Requires),
    ("Executing(%build):", Stage::Build),
    ("Executing(%install):", Stage::Install),
    ("Executing(%check):", Stage::Check),
    ("Executing(%clean):", Stage::End),
    ("Processing files: ", Stage::Package),
    ("Finish: rpmbuild", Stage::End),
    ("Start: chroot init", Stage::Root),
    ("Start: making the build root", Stage::Root),
    ("Start: installing minimal buildroot", Stage::Root),
    ("Start: unpacking root cache", Stage::Root),
    ("Start: build setup for ", Stage::Dependencies),
    ("Start: installing ", Stage::Dependencies),
    ("cloning ", Stage::Fetch),
    ("checking out ", Stage::Fetch),
    ("downloading ", Stage::Fetch),
    ("uploaded: ", Stage::Fetch),
];

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Stage; 11] = [
        Stage::Fetch,
        Stage::Root,
        Stage::Dependencies,
        Stage::Prep,
        Stage::Configure,
        Stage::Requires,
        Stage::Build,
        Stage::Install,
        Stage::Check,
        Stage::Package,
        Stage::End,
    ];

    /// The stage that a line announces.
    pub fn announced_by(line: &[u8]) -> Option<Stage> {
        // Most lines are none of these: one look at the first byte saves the others.
        if !matches!(line.first(), Some(b'E' | b'P' | b'F' | b'S' | b'c' | b'd' | b'u')) {
            return None;
        }
        let fits = |mark: &&(&str, Stage)| line.starts_with(mark.0.as_bytes());
        MARKS.iter().find(fits).map(|(_, stage)| *stage)
    }

    /// The stage of a part of a spec file: `%build`.
    pub fn of_section(section: &str) -> Option<Stage> {
        let line = format!("Executing({section}):");
        Stage::announced_by(line.as_bytes())
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Stage::Fetch => "sources",
            Stage::Root => "build root",
            Stage::Dependencies => "dependencies",
            Stage::Prep => "prep",
            Stage::Configure => "configure",
            Stage::Requires => "generated requires",
            Stage::Build => "build",
            Stage::Install => "install",
            Stage::Check => "check",
            Stage::Package => "packaging",
            Stage::End => "end",
        }
    }

    /// Its place in [`Stage::ALL`], for files.
    pub(super) fn number(self) -> u8 {
        self as u8
    }

    /// The stage of this number.
    pub(super) fn from_number(number: u8) -> Option<Stage> {
        Stage::ALL.get(usize::from(number)).copied()
    }
}

/// Where a stage begins in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The stage.
    pub stage: Stage,
    /// The line that announces it, from 1.
    pub line: u64,
    /// That line's first byte.
    pub offset: u64,
    /// When it came, in milliseconds since 1970; `None` where nobody was there to see it.
    pub at: Option<u64>,
}

/// Finds the marks of a log that is read in pieces, and counts its lines.
#[derive(Debug, Default)]
pub struct Marker {
    /// The marks so far; one for each change of stage.
    pub marks: Vec<Mark>,
    /// Line ends so far.
    pub lines: u64,
    /// Bytes so far.
    pub bytes: u64,
    /// The beginning of the line that is being written.
    head: Vec<u8>,
    /// That line's first byte.
    head_at: u64,
}

/// A stage is announced within this.
const LONGEST_MARK: usize = 48;
/// A log with more changes of stage than this is not one of rpmbuild's.
const MOST_MARKS: usize = 256;

impl Marker {
    /// Takes the next piece, which came at `at`.
    pub fn take(&mut self, piece: &[u8], at: Option<u64>) {
        let mut rest = piece;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let part = &rest[..end.unwrap_or(rest.len())];
            if self.head.len() < LONGEST_MARK {
                let room = LONGEST_MARK - self.head.len();
                self.head.extend_from_slice(&part[..part.len().min(room)]);
            }
            let taken = end.map_or(rest.len(), |end| end + 1);
            self.bytes += taken as u64;
            if end.is_some() {
                self.note(at);
                self.lines += 1;
                self.head.clear();
                self.head_at = self.bytes;
            }
            rest = &rest[taken..];
        }
    }

    fn note(&mut self, at: Option<u64>) {
        let Some(stage) = Stage::announced_by(&self.head) else { return };
        let last = self.marks.last().map(|mark| mark.stage);
        if last != Some(stage) && self.marks.len() < MOST_MARKS {
            self.marks.push(Mark { stage, line: self.lines + 1, offset: self.head_at, at });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stages_of_a_build_are_found_in_any_pieces() {
        let log = b"Start: chroot init\nx\nStart: installing minimal buildroot with dnf4\n\
                    Start: build setup for a.src.rpm\nExecuting(%prep): sh\n\
                    Executing(%build): sh\nmake\n Executing(%check): no\n\
                    Processing files: a-1\nProcessing files: b-1\nExecuting(%clean): sh";
        let mut whole = Marker::default();
        whole.take(log, Some(7));
        let found: Vec<(Stage, u64)> = whole.marks.iter().map(|m| (m.stage, m.line)).collect();
        let expected = [
            (Stage::Root, 1),
            (Stage::Dependencies, 4),
            (Stage::Prep, 5),
            (Stage::Build, 6),
            (Stage::Package, 9),
        ];
        assert_eq!(found, expected);
        assert_eq!(whole.lines, 10);
        for mark in &whole.marks {
            let at = usize::try_from(mark.offset).unwrap();
            assert_eq!(Stage::announced_by(&log[at..]), Some(mark.stage));
        }
        let mut pieces = Marker::default();
        log.chunks(3).for_each(|piece| pieces.take(piece, Some(7)));
        assert_eq!(pieces.marks, whole.marks);
    }

    #[test]
    fn every_stage_has_a_number() {
        for stage in Stage::ALL {
            assert_eq!(Stage::from_number(stage.number()), Some(stage));
        }
        assert_eq!(Stage::from_number(200), None);
        assert_eq!(Stage::of_section("%check"), Some(Stage::Check));
    }
}
