//! The sandbox builder with real builds: needs root, dnf, bubblewrap, `createrepo_c`, and a base
//! repository named by `COPRBOX_TEST_BASE_REPO`.

mod fences;
mod fixture;
mod outcomes;
mod requirements;
mod roots;
mod scripts;
mod stopping;
