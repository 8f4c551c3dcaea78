#!/usr/bin/env python3
"""Makes the data set that the API is measured with, in a new data directory of coprbox.

    fill.py DIRECTORY [--projects N] [--packages N] [--builds N] [--large]

The data set is meant for other Copr servers, too: whoever fills one with the same projects can put
its numbers beside ours. It is the same each time (what is random comes from a fixed seed):

- users alice, an admin, and bob; chroots fedora-42, fedora-43 and fedora-rawhide, all x86_64;
- alice/perf-big, in these chroots, with packages package-0001 … package-2000 and 10,000 builds
  handed in by alice, one a minute: build N is of package ((N - 1) mod 2,000) + 1, so each package
  has five, and its source is the address of an SRPM;
- each build has the three chroots. Every tenth of the last fifth (2,000) is pending in all of
  them; of the others 94 % succeeded, 4 % failed in one chroot, 2 % were canceled. A chroot that
  succeeded has three results: the source package, the package, its -devel;
- bob/perf-001 … bob/perf-100, in the same chroots, with no packages.

--large makes it ten times as large: 20,000 packages and 100,000 builds in alice/perf-big, and 5,000
projects.

The program (COPRBOX_TEST_BIN) makes directory, tables, users and tokens; the rest is written into
the database directly, in one transaction. alice.conf and bob.conf beside the data are configuration
files for copr-cli. Nothing is in the results tree: serve it with `runner.slots` and `cleanup.interval`
set to 0, or it is tidied up as old.
"""

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

BINARY = os.environ.get("COPRBOX_TEST_BIN", "target/release/coprbox")
CHROOTS = ["fedora-42-x86_64", "fedora-43-x86_64", "fedora-rawhide-x86_64"]
SIZE = {"projects": 101, "packages": 2_000, "builds": 10_000}
LARGE = {"projects": 5_000, "packages": 20_000, "builds": 100_000}
# 2026-01-01, for everything that has a time.
BEGIN = 1_767_225_600
FINISHED = "('succeeded', 'forked', 'skipped', 'failed', 'canceled')"


def insert(db, table, columns, rows):
    marks = ", ".join("?" for _ in columns)
    db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def set_up(directory):
    """The directory, the people and the chroots, by coprbox itself."""
    directory.mkdir(parents=True)

    def coprbox(*args):
        done = subprocess.run([BINARY, "--data-dir", directory, *args], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"coprbox {' '.join(args)}: {done.stderr}")
        return done.stdout

    for chroot in CHROOTS:
        coprbox("chroot", "add", chroot, "--builder", "sandbox", "--repo", "file:///nowhere")
    for user in (["alice", "--admin"], ["bob"]):
        coprbox("user", "add", *user)
        conf = directory / f"{user[0]}.conf"
        conf.touch(0o600)
        conf.write_text(coprbox("token", "new", user[0]))
    [path] = directory.glob("*.db")
    return path


def projects(db, count):
    """alice's big project and bob's many, with their directories and chroots."""
    users = dict(db.execute("SELECT name, id FROM users"))
    chroots = [id for id, in db.execute("SELECT id FROM chroots ORDER BY id")]
    names = [("alice", "perf-big")] + [("bob", f"perf-{n:03}") for n in range(1, count)]
    ids = range(1, len(names) + 1)
    fixed = {
        "persistent": 0, "description": "Made to be measured.", "instructions": "",
        "additional_repos": "[]", "runtime_dependencies": "[]", "unlisted": 0, "enable_net": 0,
        "auto_prune": 1, "manual_createrepo": 0, "multilib": 0, "module_hotfixes": 0,
        "fedora_review": 0, "appstream": 0, "bootstrap": "default", "isolation": "default",
        "follow_fedora_branching": 1, "packit_forge_projects_allowed": "[]",
    }
    insert(db, "projects", ["id", "owner", "name", "creator_id", "created_on", *fixed],
           [(id, owner, name, users[owner], BEGIN + id, *fixed.values())
            for id, (owner, name) in zip(ids, names)])
    insert(db, "dirs", ["id", "project_id", "name", "created_on"],
           [(id, id, name, BEGIN + id) for id, (_, name) in zip(ids, names)])
    insert(db, "project_chroots", ["project_id", "chroot_id"],
           [(id, chroot) for id in ids for chroot in chroots])
    return users["alice"], chroots


def states(builds):
    """The state of each build and of its chroots."""
    dice = random.Random("perf-big")
    last = builds - builds // 5
    for number in range(1, builds + 1):
        roll, odd = dice.random(), dice.randrange(len(CHROOTS))
        if number > last and number % 10 == 0:
            yield "pending", ["pending"] * 3
        elif roll < 0.94:
            yield "succeeded", ["succeeded"] * 3
        elif roll < 0.98:
            yield "failed", ["failed" if at == odd else "succeeded" for at in range(3)]
        else:
            yield "canceled", ["canceled"] * 3


def work(db, packages, builds, alice, chroots):
    """Packages, builds, what they made, and the queue."""
    names = [f"package-{n:04}" for n in range(1, packages + 1)]

    def source(name, version):
        url = f"http://sources.example/{name}-{version}.src.rpm"
        return json.dumps({"type": "link", "url": url}, separators=(",", ":"))

    latest = (builds - 1) // packages + 1
    insert(db, "packages", ["id", "project_id", "name", "source"],
           [(n, 1, name, source(name, f"1.{latest}-1")) for n, name in enumerate(names, 1)])
    rows = {"builds": [], "build_chroots": [], "built_packages": [], "jobs": []}
    part = 0
    for id, (state, parts) in enumerate(states(builds), 1):
        package = (id - 1) % packages
        name, version = names[package], f"1.{(id - 1) // packages + 1}"
        on = BEGIN + 60 * id
        ended = None if state == "pending" else on + 600
        started = ended and on + 20
        rows["builds"].append((
            id, 1, 1, package + 1, f"{version}-1", f"{name}-{version}-1.src.rpm", alice, on,
            source(name, f"{version}-1"), "succeeded", on + 5, on + 15, state == "canceled", state,
            started, ended, 0, 18_000, 0))
        for chroot, result in zip(chroots, parts):
            part += 1
            place = None if result in ("pending", "canceled") else f"{id:08}-{name}"
            rows["build_chroots"].append((part, id, chroot, 1, result, started, ended, place))
            if result == "pending":
                rows["jobs"].append(("chroot", id, part, "alice", "queued", on + 15))
            if result == "succeeded":
                for made, arch in ((name, "src"), (name, "x86_64"), (name + "-devel", "x86_64")):
                    file = f"{made}-{version}-1.{arch}.rpm"
                    rows["built_packages"].append((part, file, made, version, "1", arch))
    insert(db, "builds", [
        "id", "project_id", "dir_id", "package_id", "version", "srpm", "submitter_id",
        "submitted_on", "source", "source_state", "source_started_on", "source_ended_on",
        "canceled", "state", "started_on", "ended_on", "background", "timeout", "enable_net",
    ], rows["builds"])
    insert(db, "build_chroots", ["id", "build_id", "chroot_id", "dir_id", "state", "started_on",
                                 "ended_on", "result_dir"], rows["build_chroots"])
    insert(db, "built_packages", ["build_chroot_id", "file", "name", "version", "release", "arch"],
           rows["built_packages"])
    insert(db, "jobs", ["kind", "build_id", "build_chroot_id", "owner", "state", "queued_on"],
           rows["jobs"])


# What coprbox takes for granted and the tables themselves do not enforce: each must find nothing.
INVARIANTS = {
    "a build's state is not that of its parts": f"""
        SELECT b.id FROM builds b WHERE b.state != CASE
            WHEN b.canceled THEN 'canceled'
            WHEN EXISTS (SELECT 1 FROM build_chroots WHERE build_id = b.id AND state = 'pending')
                THEN 'pending'
            WHEN EXISTS (SELECT 1 FROM build_chroots WHERE build_id = b.id AND state = 'failed')
                THEN 'failed'
            ELSE 'succeeded' END""",
    "a finished build has no times, or another has": f"""
        SELECT id FROM builds WHERE (state IN {FINISHED}) != (ended_on IS NOT NULL)""",
    "a chroot is in another directory than its build": """
        SELECT bc.id FROM build_chroots bc JOIN builds b ON b.id = bc.build_id
        WHERE b.dir_id != bc.dir_id""",
    "what is queued is not pending, or the other way round": """
        SELECT bc.id FROM build_chroots bc LEFT JOIN jobs j ON j.build_chroot_id = bc.id
        WHERE (bc.state = 'pending') != (j.id IS NOT NULL)""",
    "packages without a result": """
        SELECT bc.id FROM build_chroots bc JOIN built_packages bp ON bp.build_chroot_id = bc.id
        WHERE bc.state != 'succeeded' OR bc.result_dir IS NULL""",
    "a package is in another project than its builds": """
        SELECT b.id FROM builds b JOIN packages pk ON pk.id = b.package_id
        WHERE pk.project_id != b.project_id""",
    "a project without its directory": """
        SELECT p.id FROM projects p LEFT JOIN dirs d ON d.project_id = p.id AND d.name = p.name
        WHERE d.id IS NULL""",
}


def check(db):
    wrong = db.execute("PRAGMA foreign_key_check").fetchmany(3)
    if wrong:
        sys.exit(f"references that lead nowhere: {wrong}")
    for what, query in INVARIANTS.items():
        found = db.execute(query + " LIMIT 3").fetchall()
        if found:
            sys.exit(f"{what}: {found}")


def fill(directory, size):
    """Makes the data set; `size` has the keys of SIZE."""
    path = set_up(directory)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA cache_size = -200000")
    db.execute("BEGIN IMMEDIATE")
    alice, chroots = projects(db, size["projects"])
    work(db, size["packages"], size["builds"], alice, chroots)
    check(db)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path


def main():
    summary, _, _ = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("directory", type=Path, help="where; must not be there yet")
    parser.add_argument("--large", action="store_true", help="ten times as large")
    for what, usual in SIZE.items():
        parser.add_argument(f"--{what}", type=int, metavar="N", help=f"usually {usual}")
    options = parser.parse_args()
    if options.directory.exists():
        parser.error(f"{options.directory} is there already")
    size = LARGE if options.large else SIZE
    size = {what: getattr(options, what) or usual for what, usual in size.items()}
    begin = time.monotonic()
    path = fill(options.directory, size)
    made = ", ".join(f"{count:,} {what}" for what, count in size.items())
    print(f"{made} in {path}, {path.stat().st_size >> 20} MiB, {time.monotonic() - begin:.1f} s")


if __name__ == "__main__":
    main()
