//! The original Copr's words for things: what goes over the wire below `/api_0`, in both
//! directions.
//!
//! The server and [`CoprClient`](crate::client::CoprClient) share these, so that neither can mean
//! something else than the other. What is today called a project is a *copr* here, its chroots are
//! its *releases*, and the other projects that its builds take packages from are its
//! *dependencies*. Requests hold nothing that they do not name; answers may get more keys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::permission::Role;
use crate::clock::Timestamp;

/// A copr: the answer of all methods that concern one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::Copr)]
pub struct Copr {
    /// Whose it is: a user, or a group written `@name`.
    pub owner: String,
    /// Its name, unique for the owner.
    pub name: String,
    /// `owner/name`.
    pub full_name: String,
    /// What it is for; Markdown.
    pub description: String,
    /// How to install from it; Markdown.
    pub instructions: String,
    /// A web address.
    pub homepage: Option<String>,
    /// A web or mail address.
    pub contact: Option<String>,
    /// The chroots that its packages are built for.
    pub releases: Vec<String>,
    /// The coprs that its builds take packages from, as `owner/name`.
    pub dependencies: Vec<String>,
    /// Repositories of other servers that its builds take packages from.
    pub repos: Vec<String>,
    /// When it was made, in unix seconds.
    pub created_on: Timestamp,
    /// The address of its page.
    pub url: String,
}

/// Coprs, in the order of their names or of their creation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::Coprs)]
pub struct Coprs {
    /// The coprs.
    pub coprs: Vec<Copr>,
}

/// A copr to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::NewCopr)]
#[serde(deny_unknown_fields)]
pub struct NewCopr {
    /// Its name.
    pub name: String,
    /// What it is for; Markdown.
    #[serde(default)]
    pub description: String,
    /// The chroots to build for, at least one.
    pub releases: Vec<String>,
    /// The coprs to take packages from, as `owner/name`.
    #[serde(default)]
    pub dependencies: Vec<String>,
}

/// What is to change about a copr. What is not said stays; an empty text takes away what was there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::CoprEdit)]
#[serde(deny_unknown_fields)]
pub struct CoprEdit {
    /// What it is for; Markdown.
    pub description: Option<String>,
    /// How to install from it; Markdown.
    pub instructions: Option<String>,
    /// A web address.
    pub homepage: Option<String>,
    /// A web or mail address.
    pub contact: Option<String>,
}

/// Coprs to be added to a copr's dependencies, or removed from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::Dependencies)]
#[serde(deny_unknown_fields)]
pub struct Dependencies {
    /// At least one, as `owner/name`.
    pub dependencies: Vec<String>,
}

/// Chroots to be added to a copr's releases, or removed from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::Releases)]
#[serde(deny_unknown_fields)]
pub struct Releases {
    /// At least one, as in `fedora-43-x86_64`.
    pub releases: Vec<String>,
}

/// A permission to be given to a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::Granting)]
#[serde(deny_unknown_fields)]
pub struct Granting {
    /// Who is to have it.
    pub user: String,
    /// What the user is to be in the copr.
    pub permission: Role,
}

/// A permission to be taken from a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::Revoking)]
#[serde(deny_unknown_fields)]
pub struct Revoking {
    /// Who is to lose it.
    pub user: String,
    /// What the user is no longer to be; `null` or missing: anything.
    pub permission: Option<Role>,
}

/// What a user may do in a copr: the answer to grant and revoke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::Permissions)]
pub struct Permissions {
    /// The user.
    pub user: String,
    /// What the user is in the copr by now.
    pub permissions: Vec<Role>,
}

/// A package of a copr, whatever the version, release and architecture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::Pkg)]
pub struct Pkg {
    /// Its name.
    pub name: String,
    /// The copr it belongs to, as `owner/name`.
    pub copr: String,
    /// The version of the last build that succeeded, as `[epoch:]version-release`.
    pub version: Option<String>,
    /// The last build.
    pub build: Option<PkgBuild>,
}

/// A build of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::PkgBuild)]
pub struct PkgBuild {
    /// Its number.
    pub id: i64,
    /// What it builds, as `[epoch:]version-release`; `null` until the source package was looked at.
    pub version: Option<String>,
    /// How far it is: `pending`, `starting`, `running`, `succeeded`, `failed`, `canceled` …
    pub state: String,
    /// When it was handed in, in unix seconds.
    pub submitted_on: Timestamp,
    /// The address of its page.
    pub url: String,
}

/// Packages of one copr, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::Pkgs)]
pub struct Pkgs {
    /// The packages.
    pub pkgs: Vec<Pkg>,
}

/// Why something was refused: the body of every answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = original::Refusal)]
pub struct Refusal {
    /// A sentence, or one line for each mistake.
    pub error: String,
}
