//! The methods that concern coprs.

use ureq::http::Method;

use super::{ClientError, CoprClient};
use crate::model::copr::{
    Copr, CoprEdit, Coprs, Dependencies, Granting, NewCopr, Permissions, Releases, Revoking,
};
use crate::model::permission::Role;

/// How many coprs or packages one answer holds.
pub(super) const PAGE: usize = 1000;

impl CoprClient {
    /// All coprs, or all of one owner (`get_all`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// for copr in client.copr_list(None)? {
    ///     println!("{}: {}", copr.full_name, copr.description);
    /// }
    /// assert_eq!(client.copr_list(Some("fedorian"))?.len(), 1);
    /// assert!(client.copr_list(Some("@devs"))?.is_empty());
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn copr_list(&self, owner: Option<&str>) -> Result<Vec<Copr>, ClientError> {
        let of_owner = match owner {
            Some(owner) => format!("&owner={}", owner.parse::<crate::model::Owner>()?),
            None => String::new(),
        };
        let mut all = Vec::new();
        loop {
            let path = format!("/coprs?limit={PAGE}&offset={}{of_owner}", all.len());
            let Coprs { coprs } = self.get(&path)?;
            let is_last = coprs.len() < PAGE;
            all.extend(coprs);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// One copr (`get_one`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// # use coprbox::client::ClientError;
    /// let copr = client.copr_info("fedorian/tools")?;
    /// assert_eq!(copr.releases, ["fedora-43-x86_64"]);
    /// let refusal = client.copr_info("fedorian/nothing").unwrap_err();
    /// assert!(matches!(refusal, ClientError::Refused { status: 404, .. }));
    /// # Ok::<(), ClientError>(())
    /// ```
    pub fn copr_info(&self, copr: &str) -> Result<Copr, ClientError> {
        self.get(&self.path(copr)?)
    }

    /// Makes a copr for some releases, whose builds take packages from other coprs (`post`). When
    /// it returns, the copr has an empty repository for each release.
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// let copr = client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// assert_eq!(copr.full_name, "fedorian/tools");
    /// let more = client.copr_create("more", "", &["fedora-43-x86_64"], &["fedorian/tools"])?;
    /// assert_eq!(more.dependencies, ["fedorian/tools"]);
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn copr_create(
        &self,
        copr: &str,
        description: &str,
        releases: &[&str],
        dependencies: &[&str],
    ) -> Result<Copr, ClientError> {
        let (owner, name) = self.resolve(copr)?;
        let new = NewCopr {
            name: name.to_string(),
            description: description.to_owned(),
            releases: owned(releases),
            dependencies: self.full_names(dependencies)?,
        };
        self.ask(Method::POST, &format!("/coprs/{owner}"), &new)
    }

    /// Changes what a copr says of itself (`put`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// use coprbox::client::CoprEdit;
    ///
    /// let homepage = Some("https://example.org".to_owned());
    /// let copr = client.copr_edit("tools", CoprEdit { homepage, ..CoprEdit::default() })?;
    /// assert_eq!(copr.homepage.as_deref(), Some("https://example.org"));
    /// assert_eq!(copr.description, "Small tools");
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn copr_edit(&self, copr: &str, edit: CoprEdit) -> Result<Copr, ClientError> {
        self.ask(Method::PUT, &self.path(copr)?, &edit)
    }

    /// Deletes a copr with everything in it; the answer is what it was (`delete`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// client.copr_delete("tools")?;
    /// assert!(client.copr_list(None)?.is_empty());
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn copr_delete(&self, copr: &str) -> Result<Copr, ClientError> {
        self.delete(&self.path(copr)?)
    }

    /// Adds releases to build for; those that are there already stay (`add_releases`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// let copr = client.copr_add_releases("tools", &["fedora-42-x86_64"])?;
    /// assert_eq!(copr.releases, ["fedora-42-x86_64", "fedora-43-x86_64"]);
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn copr_add_releases(&self, copr: &str, releases: &[&str]) -> Result<Copr, ClientError> {
        let named = Releases { releases: owned(releases) };
        self.ask(Method::POST, &format!("{}/add_releases", self.path(copr)?), &named)
    }

    /// Stops building for releases; at least one stays (`remove_releases`). Their packages can be
    /// had for another week.
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// let both = ["fedora-42-x86_64", "fedora-43-x86_64"];
    /// client.copr_create("tools", "Small tools", &both, &[])?;
    /// let copr = client.copr_remove_releases("tools", &["fedora-42-x86_64"])?;
    /// assert_eq!(copr.releases, ["fedora-43-x86_64"]);
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn copr_remove_releases(&self, copr: &str, releases: &[&str]) -> Result<Copr, ClientError> {
        let named = Releases { releases: owned(releases) };
        self.ask(Method::POST, &format!("{}/remove_releases", self.path(copr)?), &named)
    }

    /// Adds coprs whose packages are there for builds; all others stay (`add_dependencies`). Two programs that do this at the same time do not undo each other's
    /// work, and adding twice is adding once.
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("lib", "", &["fedora-43-x86_64"], &[])?;
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// for _ in 0..2 {
    ///     let copr = client.copr_add_dependencies("tools", &["fedorian/lib"])?;
    ///     assert_eq!(copr.dependencies, ["fedorian/lib"]);
    /// }
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn copr_add_dependencies(
        &self,
        copr: &str,
        dependencies: &[&str],
    ) -> Result<Copr, ClientError> {
        let named = Dependencies { dependencies: self.full_names(dependencies)? };
        self.ask(Method::POST, &format!("{}/add_dependencies", self.path(copr)?), &named)
    }

    /// Removes coprs from those whose packages are there for builds (`remove_dependencies`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("lib", "", &["fedora-43-x86_64"], &[])?;
    /// # client.copr_create("tools", "", &["fedora-43-x86_64"], &["lib"])?;
    /// let copr = client.copr_remove_dependencies("tools", &["lib"])?;
    /// assert!(copr.dependencies.is_empty());
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn copr_remove_dependencies(
        &self,
        copr: &str,
        dependencies: &[&str],
    ) -> Result<Copr, ClientError> {
        let named = Dependencies { dependencies: self.full_names(dependencies)? };
        self.ask(Method::POST, &format!("{}/remove_dependencies", self.path(copr)?), &named)
    }

    /// Lets a user build in a copr, or manage it; the answer is what the user is there by now
    /// (`grant`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// use coprbox::client::Role;
    ///
    /// let helper = client.copr_grant("tools", "helper", Role::Builder)?;
    /// assert_eq!(helper.permissions, [Role::Builder]);
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn copr_grant(
        &self,
        copr: &str,
        user: &str,
        permission: Role,
    ) -> Result<Permissions, ClientError> {
        let granting = Granting { user: user.to_owned(), permission };
        self.ask(Method::POST, &format!("{}/grant", self.path(copr)?), &granting)
    }

    /// Takes a permission from a user, or with `None` all of them (`revoke`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// # use coprbox::client::Role;
    /// client.copr_grant("tools", "helper", Role::Admin)?;
    /// let helper = client.copr_revoke("tools", "helper", None)?;
    /// assert!(helper.permissions.is_empty());
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn copr_revoke(
        &self,
        copr: &str,
        user: &str,
        permission: Option<Role>,
    ) -> Result<Permissions, ClientError> {
        let revoking = Revoking { user: user.to_owned(), permission };
        self.ask(Method::POST, &format!("{}/revoke", self.path(copr)?), &revoking)
    }

    /// Coprs as the server knows them. One of other people's may be followed by a directory:
    /// `owner/name:custom:next`.
    fn full_names(&self, coprs: &[&str]) -> Result<Vec<String>, ClientError> {
        let full = |&copr: &&str| match (copr.contains('/'), &self.user) {
            (true, _) => Ok(copr.to_owned()),
            (false, Some(user)) => Ok(format!("{user}/{copr}")),
            (false, None) => Err(ClientError::NoOwner(copr.to_owned())),
        };
        coprs.iter().map(full).collect()
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
