#!/usr/bin/env python3
"""Measures how long the server takes for each of the main web pages, with the large data set.

    pages.py [--seconds N] [--only WORDS]

Fills a data directory as fill.py --large says (100,000 builds), serves it with the release binary
(COPRBOX_TEST_BIN) and asks with wrk from one connection, as alice, an admin who is logged in, and
for some pages as bob, who has built nothing. Prints a Markdown table; judges nothing. Each row is
the best of three rounds: what else the machine does only ever adds.
"""

import argparse
import re
import shutil
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import fill  # noqa: E402
from api import serve, short, table  # noqa: E402

ROUNDS = 3
# As if something could be built, so that the queue has a future; no disk has that much space.
WAITS = 'slots = 4\ndisk_reserve = "1000000 GiB"'
GOAL = 15
BIG = "/coprs/alice/perf-big/"
PASSWORD = "correct horse battery"

# What is looked at, and by whom if it is not alice. Build 42 succeeded, build 100,000 waits.
PAGES = {
    "home": "/",
    "search, many fit": "/coprs/fulltext/?fulltext=perf",
    "search, one fits": "/coprs/fulltext/?fulltext=perf-big",
    "search for packages": "/coprs/fulltext/?packagename=package",
    "search for built packages": "/coprs/packages/search/?name=package-0042",
    "owner": "/coprs/bob/",
    "owner, the last page": "/coprs/bob/?page=200",
    "project": BIG,
    "packages": f"{BIG}packages/",
    "packages, the last page": f"{BIG}packages/?page=200",
    "packages by name": f"{BIG}packages/?q=0042",
    "package": f"{BIG}package/package-0042/",
    "builds": f"{BIG}builds/",
    "builds, the last page": f"{BIG}builds/?page=1000",
    "build": f"{BIG}build/42/",
    "build that waits": f"{BIG}build/100000/",
    "monitor": f"{BIG}monitor/",
    "settings": f"{BIG}edit/",
    "settings, chroots": f"{BIG}chroots/",
    "permissions": f"{BIG}permissions/",
    "integrations": f"{BIG}integrations/",
    "new build": f"{BIG}add_build/",
    "queue": "/status/pending/",
    "queue, page 20": "/status/pending/?page=20",
    "queue by project": "/status/pending/all/",
    "at work": "/status/running/",
    "batches": "/status/batches/",
    "statistics": "/status/stats/",
    "disk use": "/status/disk/",
    "explore": "/explore/",
    "recent": "/recent/",
    "own recent": "/recent/my/",
    "own recent of who has none": ("/recent/my/", "bob"),
    "RSS": "/rss/",
    "account": "/user/info/",
    "tokens": "/api/",
    "users": "/admin/",
}


def log_in(url, user):
    """The cookie of a new session."""
    form = {"username": user, "password": PASSWORD, "next": "/"}
    request = urllib.request.Request(f"{url}/login", urllib.parse.urlencode(form).encode(),
                                     {"Origin": url})

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    try:
        answer = urllib.request.build_opener(Stay).open(request)
    except urllib.error.HTTPError as error:
        answer = error
    cookie = answer.headers.get("Set-Cookie") or sys.exit(f"{user} cannot log in")
    return cookie.partition(";")[0]


def pages(server, cookies, seconds, only):
    def rows():
        for name, where in PAGES.items():
            if not re.search(only, name):
                continue
            path, user = where if isinstance(where, tuple) else (where, "alice")
            runs = [server.wrk(path, 1, seconds, cookie=cookies[user]) for _ in range(ROUNDS)]
            best = min(runs, key=lambda run: run["p99"])
            cpu = min(run["cpu"] for run in runs)
            yield [name, *(short(value) for value in (best["p50"], best["p99"], cpu)),
                   "" if best["p99"] <= GOAL else "slow"]
    what = ", ".join(f"{count:,} {name}" for name, count in fill.LARGE.items())
    print(f"Pages, one client, {what}:\n")
    table(["page", "p50 ms", "p99 ms", "CPU ms", f"goal {GOAL} ms"], rows())


def main():
    summary, _, _ = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--seconds", type=int, default=2, help="for each round [2]")
    parser.add_argument("--only", default="", help="pages whose name fits this expression")
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="bench-"))
    box = None
    try:
        box, server = serve(scratch, "large", fill.LARGE, WAITS)
        for user in ("alice", "bob"):
            box.coprbox("user", "password", user, "--password-stdin", stdin=PASSWORD + "\n")
        cookies = {user: log_in(server.url, user) for user in ("alice", "bob")}
        pages(server, cookies, options.seconds, options.only)
    finally:
        if box:
            box.stop()
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
