"""Each command of copr-cli says and does what its help promises."""

import json
import subprocess

import packages
import pytest
from box import CHROOT, wait_for

SETTINGS = """\
[sources]
allow_private_addresses = true
allow_file_urls = true
[distgit.mine]
clone_url = "file://{forge}/{{pkgname}}.git"
"""
# What a script of the custom method makes: the sources of a package.
SCRIPT = "#!/bin/bash\ncat > scripted.spec <<'END'\n{spec}\nEND\n"


@pytest.fixture
def forge(tmp_path):
    """A directory with a git repository that a package is built from."""
    forge = tmp_path / "forge"
    work = forge / "hello.git"
    packages.spec(work, **packages.NOARCH)
    git = ["git", "-C", work, "-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "init", "-q", "-b", "main", work], check=True)
    for step in (["add", "."], ["commit", "-q", "-m", "One"]):
        subprocess.run([*git, *step], check=True)
    return forge


@pytest.fixture
def wide(make_box, forge):
    """A server that takes sources from the repository, with a project."""
    box = make_box(SETTINGS.format(forge=forge))
    box.create()
    return box


def says(box, *args, **kwargs):
    """What a command prints."""
    return box.cli(*args, **kwargs).stdout


def shown(box, *args, **kwargs):
    """What a command prints as JSON."""
    return json.loads(says(box, *args, "--output-format", "json", **kwargs))


def fails(box, *args, code=1, **kwargs):
    """What a command that must fail complains of."""
    done = box.cli(*args, check=False, **kwargs)
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    return done.stderr


def submitted(box, *args):
    """The build that a command hands in without waiting."""
    said = says(box, args[0], "--nowait", *args[1:])
    build = int(said.rsplit("Created builds: ", 1)[1])
    assert f"Build was added to tools:\n  {box.url}/coprs/build/{build}\n" in said
    return build


def sources(box, build):
    return box.get(f"/api_3/build/source-build-config/{build}")


def test_whoami_and_new_api_token(box):
    assert says(box, "whoami") == "alice\n"
    assert says(box, "whoami", user="bob") == "bob\n"
    config = box.root / "alice.conf"
    (box.root / "old.conf").write_text(config.read_text())
    assert says(box, "new-api-token") == f"New API token was updated in {config}.\n"
    assert "# expiration date: 20" in config.read_text()
    box.create("with-the-new-token")
    assert "Login invalid/expired" in fails(box, "create", "x", "--chroot", CHROOT, user="old")


def test_create_get_list_modify_delete(box):
    assert "No copr retrieved for user: 'alice'" in box.cli("list").stderr
    said = says(box, "create", "tools", "--chroot", CHROOT, "--description", "A tool",
                "--repo", "https://example.com/r", "--delete-after-days", "5",
                "--unlisted-on-hp", "on", "--repo-priority", "20")
    assert said == f"New project was successfully created: {box.url}/coprs/alice/tools/\n"
    lines = ["Name: tools", "  Description: A tool", "  Repo(s):",
             f"    {CHROOT}: {box.url}/results/alice/tools/{CHROOT}/",
             "  Additional repo: https://example.com/r", "", ""]
    assert says(box, "get", "tools").split("\n") == lines
    assert says(box, "list") == says(box, "list", "alice") == says(box, "get", "alice/tools")
    assert "already" in fails(box, "create", "tools", "--chroot", CHROOT)
    box.cli("modify", "tools", "--description", "Another", "--delete-after-days", "-1")
    said = says(box, "get", "tools")
    assert "Another" in said and "https://example.com/r" in said
    assert "may update" in fails(box, "modify", "alice/tools", "--description", "x", user="bob", code=7)
    assert says(box, "delete", "tools") == "Project tools has been deleted.\n"
    assert "does not exist" in fails(box, "get", "tools")


def test_fork_and_regenerate_repos(box, tmp_path):
    box.create()
    [build] = box.build(packages.srpm(tmp_path, **packages.NOARCH))
    box.wait(build)
    said = says(box, "fork", "alice/tools", "copy")
    assert said.startswith("Forking project alice/tools for you into alice/copy.\n")
    assert "--confirm" in fails(box, "fork", "alice/tools", "copy")
    wait_for(lambda: box.install("hello", "alice/copy").returncode == 0, "the fork can be used")
    said = says(box, "fork", "alice/tools", "copy", "--confirm")
    assert said.startswith("Updating packages in alice/copy from alice/tools.\n")
    repomd = box.repo() / "repodata/repomd.xml"
    before = repomd.stat().st_ino
    said = says(box, "regenerate-repos", "tools")
    assert "regenerate repository metadata for the 'alice/tools' project" in said
    wait_for(lambda: repomd.stat().st_ino != before, "there is new metadata")


def test_chroots(box, tmp_path):
    box.create()
    assert says(box, "list-chroots") == f"{CHROOT}\n"
    place, comps = f"tools/{CHROOT}", tmp_path / "c.xml"
    comps.write_text("<comps/>")
    said = says(box, "edit-chroot", place, "--packages", "a b", "--modules", "m:s", "--repos",
                "https://example.com/r", "--rpmbuild-with", "w", "--rpmbuild-without", "v",
                "--upload-comps", str(comps), "--isolation", "simple")
    assert said == "Edit chroot operation was successful.\n"
    assert shown(box, "get-chroot", place) == {
        "additional_packages": ["a", "b"], "additional_repos": ["https://example.com/r"],
        "additional_modules": ["m:s"], "comps_name": "c.xml", "delete_after_days": None,
        "isolation": "simple", "mock_chroot": CHROOT, "ownername": "alice",
        "projectname": "tools", "with_opts": ["w"], "without_opts": ["v"],
    }
    said = says(box, "mock-config", "tools", CHROOT)
    assert f"include('/etc/mock/{CHROOT}.cfg')" in said
    assert f"baseurl={box.url}/results/alice/tools/{CHROOT}/" in said
    assert "https://example.com/r" in said
    box.cli("edit-chroot", place, "--delete-comps", "--reset", "additional_packages")
    chroot = shown(box, "get-chroot", place)
    assert (chroot["comps_name"], chroot["additional_packages"]) == (None, [])
    assert "get-chroot" in fails(box, "edit-chroot", place, "--reset", "nosuch")


def test_permissions(box, tmp_path):
    box.create()
    srpm = str(packages.srpm(tmp_path))
    fails(box, "build", "--nowait", "alice/tools", srpm, user="bob", code=7)
    fails(box, "list-permissions", "alice/tools", user="bob", code=7)
    assert says(box, "request-permissions", "alice/tools", "--builder", user="bob") == "success\n"
    assert says(box, "list-permissions", "tools") == "bob:\n  admin: nothing\n  builder: request\n"
    assert says(box, "edit-permissions", "tools", "--builder", "bob") == "success\n"
    assert "builder: approved" in says(box, "list-permissions", "alice/tools")
    box.cli("build", "--nowait", "alice/tools", srpm, user="bob")
    box.cli("request-permissions", "alice/tools", "--builder", "nothing", user="bob")
    fails(box, "build", "--nowait", "alice/tools", srpm, user="bob", code=7)
    assert "--builder" in fails(box, "edit-permissions", "tools", code=2)
    assert "doesn't exist" in fails(box, "edit-permissions", "tools", "--admin", "nobody")


def test_new_webhook_secret(box):
    box.create()
    first = says(box, "new-webhook-secret", "tools", typed="y\n")
    second = says(box, "new-webhook-secret", "tools", typed="what\nyes\n")
    assert "Generated new token: " in first and first != second
    assert "Generated" not in says(box, "new-webhook-secret", "tools", typed="n\n")


# The options of a source on the command line, and what is kept of them.
SOURCES = {
    "pypi": (["--packagename", "six", "--packageversion", "1.0", "--pythonversions", "3"],
             {"pypi_package_name": "six", "pypi_package_version": "1.0", "python_versions": ["3"]}),
    "rubygems": (["--gem", "rake"], {"gem_name": "rake"}),
    "scm": (["--clone-url", "https://example.com/r", "--commit", "main", "--subdir", "a",
             "--spec", "b.spec", "--method", "make_srpm"],
            {"clone_url": "https://example.com/r", "committish": "main", "subdirectory": "a",
             "spec": "b.spec", "source_build_method": "make_srpm", "type": "git"}),
    "distgit": (["--distgit", "mine", "--commit", "main"],
                {"clone_url": "file://{forge}/of-distgit.git", "committish": "main"}),
    "custom": (["--script", "{script}", "--script-resultdir", "out", "--script-chroot", CHROOT,
                "--script-builddeps", "a b", "--script-repos", "https://example.com/r"],
               {"script": "true\n", "resultdir": "out", "chroot": CHROOT, "builddeps": "a b",
                "repos": "https://example.com/r"}),
}


def test_packages_of_every_kind(wide, forge, tmp_path):
    script = tmp_path / "script"
    script.write_text("true\n")
    places = {"forge": forge, "script": script}
    for kind, (options, kept) in SOURCES.items():
        options = [option.format(**places) for option in options]
        package = ["tools", "--name", f"of-{kind}"]
        limits = ["--max-builds", "3", "--webhook-rebuild", "on"]
        said = says(wide, f"add-package-{kind}", *package, *options, *limits)
        assert said == "Create or edit operation was successful.\n"
        assert "already" in fails(wide, f"add-package-{kind}", *package, *options)
        got = shown(wide, "get-package", *package, "--with-all-builds")
        assert (got["source_type"], got["auto_rebuild"], got["builds"]) == (kind, True, [])
        kept = {name: value.format(**places) if isinstance(value, str) else value
                for name, value in kept.items()}
        assert kept.items() <= got["source_dict"].items(), got
        wide.cli(f"edit-package-{kind}", *package, *options, "--webhook-rebuild", "off")
        got = shown(wide, "get-package", *package)
        assert not got["auto_rebuild"] and kept.items() <= got["source_dict"].items()
        assert "No package" in fails(wide, f"edit-package-{kind}", "tools", "--name", "none", *options)
    names = [f"of-{kind}" for kind in SOURCES]
    assert says(wide, "list-package-names", "tools").split() == names
    listed = shown(wide, "list-packages", "tools", "--with-latest-build")
    assert [package["name"] for package in listed] == names
    assert all(package["latest_build"] is None for package in listed)
    said = says(wide, "reset-package", "tools", "--name", "of-scm")
    assert said == "Package's default source was successfully reseted.\n"
    assert shown(wide, "get-package", "tools", "--name", "of-scm")["source_type"] == "unset"
    assert "default source" in fails(wide, "build-package", "tools", "--name", "of-scm")
    said = says(wide, "delete-package", "tools", "--name", "of-pypi")
    assert said == "Package of-pypi was successfully deleted.\n"
    assert "of-pypi" not in says(wide, "list-package-names", "tools")


def test_builds_of_what_lies_elsewhere_are_handed_in(make_box):
    box = make_box("[runner]\nslots = 0\n")
    box.create()
    pypi = submitted(box, "buildpypi", "tools", "--packagename", "six", "--packageversion", "1.0")
    gem = submitted(box, "buildgem", "tools", "--gem", "rake", "--background")
    distgit = submitted(box, "build-distgit", "tools", "--name", "hello", "-r", CHROOT)
    assert sources(box, pypi)["source_dict"]["pypi_package_version"] == "1.0"
    assert sources(box, gem)["source_dict"] == {"gem_name": "rake"}
    assert "fedora" in sources(box, distgit)["source_dict"]["clone_url"]
    later = submitted(box, "build", "tools", "https://example.com/a-1-1.src.rpm",
                      "--after-build-id", str(gem))
    assert says(box, "status", str(later)) == "pending\n"
    fails(box, "build-distgit", "--nowait", "tools", "--name", "hello", "--distgit", "nosuch")
    rows = says(box, "list-builds", "tools", "--output-format", "text-row").splitlines()
    assert [row.split("\t")[0] for row in rows] == [str(n) for n in (later, distgit, gem, pypi)]
    assert says(box, "cancel", str(pypi)) == "canceled\n"
    assert says(box, "status", str(pypi)) == "canceled\n"
    assert "canceled" in fails(box, "watch-build", str(pypi), code=4)
    said = says(box, "delete-build", str(pypi))
    assert said == f"Build(s) {pypi} were deleted.\n"
    assert "99" in fails(box, "delete-build", "99")
    assert "99" in fails(box, "status", "99")


def test_builds_from_a_repository_a_script_and_an_rpm(wide, forge, tmp_path):
    url = f"file://{forge}/hello.git"
    scm = submitted(wide, "buildscm", "tools", "--clone-url", url, "--commit", "main")
    wide.wait(scm)
    distgit = submitted(wide, "build-distgit", "tools", "--name", "hello", "--distgit", "mine")
    wide.wait(distgit)
    spec = packages.spec(tmp_path, "scripted", **packages.NOARCH).read_text()
    script = tmp_path / "script"
    script.write_text(SCRIPT.format(spec=spec))
    options = ["--script", str(script), "--script-chroot", CHROOT]
    custom = submitted(wide, "buildcustom", "tools", *options)
    wide.wait(custom)
    # It is of the package's name that the script has made; now that is built from it.
    wide.cli("edit-package-custom", "tools", "--name", "scripted", *options)
    again = submitted(wide, "build-package", "tools", "--name", "scripted")
    assert "succeeded" in says(wide, "watch-build", str(scm))
    wide.wait(again)
    rpm = next(wide.repo().glob(f"{scm:08d}-hello/*.noarch.rpm"))
    wide.cli("create", "other", "--chroot", CHROOT)
    said = says(wide, "uploadrpm", "--nowait", "other", str(rpm))
    wide.wait(int(said.rsplit("Created builds: ", 1)[1]))
    assert wide.install("hello", "alice/other").returncode == 0

    monitor = {row["name"]: row for row in json.loads(says(wide, "monitor", "tools"))}
    row = monitor["scripted"]
    assert (row["build_id"], row["state"], row["chroot"]) == (again, "succeeded", CHROOT)
    assert row["pkg_version"].startswith("1.0-1")
    said = says(wide, "monitor", "tools", "--output-format", "text-row", "--fields",
                "name,state,url_build")
    assert f"hello\tsucceeded\t{wide.url}/coprs/build/{distgit}" in said, said
    for option, ending in (("--rpms", ".rpm"), ("--spec", ".spec"), ("--logs", ".log.gz")):
        down = tmp_path / f"down{option}"
        wide.cli("download-build", "--dest", str(down), option, str(scm))
        names = [path.name for path in down.rglob("*") if path.is_file()]
        assert names and all(name.endswith(ending) for name in names), names
    latest = shown(wide, "get-package", "tools", "--name", "scripted",
                   "--with-latest-succeeded-build")
    assert latest["latest_succeeded_build"]["id"] == again
