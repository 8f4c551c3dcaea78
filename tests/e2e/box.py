"""A server of its own for each test that wants one: real binary, real client, real dnf."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

BINARY = os.environ.get("COPRBOX_TEST_BIN", "target/release/coprbox")
BASE_REPO = os.environ.get("COPRBOX_TEST_BASE_REPO", "")
VENV = os.environ.get("COPRBOX_TEST_VENV", "target/test-venv")
CHROOT = f"debian-12-{os.uname().machine}"

# Everybody's.
PASSWORD = "correct horse battery"

# Seconds that anything may take before a test gives up on it: far more than it needs.
PATIENCE = 120


def free_port():
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, patience=PATIENCE):
    """Asks again until the answer is true; returns it."""
    end = time.monotonic() + patience
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s in vain: {what}")
        time.sleep(0.05)


class Box:
    """A data directory, and the server that runs on it."""

    def __init__(self, root: Path, settings="", named=None):
        """`named` is the address that the server believes to have, where that is another."""
        self.root = root
        self.data = root / "data"
        self.bin = root / "bin"
        self.bin.mkdir(parents=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.named = named or self.url
        self.config = root / "coprbox.toml"
        self.config.write_text(
            f'data_dir = "{self.data}"\nlisten = "127.0.0.1:{self.port}"\n'
            f'base_url = "{self.named}"\n{settings}'
        )
        self.log = root / "server.log"
        self.process = None
        # Stands in front of each call of the program.
        self.before = []
        self.env = dict(os.environ, PATH=f"{self.bin}:{os.environ['PATH']}")

    def coprbox(self, *args, check=True, stdin=""):
        """Runs a command of the program on this data directory."""
        done = subprocess.run(
            [*self.before, BINARY, "--config", self.config, *args],
            input=stdin, capture_output=True, text=True, env=self.env,
        )
        assert not check or done.returncode == 0, f"{args}: {done.stderr}"
        return done

    def set_up(self):
        """The admin, a second user, and a chroot that builds run in."""
        for user in (["alice", "--admin"], ["bob"]):
            self.coprbox("user", "add", *user, "--password-stdin", stdin=PASSWORD + "\n")
            token = self.coprbox("token", "new", user[0]).stdout
            (self.root / f"{user[0]}.conf").write_text(token.replace(self.named, self.url))
        self.add_chroot(CHROOT)
        return self

    def add_chroot(self, name):
        """Offers another chroot with the same packages; its name."""
        self.coprbox("chroot", "add", name, "--builder", "sandbox", "--repo", f"file://{BASE_REPO}")
        return name

    def on_a_disk_of(self, size):
        """Puts the data directory on a file system of its own."""
        self.data.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "coprbox", self.data],
                       check=True)

    def start(self):
        """Starts the server and waits until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.before, BINARY, "--config", self.config, "serve"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                start_new_session=True,
            )
        wait_for(self.answers, "the server answers")
        return self

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/api_3/")
        except OSError:
            return None

    def kill(self):
        """As a power cut would end it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """As systemd would end it; the seconds that it took."""
        begin = time.monotonic()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)
        return time.monotonic() - begin

    def get(self, path):
        """What the server answers, parsed when it is JSON."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            body = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            return json.loads(body) if is_json else body.decode()

    def status(self, path, **kwargs):
        """The status of an answer."""
        request = urllib.request.Request(self.url + path, **kwargs)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def cli(self, *args, user="alice", check=True, typed=""):
        """Runs the real copr-cli; `typed` is what the user answers."""
        done = subprocess.run(
            [f"{VENV}/bin/copr-cli", "--config", self.root / f"{user}.conf", *args],
            input=typed, capture_output=True, text=True,
        )
        assert not check or done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
        return done

    def create(self, project="tools", *options):
        """A project of alice's with the one chroot."""
        self.cli("create", project, "--chroot", CHROOT, *options)
        return f"alice/{project}"

    def build(self, *args, project="tools"):
        """Submits with copr-cli, does not wait; the ids of the builds."""
        said = self.cli("build", "--nowait", project, *map(str, args)).stdout
        line = next(line for line in said.splitlines() if line.startswith("Created builds:"))
        return [int(word) for word in line.split(":")[1].split()]

    def state(self, build):
        return self.get(f"/api_3/build/{build}")["state"]

    def chroot_state(self, build, chroot=CHROOT):
        return self.get(f"/api_3/build-chroot?build_id={build}&chrootname={chroot}")["state"]

    def wait(self, build, *states):
        """Waits until the build has come to an end, which must be one of `states`."""
        ends = {"succeeded", "failed", "canceled", "skipped"}
        state = wait_for(lambda: self.state(build) in ends and self.state(build),
                         f"build {build} ends")
        assert state in (states or ("succeeded",)), f"{state}: {self.explain(build)}"
        return state

    def explain(self, build):
        """The logs of a build, for a failed assertion."""
        text = []
        for log in sorted(self.data.glob(f"results/*/*/*/{build:08d}*/*.log*")):
            read = ["zcat", log] if log.suffix == ".gz" else ["cat", log]
            text.append(f"== {log.name}\n" + subprocess.run(
                read, capture_output=True, text=True).stdout[-1500:])
        return "\n".join(text)[-6000:] + self.log.read_text()[-2000:]

    def repo(self, project="alice/tools"):
        return self.data / "results" / project / CHROOT

    def log_text(self, build, name):
        """A log of a build in the chroot, finished or not."""
        found = list(self.repo().glob(f"{build:08d}-*/{name}*"))
        assert found, f"no {name} of build {build}"
        read = "zcat" if found[0].suffix == ".gz" else "cat"
        return subprocess.run([read, found[0]], capture_output=True, text=True).stdout

    def install(self, package, project="alice/tools"):
        """Installs a package with the real dnf into a throw-away root, signatures checked."""
        root = self.root / f"root-{time.monotonic_ns()}"
        repos = root / "etc/yum.repos.d"
        repos.mkdir(parents=True)
        distro, version, _ = CHROOT.rsplit("-", 2)
        text = self.get(f"/coprs/{project}/repo/{distro}-{version}/dnf.repo")
        (repos / "box.repo").write_text(text)
        (repos / "base.repo").write_text(f"[base]\nname=base\nbaseurl=file://{BASE_REPO}\ngpgcheck=0\n")
        return subprocess.run(
            ["dnf", "-y", f"--installroot={root}", f"--setopt=reposdir={repos}", "--refresh",
             "--releasever=12", "--setopt=cachedir=/var/cache/dnf", "--nodocs",
             "--setopt=install_weak_deps=0", "--noplugins", "install", package],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )

    def leftovers(self):
        """Processes, mounts and scratch directories that belong to no running build."""
        marked = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"COPRBOX_JOB={self.data}" in environ.read_bytes().decode(errors="replace"):
                    marked.append(environ.parent.joinpath("cmdline").read_text())
            except OSError:
                pass
        mounts = [line for line in Path("/proc/mounts").read_text().splitlines()
                  if str(self.data) in line and not line.startswith("coprbox ")]
        scratch = [path.name for path in self.data.glob("work/*") if path.name.isdigit()]
        aside = [str(path) for path in self.data.glob("results/*/*/*/.repodata-*")]
        return marked + mounts + scratch + aside
