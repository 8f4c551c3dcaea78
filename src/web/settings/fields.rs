//! The fields of a project, as the form of a new one and that of its settings have them.

use super::super::form::{Choice, ChrootGroup, Form, Labels};
use crate::clock::Timestamp;
use crate::http::body::Body;
use crate::model::chroot::Chroot;
use crate::model::project::{Project, ProjectSettings};
use crate::ops::projects::Wish;

const DAY: i64 = 24 * 60 * 60;

/// The fields, as Copr's pages name them.
pub const FIELDS: Labels = &[
    ("name", "Name"),
    ("description", "Description"),
    ("instructions", "How to install"),
    ("homepage", "Homepage"),
    ("contact", "Contact"),
    ("chroots", "Chroots"),
    ("repos", "External repositories"),
    ("initial_pkgs", "First packages"),
    ("runtime_dependencies", "Runtime dependencies"),
    ("build_enable_net", "Builds have access to the network"),
    ("disable_createrepo", "Publish by hand only"),
    ("bootstrap", "Bootstrap"),
    ("isolation", "Isolation"),
    ("auto_prune", "Delete what newer builds have replaced"),
    ("unlisted_on_hp", "Leave it off the home page"),
    ("persistent", "Protect it against deletion"),
    ("follow_fedora_branching", "Follow Fedora's branches"),
    ("multilib", "Offer i386 beside x86_64"),
    ("module_hotfixes", "Replace packages of modules"),
    ("fedora_review", "Run fedora-review"),
    ("appstream", "Describe it to software centres"),
    ("delete_after_days", "Delete the project after"),
    ("repo_priority", "Priority of the repository"),
    ("packit_forge_projects_allowed", "Forge projects that may build through Packit"),
];

/// How build roots are bootstrapped.
pub fn bootstraps() -> Vec<Choice> {
    Choice::list(&[
        ("default", "As the chroot is configured"),
        ("on", "On: with the release's own package manager"),
        ("off", "Off: with this server's package manager"),
        ("image", "Image: from a container image"),
    ])
}

/// What separates builds from the host.
pub fn isolations() -> Vec<Choice> {
    Choice::list(&[
        ("default", "As the chroot is configured"),
        ("nspawn", "nspawn: a container"),
        ("simple", "simple: a changed root only"),
    ])
}

/// Chroots to choose from.
pub fn groups(offered: &[Chroot]) -> Vec<ChrootGroup> {
    ChrootGroup::list(offered.iter().map(|chroot| (&chroot.name, chroot.comment.as_str())))
}

/// The form filled with settings.
pub fn filled(settings: &ProjectSettings) -> Form {
    let lines = |items: Vec<String>| items.join("\n");
    let repos = |items: &[_]| lines(items.iter().map(ToString::to_string).collect());
    Form::new(FIELDS)
        .set("description", &settings.description)
        .set("instructions", &settings.instructions)
        .set("homepage", settings.homepage.as_deref().unwrap_or_default())
        .set("contact", settings.contact.as_deref().unwrap_or_default())
        .set("repos", repos(&settings.additional_repos))
        .set("runtime_dependencies", repos(&settings.runtime_dependencies))
        .tick("build_enable_net", settings.enable_net)
        .tick("disable_createrepo", settings.manual_createrepo)
        .set("bootstrap", settings.bootstrap.as_str())
        .set("isolation", settings.isolation.as_str())
        .tick("auto_prune", settings.auto_prune)
        .tick("unlisted_on_hp", settings.unlisted)
        .tick("follow_fedora_branching", settings.follow_fedora_branching)
        .tick("multilib", settings.multilib)
        .tick("module_hotfixes", settings.module_hotfixes)
        .tick("fedora_review", settings.fedora_review)
        .tick("appstream", settings.appstream)
        .set("repo_priority", settings.repo_priority.map(|p| p.to_string()).unwrap_or_default())
        .set("packit_forge_projects_allowed", lines(settings.packit_forge_projects_allowed.clone()))
}

/// How many days a temporary project has left, as the form counts them.
pub fn days_left(project: &Project, now: Timestamp) -> String {
    let days = |end: Timestamp| end.0.div_euclid(DAY) - now.0.div_euclid(DAY) - 1;
    project.delete_after.map(|end| days(end).max(0).to_string()).unwrap_or_default()
}

/// What the form says. A page sends all its fields: boxes that are not ticked are off, and empty
/// fields empty what they stand for. Who is no admin of the server is not shown `auto_prune`.
pub fn wish(form: &Form, body: &Body, is_admin: bool) -> Wish {
    let mut read = body.reader();
    let on = |name| Some(form.is_on(name));
    let days = read.integer("delete_after_days");
    let is_empty = form.value("delete_after_days").trim().is_empty();
    let priority = form.value("repo_priority").trim();
    let mut wish = Wish {
        chroots: Some(read.items("chroots").unwrap_or_default()),
        description: form.text("description"),
        instructions: form.text("instructions"),
        homepage: read.line("homepage"),
        contact: read.line("contact"),
        additional_repos: read.words("repos"),
        runtime_dependencies: read.words("runtime_dependencies"),
        unlisted: on("unlisted_on_hp"),
        enable_net: on("build_enable_net"),
        auto_prune: if is_admin { on("auto_prune") } else { None },
        manual_createrepo: on("disable_createrepo"),
        delete_after_days: if is_empty { Some(-1) } else { days },
        multilib: on("multilib"),
        module_hotfixes: on("module_hotfixes"),
        fedora_review: on("fedora_review"),
        appstream: on("appstream"),
        bootstrap: read.line("bootstrap"),
        isolation: read.line("isolation"),
        follow_fedora_branching: on("follow_fedora_branching"),
        packit_forge_projects_allowed: read.words("packit_forge_projects_allowed"),
        repo_priority: read.integer("repo_priority"),
        no_repo_priority: priority.is_empty(),
        ..Wish::default()
    };
    wish.mistakes = read.mistakes();
    wish
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_is_not_ticked_is_off_and_an_empty_field_empties() {
        let body = Body::parse_form("multilib=on&repo_priority=&delete_after_days=&repos=");
        let wish = wish(&Form::typed(FIELDS, &body), &body, false);
        assert_eq!(
            (wish.multilib, wish.appstream, wish.auto_prune),
            (Some(true), Some(false), None)
        );
        assert_eq!((wish.delete_after_days, wish.no_repo_priority), (Some(-1), true));
        assert_eq!(wish.additional_repos, Some(Vec::new()));
    }

    #[test]
    fn what_is_no_number_is_a_mistake_and_not_nothing() {
        let body = Body::parse_form("delete_after_days=soon&repo_priority=x");
        let wish = wish(&Form::typed(FIELDS, &body), &body, true);
        assert_eq!((wish.delete_after_days, wish.no_repo_priority), (None, false));
        assert!(wish.mistakes.concern("delete_after_days"));
    }

    #[test]
    fn the_form_holds_what_the_settings_hold() {
        let settings = ProjectSettings {
            description: "a".into(),
            repo_priority: Some(7),
            additional_repos: vec!["copr://a/b".parse().unwrap()],
            ..ProjectSettings::default()
        };
        let form = filled(&settings);
        assert_eq!((form.value("repos"), form.value("repo_priority")), ("copr://a/b", "7"));
        assert!(form.is_on("auto_prune") && !form.is_on("multilib"));
    }
}
