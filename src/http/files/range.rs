//! The `Range` header: a single span of bytes.

use std::ops::Range;

/// What of a file is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// All of it: no range, several, or one that makes no sense.
    Whole,
    /// These bytes; never empty, always within the file.
    Part(Range<u64>),
    /// A range that begins behind the end.
    Beyond,
}

/// Reads `bytes=A-B`, `bytes=A-` or `bytes=-N` for a file of `len` bytes.
///
/// Whatever is not exactly one such range is ignored, as RFC 9110 allows; dnf, curl and wget ask
/// for single ranges only, and clients that ask for several accept the whole file.
pub(super) fn parse(header: &str, len: u64) -> Span {
    let Some((unit, spec)) = header.split_once('=') else { return Span::Whole };
    let Some((first, last)) = spec.split_once('-') else { return Span::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Span::Whole;
    }
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        return match position(last) {
            None => Span::Whole,
            Some(0) => Span::Beyond,
            Some(_) if len == 0 => Span::Beyond,
            Some(count) => Span::Part(len.saturating_sub(count)..len),
        };
    }
    let Some(start) = position(first) else { return Span::Whole };
    let end = match last {
        "" => u64::MAX,
        _ => match position(last) {
            Some(last) if last >= start => last.saturating_add(1),
            _ => return Span::Whole,
        },
    };
    if start >= len { Span::Beyond } else { Span::Part(start..end.min(len)) }
}

/// A number of digits only; one that does not fit lies behind the end of any file.
fn position(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn single_ranges_are_cut_to_the_file() {
        for (header, span) in [
            ("bytes=0-0", Span::Part(0..1)),
            ("bytes=2-4", Span::Part(2..5)),
            ("bytes=2-", Span::Part(2..10)),
            ("bytes=2-99", Span::Part(2..10)),
            ("bytes=-3", Span::Part(7..10)),
            ("bytes=-99", Span::Part(0..10)),
            ("Bytes = 9-9", Span::Part(9..10)),
            ("bytes=0-99999999999999999999999", Span::Part(0..10)),
        ] {
            assert_eq!(parse(header, 10), span, "{header}");
        }
    }

    #[test]
    fn ranges_behind_the_end_are_told_apart_from_nonsense() {
        for beyond in ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(parse(beyond, 10), Span::Beyond, "{beyond}");
        }
        for nonsense in
            ["", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=0-1,3-4"]
        {
            assert_eq!(parse(nonsense, 10), Span::Whole, "{nonsense}");
        }
        assert_eq!(parse("lines=0-1", 10), Span::Whole);
        assert_eq!(parse("bytes=+1-2", 10), Span::Whole);
        assert_eq!(parse("bytes=0-", 0), Span::Beyond);
        assert_eq!(parse("bytes=-1", 0), Span::Beyond);
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_and_always_inside(header in ".{0,40}", len: u64) {
            if let Span::Part(part) = parse(&header, len) {
                prop_assert!(part.start < part.end && part.end <= len);
            }
        }

        #[test]
        fn well_formed_ranges_mean_what_they_say(first: u32, count in 0u32..1000, len: u32) {
            let (first, last, len) = (u64::from(first), u64::from(first) + u64::from(count), u64::from(len));
            let expected = if first >= len { Span::Beyond } else { Span::Part(first..(last + 1).min(len)) };
            prop_assert_eq!(parse(&format!("bytes={first}-{last}"), len), expected);
        }
    }
}
