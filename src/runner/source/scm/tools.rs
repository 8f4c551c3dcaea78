//! Methods that are programs of the chroot: tito, a Makefile, rpkg itself.

use std::fs;
use std::path::{Path, PathBuf};

use super::Place;
use super::rpkg::SUPPORTED;
use super::tree::{self, Found};
use crate::runner::builder::script::{FILES, WORKDIR};
use crate::runner::source::error::SourceError;
use crate::runner::source::kitchen::{Kitchen, Missing, Recipe, only_srpm};
use crate::runner::worker::Stop;

/// Where source packages are left, seen from the tree.
const OUT: &str = "out";
/// What Makefiles expect to be there.
const GIT: &str = "/usr/bin/git";
/// How often a Makefile may find that it needs more packages.
const ROUNDS: usize = 5;

/// Runs `make`, and stands in for `dnf` meanwhile: Makefiles install what they need, as they may
/// in Copr, where they are root. Here dnf only notes what is asked for and ends the run; the
/// packages are installed from outside, and it all begins anew.
const MAKE: &str = r#"
mkdir -p "$HOME/bin" || exit 1
rm -f /workdir/out/.wanted /workdir/out/wanted
cp /coprbox/dnf "$HOME/bin/dnf" && chmod 755 "$HOME/bin/dnf" || exit 1
for name in dnf5 dnf-3 yum microdnf; do ln -sf dnf "$HOME/bin/$name"; done
printf '#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n' > "$HOME/bin/sudo" && chmod 755 "$HOME/bin/sudo"
PATH="$HOME/bin:$PATH" && export PATH
umask 022
set -x
"$@"
code=$?
if [ -s /workdir/out/.wanted ]; then
    mv /workdir/out/.wanted /workdir/out/wanted && exit 0
fi
exit $code
"#;

/// The stand-in for dnf. It knows what was installed for it before.
const DNF: &str = r#"#!/bin/sh
verb=
for word in "$@"; do
    case "$word" in
    -*) ;;
    *)
        if [ -z "$verb" ]; then
            verb=$word
            continue
        fi
        case "$verb" in
        install|in|localinstall|reinstall)
            grep -qxF -e "$word" /coprbox/installed && continue
            rpm -q --whatprovides "$word" >/dev/null 2>&1 && continue
            printf '%s\n' "$word" >> /workdir/out/.wanted
            ;;
        esac
        ;;
    esac
done
case "$verb" in
install|in|localinstall|reinstall)
    [ ! -s /workdir/out/.wanted ] || { echo "to be installed: $(tr '\n' ' ' < /workdir/out/.wanted)"; exit 99; }
    ;;
update|upgrade|makecache|clean|check-update|"") ;;
*) echo "dnf $verb: only dnf install works while sources are made" >&2; exit 1 ;;
esac
"#;

/// `tito build --srpm`.
pub(super) async fn tito(
    kitchen: &Kitchen<'_>,
    place: &Place,
    test: bool,
) -> Result<PathBuf, Stop> {
    let out = format!("{WORKDIR}/{OUT}");
    let mut command = vec!["tito", "build", "--srpm", "--output", &out];
    if test {
        command.push("--test");
    }
    let needs = vec!["tito".to_owned()];
    run(kitchen, place, needs, &command, "tito").await
}

/// rpkg itself, for templates that only a shell understands.
pub(super) async fn rpkg(
    kitchen: &Kitchen<'_>,
    place: &Place,
    found: &Found,
    unknown: &str,
) -> Result<PathBuf, Stop> {
    let out = format!("{WORKDIR}/{OUT}");
    let spec = format!("{WORKDIR}/{}/{}", place.inside, found.path.display());
    let command = ["rpkg", "srpm", "--outdir", &out, "--spec", &spec];
    let recipe = recipe(place, vec!["/usr/bin/rpkg".to_owned()], &owned(&command), Vec::new());
    match kitchen.try_run(recipe).await? {
        Ok(ran) => only_srpm(&ran, "rpkg"),
        Err(missing) => {
            let why = format!(
                "the spec file has the template {unknown}, which only rpkg itself could fill in, \
                 and {missing}. Known here are {SUPPORTED}"
            );
            Err(SourceError::Srpm(why).into())
        }
    }
}

/// `make -f .copr/Makefile srpm`.
pub(super) async fn make(kitchen: &Kitchen<'_>, place: &Place) -> Result<PathBuf, Stop> {
    let makefile = Path::new(".copr/Makefile");
    if tree::read(&place.top, makefile, u64::from(u32::MAX)).is_err() {
        let why = "the repository has no .copr/Makefile, which the method make_srpm runs";
        return Err(SourceError::Directory(why.to_owned()).into());
    }
    let top = format!("{WORKDIR}/{}", place.inside);
    // Without a name it is the directory, as in Copr, or the only spec file there.
    let spec = match (&place.spec, place.find_spec()) {
        (Some(spec), _) => place.subdirectory.join(spec),
        (None, Ok(found)) => found.path,
        (None, Err(_)) => place.subdirectory.clone(),
    };
    let command = [
        "sh".to_owned(),
        format!("{FILES}/make"),
        "make".to_owned(),
        "-f".to_owned(),
        format!("{top}/.copr/Makefile"),
        "srpm".to_owned(),
        format!("outdir={WORKDIR}/{OUT}"),
        format!("spec={top}/{}", spec.display()),
    ];
    let mut needs = vec!["make".to_owned(), GIT.to_owned()];
    let mut installed = Vec::new();
    for _ in 0..ROUNDS {
        let files = vec![
            ("make".to_owned(), MAKE.into()),
            ("dnf".to_owned(), DNF.into()),
            ("installed".to_owned(), installed.join("\n").into_bytes()),
        ];
        let recipe = recipe(place, needs.clone(), &command, files);
        let ran = match kitchen.try_run(recipe).await? {
            Ok(ran) => ran,
            Err(Missing { names, .. })
                if names == [GIT] && needs.iter().any(|name| name == GIT) =>
            {
                kitchen.log.line("no repository of the chroot has git: going on without");
                needs.retain(|name| name != GIT);
                continue;
            }
            Err(missing) => return Err(missing.into()),
        };
        let wanted = ran.files.iter().find(|file| file.ends_with("wanted"));
        let Some(wanted) = wanted else { return only_srpm(&ran, "make srpm") };
        let text = fs::read_to_string(wanted)?;
        let names: Vec<&str> = text.lines().filter(|name| !name.is_empty()).collect();
        kitchen.log.line(format!("the Makefile wants {}", names.join(" ")));
        installed.extend(names.iter().map(|name| (*name).to_owned()));
        needs.extend(names.into_iter().map(ToOwned::to_owned));
    }
    let why = format!("the Makefile wants further packages after {ROUNDS} rounds");
    Err(SourceError::Srpm(why).into())
}

async fn run(
    kitchen: &Kitchen<'_>,
    place: &Place,
    needs: Vec<String>,
    command: &[&str],
    what: &str,
) -> Result<PathBuf, Stop> {
    let ran = kitchen.run(recipe(place, needs, &owned(command), Vec::new())).await?;
    only_srpm(&ran, what)
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn recipe(
    place: &Place,
    needs: Vec<String>,
    command: &[String],
    files: Vec<(String, Vec<u8>)>,
) -> Recipe {
    Recipe {
        tree: place.tree.clone(),
        dir: format!("{}/{}", place.inside, place.subdirectory.display()),
        needs,
        files,
        command: command.to_vec(),
        out: OUT.to_owned(),
        makes_out: true,
        env: Vec::new(),
    }
}
