//! Repositories, as real programs see them: made with `createrepo_c`, signed with `rpmsign` and
//! `gpg`, read by `dnf`.

mod fixture;
mod publishing;
mod signing;
