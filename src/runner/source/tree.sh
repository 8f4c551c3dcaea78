# Makes the source package of an uploaded directory, in a chroot.
#
#   $1  the spec file's place in the directory; empty: the only one there
#   $2  'pack': the first source is made from the directory in any case
#   $3  'last': what was downloaded is in sources/, and rpmbuild sees to the rest
#
# Reads upload.tar.gz in the directory it starts in, leaves the source package in out/; or, unless
# it is the last time, out/wanted with the addresses of what has to be downloaded first.

top=$PWD

fail() {
    printf 'error: %s\n' "$*"
    exit 1
}

# The paths of spec files down to a depth, seen from the directory.
specs() {
    (cd src && find . -maxdepth "$1" -type f -name '*.spec' ! -path '*/.*/*' ! -name '.*') |
        sed 's,^\./,,' | LC_ALL=C sort
}

find_spec() {
    for depth in 1 4; do
        found=$(specs "$depth")
        case $found in
        '') ;;
        *'
'*) fail "there are several spec files, name one: $(printf '%s' "$found" | tr '\n' ' ')" ;;
        *)
            spec=$found
            return
            ;;
        esac
    done
    fail "the directory has no spec file"
}

# All that lies beside the spec file or in a directory SOURCES can be a source.
gather() {
    mkdir -p sources || exit 1
    for dir in src src/SOURCES "src/$specdir/../SOURCES" "src/$specdir"; do
        [ -d "$dir" ] || continue
        find "$dir" -maxdepth 1 -type f -exec ln -f -t sources {} + || exit 1
        # What links lead to in here; those that lead nowhere are nobody's source.
        find "$dir" -maxdepth 1 -type l -xtype f -exec cp -Lf -t sources {} + || exit 1
    done
}

# What rpm makes of the spec file's macros. Of %setup we want the arguments, and not what they
# become.
expand() {
    sed 's/^[[:space:]]*%\(auto\)\{0,1\}setup\([[:space:]].*\)\{0,1\}$/: the-setup \2/' \
        "src/$spec" > read.spec || exit 1
    (cd src && rpmspec --define "_sourcedir $top/sources" -P "$top/read.spec") > expanded ||
        fail "the spec file cannot be read"
    # Tags of subpackages come later.
    sed -n '/^%\(package\|description\|prep\|build\|install\|files\)/q; p' expanded > head
}

# The first value of a tag.
tag() {
    sed -n "s/^$1[[:space:]]*:[[:space:]]*\(.*[^[:space:]]\)[[:space:]]*\$/\1/Ip" head | sed 1q
}

# Reads how %setup unpacks the first source: into which directory, and whether it makes that itself.
read_setup() {
    prefix=$(tag name)-$(tag version)
    bare=
    set -f
    set -- $(sed -n 's/^: the-setup//p' expanded | sed 1q)
    set +f
    while [ $# -gt 0 ]; do
        case $1 in
        -n?*) prefix=${1#-n} ;;
        -*c*) bare=yes ;;
        esac
        case $1 in
        -*n)
            prefix=$2
            [ $# -lt 2 ] || shift
            ;;
        esac
        shift
    done
    prefix=$(printf '%s' "${prefix%%/*}" | tr -d "\"'")
    case $prefix in
    '' | .* | -*) fail "%setup unpacks into '$prefix', and no archive can be made for that" ;;
    esac
}

# Packs the directory into the source $1, as %setup expects it.
pack() {
    case $1 in
    *.tar | *.tar.gz | *.tgz | *.tar.bz2 | *.tbz2 | *.tbz | *.tar.xz | *.txz | *.tar.zst | *.tzst) ;;
    *) fail "$1 is not in the directory, and only an archive NAME.tar.gz, .bz2, .xz or .zst can be made from it" ;;
    esac
    read_setup
    rm -f "sources/$1"
    mkdir pack || exit 1
    set -- --create --auto-compress --file "sources/$1" --sort=name --owner=0 --group=0 --numeric-owner
    if [ "$bare" ]; then
        tar "$@" -C src . || fail "the directory cannot be packed"
        return
    fi
    mv src "pack/$prefix" && tar "$@" -C pack "$prefix" && mv "pack/$prefix" src ||
        fail "the directory cannot be packed"
}

# The values of the tags $1, source or patch.
values() {
    sed -n "s/^$1[0-9]*[[:space:]]*:[[:space:]]*\(.*[^[:space:]]\)[[:space:]]*\$/\1/Ip" head
}

# Lists the addresses of sources and patches that are not here.
want() {
    {
        values source | if [ "$1" ]; then sed 1d; else cat; fi
        values patch
    } | while IFS= read -r value; do
        case $value in
        *://*) [ -e "sources/${value##*/}" ] || printf '%s\n' "$value" ;;
        esac
    done > wanted
}

# Sees to the sources that the spec file names: one that is an archive and not there is the
# directory itself.
sources() {
    must=$1 packed=
    sed -n 's/^source\([0-9]*\)[[:space:]]*:[[:space:]]*\(.*[^[:space:]]\)[[:space:]]*$/\1:\2/Ip' \
        head > named
    while IFS= read -r line; do
        tag=Source${line%%:*} value=${line#*:}
        file=${value##*/}
        if [ "$must" ] && [ -z "$packed" ]; then
            packed=$file
        elif [ -f "sources/$file" ]; then
            echo "$tag: $file, as it is in the directory"
            continue
        else
            # An address that the server does not know how to reach.
            case $value in *://*) continue ;; esac
            [ -z "$packed" ] || fail "$tag: $file is not in the directory"
            packed=$file
        fi
        echo "$tag: $file is made from the directory"
        pack "$file"
    done < named
}

umask 022
mkdir src || exit 1
tar --extract --file upload.tar.gz --directory src --no-same-owner --no-same-permissions ||
    fail "the uploaded directory cannot be unpacked"
rm -f upload.tar.gz
spec=$1
[ "$spec" ] || find_spec
[ -f "src/$spec" ] || fail "the directory has no file $spec"
! grep -q '{{{' "src/$spec" ||
    fail "$spec has templates of rpkg ({{{ … }}}), which are filled in from a git repository: build it as scm"
echo "spec file: $spec"
specdir=$(dirname "$spec")
gather
expand
want "$2"
if [ -s wanted ] && [ -z "$3" ]; then
    mv wanted out/wanted
    exit
fi
sources "$2"
cd src || exit 1
exec rpmbuild -bs --nodeps --define "_sourcedir $top/sources" --define "_srcrpmdir $top/out" \
    --define "_disable_source_fetch 0" "$top/src/$spec"
