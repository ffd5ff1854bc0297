//! What the lab's background loops and the stand-in say: one line each, with the time, on standard error, which is the component's log.

use std::fmt::Display;
use time::OffsetDateTime;
use time::macros::format_description;

/// Writes one line.
pub fn note(component: &str, text: impl Display) {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let now = OffsetDateTime::now_utc().format(&format).unwrap_or_default();
    eprintln!("{now} {component}: {text}");
}

/// Writes one line for an error, with its causes.
pub fn error(component: &str, error: &dyn std::error::Error) {
    note(component, causes(error));
}

/// An error and its causes in one line.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Several crates repeat the cause in their own message.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
