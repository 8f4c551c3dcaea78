//! Webhooks: what forges and scripts send to have packages rebuilt.
//!
//! The secret in the address is all that they show. [`admit`] and [`custom::check`] look at it
//! before the rest of the request is read; what becomes of the rest is noted for the project.

pub mod custom;
mod forge;
pub mod log;
mod matching;
mod receive;

use hmac::{Hmac, KeyInit as _, Mac as _};
pub use receive::{admit, receive};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::authorise::{Action, authorise};
use super::{App, Error, Result, projects};
use crate::clock::Timestamp;
use crate::model::delivery::{Arrival, Line};
use crate::model::project::Project;
use crate::model::user::User;
use crate::model::{BuildId, DeliveryId, ProjectId};
use crate::store::{Connection, deliveries, projects as project_rows};

/// The most lines that are noted of one delivery.
const LINES: usize = 100;

/// Gives a project a new secret; addresses with an earlier one no longer work.
pub async fn new_secret(
    app: &App,
    user: &User,
    (owner, project): (&str, &str),
) -> Result<(Project, String)> {
    let (owner, project) = (owner.to_owned(), project.to_owned());
    let user = user.clone();
    app.store
        .write(move |tx| {
            let project = projects::find(tx, &owner, &project)?;
            authorise(tx, &user, Action::ManageProject(&project))?;
            let secret = uuid(rand::random());
            project_rows::set_webhook_secret(tx, project.id, &secret)?;
            Ok((project, secret))
        })
        .await
}

/// Whether two secrets are the same, in a time that does not tell how far they are.
pub fn is_same(given: &str, known: &str) -> bool {
    given.as_bytes().ct_eq(known.as_bytes()).into()
}

/// Whether `signature`, in hexadecimal digits, is that of `body` with the key `secret`.
pub fn is_signed(secret: &str, body: &[u8], signature: &str) -> bool {
    let Some(sum) = hex(signature) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&sum).is_ok()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .collect();
    let (pairs, rest) = digits.as_ref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Refuses all but the project's secret; where none was made yet, everything.
fn check_secret(db: &Connection, project: ProjectId, secret: &str) -> Result<()> {
    match project_rows::webhook_secret(db, project)? {
        Some(known) if is_same(secret, &known) => Ok(()),
        _ => Err(Error::Denied("The secret in the address is not this project's.".to_owned())),
    }
}

/// Notes a delivery and what became of it.
pub(super) fn record(
    tx: &Connection,
    project: ProjectId,
    arrival: &Arrival,
    lines: &[Line],
    builds: &[BuildId],
) -> Result<DeliveryId> {
    let mut told: Vec<String> = lines.iter().take(LINES).map(one_line).collect();
    if lines.len() > LINES {
        told.push(format!("and {} more", lines.len() - LINES));
    }
    let came = (Timestamp::now(), arrival);
    Ok(deliveries::insert(tx, project, came, &told.join("\n"), builds)?)
}

fn one_line(line: &Line) -> String {
    line.to_string().replace(['\n', '\r'], " ")
}

/// A random UUID, version 4, out of 128 random bits.
fn uuid(random: u128) -> String {
    let bits = random & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::{hex, is_same, is_signed, uuid};

    #[test]
    fn a_secret_is_a_uuid_of_version_4() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn a_signature_is_the_one_in_githubs_manual() {
        let body = b"Hello, World!";
        let good = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_signed("It's a Secret to Everybody", body, good));
        assert!(!is_signed("It's a Secret to Everybody", b"Hello, World?", good));
        assert!(!is_signed("another", body, good));
        for bad in ["", &good[2..], &good[..good.len() - 1], "zz"] {
            assert!(!is_signed("It's a Secret to Everybody", body, bad), "{bad}");
        }
        assert_eq!(hex("00fF"), Some(vec![0, 255]));
        assert_eq!(hex("0"), None);
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(is_same("a", "a"));
        for other in ["", "A", "aa"] {
            assert!(!is_same(other, "a"));
        }
    }
}
