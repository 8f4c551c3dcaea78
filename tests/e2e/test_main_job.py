"""The main job: an SRPM becomes a package that dnf installs."""

import packages
from box import CHROOT, wait_for


def test_an_uploaded_srpm_can_be_installed_the_moment_it_has_succeeded(box, tmp_path):
    box.create()
    empty = box.repo() / "repodata/repomd.xml"
    assert empty.exists() and (box.repo() / "repodata/repomd.xml.asc").exists()
    [build] = box.build(packages.srpm(tmp_path))
    box.wait(build)
    done = box.install("hello")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hello" in done.stdout


def test_a_package_can_require_one_built_before_in_the_same_project(box, tmp_path):
    box.create()
    [first] = box.build(packages.srpm(tmp_path, "base-data", **packages.NOARCH))
    box.wait(first)
    second_srpm = packages.srpm(
        tmp_path, "user-data", header="BuildArch: noarch\nBuildRequires: base-data",
        build="test -f /usr/share/base-data/version",
    )
    [second] = box.build(second_srpm)
    box.wait(second)


def test_several_packages_at_once_and_each_is_in_the_repository(box, tmp_path):
    box.create()
    srpms = [packages.srpm(tmp_path, f"many-{n}", **packages.NOARCH) for n in range(4)]
    builds = box.build(*srpms)
    for build in builds:
        box.wait(build)
    for n in range(4):
        assert box.install(f"many-{n}").returncode == 0


def test_logs_grow_while_the_build_runs_and_are_packed_afterwards(box, tmp_path):
    box.create()
    srpm = packages.srpm(tmp_path, build="echo now-building; sleep 4; echo now-built")
    [build] = box.build(srpm)
    live = f"/results/alice/tools/{CHROOT}/{build:08d}-hello/builder-live.log"

    def growing():
        return box.status(live) == 200 and "now-building" in box.get(live)

    wait_for(growing, "the live log shows the build")
    assert box.state(build) == "running"
    assert "now-built" not in box.get(live).replace("echo now-built", "")
    box.wait(build)
    names = {path.name for path in (box.repo() / f"{build:08d}-hello").iterdir()}
    assert {"builder-live.log.gz", "backend.log.gz", "build.log.gz", "root.log.gz",
            "state.log.gz", "success", "results.json", "build.info"} <= names
    assert not [name for name in names if name.endswith(".log")]


def test_a_spec_file_is_made_into_a_source_package_in_the_chroot(box, tmp_path):
    box.create()
    mark = tmp_path / "touched-by-the-spec"
    spec = packages.spec(tmp_path, "fromspec",
                         header=f"BuildArch: noarch\n%define x %(touch {mark}; echo 1)")
    [build] = box.build(spec)
    box.wait(build)
    assert not mark.exists(), "a spec ran outside of the chroot"
    assert box.install("fromspec").returncode == 0


def test_an_excluded_architecture_is_skipped(box, tmp_path):
    box.create()
    [build] = box.build(packages.srpm(tmp_path, header="ExclusiveArch: s390x"))
    box.wait(build, "skipped")
    assert box.chroot_state(build) == "skipped"


def test_a_failed_build_keeps_its_logs_and_publishes_nothing(box, tmp_path):
    box.create()
    [build] = box.build(packages.srpm(tmp_path, build="echo it-broke-here; exit 3"))
    box.wait(build, "failed")
    assert "it-broke-here" in box.log_text(build, "builder-live.log")
    assert box.install("hello").returncode != 0


def test_a_canceled_build_stops_at_once_and_leaves_nothing(box, tmp_path):
    box.create()
    [build] = box.build(packages.srpm(tmp_path, build="echo sleeping; sleep 600"))
    wait_for(lambda: box.chroot_state(build) == "running", "the build runs")
    box.cli("cancel", str(build))
    wait_for(lambda: box.chroot_state(build) == "canceled", "the chroot is canceled", 30)
    wait_for(lambda: not box.leftovers(), "everything is cleared away", 30)


def test_a_build_that_takes_too_long_is_stopped(box, tmp_path):
    box.create()
    srpm = packages.srpm(tmp_path, build="sleep 600")
    [build] = box.build("--timeout", "6", srpm)
    box.wait(build, "failed")
    wait_for(lambda: not box.leftovers(), "everything is cleared away", 30)


def test_builds_have_a_network_only_when_it_is_enabled(box, tmp_path):
    box.create()
    probe = f"(exec 3<>/dev/tcp/127.0.0.1/{box.port}) && echo REACHED || echo CUT-OFF"
    [closed] = box.build(packages.srpm(tmp_path, "closed", build=probe))
    box.wait(closed)
    assert "CUT-OFF" in box.log_text(closed, "build.log").splitlines()
    [opened] = box.build("--enable-net", "on", packages.srpm(tmp_path, "opened", build=probe))
    box.wait(opened)
    assert "REACHED" in box.log_text(opened, "build.log").splitlines()


def test_options_and_additional_packages_reach_the_build(box, tmp_path):
    box.create()
    box.cli("edit-chroot", f"tools/{CHROOT}", "--rpmbuild-with", "extra", "--packages", "zstd")
    srpm = packages.srpm(
        tmp_path, header="%bcond_with extra", build="command -v zstd\n%{!?with_extra:exit 4}",
    )
    [build] = box.build(srpm)
    box.wait(build)


def test_deleting_a_build_takes_it_out_of_the_repository(box, tmp_path):
    box.create()
    [build] = box.build(packages.srpm(tmp_path))
    box.wait(build)
    box.cli("delete-build", str(build))
    gone = box.repo() / f"{build:08d}-hello"
    wait_for(lambda: not gone.exists(), "the files are gone")
    assert box.install("hello").returncode != 0


def test_download_build_brings_packages_and_logs(box, tmp_path):
    box.create()
    [build] = box.build(packages.srpm(tmp_path))
    box.wait(build)
    target = tmp_path / "down"
    box.cli("download-build", "--dest", str(target), str(build))
    names = [path.name for path in (target / CHROOT).iterdir()]
    assert [name for name in names if name.endswith(".x86_64.rpm")], names
    assert {"builder-live.log.gz", "hello.spec"} <= set(names)
