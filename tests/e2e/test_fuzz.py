"""No request, however odd, makes the API fail or answer what its description does not say."""

import configparser
import json
import os
import subprocess
from pathlib import Path

import pytest
from box import CHROOT
from test_bad_input import post

FUZZ = Path(__file__).parent / "fuzz"
VENV = os.environ.get("COPRBOX_TEST_FUZZ_VENV", "target/test-fuzz-venv")
SOURCES = [
    ("scm", {"clone_url": "https://example.com/r.git"}),
    ("pypi", {"pypi_package_name": "six"}),
    ("rubygems", {"gem_name": "rake"}),
    ("distgit", {"distgit": "fedora"}),
    ("custom", {"script": "true", "script_chroot": CHROOT}),
]
# What chance makes of right and wrong values, and sequences of requests. The phase "coverage", by
# hand, sends each wrong value there is: 18,000 requests, for which nobody wants to wait.
PHASES = {
    "fuzzing": ["--max-examples", "8"],
    "stateful": ["--max-examples", "5", "--max-time", "15"],
}


def pair(box, user):
    """Login and token."""
    config = configparser.ConfigParser()
    config.read(box.root / f"{user}.conf")
    return f"{config['copr-cli']['login']}:{config['copr-cli']['token']}"


def fill(box):
    """Something of everything that fuzz/hooks.py leads requests to; nothing of it is built."""

    def make(path, body):
        status, error = post(box, path, json.dumps(body))
        assert status == 200, error

    for name in ["tools", *(f"spare{n}" for n in range(20))]:
        make("/project/add/alice", {"name": name, "chroots": [CHROOT]})
    for n in range(20):
        kind, source = SOURCES[n % len(SOURCES)]
        make(f"/package/add/alice/tools/pkg{n}/{kind}", source)
        make("/package/build",
             {"ownername": "alice", "projectname": "tools", "package_name": f"pkg{n}"})


@pytest.mark.skipif(not Path(VENV).exists(), reason="tests/run.sh clients makes its environment")
@pytest.mark.parametrize("phase", PHASES)
def test_requests_that_are_made_up(phase, make_box, tmp_path):
    box = make_box("[runner]\nslots = 0\n")
    fill(box)
    env = dict(os.environ, PYTHONPATH=str(FUZZ), COPRBOX_FUZZ_CHROOT=CHROOT,
               COPRBOX_FUZZ_LOGIN=pair(box, "alice"), COPRBOX_FUZZ_OTHER_LOGIN=pair(box, "bob"))
    # By the interpreter: the path of an environment may be too long for the line of a script.
    done = subprocess.run(
        [f"{VENV}/bin/python", "-m", "schemathesis.cli", "--config-file",
         FUZZ / "schemathesis.toml", "run", f"{box.url}/api_3/openapi.json", "--phases", phase,
         *PHASES[phase]],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, cwd=tmp_path,
    )
    log = box.log.read_text()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " ERROR " not in log, [line for line in log.splitlines() if " ERROR " in line][:5]
    # Most of it must have been more than knocking at doors.
    answers = [line.split()[4] for line in log.splitlines() if " /api_" in line]
    assert answers.count("200") > len(answers) / 20, "the requests no longer reach anything"
