"""`dnf copr`, the real one of dnf 4, and what the one of dnf 5 makes of our answers."""

import configparser
import json
import os
import subprocess
from pathlib import Path

import packages
import pytest
from box import BASE_REPO, CHROOT
from test_bad_input import post

PLUGINS = [path.parent for path in Path("/usr/lib").glob("python3*/**/dnf-plugins/copr.py")]
RELEASE, ARCH = CHROOT.rsplit("-", 1)
NESTED = "tools:custom:next:x"


class Dnf:
    """dnf with a configuration of its own, that knows the server as `mine`."""

    def __init__(self, box, root):
        self.root, self.repos = root, root / "repos"
        for name in ("repos", "plugins/copr.d"):
            (root / name).mkdir(parents=True)
        hub = f"[mine]\nhostname = 127.0.0.1\nprotocol = http\nport = {box.port}\n"
        (root / "plugins/copr.d/mine.conf").write_text(hub)
        (root / "dnf.conf").write_text(
            f"[main]\nreposdir={self.repos}\nlogdir={root}\npersistdir={root}\nbest=1\n"
            f"pluginpath={PLUGINS[0]}\npluginconfpath={root}/plugins\ncachedir={root}/cache\n"
        )

    def __call__(self, *args):
        return subprocess.run(
            ["dnf", "-y", "-c", self.root / "dnf.conf", f"--setopt=reposdir={self.repos}",
             f"--setopt=cachedir={self.root}/cache", f"--setopt=logdir={self.root}",
             "--releasever=12", *args],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env=dict(os.environ, HOME=str(self.root), LC_ALL="C.UTF-8"),
        )

    def ok(self, *args):
        done = self(*args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def refused(self, *args):
        done = self(*args)
        assert done.returncode == 1, done.stdout
        return done.stderr


@pytest.fixture(scope="module")
def hub(full_box, tmp_path_factory):
    """`@crew/tools` with a package in each of two directories, which needs `alice/lib`."""
    tmp = tmp_path_factory.mktemp("srpms")
    full_box.coprbox("group", "add", "crew", "--member", "alice")
    lib = {"name": "lib", "chroots": [CHROOT], "repo_priority": 7, "description": "beneath"}
    tools = {"name": "tools", "chroots": [CHROOT], "module_hotfixes": True,
             "runtime_dependencies": ["copr://alice/lib"]}
    for owner, body in ("alice", lib), ("@crew", tools):
        status, error = post(full_box, f"/project/add/{owner}", json.dumps(body))
        assert status == 200, error
    needs = {"header": "BuildArch: noarch\nRequires: lib"}
    for project, name, parts in [("lib", "lib", packages.NOARCH), ("@crew/tools", "tool", needs),
                                 (f"@crew/{NESTED}", "tool2", packages.NOARCH)]:
        [build] = full_box.build(packages.srpm(tmp, name, **parts), project=project)
        full_box.wait(build)
    return full_box


@pytest.mark.skipif(not PLUGINS, reason="dnf's copr plugin is not there: dnf-plugins-core")
def test_dnf4_enables_lists_and_removes(hub, tmp_path):
    dnf = Dnf(hub, tmp_path)
    said = dnf.ok("copr", "enable", "mine/@crew/tools", CHROOT)
    assert "successfully enabled" in said and "coprdep:127.0.0.1:alice:lib" in said
    dnf.ok("copr", "enable", f"mine/@crew/{NESTED}", CHROOT)
    assert {path.name for path in dnf.repos.iterdir()} == {
        "_copr:127.0.0.1:group_crew:tools.repo", f"_copr:127.0.0.1:group_crew:{NESTED}.repo",
    }
    listed = dnf.ok("copr", "list")
    assert "127.0.0.1/group_crew/tools\n" in listed and f"group_crew/{NESTED}" in listed

    (dnf.repos / "base.repo").write_text(f"[base]\nname=base\nbaseurl=file://{BASE_REPO}\n")
    found = dnf.ok("-q", "repoquery", "--qf", "%{name} %{repoid}", "lib", "tool", "tool2")
    assert set(found.split("\n")) >= {
        "lib coprdep:127.0.0.1:alice:lib", "tool copr:127.0.0.1:group_crew:tools",
        f"tool2 copr:127.0.0.1:group_crew:{NESTED}",
    }
    # The signatures are checked with the keys that the files name.
    dnf.ok("--noplugins", f"--installroot={tmp_path}/root", "--nodocs", "install", "tool", "tool2")
    assert (tmp_path / "root/usr/share/lib/version").exists()

    dnf.ok("copr", "disable", "mine/@crew/tools")
    assert "127.0.0.1/group_crew/tools (disabled)" in dnf.ok("copr", "list")
    dnf.ok("copr", "remove", "mine/@crew/tools")
    assert not list(dnf.repos.glob("*crew:tools.repo"))


@pytest.mark.skipif(not PLUGINS, reason="dnf's copr plugin is not there: dnf-plugins-core")
def test_dnf4_is_told_what_there_is(hub, tmp_path):
    dnf = Dnf(hub, tmp_path)
    assert f"Available repositories: '{CHROOT}'" in dnf.refused(
        "copr", "enable", "mine/@crew/tools", f"fedora-1-{ARCH}")
    for project in "@crew/none", "nobody/tools", "@crew/tools:custom:none":
        why = dnf.refused("copr", "enable", f"mine/{project}", CHROOT)
        assert f"Project {project} does not exist." in why
    mine = dnf.ok("copr", "list", "--available-by-user=alice", "--hub", "mine")
    assert "alice/lib : beneath" in mine
    assert "@crew/tools : " in dnf.ok("copr", "search", "tools", "--hub", "mine")


def as_dnf5(hub, owner, dirname, release=RELEASE):
    """The file that dnf 5 writes. It reads these keys unchecked: one that is missing ends it."""
    answer = hub.get(f"/api_3/rpmrepo/{owner}/{dirname}/{release}/")
    if dirname not in answer["directories"]:
        return f"no {dirname}, but: {' '.join(answer['directories'])}"
    if release not in answer["repos"]:
        return f"no {release}, but: {' '.join(answer['repos'])}"
    root, main = answer["results_url"], dirname.split(":")[0]
    own = {"id": f"copr:127.0.0.1:{owner.replace('@', 'group_')}:{dirname}",
           **answer["repos"][release]["arch"][ARCH]["opts"],
           "baseurl": f"{root}/{owner}/{dirname}/{RELEASE}-$basearch/",
           "gpgkey": answer.get("pubkey_url", f"{root}/{owner}/{main}/pubkey.gpg")}
    sections = [own]
    for needed in answer["dependencies"]:
        data, section = needed["data"], dict(needed["opts"])
        if needed["type"] == "copr":
            place = f"{root}/{data['owner']}/{data['projectname']}"
            section |= {"baseurl": f"{place}/{RELEASE}-$basearch/", "gpgkey": f"{place}/pubkey.gpg"}
        else:
            section["baseurl"] = data["pattern"]
        sections.append(section)
    return "\n".join(
        f"[{section.pop('id')}]\nname=x\ngpgcheck=1\nskip_if_unavailable=1\n"
        + "".join(f"{key}={value}\n" for key, value in section.items() if key != "name")
        for section in sections
    )


def test_dnf5_is_led_to_the_same_packages(hub, tmp_path):
    """Its files are given to the dnf that is there."""
    root = tmp_path / "root"
    repos = root / "etc/yum.repos.d"
    repos.mkdir(parents=True)
    files = {name: as_dnf5(hub, "@crew", name) for name in ("tools", NESTED)}
    written = configparser.ConfigParser(interpolation=None)
    written.read_string(files["tools"])
    assert written["copr:127.0.0.1:group_crew:tools"]["module_hotfixes"] == "1"
    assert written["coprdep:127.0.0.1:alice:lib"]["priority"] == "7"
    # What both need stands in both files; the first is enough here.
    nested = files[NESTED].split("\n[")[0]
    (repos / "copr.repo").write_text(files["tools"] + "\n" + nested)
    (repos / "base.repo").write_text(f"[base]\nname=base\nbaseurl=file://{BASE_REPO}\ngpgcheck=0\n")
    done = subprocess.run(
        ["dnf", "-y", f"--installroot={root}", f"--setopt=reposdir={repos}", "--releasever=12",
         f"--setopt=cachedir={tmp_path}/cache", "--nodocs", "--noplugins", "install", "tool", "tool2"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (root / "usr/share/lib/version").exists()
    assert as_dnf5(hub, "@crew", "tools:pr:1") == f"no tools:pr:1, but: tools {NESTED}"
    assert as_dnf5(hub, "@crew", "tools", "fedora-1") == f"no fedora-1, but: {RELEASE}"
    assert hub.status("/api_3/rpmrepo/@crew/none/fedora-1/") == 404
