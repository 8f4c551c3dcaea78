//! What builds and packages are made from, in the words of Copr's database.

use serde_json::{Map, Value, json};

use crate::model::repo_url::RepoUrl;
use crate::model::source::{Custom, DistGit, PyPi, Scm, SourceSpec};
use crate::ops::App;

/// The form that a build's configuration shows.
pub(in crate::api) fn source_dict(source: &SourceSpec, app: &App) -> Value {
    match source {
        SourceSpec::Unset => json!({}),
        SourceSpec::Link { url } => json!({ "url": url }),
        SourceSpec::Upload { dir, file } => json!({
            "url": upload_url(app.config.base_url.as_str(), dir, file),
            "pkg": file,
            "tmp": dir,
        }),
        SourceSpec::Tree(tree) => json!({
            "url": upload_url(app.config.base_url.as_str(), &tree.dir, &tree.file),
            "pkg": tree.file,
            "tmp": tree.dir,
            "spec": tree.spec,
            "pack_source": tree.pack_source,
        }),
        SourceSpec::Scm(scm) => scm_dict(scm, "srpm_build_method"),
        SourceSpec::DistGit(distgit) => distgit_dict(distgit),
        SourceSpec::PyPi(pypi) => pypi_dict(pypi),
        SourceSpec::RubyGems(gem) => json!({ "gem_name": gem.gem }),
        SourceSpec::Custom(custom) => custom_dict(custom),
        SourceSpec::RpmUpload { dir, files } => json!({ "tmp": dir, "files": files }),
    }
}

/// The form that a package shows: one key has the name that requests have for it.
pub(in crate::api) fn package_source_dict(source: &SourceSpec, app: &App) -> Value {
    match source {
        SourceSpec::Scm(scm) => scm_dict(scm, "source_build_method"),
        source => source_dict(source, app),
    }
}

/// Where a file can be fetched that came with a request.
pub(in crate::api) fn upload_url(base_url: &str, dir: &str, file: &str) -> String {
    format!("{base_url}/tmp/{dir}/{file}")
}

fn scm_dict(scm: &Scm, method: &str) -> Value {
    json!({
        "type": scm.kind,
        "clone_url": scm.clone_url,
        "committish": scm.committish,
        "subdirectory": scm.subdirectory,
        "spec": scm.spec,
        method: scm.method,
    })
}

fn distgit_dict(distgit: &DistGit) -> Value {
    let mut dict = Map::new();
    dict.insert("clone_url".to_owned(), json!(distgit.clone_url));
    dict.insert("distgit".to_owned(), json!(distgit.instance));
    // These two are left out when nothing was said.
    if let Some(namespace) = &distgit.namespace {
        dict.insert("namespace".to_owned(), json!(namespace));
    }
    if let Some(committish) = &distgit.committish {
        dict.insert("committish".to_owned(), json!(committish));
    }
    Value::Object(dict)
}

fn pypi_dict(pypi: &PyPi) -> Value {
    json!({
        "pypi_package_name": pypi.name,
        "pypi_package_version": pypi.version,
        "spec_generator": pypi.generator,
        "spec_template": pypi.template,
        "python_versions": pypi.python_versions,
    })
}

fn custom_dict(custom: &Custom) -> Value {
    let repos: Vec<&str> = custom.repos.iter().map(RepoUrl::as_str).collect();
    let mut dict = json!({
        "script": custom.script,
        "chroot": custom.chroot,
        "builddeps": custom.builddeps.as_ref().map(|packages| packages.join(" ")),
        "resultdir": custom.resultdir,
        "repos": repos.join("\n"),
    });
    if let Some(dir) = &custom.hook {
        dict["tmp"] = json!(dir);
        dict["hook_data"] = json!(true);
    }
    dict
}
