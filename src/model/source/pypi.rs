//! `pypi`: a project of the Python Package Index.

use serde::{Deserialize, Serialize};

use super::text::{PyPiName, PyPiVersion, PythonVersion, Said};
use crate::model::words::words;

/// A release on PyPI, and how a spec file is written for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PyPi {
    /// The project.
    pub name: PyPiName,
    /// The release; the newest otherwise.
    #[serde(default)]
    pub version: Said<PyPiVersion>,
    /// What writes the spec file.
    pub generator: SpecGenerator,
    /// The template it uses.
    pub template: SpecTemplate,
    /// The Pythons to build for; empty: as the generator has it.
    pub python_versions: Vec<PythonVersion>,
}

words! {
    /// A program that writes a spec file for a Python project.
    SpecGenerator, "pyp2spec, pyp2rpm" {
        /// pyp2spec.
        #[default]
        Pyp2spec = "pyp2spec",
        /// pyp2rpm.
        Pyp2rpm = "pyp2rpm",
    }
}

words! {
    /// A template of pyp2rpm.
    SpecTemplate, "fedora, epel7, mageia, pld" {
        /// The generator's default.
        #[default]
        Default = "",
        /// Fedora.
        Fedora = "fedora",
        /// EPEL 7.
        Epel7 = "epel7",
        /// Mageia.
        Mageia = "mageia",
        /// PLD Linux.
        Pld = "pld",
    }
}
