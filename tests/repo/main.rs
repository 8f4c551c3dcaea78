//! Repositories, as real programs see them: made with `createrepo_c`, signed with `rpmsign` and
//! `gpg`, read by `dnf`.

#![expect(clippy::unwrap_used, reason = "a test ends where its scaffolding breaks")]

mod copr;
mod fixture;
mod publishing;
mod signing;
