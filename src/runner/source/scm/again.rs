//! Which failures of a server or the network may be over in a moment.

use std::time::Duration;

/// How long to wait before each further attempt.
pub(super) const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// What git says when a server is overloaded or being started, or a connection was lost. That a
/// repository is not there, or nobody may read it, is not among these.
const PASSING: [&str; 14] = [
    "returned error: 429",
    "returned error: 500",
    "returned error: 502",
    "returned error: 503",
    "returned error: 504",
    "response 502",
    "response 503",
    "response 504",
    "Connection reset",
    "Connection timed out",
    "timed out after",
    "early EOF",
    "Empty reply from server",
    "unexpected disconnect",
];

/// Whether another attempt may help after git has said this.
pub(super) fn may_help(stderr: &[u8]) -> bool {
    let text = String::from_utf8_lossy(stderr);
    PASSING.iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_stays() {
        for passing in [
            "fatal: unable to access 'https://h/x/': The requested URL returned error: 503",
            "fatal: unable to access 'https://h/x/': CONNECT tunnel failed, response 502",
            "error: RPC failed; curl 56 GnuTLS recv error\nfatal: early EOF",
            "fatal: read error: Connection reset by peer",
        ] {
            assert!(may_help(passing.as_bytes()), "{passing}");
        }
        for lasting in [
            "remote: Not Found\nfatal: repository 'https://h/x/' not found",
            "fatal: unable to access 'https://h/x/': The requested URL returned error: 403",
            "fatal: unable to access 'https://h/x/': CONNECT tunnel failed, response 403",
            "fatal: couldn't find remote ref v1",
            "git@h: Permission denied (publickey).",
            "",
        ] {
            assert!(!may_help(lasting.as_bytes()), "{lasting}");
        }
    }
}
