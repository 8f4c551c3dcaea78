//! The machine: no room, no memory, no time, no network.

use super::{Hit, Rank};

const OFFLINE: [&str; 8] = [
    "Could not resolve host",
    "Temporary failure in name resolution",
    "Name or service not known",
    "Network is unreachable",
    "getaddrinfo EAI_AGAIN",
    "getaddrinfo ENOTFOUND",
    "failed to lookup address information",
    ": no such host",
];

pub fn look(line: &str) -> Option<Hit> {
    let certain = |says: &str| Hit::new("server", Rank::Certain, says);
    if line.contains("No space left on device")
        || line.contains("the disk of the build server is full")
    {
        return Some(certain("The disk of the build server is full").advise(
            "Free some room on the server ('coprbox doctor' says where it went), then resubmit.",
        ));
    }
    if line.contains("Killed signal terminated program")
        || line.contains("virtual memory exhausted")
        || line.contains("std::bad_alloc")
        || line.contains("Cannot allocate memory")
    {
        return Some(certain("The build ran out of memory").advise(
            "Build with fewer jobs at once (%global _smp_mflags -j2, or less debug information), \
             or give the server more memory.",
        ));
    }
    if line.contains("the build was stopped because it took longer than") {
        return Some(certain("The build took longer than its time limit").advise(
            "Resubmit it with a longer time limit; the last lines show what it was doing.",
        ));
    }
    if line == "error: the build was canceled" {
        return Some(certain("A user stopped the build"));
    }
    if line.contains("this server cannot build here") {
        let says = line.strip_prefix("error: ").unwrap_or(line);
        return Some(certain(says).advise("On the server, 'coprbox doctor' says how to mend it."));
    }
    if OFFLINE.iter().any(|text| line.contains(text)) {
        return Some(Hit::new("network", Rank::Cause, line.trim()).advise(
            "Builds have no network unless they ask for it. Put what is downloaded among the \
             spec file's sources, or hand the build in with network access.",
        ));
    }
    None
}
