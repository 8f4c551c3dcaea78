//! How far a build has come. Wire names and numbers are Copr's: clients match on them.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A text that names no state.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a state")]
pub struct UnknownState(String);

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $wire:literal $number:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant),+
        }

        impl $name {
            /// Every state, in the order of the declaration.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The name that clients see.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $wire),+ }
            }

            /// The number that the monitor shows.
            pub fn number(self) -> i64 {
                match self { $($name::$variant => $number),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownState;

            fn from_str(text: &str) -> Result<$name, UnknownState> {
                match text {
                    $($wire => Ok($name::$variant),)+
                    _ => Err(UnknownState(text.to_owned())),
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

states! {
    /// The source build: the phase that makes one SRPM out of what was handed in.
    SourceState {
        /// In the queue.
        Pending = "pending" 4,
        /// Taken from the queue, a place to work is being made.
        Starting = "starting" 6,
        /// At work.
        Running = "running" 3,
        /// The SRPM is there, the chroots are being given their work.
        Importing = "importing" 7,
        /// The SRPM is there.
        Succeeded = "succeeded" 1,
        /// There is no SRPM.
        Failed = "failed" 0,
        /// Stopped by a user.
        Canceled = "canceled" 2,
        /// Copied from another project.
        Forked = "forked" 8,
    }
}

states! {
    /// One chroot of a build.
    ChrootState {
        /// The source build is not done yet.
        Waiting = "waiting" 9,
        /// In the queue.
        Pending = "pending" 4,
        /// Taken from the queue, a place to work is being made.
        Starting = "starting" 6,
        /// At work: building, signing or being published.
        Running = "running" 3,
        /// Published: dnf can install it.
        Succeeded = "succeeded" 1,
        /// Not built, or not published.
        Failed = "failed" 0,
        /// Stopped by a user.
        Canceled = "canceled" 2,
        /// Not meant for this architecture.
        Skipped = "skipped" 5,
        /// Copied from another project.
        Forked = "forked" 8,
    }
}

states! {
    /// A build as a whole, as clients see it.
    BuildState {
        /// The SRPM is there, the chroots are being given their work.
        Importing = "importing" 7,
        /// Something is in the queue.
        Pending = "pending" 4,
        /// Something is being prepared.
        Starting = "starting" 6,
        /// Something is at work.
        Running = "running" 3,
        /// Every chroot is done, none failed, at least one was built.
        Succeeded = "succeeded" 1,
        /// All are copies from another project.
        Forked = "forked" 8,
        /// Every chroot was skipped.
        Skipped = "skipped" 5,
        /// The source build or at least one chroot failed, and nothing is under way.
        Failed = "failed" 0,
        /// Stopped by a user.
        Canceled = "canceled" 2,
        /// The source build is done, but no chroot was ever given.
        Waiting = "waiting" 9,
    }
}

impl SourceState {
    /// Whether nothing more will happen to the source build.
    pub fn is_finished(self) -> bool {
        use SourceState::{Canceled, Failed, Forked, Succeeded};
        matches!(self, Succeeded | Failed | Canceled | Forked)
    }
}

impl ChrootState {
    /// Whether nothing more will happen in this chroot.
    pub fn is_finished(self) -> bool {
        use ChrootState::{Canceled, Failed, Forked, Skipped, Succeeded};
        matches!(self, Succeeded | Failed | Canceled | Skipped | Forked)
    }

    /// Whether its packages belong into the repository.
    pub fn is_published(self) -> bool {
        matches!(self, ChrootState::Succeeded | ChrootState::Forked)
    }
}

impl BuildState {
    /// The state of a build, told from its parts; the order of the questions is Copr's.
    pub fn derive(canceled: bool, source: SourceState, chroots: &[ChrootState]) -> BuildState {
        if canceled {
            return BuildState::Canceled;
        }
        match source {
            SourceState::Pending => return BuildState::Pending,
            SourceState::Starting => return BuildState::Starting,
            SourceState::Running => return BuildState::Running,
            SourceState::Importing => return BuildState::Importing,
            SourceState::Failed => return BuildState::Failed,
            SourceState::Canceled => return BuildState::Canceled,
            SourceState::Succeeded | SourceState::Forked => {}
        }
        if chroots.is_empty() {
            return BuildState::Waiting;
        }
        let order = [
            (ChrootState::Running, BuildState::Running),
            (ChrootState::Starting, BuildState::Starting),
            (ChrootState::Pending, BuildState::Pending),
            (ChrootState::Failed, BuildState::Failed),
            (ChrootState::Succeeded, BuildState::Succeeded),
            (ChrootState::Skipped, BuildState::Skipped),
            (ChrootState::Forked, BuildState::Forked),
            (ChrootState::Waiting, BuildState::Pending),
        ];
        order
            .into_iter()
            .find(|(part, _)| chroots.contains(part))
            .map_or(BuildState::Canceled, |(_, whole)| whole)
    }

    /// Whether clients may stop asking.
    pub fn is_finished(self) -> bool {
        use BuildState::{Canceled, Failed, Forked, Skipped, Succeeded};
        matches!(self, Succeeded | Forked | Skipped | Failed | Canceled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ChrootState as C;

    fn whole(chroots: &[C]) -> BuildState {
        BuildState::derive(false, SourceState::Succeeded, chroots)
    }

    #[test]
    fn names_and_numbers_are_those_of_copr() {
        for state in ChrootState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        assert_eq!(C::Canceled.as_str(), "canceled");
        assert_eq!(BuildState::Forked.number(), 8);
        assert!("cancelled".parse::<BuildState>().is_err());
    }

    #[test]
    fn one_failed_chroot_fails_the_build_once_the_others_are_done() {
        assert_eq!(whole(&[C::Failed, C::Running]), BuildState::Running);
        assert_eq!(whole(&[C::Failed, C::Pending]), BuildState::Pending);
        assert_eq!(whole(&[C::Failed, C::Succeeded]), BuildState::Failed);
    }

    #[test]
    fn skips_do_not_spoil_a_success() {
        assert_eq!(whole(&[C::Skipped, C::Succeeded]), BuildState::Succeeded);
        assert_eq!(whole(&[C::Skipped, C::Skipped]), BuildState::Skipped);
    }

    #[test]
    fn the_source_build_speaks_first_and_cancel_before_all() {
        let failed = [C::Failed];
        assert_eq!(
            BuildState::derive(false, SourceState::Importing, &failed),
            BuildState::Importing
        );
        assert_eq!(BuildState::derive(true, SourceState::Running, &[]), BuildState::Canceled);
        assert_eq!(whole(&[]), BuildState::Waiting);
        assert_eq!(whole(&[C::Canceled]), BuildState::Canceled);
        assert_eq!(whole(&[C::Waiting]), BuildState::Pending);
    }
}
