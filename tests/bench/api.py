#!/usr/bin/env python3
"""Measures the API: requests per second, waiting time and processor time, and how they grow.

    api.py [--seconds N] [--parts reads,creates,growth,whole] [--url BASE_URL --pid PID]

Fills data directories as fill.py says, serves each with the release binary (COPRBOX_TEST_BIN) and
asks with wrk, from 1 and from 8 connections. Prints Markdown tables; judges nothing. The processor
time is the server's alone, user and system, from /proc.

With --url and --pid a server that runs already is measured, any Copr with the data set of fill.py;
only its reads, unless --token LOGIN:SECRET is given, too. PID may be several, joined by commas.
"""

import argparse
import base64
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import fill  # noqa: E402
from box import Box  # noqa: E402

BIG = "ownername=alice&projectname=perf-big"
TICK = 1000 / os.sysconf("SC_CLK_TCK")
PATIENCE = 600

# What is asked: the address, and where it is known the milliseconds of processor time that Copr's
# own frontend spends on it.
REQUESTS = {
    "API root": ("/api_3/", None),
    "project": (f"/api_3/project?{BIG}", 5.4),
    "100 projects": ("/api_3/project/list?limit=100", None),
    "100 packages": (f"/api_3/package/list?{BIG}&limit=100", 7.0),
    "100 packages with latest builds": (
        f"/api_3/package/list?{BIG}&limit=100&with_latest_build=True"
        "&with_latest_succeeded_build=True", 48.0),
    "100 builds": (f"/api_3/build/list?{BIG}&limit=100", 27.5),
    "monitor": (f"/api_3/monitor?{BIG}", 1036.0),
    ".repo file": ("/coprs/alice/perf-big/repo/fedora-43/perf-big.repo", None),
}
COPRS_CREATES = 50

# What must not grow with the data, with the offset of the last hundred where one is.
LISTS = {
    "projects": "/api_3/project/list?limit=100",
    "projects, the last": "/api_3/project/list?limit=100&offset={projects}",
    "projects by name": "/api_3/project/list?limit=100&order=name",
    "projects of an owner, by name backwards":
        "/api_3/project/list?limit=100&ownername=bob&order=name&order_type=DESC",
    "projects that fit": "/api_3/project/search?limit=100&query=bob/perf",
    "projects that fit, one": "/api_3/project/search?limit=100&query=perf-big",
    "packages": f"/api_3/package/list?{BIG}&limit=100",
    "packages by name backwards": f"/api_3/package/list?{BIG}&limit=100&order=name&order_type=DESC",
    "packages with latest builds":
        f"/api_3/package/list?{BIG}&limit=100&with_latest_build=1&with_latest_succeeded_build=1",
    "packages, the last": f"/api_3/package/list?{BIG}&limit=100&offset={{packages}}",
    "builds": f"/api_3/build/list?{BIG}&limit=100",
    "builds, the last": f"/api_3/build/list?{BIG}&limit=100&offset={{builds}}",
    "builds that are pending": f"/api_3/build/list?{BIG}&limit=10&status=pending",
    "builds of a package": f"/api_3/build/list?{BIG}&limit=100&packagename=package-0007",
    "chroots of a build": "/api_3/build-chroot/list?build_id=42&limit=100",
}
# As many builds of each package as in the large set.
SMALL = {"projects": 100, "packages": 100, "builds": 500}

CREATE = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Basic %s"
wrk.body = [[%s]]
"""


class Server:
    """What is measured: an address and the processes behind it."""

    def __init__(self, url, pids, token):
        self.url, self.pids, self.token = url, pids, token

    def ticks(self):
        total = 0
        for pid in self.pids:
            # The name may hold anything, so what counts begins behind it.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total

    def peak(self):
        """The highest memory so far, MiB."""
        total = 0
        for pid in self.pids:
            status = Path(f"/proc/{pid}/status").read_text()
            total += int(re.search(r"VmHWM:\s+(\d+)", status)[1])
        return total / 1024

    def forget_peak(self):
        for pid in self.pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def wrk(self, path, clients, seconds, script=None, cookie=None):
        more = ["-s", script] if script else []
        more += ["-H", f"Cookie: {cookie}"] if cookie else []
        before = self.ticks()
        out = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "60s", *more,
             self.url + path], check=True, capture_output=True, text=True).stdout
        ticks = self.ticks() - before
        if "Non-2xx" in out or "Socket errors" in out:
            sys.exit(f"{path}: {out}")
        count = int(re.search(r"(\d+) requests in", out)[1])
        return {
            "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
            "cpu": ticks * TICK / max(count, 1),
            **{f"p{part}": milliseconds(re.search(rf" {part}%\s+(\S+)", out)[1])
               for part in (50, 99)},
        }

    def read(self, path):
        """One answer, thrown away as it comes; its length."""
        size = 0
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            while part := answer.read(1 << 16):
                size += len(part)
        return size


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(\D+)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


def short(number):
    """About three digits that count."""
    digits = 0 if number >= 100 else 1 if number >= 10 else 2 if number >= 1 else 3
    return f"{number:,.{digits}f}"


def table(heads, rows):
    print("| " + " | ".join(heads) + " |")
    print("|---" + "|--:" * (len(heads) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print(flush=True)


def reads(server, seconds):
    def rows():
        for name, (path, coprs) in REQUESTS.items():
            server.read(path)
            one, eight = (server.wrk(path, clients, seconds) for clients in (1, 8))
            ratio = f"1/{coprs / eight['cpu']:.0f}" if coprs and eight["cpu"] else ""
            yield [name, *(short(run[what]) for run in (one, eight) for what in ("rate", "p50", "p99")),
                   short(eight["cpu"]), coprs and short(coprs) or "", ratio]
    table(["request", "1 client: per s", "p50 ms", "p99 ms", "8 clients: per s", "p50 ms", "p99 ms",
           "CPU ms", "Copr's", "ratio"], rows())


def creates(server, seconds):
    body = json.dumps({"ownername": "alice", "projectname": "perf-big",
                       "pkgs": ["http://sources.example/package-0001-2-1.src.rpm"]})
    basic = base64.b64encode(server.token.encode()).decode()

    def rows():
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(CREATE % (basic, body))
            script.flush()
            for clients in (1, 8, 32):
                run = server.wrk("/api_3/build/create/url", clients, seconds, script.name)
                yield [str(clients), *(short(run[what]) for what in ("rate", "p50", "p99", "cpu"))]
    print(f"Builds handed in (`build/create/url`; Copr: {COPRS_CREATES} a second):\n")
    table(["clients", "per s", "p50 ms", "p99 ms", "CPU ms"], rows())


def growth(small, large, seconds):
    """The two servers take turns, so that a busy machine disturbs both."""
    def ends(size):
        return {what: max(count - 100, 0) for what, count in size.items()}

    def rows():
        for name, path in LISTS.items():
            runs = {"small": [], "large": []}
            for _ in range(3):
                for who, server, at in (("small", small, SMALL), ("large", large, fill.LARGE)):
                    runs[who].append(server.wrk(path.format(**ends(at)), 1, seconds))
            ours, theirs = ({what: statistics.median(run[what] for run in runs[who])
                             for what in ("p50", "cpu")} for who in ("small", "large"))
            yield [name, short(ours["p50"]), short(theirs["p50"]),
                   f"{theirs['p50'] / ours['p50']:.1f} ×", short(ours["cpu"]), short(theirs["cpu"])]
    what = ", ".join(f"{count:,} {name}" for name, count in fill.LARGE.items())
    print(f"Lists with limit 100: of 100 rows, and of {what}; the median of p50 in ms:\n")
    table(["list", "of 100", "of many", "ratio", "CPU ms", "CPU ms"], rows())


def whole(server):
    """Lists without a limit: how much more memory they take."""
    def rows():
        for name, path in (("all projects", "/api_3/project/list"),
                           ("all builds", f"/api_3/build/list?{BIG}"),
                           ("monitor", f"/api_3/monitor?{BIG}")):
            server.forget_peak()
            before = server.peak()
            size = server.read(path)
            yield [name, f"{size / (1 << 20):.1f}", f"{server.peak() - before:.1f}"]
    print("Lists without a limit, one client:\n")
    table(["list", "answer, MiB", "more memory, MiB"], rows())


def serve(scratch, name, size, runner="slots = 0"):
    # Nothing is built meanwhile, and nothing of the data set removed, which is old.
    box = Box(scratch / name, f"[runner]\n{runner}\n[cleanup]\ninterval = 0\n")
    fill.fill(box.data, size)
    box.env["COPRBOX_LOG"] = os.environ.get("COPRBOX_LOG", "info")
    box.start()
    conf = dict(line.split(" = ", 1) for line in (box.data / "alice.conf").read_text().splitlines()
                if " = " in line)
    return box, Server(box.url, [box.process.pid], f"{conf['login']}:{conf['token']}")


def main():
    summary, _, _ = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--seconds", type=int, default=3, help="for each request [3]")
    parser.add_argument("--parts", default="reads,creates,growth,whole",
                        help="what to measure [reads,creates,growth,whole]")
    parser.add_argument("--url", help="of a server that runs already")
    parser.add_argument("--pid", help="its processes, joined by commas")
    parser.add_argument("--token", help="LOGIN:SECRET of its alice, to measure creates")
    options = parser.parse_args()
    parts = options.parts.split(",")
    if options.url:
        pids = [int(pid) for pid in (options.pid or parser.error("--pid is missing")).split(",")]
        server = Server(options.url.rstrip("/"), pids, options.token)
        reads(server, options.seconds)
        return creates(server, options.seconds) if options.token else None
    boxes = []
    scratch = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        def server(name, size):
            box, server = serve(scratch, name, size)
            boxes.append(box)
            return server
        if "reads" in parts or "creates" in parts:
            usual = server("usual", fill.SIZE)
            if "reads" in parts:
                reads(usual, options.seconds)
            if "creates" in parts:
                creates(usual, options.seconds)
            boxes.pop().stop()
        if "growth" in parts or "whole" in parts:
            large = server("large", fill.LARGE)
            if "whole" in parts:
                whole(large)
            if "growth" in parts:
                growth(server("small", SMALL), large, options.seconds)
    finally:
        for box in boxes:
            box.stop()
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
