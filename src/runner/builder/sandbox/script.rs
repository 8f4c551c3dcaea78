//! Running a script in a build root of the sandbox.

use std::ffi::OsString;
use std::path::Path;

use super::{Site, network};
use crate::model::ChrootName;
use crate::runner::builder::BuildError;
use crate::runner::builder::script::{FILES, Ran, Script, WORKDIR};
use crate::runner::gate::Passage;
use crate::runner::sandbox::UID;
use crate::runner::sandbox::packages::Wanted;
use crate::runner::sandbox::root::make_dir;

/// Goes where the command is to start and becomes it. All that varies are arguments.
const START: &str = r#"cd -- "$1" && shift && exec "$@""#;

impl Site<'_> {
    /// Runs it; the end of the tree is the caller's affair.
    pub(super) async fn run_script(
        &self,
        chroot: &ChrootName,
        script: &Script,
    ) -> Result<Ran, BuildError> {
        let bench = self.bench;
        if !script.needs.is_empty() {
            let needs = Wanted::Packages(&script.needs);
            let installed = self.install("what the source build needs", needs).await;
            installed.map_err(|error| match error {
                BuildError::MissingDependencies(names) => script.lacks(chroot, names),
                other => other,
            })?;
        }
        let files = bench.job.work_dir.join("files");
        make_dir(&files)?;
        script.write_files(&files)?;
        script.hand_over(Some((UID, UID))).await?;
        let passage = Passage::new(bench.job, script.network).await?;
        let words = self.script_words(script, &files, &passage);
        bench.begin("source script");
        let ended = bench.run_through(passage.gate(), &bench.build_log, words).await?;
        bench.note(&bench.build_log, &format!("Child return code was: {}", ended.code));
        let mut ran = Ran { code: ended.code, files: Vec::new(), tail: ended.tail };
        if ran.success() {
            bench.finish("source script");
            ran.files = script.bring_out().await?;
        }
        Ok(ran)
    }

    fn script_words(&self, script: &Script, files: &Path, passage: &Passage) -> Vec<OsString> {
        // The variables are set inside, where no program of the host heeds them.
        let mut words: Vec<OsString> = vec!["env".into()];
        words.extend(script.env.iter().map(|(name, value)| format!("{name}={value}").into()));
        words.extend(["sh", "-c", START, "sh"].map(OsString::from));
        words.push(Path::new(WORKDIR).join(&script.dir).into());
        words.extend(script.command.iter().map(OsString::from));
        let network = network(passage);
        self.inside().script(network, (&script.tree, WORKDIR), (files, FILES), words)
    }
}
