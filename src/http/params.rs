//! Names and numbers in addresses.
//!
//! Rocket decodes a segment once and hands it over; what is no name never reaches a handler. Rocket
//! answers that with 422, which nobody expects of an address: see [`super::refusal::status`].

use std::num::ParseIntError;

use rocket::request::FromParam;

use crate::model::name::NameError;
use crate::model::{
    BuildId, ChrootName, DeliveryId, DirName, GroupName, Owner, PackageName, ProjectName,
};
use crate::ops::Error;
use crate::ops::sources::SourceKind;

macro_rules! params {
    ($($name:ident => $error:ty),+ $(,)?) => {$(
        impl FromParam<'_> for $name {
            type Error = $error;

            fn from_param(segment: &str) -> Result<$name, $error> {
                segment.parse()
            }
        }
    )+};
}

params! {
    Owner => NameError,
    ProjectName => NameError,
    DirName => NameError,
    ChrootName => NameError,
    PackageName => NameError,
    GroupName => NameError,
    BuildId => ParseIntError,
    DeliveryId => ParseIntError,
    SourceKind => Error,
}

/// The owner in `/coprs/g/<group>/…`: the group's name without its `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOwner(pub Owner);

impl FromParam<'_> for GroupOwner {
    type Error = NameError;

    fn from_param(segment: &str) -> Result<GroupOwner, NameError> {
        segment.parse().map(|group| GroupOwner(Owner::Group(group)))
    }
}
