//! The few words that tune how a chroot is made: bootstrap and isolation.
//!
//! Each can be set for a project, a chroot of it and a build; the nearest one that says anything
//! counts. "Unchanged", the wire's word for saying nothing, is `None` here.

use super::words::words;

words! {
    /// Which package manager installs the build root: the host's, or one installed beforehand
    /// into a small "bootstrap" root.
    Bootstrap, "default, on, off, image, custom_image" {
        /// As the chroot's own configuration has it.
        #[default]
        Default = "default",
        /// With a bootstrap root.
        On = "on",
        /// Without.
        Off = "off",
        /// From the container image that the configuration names.
        Image = "image",
        /// From an image named with the chroot.
        CustomImage = "custom_image",
    }
}

words! {
    /// What separates the build from the host.
    Isolation, "default, nspawn, simple" {
        /// As the chroot's own configuration has it.
        #[default]
        Default = "default",
        /// A systemd-nspawn container.
        Nspawn = "nspawn",
        /// Only the changed root.
        Simple = "simple",
    }
}
