//! Closed sets of words: each is an enum whose members are spelled as clients spell them.

/// A word that is not one of the allowed ones.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is not allowed here; use one of: {allowed}")]
pub struct UnknownWord {
    pub(super) given: String,
    pub(super) allowed: &'static str,
}

/// An enum of words: `words! { Name, "a, b" { A = "a", #[default] B = "b" } }`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $allowed:literal { $($(#[$vdoc:meta])* $variant:ident = $wire:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant),+
        }

        impl $name {
            /// Every word, in the order of the declaration.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The word that clients see.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $wire),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::model::words::UnknownWord;

            fn from_str(text: &str) -> Result<$name, Self::Err> {
                match text {
                    $($wire => Ok($name::$variant),)+
                    _ => Err(Self::Err { given: text.to_owned(), allowed: $allowed }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(super) use words;
