//! The names of the Services that Strimzi creates for a listener that is not internal.

/// `<cluster>-kafka-<listener>-bootstrap`. The name from the time of a single external listener follows the same pattern.
pub fn bootstrap(cluster: &str, listener: &str) -> String {
    format!("{cluster}-kafka-{listener}-bootstrap")
}

/// The Service of one broker. `external` at port 9094 keeps the name from the time of a single external listener.
pub fn broker(cluster: &str, pool: &str, listener: &str, port: u16, id: u32) -> String {
    if is_legacy_external(listener, port) {
        format!("{cluster}-{pool}-{id}")
    } else {
        format!("{cluster}-{pool}-{listener}-{id}")
    }
}

/// Whether a listener has the names from the time when a cluster had only one external listener.
pub fn is_legacy_external(listener: &str, port: u16) -> bool {
    (listener, port) == ("external", 9094)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_at_9094_keeps_its_old_names() {
        assert_eq!(broker("my", "broker", "tls", 9093, 10), "my-broker-tls-10");
        assert_eq!(broker("my", "broker", "external", 9094, 10), "my-broker-10");
        assert_eq!(broker("my", "broker", "external", 9095, 10), "my-broker-external-10");
        assert_eq!(bootstrap("my", "external"), "my-kafka-external-bootstrap");
    }
}
