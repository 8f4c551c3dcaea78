"""One spec with a subpackage for each Debian package, its RPMs, and the repository of them."""

import glob
import os
import re
import subprocess

from debs import Failed, output
from selection import ALSO_PROVIDES, DIRECTORIES, GROUP, TRIPLET

# Stands for every time, so that the same packages give the same bytes.
EPOCH = 1_700_000_000

PREAMBLE = """\
%global __os_install_post %{{nil}}
%global __arch_install_post %{{nil}}
%global debug_package %{{nil}}
%global _build_id_links none
%global _binary_payload w3.zstdio
%global _dbpath {work}/rpmdb
%global _buildhost localhost
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global __python_provides %{{nil}}
%global __pythondist_provides %{{nil}}
%global __perl_provides %{{nil}}
%global __perllib_provides %{{nil}}
%global __pkgconfig_provides %{{nil}}
%global __metainfo_provides %{{nil}}
Name: debian-base
Version: 12
Release: 1
Summary: Debian packages as RPMs
License: various
%description
Debian packages as RPMs.
%install
rmdir %{{buildroot}} 2>/dev/null || :
mv {tree} %{{buildroot}}
"""

COMPS = """\
<?xml version="1.0" encoding="UTF-8"?>
<comps><group><id>buildsys-build</id><name>Build root</name>
<description>What every build root has</description>
<default>false</default><uservisible>true</uservisible>
<packagelist>
{members}</packagelist></group></comps>
"""


def _evr(version):
    """Debian's [epoch:]version[-revision] as epoch, version, release of an RPM."""
    epoch, _, rest = version.rpartition(":")
    version, release = rest.rsplit("-", 1) if "-" in rest else (rest, "1")
    clean = [re.sub(r"[^A-Za-z0-9._+~^]", ".", part) for part in (version, release)]
    return epoch or "0", *clean


def _alternatives(field):
    """The names in a dependency field: one list for each comma, of the ways to satisfy it."""
    return [[re.sub(r"[\s(:\[].*", "", name.strip()) for name in group.split("|")]
            for group in field.split(",") if group.strip()]


def _provides(name, fields, paths):
    names = set(ALSO_PROVIDES.get(name, []))
    names |= {group[0] for group in _alternatives(fields.get("Provides", ""))}
    if name.endswith("-dev"):
        stem = name.removesuffix("-dev")
        names |= {f"{stem}-devel", f"{stem.removeprefix('lib')}-devel"}
    names |= {f"pkgconfig({os.path.basename(path)[:-3]})" for path in paths if path.endswith(".pc")}
    # Debian still says /bin/sh where the file is /usr/bin/sh.
    names |= {path[3:] for path in paths
              if re.match(r"usr/s?bin/[^/]+$", path) and TRIPLET not in path}
    return sorted(names - {name})


def _requires(name, fields, debs, provider):
    """For each dependency the first alternative that is here; those left out are not asked for."""
    needed = {"base-files"}
    field = f"{fields.get('Pre-Depends', '')},{fields.get('Depends', '')}"
    for group in _alternatives(field):
        for alternative in group:
            found = alternative if alternative in debs else provider.get(alternative)
            if found:
                needed.add(found)
                break
    return sorted(needed - {name})


def _write_file_list(path, name, paths, tree):
    with open(path, "w") as file:
        file.write("%defattr(-,root,root)\n")
        if name == "base-files":
            for merged in tree.merged:
                file.write(f"/{merged}\n%dir /usr/{merged}\n")
            for directory, mode in DIRECTORIES:
                file.write(f"%attr({mode:o},root,root) %dir /{directory}\n")
        for entry in paths:
            mode = os.lstat(tree.full(entry)).st_mode
            special = f"%attr({mode & 0o777:o},root,root) " if mode & 0o6000 else ""
            file.write(f'{special}"/{entry}"\n')


def _subpackage(name, fields, paths, debs, provider, file_list):
    epoch, version, release = _evr(fields["Version"])
    lines = [f"%package -n {name}", f"Version: {version}", f"Release: {release}", "AutoReq: no",
             "Summary: " + fields.get("Description", name).replace("%", "%%")]
    if epoch != "0":
        lines.append(f"Epoch: {epoch}")
    if fields["Architecture"] == "all":
        lines.append("BuildArch: noarch")
    lines += [f"Provides: {other}" for other in _provides(name, fields, paths)]
    lines += [f"Requires: {other}" for other in _requires(name, fields, debs, provider)]
    lines += [f"%description -n {name}", f"Debian's {name} {fields['Version']}.",
              f"%files -n {name} -f {file_list}"]
    return lines


def write_spec(work, tree, debs):
    """Writes the spec and the file lists; returns the spec's path."""
    provider = {}
    for name, fields in tree.fields.items():
        for group in _alternatives(fields.get("Provides", "")):
            provider.setdefault(group[0], name)
    paths_of = {name: [] for name in debs}
    for path in sorted(tree.owner):
        paths_of[tree.owner[path]].append(path)
    lines = [PREAMBLE.format(work=work, tree=tree.root)]
    for name in sorted(debs):
        file_list = f"{work}/{name}.list"
        _write_file_list(file_list, name, paths_of[name], tree)
        lines += _subpackage(name, tree.fields[name], paths_of[name], debs, provider, file_list)
    with open(f"{work}/base.spec", "w") as file:
        file.write("\n".join(lines) + "\n")
    return f"{work}/base.spec"


def build(work, spec):
    """Builds the RPMs; returns the directory they are in."""
    done = subprocess.run(
        ["rpmbuild", "-bb", "--nodeps", "--define", f"_topdir {work}/rpmbuild",
         "--define", f"_rpmdir {work}/repo",
         "--define", "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm", spec],
        env=dict(os.environ, HOME=work, SOURCE_DATE_EPOCH=str(EPOCH)), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failed("rpmbuild failed:\n" + done.stdout[-3000:])
    os.chmod(f"{work}/repo", 0o755)
    for path in glob.glob(f"{work}/repo/*.rpm"):
        os.utime(path, (EPOCH, EPOCH))
    return f"{work}/repo"


def index(work, directory):
    """Makes the repository metadata, with the group that build roots are installed from."""
    members = "".join(f'<packagereq type="mandatory">{name}</packagereq>\n' for name in GROUP)
    with open(f"{work}/comps.xml", "w") as file:
        file.write(COMPS.format(members=members))
    output("createrepo_c", "--quiet", "--no-database", "--revision", str(EPOCH),
           "--set-timestamp-to-revision", "--groupfile", f"{work}/comps.xml", directory)
