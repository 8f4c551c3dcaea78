"""Leads what schemathesis makes up to what the server has.

Most of what is made up names nobody's projects, and is answered with 404. So of four times three
the names in a request become those that `test_fuzz.py` has filled the server with; the choice
hangs on the request alone, so that a run can be repeated.
"""

import base64
import os
import zlib

import schemathesis

KNOWN = {
    **dict.fromkeys(["owner", "ownername", "who", "dest_owner"], "alice"),
    **dict.fromkeys(["name", "project", "projectname", "dir", "project_dirname"], "tools"),
    **dict.fromkeys(["pkg", "packagename", "package_name"], "pkg1"),
    **dict.fromkeys(["chroot", "chrootname"], os.environ["COPRBOX_FUZZ_CHROOT"]),
    "chroots": [os.environ["COPRBOX_FUZZ_CHROOT"]],
    "name_release": os.environ["COPRBOX_FUZZ_CHROOT"].rsplit("-", 1)[0],
}
NUMBERS = ("id", "build_id")
# Each deletion takes one of its own.
SPARES = 20

LOGINS = {"alice": os.environ["COPRBOX_FUZZ_LOGIN"], "bob": os.environ["COPRBOX_FUZZ_OTHER_LOGIN"]}


@schemathesis.auth(refresh_interval=None)
class Login:
    """Alice's token; where one is swapped for another it is bob's, so that hers goes on."""

    def get(self, case, _context):
        who = "bob" if case.operation.path.endswith("/api-token") else "alice"
        return base64.b64encode(LOGINS[who].encode()).decode()

    def set(self, case, data, _context):
        case.headers = {**(case.headers or {}), "Authorization": f"Basic {data}"}


def number(*what):
    """A number that hangs on nothing but this."""
    return zlib.crc32(repr(what).encode())


def known(name, value, path):
    """What stands in the place of a made-up value."""
    choice = number(name, value, path)
    if choice % 4 == 0:
        return value
    if name in NUMBERS:
        return value if "/delete" in path and choice % 3 else 1 + choice % SPARES
    if name == "name" and "/package/" in path:
        return f"pkg{choice % SPARES}"
    # A project to make has a name of its own.
    if name == "name" and path.endswith(("/add/{owner}", "/coprs/{owner}")):
        return value
    if "delete" in path and name in ("name", "project", "projectname"):
        return f"spare{choice % SPARES}"
    return KNOWN.get(name, value)


@schemathesis.hook
def before_call(_context, case, _kwargs):
    path = case.operation.path
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            for name in part:
                part[name] = known(name, part[name], path)


@schemathesis.hook
def after_call(_context, case, response):
    asked = case.operation.path.endswith("/api-token") and case.method == "POST"
    if asked and response.status_code == 200:
        token = response.json()
        LOGINS["bob"] = f"{token['api_login']}:{token['api_token']}"
