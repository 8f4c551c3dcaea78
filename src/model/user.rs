//! People, and groups of them.

use super::{GroupId, GroupName, UserId, UserName};
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
