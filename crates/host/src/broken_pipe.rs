//! Ends a program quietly if the reader of its output, such as `head`, ends early. That is not a failure.

use std::{panic, process};

/// The exit code of a program that SIGPIPE ends. The signal itself stays ignored, because librdkafka writes to sockets
/// that may be closed at any time.
const ENDED_BY_SIGPIPE: i32 = 128 + 13;

/// From now on, this process ends silently once nobody reads its output. `println!` would panic otherwise.
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
