//! What a user may do in somebody else's project.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{UserId, UserName};

/// A word that names no role, or no state of one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is not allowed here; use one of: {allowed}")]
pub struct UnknownWord {
    given: String,
    allowed: &'static str,
}

/// What a user can be in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May submit and cancel builds.
    Builder,
    /// May do that, and change the project.
    Admin,
}

impl Role {
    /// The word that clients see.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Builder => "builder",
            Role::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Role, UnknownWord> {
        match text {
            "builder" => Ok(Role::Builder),
            "admin" => Ok(Role::Admin),
            _ => Err(UnknownWord { given: text.to_owned(), allowed: "admin, builder" }),
        }
    }
}

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

impl FromStr for Grant {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Grant, UnknownWord> {
        match text {
            "nothing" => Ok(Grant::Nothing),
            "request" => Ok(Grant::Request),
            "approved" => Ok(Grant::Approved),
            _ => Err(UnknownWord { given: text.to_owned(), allowed: "nothing, request, approved" }),
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

impl Permission {
    /// How far a role has come.
    pub fn grant(&self, role: Role) -> Grant {
        match role {
            Role::Builder => self.builder,
            Role::Admin => self.admin,
        }
    }

    /// Sets a role; says whether that is a change.
    pub fn set(&mut self, role: Role, grant: Grant) -> bool {
        let place = match role {
            Role::Builder => &mut self.builder,
            Role::Admin => &mut self.admin,
        };
        std::mem::replace(place, grant) != grant
    }
}
