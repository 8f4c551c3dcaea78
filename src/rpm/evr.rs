//! Which version is newer, by rpm's own rules.
//!
//! A version is read as a row of segments, each all digits or all letters; everything between
//! them only separates. `~` sorts before the end of the text, `^` after the end but before
//! anything else.

use std::cmp::Ordering;
use std::fmt;

use crate::model::nevra::Nevra;

/// Epoch, version and release, ordered as rpm orders them.
///
/// Versions that differ only in separators (`1.0` and `1_0`) are equal to rpm, and so are they
/// here.
#[derive(Clone, Copy, Debug)]
pub struct Evr<'a> {
    /// Epoch; absent means 0.
    pub epoch: u32,
    /// Version.
    pub version: &'a str,
    /// Release.
    pub release: &'a str,
}

impl<'a> Evr<'a> {
    /// That of a package.
    pub fn of(nevra: &'a Nevra) -> Evr<'a> {
        Evr { epoch: nevra.epoch.unwrap_or(0), version: &nevra.version, release: &nevra.release }
    }

    /// Splits `[epoch:]version[-release]`. An epoch that is no number counts as 0.
    pub fn parse(text: &'a str) -> Evr<'a> {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
            None => (0, text),
        };
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Evr { epoch, version, release }
    }
}

impl Ord for Evr<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare(self.version, other.version))
            .then_with(|| compare(self.release, other.release))
    }
}

impl PartialOrd for Evr<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Evr<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Evr<'_> {}

impl fmt::Display for Evr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch > 0 {
            write!(f, "{}:", self.epoch)?;
        }
        f.write_str(self.version)?;
        if !self.release.is_empty() {
            write!(f, "-{}", self.release)?;
        }
        Ok(())
    }
}

/// Compares two versions, or two releases.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        a = skip_separators(a);
        b = skip_separators(b);
        let next = Next::of(a);
        let order = next.cmp(&Next::of(b));
        if order.is_ne() {
            return order;
        }
        match next {
            Next::End => return Ordering::Equal,
            Next::Tilde | Next::Caret => (a, b) = (&a[1..], &b[1..]),
            Next::Segment => {
                let digits = a[0].is_ascii_digit();
                let (left, rest_a) = split_segment(a, digits);
                let (right, rest_b) = split_segment(b, digits);
                let order = match (right.is_empty(), digits) {
                    // A number is newer than letters.
                    (true, true) => Ordering::Greater,
                    (true, false) => Ordering::Less,
                    (false, true) => compare_numbers(left, right),
                    (false, false) => left.cmp(right),
                };
                if order.is_ne() {
                    return order;
                }
                (a, b) = (rest_a, rest_b);
            }
        }
    }
}

/// What comes next in a version, from the oldest to the newest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Tilde,
    End,
    Caret,
    Segment,
}

impl Next {
    fn of(text: &[u8]) -> Next {
        match text.first() {
            Some(b'~') => Next::Tilde,
            None => Next::End,
            Some(b'^') => Next::Caret,
            Some(_) => Next::Segment,
        }
    }
}

fn skip_separators(text: &[u8]) -> &[u8] {
    let means_something = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'~' | b'^');
    let start = text.iter().position(means_something).unwrap_or(text.len());
    &text[start..]
}

/// The leading digits or letters, and what follows them.
fn split_segment(text: &[u8], digits: bool) -> (&[u8], &[u8]) {
    let inside = |b: &u8| if digits { b.is_ascii_digit() } else { b.is_ascii_alphabetic() };
    let end = text.iter().position(|b| !inside(b)).unwrap_or(text.len());
    text.split_at(end)
}

/// Compares digits as numbers of any length.
fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    let trim = |digits: &'_ [u8]| digits.iter().take_while(|&&b| b == b'0').count();
    let (a, b) = (&a[trim(a)..], &b[trim(b)..]);
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_are_ordered_as_rpm_orders_them() {
        for (a, expected, b) in [
            ("1.0", Ordering::Equal, "1.0"),
            ("1.0", Ordering::Less, "2.0"),
            ("2.0.1", Ordering::Greater, "2.0"),
            ("2.0.1a", Ordering::Greater, "2.0.1"),
            ("5.5p1", Ordering::Less, "5.5p10"),
            ("10xyz", Ordering::Less, "10.1xyz"),
            ("xyz10", Ordering::Less, "xyz10.1"),
            ("xyz.4", Ordering::Less, "8"),
            ("5.6.0", Ordering::Greater, "4.999.9"),
            ("1b.fc17", Ordering::Less, "1.fc17"),
            ("10.0001", Ordering::Less, "10.0039"),
            ("10.0001", Ordering::Equal, "10.1"),
            ("20101121", Ordering::Less, "20101122"),
            ("99999999999999999999", Ordering::Less, "100000000000000000000"),
            ("2_0", Ordering::Equal, "2.0"),
            ("a+", Ordering::Equal, "a_"),
            ("1.0~rc1", Ordering::Less, "1.0"),
            ("1.0~rc1", Ordering::Less, "1.0~rc2"),
            ("1.0~rc1~git123", Ordering::Less, "1.0~rc1"),
            ("1.0^", Ordering::Greater, "1.0"),
            ("1.0^git1", Ordering::Less, "1.01"),
            ("1.0^20160101", Ordering::Less, "1.0.1"),
            ("1.0^20160101^git1", Ordering::Greater, "1.0^20160101"),
            ("1.0~rc1^git1", Ordering::Greater, "1.0~rc1"),
            ("1.0^git1~pre", Ordering::Less, "1.0^git1"),
            ("", Ordering::Less, "a"),
            ("~", Ordering::Less, ""),
            ("é1", Ordering::Equal, "1"),
        ] {
            assert_eq!(compare(a, b), expected, "{a} {b}");
            assert_eq!(compare(b, a), expected.reverse(), "{b} {a}");
        }
    }

    #[test]
    fn epoch_counts_before_version_and_version_before_release() {
        let ordered = ["9-9", "1:1-1", "1:1-2", "1:2-1", "2:0-1"];
        for pair in ordered.windows(2) {
            assert!(Evr::parse(pair[0]) < Evr::parse(pair[1]), "{pair:?}");
        }
        assert_eq!(Evr::parse("0:1-1"), Evr::parse("1-1"));
        assert_eq!(Evr::parse("3:1.2-4").to_string(), "3:1.2-4");
        assert_eq!(Evr::parse("1.2").to_string(), "1.2");
    }

    /// Texts that meet each other's special cases often.
    fn version() -> impl Strategy<Value = String> {
        "([0-2]|[ab]|~|\\^|[.+]){0,6}"
    }

    proptest! {
        #[test]
        fn the_order_is_one(a in version(), b in version(), c in version()) {
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            if compare(&a, &b) != Ordering::Greater && compare(&b, &c) != Ordering::Greater {
                prop_assert_ne!(compare(&a, &c), Ordering::Greater, "{} {} {}", a, b, c);
            }
        }
    }

    #[test]
    fn rpm_itself_agrees() {
        let parts = ["1", "01", "10", "1a", "a", "b1", "1.0", "1~", "1~rc1", "1^", "1^git2", "1.^"];
        let pairs: Vec<String> = parts
            .iter()
            .flat_map(|a| parts.iter().map(move |b| format!("{{'{a}','{b}'}}")))
            .collect();
        let pairs = pairs.join(",");
        let script = format!(
            "%{{lua: for _,p in ipairs({{{pairs}}}) do print(rpm.vercmp(p[1],p[2])..' ') end}}"
        );
        let Ok(output) = Command::new("rpm").args(["--eval", &script]).output() else {
            println!("skipped: rpm is not installed");
            return;
        };
        let theirs = String::from_utf8(output.stdout).unwrap();
        let ours: Vec<String> = parts
            .iter()
            .flat_map(|a| parts.iter().map(|b| (compare(a, b) as i8).to_string()))
            .collect();
        assert_eq!(theirs.split_whitespace().collect::<Vec<_>>(), ours);
    }
}
