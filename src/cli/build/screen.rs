//! The terminal: the log above, and below it where the build is. What is no terminal gets a line
//! whenever something has changed.

use std::io::{self, IsTerminal as _, Write as _};

use super::Ended;

/// Where a part of a build is, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) state: String,
    /// How many seconds it has taken so far.
    pub(super) seconds: Option<u64>,
}

/// What is written where.
pub(super) struct Screen {
    /// The status is drawn anew each time.
    live: bool,
    /// The log goes to stderr, as stdout is for something else.
    aside: bool,
    /// How many lines of status stand there.
    drawn: usize,
    /// What was said last of each part.
    said: Vec<(String, String)>,
}

impl Screen {
    pub(super) fn new(aside: bool) -> Screen {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Screen { live: io::stderr().is_terminal() && !dumb, aside, drawn: 0, said: Vec::new() }
    }

    /// Writes lines of a log.
    pub(super) fn log(&mut self, prefix: &str, lines: &[u8]) -> Result<(), Ended> {
        self.wipe();
        let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
        let mut text = String::new();
        for line in lines.split(|byte| *byte == b'\n') {
            text.push_str(prefix);
            text.push_str(&harmless(line));
            text.push('\n');
        }
        let written = if self.aside {
            io::stderr().write_all(text.as_bytes())
        } else {
            io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush())
        };
        written.map_err(|error| Ended::failed(format!("nobody reads the log any more: {error}")))
    }

    /// Tells where everything is.
    pub(super) fn status(&mut self, lines: &[Line]) {
        if self.live {
            self.draw(lines);
            return;
        }
        for line in lines {
            let now = (line.name.clone(), line.state.clone());
            if self.said.contains(&now) {
                continue;
            }
            self.said.retain(|(name, _)| *name != line.name);
            self.said.push(now);
            let time = line.seconds.map(|seconds| format!(" ({})", clock(seconds)));
            super::out::say(&format!("{}: {}{}", line.name, line.state, time.unwrap_or_default()));
        }
    }

    /// Leaves the last status where it stands.
    pub(super) fn leave(&mut self) {
        self.drawn = 0;
    }

    fn draw(&mut self, lines: &[Line]) {
        self.wipe();
        let columns =
            rustix::termios::tcgetwinsize(io::stderr()).map_or(0, |size| usize::from(size.ws_col));
        let columns = if columns == 0 { 80 } else { columns };
        let names = lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for line in lines {
            let time = line.seconds.map(clock).unwrap_or_default();
            let (glyph, colour) = mark(&line.state);
            let row = format!("{glyph} {:names$}  {:10} {time}", line.name, line.state);
            // A line that wraps would not be wiped.
            let row: String = row.trim_end().chars().take(columns.saturating_sub(1)).collect();
            text.push_str(&format!("\x1b[{colour}m{row}\x1b[0m\n"));
        }
        // A terminal that has gone away needs no status.
        let _ = io::stderr().write_all(text.as_bytes());
        self.drawn = lines.len();
    }

    fn wipe(&mut self) {
        if self.drawn > 0 {
            let _ = write!(io::stderr(), "\x1b[{}A\r\x1b[J", self.drawn);
            self.drawn = 0;
        }
    }
}

/// A sign and a colour for a state; the word stands beside them.
fn mark(state: &str) -> (char, u8) {
    match state {
        "succeeded" | "forked" => ('✓', 32),
        "failed" => ('✗', 31),
        "canceled" | "skipped" => ('-', 33),
        "pending" | "waiting" => ('·', 2),
        _ => ('>', 36),
    }
}

/// Minutes and seconds.
fn clock(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A line of somebody's log without what a terminal would act upon: of a line that was written over
/// the last version counts, and colours go.
fn harmless(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' if chars.peek() == Some(&'[') => {
                chars.next();
                // Parameters, then one letter.
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            '\t' => plain.push(c),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_do_not_command_the_terminal() {
        assert_eq!(harmless(b"\x1b[1;31merror\x1b[0m: x\ty\r"), "error: x\ty");
        assert_eq!(harmless(b" 10%\r100%"), "100%");
        assert_eq!(harmless(b"\x1b]0;title\x07\x1bc a\x9b"), "]0;titlec a\u{fffd}");
        assert_eq!(harmless("é\u{9b}2J".as_bytes()), "é2J");
    }

    #[test]
    fn times_are_told_as_on_a_clock() {
        assert_eq!([clock(5), clock(65), clock(3600)], ["0:05", "1:05", "60:00"]);
    }
}
