//! What things are: names, states, projects, builds. Plain values without I/O.
//!
//! A name is parsed once, where it enters, and trusted from then on; a state is an enum whose
//! wire name and number are Copr's. Nothing here knows SQL, HTTP or the disk.

pub mod assign;
pub mod build;
pub mod build_config;
pub mod chroot;
pub mod copr;
pub mod delivery;
pub mod dependency;
pub mod glob;
pub mod id;
pub mod job;
pub mod list;
pub mod name;
pub mod nevra;
pub mod options;
pub mod package;
pub mod permission;
pub mod poll;
pub mod project;
pub mod repo_url;
pub mod schema;
pub mod source;
pub mod state;
pub mod user;
pub mod words;

pub use id::{
    BatchId, BuildChrootId, BuildId, ChrootId, DeliveryId, DirId, GroupId, JobId, PackageId,
    ProjectId, TokenId, UserId,
};
pub use name::{ChrootName, DirName, GroupName, Owner, PackageName, ProjectName, UserName};
pub use state::{BuildState, ChrootState, SourceState};
