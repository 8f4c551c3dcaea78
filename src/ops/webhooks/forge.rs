//! What forges send, read into one shape. Only what is needed is read; the rest may be anything.

use serde::{Deserialize, Deserializer};

use crate::model::delivery::Forge;
use crate::model::source::Committish;

/// Something that happened in a repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Where the repository is cloned from.
    pub(super) clone_url: String,
    /// Who was at work.
    pub(super) sender: Option<String>,
    pub(super) change: Change,
    /// What there is to build now; `None`: what the package says.
    pub(super) committish: Option<Committish>,
}

/// What has changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// There is a new tag.
    Tag(String),
    /// A branch has moved.
    Push(Push),
    /// Nothing that could be built; why.
    Nothing(String),
}

/// A branch that has moved.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Push {
    /// The branch: `refs/heads/main`, or `main`.
    pub(super) reference: String,
    /// The files that were added, changed or removed; `None`: the forge does not say.
    pub(super) files: Option<Vec<String>>,
}

/// Reads a payload; the error says what is missing. `event` is the kind of event, where a header
/// has it.
pub(super) fn read(forge: Forge, event: Option<&str>, payload: &[u8]) -> Result<Event, String> {
    let read = match forge {
        Forge::Github => serde_json::from_slice::<Github>(payload).map(|it| it.event(event)),
        Forge::Gitlab => serde_json::from_slice::<Gitlab>(payload).map(Gitlab::event),
        Forge::Bitbucket => serde_json::from_slice::<Bitbucket>(payload).map(Bitbucket::event),
        Forge::Custom | Forge::Poll => {
            return Err("this address is for one package".to_owned());
        }
    };
    read.map_err(|error| format!("the payload is not what {forge} sends: {error}"))?
}

/// An event of which the tag or the commit is still to be checked.
fn event(
    clone_url: String,
    sender: Option<String>,
    change: Change,
    commit: Option<String>,
) -> Result<Event, String> {
    let change = match &commit {
        // What forges send for a branch or a tag that has gone.
        Some(hash) if hash.len() >= 40 && hash.bytes().all(|byte| byte == b'0') => {
            Change::Nothing("it was deleted".to_owned())
        }
        _ => change,
    };
    let wanted = match &change {
        Change::Tag(tag) => Some(tag.clone()),
        Change::Push(_) => commit.filter(|hash| !hash.is_empty()),
        Change::Nothing(_) => None,
    };
    let committish = wanted.map(|text| text.parse()).transpose();
    let committish = committish.map_err(|error| format!("{error}"))?;
    Ok(Event { clone_url, sender, change, committish })
}

#[derive(Deserialize)]
struct Github {
    repository: GithubRepository,
    sender: Option<GithubSender>,
    r#ref: Option<String>,
    ref_type: Option<String>,
    after: Option<String>,
    #[serde(default, deserialize_with = "said")]
    commits: Option<Vec<Commit>>,
}

#[derive(Deserialize)]
struct GithubRepository {
    clone_url: String,
}

#[derive(Deserialize)]
struct GithubSender {
    url: Option<String>,
    /// What Gitea and Forgejo have instead.
    html_url: Option<String>,
}

impl Github {
    fn event(self, kind: Option<&str>) -> Result<Event, String> {
        let is_tag = self.ref_type.as_deref() == Some("tag");
        let change = match (kind, self.r#ref) {
            (Some("create"), Some(tag)) if is_tag => {
                Change::Tag(tag.strip_prefix("refs/tags/").unwrap_or(&tag).to_owned())
            }
            (Some("push"), Some(reference)) => push(reference, self.commits),
            (Some("push"), None) => return Err("the payload has no ref".to_owned()),
            (kind, _) => nothing(kind),
        };
        event(
            self.repository.clone_url,
            self.sender.and_then(|it| it.url.or(it.html_url)),
            change,
            self.after,
        )
    }
}

#[derive(Deserialize)]
struct Gitlab {
    project: GitlabProject,
    object_kind: Option<String>,
    r#ref: Option<String>,
    after: Option<String>,
    user_username: Option<String>,
    #[serde(default, deserialize_with = "said")]
    commits: Option<Vec<Commit>>,
}

#[derive(Deserialize)]
struct GitlabProject {
    git_http_url: String,
}

impl Gitlab {
    fn event(self) -> Result<Event, String> {
        let kind = self.object_kind.as_deref();
        let change = match (kind, self.r#ref) {
            (Some("tag_push"), Some(tag)) => {
                Change::Tag(tag.rsplit('/').next().unwrap_or_default().to_owned())
            }
            (None | Some("push"), Some(reference)) => push(reference, self.commits),
            (None | Some("push" | "tag_push"), None) => {
                return Err("the payload has no ref".to_owned());
            }
            (kind, _) => nothing(kind),
        };
        let sender = self.user_username.map(|name| format!("gitlab.com:{name}"));
        event(self.project.git_http_url, sender, change, self.after)
    }
}

#[derive(Deserialize)]
struct Bitbucket {
    repository: Linked,
    actor: Option<Linked>,
    push: BitbucketPush,
}

#[derive(Deserialize)]
struct Linked {
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    html: Link,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

#[derive(Deserialize)]
struct BitbucketPush {
    changes: Vec<BitbucketChange>,
}

#[derive(Deserialize)]
struct BitbucketChange {
    new: Option<BitbucketRef>,
}

#[derive(Deserialize)]
struct BitbucketRef {
    r#type: String,
    name: String,
    target: Option<BitbucketTarget>,
}

#[derive(Deserialize)]
struct BitbucketTarget {
    hash: String,
}

impl Bitbucket {
    fn event(self) -> Result<Event, String> {
        let sender = self.actor.map(|actor| actor.links.html.href);
        let Some(first) = self.push.changes.into_iter().next() else {
            return Err("the payload has no changes".to_owned());
        };
        let (change, commit) = match first.new {
            None => (Change::Nothing("it was deleted".to_owned()), None),
            Some(new) if new.r#type == "tag" => (Change::Tag(new.name), None),
            // Bitbucket names no files.
            Some(new) => (
                Change::Push(Push { reference: new.name, files: None }),
                new.target.map(|target| target.hash),
            ),
        };
        event(self.repository.links.html.href, sender, change, commit)
    }
}

#[derive(Deserialize)]
struct Commit {
    #[serde(default, deserialize_with = "said")]
    added: Option<Vec<String>>,
    #[serde(default, deserialize_with = "said")]
    modified: Option<Vec<String>>,
    #[serde(default, deserialize_with = "said")]
    removed: Option<Vec<String>>,
}

/// A list that is there. `null` is how Gitea writes an empty one.
fn said<'de, T, D>(from: D) -> Result<Option<Vec<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Some(Option::deserialize(from)?.unwrap_or_default()))
}

fn push(reference: String, commits: Option<Vec<Commit>>) -> Change {
    let files = commits.and_then(|commits| {
        let mut all = Vec::new();
        for commit in commits {
            let lists = [commit.added, commit.modified, commit.removed];
            if lists.iter().all(Option::is_none) {
                return None;
            }
            all.extend(lists.into_iter().flatten().flatten());
        }
        Some(all)
    });
    Change::Push(Push { reference, files })
}

fn nothing(kind: Option<&str>) -> Change {
    Change::Nothing(format!("events of the kind {} build nothing", kind.unwrap_or("unknown")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(forge: Forge, event: &str, payload: Value) -> Result<Event, String> {
        read(forge, Some(event), payload.to_string().as_bytes())
    }

    fn github(event: &str, more: Value) -> Result<Event, String> {
        let mut payload = json!({
            "repository": {"clone_url": "https://h/a.git"}, "sender": {"url": "https://h/u"},
            "ref": "refs/heads/main", "after": "cafe",
        });
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        parse(Forge::Github, event, payload)
    }

    fn files(event: Result<Event, String>) -> Option<Vec<String>> {
        match event.unwrap().change {
            Change::Push(push) => push.files,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_push_to_github_names_files() {
        let commits = json!({"commits": [
            {"added": ["a"], "modified": ["b"], "removed": []}, {"removed": ["c"]},
        ]});
        let event = github("push", commits).unwrap();
        assert_eq!(event.clone_url, "https://h/a.git");
        assert_eq!(event.sender.as_deref(), Some("https://h/u"));
        assert_eq!(event.committish.as_ref().map(Committish::as_str), Some("cafe"));
        assert_eq!(files(Ok(event)).unwrap(), ["a", "b", "c"]);
        assert_eq!(files(github("push", json!({}))), None);
        assert_eq!(files(github("push", json!({"commits": [{}]}))), None);
        assert_eq!(files(github("push", json!({"commits": null}))), Some(vec![]));
        assert_eq!(files(github("push", json!({"commits": []}))), Some(vec![]));
    }

    #[test]
    fn only_what_is_new_is_built() {
        let tag = json!({"ref": "v1", "ref_type": "tag", "after": null});
        let event = github("create", tag.clone()).unwrap();
        assert_eq!(event.change, Change::Tag("v1".to_owned()));
        assert_eq!(event.committish.as_ref().map(Committish::as_str), Some("v1"));
        for (kind, more) in [
            ("delete", tag),
            ("create", json!({"ref": "b", "ref_type": "branch"})),
            ("issues", json!({})),
            ("push", json!({"after": "0".repeat(40)})),
        ] {
            let event = github(kind, more).unwrap();
            assert!(matches!(event.change, Change::Nothing(_)), "{kind}: {event:?}");
            assert_eq!(event.committish, None);
        }
    }

    #[test]
    fn gitlab_and_bitbucket_say_the_same_in_other_words() {
        let gitlab = |kind: &str, reference: &str| {
            let payload = json!({
                "object_kind": kind, "ref": reference, "after": "cafe", "user_username": "bob",
                "project": {"git_http_url": "https://h/a.git"}, "commits": [{"added": ["a"]}],
            });
            parse(Forge::Gitlab, "", payload).unwrap()
        };
        let push = gitlab("push", "refs/heads/main");
        assert_eq!(push.sender.as_deref(), Some("gitlab.com:bob"));
        assert_eq!(files(Ok(push)).unwrap(), ["a"]);
        assert_eq!(gitlab("tag_push", "refs/tags/v1").change, Change::Tag("v1".to_owned()));
        assert!(matches!(gitlab("pipeline", "main").change, Change::Nothing(_)));

        let bitbucket = |new: Value| {
            let payload = json!({
                "repository": {"links": {"html": {"href": "https://h/a"}}},
                "push": {"changes": [{"new": new}]},
            });
            parse(Forge::Bitbucket, "", payload).unwrap()
        };
        let tag = bitbucket(json!({"type": "tag", "name": "v1", "target": {"hash": "cafe"}}));
        assert_eq!(tag.committish.as_ref().map(Committish::as_str), Some("v1"));
        let push = bitbucket(json!({"type": "branch", "name": "main", "target": {"hash": "cafe"}}));
        assert_eq!(push.committish.as_ref().map(Committish::as_str), Some("cafe"));
        assert_eq!(files(Ok(push)), None);
        assert!(matches!(bitbucket(Value::Null).change, Change::Nothing(_)));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = parse(Forge::Github, "push", json!({"x": 1})).unwrap_err();
        assert!(error.contains("repository"), "{error}");
        assert!(github("push", json!({"ref": null})).is_err());
        assert!(github("push", json!({"after": "--upload-pack=x"})).is_err());
        assert!(read(Forge::Gitlab, None, b"{").is_err());
    }
}
