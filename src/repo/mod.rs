//! The results tree on disk: layout, metadata, signatures.
//!
//! A repository is published by exchanging its `repodata` directory for one that was made and
//! signed aside, so that at any moment, and after any crash, there is the old one or the new one.

mod appstream;
mod copr;
mod createrepo;
mod disk;
mod gnupg;
mod metadata;

pub mod check;
pub mod dotrepo;
pub mod error;
pub mod layout;
pub mod publish;
pub mod sign;

use tokio_util::sync::CancellationToken;

pub use appstream::{AppStream, PROGRAM as APPSTREAM_BUILDER};
pub use copr::{create_copr, move_to_copr, remove_repos};
pub use error::Error;
pub use layout::Layout;
pub use publish::{Publication, move_in, put_comps, put_dirs};
pub use sign::SigningKey;

use crate::process::{JobMark, Program};

/// On whose behalf programs run: what stops them, and how a later server finds them.
#[derive(Clone, Copy)]
pub struct Errand<'a> {
    /// Stops what is running.
    pub cancel: &'a CancellationToken,
    /// The job; `None` where no job is behind it.
    pub mark: Option<&'a JobMark>,
}

impl Errand<'_> {
    fn program(&self, name: &str) -> Program {
        let program = Program::new(name);
        match self.mark {
            Some(mark) => program.job(mark),
            None => program,
        }
    }

    /// Runs `program`, called `name`, which must succeed; its standard output.
    async fn run(&self, name: &'static str, program: Program) -> Result<Vec<u8>, Error> {
        use crate::process::Exit;
        let captured = program.capture(self.cancel).await?;
        match captured.exit {
            Exit::Code(0) => Ok(captured.stdout),
            Exit::Canceled => Err(Error::Canceled),
            exit => Err(Error::failed(name, exit, &captured.stderr)),
        }
    }
}
