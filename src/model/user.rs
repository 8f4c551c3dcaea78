//! People, groups of them, and what they log in with.

use super::{GroupId, GroupName, TokenId, UserId, UserName};
use crate::clock::Timestamp;

/// A user account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub id: UserId,
    /// Its login name.
    pub name: UserName,
    /// Where mail would go.
    pub email: Option<String>,
    /// Whether the user may do everything on this server.
    pub admin: bool,
    /// A disabled account cannot log in, and its tokens are refused.
    pub disabled: bool,
    /// When it was made.
    pub created_on: Timestamp,
}

/// A group of users, which can own projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its number.
    pub id: GroupId,
    /// Its name, without the `@`.
    pub name: GroupName,
}

/// An API token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: TokenId,
    /// Whose it is.
    pub user: UserId,
    /// The public half of the pair that clients send.
    pub login: String,
    /// What its owner calls it.
    pub label: String,
    /// When it was made.
    pub created_on: Timestamp,
    /// The first moment when it no longer counts.
    pub expires_on: Timestamp,
    /// When it was last used, give or take an hour.
    pub last_used_on: Option<Timestamp>,
}

impl Token {
    /// The last day on which it counts, `YYYY-MM-DD`.
    pub fn last_day(&self) -> String {
        Timestamp(self.expires_on.0 - 1).date()
    }
}
