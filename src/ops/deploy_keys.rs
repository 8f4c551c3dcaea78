//! The private keys with which packages' sources are cloned over ssh: written, never shown.

use crate::model::PackageId;
use crate::store::{Connection, StoreError, deploy_keys};

/// The longest key in bytes; one of RSA with 16384 bits has less.
const LONGEST: usize = 16 << 10;

/// A key as ssh reads it, from what a request says; `None` for the empty text, which takes the key
/// away. The error is a sentence for the user.
pub(super) fn read(text: &str) -> Result<Option<String>, &'static str> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let first = text.lines().next().unwrap_or_default();
    let last = text.lines().next_back().unwrap_or_default();
    let kind = first.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"));
    let Some(kind) = kind.filter(|kind| kind.ends_with("PRIVATE KEY")) else {
        return Err(
            "This is no private key: paste the file that ssh-keygen has made, not the one \
                    that ends with .pub.",
        );
    };
    if last != format!("-----END {kind}-----") {
        return Err("The key's last line is missing.");
    }
    if kind.contains("ENCRYPTED") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err("The key has a passphrase, which nobody could type: make one without.");
    }
    let is_plain = |c: char| c == '\n' || (c.is_ascii() && !c.is_ascii_control());
    if text.len() > LONGEST || !text.chars().all(is_plain) {
        return Err("This is no private key.");
    }
    Ok(Some(format!("{text}\n")))
}

/// Gives a package the key, or takes away the one it has.
pub(super) fn put(
    tx: &Connection,
    package: PackageId,
    key: Option<&str>,
) -> Result<(), StoreError> {
    match key {
        Some(key) => deploy_keys::set(tx, package, key),
        None => deploy_keys::remove(tx, package),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "-----BEGIN OPENSSH PRIVATE KEY-----\nabc=\n-----END OPENSSH PRIVATE KEY-----";

    #[test]
    fn a_key_ends_with_a_line_break_as_ssh_wants_it() {
        let expected = format!("{KEY}\n");
        assert_eq!(read(KEY), Ok(Some(expected.clone())));
        assert_eq!(read(&format!("\n{}\r\n", KEY.replace('\n', "\r\n"))), Ok(Some(expected)));
        assert_eq!(read(" \n"), Ok(None));
    }

    #[test]
    fn what_ssh_could_not_use_is_refused() {
        for bad in [
            "ssh-ed25519 AAAA alice",
            "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nabc=",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nx\n-----END ENCRYPTED PRIVATE KEY-----",
            &KEY.replace("abc", "a\u{1b}c"),
            &KEY.replace("abc", &"x".repeat(LONGEST)),
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
