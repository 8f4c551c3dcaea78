//! `/api_0`: the web API of the original Copr, on today's operations.
//!
//! Copr began as a TurboGears application with a REST controller of coprs and one of packages
//! below each copr. Its documentation names the methods; the addresses are those that TurboGears
//! gives them. All requests and answers are JSON, in the words of [`crate::model::copr`].
//!
//! | method | request | body | answer |
//! |---|---|---|---|
//! | `get_all` | `GET /api_0/coprs?owner=…&limit=…&offset=…` | | `Coprs` |
//! | `get_one` | `GET /api_0/coprs/<owner>/<name>` | | `Copr` |
//! | `post` | `POST /api_0/coprs/<owner>` | `NewCopr` | `Copr` |
//! | `put` | `PUT /api_0/coprs/<owner>/<name>` | `CoprEdit` | `Copr` |
//! | `delete` | `DELETE /api_0/coprs/<owner>/<name>` | | `Copr`, as it was |
//! | `add_dependencies`, `remove_dependencies` | `POST /api_0/coprs/<owner>/<name>/<method>` | `Dependencies` | `Copr` |
//! | `add_releases`, `remove_releases` | `POST /api_0/coprs/<owner>/<name>/<method>` | `Releases` | `Copr` |
//! | `grant` | `POST /api_0/coprs/<owner>/<name>/grant` | `Granting` | `Permissions` |
//! | `revoke` | `POST /api_0/coprs/<owner>/<name>/revoke` | `Revoking` | `Permissions` |
//! | `get_all` | `GET /api_0/coprs/<owner>/<name>/pkgs?limit=…&offset=…` | | `Pkgs` |
//! | `get_one` | `GET /api_0/coprs/<owner>/<name>/pkgs/<pkg>` | | `Pkg` |
//! | `post` | `POST /api_0/coprs/<owner>/<name>/pkgs` | multipart, the SRPM as `srpm` | `Pkg` |
//! | `delete` | `DELETE /api_0/coprs/<owner>/<name>/pkgs/<pkg>` | | `Pkg`, as it was |
//!
//! What is added or removed is so in one step: two who do it at once do not undo each other's
//! work, and doing it twice is doing it once. APIv3 has nothing like it.
//!
//! Reading is for everybody. Changing takes HTTP Basic with a token's login and secret, as APIv3
//! does, or with the name and password of an account: see [`caller`]. Every answer that is no
//! success is a `Refusal`, with the status that APIv3 has for it: 400, 401, 403, 404, 409, 413, 429.

mod caller;
mod coprs;
mod error;
mod pkgs;
mod view;

pub(super) use coprs::endpoints as coprs;
pub(super) use pkgs::endpoints as pkgs;

use rocket::{Catcher, catchers};

use super::catch;

/// Everything of the original Copr lies below this path.
pub(super) const BASE: &str = "/api_0";

/// As APIv3's, but for who may not be let in.
pub(super) fn catchers() -> Vec<Catcher> {
    let mut all = catch::catchers();
    all.retain(|catcher| catcher.code != Some(401));
    all.extend(catchers![caller::unauthorized]);
    all
}
