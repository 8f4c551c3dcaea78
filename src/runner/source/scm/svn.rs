//! Subversion: a checkout at a revision.

use std::path::Path;

use super::remote;
use super::trip::Trip;
use crate::model::source::{CloneScheme, CloneUrl, Committish};
use crate::runner::source::error::SourceError;
use crate::runner::worker::Stop;

/// Checks out `url` into `dir`, which is not there yet.
pub(super) async fn check_out(
    trip: &Trip<'_>,
    url: &CloneUrl,
    committish: Option<&Committish>,
    dir: &Path,
) -> Result<(), Stop> {
    let sources = trip.outfit.sources;
    if url.scheme() == CloneScheme::File && !sources.allow_file_urls {
        return Err(super::files_forbidden());
    }
    let revision = committish.map_or("HEAD", Committish::as_str);
    let number = revision.strip_prefix('r').unwrap_or(revision);
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    if revision != "HEAD" && !is_number {
        let why = format!("{revision} is not a revision of Subversion: use its number");
        return Err(SourceError::Checkout(why).into());
    }
    let shown = remote::shown(url.as_str());
    trip.outfit.log.line(format!("checking out {shown} at {revision}"));
    let pinned = remote::pin(url, sources).await;
    let pinned = pinned.map_err(|error| SourceError::Clone(error.to_string()))?;
    let key = trip.prepare_ssh(url, pinned)?;
    let address = match (url.scheme(), pinned) {
        (CloneScheme::Svn, Some(ip)) => remote::with_host(url, ip),
        _ => url.as_str().to_owned(),
    };
    let program = trip
        .program("svn", "none")
        // Where `ssh_config` is, which is named without a path.
        .current_dir(&trip.dir)
        .args(["checkout", "--quiet", "--non-interactive", "--no-auth-cache"])
        // Those could name any host.
        .args(["--ignore-externals", "--config-dir"])
        .arg(trip.dir.join("svn"))
        .args(["--revision", if is_number { number } else { revision }, "--"])
        // Whatever follows the last @ would be taken for a revision.
        .arg(format!("{address}@"))
        .arg(dir);
    let ended = trip.run(program, dir).await;
    drop(key);
    let ended = ended?;
    if !ended.exit.success() {
        let why = trip.complaint(&ended, url);
        let no_revision = why.contains("No such revision");
        let error = if no_revision { SourceError::Checkout(why) } else { SourceError::Clone(why) };
        return Err(error.into());
    }
    trip.check_size(dir).await?;
    Ok(())
}
