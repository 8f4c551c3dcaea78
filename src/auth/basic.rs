//! The `Authorization: Basic` header.

/// Login and secret of a Basic header; `None` for any other scheme or form. The login ends at the
/// first colon, the secret may hold more.
pub(super) fn parse(header: &str) -> Option<(String, String)> {
    let (scheme, coded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(decode(coded.trim())?).ok()?;
    let (login, secret) = pair.split_once(':')?;
    Some((login.to_owned(), secret.to_owned()))
}

/// Standard base64, with or without its padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    if digits.len() % 4 == 1 {
        return None;
    }
    let (mut bytes, mut pending, mut bits) = (Vec::with_capacity(digits.len()), 0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        pending = (pending << 6 | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(pending >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_split_at_the_first_colon() {
        let pair = |login: &str, secret: &str| Some((login.to_owned(), secret.to_owned()));
        assert_eq!(parse("Basic YTpi"), pair("a", "b"));
        assert_eq!(parse("basic  YTpi "), pair("a", "b"));
        assert_eq!(parse("Basic YTpiOmM="), pair("a", "b:c"));
        assert_eq!(parse("Basic YTpiOmM"), pair("a", "b:c"));
        assert_eq!(parse("Basic Og=="), pair("", ""));
        assert_eq!(parse("Basic w7Y6w58="), pair("ö", "ß"));
    }

    #[test]
    fn anything_else_is_no_pair() {
        for bad in [
            "",
            "Basic",
            "Basic ",
            "Bearer YTpi",
            "Basic YWI=",
            "Basic !!!!",
            "Basic YTpiO",
            "Basic //8=",
            "YTpi",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
