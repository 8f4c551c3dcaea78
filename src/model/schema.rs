//! How single values look over the wire, for descriptions of what holds them. Structs derive the
//! same.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use super::options::{Bootstrap, Isolation};
use super::permission::Role;
use super::repo_url::RepoUrl;
use super::{
    BuildId, BuildState, ChrootName, ChrootState, DirName, Owner, PackageName, ProjectName,
    SourceState, UserName,
};
use crate::clock::Timestamp;

/// Letters, digits, dots, dashes and underscores.
pub const WORD: &str = "^[A-Za-z0-9_.-]+$";
/// A user, or a group written `@name`.
pub const OWNER: &str = "^@?[A-Za-z0-9_.-]+$";
/// A project's name, and what follows it for directories other than the main one.
pub const DIR: &str = "^[A-Za-z0-9_.-]+(:(custom(:[A-Za-z0-9-]+)+|pr:[A-Za-z0-9-]+))?$";
/// `distribution-version-arch`.
pub const CHROOT: &str = "^[A-Za-z0-9_+][A-Za-z0-9_.+-]*-[A-Za-z0-9_.+]+-[A-Za-z0-9_.+]+$";
/// A source package's name.
pub const PACKAGE: &str = "^[A-Za-z0-9+_.-]+$";

fn text(what: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(what))
}

fn whole(what: &str) -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).description(Some(what))
}

macro_rules! described {
    ($($name:ident => $schema:expr),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+};
}

described! {
    UserName => text("A user's name.").pattern(Some(WORD)),
    ProjectName => text("A project's name, unique for its owner.").pattern(Some(WORD)),
    PackageName => text("A source package's name.").pattern(Some(PACKAGE)),
    Owner => text("Whose a project is: a user, or a group as `@name`.").pattern(Some(OWNER)),
    DirName => text("A directory of a project: its name, `name:custom:…` or `name:pr:…`.")
        .pattern(Some(DIR)),
    ChrootName => text("What packages are built for: `distribution-version-arch`.")
        .pattern(Some(CHROOT)),
    RepoUrl => text("A repository: `https://…`, or `copr://owner/project` for one of this server."),
    Timestamp => whole("A moment, in unix seconds."),
    BuildId => whole("A build's number.").minimum(Some(1)),
    BuildState => text("How far a build is.")
        .enum_values(Some(BuildState::ALL.iter().map(|state| state.as_str()))),
    ChrootState => text("How far a build is in one chroot.")
        .enum_values(Some(ChrootState::ALL.iter().map(|state| state.as_str()))),
    SourceState => text("How far the source package of a build is.")
        .enum_values(Some(SourceState::ALL.iter().map(|state| state.as_str()))),
    Bootstrap => text("How a build root is bootstrapped.")
        .enum_values(Some(Bootstrap::ALL.iter().map(|word| word.as_str()))),
    Isolation => text("What separates a build from the host.")
        .enum_values(Some(Isolation::ALL.iter().map(|word| word.as_str()))),
    Role => text("What a user can be in a project.")
        .enum_values(Some([Role::Builder, Role::Admin].map(Role::as_str))),
}
