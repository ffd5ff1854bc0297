//! When a reader such as `head` ends early, the program that writes to it has not failed.

use std::{panic, process};

/// The exit code of a program that SIGPIPE ends. The signal itself stays ignored: librdkafka writes to sockets, which may
/// be closed at any time.
const ENDED_BY_SIGPIPE: i32 = 128 + 13;

/// From now on this process ends without a word when nobody reads its output any more. `println!` panics then.
pub fn end_quietly() {
    let otherwise = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let words = panic.payload().downcast_ref::<String>().map(String::as_str).unwrap_or_default();
        if words.starts_with("failed printing to std") && words.contains("Broken pipe") {
            process::exit(ENDED_BY_SIGPIPE);
        }
        otherwise(panic);
    }));
}
