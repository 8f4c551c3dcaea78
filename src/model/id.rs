//! Row numbers, one type each, so that a build's cannot be handed in for a project's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            /// Reads a plain decimal number; a sign is refused, as ids are never negative.
            fn from_str(text: &str) -> Result<$name, Self::Err> {
                if text.starts_with(['+', '-']) {
                    return "".parse::<i64>().map($name);
                }
                text.parse().map($name)
            }
        }
    )+};
}

ids! {
    /// A user account.
    UserId,
    /// A group of users.
    GroupId,
    /// An API token.
    TokenId,
    /// A chroot that this server offers.
    ChrootId,
    /// A project.
    ProjectId,
    /// A directory of a project: its main one, `name:custom:…` or `name:pr:…`.
    DirId,
    /// A package of a project.
    PackageId,
    /// A build; never used twice.
    BuildId,
    /// One chroot of one build.
    BuildChrootId,
    /// A set of builds that wait for another set.
    BatchId,
    /// What arrived at a webhook of a project.
    DeliveryId,
    /// A piece of queued work.
    JobId,
}

impl BuildId {
    /// The number as it stands in directory names: eight digits.
    pub fn padded(self) -> String {
        format!("{:08}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimals_are_ids() {
        assert_eq!("12".parse(), Ok(BuildId(12)));
        for bad in ["", "+1", "-1", "1.0", "abc", "99999999999999999999"] {
            assert!(bad.parse::<BuildId>().is_err(), "{bad}");
        }
        assert_eq!(BuildId(42).padded(), "00000042");
    }
}
