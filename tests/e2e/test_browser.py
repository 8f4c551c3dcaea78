"""What people do in a browser, with scripts and without."""

import re

import packages
import pytest
from box import CHROOT, wait_for


def new_project(visitor, name="tools"):
    """Makes a project in the form; its page is open then."""
    page = visitor.goto("/coprs/alice/add/")
    page.get_by_label(re.compile("^Name")).fill(name)
    page.get_by_label(re.compile(r"x86_64|aarch64")).first.check()
    page.get_by_role("button", name=re.compile("Create|Make")).click()
    page.wait_for_url(f"**/coprs/alice/{name}/")


def upload(visitor, srpm, project="alice/tools"):
    """Hands an SRPM in; the number of the build, whose page is open then."""
    page = visitor.goto(f"/coprs/{project}/add_build_upload/")
    page.locator("input[type=file]").first.set_input_files(srpm)
    page.get_by_role("button", name=re.compile("^(Build|Submit|Upload)")).first.click()
    page.wait_for_url(re.compile(r"/build/\d+|/builds/"))
    if "/builds/" in page.url:
        page.locator("a[href*='/build/']").first.click()
        page.wait_for_url(re.compile(r"/build/\d+"))
    return int(re.search(r"/build/(\d+)", page.url)[1])


@pytest.mark.parametrize("js", [True, False], ids=["with scripts", "without scripts"])
def test_a_project_a_build_and_how_to_install_it(box, visit, tmp_path, js):
    alice = visit(box, js=js).log_in("alice")
    new_project(alice)
    build = upload(alice, packages.srpm(tmp_path))
    if js:
        # Nobody touches the page: it says by itself what became of the build.
        alice.page.locator("main .state", has_text="succeeded").first.wait_for(timeout=120_000)
    box.wait(build)
    alice.page.reload()
    main = alice.page.get_by_role("main")
    assert "succeeded" in main.inner_text()
    assert "hello" in main.inner_text()
    overview = alice.goto("/coprs/alice/tools/").get_by_role("main").inner_text()
    assert f"dnf copr enable 127.0.0.1/alice/tools" in overview
    assert not alice.complaints and not alice.foreign, (alice.complaints, alice.foreign)


@pytest.mark.parametrize("js", [True, False], ids=["with scripts", "without scripts"])
def test_a_broken_build_says_why_first(box, visit, tmp_path, js):
    box.create()
    srpm = packages.srpm(
        tmp_path, "broken", build="for n in 1 2 3; do echo noise $n; done\n"
        "echo 'main.c:7:3: error: expected ; before return' >&2; exit 1")
    visitor = visit(box, js=js).log_in("alice")
    build = upload(visitor, srpm)
    box.wait(build, "failed")
    main = visitor.goto(f"/coprs/build/{build}").get_by_role("main")
    text = main.inner_text()
    assert "main.c:7:3: error: expected ; before return" in text
    first = text.index("main.c:7:3")
    assert "noise 3" not in text[:first], "the reason stands before the log"


def test_a_log_grows_before_ones_eyes(box, visit, tmp_path):
    box.create()
    srpm = packages.srpm(tmp_path, build="for n in $(seq 8); do echo step-$n-of-8; sleep 1; done")
    visitor = visit(box).log_in("alice")
    build = upload(visitor, srpm)
    wait_for(lambda: box.state(build) == "running" or None, "the build runs")
    page = visitor.goto(f"/coprs/build/{build}")
    page.get_by_text("step-2-of-8").first.wait_for(timeout=60_000)
    assert box.state(build) == "running", "the page showed it while the build ran"
    page.get_by_text("step-8-of-8").first.wait_for(timeout=60_000)
    box.wait(build)


def test_two_users_and_a_permission(box, visit):
    box.create()
    bob, alice = visit(box).log_in("bob"), visit(box).log_in("alice")
    refused = bob.page.goto("/coprs/alice/tools/add_build/")
    assert refused.status == 403
    page = bob.goto("/coprs/alice/tools/permissions/")
    page.get_by_role("button", name="Ask to be builder").click()
    page.get_by_role("button", name="Withdraw the request to be builder").wait_for()
    page = alice.goto("/coprs/alice/tools/permissions/")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve").wait_for(state="detached")
    assert bob.page.goto("/coprs/alice/tools/add_build/").status == 200


def test_settings_are_kept_and_a_refusal_keeps_what_was_typed(box, visit):
    box.create()
    alice = visit(box).log_in("alice")
    page = alice.goto("/coprs/alice/tools/edit/")
    page.get_by_label("Description", exact=True).fill("Tools that *work*.")
    page.get_by_role("button", name=re.compile("^Save")).first.click()
    assert "Tools that work." in alice.goto("/coprs/alice/tools/").get_by_role("main").inner_text()
    page = alice.goto("/coprs/alice/tools/edit/")
    page.get_by_label("Homepage", exact=True).fill("no address at all")
    page.get_by_role("button", name=re.compile("^Save")).first.click()
    page.wait_for_load_state()
    assert page.get_by_label("Homepage", exact=True).input_value() == "no address at all"
    assert page.locator("[aria-invalid=true]").count() == 1


def test_deleting_says_what_goes_and_asks(box, visit):
    box.create()
    alice = visit(box).log_in("alice")
    page = alice.goto("/coprs/alice/tools/delete/")
    button = page.get_by_role("main").get_by_role("button", name=re.compile("Delete"))
    button.click()
    page.wait_for_load_state()
    assert box.status("/coprs/alice/tools/") == 200, "nothing was typed"
    page.get_by_role("main").get_by_role("textbox").first.fill("yes")
    button.click()
    page.wait_for_load_state()
    wait_for(lambda: box.status("/coprs/alice/tools/") == 404, "the project is gone")


def test_all_of_it_has_one_chroot(box):
    """The tests above tick the first chroot there is."""
    assert list(box.get("/api_3/mock-chroots/list")) == [CHROOT]
