"""Source packages, made on the spot with the real rpmbuild."""

import subprocess
from pathlib import Path

PLAIN = """\
Name: {name}
Version: {version}
Release: 1%{{?dist}}
Summary: A package of the tests
License: MIT
{header}
%description
Made by a test.
%prep
{prep}
%build
{build}
%install
mkdir -p %{{buildroot}}/usr/share/{name}
echo {version} > %{{buildroot}}/usr/share/{name}/version
{install}
%files
/usr/share/{name}
"""


def spec(directory: Path, name="hello", version="1.0", header="", prep="", build="", install=""):
    """A spec file that builds a small package."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.spec"
    path.write_text(PLAIN.format(name=name, version=version, header=header, prep=prep,
                                 build=build, install=install))
    return path


def srpm(directory: Path, name="hello", version="1.0", **parts):
    """The SRPM of such a spec."""
    top = directory / f"{name}-{version}"
    path = spec(top, name, version, **parts)
    subprocess.run(
        ["rpmbuild", "-bs", "--nodeps", "--define", f"_topdir {top}", "--define",
         f"_dbpath {top}/db", "--define", "dist %{nil}", path],
        check=True, capture_output=True,
    )
    return next(top.glob("SRPMS/*.src.rpm"))


NOARCH = {"header": "BuildArch: noarch"}
