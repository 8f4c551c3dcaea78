//! Handing in a directory.

use super::options::Wish;
use super::upload::{UploadedFile, hand_in, plain};
use crate::model::build::Build;
use crate::model::source::{SourceSpec, Tree};
use crate::model::user::User;
use crate::ops::sources::optional;
use crate::ops::{App, Error, Mistakes, Result};

/// The longest name that a packed directory keeps.
const LONGEST: usize = 200;

/// What a request says about the directory that comes with it; what it does not say is `None`.
#[derive(Clone, Debug, Default)]
pub struct TreeWish {
    /// The spec file's place in it.
    pub spec: Option<String>,
    /// Whether the first source is made from it in any case.
    pub pack_source: Option<bool>,
}

/// Hands in a build of a directory, packed into a file. When it is refused, nothing is left of the
/// file.
pub async fn submit_tree(
    app: &App,
    user: &User,
    wish: Wish,
    tree: TreeWish,
    file: Option<UploadedFile>,
) -> Result<Build> {
    let given = file.as_ref().map(|file| file.name.clone());
    let (name, spec) = {
        let (user, wish) = (user.clone(), wish.clone());
        app.store
            .read(move |db| {
                let project = wish.find_project(db)?;
                let mut mistakes = Mistakes::default();
                let name = tree_name(given.as_deref(), &mut mistakes);
                let spec = optional("spec", tree.spec.as_deref(), None, &mut mistakes);
                wish.plan(db, &user, project, mistakes)?;
                Ok::<_, Error>((name, spec))
            })
            .await?
    };
    let (Some(name), Some(file)) = (name, file) else {
        return Err(Error::invalid("pkgs: This field is required."));
    };
    let pack_source = tree.pack_source.unwrap_or(false);
    let source = move |dir, file| SourceSpec::Tree(Tree { dir, file, spec, pack_source });
    hand_in(app, user, wish, (name, file.path), None, source).await
}

/// The name to keep a packed directory under: one path segment, blanks replaced. `None` with a
/// mistake noted when it is not one.
fn tree_name(given: Option<&str>, mistakes: &mut Mistakes) -> Option<String> {
    let Some(given) = given else {
        mistakes.add("pkgs", "This field is required.");
        return None;
    };
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = plain(last).trim_start_matches(['.', '-']).to_owned();
    if Tree::stem(&name).is_none() || name.len() > LONGEST {
        mistakes.add("pkgs", "You can upload only .tar.gz and .tgz files.");
        return None;
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_its_name_but_not_its_path() {
        let mut mistakes = Mistakes::default();
        for (given, kept) in [
            ("hello.tar.gz", "hello.tar.gz"),
            ("../my hello.tgz", "my_hello.tgz"),
            ("C:\\-x.tar.gz", "x.tar.gz"),
        ] {
            assert_eq!(tree_name(Some(given), &mut mistakes).as_deref(), Some(kept));
        }
        assert!(mistakes.clone().none().is_ok());
        for bad in ["", "a.src.rpm", ".tar.gz", "..tgz", "a.zip"] {
            assert_eq!(tree_name(Some(bad), &mut mistakes), None, "{bad}");
        }
        assert!(mistakes.concern("pkgs"));
    }
}
