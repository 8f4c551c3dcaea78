//! Source builds from repositories, run for real by an engine of their own: need root, dnf,
//! bubblewrap, git, svn, and a base repository named by `COPRBOX_TEST_BASE_REPO`.

mod distgit;
mod fixture;
mod generators;
mod git;
mod hostile;
mod methods;
mod scripts;
mod server;
mod ssh;
mod svn;
mod templates;
mod tree;
