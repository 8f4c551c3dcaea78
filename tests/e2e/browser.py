"""A real Chromium that looks at a box."""

import os
import shutil
from contextlib import contextmanager

from box import PASSWORD
from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("COPRBOX_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which(
    "chromium-browser")

# Chromium looks up hosts of its maker's unless it is told not to.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextmanager
def chromium():
    """The browser, for as long as tests need it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


class Visitor:
    """Somebody in front of a browser, at one box; notes what pages ask for and complain about."""

    def __init__(self, browser, box, js=True, dark=False, width=1280):
        self.box = box
        self.context = browser.new_context(
            base_url=box.url, java_script_enabled=js, color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 900}, permissions=["clipboard-read"],
        )
        self.page = self.context.new_page()
        # Nothing takes that long, and no test should hang.
        self.page.set_default_timeout(20_000)
        self.complaints = []
        self.foreign = []
        self.page.on("console", self.heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self.saw)

    def heard(self, message):
        # A page that is refused on purpose is no fault of the page.
        if message.type == "error" and "the server responded with a status of" not in message.text:
            self.complaints.append(message.text)

    def saw(self, request):
        if not request.url.startswith((self.box.url, "data:")):
            self.foreign.append(request.url)

    def goto(self, path, status=200):
        """Opens a page, which must answer so."""
        answer = self.page.goto(path)
        assert answer.status == status, f"{path}: {answer.status}"
        return self.page

    def log_in(self, user):
        """Logs in as people do."""
        self.goto("/login")
        self.page.get_by_label("User name").fill(user)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Log in").click()
        self.page.locator("form[action='/logout']").first.wait_for(state="attached")
        return self

    def close(self):
        self.context.close()
