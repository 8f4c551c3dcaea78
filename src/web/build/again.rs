//! Building it again: here, and on the reader's own machine.

use crate::model::build::Build;
use crate::model::chroot::ChrootRecipe;
use crate::model::source::SourceSpec;
use crate::ops::pages::{BuildDetail, BuildPart};
use crate::repo::Layout;
use crate::web::view;

/// Where a build is handed in again, for who may; not for packages that were made elsewhere.
pub fn url(detail: &BuildDetail) -> Option<String> {
    let build = &detail.build;
    let can = !matches!(build.source, SourceSpec::RpmUpload { .. });
    let project_url = view::project_url(&build.owner, &build.project);
    (can && detail.head.rights.build).then(|| format!("{project_url}repeat_build/{}/", build.id))
}

/// The command that builds the package again elsewhere, in the same chroot and with the project's
/// own packages.
pub fn repeat_command(build: &Build, part: &BuildPart, layout: &Layout) -> Option<String> {
    let srpm = build.srpm.as_ref()?;
    let srpm = layout.srpm_url(&build.owner, &build.dir, build.id, srpm);
    Some(match part.recipe.as_ref()? {
        ChrootRecipe::Mock { .. } => {
            let chroot = &part.chroot.name;
            let repo = layout.chroot_url(&build.owner, &build.dir, chroot);
            let network = if build.options.enable_net { " --enable-network" } else { "" };
            format!("mock -r {chroot} --addrepo={repo}{network} --rebuild {srpm}")
        }
        ChrootRecipe::Sandbox { .. } => format!("rpmbuild --rebuild {srpm}"),
    })
}
