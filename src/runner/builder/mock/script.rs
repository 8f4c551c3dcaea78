//! Running a script in a build root of mock.
//!
//! mock is called twice: to make the root, and to run a file of ours in it that reads variables
//! and command from further files. mock's command line holds nothing but fixed words.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use super::Stop;
use super::call::Session;
use super::host::Caller;
use super::network::Plan;
use super::root::Way;
use super::stage::{DIR, MOUNTED};
use crate::runner::builder::script::{FILES, Ran, Script, WORKDIR, write_readable};
use crate::runner::builder::{BuildError, Job};
use crate::runner::gate::{self, Gate};
use crate::runner::log::{Both, Tail};

/// Under which name the tree is mounted when the server is root.
pub(super) const TREE: &str = "tree";
/// The directory of a stage with the script's files.
const SCRIPT: &str = "script";
/// The file that mock runs, and those that it reads: each value ends with a zero byte.
const RUN: &str = ".run";
const VARIABLES: &str = ".env";
const WORDS: &str = ".words";

/// Becomes the command. None of the values is read as code.
const START: &str = r#"#!/bin/bash
while IFS= read -r -d '' variable; do
    export "$variable"
done < /coprbox/.env
words=()
while IFS= read -r -d '' word; do
    words+=("$word")
done < /coprbox/.words
cd -- "${words[0]}" && exec "${words[@]:1}"
"#;

/// What appears in the root, as mock finds it.
pub(super) fn binds(job: &Job, script: &Script, caller: &Caller) -> Vec<(PathBuf, &'static str)> {
    let (tree, files) = if caller.is_root() {
        let seen = Path::new(MOUNTED);
        (seen.join(TREE), seen.join("work").join(SCRIPT))
    } else {
        (script.tree.clone(), job.work_dir.join(DIR).join(SCRIPT))
    };
    vec![(tree, WORKDIR), (files, FILES)]
}

/// Writes the files below a stage's directory, and gives the tree to whom mock works for.
pub(super) async fn prepare(
    dir: &Path,
    script: &Script,
    caller: &Caller,
    gated: bool,
) -> Result<(), BuildError> {
    let (dir, files) = (dir.join(SCRIPT), script.clone());
    let write = move || -> io::Result<()> {
        fs::create_dir(&dir)?;
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755))?;
        files.write_files(&dir)?;
        write_readable(&dir.join(RUN), START.as_bytes())?;
        let proxy = |name: &&str| format!("{name}={}\0", Gate::proxy());
        let proxies = gate::VARIABLES.iter().filter(|_| gated).map(proxy);
        let given = files.env.iter().map(|(name, value)| format!("{name}={value}\0"));
        let variables: String = proxies.chain(given).collect();
        write_readable(&dir.join(VARIABLES), variables.as_bytes())?;
        let start = Path::new(WORKDIR).join(&files.dir);
        let words = [start.to_string_lossy().into_owned()].into_iter().chain(files.command);
        let words: String = words.map(|word| word + "\0").collect();
        write_readable(&dir.join(WORDS), words.as_bytes())
    };
    spawn_blocking(write).await.map_err(io::Error::other)??;
    let owner = match caller {
        Caller::Root { uid, gid } => Some((*uid, *gid)),
        Caller::Member => None,
    };
    script.hand_over(owner).await
}

impl Session<'_> {
    /// Makes the root, and runs the command in it.
    pub(super) async fn run_script(&self, plan: Plan) -> Result<Ran, Stop> {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        self.run(Way::Open, &words(&["--init"])).await?;
        let run = format!("{FILES}/{RUN}");
        let command =
            words(&["--no-clean", "--offline", "--unpriv", "--chroot", "--", "/bin/bash", &run]);
        let tail = Tail::default();
        let both = Both(self.job.log.as_ref(), &tail);
        let code = self.call(self.way(plan), &command, &both).await?;
        Ok(Ran { code, files: Vec::new(), tail: tail.into_text() })
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::process::Program;

    #[tokio::test]
    async fn values_arrive_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let (tree, files) = (dir.path().join("tree"), dir.path().join(SCRIPT));
        fs::create_dir_all(tree.join("$(touch a)")).unwrap();
        let odd = "$(id) `id` \"' \\ * é\n{{x}}\n";
        let script = Script {
            needs: Vec::new(),
            tree: tree.clone(),
            files: vec![("script".into(), b"x".to_vec())],
            env: vec![("ODD".into(), odd.into())],
            dir: "$(touch a)".into(),
            command: ["/bin/sh", "-c", "pwd; printf %s \"$ODD\" \"$1\" \"$2\"", "sh", odd, ""]
                .map(String::from)
                .into(),
            network: false,
            out: String::new(),
            to: PathBuf::new(),
            max_size: 0,
        };
        prepare(dir.path(), &script, &Caller::Member, false).await.unwrap();
        // Where the root's own directories would be.
        for name in [RUN, WORDS] {
            let text = fs::read_to_string(files.join(name)).unwrap();
            let text = text.replace(FILES, files.to_str().unwrap());
            fs::write(files.join(name), text.replace(WORKDIR, tree.to_str().unwrap())).unwrap();
        }
        let program = Program::new("/bin/bash").arg(files.join(RUN));
        let ran = program.capture(&CancellationToken::new()).await.unwrap();
        let expected = format!("{}/$(touch a)\n{odd}{odd}", tree.display());
        assert_eq!(String::from_utf8_lossy(&ran.stdout), expected);
    }
}
