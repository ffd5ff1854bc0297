//! Handles Ctrl-C and SIGTERM. They end the stage and not this process, because it may have to stop a lab.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The last signal that asked this process to end.
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// From now on, the two signals no longer end this process.
    ///
    /// # Errors
    /// If the system refuses a handler.
    pub fn watch() -> io::Result<Self> {
        let seen = Arc::new(AtomicUsize::new(0));
        for (signal, number) in [(SIGINT, 2), (SIGTERM, 15)] {
            flag::register_usize(signal, Arc::clone(&seen), number)?;
        }
        Ok(Self(seen))
    }

    /// The signal's number, if one has arrived since the last [`Interrupt::forget`].
    pub fn seen(&self) -> Option<usize> {
        Some(self.0.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }

    /// Forgets the signal, so that it does not also end the cleanup that it caused.
    pub fn forget(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// Ctrl-C reaches every process in the terminal's foreground, but SIGTERM reaches only one.
    pub fn is_for_children_too(signal: usize) -> bool {
        signal != 15
    }
}
