//! Unique names.

use std::hash::{BuildHasher, RandomState};
use time::OffsetDateTime;
use time::macros::format_description;

/// A random number. std seeds its hash keys from the system.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// Six hexadecimal digits.
pub fn short() -> String {
    format!("{:06x}", random() & 0xff_ffff)
}

/// A unique name for a run. Names sort by time.
pub fn run() -> String {
    let format = format_description!("[year][month][day]-[hour][minute][second]");
    // Without the time only the order of the folders would be lost.
    let time = OffsetDateTime::now_utc().format(&format).unwrap_or_default();
    format!("{time}-{}", short())
}

/// The current time in UTC, as RFC 3339.
pub fn now() -> String {
    let second = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or_else(|_| OffsetDateTime::now_utc());
    second.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

/// The name of a namespace, `<scenario>-<id>`, with at most the 63 characters that Kubernetes allows.
pub fn namespace(scenario: &str, id: &str) -> String {
    let room = 63 - 1 - id.len();
    let name: String = scenario.chars().take(room).collect();
    format!("{}-{id}", name.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_short_enough() {
        assert_ne!(short(), short());
        assert_eq!(short().len(), 6);
        assert_eq!(namespace("mutual-tls", "0a1b2c"), "mutual-tls-0a1b2c");
        assert_eq!(namespace(&"long-".repeat(20), "0a1b2c").len(), 63);
        assert!(now().ends_with('Z') && now().len() == 20, "{}", now());
    }
}
