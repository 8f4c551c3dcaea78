#!/usr/bin/env python3
"""Compares this server with recordings of a real Copr server.

COPRBOX_CONFORMANCE names the directory that holds `api/scenario.py`, `api/recording/` and
`api/seed.json`. The scenario is driven against a fresh server, its answers are compared with the
recorded ones, and whatever differs must stand in differences.toml with its reason: a difference
that is not listed is a failure, and so is one that is listed and does not occur any more.

    run.py --bin target/debug/coprbox --finisher target/debug/examples/finisher --venv VENV
    run.py … --only '^project-'     compares these steps only
    run.py … --keep DIR             works in DIR, and leaves everything there
    run.py --again DIR              compares once more what was recorded in DIR
"""

import argparse
import contextlib
import html
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Failed(Exception):
    """The comparison could not be made."""


class Server:
    """A server of ours, seeded as the recorded one was, that runs no builds."""

    def __init__(self, options, work, seed):
        self.options, self.work, self.seed = options, work, seed
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def configure(self):
        lines = [
            f"data_dir = {json.dumps(str(self.work / 'data'))}",
            f'listen = "127.0.0.1:{self.port}"',
            f'base_url = "{self.url}"',
            "[runner]",
            "slots = 0",
            # Nothing went away by itself from the recorded server while it was asked.
            "[cleanup]",
            "interval = 0",
        ]
        for instance in self.seed["distgit"]:
            address = f"{instance['clone_url']}/{instance['clone_package_uri']}"
            lines += [f"[distgit.{instance['name']}]", f"clone_url = {json.dumps(address)}"]
            lines += [f"priority = {instance['priority']}"]
        (self.work / "coprbox.toml").write_text("\n".join(lines) + "\n")

    def run(self, *words):
        command = [self.options.bin, "--config", self.work / "coprbox.toml", *words]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"coprbox {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def fill(self):
        for user in self.seed["users"]:
            admin = ["--admin"] if user["admin"] else []
            self.run("user", "add", user["name"], "--email", user["mail"], *admin)
            expired = user["expiration"] < time.strftime("%Y-%m-%d")
            until = ["--expires", user["expiration"]] if expired else []
            config = self.run("token", "new", user["name"], *until)
            (self.work / f"{user['name']}.conf").write_text(config)
        for group in self.seed["groups"]:
            inside = [u["name"] for u in self.seed["users"] if group["fas_name"] in u["fas_groups"]]
            members = [word for name in inside for word in ("--member", name)]
            self.run("group", "add", group["name"], *members)
        for chroot in self.seed["chroots"]:
            about = ["--comment", markdown(chroot["comment"])] if "comment" in chroot else []
            repo = ["--repo", "file:///nowhere"]
            self.run("chroot", "add", chroot["name"], "--builder", "sandbox", *repo, *about)
            if not chroot.get("active", True):
                self.run("chroot", "disable", chroot["name"])

    @contextlib.contextmanager
    def running(self):
        command = [self.options.bin, "--config", self.work / "coprbox.toml", "serve"]
        with open(self.work / "server.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self.wait()
            yield self
        finally:
            self.process.terminate()
            self.process.wait(timeout=30)

    def wait(self):
        for _ in range(200):
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/api_3/", timeout=5).close()
                return
            time.sleep(0.1)
        raise Failed("the server does not answer:\n" + (self.work / "server.log").read_text())


def markdown(comment):
    """A comment as our admins write it: they were HTML there, and are markdown here."""
    comment = re.sub(r"</?strong>", "**", comment)
    comment = re.sub(r'<a href="([^"]*)">(.*?)</a>', r"[\2](\1)", comment)
    return html.unescape(comment)


def scenario(options, *words):
    """Runs the kit's own program."""
    python = options.venv / "bin/python" if options.venv else sys.executable
    command = [python, options.kit / "api/scenario.py", *words]
    env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def record(options, work):
    """Drives the scenario against a fresh server."""
    seed = json.loads((options.kit / "api/seed.json").read_text())
    server = Server(options, work, seed)
    server.configure()
    server.fill()
    finisher = shlex.join([str(options.finisher), str(work / "data/coprbox.db")])
    with server.running():
        said = scenario(
            options, "--config", work / "alice.conf", "--config-bob", work / "bob.conf",
            "--config-expired", work / "carol.conf", "--cli", options.venv / "bin/copr-cli",
            "--finisher-cmd", finisher, "--rotate", "--out", work / "mine",
        )  # fmt: skip
    (work / "scenario.log").write_text(said)


def compare(options, work, listed):
    """Every differing step with its differences: (path, recorded, ours)."""
    only = ["--only", options.only] if options.only else []
    report = work / "report.json"
    report.unlink(missing_ok=True)
    mine = without_extra_builds(work, listed.extra)
    said = scenario(
        options, "--compare", options.kit / "api/recording", mine, "--json", report, *only
    )
    if not report.exists():
        raise Failed("the comparison broke off:\n" + said)
    report = json.loads(report.read_text())
    steps = {}
    for step in report["steps"]:
        found = [(path, there, here) for _, path, there, here in step["diffs"]]
        steps[step["step"]] = found or [("missing", "recorded", "not done")]
    return report["counts"]["total"], steps


def without_extra_builds(work, extra):
    """A copy of our answers in which builds that only we make are left out of the lists, so that
    the rest of those lists is compared place by place."""
    copy = work / "compared"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(work / "mine", copy)
    paths = {json.loads(path.read_text())["step"]: path for path in copy.glob("[0-9]*.json")}
    for entry in extra:
        listing = json.loads(paths[entry["newest_of"]].read_text())["response"]["items"]
        newest = max(build["id"] for build in listing)
        forget(copy / "meta.json", newest)
        for step in entry["steps"]:
            answer = json.loads(paths[step].read_text())
            lessened = {**answer}
            for key in ("response", "stdout"):
                if key in answer:
                    lessened[key] = without(answer[key], newest)
            if lessened == answer:
                raise Failed(f"differences.toml: {step} does not list the extra build")
            paths[step].write_text(json.dumps(lessened))
    return copy


def forget(meta_file, build):
    """Takes a build out of the names that the scenario gave to those it met in lists: `step#0`,
    `step#1`, …, so that the ones after it have the names they would have without it."""
    meta = json.loads(meta_file.read_text())
    names = meta["ids"]["build"]
    step, place = names.pop(str(build)).split("#")
    for other, name in names.items():
        of, _, number = name.partition("#")
        if of == step and int(number) > int(place):
            names[other] = f"{step}#{int(number) - 1}"
    meta_file.write_text(json.dumps(meta))


def without(value, build):
    """`value` without what is about `build`: in lists, in JSON as text, in lines of a table."""
    if isinstance(value, dict):
        return {key: without(part, build) for key, part in value.items()}
    if isinstance(value, list):
        rest = [part for part in value if not (isinstance(part, dict) and part.get("id") == build)]
        return [without(part, build) for part in rest]
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return json.dumps(without(json.loads(value), build), indent=4)
        lines = value.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith(f"{build}\t"))
    return value


class Listed:
    """The differences that are meant, and which of them have been seen."""

    def __init__(self, path):
        listed = tomllib.loads(path.read_text())
        self.entries, self.extra = listed["difference"], listed["extra"]
        for entry in self.entries:
            unknown = entry.keys() - {"steps", "at", "status", "contract", "reason"}
            if unknown or not all(entry.get(key) for key in ("steps", "contract", "reason")):
                raise Failed(f"differences.toml: an entry is wrong: {entry}")
            if ("at" in entry) == ("status" in entry):
                raise Failed(f"differences.toml: either `at` or `status`, in {entry}")
        self.seen = set()

    def explains(self, step, path, ours, answer):
        """Whether one difference of a step is listed."""
        explained = False
        for number, entry in enumerate(self.entries):
            if step not in entry["steps"]:
                continue
            if "status" in entry:
                # Another status means another body: what it must be instead is an error of ours.
                if answer.get("status") == entry["status"] and is_orderly(answer):
                    self.seen.add((number, step))
                    explained = True
                continue
            for pattern in entry["at"]:
                if matches(pattern, path):
                    self.seen |= {(number, step), (number, pattern)}
                    explained = True
        return explained

    def gone(self, compared):
        """What is listed and has not occurred."""
        for number, entry in enumerate(self.entries):
            there = [step for step in entry["steps"] if compared(step)]
            for step in there:
                if (number, step) not in self.seen:
                    yield f"{step}: is listed ({entry['contract']}) and does not differ so any more"
            for pattern in entry.get("at", []) if len(there) == len(entry["steps"]) else []:
                if (number, pattern) not in self.seen:
                    yield f"{pattern!r} of {entry['contract']}: no step differs there any more"


def is_orderly(answer):
    """Whether an error has the form that clients understand."""
    if answer.get("status", 0) < 400:
        return True
    body = answer.get("response")
    return isinstance(body, dict) and isinstance(body.get("error"), str)


def matches(pattern, path):
    """`*` stands for anything; places in lists are left out on both sides: `$.items[].name`."""
    path = re.sub(r"\[\d+\]", "[]", path)
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), path) is not None


def answers(folder):
    return {
        answer["step"]: answer
        for answer in (json.loads(p.read_text()) for p in folder.glob("[0-9]*.json"))
    }


def judge(options, work):
    listed = Listed(HERE / "differences.toml")
    total, steps = compare(options, work, listed)
    problems = json.loads((work / "mine/meta.json").read_text())["problems"]
    wrong = [f"the scenario: {problem.splitlines()[0]}" for problem in problems]
    mine, theirs = answers(work / "mine"), answers(options.kit / "api/recording")
    for step, found in steps.items():
        answer = mine.get(step, {})
        left = [d for d in found if not listed.explains(step, d[0], d[2], answer)]
        for path, there, here in left[: options.max_diffs]:
            wrong.append(f"{step}: {path}\n      Copr: {short(there)}\n      here: {short(here)}")
        if len(left) > options.max_diffs:
            wrong.append(f"{step}: … and {len(left) - options.max_diffs} more")
    only = re.compile(options.only or "")
    wrong += listed.gone(lambda step: step not in theirs or only.search(step))
    print("\n".join(wrong))
    print(f"{total} steps compared, {len(steps)} differ, {len(wrong)} complaints")
    return not wrong


def short(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + "…"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", type=Path)
    parser.add_argument("--finisher", type=Path)
    parser.add_argument("--venv", type=Path, help="an environment with copr and copr-cli")
    parser.add_argument("--only", metavar="REGEX")
    parser.add_argument("--keep", type=Path, metavar="DIR")
    parser.add_argument("--again", type=Path, metavar="DIR")
    parser.add_argument("--max-diffs", type=int, default=5)
    options = parser.parse_args()
    kit = os.environ.get("COPRBOX_CONFORMANCE")
    if not kit:
        print("skipped: COPRBOX_CONFORMANCE does not name the recordings of a Copr server")
        return 0
    options.kit = Path(kit)
    try:
        if options.again:
            return 0 if judge(options, options.again) else 1
        if not (options.bin and options.finisher and options.venv):
            parser.error("--bin, --finisher and --venv are needed")
        with tempfile.TemporaryDirectory(prefix="coprbox-conformance-") as scratch:
            work = options.keep or Path(scratch)
            work.mkdir(parents=True, exist_ok=True)
            record(options, work)
            return 0 if judge(options, work) else 1
    except Failed as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
