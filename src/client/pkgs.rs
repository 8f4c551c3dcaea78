//! The methods that concern the packages of a copr.

use std::path::Path;

use super::coprs::PAGE;
use super::{ClientError, CoprClient};
use crate::model::PackageName;
use crate::model::copr::{Pkg, Pkgs};

impl CoprClient {
    /// All packages of a copr, by name (`get_all`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// # hub.add_pkg("tools", "hello");
    /// let names: Vec<String> = client.pkg_list("tools")?.into_iter().map(|pkg| pkg.name).collect();
    /// assert_eq!(names, ["hello"]);
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn pkg_list(&self, copr: &str) -> Result<Vec<Pkg>, ClientError> {
        let copr = self.path(copr)?;
        let mut all = Vec::new();
        loop {
            let path = format!("{copr}/pkgs?limit={PAGE}&offset={}", all.len());
            let Pkgs { pkgs } = self.get(&path)?;
            let is_last = pkgs.len() < PAGE;
            all.extend(pkgs);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// One package of a copr (`get_one`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// # hub.add_pkg("tools", "hello");
    /// let pkg = client.pkg_info("tools", "hello")?;
    /// match (&pkg.version, &pkg.build) {
    ///     (Some(version), _) => println!("hello {version} can be installed"),
    ///     (None, Some(build)) => println!("build {} is {}", build.id, build.state),
    ///     (None, None) => println!("never built"),
    /// }
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn pkg_info(&self, copr: &str, pkg: &str) -> Result<Pkg, ClientError> {
        self.get(&self.pkg_path(copr, pkg)?)
    }

    /// Makes a package by uploading an SRPM, and begins to build it for all releases of the copr
    /// (`post`). It says which package that is: the name stands in the SRPM.
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// # let Some(srpm) = hub.srpm("hello") else { return Ok(()) };
    /// let pkg = client.pkg_create("tools", &srpm)?;
    /// assert_eq!(pkg.name, "hello");
    /// let build = pkg.build.expect("it was handed in just now");
    /// println!("{} is {}, see {}", pkg.name, build.state, build.url);
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn pkg_create(&self, copr: &str, srpm: &Path) -> Result<Pkg, ClientError> {
        self.upload(&format!("{}/pkgs", self.path(copr)?), "srpm", srpm)
    }

    /// Deletes a package with all its builds; the answer is what it was (`delete`).
    ///
    /// ```
    /// # mod hub { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # let hub = hub::start();
    /// # let client = hub.client();
    /// # client.copr_create("tools", "Small tools", &["fedora-43-x86_64"], &[])?;
    /// # hub.add_pkg("tools", "hello");
    /// client.pkg_delete("tools", "hello")?;
    /// assert!(client.pkg_list("tools")?.is_empty());
    /// # Ok::<(), coprbox::client::ClientError>(())
    /// ```
    pub fn pkg_delete(&self, copr: &str, pkg: &str) -> Result<Pkg, ClientError> {
        self.delete(&self.pkg_path(copr, pkg)?)
    }

    fn pkg_path(&self, copr: &str, pkg: &str) -> Result<String, ClientError> {
        let pkg: PackageName = pkg.parse()?;
        // A plus sign means a blank to some that read addresses.
        Ok(format!("{}/pkgs/{}", self.path(copr)?, pkg.as_str().replace('+', "%2B")))
    }
}
