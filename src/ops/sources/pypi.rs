//! A project on PyPI.

use super::{Purpose, optional, parsed, required};
use crate::model::source::{PyPi, PythonVersion, SpecTemplate};
use crate::ops::Mistakes;
use crate::ops::projects::choice;

/// What a request says about a project on PyPI.
#[derive(Clone, Debug, Default)]
pub struct PyPiWish {
    /// The project.
    pub name: Option<String>,
    /// The release; the newest when nothing is said.
    pub version: Option<String>,
    /// What writes the spec file.
    pub generator: Option<String>,
    /// The template it uses.
    pub template: Option<String>,
    /// The Pythons to build for.
    pub python_versions: Option<Vec<String>>,
}

impl PyPiWish {
    pub(super) fn make(
        self,
        old: Option<&PyPi>,
        purpose: Purpose,
        mistakes: &mut Mistakes,
    ) -> Option<PyPi> {
        let name = self.name.as_deref();
        let name = required("pypi_package_name", name, old.map(|old| &old.name), mistakes);
        let version = self.version.as_deref();
        let version =
            optional("pypi_package_version", version, old.map(|old| &old.version), mistakes);
        let generator = choice("spec_generator", self.generator.as_deref(), mistakes)
            .or(old.map(|old| old.generator))
            .unwrap_or_default();
        let template = template(self.template.as_deref(), mistakes)
            .or(old.map(|old| old.template))
            .unwrap_or_default();
        let python_versions = match self.python_versions {
            Some(texts) => versions(&texts, mistakes),
            None => old.map(|old| old.python_versions.clone()).unwrap_or_default(),
        };
        let python_versions = match purpose {
            Purpose::Build if python_versions.is_empty() => versions(&["3".to_owned()], mistakes),
            _ => python_versions,
        };
        Some(PyPi { name: name?, version, generator, template, python_versions })
    }
}

fn versions(texts: &[String], mistakes: &mut Mistakes) -> Vec<PythonVersion> {
    texts.iter().filter_map(|text| parsed("python_versions", text, mistakes)).collect()
}

/// A template; a wrong one is answered with all there are, for people expect to bring their own.
fn template(word: Option<&str>, mistakes: &mut Mistakes) -> Option<SpecTemplate> {
    match word?.parse() {
        Ok(template) => Some(template),
        Err(error) => {
            mistakes.add("spec_template", format!("Not a valid choice. {error}"));
            None
        }
    }
}
