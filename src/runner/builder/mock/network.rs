//! How one build is separated from the host, above all from its network.
//!
//! mock's simple isolation never cuts the network off: it only empties `resolv.conf`. Only a
//! container of systemd-nspawn does, or a network namespace around mock itself; in the latter the
//! package manager has no network either, so unless all repositories are on the disk mock is
//! called twice, and only the second call is cut off.

use std::fmt;

use super::config::Container;
use super::host::{Caller, Fences};
use crate::model::options::Isolation;

/// What is done about the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// The build may use it.
    Open,
    /// systemd-nspawn keeps the build off it.
    InContainer,
    /// A network namespace around mock does.
    Around,
    /// The build should not use it, but nothing here could keep it off.
    Unguarded,
    /// Only public addresses, by a gate.
    Gate,
}

/// What a task is to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nobody, where that can be had: it is a build without network.
    Nothing,
    /// Nobody: it makes sources.
    Sealed,
    /// Public addresses, and nobody where there can be no gate: it makes sources.
    Public,
    /// What the server reaches.
    Everything,
}

/// Why no sources are made.
const UNSEALED: &str = "nothing here can keep what makes sources from private addresses: install \
                        systemd-container, let the server run as root, or allow these addresses \
                        (sources.allow_private_addresses)";

/// How one build is separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// What mock is told; `None`: nothing, its configuration decides.
    pub(super) container: Option<Container>,
    /// What is done about the network.
    pub(super) network: Network,
}

impl Plan {
    /// The best that can be had here; an error says why what was asked for cannot.
    pub(super) fn new(
        wanted: Isolation,
        need: Need,
        fences: Fences,
        caller: &Caller,
        is_launched: bool,
    ) -> Result<Plan, String> {
        let nspawn = fences == Fences::Nspawn;
        if wanted == Isolation::Nspawn && !nspawn {
            return Err("systemd-nspawn does not work here: install systemd-container, or use \
                        another isolation"
                .into());
        }
        // Where nspawn works for root, so does a network namespace.
        let around = caller.is_root() && fences != Fences::Nothing;
        let gated = around && !is_launched && need == Need::Public;
        let sealed = need == Need::Sealed || need == Need::Public && !gated;
        // Who chooses how a package is built does not open by that what is to be shut.
        let wanted = if sealed && nspawn && !around { Isolation::Default } else { wanted };
        let plan = |container, network| Ok(Plan { container, network });
        let open = if gated { Network::Gate } else { Network::Open };
        match (wanted, sealed || need == Need::Nothing) {
            (Isolation::Default, false) if nspawn => plan(None, open),
            (Isolation::Default | Isolation::Nspawn, true) if nspawn => {
                plan(Some(Container::Nspawn), Network::InContainer)
            }
            (Isolation::Nspawn, false) => plan(Some(Container::Nspawn), open),
            (_, false) => plan(Some(Container::Simple), open),
            (_, true) if around => plan(Some(Container::Simple), Network::Around),
            (_, true) if sealed => Err(UNSEALED.to_owned()),
            (_, true) => plan(Some(Container::Simple), Network::Unguarded),
        }
    }

    /// Whether mock may have to be called once with and once without network.
    pub(super) fn may_need_two_calls(self) -> bool {
        matches!(self.network, Network::Around | Network::Gate)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let container = match self.container {
            Some(Container::Nspawn) => "in a container of systemd-nspawn",
            Some(Container::Simple) => "in a changed root",
            None => "isolated as the chroot's configuration says",
        };
        let network = match self.network {
            Network::Open => "with network",
            Network::Gate => "with network, but for private addresses",
            Network::InContainer | Network::Around => "without network",
            Network::Unguarded => {
                "with the network of this machine, because nothing here could cut it off"
            }
        };
        write!(f, "building {container}, {network}")
    }
}

/// What separates builds from the host in general, and whether it cuts the network off.
pub(super) fn describe(caller: &Caller, fences: Fences) -> (String, bool) {
    let within = match caller {
        Caller::Root { uid, .. } => format!(
            "a root of its own, entered as the unprivileged user {uid} in process and mount \
             namespaces of its own"
        ),
        Caller::Member => {
            "a root of its own, entered as the server's user; what makes sources has \
                           no network unless sources.allow_private_addresses is set"
                .into()
        }
    };
    match fences {
        Fences::Nspawn => (format!("{within}, within a container of systemd-nspawn"), true),
        Fences::NetworkNamespace => (within, true),
        Fences::Nothing => (within, false),
    }
}

/// Whether every repository in mock's configuration, as `mock --debug-config` prints it, is on the
/// disk. Where that is not plain to see it is not so.
pub(super) fn repositories_are_local(configuration: &str) -> bool {
    let mut any = false;
    for key in ["baseurl", "mirrorlist", "metalink"] {
        for (at, _) in configuration.match_indices(key) {
            let value = configuration[at + key.len()..].trim_start().strip_prefix('=');
            let Some(value) = value.map(str::trim_start) else { continue };
            if !value.starts_with("file://") {
                return false;
            }
            any = true;
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Caller = Caller::Root { uid: 999, gid: 135 };

    fn plan(wanted: Isolation, need: Need, fences: Fences, caller: &Caller) -> Plan {
        Plan::new(wanted, need, fences, caller, false).unwrap()
    }

    #[test]
    fn a_build_without_network_has_none_wherever_that_can_be_had() {
        use Fences::{NetworkNamespace, Nothing, Nspawn};
        let network = |wanted, fences, caller| plan(wanted, Need::Nothing, fences, caller).network;
        assert_eq!(network(Isolation::Default, Nspawn, &ROOT), Network::InContainer);
        assert_eq!(network(Isolation::Default, Nspawn, &Caller::Member), Network::InContainer);
        assert_eq!(network(Isolation::Simple, Nspawn, &ROOT), Network::Around);
        assert_eq!(network(Isolation::Default, NetworkNamespace, &ROOT), Network::Around);
        assert_eq!(network(Isolation::Simple, Nspawn, &Caller::Member), Network::Unguarded);
        assert_eq!(network(Isolation::Default, Nothing, &ROOT), Network::Unguarded);
        assert!(Plan::new(Isolation::Nspawn, Need::Nothing, Nothing, &ROOT, false).is_err());
    }

    #[test]
    fn with_network_the_chroots_own_configuration_decides() {
        let open = plan(Isolation::Default, Need::Everything, Fences::Nspawn, &ROOT);
        assert_eq!(open, Plan { container: None, network: Network::Open });
        let without = plan(Isolation::Default, Need::Everything, Fences::Nothing, &ROOT);
        assert_eq!(without.container, Some(Container::Simple));
    }

    #[test]
    fn sources_are_made_behind_a_gate_or_without_network() {
        use Fences::{NetworkNamespace, Nothing, Nspawn};
        for wanted in [Isolation::Default, Isolation::Simple] {
            let network = |need, fences, caller, is_launched| {
                Plan::new(wanted, need, fences, caller, is_launched).map(|plan| plan.network)
            };
            for fences in [Nspawn, NetworkNamespace] {
                assert_eq!(network(Need::Public, fences, &ROOT, false), Ok(Network::Gate));
                let shut = network(Need::Public, fences, &ROOT, true).unwrap();
                assert!(matches!(shut, Network::InContainer | Network::Around), "{shut:?}");
            }
            for need in [Need::Public, Need::Sealed] {
                let member = network(need, Nspawn, &Caller::Member, false);
                assert_eq!(member, Ok(Network::InContainer), "{wanted:?}");
                for (fences, caller) in [
                    (Nothing, &ROOT),
                    (Nothing, &Caller::Member),
                    (NetworkNamespace, &Caller::Member),
                ] {
                    let why = network(need, fences, caller, false).unwrap_err();
                    assert!(why.contains("sources.allow_private_addresses"), "{why}");
                }
            }
            assert_eq!(network(Need::Everything, Nothing, &ROOT, true), Ok(Network::Open));
        }
    }

    #[test]
    fn repositories_are_local_only_if_all_of_them_are() {
        let local = " 'baseurl=file:///srv/a\\n'\n 'baseurl = file:///srv/b\\n'\n";
        assert!(repositories_are_local(local));
        for remote in ["metalink=https://h/x", "baseurl=http://h", "mirrorlist = \n'http://x'"] {
            assert!(!repositories_are_local(&format!("{local}{remote}")), "{remote}");
        }
        assert!(!repositories_are_local("no repository at all"));
    }
}
