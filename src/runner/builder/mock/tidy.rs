//! mock lets dnf believe that it writes to a terminal: its output is full of progress bars that
//! paint over themselves. In a log each coat would be a line.

use std::sync::{Mutex, PoisonError};

use crate::process::Sink;

/// A line that grows longer than this is passed on in pieces.
const LONGEST_LINE: usize = 64 << 10;

/// A sink that passes on each line as a terminal would show it in the end.
pub struct Tidy<'a> {
    next: &'a dyn Sink,
    line: Mutex<Vec<u8>>,
}

impl<'a> Tidy<'a> {
    /// Passes everything on to `next`, line by line.
    pub fn new(next: &'a dyn Sink) -> Tidy<'a> {
        Tidy { next, line: Mutex::new(Vec::new()) }
    }
}

impl Sink for Tidy<'_> {
    fn write(&self, bytes: &[u8]) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            line.push(byte);
            if byte == b'\n' || line.len() >= LONGEST_LINE {
                shown.extend_from_slice(&as_shown(&line));
                line.clear();
            }
        }
        if !shown.is_empty() {
            self.next.write(&shown);
        }
    }
}

impl Drop for Tidy<'_> {
    fn drop(&mut self) {
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !line.is_empty() {
            self.next.write(&as_shown(line));
        }
    }
}

/// What is left of a line: the last of the texts painted over each other.
fn as_shown(line: &[u8]) -> Vec<u8> {
    let (text, end) = match line.strip_suffix(b"\n") {
        Some(text) => (text, &b"\n"[..]),
        None => (line, &b""[..]),
    };
    let last = text.split(|&b| b == b'\r').rfind(|coat| !coat.is_empty()).unwrap_or_default();
    [last, end].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<u8>>);

    impl Sink for Kept {
        fn write(&self, bytes: &[u8]) {
            self.0.lock().unwrap().extend_from_slice(bytes);
        }
    }

    /// What arrives when `pieces` are written one after the other.
    fn tidied(pieces: &[&str]) -> String {
        let kept = Kept::default();
        let tidy = Tidy::new(&kept);
        for piece in pieces {
            tidy.write(piece.as_bytes());
        }
        drop(tidy);
        String::from_utf8(kept.0.into_inner().unwrap()).unwrap()
    }

    #[test]
    fn only_the_last_coat_of_a_line_is_kept() {
        assert_eq!(tidied(&["a [ ]\ra [=", "=]\ra done\r\n", "next\n"]), "a done\nnext\n");
        assert_eq!(tidied(&["\r\n\n"]), "\n\n");
    }

    #[test]
    fn a_line_without_an_end_is_not_kept_back_for_ever() {
        let long = "x".repeat(LONGEST_LINE + 10);
        let kept = Kept::default();
        let tidy = Tidy::new(&kept);
        tidy.write(long.as_bytes());
        assert_eq!(kept.0.lock().unwrap().len(), LONGEST_LINE);
        drop(tidy);
        assert_eq!(kept.0.lock().unwrap().len(), long.len());
    }
}
