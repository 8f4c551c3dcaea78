"""What tests share: servers on fresh data directories."""

import shutil
import subprocess

import pytest

from box import BASE_REPO, Box


def pytest_collection_modifyitems(items):
    missing = [tool for tool in ("dnf", "rpmbuild", "createrepo_c", "bwrap") if not shutil.which(tool)]
    reason = f"not installed: {missing}" if missing else "COPRBOX_TEST_BASE_REPO is not set"
    if missing or not BASE_REPO:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser():
    """A real Chromium; each visitor has a window and cookies of his own."""
    import browser as browsing

    if not browsing.CHROMIUM:
        pytest.skip("chromium is not installed: install the package chromium")
    with browsing.chromium() as running:
        yield running


@pytest.fixture
def visit(browser):
    """Makes visitors that leave with the test."""
    from browser import Visitor

    visitors = []

    def arrive(box, **options):
        visitors.append(Visitor(browser, box, **options))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.close()


@pytest.fixture(scope="module")
def full_box(tmp_path_factory):
    """A server that the tests of one module share."""
    box = Box(tmp_path_factory.mktemp("box"), "[sources]\nallow_private_addresses = true\n")
    box.set_up().start()
    yield box
    box.stop()


@pytest.fixture
def make_box(tmp_path_factory):
    """Makes servers that end with the test."""
    boxes = []

    def make(settings="", start=True, disk=None):
        box = Box(tmp_path_factory.mktemp("box"), settings)
        boxes.append(box)
        if disk:
            box.on_a_disk_of(disk)
        box.set_up()
        return box.start() if start else box

    yield make
    for box in boxes:
        box.stop()
        if box.data.is_mount():
            subprocess.run(["umount", box.data], check=True)


@pytest.fixture
def box(make_box):
    """A server with users alice and bob and one chroot; sources may come from the loopback."""
    return make_box("[sources]\nallow_private_addresses = true\n")
