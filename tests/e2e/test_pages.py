"""Every page that links lead to: it answers, it fits, everybody can use it."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import packages
import pytest
from box import CHROOT
from axe_playwright_python.sync_playwright import Axe

# What a first visit may weigh, logs and pictures of pages included.
MOST_BYTES = 100 << 10
# No more links than that can a small box have.
MOST_LINKS = 1500


def kind_of(path):
    """Pages of one kind need one look: names and numbers do not matter."""
    address = urlsplit(path)
    path = address.path.rstrip("/") or "/"
    if address.query.startswith("package="):
        path += "/AROUND"
    path = re.sub(r"/coprs/(g/[^/]+|@?[^/]+)/tools", "/coprs/OWNER/PROJECT", path)
    path = re.sub(r"/package/[^/]+", "/package/NAME", path)
    path = re.sub(r"/debian-\d+-[^/]+", "/CHROOT", path)
    return re.sub(r"/\d+", "/N", path)


@pytest.fixture(scope="module")
def full(full_box, tmp_path_factory):
    """A box with a bit of everything in it."""
    box, made = full_box, tmp_path_factory.mktemp("packages")
    old = box.add_chroot(CHROOT.replace("12", "11"))
    box.create("tools", "--description", "Tools that *work*.", "--chroot", old)
    box.coprbox("chroot", "disable", old)
    [good] = box.build(packages.srpm(made))
    [bad] = box.build(packages.srpm(made, "broken", build="echo main.c:1: error: no; exit 1"))
    box.cli("add-package-scm", "tools", "--name", "fromgit", "--clone-url",
            "https://example.test/fromgit.git")
    box.wait(good)
    box.wait(bad, "failed")
    # Needs what is there by now, to be built and to be run.
    header = "Requires: hello\nBuildRequires: hello"
    [user] = box.build(packages.srpm(made, "greeter", header=header))
    box.wait(user)
    return box


class Links(HTMLParser):
    """Where a page leads to on its own server."""

    def __init__(self, here, text):
        super().__init__()
        self.here, self.found = here, set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        href = dict(attributes).get("href") if tag == "a" else None
        there = urlsplit(urljoin(self.here, href)) if href else None
        if there and there.netloc == urlsplit(self.here).netloc:
            self.found.add(there.path + (f"?{there.query}" if there.query else ""))


@pytest.fixture(scope="module")
def walk(full, browser):
    """One address of each kind that an admin's links lead to, and the links that lead nowhere."""
    from browser import Visitor

    admin = Visitor(browser, full).log_in("alice")
    admin.context.request.post("/user/customize-pinned/", form={"pin1": "alice/tools"})
    seen, kinds, todo, wrong = {"/"}, {}, ["/"], []
    while todo:
        path = todo.pop(0)
        answer = admin.context.request.get(path)
        if not answer.ok:
            wrong.append((path, answer.status))
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        # Listings of the results tree lead to everything there is; they are no pages of ours.
        if not answer.ok or not is_page or path.startswith("/results/"):
            continue
        kinds.setdefault(kind_of(path), path)
        found = Links(full.url + path, answer.text()).found - seen
        seen |= found
        todo += sorted(found)
        assert len(seen) < MOST_LINKS, "links without end: " + " ".join(sorted(seen)[-20:])
    admin.close()
    return kinds, wrong


@pytest.fixture(scope="module")
def pages(walk):
    return walk[0]


def test_every_link_answers(walk):
    assert not walk[1]
    assert len(walk[0]) > 25, sorted(walk[0])


def test_what_was_built_is_drawn_with_what_it_needs(full, visit):
    page = visit(full).goto("/coprs/alice/tools/dependencies/")
    cell = page.get_by_role("link", name="greeter: succeeded; needs: 1; needed by: 0")
    cell.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/package/greeter/")
    assert page.get_by_text("to build and to run").is_visible()
    # Without JavaScript it is all there as well.
    plain = visit(full, js=False).goto("/coprs/alice/tools/dependencies/")
    steps = plain.locator(".build-order > li").all_inner_texts()
    assert steps == ["hello", "greeter"], steps


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_fits_and_can_be_used_by_everybody(full, pages, visit, dark):
    admin, wrong = visit(full, dark=dark).log_in("alice"), []
    axe = Axe()
    for kind, path in sorted(pages.items()):
        page = admin.goto(path)
        for width in 390, 1440:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
            if wide > 0:
                wrong.append(f"{kind} is {wide} pixels too wide for {width}")
        for found in axe.run(page).response["violations"]:
            if found["impact"] in ("serious", "critical"):
                places = "; ".join(node["html"][:120] for node in found["nodes"][:3])
                wrong.append(f"{kind}: {found['id']}: {places}")
    assert not wrong, "\n".join(wrong)
    assert not admin.complaints, admin.complaints
    assert not admin.foreign, admin.foreign


def test_no_page_is_heavy(full, pages, visit):
    wrong = []
    for kind, path in sorted(pages.items()):
        # Nobody has been here before: nothing is kept from the last page.
        visitor = visit(full)
        bytes_of = []
        visitor.page.on("requestfinished", lambda request, into=bytes_of: into.append(
            request.sizes()["responseBodySize"]))
        if visitor.page.goto(path).status < 400:
            visitor.page.wait_for_load_state("load")
            if sum(bytes_of) > MOST_BYTES:
                wrong.append((kind, sum(bytes_of)))
        visitor.close()
    assert not wrong, wrong
