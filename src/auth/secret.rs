//! Random secrets: API tokens, session cookies, login links.
//!
//! They have more than 200 bits, so one fast digest protects them; a slow hash is for passwords,
//! which people choose.

use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

/// `length` random letters and digits, about 6 bits each, from the system's generator.
pub(super) fn random(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

/// What the store keeps of a secret.
pub(super) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let (one, two) = (random(40), random(40));
        assert_eq!((one.len(), two.len()), (40, 40));
        assert_ne!(one, two);
        assert_ne!(digest(&one), digest(&two));
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
