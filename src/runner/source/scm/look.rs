//! A look at a git repository from outside: where its branches and tags are, and whether one of
//! its directories is as it was.

use std::path::{Component, PathBuf};

use super::git::{Clone, WANTED, Way};
use super::remote;
use super::trip::Trip;
use crate::model::poll::{Content, Found};
use crate::model::source::{CloneUrl, Committish, SubPath};
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

/// The commit, `at` when it was looked up, with git's name for what the directory holds there.
pub(in crate::runner::source) async fn content(
    trip: &Trip<'_>,
    url: &CloneUrl,
    committish: Option<&Committish>,
    dir: &SubPath,
    at: String,
) -> Result<Found, Stop> {
    match below(trip, url, committish, dir).await {
        Ok((at, tree)) => Ok(Found { at, content: Content::Tree(tree) }),
        Err(Stop::Failed(why)) => Ok(Found { at, content: Content::Unknown(why) }),
        Err(other) => Err(other),
    }
}

async fn below(
    trip: &Trip<'_>,
    url: &CloneUrl,
    committish: Option<&Committish>,
    dir: &SubPath,
) -> Result<(String, String), Stop> {
    let path = dir.below();
    let depth = path.components().count();
    let place = trip.dir.join("trees");
    let clone = Clone::of_trees(trip, url, committish, depth, place).await?;
    let ask = async |args: &[&str]| {
        let answer = clone.ask(clone.dir(), args).await?;
        answer.ok_or_else(|| Stop::Failed(format!("git does not tell what is in {dir}")))
    };
    // Another commit may have come since the first question: this is the one that was fetched.
    let commit = ask(&["rev-parse", "--verify", &format!("{WANTED}^{{commit}}")]).await?;
    let (mut at, mut tree) = (PathBuf::new(), String::new());
    for part in path.components().filter(|part| matches!(part, Component::Normal(_))) {
        at.push(part);
        let listed = ask(&["ls-tree", "-z", WANTED, "--", &at.to_string_lossy()]).await?;
        let Some((kind, id)) = entry(&listed) else {
            return Ok((commit.trim().to_owned(), String::new()));
        };
        id.clone_into(&mut tree);
        match kind {
            "tree" => {}
            // What it leads to may change without it.
            "link" => return Err(Stop::Failed(format!("{} is a symlink", at.display()))),
            // A submodule is all that it holds, and a file holds nothing.
            _ => break,
        }
    }
    Ok((commit.trim().to_owned(), tree))
}

/// What the one entry that `git ls-tree -z` has listed is, and its name in git.
fn entry(listed: &str) -> Option<(&str, &str)> {
    // `<mode> <kind> <id><tab><path>`
    let (about, _) = listed.split('\0').next()?.split_once('\t')?;
    let mut words = about.split(' ');
    let (mode, kind, id) = (words.next()?, words.next()?, words.next()?);
    Some((if mode == "120000" { "link" } else { kind }, id))
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
    use super::{choose, entry};

    #[test]
    fn a_symlink_is_not_taken_for_what_it_leads_to() {
        assert_eq!(entry("040000 tree cafe\trpm\0"), Some(("tree", "cafe")));
        assert_eq!(entry("160000 commit cafe\trpm\0"), Some(("commit", "cafe")));
        assert_eq!(entry("120000 blob cafe\trpm\0"), Some(("link", "cafe")));
        assert_eq!(entry(""), None);
    }

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
