//! The few words that tune how a chroot is made: bootstrap and isolation.
//!
//! Each can be set for a project, a chroot of it and a build; the nearest one that says anything
//! counts. "Unchanged", the wire's word for saying nothing, is `None` here.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A word that is not one of the allowed ones.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is not allowed here; use one of: {allowed}")]
pub struct UnknownWord {
    given: String,
    allowed: &'static str,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $allowed:literal { $($(#[$vdoc:meta])* $variant:ident = $wire:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant),+
        }

        impl $name {
            /// The word that clients see.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $wire),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<$name, UnknownWord> {
                match text {
                    $($wire => Ok($name::$variant),)+
                    _ => Err(UnknownWord { given: text.to_owned(), allowed: $allowed }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

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
