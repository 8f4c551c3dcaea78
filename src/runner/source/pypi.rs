//! `pypi`: a project of the Python Package Index, by pyp2spec or pyp2rpm.

use super::generator::Generator;
use crate::model::source::{PyPi, PythonVersion, SpecGenerator, SpecTemplate};

/// What writes the spec file of a project.
pub(super) fn generator(pypi: &PyPi) -> Generator {
    let (tool, words) = match pypi.generator {
        SpecGenerator::Pyp2spec => ("pyp2spec", pyp2spec(pypi)),
        SpecGenerator::Pyp2rpm => ("pyp2rpm", pyp2rpm(pypi)),
    };
    let hints = &[
        ("not found on PyPI", "there is no such release"),
        ("not be found on PyPI", "there is no such release"),
        ("Url of source archive not found", "the release has no source archive"),
        ("Sdist not found", "the release has no source archive"),
    ];
    Generator { tool, host: "pypi.org", words, hints }
}

fn pyp2spec(pypi: &PyPi) -> Vec<String> {
    let mut words = texts(&[pypi.name.as_str(), "--fedora-compliant", "--automode"]);
    if let Some(version) = pypi.version.get() {
        words.extend(texts(&["--version", version.as_str()]));
    }
    // It writes for the distribution's own Python, or for one other.
    if let [python] = pypi.python_versions.as_slice()
        && python.as_str().contains('.')
    {
        words.extend(texts(&["--python-alt-version", python.as_str()]));
    }
    words
}

fn pyp2rpm(pypi: &PyPi) -> Vec<String> {
    let mut words = texts(&[pypi.name.as_str(), "--srpm", "-d", "."]);
    if pypi.template != SpecTemplate::Default {
        words.extend(texts(&["-t", pypi.template.as_str()]));
    }
    let mut pythons = pypi.python_versions.iter().map(PythonVersion::as_str);
    if let Some(base) = pythons.next() {
        words.extend(texts(&["-b", base]));
    }
    words.extend(pythons.flat_map(|python| texts(&["-p", python])));
    if let Some(version) = pypi.version.get() {
        words.extend(texts(&["-v", version.as_str()]));
    }
    words
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(generator: SpecGenerator, version: &str, pythons: &[&str]) -> String {
        let made = super::generator(&PyPi {
            name: "copr".parse().unwrap(),
            version: version.parse().unwrap(),
            generator,
            template: if version.is_empty() { SpecTemplate::Default } else { SpecTemplate::Epel7 },
            python_versions: pythons.iter().map(|python| python.parse().unwrap()).collect(),
        });
        format!("{} {}", made.tool, made.words.join(" "))
    }

    #[test]
    fn pyp2spec_is_told_version_and_python() {
        let command = |version, pythons| command(SpecGenerator::Pyp2spec, version, pythons);
        assert_eq!(command("", &["3"]), "pyp2spec copr --fedora-compliant --automode");
        assert_eq!(
            command("1.2", &["3.9"]),
            "pyp2spec copr --fedora-compliant --automode --version 1.2 --python-alt-version 3.9"
        );
    }

    #[test]
    fn pyp2rpm_is_told_template_and_all_pythons() {
        let command = |version, pythons| command(SpecGenerator::Pyp2rpm, version, pythons);
        assert_eq!(command("", &[]), "pyp2rpm copr --srpm -d .");
        assert_eq!(
            command("1.2", &["3", "2"]),
            "pyp2rpm copr --srpm -d . -t epel7 -b 3 -p 2 -v 1.2"
        );
    }
}
