//! A look at a git repository from outside: where its branches and tags are.

use super::git::Way;
use super::remote;
use super::trip::Trip;
use crate::model::source::{CloneUrl, Committish};
use crate::runner::source::error::SourceError;
use crate::runner::worker::Stop;

/// The commit that a build of this would be made from.
pub(in crate::runner::source) async fn commit(
    trip: &Trip<'_>,
    url: &CloneUrl,
    committish: Option<&Committish>,
) -> Result<String, Stop> {
    let wanted = committish.map_or("HEAD", Committish::as_str);
    let way = Way::to(trip, url).await?;
    let program = way.git().args(["ls-remote", "--quiet", "--"]);
    // The second pattern is for the commit that a tag is for.
    let program = way.there(program).arg(wanted).arg(format!("{wanted}^{{}}"));
    let ended = trip.run(program, &trip.dir).await?;
    if !ended.exit.success() {
        return Err(SourceError::Clone(trip.complaint(&ended, url)).into());
    }
    if let Some(found) = choose(&String::from_utf8_lossy(&ended.stdout), wanted) {
        return Ok(found);
    }
    if wanted.len() >= 7 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        // A commit, which never changes.
        return Ok(wanted.to_owned());
    }
    let shown = remote::shown(url.as_str());
    Err(if wanted == "HEAD" {
        SourceError::Clone(format!("{shown} is empty")).into()
    } else {
        SourceError::Checkout(format!("{shown} has no branch or tag {wanted}")).into()
    })
}

/// Which of the lines that `git ls-remote` has printed is the one that git fetches by this name.
fn choose(lines: &str, wanted: &str) -> Option<String> {
    let at = |name: &str| {
        let mut pairs = lines.lines().filter_map(|line| line.split_once('\t'));
        pairs.find(|(_, known)| *known == name).map(|(commit, _)| commit)
    };
    // Git's own order.
    let places = ["", "refs/", "refs/tags/", "refs/heads/"];
    let commit = places.into_iter().find_map(|place| {
        let name = format!("{place}{wanted}");
        at(&format!("{name}^{{}}")).or_else(|| at(&name))
    })?;
    let is_commit = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_commit.then(|| commit.to_owned())
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn a_name_means_what_git_would_fetch_by_it() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|digit| digit.repeat(40));
        let lines = format!(
            "{a}\tHEAD\n{a}\trefs/heads/main\n{b}\trefs/heads/x/main\n{c}\trefs/tags/v1\n\
             {d}\trefs/tags/v1^{{}}\n{b}\trefs/heads/v1\n{b}\trefs/pull/7/head\n"
        );
        let choose = |wanted| choose(&lines, wanted);
        assert_eq!(choose("HEAD"), Some(a.clone()));
        assert_eq!(choose("main"), Some(a));
        assert_eq!(choose("v1"), Some(d), "the commit, not the tag");
        assert_eq!(choose("refs/heads/v1").as_ref(), Some(&b));
        assert_eq!(choose("x/main").as_ref(), Some(&b));
        assert_eq!(choose("refs/pull/7/head"), Some(b));
        assert_eq!(choose("head"), None);
        assert_eq!(super::choose("--x\tHEAD\n", "HEAD"), None);
    }
}
