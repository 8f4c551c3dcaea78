//! Signals: to whom, and in which order.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::Fence;

/// A started program, as the target of signals. Dropping it while the program runs kills it: the
/// task that waited for it is gone, so nobody wants its result.
pub(super) struct Target {
    /// The child, which leads its process group.
    leader: Pid,
    fence: Fence,
    armed: bool,
}

impl Target {
    pub(super) fn new(leader: Pid, fence: Fence) -> Target {
        Target { leader, fence, armed: true }
    }

    /// The program has ended and been waited for: its number may soon be another's.
    pub(super) fn disarm(&mut self) {
        self.armed = false;
    }

    /// Asks it to end.
    pub(super) fn interrupt(&self) {
        match self.fence {
            Fence::Group => {
                // It may have ended just now.
                let _ = kill_process_group(self.leader, Signal::INT);
            }
            Fence::Namespaces => match self.first_inside() {
                // The kernel drops signals to a namespace's first process that it does not
                // handle. Most programs do not handle INT, and would sit out the grace time.
                Some(first) if catches_interrupt(first) => {
                    let _ = kill_process(first, Signal::INT);
                }
                _ => self.kill(),
            },
        }
    }

    /// Ends it.
    pub(super) fn kill(&self) {
        if self.fence == Fence::Namespaces
            && let Some(first) = self.first_inside()
        {
            // The kernel takes everything else in the namespace with it, and the mounts.
            let _ = kill_process(first, Signal::KILL);
        }
        self.kill_group();
    }

    /// Ends what is left in its process group.
    pub(super) fn kill_group(&self) {
        let _ = kill_process_group(self.leader, Signal::KILL);
    }

    /// The first process of the namespace: the only child of `unshare`.
    fn first_inside(&self) -> Option<Pid> {
        // `unshare` needs a moment until it has forked.
        for _ in 0..20 {
            if let Some(child) = only_child(self.leader) {
                return Some(child);
            }
            if fs::metadata(format!("/proc/{}", self.leader.as_raw_nonzero())).is_err() {
                return None;
            }
            thread::sleep(Duration::from_millis(1));
        }
        None
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.armed {
            self.kill();
        }
    }
}

fn only_child(parent: Pid) -> Option<Pid> {
    let parent = parent.as_raw_nonzero();
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    Pid::from_raw(children.split_whitespace().next()?.parse().ok()?)
}

/// Whether a process has a handler for SIGINT.
fn catches_interrupt(pid: Pid) -> bool {
    signal_mask(&format!("/proc/{}/status", pid.as_raw_nonzero()), "SigCgt:")
        .is_some_and(|mask| mask & interrupt_bit() != 0)
}

/// Whether this process ignores SIGINT; its children would inherit that, and mock or a shell then
/// ignore it for good. A shell's background jobs are started so.
pub(super) fn interrupts_are_ignored() -> bool {
    signal_mask("/proc/self/status", "SigIgn:").is_some_and(|mask| mask & interrupt_bit() != 0)
}

fn signal_mask(status: &str, line: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let mask = text.lines().find_map(|text| text.strip_prefix(line))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

fn interrupt_bit() -> u64 {
    1 << (Signal::INT.as_raw() - 1)
}
