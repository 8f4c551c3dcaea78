//! What the forms of all builds have in common: where to build, and how.

use crate::http::body::Body;
use crate::model::build::Build;
use crate::model::chroot::Chroot;
use crate::model::{Owner, ProjectName};
use crate::ops::Mistakes;
use crate::ops::builds::Wish;
use crate::ops::builds::pages::Submitting;
use crate::web::form::{Choice, ChrootGroup, Form, Labels};
use crate::web::sources;

/// The fields besides those of the sources.
const OWN: Labels = &[
    ("chroots", "Chroots"),
    ("package_name", "Package"),
    ("timeout", "Time limit"),
    ("enable_net", "Access to the network while building"),
    ("background", "Let other builds go first"),
    ("bootstrap", "Bootstrap"),
    ("isolation", "Isolation"),
    ("project_dirname", "Directory"),
    ("with_build_id", "Together with build"),
    ("after_build_id", "After build"),
];

/// All fields.
pub static FIELDS: [(&str, &str); OWN.len() + sources::LABELS.len()] = sources::with(OWN);

/// What the page needs for these fields.
pub struct Common {
    /// The chroots to choose from.
    pub chroots: Vec<ChrootGroup>,
    /// How build roots are bootstrapped.
    pub bootstraps: Vec<Choice>,
    /// What separates builds from the host.
    pub isolations: Vec<Choice>,
    /// The folded fields are to be seen: something in them is wrong, or set.
    pub is_open: bool,
}

impl Common {
    /// For the form of this project.
    pub fn new(found: &Submitting, form: &Form) -> Common {
        let note = |chroot: &Chroot| chroot.comment.clone();
        let notes: Vec<String> = found.chroots.iter().map(note).collect();
        let named = found.chroots.iter().zip(&notes);
        let folded = [
            "timeout",
            "bootstrap",
            "isolation",
            "project_dirname",
            "with_build_id",
            "after_build_id",
        ];
        Common {
            chroots: ChrootGroup::list(named.map(|(chroot, note)| (&chroot.name, note.as_str()))),
            bootstraps: Choice::list(&[
                ("unchanged", "As the project has it"),
                ("default", "As the chroot is configured"),
                ("on", "On: with the release's own package manager"),
                ("off", "Off: with this server's package manager"),
                ("image", "Image: from a container image"),
            ]),
            isolations: Choice::list(&[
                ("unchanged", "As the project has it"),
                ("default", "As the chroot is configured"),
                ("nspawn", "nspawn: a container"),
                ("simple", "simple: a changed root only"),
            ]),
            is_open: form.has_mistake(&folded),
        }
    }
}

/// The fields for a new build in a project.
pub fn usual(found: &Submitting) -> Form {
    let settings = &found.head.project.settings;
    Form::new(&FIELDS)
        .set_all("chroots", found.chroots.iter().map(|chroot| &chroot.name))
        .tick("enable_net", settings.enable_net)
        .set("bootstrap", "unchanged")
        .set("isolation", "unchanged")
}

/// The fields as a build had them.
pub fn as_before(build: &Build, chroots: &[String]) -> Form {
    let options = &build.options;
    let or_unchanged = |word: Option<String>| word.unwrap_or_else(|| "unchanged".to_owned());
    let dir = if build.dir.is_main() { String::new() } else { build.dir.to_string() };
    Form::new(&FIELDS)
        .set_all("chroots", chroots)
        .tick("enable_net", options.enable_net)
        .tick("background", options.background)
        .set("timeout", options.timeout.as_secs())
        .set("bootstrap", or_unchanged(options.bootstrap.map(|word| word.to_string())))
        .set("isolation", or_unchanged(options.isolation.map(|word| word.to_string())))
        .set("project_dirname", dir)
}

/// What the form says about where and how to build.
pub fn wish((owner, name): (&Owner, &ProjectName), form: &Form, body: &Body) -> Wish {
    let mut read = body.reader();
    let chroots = read.items("chroots").unwrap_or_default();
    let number = |text: &str| !form.value(text).trim().is_empty();
    let mut wish = Wish {
        owner: Some(owner.to_string()),
        project: Some(name.to_string()),
        dir: read.line("project_dirname"),
        timeout: number("timeout").then(|| read.integer("timeout")).flatten(),
        background: Some(form.is_on("background")),
        enable_net: Some(form.is_on("enable_net")),
        bootstrap: read.line("bootstrap"),
        isolation: read.line("isolation"),
        after_build: number("after_build_id").then(|| read.integer("after_build_id")).flatten(),
        with_build: number("with_build_id").then(|| read.integer("with_build_id")).flatten(),
        ..Wish::default()
    };
    let mut mistakes: Mistakes = read.mistakes();
    if chroots.is_empty() {
        mistakes.add("chroots", "Choose at least one.");
    }
    wish.chroots = Some(chroots);
    wish.mistakes = mistakes;
    wish
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wished(typed: &str) -> Wish {
        let body = Body::parse_form(typed);
        let project = ("alice".parse().unwrap(), "tools".parse().unwrap());
        wish((&project.0, &project.1), &Form::typed(&FIELDS, &body), &body)
    }

    #[test]
    fn what_is_left_empty_is_not_said() {
        let said = wished("chroots=a&timeout=&after_build_id=&enable_net=on&bootstrap=unchanged");
        assert_eq!((said.timeout, said.after_build, said.enable_net), (None, None, Some(true)));
        assert_eq!((said.background, said.chroots.unwrap().len()), (Some(false), 1));
        assert!(said.mistakes.none().is_ok());
    }

    #[test]
    fn a_build_nowhere_is_a_mistake() {
        assert!(wished("timeout=7").mistakes.concern("chroots"));
        assert!(wished("chroots=a&timeout=soon").mistakes.concern("timeout"));
    }
}
