//! What a user may do in somebody else's project.

use super::{UserId, UserName};

/// How far a wish for a role has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grant {
    /// Not asked for, or taken away.
    #[default]
    Nothing,
    /// Asked for.
    Request,
    /// Given.
    Approved,
}

impl Grant {
    /// The word that clients see.
    pub fn as_str(self) -> &'static str {
        match self {
            Grant::Nothing => "nothing",
            Grant::Request => "request",
            Grant::Approved => "approved",
        }
    }
}

/// One user's two roles in one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The user.
    pub user: UserId,
    /// The user's name.
    pub user_name: UserName,
    /// May submit and cancel builds.
    pub builder: Grant,
    /// May do that, and change the project.
    pub admin: Grant,
}
