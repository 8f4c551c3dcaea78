//! The end of what a program writes, kept in memory to tell why it failed.

use std::sync::{Arc, Mutex, PoisonError};

use crate::process::Sink;

/// How much is kept, at least.
const KEPT: usize = 64 << 10;

/// Keeps the end of what is written.
#[derive(Clone, Default)]
pub struct Tail(Arc<Mutex<Vec<u8>>>);

impl Tail {
    /// What has been kept.
    pub fn into_text(self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Sink for Tail {
    fn write(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        if kept.len() > 2 * KEPT {
            let surplus = kept.len() - KEPT;
            kept.drain(..surplus);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_the_output_is_kept() {
        let tail = Tail::default();
        for _ in 0..1000 {
            tail.write(&[b'x'; 1000]);
        }
        tail.write(b"\n  the end \n\n");
        let text = tail.into_text();
        assert!(text.len() <= 2 * KEPT && text.ends_with("the end \n\n"));
    }
}
