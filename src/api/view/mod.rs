//! What goes over the wire: the keys that clients know, in structs.

mod build;
mod package;
mod project;
mod source;

pub(super) use build::{BuildChroot, BuildView, ChrootConfig, Nevras, SourceChroot, SourceConfig};
pub(super) use package::PackageView;
pub(super) use project::{ProjectChrootView, ProjectConfig, ProjectView};
pub(super) use source::{package_source_dict, source_dict, upload_url};

use serde::{Serialize, Serializer};

/// The builders take no limit on memory; Copr's own constant stands for "no limit".
pub(super) const MEMORY_LIMIT: u32 = 2048;

/// An object whose keys come in this order; clients show them so.
pub(super) struct Pairs<V>(pub(super) Vec<(String, V)>);

impl<V: Serialize> Serialize for Pairs<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}
